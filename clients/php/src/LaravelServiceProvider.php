<?php

declare(strict_types=1);

namespace Thumbery;

use Illuminate\Support\ServiceProvider;

/** Makes a Thumbery of config/thumbery.php, which returns the arguments of its constructor by name. */
final class LaravelServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(Thumbery::class, static fn ($app): Thumbery => new Thumbery(...$app['config']['thumbery']));
    }
}
