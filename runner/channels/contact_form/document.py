"""Bytes to a parsed page: the charset found as browsers find it, hostile markup refused before it costs anything."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag

MAX_TAGS = 60_000
MAX_ATTRIBUTES = 4_000
MAX_OPTIONS = 5_000

_TAG = re.compile(r"<[a-zA-Z](?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+")
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_XML = re.compile(r"\A\s*<\?xml[^>]*>")
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-zA-Z0-9_.:-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([a-zA-Z0-9_.:-]{2,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SAME_AS_WINDOWS = {"iso8859-1": "cp1252", "ascii": "cp1252"}


class HostilePage(Exception):
    """The markup would cost more than a page may; the message says what. Caught inside the channel."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed page. `charset` is the encoding a form on it is sent in unless the form says otherwise."""

    url: str
    soup: BeautifulSoup
    charset: str

    @property
    def base(self) -> str:
        """What relative addresses are relative to."""
        found = self.soup.find("base", href=True)
        return urljoin(self.url, attribute(found, "href")) if isinstance(found, Tag) else self.url

    @property
    def address(self) -> str:
        """The page's own address: where it was fetched from, or what it says of itself."""
        if self.url:
            return self.url
        link = self.soup.find("link", attrs={"rel": "canonical"}, href=True)
        if isinstance(link, Tag):
            return attribute(link, "href")
        meta = self.soup.find("meta", attrs={"property": "og:url"}, content=True)
        return attribute(meta, "content") if isinstance(meta, Tag) else ""

    def absolute(self, reference: str) -> str:
        """An address of this page made absolute; an odd one comes back as it is."""
        try:
            return urljoin(self.base, reference.strip())
        except ValueError:
            return reference

    @property
    def title(self) -> str:
        """The page's title."""
        found = self.soup.find("title")
        return " ".join(found.get_text(" ").split())[:300] if found else ""

    @property
    def text(self) -> str:
        """The page's words, without scripts and styles."""
        return words_of(self.soup)


def words_of(element: Tag, limit: int = 200_000) -> str:
    """The visible words of an element in one line."""
    parts: list[str] = []
    size = 0
    for piece in element.strings:
        parent = piece.parent
        if parent is not None and parent.name in {"script", "style", "noscript", "template"}:
            continue
        parts.append(piece)
        size += len(piece)
        if size > limit:
            break
    return " ".join(" ".join(parts).split())[:limit]


def attribute(element: Tag, name: str) -> str:
    """An attribute as text, "" when it is not there; the first of two wins, as in a browser."""
    value = element.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else " ".join(value)


def parse(url: str, body: bytes, content_type: str = "", prefer: str | None = None) -> Document:
    """Parse a page. `prefer` is an encoding used whenever the bytes are valid in it, whatever the page says.

    Raises HostilePage for markup that is made to be expensive.
    """
    text, charset = decode(body, content_type, prefer)
    refuse_hostile(text)
    markup = _XML.sub("", text, count=1) if "<" in text else f"<body>{text}"  # BeautifulSoup warns of anything else
    return Document(url, BeautifulSoup(markup, "lxml"), charset)


def decode(body: bytes, content_type: str = "", prefer: str | None = None) -> tuple[str, str]:
    """Text and the name of its encoding: byte-order mark, HTTP header, meta, then UTF-8 or windows-1252."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), "utf-8"
    if prefer is not None:
        text = _valid(body, prefer)
        if text is not None:
            return text, prefer
    header = _HEADER.search(content_type)
    meta = _META.search(body[:4096])
    for declared in (header[1] if header else None, meta[1].decode("ascii") if meta else None):
        known = _known(declared)
        if known is not None:
            return body.decode(known, "replace"), known
    unicode = _valid(body, "utf-8")
    return (unicode, "utf-8") if unicode is not None else (body.decode("cp1252", "replace"), "cp1252")


def refuse_hostile(text: str) -> None:
    """Raise HostilePage for far too many tags, attributes or options; linear in the length of `text`."""
    options = 0
    for tags, match in enumerate(_TAG.finditer(text)):
        tag = match[0]
        if tag[1:7].lower() == "option":
            options += 1
        if len(tag) > MAX_ATTRIBUTES * 2 and len(_QUOTED.sub(" x ", tag).split()) > MAX_ATTRIBUTES:
            raise HostilePage("one of its tags has thousands of attributes")
        if tags > MAX_TAGS or options > MAX_OPTIONS:
            raise HostilePage(f"it has more than {MAX_TAGS} tags or {MAX_OPTIONS} options")


def _valid(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except UnicodeDecodeError:
        return None


def _known(declared: str | None) -> str | None:
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared.strip()).name
    except (LookupError, ValueError):
        return None
    if name.startswith(("utf-16", "utf-32")) or name == "utf-7":
        return "utf-8"
    try:
        b"x".decode(name)
    except (LookupError, UnicodeDecodeError):
        return None
    return _SAME_AS_WINDOWS.get(name, name)
