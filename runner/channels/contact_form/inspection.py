"""What we see on a page, as data: the form found, what every field is for, what would be filled, and why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner.channels.contact_form.choose import Judged, Kind, best_contact, judge_page
from runner.channels.contact_form.document import Document, parse
from runner.channels.contact_form.refusals import captcha_on, login_wanted, solicitation_refused
from runner.channels.contact_form.roles import Field
from runner.channels.contact_form.vocabulary import Role

FILLED = frozenset({
    Role.FULL_NAME, Role.FIRST_NAME, Role.LAST_NAME, Role.EMAIL, Role.EMAIL_CONFIRMATION, Role.SUBJECT, Role.MESSAGE,
})  # fmt: skip
FILLED_IF_REQUIRED = frozenset({Role.PHONE, Role.COMPANY, Role.WEBSITE, Role.TOPIC, Role.CONSENT})


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of looking at one page. `refused` is a reason slug; `chosen` may be set all the same."""

    document: Document
    chosen: Judged | None
    refused: str | None
    explanation: str
    judged: tuple[Judged, ...]

    @property
    def found(self) -> bool:
        """Whether the page holds a form by which its owner can be written to."""
        return self.chosen is not None

    def as_dict(self) -> dict[str, object]:
        """The shape that `runner forms inspect --format json` prints."""
        form = self.chosen.form if self.chosen else None
        fields = self.chosen.fields if self.chosen else ()
        return {
            "found": self.found,
            "form_index": form.index if form else None,
            "action": form.action if form else None,
            "method": form.method if form else None,
            "fields": [{"name": f.name, "role": f.role.value, "fill": would_fill(f)} for f in fields],
            "refused": self.refused,
        }


def would_fill(field: Field) -> bool:
    """Whether a field gets a value of ours: the core of a message always, the rest only where it is asked for."""
    if all(c.hidden or c.disabled or c.readonly for c in field.controls):
        return False
    return field.role in FILLED or (field.role in FILLED_IF_REQUIRED and field.required)


def look(document: Document) -> Finding:
    """Judge a page: the contact form, or the reason why there is none to use."""
    judged = judge_page(document)
    chosen = best_contact(judged)
    if chosen is None:
        return _nothing(document, judged)
    return refuse_if_unwanted(Finding(document, chosen, None, "; ".join(chosen.why), judged))


def refuse_if_unwanted(finding: Finding) -> Finding:
    """The same finding, refused where its form asks for a proof of being human or its page forbids solicitation."""
    document, chosen = finding.document, finding.chosen
    if chosen is None:
        return finding
    proof = captcha_on(document, chosen)
    if proof is not None:
        return replace(finding, refused="captcha", explanation=f"the form asks for a proof of being human: {proof}")
    words = solicitation_refused(document, chosen)
    if words is not None:
        return replace(finding, refused="no_solicitation", explanation=f"the site asks not to be solicited: `{words}`")
    return finding


def _nothing(document: Document, judged: tuple[Judged, ...]) -> Finding:
    kinds = {item.kind for item in judged}
    if Kind.SHARE in kinds:
        shared = max((item for item in judged if item.kind is Kind.SHARE), key=lambda item: item.score)
        return Finding(document, shared, "share_form", "the form writes to a third person", judged)
    if Kind.COMMENT in kinds:
        return Finding(document, None, "comment_form", "the only form publishes what is written", judged)
    if login_wanted(document):
        return Finding(document, None, "login", "the page wants a log-in first", judged)
    return Finding(document, None, None, "no form to write by", judged)


def unreadable(url: str, words: str) -> Finding:
    """The finding for a page that is refused before it is parsed."""
    return Finding(parse(url, b""), None, "hostile_page", words, ())
