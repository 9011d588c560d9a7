<?php

declare(strict_types=1);

namespace Thumbery;

/** The options of the URL language, as variant/options.go has them. */
final class Options
{
    private const MAX_SIDE = 16383;
    private const KINDS = ['raw', 'info', 'info_gps'];
    private const NEUTRAL = ['up' => '0', 'g' => 'center', 'bright' => '0', 'contrast' => '0', 'sat' => '0', 'rot' => '0'];

    /** In canonical order: the name of an option, and what checks and spells its value. */
    private const TABLE = [
        'dpr' => ['decimal', 0.1, 8],
        'up' => ['words', '0', '1'],
        'fit' => ['words', 'cover', 'contain', 'inside', 'outside', 'fill'],
        'g' => ['words', 'center', 'n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw', 'smart'],
        'fp' => ['focal'],
        'crop' => ['crop'],
        'trim' => ['whole', 1, 255],
        'pixel' => ['whole', 2, 1000],
        'blur' => ['decimal', 0.3, 100],
        'sharp' => ['decimal', 0.3, 10],
        'bright' => ['whole', -100, 100],
        'contrast' => ['whole', -100, 100],
        'sat' => ['whole', -100, 100],
        'gray' => ['flag'],
        'pad' => ['whole', 1, self::MAX_SIDE],
        'bg' => ['background'],
        'rot' => ['words', '0', '90', '180', '270'],
        'flip' => ['words', 'h', 'v', 'hv'],
        'round' => ['whole', 1, self::MAX_SIDE],
        'wm' => ['text'],
        'f' => ['words', 'auto', 'jpeg', 'png', 'webp', 'avif', 'gif', 'jxl'],
        'q' => ['whole', 1, 100],
        'bytes' => ['whole', 100, 1 << 30],
        'lossless' => ['flag'],
        'progressive' => ['flag'],
        'page' => ['whole', 1, 100_000],
        'still' => ['flag'],
        'dl' => ['text'],
        'v' => ['text'],
    ];

    /** @param array<string, mixed>|string $ops as text, or by name: ['w' => 300, 'fp' => [0.5, 0.2], 'gray' => true] */
    public static function spell(array|string $ops): string
    {
        if (is_string($ops)) {
            return $ops;
        }
        $tokens = [];
        foreach ($ops as $name => $value) {
            if ($name === 'preset') {
                array_unshift($tokens, $value);
            } elseif ($value === true) {
                $tokens[] = $name;
            } elseif ($value !== false && $value !== null) {
                $tokens[] = implode('_', [$name, ...array_map(static fn (mixed $x): mixed => is_float($x) ? self::number($x) : $x, (array) $value)]);
            }
        }
        return implode(',', $tokens);
    }

    /** @param list<string> $presets */
    public static function canonical(string $ops, array $presets): string
    {
        if (strlen($ops) > 512) {
            throw new \InvalidArgumentException('the options are longer than 512 characters');
        }
        $tokens = explode(',', $ops);
        $preset = in_array($tokens[0], $presets, true) ? array_shift($tokens) : '';
        if ($preset !== '' && $tokens === []) {
            return $preset;
        }
        $values = self::parse($tokens);
        if ($preset === '') {
            $values = self::normal($values);
        }
        $parts = [$preset, $values['whole'] ?? ''];
        $parts[] = isset($values['w']) || isset($values['h']) ? ($values['w'] ?? '') . 'x' . ($values['h'] ?? '') : '';
        foreach (array_intersect_key(self::TABLE, $values) as $name => $_) {
            $parts[] = $values[$name] === '' ? $name : $name . '_' . $values[$name];
        }
        $parts = array_filter($parts, static fn (string $part): bool => $part !== '');
        return implode(',', $parts) ?: 'dpr_1';
    }

    /**
     * Splits the size, 0 for a side that is not given, from the other options.
     *
     * @return array{int, int, list<string>}
     */
    public static function splitSize(string $ops): array
    {
        $sizes = $others = [];
        foreach (explode(',', $ops) as $option) {
            if (str_starts_with($option, 'dpr_')) {
                throw new \InvalidArgumentException("a srcset has a dpr of its own: leave out $option");
            }
            if (preg_match('/^([0-9]*x[0-9]*|[wh]_.*)$/D', $option)) {
                $sizes[] = $option;
            } elseif ($option !== '') {
                $others[] = $option;
            }
        }
        $size = self::parse($sizes);
        return [(int) ($size['w'] ?? 0), (int) ($size['h'] ?? 0), $others];
    }

    /**
     * @param list<string> $tokens
     * @return array<string, string>
     */
    private static function parse(array $tokens): array
    {
        $values = [];
        foreach ($tokens as $token) {
            foreach (self::parseOne($token) as $name => $value) {
                $other = ['g' => 'fp', 'fp' => 'g'][$name] ?? $name;
                if ($value === null) {
                    throw new \InvalidArgumentException("\"$token\" is not an option of Thumbery");
                }
                if (isset($values[$name]) || isset($values[$other])) {
                    throw new \InvalidArgumentException("$token is given twice, or contradicts another option");
                }
                $values[$name] = $value;
            }
        }
        return $values;
    }

    /** @return array<string, ?string> null for what is wrong */
    private static function parseOne(string $token): array
    {
        if (in_array($token, self::KINDS, true)) {
            return ['whole' => $token];
        }
        if ($token !== 'x' && preg_match('/^([0-9]*)x([0-9]*)$/D', $token, $m)) {
            $sides = array_filter(['w' => $m[1], 'h' => $m[2]], static fn (string $s): bool => $s !== '');
            return array_map(static fn (string $s): ?string => self::whole($s, 1, self::MAX_SIDE), $sides);
        }
        [$name, $value] = explode('_', $token, 2) + [1 => null];
        if ($value === '' || !preg_match('/^[a-z0-9._-]+$/D', $token)) {
            return [$name => null];
        }
        if ($name === 'w' || $name === 'h') {
            return [$name => self::whole($value, 1, self::MAX_SIDE)];
        }
        return [$name => self::value($name, $value)];
    }

    private static function value(string $name, ?string $s): ?string
    {
        [$kind, $low, $high] = (self::TABLE[$name] ?? ['unknown']) + [1 => 0, 2 => 0];
        return match (true) {
            $kind === 'flag' => $s === null ? '' : null,
            $s === null => ['trim' => '10', 'dl' => ''][$name] ?? null,
            $kind === 'whole' => self::whole($s, $low, $high),
            $kind === 'decimal' => self::decimal($s, $low, $high),
            $kind === 'words' => in_array($s, array_slice(self::TABLE[$name], 1), true) ? $s : null,
            $kind === 'focal' => self::each($s, 2, static fn (string $x): ?string => self::decimal($x, 0, 1)),
            $kind === 'crop' => self::crop($s),
            $kind === 'background' => preg_match('/^[0-9a-f]{6}([0-9a-f]{2})?$/D', $s) ? preg_replace('/^(.{6})ff$/D', '$1', $s) : null,
            $kind === 'text' => $name === 'dl' && trim($s, '.') === '' ? null : $s,
            default => null,
        };
    }

    private static function whole(?string $s, int $low, int $high): ?string
    {
        $ok = preg_match('/^-?[0-9]+$/D', $s ?? '') && (int) $s >= $low && (int) $s <= $high;
        return $ok ? (string) (int) $s : null;
    }

    private static function decimal(string $s, float $low, float $high): ?string
    {
        if (!preg_match('/^([0-9]+\.?[0-9]*|\.[0-9]+)$/D', $s) || strlen($s) > 16) {
            return null;
        }
        $x = self::round((float) $s);
        return $x >= $low && $x <= $high ? self::number($x) : null;
    }

    public static function number(float|int $x): string
    {
        return rtrim(rtrim(sprintf('%.4F', self::round($x)), '0'), '.');
    }

    private static function round(float|int $x): float
    {
        return floor($x * 1e4 + 0.5) / 1e4;
    }

    /** @param callable(string): ?string $spell */
    private static function each(string $s, int $n, callable $spell): ?string
    {
        $parts = array_map($spell, explode('_', $s));
        return count($parts) === $n && !in_array(null, $parts, true) ? implode('_', $parts) : null;
    }

    private static function crop(string $s): ?string
    {
        $s = self::each($s, 4, static fn (string $x): ?string => match (true) {
            !str_ends_with($x, 'p') => self::whole($x, 0, 1_000_000),
            default => ($digits = self::decimal(substr($x, 0, -1), 0, 100)) === null ? null : $digits . 'p',
        });
        return $s === null || preg_match('/^[^_]+_[^_]+_0p?_|_0p?$/D', $s) ? null : $s;
    }

    /**
     * Removes what has no effect, as Variant.normal does in Go.
     *
     * @param array<string, string> $v
     * @return array<string, string>
     */
    private static function normal(array $v): array
    {
        $v = array_diff_assoc($v, self::NEUTRAL);
        if (isset($v['whole'])) {
            if (array_diff_key($v, ['whole' => 1, 'dl' => 1, 'v' => 1]) !== []) {
                throw new \InvalidArgumentException("$v[whole] goes with no other options but dl and v");
            }
            return $v;
        }
        $sized = isset($v['w']) || isset($v['h']);
        $both = isset($v['w'], $v['h']);
        $fit = $v['fit'] ?? 'cover';
        $cover = $both && $fit === 'cover';
        $placed = $both && in_array($fit, ['cover', 'contain'], true);
        $page = $v['page'] ?? '';
        $without = array_filter([
            'crop' => preg_match('/^0p?_0p?_100p_100p$/D', $v['crop'] ?? ''),
            'page' => $page === '1',
            'still' => $page !== '' && $page !== '1',
            'fit' => !$both || $fit === 'cover',
            'g' => !$placed || ($v['g'] ?? '') === 'smart' && !$cover,
            'progressive' => !in_array($v['f'] ?? 'auto', ['auto', 'jpeg'], true),
            'dpr' => ($v['dpr'] ?? '') === '1' || !($sized || isset($v['pad']) || isset($v['round'])),
            'up' => !$sized,
        ]);
        if ($page === '1') {
            $v['still'] = '';
        }
        $v = array_diff_key($v, $without);
        if (!$placed || ($v['fp'] ?? '') === '0.5_0.5' && !isset($v['crop'])) {
            unset($v['fp']);
        }
        $side = max((int) ($v['w'] ?? 0), (int) ($v['h'] ?? 0));
        if (floor($side * (float) ($v['dpr'] ?? 1) + 0.5) > self::MAX_SIDE) {
            throw new \InvalidArgumentException("dpr_$v[dpr] makes the picture too large");
        }
        return $v;
    }
}
