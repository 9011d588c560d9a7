"""{% load thumbery %}{% thumbery "300x200,f_auto" cat.key %}"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from thumbery import Thumbery, placeholder

register = template.Library()


@lru_cache(maxsize=None)
def _thumbery() -> Thumbery:
    return Thumbery(**settings.THUMBERY)


@register.simple_tag
def thumbery(ops: str, key: str) -> str:
    return _thumbery().url(ops, key)


@register.simple_tag
def thumbery_srcset(ops: str, key: str, *widths: int) -> str:
    return _thumbery().srcset(ops, key, widths=widths)


@register.simple_tag
def thumbery_densities(ops: str, key: str, *densities: float) -> str:
    return _thumbery().srcset(ops, key, densities=densities)


@register.simple_tag
def thumbery_picture(ops: str, key: str, *widths: int, formats: str = "", **more: Any) -> SafeString:
    """formats are separated by blanks; all further arguments are those of picture()."""
    return mark_safe(_thumbery().picture(ops, key, widths=widths, formats=formats.split(), **more))


@register.simple_tag
def thumbery_source(key: str) -> str:
    return _thumbery().source(key)


@register.filter
def thumbery_placeholder(info: dict[str, Any]) -> str:
    return placeholder(info)
