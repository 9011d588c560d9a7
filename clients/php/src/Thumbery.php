<?php

declare(strict_types=1);

namespace Thumbery;

/**
 * Makes URLs of pictures, as variant.Links does in Go. It needs nothing but PHP. Whatever the
 * server would refuse is an \InvalidArgumentException.
 */
final class Thumbery
{
    private string $keyId = '';
    private string $secret = '';

    /**
     * @param string       $base    put before every path
     * @param list<string> $hosts   replace base; all sizes of a picture have the same host
     * @param string       $key     KID:SECRET, signs; the first of several between spaces
     * @param int          $expires for how many seconds URLs are valid, 0 for ever
     * @param string       $scope   is signed in place of the options: presets, sizes, or a list such as 320x~640x,~dpr_2
     * @param list<string> $presets names of those of the server
     * @param ?\Closure    $now     seconds since 1970
     */
    public function __construct(
        private string $base = '',
        private array $hosts = [],
        #[\SensitiveParameter] string $key = '',
        private int $expires = 0,
        private string $scope = '',
        private array $presets = [],
        private ?\Closure $now = null,
    ) {
        if ($key !== '') {
            if (!preg_match('/^([a-z0-9-]+):([^ ]{16,})/', $key, $m)) {
                throw new \InvalidArgumentException('a key is KID:SECRET, with a secret of at least 16 bytes');
            }
            [, $this->keyId, $this->secret] = $m;
        }
        $spellings = '~?[a-z0-9._-]+(~[a-z0-9._-]+)*';
        if ($scope !== '' && (strlen($scope) > 256 || !preg_match("/^$spellings(,$spellings)*$/D", $scope))) {
            throw new \InvalidArgumentException('a scope is presets, sizes, or a list such as 320x~640x,~dpr_2,f_auto');
        }
    }

    /**
     * The URL of a picture, with the canonical spelling of the options.
     *
     * @param array<string, mixed>|string $ops as text, or by name: ['w' => 300, 'fp' => [0.5, 0.2], 'gray' => true]
     */
    public function url(array|string $ops, string $key): string
    {
        $ops = Options::canonical(Options::spell($ops), $this->presets);
        self::checkKey($key);
        if (!$this->inScope($ops)) {
            throw new \InvalidArgumentException("the options $ops are outside the scope $this->scope");
        }
        $signature = $this->keyId === '' ? '' : '/' . $this->signature($ops, $key);
        $path = strtr(rawurlencode($key), ['%2F' => '/', '%24' => '$', '%26' => '&', '%2B' => '+', '%3D' => '=', '%3A' => ':', '%40' => '@']);
        return $this->host($key) . "$signature/$ops/$path";
    }

    /** The signature for the scope, and the key: of it clients/js makes URLs in a browser. */
    public function source(string $key): string
    {
        if ($this->scope === '' || $this->keyId === '') {
            throw new \InvalidArgumentException('without a scope, each URL is signed by itself');
        }
        self::checkKey($key);
        return $this->signature('', $key) . '/' . $key;
    }

    /**
     * The value of a srcset attribute, by widths or by densities.
     *
     * @param array<string, mixed>|string $ops
     * @param list<int>                   $widths
     * @param list<int|float>             $densities
     */
    public function srcset(array|string $ops, string $key, array $widths = [], array $densities = []): string
    {
        $ops = Options::spell($ops);
        if ($widths !== []) {
            return implode(', ', array_map(fn (int $w): string => $this->atWidth($ops, $key, $w) . " {$w}w", $widths));
        }
        [$width, $height, $others] = Options::splitSize($ops);
        if ($width + $height === 0 && !in_array($others[0] ?? '', $this->presets, true)) {
            throw new \InvalidArgumentException('a srcset by densities needs a size, or a preset');
        }
        $numbers = array_map(Options::number(...), $densities);
        return implode(', ', array_map(fn (string $d): string => $this->url($d === '1' ? $ops : "$ops,dpr_$d", $key) . " {$d}x", $numbers));
    }

    /**
     * The URL with another width. Options with both sides keep their ratio.
     *
     * @param array<string, mixed>|string $ops
     */
    public function atWidth(array|string $ops, string $key, int $width): string
    {
        [$w, $h, $others] = Options::splitSize(Options::spell($ops));
        if ($h > 0 && $w === 0) {
            throw new \InvalidArgumentException('a srcset by widths needs a width, both sides or neither');
        }
        if (in_array($others[0] ?? '', $this->presets, true) && ($w === 0 || $h === 0)) {
            throw new \InvalidArgumentException('a srcset by widths needs both sides after a preset');
        }
        $height = $h > 0 ? max(1, intdiv(2 * $width * $h + $w, 2 * $w)) : '';
        return $this->url(implode(',', [...$others, "{$width}x$height"]), $key);
    }

    /**
     * The HTML of an <img>, or of a <picture> with a <source> for each format.
     *
     * @param array<string, mixed>|string $ops
     * @param list<int>                   $widths
     * @param list<int|float>             $densities
     * @param list<string>                $formats    the best first
     * @param array<string, string>       $attributes
     */
    public function picture(
        array|string $ops,
        string $key,
        array $widths = [],
        array $densities = [],
        string $sizes = '',
        array $formats = [],
        string $alt = '',
        array $attributes = [],
    ): string {
        $ops = Options::spell($ops);
        $responsive = $widths !== [] || $densities !== [];
        $srcset = fn (string $ops): string => $responsive ? $this->srcset($ops, $key, $widths, $densities) : $this->url($ops, $key);
        $others = array_filter(explode(',', $ops), static fn (string $o): bool => $o !== '' && !str_starts_with($o, 'f_'));
        $sources = '';
        foreach ($formats as $f) {
            $sources .= '<source' . self::html(['type' => "image/$f", 'srcset' => $srcset(implode(',', [...$others, "f_$f"])), 'sizes' => $sizes]) . '>';
        }
        foreach ($attributes as $name => $_) {
            if (!preg_match('/^[a-z0-9-]+$/Di', (string) $name)) {
                throw new \InvalidArgumentException("\"$name\" is not the name of an attribute");
            }
        }
        $src = $widths !== [] ? $this->atWidth($ops, $key, max($widths)) : $this->url($ops, $key);
        $known = self::html(['src' => $src, 'srcset' => $responsive ? $srcset($ops) : '', 'sizes' => $sizes]);
        $img = "<img$known alt=\"" . self::escape($alt) . '"' . self::html($attributes) . '>';
        return $sources === '' ? $img : "<picture>$sources$img</picture>";
    }

    /**
     * A background of CSS to show until the picture is there, from the JSON of /info/.
     *
     * @param array<string, mixed> $info
     */
    public static function placeholder(array $info): string
    {
        $parts = preg_grep('/^#[0-9a-f]{6}$/D', [$info['average'] ?? '']) ?: [];
        foreach (preg_grep('#^data:image/(webp|jpeg|png);base64,[A-Za-z0-9+/=]+$#D', [$info['placeholder'] ?? '']) ?: [] as $uri) {
            $parts[] = "url(\"$uri\") center / cover no-repeat";
        }
        return implode(' ', $parts) ?: 'none';
    }

    private function inScope(string $ops): bool
    {
        if ($this->scope === '') {
            return true;
        }
        if ($this->scope === 'presets') {
            return in_array($ops, $this->presets, true);
        }
        $rest = explode(',', $ops);
        if ($this->scope === 'sizes') { // which of them, the server knows
            return preg_grep('/^([0-9]*x[0-9]*|dpr_.*|f_.*)$/D', $rest, PREG_GREP_INVERT) === [];
        }
        foreach (explode(',', $this->scope) as $place) {
            $spellings = explode('~', $place);
            if ($rest !== [] && in_array($rest[0], $spellings, true)) {
                array_shift($rest);
            } elseif ($spellings[0] !== '') {
                return false;
            }
        }
        return $rest === [];
    }

    private function signature(string $ops, string $key): string
    {
        $now = $this->now === null ? microtime(true) : ($this->now)();
        $until = $this->expires === 0 ? '' : (string) (int) ceil($now + $this->expires);
        $scope = $this->scope === '' ? '' : "~$this->scope";
        $mac = hash_hmac('sha256', $until . ($scope ?: "/$ops") . "/$key", $this->secret, true);
        $mac = rtrim(strtr(base64_encode($mac), '+/', '-_'), '=');
        return "s.$this->keyId.$mac" . ($until === '' ? '' : ".$until") . $scope;
    }

    /** Rendezvous hashing: all sizes of a picture have the host with the greatest hash. */
    private function host(string $key): string
    {
        [$best, $greatest] = [$this->base, ''];
        foreach ($this->hosts as $host) {
            $score = substr(hash('sha256', "$host\0$key", true), 0, 8);
            if ($greatest === '' || strcmp($score, $greatest) > 0) {
                [$best, $greatest] = [$host, $score];
            }
        }
        if ($this->hosts !== [] && !str_contains($best, '//')) {
            $best = "https://$best";
        }
        return str_ends_with($best, '/') ? substr($best, 0, -1) : $best;
    }

    private static function checkKey(string $key): void
    {
        $reason = match (true) {
            $key === '' || strlen($key) > 1024 => 'a key has 1 to 1024 bytes',
            !mb_check_encoding($key, 'UTF-8') => 'the key is not valid UTF-8',
            (bool) preg_match('/[\x00-\x1f\x7f-\x9f]/u', $key) => 'the key has a control character',
            in_array('', explode('/', $key), true) => 'the key has an empty segment',
            (bool) preg_match('#(^|[/\\\\])\.\.?([/\\\\]|$)#D', $key) => 'the key has the segment "." or ".."',
            default => null,
        };
        if ($reason !== null) {
            throw new \InvalidArgumentException($reason);
        }
    }

    /** @param array<string, string> $attributes */
    private static function html(array $attributes): string
    {
        $html = '';
        foreach ($attributes as $name => $value) {
            $html .= (string) $value === '' ? '' : " $name=\"" . self::escape((string) $value) . '"';
        }
        return $html;
    }

    private static function escape(string $s): string
    {
        return htmlspecialchars($s, ENT_COMPAT | ENT_SUBSTITUTE);
    }
}
