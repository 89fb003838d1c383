"""One Markdown body becomes the HTML part and the text part; raw HTML in it stays text, and CSS is inlined."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import css_inline
from inscriptis import get_text
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runner.channels.email.markdown_text import plain_text
from runner.lang.mail_html import forbidden

STYLE = (
    "body{font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5;color:#222}"
    "p{margin:0 0 1em}a{color:#0b57d0}.footer,.footer a{color:#777;font-size:12px}"
    "blockquote{margin:0 0 1em;padding-left:1em;border-left:2px solid #ccc}"
)
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["strikethrough", "table"])

Link = Callable[[str], str]
_BODY_TAG = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(
    r"(?P<before><a\b[^>]*?\shref\s*=\s*)(?P<quote>[\"'])(?P<target>[^\"']*)(?P=quote)", re.IGNORECASE
)
_BLANK = re.compile(r"\n{2,}")
_NOT_PLAIN = re.compile(r"(?m)^(?:[\s>#+*=~`|<\[-]|\d{1,9}[.)]|$)|[\t\v\f\0\x1c-\x1f\x85\u2028\u2029]|\]:|\r|\|")
"""What may begin a block other than a paragraph, or reach over from one block to another, as link definitions do."""

_WORDS = re.compile(r"[^\W\d_](?:[^\W_]|,| (?=\S))*")
"""Letters, digits, spaces and commas in one line, as in a greeting: often the one paragraph that is new each time."""


@dataclass(frozen=True, slots=True)
class Body:
    """The two faces of one text: plain, and an HTML fragment."""

    text: str
    html: str


def from_markdown(source: str, link: Link | None = None) -> Body:
    """Both faces of a Markdown text; `link` may replace the address of each web link in the HTML face.

    Most messages are plain paragraphs, and most paragraphs are the same for every reader: those are read once.
    """
    paragraphs = _BLANK.split(source.strip("\n"))
    if link is not None or not all(map(_is_plain, paragraphs)):
        return whole_markdown(source, link)
    bodies = [_paragraph(each) for each in paragraphs]
    return Body("\n\n".join(body.text for body in bodies), "\n".join(body.html for body in bodies))


def whole_markdown(source: str, link: Link | None = None) -> Body:
    """The same, without looking for paragraphs that were seen before."""
    tokens = _PARSER.parse(source)
    text = plain_text(tokens)
    if link is not None:
        _relink(tokens, link)
    return Body(text, _PARSER.renderer.render(tokens, _PARSER.options, {}).strip())


def from_html(source: str, link: Link | None = None) -> Body:
    """Both faces of an HTML template; `link` as for Markdown.

    Raises ValueError for elements and links that mail must not carry.
    """
    for item in forbidden(source):
        raise ValueError(item.why)
    return Body(get_text(source).strip(), source if link is None else _HREF.sub(partial(_relinked, link), source))


def document(fragment: str, preheader: str, css: str) -> str:
    """A whole HTML document around `fragment`, every rule of the style sheet written into the elements.

    A fragment that is a document already gets the preheader and the account's style sheet, and keeps its own.
    """
    hidden = (
        f'<div style="display:none;max-height:0;overflow:hidden">{html.escape(preheader)}</div>' if preheader else ""
    )
    if (body := _BODY_TAG.search(fragment)) is not None:
        style = f"<style>{css}</style>" if css else ""
        return _inliner().inline(fragment[: body.start()] + style + body[0] + hidden + fragment[body.end() :])
    return _inliner().inline(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><style>{STYLE}{css}</style></head>'
        f"<body>{hidden}{fragment}</body></html>"
    )


def _relinked(link: Link, anchor: re.Match[str]) -> str:
    target = html.unescape(anchor["target"])
    if not target.startswith(("https://", "http://")):
        return anchor[0]
    return f"{anchor['before']}{anchor['quote']}{html.escape(link(target))}{anchor['quote']}"


def _is_plain(block: str) -> bool:
    return _NOT_PLAIN.search(block) is None


@lru_cache(maxsize=2048)
def _paragraph(block: str) -> Body:
    if _WORDS.fullmatch(block):
        return Body(block, f"<p>{block}</p>")
    return whole_markdown(block)


def _relink(tokens: Sequence[Token], link: Link) -> None:
    for token in tokens:
        for child in token.children or ():
            href = str(child.attrs.get("href", ""))
            if child.type == "link_open" and href.startswith(("https://", "http://")):
                child.attrs["href"] = link(href)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True)
