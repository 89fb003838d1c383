"""A value that may be missing, used in a template without saying what to write then."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.compile.texts import Text, texts
from runner.lang.diagnostics import Diagnostic
from runner.lang.templates import Use
from runner.model.channel import ChannelType

SLUG = "no-fallback"

_SURE = {
    ChannelType.EMAIL: frozenset({"email"}),
    ChannelType.LINKEDIN: frozenset({"linkedin_url"}),
    ChannelType.CONTACT_FORM: frozenset[str](),
    ChannelType.PHONE: frozenset({"phone"}),
}
"""What a lead has if a step of the channel gets as far as its text."""

_SENDER = {
    ChannelType.EMAIL: frozenset({"name", "address"}),
    ChannelType.CONTACT_FORM: frozenset({"name", "email"}),
}
"""What the accounts of a channel say about their sender: those of LinkedIn and phone say nothing."""


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each use of an optional value without a fallback."""
    for text in texts(draft):
        for use in text.uses if text.template is not None else ():
            if use.guarded:
                continue
            name = f"{use.scope}.{use.name}"
            fallback = f'write `{{{{ {name} | default("...") }}}}`'
            if use.scope == "lead" and _optional(draft, text, use):
                yield warning(
                    SLUG, f"a lead without `{use.name}` cannot get this message", text.span(use.line, name),
                    help=f"{fallback}, ask with `{{% if {name} %}}`, or declare it "
                    "`required: true` under `lead_fields` in runner.yaml",
                )  # fmt: skip
            elif use.scope == "sender" and use.name not in _SENDER.get(text.body.channel, frozenset()):
                kind = text.body.channel.value
                yield warning(SLUG, f"accounts of {kind} have no `{name}`", text.span(use.line, name), help=fallback)


def _optional(draft: SequenceDraft, text: Text, use: Use) -> bool:
    kind = draft.lead_fields.get(use.name)
    if kind is None or kind == "list" or use.name == "linkedin_status":
        return False
    return use.name not in draft.required_fields and use.name not in _SURE[text.body.channel]
