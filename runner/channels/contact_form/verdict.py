"""Whether a submission arrived: what a site's answer says, and what it does not say.

A 200 alone says nothing: sites answer so to programs on purpose. Only a plugin's status, words of thanks that were not
on the page before, a thank-you address or a form that gave way to the rest of its page count as a yes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urlsplit

from runner.channels.contact_form.choose import Judged, Kind, judge_page
from runner.channels.contact_form.document import Document, HostilePage, attribute, parse
from runner.channels.contact_form.fetch import Answer
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.recipes import Recipe
from runner.channels.contact_form.text import plain


class Verdict(Enum):
    """What became of a submission."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    REJECTED = "rejected"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its evidence: a slug and the words it rests on."""

    verdict: Verdict
    reason: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a recipe calls success: words of the page that follows, and a part of its address."""

    text: str | None = None
    url: str | None = None

    @classmethod
    def of(cls, recipe: Recipe | None) -> Expected | None:
        """What a recipe expects; None where it says nothing."""
        if recipe is None or (recipe.success_text is None and recipe.success_url is None):
            return None
        return cls(recipe.success_text, recipe.success_url)


_THANKS = compiled("answers", "thanks")
_ERRORS = compiled("answers", "errors")
_SPAM = compiled("answers", "spam")
_THANKS_URL = compiled("answers", "thanks_url")
_BAD_URL = compiled("answers", "bad_url")


def judge_answer(answer: Answer, before: Document, item: Judged, expected: Expected | None = None) -> Judgement:
    """Judge a site's answer to a submission. `expected` is what a recipe says of success, which then alone decides."""
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        return Judgement(Verdict.BUSY, f"http_{answer.status}")
    if answer.status >= 500:
        return Judgement(Verdict.UNKNOWN, f"http_{answer.status}", "the site failed while it took the message")
    if answer.status in {307, 308}:
        return Judgement(Verdict.UNKNOWN, "redirected", "the site asked for the message again at another address")
    text = answer.body.decode("utf-8", "replace")
    data = _json(answer, text)
    if data is not None:
        return _from_json(data, answer.status)
    if answer.status >= 400:
        return _refused(answer)
    if not answer.body.strip():
        return _bare(answer)
    try:
        after = parse(answer.url, answer.body, answer.headers.get("content-type", ""))
    except HostilePage as error:
        return Judgement(Verdict.UNCONFIRMED, "unreadable", str(error))
    if expected is not None:
        return _expected(after, answer, expected)
    return _from_page(after, answer, before, item)


def _expected(after: Document, answer: Answer, expected: Expected) -> Judgement:
    said = expected.text is None or plain(expected.text) in plain(after.text)
    landed = expected.url is None or expected.url in answer.url
    if said and landed:
        return Judgement(Verdict.CONFIRMED, "recipe", expected.text or expected.url or "")
    return Judgement(Verdict.UNCONFIRMED, "recipe", "what the recipe calls success is not there")


def _json(answer: Answer, text: str) -> dict[str, object] | None:
    stripped = text.lstrip()
    if "json" not in answer.content_type and not stripped.startswith("{"):
        return None
    try:
        data = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else {"value": data}


def _from_json(data: dict[str, object], status: int) -> Judgement:
    """Contact Form 7 says `status`, WordPress's own ajax `success`; others say ok, result, error or errors."""
    inner = data.get("data") if isinstance(data.get("data"), dict) else {}
    assert isinstance(inner, dict)
    said = str(data.get("message") or inner.get("message") or data.get("inlineMessage") or data.get("text") or "")[:500]
    word = str(data.get("status") or data.get("result") or "").lower()
    if word in {"mail_sent", "sent", "success", "ok", "succeeded", "true"} and status < 400:
        return Judgement(Verdict.CONFIRMED, "json_status", said or word)
    if word in {
        "validation_failed",
        "acceptance_missing",
        "invalid",
        "spam",
        "mail_failed",
        "aborted",
        "error",
        "failed",
        "failure",
    }:
        reason = "spam" if word == "spam" else "site_error" if word in {"mail_failed", "aborted"} else "validation"
        return Judgement(Verdict.REJECTED, reason, said or word)
    if (
        status >= 400
        or data.get("success") is False
        or data.get("ok") is False
        or data.get("errors")
        or data.get("error")
    ):
        return Judgement(Verdict.REJECTED, "validation", said or json.dumps(data, ensure_ascii=False)[:300])
    if data.get("success") is True or data.get("ok") is True or data.get("inlineMessage") or data.get("redirectUri"):
        return Judgement(Verdict.CONFIRMED, "json_success", said)
    if said and _THANKS.search(plain(said)):
        return Judgement(Verdict.CONFIRMED, "json_message", said)
    return Judgement(Verdict.UNCONFIRMED, "json_silent", json.dumps(data, ensure_ascii=False)[:300])


def _refused(answer: Answer) -> Judgement:
    words = plain(answer.body[:4000].decode("utf-8", "replace"))
    if answer.status in {401, 403} or _SPAM.search(words):
        return Judgement(Verdict.REJECTED, "forbidden", f"HTTP {answer.status}")
    return Judgement(
        Verdict.REJECTED, "validation" if answer.status in {400, 422} else "site_error", f"HTTP {answer.status}"
    )


def _bare(answer: Answer) -> Judgement:
    if answer.redirected_from and _thanks_address(answer.url):
        return Judgement(Verdict.CONFIRMED, "redirect", answer.url)
    return Judgement(Verdict.UNCONFIRMED, "silent", f"HTTP {answer.status} with nothing in it")


def _from_page(after: Document, answer: Answer, before: Document, item: Judged) -> Judgement:
    was, now = plain(before.text), plain(after.text)
    forms = [judged for judged in judge_page(after) if judged.kind is Kind.CONTACT]
    again = next((judged for judged in forms if _same_form(judged, item)), None)
    errors = _new(_ERRORS, now, was)
    thanks = _new(_THANKS, now, was)
    marked = again is not None and _has_error_marks(again, item)
    moved = bool(answer.redirected_from) and _place(answer.url) != _place(before.url)
    if thanks and not (errors and again) and not marked:
        return Judgement(Verdict.CONFIRMED, "words", _around(thanks, now))
    if again is not None and (errors or marked):
        return Judgement(
            Verdict.REJECTED, "validation", _around(errors, now) if errors else "fields are marked as wrong"
        )
    if errors and not thanks:
        return Judgement(Verdict.REJECTED, "validation", _around(errors, now))
    if moved and _thanks_address(answer.url):
        return Judgement(Verdict.CONFIRMED, "redirect", answer.url)
    if again is None and moved and not _BAD_URL.search(plain(answer.url)):
        return Judgement(Verdict.CONFIRMED, "redirect", answer.url)
    if again is None and _rest_remains(before, after, item):
        return Judgement(Verdict.CONFIRMED, "form_gone", "the form gave way, the rest of the page stayed")
    return Judgement(Verdict.UNCONFIRMED, "silent", "the page says neither yes nor no")


def _new(pattern: re.Pattern[str], now: str, was: str) -> str:
    """The first match that the page did not show before as often."""
    for match in pattern.finditer(now):
        if now.count(match[0]) > was.count(match[0]):
            return match[0]
    return ""


def _around(words: str, text: str) -> str:
    place = text.rfind(words)
    return text[max(0, place - 60) : place + 160].strip()


def _same_form(judged: Judged, item: Judged) -> bool:
    names = {field.name for field in item.fields if field.name}
    return len(names & {field.name for field in judged.fields}) >= max(1, len(names) // 2)


def _has_error_marks(again: Judged, before: Judged) -> bool:
    def marks(item: Judged) -> int:
        found = item.form.element.find_all(True, attrs={"aria-invalid": "true"}, limit=50)
        wrong = re.compile(
            r"(?:^|[\s_-])(?:errorlist|has-error|is-invalid|field-?error|not-valid-tip|invalid-feedback|form-error)(?:$|[\s_-])"
        )
        classed = [tag for tag in item.form.element.find_all(True, limit=2000) if wrong.search(attribute(tag, "class"))]
        return len(found) + len(classed)

    return marks(again) > marks(before)


def _thanks_address(url: str) -> bool:
    parts = urlsplit(url)
    return _THANKS_URL.search(plain(unquote(f"{parts.path}?{parts.query}"))) is not None


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path.rstrip("/")


def _rest_remains(before: Document, after: Document, item: Judged) -> bool:
    """Whether the words outside the form are still there: the same page, without the form."""
    inside = set(plain(item.form.text).split())
    outside = {word for word in plain(before.text).split() if word not in inside}
    if len(outside) < 8:
        return False
    left = outside & set(plain(after.text).split())
    return len(left) >= 0.7 * len(outside)
