"""THUMBERY_URL=http://localhost:8080 THUMBERY_KEY=KID:SECRET flask run"""

import os

from flask import Flask, render_template_string
from thumbery import Thumbery, jinja

app = Flask(__name__)
jinja.install(app.jinja_env, Thumbery(os.environ["THUMBERY_URL"], key=os.environ["THUMBERY_KEY"]))

PAGE = """<!doctype html>
<title>Pictures</title>
{% for key in keys %}
<a href="{{ key|thumbery("1280x,f_auto") }}">
  {{ key|thumbery_picture("300x200,f_auto", densities=[1, 2], alt=key) }}
</a>
{% endfor %}"""


@app.get("/")
def pictures():
    return render_template_string(PAGE, keys=["photos/cat.jpg", "photos/portrait.jpg"])
