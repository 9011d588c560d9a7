<?php

declare(strict_types=1);

use Thumbery\Thumbery;

if (!function_exists('thumbery')) {
    /** In Blade: {{ thumbery('300x200,f_auto', $cat->key) }}, and thumbery()->srcset(…). */
    function thumbery(array|string|null $ops = null, string $key = ''): Thumbery|string
    {
        return $ops === null ? app(Thumbery::class) : app(Thumbery::class)->url($ops, $key);
    }
}
