"""Lead data in a body stays text: what would become a link, an image or an element is written so that it does not."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Mapping

_MARKUP = re.compile(r"\]\s?[(\[:]|<|!\[|&\w{1,30};|&#")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#!|~&])")
_UNDER_HTML = re.compile(r"[<>&\"']")
MIN_LENGTH = 3


def defused(body: str, values: Mapping[str, object], *, html: bool = False) -> str:
    """The body with every value of the lead that holds markup escaped where it stands; other text is left alone."""
    dangerous = _UNDER_HTML if html else _MARKUP
    for value in values.values():
        if isinstance(value, str) and len(value) >= MIN_LENGTH and dangerous.search(value) and value in body:
            body = body.replace(value, _escaped(value, html))
    return body


def _escaped(value: str, html: bool) -> str:
    return html_module.escape(value) if html else _MARKDOWN_SPECIAL.sub(r"\\\1", value)
