"""What a plain YAML scalar means: the YAML 1.2 core schema, so `no`, `on` and `12:30` stay text.

Source: YAML 1.2.2, section 10.3. `.inf`, `.nan` and numbers that no machine number holds stay text too: no setting of
ours may be one, and the schema then says so at the right place.
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
MAY_BE_SPECIAL = frozenset("0123456789+-.~ntfNTF")
"""The first characters of plain scalars that may be something other than text."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_INTEGER = 18


def plain_value(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar."""
    if text and text[0] not in MAY_BE_SPECIAL:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_INTEGER else text
    if _BASED.fullmatch(text):
        return int(text, 0) if len(text) <= _LONGEST_INTEGER else text
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
