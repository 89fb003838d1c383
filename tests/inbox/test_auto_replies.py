"""Automatic replies in many languages, and replies by people that must never be taken for one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from runner.channels.email.classify import classify
from runner.channels.email.dates import return_date
from runner.channels.email.judgement import MailKind, Verdict

DATA = Path(__file__).parents[1] / "data"
AUTO = json.loads((DATA / "auto_replies" / "expected.json").read_text())
HUMAN = (DATA / "human_replies" / "replies.txt").read_text(encoding="utf-8").split("=====\n")[1:]
OWN = frozenset({"ada@lumen.example"})


def judge(name: str) -> Verdict:
    return classify((DATA / "auto_replies" / name).read_bytes(), own=OWN)


def expected_kind(message: str) -> str:
    return message.partition("X-Expected: ")[2].split()[0]


def test_there_are_enough_of_both() -> None:
    assert len(AUTO) >= 60 and len({name.split("-")[1] for name in AUTO}) >= 8
    assert sum(expected_kind(message) == "reply" for message in HUMAN) >= 90 and len(HUMAN) >= 150


def test_97_of_100_automatic_replies_are_recognised() -> None:
    wrong = [name for name, expected in AUTO.items() if judge(name).kind.value != expected["kind"]]
    assert len(wrong) <= 0.03 * len(AUTO), wrong


def test_the_return_date_is_right_for_90_of_100_that_name_one() -> None:
    dated = {name: expected["return_date"] for name, expected in AUTO.items() if expected["return_date"]}
    wrong = {name: judge(name).return_date for name, day in dated.items() if str(judge(name).return_date) != day}
    assert len(wrong) <= 0.1 * len(dated), wrong


def test_no_date_is_invented() -> None:
    invented = [name for name, expected in AUTO.items() if not expected["return_date"] and judge(name).return_date]
    assert invented == []


def test_no_reply_by_a_person_is_called_a_bounce_or_an_automatic_reply() -> None:
    wrong = [
        message[-120:] for message in HUMAN if classify(message.encode(), own=OWN).kind.value != expected_kind(message)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Out from Monday 23 November until Friday 27 November, returning Monday 30 November.", "2026-11-30"),
        ("I am out of the office starting 11/23/2026 and will not return until 11/30/2026.", "2026-11-30"),
        ("Meine Vertretung ist Herr Maier (Tel. 030 12.34.56), ich kehre am 02.12.2026 zurück.", "2026-12-02"),
        ("Ich bin vom 23. November bis zum 4. Dezember 2026 im Urlaub.", "2026-12-04"),
        ("Je suis absent du 23/11 au 04/12 inclus.", "2026-12-04"),
        ("Estarei ausente de 23 a 27 de novembro", "2026-11-27"),
        ("Jestem nieobecny w dniach 23.11-27.11.2026", "2026-11-27"),
        ("11月23日から12月4日まで休暇をいただきます", "2026-12-04"),
        ("I'm at a conference Nov 24-26, slow to respond", "2026-11-26"),
        ("I'm away until mid-December.", None),
        ("Founded on 12 December 1999. I am on parental leave.", None),
        ("I was away until 2 November.", None),
        ("I am away until 31.02.2027 or 99/99/2026", None),
    ],
)
def test_the_day_that_ends_the_absence_is_taken(text: str, day: str | None) -> None:
    month_first = "starting" in text
    found = return_date(text, date(2026, 11, 23), month_first=month_first)
    assert (str(found.day) if found else None) == day


def test_until_means_back_the_day_after_and_back_on_means_that_day() -> None:
    received = date(2026, 11, 23)
    until, back = return_date("away until 4 December", received), return_date("back on 7 December", received)
    assert until and until.away_on_it and back and not back.away_on_it


def test_a_header_alone_that_exchange_puts_on_every_mail_says_nothing() -> None:
    content = b"From: g@navy.example\nX-Auto-Response-Suppress: All\nSubject: Re: hello\n\nYes.\n"
    assert classify(content).kind is MailKind.REPLY


def test_bulk_mail_that_nobody_sent_and_no_list_is_an_automatic_reply() -> None:
    thanks = "From: Grace <grace@navy.example>\nTo: ada@lumen.example\nSubject: Thank you\n{}\nI will answer soon.\n"
    assert classify(thanks.format("Return-Path: <>\nPrecedence: bulk\n").encode()).rule == "bulk-from-nobody"
    for head in ("Return-Path: <grace@navy.example>\nPrecedence: bulk\n", "Return-Path: <>\n"):
        assert classify(thanks.format(head).encode()).kind is MailKind.REPLY


def written(text: str) -> bytes:
    return f"From: g@navy.example\nTo: ada@lumen.example\nSubject: Re: hello\nIn-Reply-To: <k1@x>\n\n{text}\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        'Your message about "hello" was waitlisted.\n\nPlease add yourself to my Guest List so your future messages '
        "will go to my Inbox: https://verify.example/1",
        "To control spam, I now allow incoming messages only from senders I have approved beforehand.\n\nIf you would "
        "like to be added to my list of approved senders, fill out the form. Once I approve you, I will receive your "
        "original message.\n\nhttps://webmail.example/a",
        "I'm protecting myself from receiving junk mail.\n\nJust this once, click the link below so I can receive your "
        "emails.\n\nhttps://verify.example/a2?x:y",
        "Your message attached below is being held because your address has not been verified.\n\nTo release your "
        "message for delivery, please reply to this message to confirm.",
        "Click on the following link to have your address added to\nthe recipient's allowed list and to ensure "
        "delivery of your email.\n\nhttp://verify.example/1",
    ],
)
def test_a_robot_that_wants_a_proof_is_known_without_any_header(text: str) -> None:
    verdict = classify(written(text))
    assert (verdict.kind, verdict.rule) == (MailKind.AUTO_REPLY, "challenge")


@pytest.mark.parametrize(
    "text",
    [
        "You can add yourself to the guest list here: https://party.example/x - see you there",
        "I added you to our guest list, and the invitation was delivered by mail.",
        "Our inbox is protected by a filter, see https://filter.example. Not for us.",
        "Please get your address added to our supplier list, or your emails are not delivered to purchasing.",
        "Your message was held by our filter, I only saw it now. Call me on Monday.",
        "Your message was held in quarantine until this morning, sorry. Call me on Monday.",
        "I have put you on my whitelist, so your emails go to my inbox now. Call me.",
        "Please reply to this message to confirm Monday. I will receive your message on the train.",
        "Your email was held up; was it about the guest list? Reply to this email to confirm.",
    ],
)
def test_a_person_who_writes_of_lists_and_filters_is_no_robot(text: str) -> None:
    assert classify(written(text)).kind is MailKind.REPLY


def test_a_report_that_nobody_signs_is_a_bounce_and_an_absence_is_not() -> None:
    head = "Return-Path: <>\nFrom: <>\nTo: ada@lumen.example\nAuto-Submitted: auto-replied\nSubject: x\n\n"
    [dead] = classify(f"{head}You sent mail to g@navy.example. That's not a valid user here.\n".encode()).recipients
    assert (dead.address, dead.hard) == ("g@navy.example", True)
    away = classify(f"{head}I am on holiday until 4 December 2026.\n".encode(), received=date(2026, 11, 23))
    assert away.kind is MailKind.AUTO_REPLY
