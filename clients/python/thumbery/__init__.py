"""URLs of pictures for Thumbery. It needs only the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import time
from typing import Any, Callable, Iterable, Mapping, NoReturn, Optional, Sequence, Union
from urllib.parse import quote

__all__ = ["Ops", "Thumbery", "placeholder"]

#: Options as text, or by name: {"w": 300, "fp": (0.5, 0.2), "gray": True}.
Ops = Union[str, Mapping[str, Any]]
_Value = Callable[[Optional[str]], str]

_MAX_SIDE = 16383


def _words(*allowed: str) -> _Value:
    return lambda s: s if s in allowed else _fail()


def _flag(s: str | None) -> str:
    return "" if s is None else _fail()


def _text(s: str | None) -> str:
    return s or _fail()


def _whole(low: int, high: int) -> _Value:
    def spell(s: str | None) -> str:
        if not re.fullmatch("-?[0-9]+", s or "") or not low <= int(s or "") <= high:
            _fail()
        return str(int(s or ""))

    return spell


def _decimal(low: float, high: float) -> _Value:
    def spell(s: str | None) -> str:
        if not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", s or "") or len(s or "") > 16:
            _fail()
        x = _round(float(s or ""))
        return _number(x) if low <= x <= high else _fail()

    return spell


def _round(x: float) -> float:
    return math.floor(x * 1e4 + 0.5) / 1e4 if math.isfinite(x) else _fail()


def _number(x: float) -> str:
    return f"{_round(x):.4f}".rstrip("0").rstrip(".")


def _each(n: int, spell: _Value) -> _Value:
    def spell_all(s: str | None) -> str:
        parts = (s or "").split("_")
        return "_".join(map(spell, parts)) if len(parts) == n else _fail()

    return spell_all


def _length(s: str | None) -> str:
    s = s or ""
    return _decimal(0, 100)(s[:-1]) + "p" if s.endswith("p") else _whole(0, 1_000_000)(s)


def _crop(s: str | None) -> str:
    s = _each(4, _length)(s)
    return _fail() if {"0", "0p"}.intersection(s.split("_")[2:]) else s


def _background(s: str | None) -> str:
    if not re.fullmatch("[0-9a-f]{6}([0-9a-f]{2})?", s or ""):
        _fail()
    return re.sub("^(.{6})ff$", r"\1", s or "")


def _trim(s: str | None) -> str:
    return "10" if s is None else _whole(1, 255)(s)


def _download(s: str | None) -> str:
    return "" if s is None else s if s.strip(".") else _fail()


def _fail() -> NoReturn:
    raise ValueError("not a value of this option")


# The options in canonical order, and what checks and spells the value of each, as
# variant/options.go has them.
_OPTIONS: dict[str, _Value] = {
    "dpr": _decimal(0.1, 8),
    "up": _words("0", "1"),
    "fit": _words("cover", "contain", "inside", "outside", "fill"),
    "g": _words("center", "n", "ne", "e", "se", "s", "sw", "w", "nw", "smart"),
    "fp": _each(2, _decimal(0, 1)),
    "crop": _crop,
    "trim": _trim,
    "pixel": _whole(2, 1000),
    "blur": _decimal(0.3, 100),
    "sharp": _decimal(0.3, 10),
    "bright": _whole(-100, 100),
    "contrast": _whole(-100, 100),
    "sat": _whole(-100, 100),
    "gray": _flag,
    "pad": _whole(1, _MAX_SIDE),
    "bg": _background,
    "rot": _words("0", "90", "180", "270"),
    "flip": _words("h", "v", "hv"),
    "round": _whole(1, _MAX_SIDE),
    "wm": _text,
    "f": _words("auto", "jpeg", "png", "webp", "avif", "gif", "jxl"),
    "q": _whole(1, 100),
    "bytes": _whole(100, 1 << 30),
    "lossless": _flag,
    "progressive": _flag,
    "page": _whole(1, 100_000),
    "still": _flag,
    "dl": _download,
    "v": _text,
}
_NEUTRAL = {"up": "0", "g": "center", "bright": "0", "contrast": "0", "sat": "0", "rot": "0"}


class Thumbery:
    """Makes URLs, as variant.Links does in Go. Whatever the server would refuse is a ValueError.

    base is put before every path; hosts, if any, replace it, and all sizes of a picture have
    the same one. key, "KID:SECRET", signs, the first of several between spaces; expires is for
    how many seconds, 0 for ever. scope is signed in place of the options. presets are the names
    of those of the server.
    """

    def __init__(
        self,
        base: str = "",
        *,
        hosts: Sequence[str] = (),
        key: str = "",
        expires: float = 0,
        scope: str = "",
        presets: Iterable[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        if not all(isinstance(s, str) for s in (base, key, scope)):
            raise ValueError("base, key and scope are strings, and not None: is a variable not set?")
        self.base, self.hosts, self.presets = base, list(hosts), set(presets)
        self.expires, self.scope, self.now = expires, scope, now
        self._kid, _, secret = key.partition(" ")[0].partition(":")
        self._secret = secret.encode()
        if key and (not re.fullmatch("[a-z0-9-]+", self._kid) or len(self._secret) < 16):
            raise ValueError("a key is KID:SECRET, with a secret of at least 16 bytes")
        spellings = "~?[a-z0-9._-]+(~[a-z0-9._-]+)*"
        if scope and (len(scope) > 256 or not re.fullmatch(f"{spellings}(,{spellings})*", scope)):
            raise ValueError("a scope is presets, sizes, or a list such as 320x~640x,~dpr_2,f_auto")

    def url(self, ops: Ops, key: str) -> str:
        """The URL of a picture, with the canonical spelling of the options."""
        ops = self.canonical(ops)
        _check_key(key)
        if self.scope and not self._in_scope(ops):
            raise ValueError(f"the options {ops} are outside the scope {self.scope}")
        signature = "/" + self._signature(ops, key) if self._kid else ""
        return f"{self._host(key)}{signature}/{ops}/{quote(key, safe='/$&+=:@~')}"

    def source(self, key: str) -> str:
        """The signature for the scope, and the key: of it clients/js makes URLs in a browser."""
        if not self.scope or not self._kid:
            raise ValueError("without a scope, each URL is signed by itself")
        _check_key(key)
        return self._signature("", key) + "/" + key

    def srcset(self, ops: Ops, key: str, *, widths: Iterable[int] = (), densities: Iterable[float] = ()) -> str:
        """The value of a srcset attribute, by widths or by densities."""
        ops, widths = _spell(ops), list(widths)
        if widths:
            return ", ".join(f"{self.at_width(ops, key, w)} {w}w" for w in widths)
        width, height, others = _split_size(ops)
        if not width and not height and not self.presets.intersection(others[:1]):
            raise ValueError("a srcset by densities needs a size, or a preset")
        numbers = map(_number, densities)
        return ", ".join(f"{self.url(ops if d == '1' else f'{ops},dpr_{d}', key)} {d}x" for d in numbers)

    def at_width(self, ops: Ops, key: str, width: int) -> str:
        """The URL with another width. Options with both sides keep their ratio."""
        w, h, others = _split_size(_spell(ops))
        if h and not w:
            raise ValueError("a srcset by widths needs a width, both sides or neither")
        if self.presets.intersection(others[:1]) and not (w and h):
            raise ValueError("a srcset by widths needs both sides after a preset")
        height = max(1, (2 * width * h + w) // (2 * w)) if h else ""
        return self.url(",".join([*others, f"{width}x{height}"]), key)

    def picture(
        self,
        ops: Ops,
        key: str,
        *,
        widths: Iterable[int] = (),
        densities: Iterable[float] = (),
        sizes: str = "",
        formats: Iterable[str] = (),
        alt: str = "",
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """The HTML of an <img>, or of a <picture> with a <source> for each format."""
        ops, widths, densities = _spell(ops), list(widths), list(densities)
        responsive = bool(widths or densities)

        def srcset(ops: str) -> str:
            return self.srcset(ops, key, widths=widths, densities=densities) if responsive else self.url(ops, key)

        sources = ""
        for f in formats:
            others = [o for o in ops.split(",") if o and not o.startswith("f_")]
            sources += f"<source{_html(type='image/' + f, srcset=srcset(','.join([*others, 'f_' + f])), sizes=sizes)}>"
        for name in attributes or {}:
            if not re.fullmatch("[A-Za-z0-9-]+", name):
                raise ValueError(f"{name!r} is not the name of an attribute")
        src = self.at_width(ops, key, max(widths)) if widths else self.url(ops, key)
        known = _html(src=src, srcset=srcset(ops) if responsive else "", sizes=sizes)
        img = f'<img{known} alt="{_escape(alt)}"{_html(**(attributes or {}))}>'
        return f"<picture>{sources}{img}</picture>" if sources else img

    def canonical(self, ops: Ops) -> str:
        """The canonical spelling of options."""
        tokens = _spell(ops).split(",")
        if sum(map(len, tokens)) + len(tokens) - 1 > 512:
            raise ValueError("the options are longer than 512 characters")
        preset = tokens.pop(0) if tokens[0] in self.presets else ""
        if preset and not tokens:
            return preset
        values = _parse(tokens)
        if not preset:
            _normalize(values)
        size = f"{values.get('w', '')}x{values.get('h', '')}" if "w" in values or "h" in values else ""
        options = [f"{name}_{values[name]}" if values[name] else name for name in _OPTIONS if name in values]
        return ",".join(filter(None, [preset, values.get("whole", ""), size, *options])) or "dpr_1"

    def _in_scope(self, ops: str) -> bool:
        if self.scope == "presets":
            return ops in self.presets
        rest = ops.split(",")
        if self.scope == "sizes":  # which of them, the server knows
            return all(re.fullmatch("[0-9]*x[0-9]*|dpr_.*|f_.*", option) for option in rest)
        for place in self.scope.split(","):
            spellings = place.split("~")
            if rest and rest[0] in spellings:
                rest.pop(0)
            elif spellings[0]:
                return False
        return not rest

    def _signature(self, ops: str, key: str) -> str:
        until = str(math.ceil(self.now() + self.expires)) if self.expires else ""
        scope = "~" + self.scope if self.scope else ""
        message = f"{until}{scope or '/' + ops}/{key}".encode()
        mac = base64.urlsafe_b64encode(hmac.new(self._secret, message, hashlib.sha256).digest()).decode().rstrip("=")
        return f"s.{self._kid}.{mac}{'.' + until if until else ''}{scope}"

    def _host(self, key: str) -> str:
        # Rendezvous hashing: all sizes of a picture have the host with the greatest hash.
        best = self.base
        if self.hosts:
            best = max(self.hosts, key=lambda host: hashlib.sha256(f"{host}\0{key}".encode()).digest()[:8])
            best = best if "//" in best else "https://" + best
        return best[:-1] if best.endswith("/") else best


def placeholder(info: Mapping[str, Any]) -> str:
    """A background of CSS to show until the picture is there, from the JSON of /info/."""
    color, uri = str(info.get("average", "")), str(info.get("placeholder", ""))
    parts = [color] if re.fullmatch("#[0-9a-f]{6}", color) else []
    if re.fullmatch("data:image/(webp|jpeg|png);base64,[A-Za-z0-9+/=]+", uri):
        parts.append(f'url("{uri}") center / cover no-repeat')
    return " ".join(parts) or "none"


def _spell(ops: Ops) -> str:
    if isinstance(ops, str):
        return ops
    if not isinstance(ops, Mapping):
        raise ValueError(f"options are a string or a mapping, and not {ops!r}")
    tokens = []
    for name, value in ops.items():
        if value is True:
            tokens.append(name)
        elif name == "preset":
            tokens.insert(0, value)
        elif value is not False and value is not None:
            values = value if isinstance(value, (list, tuple)) else [value]
            spelled = [_number(x) if isinstance(x, float) else str(x) for x in values]
            tokens.append("_".join([name, *spelled]))
    return ",".join(tokens)


def _parse(tokens: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for token in tokens:
        try:
            found = _parse_one(token)
        except ValueError:
            raise ValueError(f"{token!r} is not an option of Thumbery") from None
        for name, value in found.items():
            if name in values or {"g": "fp", "fp": "g"}.get(name) in values:
                raise ValueError(f"{token} is given twice, or contradicts another option")
            values[name] = value
    return values


def _parse_one(token: str) -> dict[str, str]:
    if not re.fullmatch("[a-z0-9._-]+", token):
        _fail()
    if token in ("raw", "info", "info_gps"):
        return {"whole": token}
    side = _whole(1, _MAX_SIDE)
    if token != "x" and re.fullmatch("[0-9]*x[0-9]*", token):
        return {name: side(s) for name, s in zip("wh", token.split("x")) if s}
    name, underscore, value = token.partition("_")
    if (underscore and not value) or name not in ("w", "h", *_OPTIONS):
        _fail()
    return {name: _OPTIONS.get(name, side)(value if underscore else None)}


def _normalize(v: dict[str, str]) -> None:
    """Removes what has no effect, as Variant.normal does in Go."""

    def drop(*names: str) -> None:
        for name in names:
            v.pop(name, None)

    drop(*[name for name, value in _NEUTRAL.items() if v.get(name) == value])
    if "whole" in v:
        if set(v) - {"whole", "dl", "v"}:
            raise ValueError(f"{v['whole']} goes with no other options but dl and v")
        return
    sized, both = "w" in v or "h" in v, "w" in v and "h" in v
    if re.fullmatch("0p?_0p?_100p_100p", v.get("crop", "")):
        drop("crop")
    if v.get("page") == "1":
        drop("page")
        v["still"] = ""
    elif "page" in v:
        drop("still")
    if not both or v.get("fit") == "cover":
        drop("fit")
    cover = both and "fit" not in v
    if not cover and v.get("fit") != "contain":
        drop("g", "fp")
    if v.get("g") == "smart" and not cover:
        drop("g")
    if v.get("fp") == "0.5_0.5" and "crop" not in v:
        drop("fp")
    if v.get("f", "auto") not in ("auto", "jpeg"):
        drop("progressive")
    if v.get("dpr") == "1" or not (sized or "pad" in v or "round" in v):
        drop("dpr")
    if not sized:
        drop("up")
    if math.floor(max(int(v.get("w", 0)), int(v.get("h", 0))) * float(v.get("dpr", 1)) + 0.5) > _MAX_SIDE:
        raise ValueError(f"dpr_{v['dpr']} makes the picture too large")


def _split_size(ops: str) -> tuple[int, int, list[str]]:
    sizes, others = [], []
    for option in ops.split(","):
        if option.startswith("dpr_"):
            raise ValueError(f"a srcset has a dpr of its own: leave out {option}")
        if re.fullmatch("[0-9]*x[0-9]*|[wh]_.*", option):
            sizes.append(option)
        elif option:
            others.append(option)
    size = _parse(sizes)
    return int(size.get("w", 0)), int(size.get("h", 0)), others


def _check_key(key: str) -> None:
    if not isinstance(key, str):
        raise ValueError(f"a key is a string, and not {key!r}")
    if not 1 <= len(key.encode()) <= 1024:
        raise ValueError("a key has 1 to 1024 bytes")
    if re.search("[\0-\x1f\x7f-\x9f]", key):
        raise ValueError("the key has a control character")
    if "" in key.split("/"):
        raise ValueError("the key has an empty segment")
    if {".", ".."}.intersection(re.split(r"[/\\]", key)):
        raise ValueError('the key has the segment "." or ".."')


def _html(**attributes: str) -> str:
    return "".join(f' {name}="{_escape(value)}"' for name, value in attributes.items() if value)


def _escape(s: str) -> str:
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
