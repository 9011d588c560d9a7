import json
import pathlib
import unittest

import django.conf
from django.template import Context, Engine
from jinja2 import Environment
from thumbery import Thumbery, jinja, placeholder

VECTORS = pathlib.Path(__file__).parents[2] / "testdata" / "urls.json"
SECRET = "k1:an-example-secret-not-for-use"


def run(case):
    options = dict(case.get("settings", {}))
    now = options.pop("now", 0)
    t = Thumbery(**options, now=lambda: now)
    key, call = case.get("key", ""), case["call"]
    sets = {name: case[name] for name in ("widths", "densities") if name in case}
    if call == "url":
        return [t.url(ops, key) for ops in (case["ops"], case.get("named")) if ops is not None]
    if call == "srcset":
        return [t.srcset(case["ops"], key, **sets)]
    if call == "picture":
        more = {name: case[name] for name in ("sizes", "formats", "alt") if name in case}
        attributes = dict([case["attribute"]]) if "attribute" in case else None
        return [t.picture(case["ops"], key, attributes=attributes, **sets, **more)]
    return [t.source(key)] if call == "source" else [placeholder(case["info"])]


class Vectors(unittest.TestCase):
    def test_urls(self):
        cases = json.loads(VECTORS.read_text())["cases"]
        self.assertGreater(len(cases), 500)
        for case in cases:
            with self.subTest(case=case):
                if case.get("refused"):
                    self.assertRaises(ValueError, run, case)
                    continue
                for got in run(case):
                    self.assertEqual(got, case["want"])

    def test_what_is_no_text_is_refused(self):
        t = Thumbery(key=SECRET, scope="300x")
        for wrong in (None, 5, b"cat.jpg", ["cat.jpg"]):
            for call in (lambda: t.url("300x", wrong), lambda: t.source(wrong), lambda: t.url(wrong, "cat.jpg"), lambda: Thumbery(key=wrong)):
                self.assertRaises(ValueError, call)

    def test_errors_do_not_tell_the_secret(self):
        with self.assertRaises(ValueError) as caught:
            Thumbery(key="k1:short")
        self.assertNotIn("short", str(caught.exception))


class Jinja(unittest.TestCase):
    def test_filters(self):
        env = Environment(autoescape=True)
        thumbery = Thumbery("https://img.example.com", key=SECRET, scope="320x~640x,f_auto")
        jinja.install(env, thumbery)
        got = env.from_string(
            '{{ key|thumbery("320x,f_auto") }} {{ key|thumbery_srcset("f_auto", widths=[320, 640]) }} '
            '{{ key|thumbery_picture("f_auto", widths=[320], alt=alt) }} {{ key|thumbery_source }} {{ {"average": "#112233"}|thumbery_placeholder }}'
        ).render(key="a b.jpg", alt='"<b>')
        picture = thumbery.picture("f_auto", "a b.jpg", widths=[320], alt='"<b>')
        want = [thumbery.url("320x,f_auto", "a b.jpg"), thumbery.srcset("f_auto", "a b.jpg", widths=[320, 640]), picture, thumbery.source("a b.jpg"), "#112233"]
        self.assertEqual(got, " ".join(want))
        self.assertIn('alt="&quot;&lt;b&gt;"', picture)


class Django(unittest.TestCase):
    def test_tags(self):
        options = {"base": "https://img.example.com", "key": SECRET, "scope": "320x~640x~300x200,~dpr_2,~f_webp"}
        django.conf.settings.configure(INSTALLED_APPS=["thumbery.django"], THUMBERY=options)
        django.setup()
        engine = Engine(libraries={"thumbery": "thumbery.django.templatetags.thumbery"})
        got = engine.from_string(
            '{% load thumbery %}{% thumbery "300x200" key %}|{% thumbery_srcset "" key 320 640 %}|{% thumbery_densities "300x200" key 1 2 %}|'
            '{% thumbery_picture "" key 320 formats="webp" alt=alt %}|{% thumbery_source key %}|{{ info|thumbery_placeholder }}'
        ).render(Context({"key": "a b.jpg", "alt": '"<b>', "info": {"average": "#112233"}}))
        t = Thumbery(**options)
        picture = t.picture("", "a b.jpg", widths=[320], formats=["webp"], alt='"<b>')
        srcsets = [t.srcset("", "a b.jpg", widths=[320, 640]), t.srcset("300x200", "a b.jpg", densities=[1, 2])]
        self.assertEqual(got.split("|"), [t.url("300x200", "a b.jpg"), *srcsets, picture, t.source("a b.jpg"), "#112233"])


if __name__ == "__main__":
    unittest.main()
