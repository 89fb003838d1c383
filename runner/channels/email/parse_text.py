"""Bytes to text, and HTML to text, for mail that may be wrong or hostile: linear time, no exceptions."""

from __future__ import annotations

import codecs
import html
import re

MAX_HTML = 400_000
MAX_TAGS = 10_000
_UNSAFE = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf-7"})
_ALIASES = {
    "x-sjis": "cp932", "shift_jis": "cp932", "shift-jis": "cp932", "ks_c_5601-1987": "cp949", "gb2312": "gb18030",
    "unicode-1-1-utf-7": "latin-1", "x-unknown": "utf-8", "iso-8859-8-i": "iso-8859-8", "unknown-8bit": "utf-8",
    "iso-2022-jp": "iso2022_jp_ext", "cp-850": "cp850", "x-user-defined": "latin-1",
}  # fmt: skip
_BREAKS = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "pre", "hr", "dt", "dd"}
)
_SKIPPED = frozenset({"script", "style", "head", "title"})
_SKIPPED_END = re.compile(r"</(?:script|style|head|title)\b[^<>]{0,40}>?", re.IGNORECASE)
_QUOTE_MARKS = ("divrplyfwdmsg", "outlookmessageheader", "zmail_extra", "appendonsend")
_TAG_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]{0,20}")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u200b]+")


def decode_charset(raw: bytes, charset: str) -> str:
    """Decode with a declared charset, else UTF-8, else Latin-1. Codecs that are slow or not text are not used."""
    name = charset.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name) if name.isascii() and 0 < len(name) < 40 else None
    except (LookupError, ValueError):
        info = None
    if b"\x1b$" in raw and (info is None or info.name in ("utf-8", "ascii", "iso8859-1")):
        name, info = "iso2022_jp_ext", codecs.lookup("iso2022_jp_ext")
    usable = info is not None and info.name not in _UNSAFE and getattr(info, "_is_text_encoding", True)
    for candidate in ((name,) if usable else ()) + ("utf-8",):
        try:
            text = raw.decode(candidate)
        except (LookupError, ValueError):
            continue
        return text
    if usable:
        try:
            return raw.decode(name, "replace")
        except (LookupError, ValueError):
            pass
    return raw.decode("latin-1")


def html_to_text(source: str) -> str:
    """The visible text of HTML, a line a block, cut where a mail program's own quotation of an earlier mail starts.

    `<blockquote>` becomes lines that start with `>`. Nothing is loaded, nothing is run.
    """
    out: list[str] = []
    position, quote, source = 0, 0, source[:MAX_HTML]
    while (start := source.find("<", position)) >= 0:
        if len(out) > MAX_TAGS:
            break
        out.append(_shown(source[position:start], quote))
        if source.startswith("<!--", start):
            position = _after(source, "-->", start)
            continue
        end = source.find(">", start)
        if end < 0:
            break
        inner = source[start + 1 : end]
        name = match[0].lower() if (match := _TAG_NAME.match(inner)) else ""
        if name in _SKIPPED:
            closed = _SKIPPED_END.search(source, end)
            position = closed.end() if closed else len(source)
            continue
        if name in ("div", "span", "hr") and any(mark in inner.lower() for mark in _QUOTE_MARKS):
            break
        if name == "blockquote":
            quote += 1
        elif name == "/blockquote":
            quote = max(0, quote - 1)
        if name.lstrip("/") in _BREAKS or name.lstrip("/") == "blockquote":
            out.append("\n" + "> " * min(quote, 5))
        elif name in ("/td", "/th"):
            out.append(" ")
        position = end + 1
    else:
        out.append(_shown(source[position:], quote))
    return _tidy(out)


def _shown(piece: str, quote: int) -> str:
    if not piece:
        return ""
    text = html.unescape(piece).replace("\n", " ")
    return text if not quote else text.lstrip() if not text.strip() else text


def _after(source: str, mark: str, start: int) -> int:
    found = source.find(mark, start)
    return len(source) if found < 0 else found + len(mark)


def _tidy(pieces: list[str]) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(pieces).split("\n"))
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()
