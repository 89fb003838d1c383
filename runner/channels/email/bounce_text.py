"""Failures from the words of a report that has no usable delivery-status fields, whatever mail system wrote it.

Reports in words name a recipient and then say what happened, or say what happened and then name the recipient. The
shapes of the naming lines are few; what stands between two of them belongs to one recipient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.channels.email.bounce_fields import command_of, from_blocks, reply_code, status_in
from runner.channels.email.bounce_report import Report, field_groups
from runner.channels.email.judgement import Failure
from runner.channels.email.parse_headers import addresses_in
from runner.channels.email.wordlists import any_of

MAX_LINES = 1500
MAX_SECTION = 3000
_START = r"^[ \t>*-]{0,8}"
_A = r"(?P<a>[\w.!#$%&'*+/=?^`{|}~-]{1,80}@[\w.-]{1,120}\w)"
_LABEL = r"(?:failed |final |original |e-?mail )?(?:recipient|rcpt(?: to)?|user|address|mailbox)(?: address| name)?"
_NAMED_FIRST = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"{_START}[<\"']{{0,2}}{_A}[>\"']{{0,2}}[ \t]*[:;,.]?[ \t]*$",
        rf"{_START}<{_A}>[:;,]?[ \t]+.+$",
        rf"{_START}[\"']?{_A}[\"']?[:;,]?[ \t]+.+$",
        rf"{_START}{_LABEL}[ \t]*[:=][ \t]*<?{_A}>?",
        rf"(?:{any_of('bounce_naming')}) <?{_A}>?",
    )
)
_NAMED_LAST = re.compile(rf"^[ \t>]{{0,8}}[245]\d\d[ -](?:[245]\.\d\.\d{{1,3}} )?<?{_A}>?\.\.\. ?.+$")
_ADVICE = re.compile(any_of("bounce_advice"), re.IGNORECASE)
_ROBOTS = frozenset({"postmaster", "mailer-daemon", "abuse", "support", "admin", "administrator", "root", "noreply",
                     "no-reply", "helpdesk", "hostmaster", "webmaster", "mailmaster"})  # fmt: skip
_FIELDS = re.compile(r"^[ \t>]*(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_DELAYED = re.compile(any_of("bounce_delayed"), re.IGNORECASE)


@dataclass(slots=True)
class _Section:
    address: str
    lines: list[str]


def from_text(report: Report) -> tuple[tuple[Failure, ...], str]:
    """The failures a report's words name, and the rule that found them."""
    embedded = _embedded_fields(report)
    if embedded:
        return embedded, "embedded-status"
    action = "delayed" if _DELAYED.search(report.words) else "failed"
    named = report.mail.headers.addresses("x-failed-recipients")
    sections = _sections(report)
    by_address = {section.address: section for section in sections}
    wanted = dict.fromkeys([*named, *by_address]) if named else by_address
    if named and len(named) == 1 and len(sections) > 1:
        wanted = dict.fromkeys(named)
    alone = len(wanted) == 1
    found = tuple(_failure(each, by_address.get(each), report.words, action, alone) for each in wanted)
    if not found:
        address = next(iter(_fallback(report)), "")
        return (_failure(address, None, report.words, action, True),), "words"
    return found, "x-failed-recipients" if named else "named-lines"


def said_of_each(report: Report) -> dict[str, str]:
    """What a report's words say of each address they name; {} where they name one at most: then all is about it."""
    sections = _sections(report)
    return {section.address: "\n".join(section.lines) for section in sections} if len(sections) > 1 else {}


def _failure(address: str, section: _Section | None, words: str, action: str, alone: bool) -> Failure:
    said = "\n".join(section.lines)[:MAX_SECTION] if section else ""
    coded = reply_code(said) or status_in(said)
    shown = said if coded or (len(said.split()) > 4 and not reply_code(words)) else words[:MAX_SECTION]
    around = words[:MAX_SECTION] if alone else ""
    return Failure(
        address, action, status_in(shown), reply_code(shown), " ".join(shown.split()),
        command_of(shown) or command_of(around), around,
    )  # fmt: skip


def _sections(report: Report) -> list[_Section]:
    found: dict[str, _Section] = {}
    current: _Section | None = None
    pending: list[str] = []
    own = set(report.mail.headers.addresses("to")) - set(report.returned.addresses("to"))
    for line in report.words.split("\n", MAX_LINES)[:MAX_LINES]:
        address, last = _named(line, own)
        if address:
            section = found.setdefault(address, _Section(address, []))
            section.lines += [*pending, line] if last else [line]
            current = section if not last or section is current else None
        elif current is not None:
            current.lines.append(line)
        pending = [] if address else [*pending[-12:], line]
    return list(found.values())


def _named(line: str, own: set[str]) -> tuple[str, bool]:
    """The recipient that a line names, and whether it comes after what happened."""
    shown = line[:400]
    if "@" not in shown or _ADVICE.search(shown.partition("@")[0]):
        return "", False
    last = _NAMED_LAST.match(shown)
    match = last or next((hit for shape in _NAMED_FIRST if (hit := shape.search(shown))), None)
    if match is None:
        return "", False
    address = match["a"].strip("'.").lower()
    if address in own or address.partition("@")[0] in _ROBOTS:
        return "", False
    return address, last is not None


def _embedded_fields(report: Report) -> tuple[Failure, ...]:
    """Delivery-status fields that stand in a text, quoted or not, instead of in a part of their own."""
    text = f"{report.words}\n{report.returned_text[:20_000]}"
    if not _FIELDS.search(text):
        return ()
    plain = re.sub(r"(?m)^[ \t]*>[ ]?", "", text) if re.search(r"(?mi)^[ \t]*>[ \t]*final-recip", text) else text
    return from_blocks(field_groups(plain))


def _fallback(report: Report) -> Iterator[str]:
    """An address where no line names one: in the words, else whom the returned message was for."""
    own = set(report.mail.headers.addresses("to"))
    for address in (*report.returned.addresses("to"), *addresses_in(report.words)):
        if address not in own and address.partition("@")[0] not in _ROBOTS:
            yield address
