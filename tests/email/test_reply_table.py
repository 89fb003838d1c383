"""The map from a server's answers to their meaning: every row, the general rules, and what must never be confused."""

from __future__ import annotations

import datetime as dt

import pytest

from runner.channels.email.replies import ACCOUNT_PHASES, Phase, Row, Verdict, meaning_of, row_for
from runner.channels.email.replies_table import TABLE
from runner.channels.email.smtp_session import Refusal
from runner.channels.email.smtp_wire import Reply
from runner.channels.email.verdicts import after_the_dot, before_the_dot, replaced_id
from runner.engine.outcomes import AccountTrouble, Failed, Trouble, TryAgain

LIKELY = (Phase.RCPT, Phase.DOT, Phase.MAIL, Phase.AUTH, Phase.EHLO)


def reply(text: str) -> Reply:
    code, rest = int(text[:3]), text[4:]
    first = rest.split(" ")[0]
    return Reply(code, first if first.count(".") == 2 and first.replace(".", "").isdigit() else "", (rest,))


def phase_of(row: Row) -> Phase:
    return next(phase for phase in LIKELY if phase in row.phases)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_is_the_first_to_fit_its_example(row):
    assert row_for(phase_of(row), reply(row.example), TABLE) is row


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_ends_as_its_verdict_says(row):
    phase = phase_of(row)
    said = reply(row.example)
    outcome = after_the_dot(said, "<k@x>") if phase is Phase.DOT else before_the_dot(Refusal(phase, said))
    match row.meaning.verdict:
        case Verdict.ADDRESS_DEAD:
            assert isinstance(outcome, Failed) and outcome.hard
        case Verdict.ADDRESS_FAILED | Verdict.MESSAGE_FAILED:
            assert isinstance(outcome, Failed) and not outcome.hard
        case Verdict.RETRY:
            assert isinstance(outcome, TryAgain) and outcome.after == row.meaning.after and not outcome.greylisted
        case Verdict.GREYLISTED:
            assert isinstance(outcome, TryAgain) and outcome.after == row.meaning.after and outcome.greylisted
        case verdict:
            assert isinstance(outcome, AccountTrouble)
            assert outcome.kind is Trouble[verdict.name]
    assert outcome.reason == row.meaning.reason
    assert row.example[4:] in outcome.explanation
    assert row.meaning.advice in outcome.explanation


def test_the_whole_table_to_the_letter(golden):
    """A row that is gone or means something else shows here, whatever it says of itself."""
    lines = [
        f"{row.name}: {row.meaning.verdict.value}, {row.meaning.reason}"
        f"{f' after {row.meaning.after}' if row.meaning.after else ''}"
        f" [{' '.join(sorted(phase.value for phase in row.phases)) if len(row.phases) < len(Phase) else 'any phase'}]\n"
        f"    {row.example}"
        for row in TABLE
    ]
    golden("reply_table.out", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("phase", "text", "kind"),
    [
        (Phase.MAIL, "421 4.7.0 Try again later, closing connection.", Trouble.CONNECTION),
        (Phase.MAIL, "451 4.7.1 Greylisting in action, please come back later", Trouble.CONNECTION),
        (Phase.MAIL, "554 5.7.1 [192.0.2.1] blocked using zen.spamhaus.org", Trouble.CONFIG),
        (Phase.GREETING, "554 5.7.1 blocked using zen.spamhaus.org", Trouble.CONFIG),
        (Phase.MAIL, "550 5.7.26 unauthenticated", Trouble.CONFIG),
        (Phase.DOT, "550 5.7.501 Access denied, spam abuse detected", Trouble.CONFIG),
        (Phase.DOT, "550 5.7.640 Access denied, banned sending IP", Trouble.CONFIG),
    ],
)
def test_what_is_said_of_the_sender_spends_no_try_and_fails_no_message(phase, text, kind):
    said = reply(text)
    outcome = after_the_dot(said, "<k@x>") if phase is Phase.DOT else before_the_dot(Refusal(phase, said))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is kind


def test_rows_have_names_sources_and_advice():
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.source and row.meaning.advice for row in TABLE)
    assert len(TABLE) >= 80


@pytest.mark.parametrize(
    ("phase", "code", "verdict"),
    [(Phase.GREETING, 421, Verdict.CONNECTION), (Phase.GREETING, 554, Verdict.CONFIG),
    (Phase.EHLO, 502, Verdict.CONFIG),
     (Phase.MAIL, 451, Verdict.CONNECTION), (Phase.MAIL, 550, Verdict.CONFIG), (Phase.AUTH, 550, Verdict.AUTH),
     (Phase.AUTH, 421, Verdict.CONNECTION), (Phase.RCPT, 450, Verdict.RETRY), (Phase.RCPT, 421, Verdict.RETRY),
     (Phase.RCPT, 550, Verdict.ADDRESS_FAILED), (Phase.DATA, 451, Verdict.RETRY),
     (Phase.DATA, 554, Verdict.MESSAGE_FAILED),
     (Phase.DOT, 250, Verdict.SENT), (Phase.DOT, 251, Verdict.UNKNOWN), (Phase.DOT, 354, Verdict.UNKNOWN),
     (Phase.DOT, 451, Verdict.RETRY), (Phase.DOT, 554, Verdict.MESSAGE_FAILED)],
)  # fmt: skip
def test_without_a_row_phase_and_first_digit_decide(phase, code, verdict):
    assert meaning_of(phase, Reply(code, "", ("hm",)), TABLE).verdict is verdict


@pytest.mark.parametrize("phase", [each for each in Phase if each in ACCOUNT_PHASES], ids=lambda phase: phase.value)
def test_before_a_recipient_is_named_nothing_counts_against_a_person(phase):
    for row in TABLE:
        verdict = meaning_of(phase, reply(row.example), TABLE).verdict
        assert verdict not in (Verdict.ADDRESS_DEAD, Verdict.ADDRESS_FAILED, Verdict.RETRY), row.name
        if verdict is Verdict.MESSAGE_FAILED:
            assert row.meaning.reason in ("message_too_large", "not_supported"), row.name


@pytest.mark.parametrize(
    "text",
    ["550 5.7.1 rejected", "550 rejected", "554 5.7.1 user unknown to be trusted: spam", "550 5.2.2 mailbox full",
     "450 5.1.1 user unknown", "452 4.1.1 no such user", "550 5.1.1 blocked using zen.spamhaus.org",
     "550 4.2.2 mailbox full", "550 5.7.26 unauthenticated", "552 5.2.2 over quota", "550 5.4.4 no route",
     "550 5.2.1 receiving mail too quickly", "550 5.7.1 you have exceeded your daily sending limit",
     "554 5.7.1 relay access denied", "550 5.5.4 something else"],
)  # fmt: skip
def test_an_address_is_never_called_dead_for_other_reasons(text):
    for phase in (Phase.RCPT, Phase.DOT):
        assert meaning_of(phase, reply(text), TABLE).verdict is not Verdict.ADDRESS_DEAD, phase


@pytest.mark.parametrize(
    "text",
    ["550 5.1.1 x", "550 5.1.1", "553 5.1.3 bad syntax", "550 5.1.10 RecipientNotFound", "550 5.1.2 host unknown",
     "551 5.1.6 moved", "550 5.2.1 account is disabled", "550 No such user here", "550 Unknown user",
     "550 5.1.0 <a@b>: user does not exist", "550 mailbox not found", "556 no mail here"],
)  # fmt: skip
def test_an_address_that_does_not_exist_is_called_dead(text):
    assert meaning_of(Phase.RCPT, reply(text), TABLE).verdict is Verdict.ADDRESS_DEAD


@pytest.mark.parametrize("code", range(400, 500))
def test_a_temporary_code_is_never_final(code):
    for enhanced in ("", "4.7.1", "5.1.1", "5.7.1"):
        verdict = meaning_of(Phase.RCPT, Reply(code, enhanced, ("some words",)), TABLE).verdict
        temporary = (Verdict.RETRY, Verdict.GREYLISTED, Verdict.LIMITED, Verdict.CONNECTION, Verdict.AUTH)
        assert verdict in temporary, enhanced


@pytest.mark.parametrize(
    ("host", "said", "expected"),
    [
        ("email-smtp.us-east-1.amazonaws.com", "250 Ok 0100018f2c-9a483358-9170-4cb4-a269-f5dcdf415321-000000",
         "<0100018f2c-9a483358-9170-4cb4-a269-f5dcdf415321-000000@email.amazonses.com>"),
        ("email-smtp.eu-west-1.amazonaws.com", "250 Ok 0100018f2c-9a483358-9170-4cb4-a269-f5dcdf415321-000000",
         "<0100018f2c-9a483358-9170-4cb4-a269-f5dcdf415321-000000@eu-west-1.amazonses.com>"),
        ("smtp.lumen.example", "250 Ok 0100018f2c-9a483358-9170-4cb4-a269-f5dcdf415321-000000", None),
        ("email-smtp.eu-west-1.amazonaws.com", "250 2.0.0 queued", None),
    ],
)  # fmt: skip
def test_the_message_id_that_a_relay_puts_in_place_of_ours_is_learnt(host, said, expected):
    assert replaced_id(host, reply(said)) == expected
    outcome = after_the_dot(reply(said), "<ours@lumen.example>", host)
    assert (outcome.message_id, outcome.provider_ref) == ("<ours@lumen.example>", expected)


@pytest.mark.parametrize(
    ("said", "wait"),
    [("451 4.7.1 Greylisted, please try again in 5 minutes", 300),
     ("450 4.2.0 <a@x>: Recipient address rejected: Greylisted for 300 seconds", 300),
     ("450 4.7.1 <a@x>: Greylisting in effect, please come back in 00:04:59", 299),
     ("451 4.7.1 Please retry after 600s", 600), ("451 4.7.1 Greylisted, try again in at least 2 hours", 7200),
     ("451 4.7.1 Bitte in 10 Minuten erneut versuchen, greylisted", 600),
     ("452 4.2.2 mailbox full, try again in 1 hour", 86400), ("452 4.2.2 mailbox full, wait 30 hours", 108000),
     ("451 4.7.1 Greylisted, try again in 999999 hours", 604800),
     ("451 4.7.1 Greylisted, please come back later", None), ("451 4.7.1 greylisted, code 300 see help", None),
     ("451 4.7.1 Greylisted, retry within 4 hours", None), ("451 4.7.1 greylisted by mx5 in 7 maps", None)],
)  # fmt: skip
def test_no_temporary_refusal_is_tried_again_before_the_time_it_names(said, wait):
    outcome = before_the_dot(Refusal(Phase.RCPT, reply(said)))
    assert isinstance(outcome, TryAgain)
    assert outcome.after == (None if wait is None else dt.timedelta(seconds=wait))
