"""A field of the lead, the campaign or the variables that nobody declared, in a condition or a template."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import problems
from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error, replacing
from runner.compile.texts import texts
from runner.lang.diagnostics import Diagnostic
from runner.lang.suggest import meant, nearest

SLUG = "unknown-field"
SENDER_FIELDS = ("name", "address", "email", "company", "phone", "website", "job_title")


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each unknown field in a condition."""
    yield from problems(draft, SLUG)


def in_templates(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each unknown field in a template."""
    fields = {**draft.vocabulary.fields, "sender": dict.fromkeys(SENDER_FIELDS, "text")}
    for text in texts(draft):
        if text.template is None:
            continue
        for use in text.uses:
            known = fields.get(use.scope)
            if known is None or use.name in known or (use.scope == "campaign" and use.name in fields["vars"]):
                continue
            span = text.span(use.line, f"{use.scope}.{use.name}")
            near = nearest(use.name, known)
            hint = meant(use.name, known)
            if near is None:
                hint = {"lead": "declare it under `lead_fields` in runner.yaml", "vars": "set it under `vars:` in the "
                        "sequence, or in every campaign that runs it"}.get(use.scope, hint)  # fmt: skip
            fix = replacing(span, f"{use.scope}.{near}") if near else None
            yield error(SLUG, f"`{use.scope}` has no field `{use.name}`", span, label=hint if near else "", help=hint,
                        fix=fix)  # fmt: skip
