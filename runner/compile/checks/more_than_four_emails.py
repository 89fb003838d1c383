"""More emails to one silent person than anyone welcomes."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.paths import longest_emails
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic

SLUG = "more-than-four-emails"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield a diagnostic at the last email of the way with the most of them."""
    if draft.graph is None or not draft.entries:
        return
    count, last = longest_emails(draft.graph)
    if count > draft.max_emails and last is not None:
        path = ("steps", draft.by_id[last].index, "id")
        yield warning(SLUG, f"a person who never answers gets {count} emails", draft.source.at(path), path=path,
                      help=f"answers after the {draft.max_emails}th are rare and complaints are not; "
                      "`policy.max_emails` in runner.yaml sets another number")  # fmt: skip
