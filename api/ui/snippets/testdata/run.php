<?php

foreach (['Options', 'Thumbery'] as $class) {
    require __DIR__ . "/../../../../clients/php/src/$class.php";
}
require 'Twig/autoload.php';
require __DIR__ . '/../../../../clients/php/src/TwigExtension.php';

function run(string $code): string
{
    eval($code);
    return $url;
}

$given = json_decode(file_get_contents('php://stdin'), true, flags: JSON_THROW_ON_ERROR);
$twig = new Twig\Environment(new Twig\Loader\ArrayLoader($given['templates']));
$twig->addExtension(new Thumbery\TwigExtension(new Thumbery\Thumbery(...$given['settings'])));
echo json_encode([
    'programs' => array_map(run(...), $given['programs']),
    'templates' => array_map(static fn (int $name): string => $twig->render((string) $name), array_keys($given['templates'])),
], JSON_THROW_ON_ERROR);
