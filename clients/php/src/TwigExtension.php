<?php

declare(strict_types=1);

namespace Thumbery;

use Twig\Extension\AbstractExtension;
use Twig\TwigFilter;

/** {{ 'photos/cat.jpg' | thumbery('300x200,f_auto') }} and others in Twig. */
final class TwigExtension extends AbstractExtension
{
    public function __construct(private Thumbery $thumbery)
    {
    }

    public function getFilters(): array
    {
        $t = $this->thumbery;
        return [
            new TwigFilter('thumbery', static fn (string $key, array|string $ops): string => $t->url($ops, $key)),
            new TwigFilter('thumbery_srcset', static fn (string $key, array|string $ops, array $widths = [], array $densities = []): string => $t->srcset($ops, $key, $widths, $densities)),
            new TwigFilter('thumbery_picture', static fn (string $key, array|string $ops, array $more = []): string => $t->picture($ops, $key, ...$more), ['is_safe' => ['html']]),
            new TwigFilter('thumbery_source', $t->source(...)),
            new TwigFilter('thumbery_placeholder', Thumbery::placeholder(...)),
        ];
    }
}
