"""{{ "photos/cat.jpg" | thumbery("300x200,f_auto") }} and others in Jinja2."""

from __future__ import annotations

from jinja2 import Environment
from markupsafe import Markup

from . import Thumbery, placeholder


def install(env: Environment, thumbery: Thumbery) -> None:
    """Adds the filters thumbery, thumbery_srcset, thumbery_picture, thumbery_source and thumbery_placeholder."""
    env.filters.update(
        thumbery=lambda key, ops, /: thumbery.url(ops, key),
        thumbery_srcset=lambda key, ops="", /, **more: thumbery.srcset(ops, key, **more),
        thumbery_picture=lambda key, ops="", /, **more: Markup(thumbery.picture(ops, key, **more)),
        thumbery_source=thumbery.source,
        thumbery_placeholder=placeholder,
    )
