"""The classifier measured on real labelled messages: kinds, dead addresses, and nothing that depends on line ends."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from runner.channels.email.classify import classify
from runner.channels.email.judgement import MailKind

CORPUS = Path(__file__).parents[1] / "data" / "bounces"
LABELS: dict[str, list[dict[str, object]]] = json.loads((CORPUS / "labels.json").read_text())
BY_REASON = {"vacation": MailKind.AUTO_REPLY, "feedback": MailKind.COMPLAINT, "delivered": MailKind.OTHER}


def wanted(label: list[dict[str, object]]) -> MailKind | None:
    """What a label says of the kind; None: anything but a bounce or complaint."""
    return BY_REASON.get(str(label[0]["reason"]), MailKind.BOUNCE) if label else None


def kind_is_right(name: str, kind: MailKind) -> bool:
    expected = wanted(LABELS[name])
    return kind is expected if expected else kind not in (MailKind.BOUNCE, MailKind.COMPLAINT)


@pytest.fixture(scope="module")
def verdicts() -> dict[str, object]:
    return {name: classify((CORPUS / "mail" / name).read_bytes()) for name in LABELS}


def test_the_kind_is_right_for_99_of_100_messages(verdicts) -> None:
    wrong = [name for name, verdict in verdicts.items() if not kind_is_right(name, verdict.kind)]
    assert len(wrong) <= len(LABELS) * 0.01, wrong


def test_dead_addresses_are_right_for_96_of_100_recipients(verdicts) -> None:
    counts: Counter[bool] = Counter()
    for name, label in LABELS.items():
        if wanted(label) is MailKind.BOUNCE:
            judged = [each.hard for each in verdicts[name].recipients]
            for number, recipient in enumerate(label):
                counts[number < len(judged) and judged[number] == recipient["hard"]] += 1
    assert counts[True] >= 0.96 * counts.total(), counts


def test_hardly_anyone_alive_is_called_dead(verdicts) -> None:
    called_dead = [
        name
        for name, label in LABELS.items()
        if wanted(label) is MailKind.BOUNCE
        for each, recipient in zip(verdicts[name].recipients, label, strict=False)
        if each.hard and not recipient["hard"]
    ]
    assert len(called_dead) <= 5, called_dead


def test_every_recipient_of_a_bounce_is_listed(verdicts) -> None:
    wrong = [
        name
        for name, label in LABELS.items()
        if wanted(label) is MailKind.BOUNCE and len(verdicts[name].recipients) != len(label)
    ]
    assert len(wrong) <= len(LABELS) * 0.02, wrong


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends_make_no_difference(verdicts, ending: bytes) -> None:
    for name in list(LABELS)[::4]:
        content = (CORPUS / "mail" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ending)
        again = classify(content)
        assert (again.kind, [each.hard for each in again.recipients]) == (
            verdicts[name].kind,
            [each.hard for each in verdicts[name].recipients],
        ), name


def test_the_same_bytes_give_the_same_verdict(verdicts) -> None:
    for name in list(LABELS)[::10]:
        assert classify((CORPUS / "mail" / name).read_bytes()) == verdicts[name]
