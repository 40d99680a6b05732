"""Card images: the drawing of a page alone, as SVG for the ``<img>`` of another site. Its URL is that of the page and ``/card.svg``.

An image loads nothing: no style sheet, no font. So the colours of the pages are written into it, and a text is made to fit by an estimate
of its width that no usual font exceeds.
"""

import math
import re
import unicodedata
from functools import cache
from pathlib import Path

from starlette.requests import Request

from app.errors import InvalidParameter

SUFFIX = "/card.svg"
THEMES = ("light", "dark")
_STYLE = Path(__file__).parent / "static" / "css" / "app.css"
#: A text becomes this much smaller before it loses its end.
_SMALLEST = 0.62
_NARROW, _WIDE = frozenset(" .,:;'’|!iIjlftr()[]·-"), frozenset("mwMW@%—…")
#: What XML cannot contain, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_card(request: Request) -> bool:
    """Tell the card image of a page from the page."""
    return request.url.path.endswith(SUFFIX)


def theme_of(request: Request) -> str:
    """Return the theme that the request names, by default the light one.

    Raises:
        InvalidParameter: it is not a theme.
    """
    theme = request.query_params.get("theme", THEMES[0])
    if theme not in THEMES:
        raise InvalidParameter("theme", f"“{theme[:40]}” is not a theme. Use light or dark.", theme[:40])
    return theme


@cache
def colours(theme: str) -> dict[str, str]:
    """Return the colours and fonts of css/app.css in a theme, by their names with underscores."""
    light, dark = re.findall(r":root \{(.*?)\}", _STYLE.read_text(), re.DOTALL)[:2]
    tokens = re.findall(r"--([\w-]+): (.+);", light + (dark if theme == "dark" else ""))
    return {name.replace("-", "_"): value for name, value in tokens}


def fit(text: str, width: float, size: float) -> tuple[str, float]:
    """Return what of the text fits into ``width`` on one line, and the font size for it, at most ``size``."""
    ems = [_em(character) for character in text]
    fitted = max(min(size, width / max(sum(ems), 0.1)), size * _SMALLEST)
    if sum(ems) * fitted > width:
        while ems and (sum(ems) + _em("…")) * fitted > width:
            ems.pop()
        text = f"{text[: len(ems)].rstrip()}…"
    return text, math.floor(fitted * 10) / 10


def _em(character: str) -> float:
    """Estimate the width of a character in units of the font size, rather too much than too little."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if character in _NARROW:
        return 0.4
    if character in _WIDE or unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.8 if character.isupper() else 0.65


def without_controls(svg: str) -> str:
    """Replace the characters that XML cannot contain."""
    return _NOT_XML.sub("\ufffd", svg)
