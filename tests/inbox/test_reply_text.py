"""The new text of a reply, and opt-out words that count only there."""

from __future__ import annotations

import pytest

from runner.channels.email.classify import classify
from runner.channels.email.judgement import MailKind
from runner.channels.email.opt_out import opt_out_words
from runner.channels.email.parse import parse
from runner.channels.email.reply_text import new_text

QUOTED = "> Hi Grace,\n> Unsubscribe: https://lumen.example/u\n"


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, Nov 23, 2026 at 9:00 AM Ada <ada@lumen.example> wrote:\n" + QUOTED,
        "On Mon, Nov 23, 2026 at 9:00 AM Ada Lovelace\n<ada@lumen.example> wrote:\n" + QUOTED,
        "Am 23.11.2026 um 09:00 schrieb Ada <ada@lumen.example>:\n" + QUOTED,
        "Le lun. 23 nov. 2026 à 09:00, Ada <ada@lumen.example> a écrit :\n" + QUOTED,
        "El lun, 23 nov 2026 a las 9:00, Ada (<ada@lumen.example>) escribió:\n" + QUOTED,
        "Il giorno lun 23 nov 2026 alle ore 09:00 Ada ha scritto:\n" + QUOTED,
        "Em seg., 23 de nov. de 2026 às 09:00, Ada escreveu:\n" + QUOTED,
        "Op ma 23 nov. 2026 om 09:00 schreef Ada:\n" + QUOTED,
        "Den mån 23 nov. 2026 kl 09:00 skrev Ada:\n" + QUOTED,
        "-----Original Message-----\nFrom: Ada\nHi Grace, unsubscribe here",
        "________________________________\nFrom: Ada\nSent: Monday\nTo: Grace\nunsubscribe",
        "From: Ada <ada@lumen.example>\nSent: Monday\nTo: Grace\nSubject: hello\n\nunsubscribe",
        "Von: Ada\nGesendet: Montag\nAn: Grace\nBetreff: Frage\n\nabmelden",
        "-- \nGrace Hill\nUnsubscribe from our newsletter",
        "Sent from my iPhone\n\n" + QUOTED,
    ],
)
def test_what_stands_below_is_not_new(below: str) -> None:
    assert new_text(f"Yes, Tuesday.\n\n{below}") == "Yes, Tuesday."
    assert opt_out_words(new_text(f"Yes, Tuesday.\n\n{below}")) is None


def test_answers_between_quoted_lines_are_kept() -> None:
    assert new_text("> Would Tuesday work?\nYes.\n> Seats?\nForty.") == "Yes.\nForty."


def test_an_answer_below_the_quotation_is_kept() -> None:
    assert new_text("On Mon, Ada <a@b.c> wrote:\n> Hi\n> unsubscribe\n\nYes, fine.") == "Yes, fine."


def test_html_alone_is_read_as_text_with_its_quotation_left_out() -> None:
    content = (
        b"From: g@navy.example\nContent-Type: text/html; charset=utf-8\n\n"
        b"<html><style>p{x}</style><p>Yes, <b>Tuesday</b>.</p>"
        b"<div class=gmail_quote>On Mon, Ada &lt;ada@lumen.example&gt; wrote:<br>"
        b"<blockquote>Hi<br>unsubscribe</blockquote></div>"
    )
    verdict = classify(content)
    assert (verdict.kind, verdict.new_text) == (MailKind.REPLY, "Yes, Tuesday.")


@pytest.mark.parametrize(
    "text", ["STOP", "please unsubscribe me", "Bitte nehmen Sie mich aus dem Verteiler", "退订", "Ne me contactez plus"]
)
def test_words_that_ask_for_no_more_mail(text: str) -> None:
    assert opt_out_words(text)


@pytest.mark.parametrize(
    "text", ["Please stop by our booth", "How do I opt in?", "Don't unsubscribe me", "Let's stop emailing and talk"]
)
def test_words_that_only_look_like_it(text: str) -> None:
    assert opt_out_words(text) is None


def test_an_empty_reply_is_still_a_reply() -> None:
    assert classify(b"From: g@navy.example\nSubject: Re: x\nIn-Reply-To: <1@lumen.example>\n\n").kind is MailKind.REPLY
    assert parse(b"").readable() == ""


@pytest.mark.parametrize(
    "text",
    ["afmelden graag", "Stop, thanks!", "Danke. Abmelden bitte.", "Désabonner, s'il vous plaît", "odhlásit prosím",
     "Por favor, stop", "配信停止お願いします", "Tack, avregistrera"],
)  # fmt: skip
def test_a_command_stays_one_however_politely_it_is_said(text: str) -> None:
    assert opt_out_words(text)


@pytest.mark.parametrize("text", ["Thanks, please", "Yes please, graag!", "Please stop by, thanks", "お願いします"])
def test_courtesy_alone_asks_for_nothing(text: str) -> None:
    assert opt_out_words(text) is None


def test_an_absence_in_swedish_may_stand_in_front_of_our_subject() -> None:
    mail = "From: g@x.example\nSubject: Frånvarande: Re: A question\n\nJag är tillbaka 5 december.\n"
    assert classify(mail.encode()).kind is MailKind.AUTO_REPLY
