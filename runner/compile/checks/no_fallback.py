"""A field that a lead need not have, used in a template without saying what to write when it is missing."""

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


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each use of an optional field without a fallback."""
    for text in texts(draft):
        for use in text.uses if text.template is not None else ():
            if use.scope == "lead" and not use.guarded and _optional(draft, text, use):
                name = f"lead.{use.name}"
                yield warning(
                    SLUG, f"a lead without `{use.name}` cannot get this message", text.span(use.line, name),
                    help=f'write `{{{{ {name} | default("...") }}}}`, ask with `{{% if {name} %}}`, or declare it '
                    "`required: true` under `lead_fields` in runner.yaml",
                )  # fmt: skip


def _optional(draft: SequenceDraft, text: Text, use: Use) -> bool:
    kind = draft.lead_fields.get(use.name)
    if kind is None or kind == "list" or use.name == "linkedin_status":
        return False
    return use.name not in draft.required_fields and use.name not in _SURE[text.body.channel]
