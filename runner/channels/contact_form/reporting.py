"""An answer as an outcome, with its evidence: what was asked, what came back, and the words the verdict rests on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from runner.channels.contact_form.fetch import Answer, Broken, Trouble
from runner.channels.contact_form.verdict import Judgement, Verdict
from runner.engine.outcomes import AccountTrouble, Failed, Outcome, Sent, TryAgain, Unconfirmed, Unknown
from runner.engine.outcomes import Trouble as Kind

EXCERPT = 2000
Evidence = dict[str, object]


def outcome_of_trouble(trouble: Trouble, evidence: Evidence) -> Outcome:
    """A submission that brought no answer: only what provably never left may be tried again."""
    detail = {**evidence, "trouble": trouble.text}
    if trouble.sent:
        return Unknown("no_answer", f"the form was sent and no answer came: {trouble.text}", detail)
    if trouble.kind is Broken.OWN_NETWORK:
        return AccountTrouble(Kind.CONNECTION, "own_network", trouble.text, detail=detail)
    if trouble.kind is Broken.REFUSED_ADDRESS:
        return Failed("refused_address", trouble.text, detail=detail)
    return TryAgain("unreachable", f"the site could not be reached: {trouble.text}", detail=detail)


def outcome_of(judgement: Judgement, answer: Answer, evidence: Evidence) -> Outcome:
    """A judged answer as an outcome."""
    detail: Evidence = {
        **evidence,
        "status": answer.status,
        "url": answer.url,
        "verdict": judgement.verdict.value,
        "because": judgement.reason,
        "words": judgement.words,
        "excerpt": answer.body[:EXCERPT].decode("utf-8", "replace"),
    }
    match judgement.verdict:
        case Verdict.CONFIRMED:
            return Sent(provider_ref=answer.url, detail=detail)
        case Verdict.UNCONFIRMED:
            return Unconfirmed(detail)
        case Verdict.REJECTED:
            return Failed(judgement.reason, f"the site refused the form: {judgement.words}", detail=detail)
        case Verdict.BUSY:
            return TryAgain("site_busy", "the site asks to come back later", _retry_after(answer), detail)
        case Verdict.UNKNOWN:
            return Unknown(judgement.reason, judgement.words, detail)


def keep(folder: Path | None, name: str, content: bytes) -> str | None:
    """Store a piece of evidence; its path, or None when no folder is set or the disk says no."""
    if folder is None or not content:
        return None
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError:
        return None
    return str(path)


def _retry_after(answer: Answer) -> timedelta | None:
    """The seconds of a Retry-After header (RFC 9110 10.2.3); dates are not read."""
    text = answer.headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        return None
    return timedelta(seconds=min(int(text), 30 * 86400))
