<?php

// Runs the cases of testdata/urls.json, and the adapters in Twig and Laravel's container.

declare(strict_types=1);

use Illuminate\Container\Container;
use Thumbery\LaravelServiceProvider;
use Thumbery\Thumbery;
use Thumbery\TwigExtension;

const SECRET = 'k1:an-example-secret-not-for-use';

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/src/' . str_replace(['Thumbery\\', '\\'], ['', '/'], $class) . '.php';
    is_file($file) && require $file;
});

/** @return list<string> */
function run(array $case): array
{
    $settings = $case['settings'] ?? [];
    $now = $settings['now'] ?? 0;
    unset($settings['now']);
    $t = new Thumbery(...$settings, now: static fn (): int => $now);
    [$ops, $key] = [$case['ops'], $case['key'] ?? ''];
    $sets = array_intersect_key($case, ['widths' => 1, 'densities' => 1]);
    $more = array_intersect_key($case, ['sizes' => 1, 'formats' => 1, 'alt' => 1]);
    return match ($case['call']) {
        'url' => [$t->url($ops, $key), $t->url($case['named'] ?? $ops, $key)],
        'srcset' => [$t->srcset($ops, $key, ...$sets)],
        'picture' => [$t->picture($ops, $key, ...$sets, ...$more, attributes: isset($case['attribute']) ? [$case['attribute'][0] => $case['attribute'][1]] : [])],
        'source' => [$t->source($key)],
        'placeholder' => [Thumbery::placeholder($case['info'])],
    };
}

$passed = $failed = 0;
function check(string $what, string $got, string $want): void
{
    global $passed, $failed;
    if ($got === $want) {
        $passed++;
        return;
    }
    $failed++;
    echo "$what\n gives $got\n  want $want\n";
}

['cases' => $cases] = json_decode(file_get_contents(__DIR__ . '/../../testdata/urls.json'), true, flags: JSON_THROW_ON_ERROR);
foreach ($cases as $case) {
    $refused = '';
    try {
        $all = run($case);
    } catch (InvalidArgumentException $e) {
        [$all, $refused] = [[], 'refused'];
    }
    $what = json_encode($case, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    check($what, $refused, empty($case['refused']) ? '' : 'refused');
    foreach ($all as $got) {
        check($what, $got, $case['want'] ?? 'refused');
    }
}
check('number of cases', count($cases) > 500 ? 'enough' : 'few', 'enough');

try {
    new Thumbery(key: 'k1:short');
} catch (InvalidArgumentException $e) {
    check('the secret', str_contains((string) $e, 'short') ? 'told' : 'hidden', 'hidden');
}

require_once 'Twig/autoload.php';
$t = new Thumbery(base: 'https://img.example.com', key: SECRET, scope: '320x~640x,f_auto');
$twig = new Twig\Environment(new Twig\Loader\ArrayLoader([
    'page' => '{{ key|thumbery("320x,f_auto") }}|{{ key|thumbery_srcset("f_auto", [320, 640]) }}|{{ key|thumbery_picture("f_auto", {widths: [320], alt: "<b>"}) }}'
        . '|{{ key|thumbery_source }}|{{ {average: "#112233"}|thumbery_placeholder }}',
]));
$twig->addExtension(new TwigExtension($t));
$key = 'a b.jpg';
check('Twig', $twig->render('page', ['key' => $key]), implode('|', [
    $t->url('320x,f_auto', $key), $t->srcset('f_auto', $key, [320, 640]), $t->picture('f_auto', $key, widths: [320], alt: '<b>'), $t->source($key), '#112233',
]));

require_once 'Illuminate/Container/autoload.php';
require_once 'Illuminate/Support/autoload.php';
function app(string $class): object
{
    return Container::getInstance()->make($class);
}
Container::getInstance()->instance('config', ['thumbery' => ['base' => 'https://img.example.com', 'presets' => ['thumb']]]);
(new LaravelServiceProvider(Container::getInstance()))->register();
check('Laravel', thumbery('thumb', $key) . thumbery()->srcset('', $key, [320]), 'https://img.example.com/thumb/a%20b.jpghttps://img.example.com/320x/a%20b.jpg 320w');

echo "php: $passed passed, $failed failed\n";
exit($failed > 0 ? 1 : 0);
