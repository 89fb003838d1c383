"""An HTML template with something that mail must not carry: scripts, forms, frames, style sheets from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error
from runner.compile.texts import Text, texts
from runner.lang.diagnostics import Diagnostic
from runner.lang.mail_html import forbidden
from runner.model.channel import ChannelType

SLUG = "unsafe-html"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such element of each template that is sent as HTML."""
    for text in texts(draft):
        if text.body.channel is ChannelType.EMAIL and text.body.settings.get("format") == "html":
            yield from _found_in(text)


def _found_in(text: Text) -> Iterator[Diagnostic]:
    """Line by line as the file has them: the front matter above holds no elements."""
    for item in forbidden(text.draft.templates[text.name]):
        span = text.span(item.line, f"<{item.tag}")
        yield error(SLUG, item.why, span, help="take it out; styles go into `<style>` or the account's `css`")
