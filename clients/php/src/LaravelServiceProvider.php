<?php

declare(strict_types=1);

namespace Thumbery;

use Illuminate\Support\ServiceProvider;

/**
 * Makes a Thumbery of config/thumbery.php, which returns the arguments of its constructor by
 * name, and defines the function thumbery(), which only Laravel has a use for.
 */
final class LaravelServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        require_once __DIR__ . '/helpers.php';
        $this->app->singleton(Thumbery::class, static fn ($app): Thumbery => new Thumbery(...$app['config']['thumbery']));
    }
}
