import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "clients/python"))
from jinja2 import Environment  # noqa: E402
from thumbery import Thumbery, jinja  # noqa: E402


def run(code):
    names = {}
    exec(code, names)
    return names["url"]


given = json.load(sys.stdin)
env = Environment(autoescape=True)
jinja.install(env, Thumbery(**given["settings"]))
templates = [env.from_string(code).render() for code in given["templates"]]
print(json.dumps({"programs": [run(code) for code in given["programs"]], "templates": templates}))
