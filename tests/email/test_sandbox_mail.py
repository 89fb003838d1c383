"""The sandbox's mail: every fate of the vocabulary, what comes back and when, and the mailboxes it comes back to."""

from __future__ import annotations

import datetime as dt
import email
import json

import pytest

from runner.clocks import ManualClock
from runner.engine.outcomes import AccountTrouble, Failed, Sent, TryAgain, Unknown
from runner.sandbox.mailbox import INBOX, SENT, Mailbox, Mailboxes
from runner.sandbox.smtp import SmtpSink

ADA = "ada@lumen.example"


@pytest.fixture
def outcome_of(sink, account, job, send):
    return lambda to, **fields: send(job(account(sink.port), to=to, **fields))


@pytest.mark.parametrize(
    ("local", "kind", "reason"),
    [("anna", Sent, None), ("bounce550.anna", Failed, "address_unknown"), ("nodomain+x", Failed, "domain_unknown"),
     ("policy", Failed, "policy"), ("full.x", TryAgain, "mailbox_full"), ("tempfail.x", TryAgain, "temporary"),
     ("limited", AccountTrouble, "rate_limit"), ("rejectdot", Failed, "spam_refused"),
     ("tempdot", TryAgain, "temporary"), ("greylist", TryAgain, "greylisted"),
     ("closeafterdot", Unknown, "no_answer_after_dot"), ("lostafterdot", Unknown, "no_answer_after_dot"),
     ("latebounce", Sent, None), ("softbounce", Sent, None), ("reply", Sent, None), ("optout", Sent, None)],
)  # fmt: skip
def test_the_address_decides_what_happens(local, kind, reason, outcome_of):
    outcome = outcome_of(f"{local}@example.com")
    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", None) == reason


@pytest.mark.parametrize("local", ["tempfail.a", "limited.a", "tempdot.a"])
def test_a_temporary_fate_is_over_at_the_second_try(local, outcome_of):
    assert not isinstance(outcome_of(f"{local}@example.com"), Sent)
    assert isinstance(outcome_of(f"{local}@example.com"), Sent)
    assert not isinstance(outcome_of(f"{local.replace('.a', '.b')}@example.com"), Sent)


def test_what_was_closed_after_the_dot_was_kept_or_lost(outcome_of, sink):
    outcome_of("closeafterdot@example.com", key="kept")
    outcome_of("lostafterdot@example.com", key="gone")
    assert [each.key for each in sink.accepted()] == ["kept"]
    assert [message.content.count(b"kept") > 0 for message in sink.mailboxes.of(ADA).messages(SENT)] == [True]


@pytest.mark.parametrize(
    ("local", "seconds", "kind"),
    [("latebounce", 10, "multipart/report"), ("softbounce", 10, "multipart/report"), ("delayed", 10,
    "multipart/report"),
     ("reply", 20, "text/plain"), ("optout", 20, "text/plain"), ("outofoffice", 5, "text/plain"),
     ("complain", 20, "multipart/report")],
)  # fmt: skip
def test_what_comes_back_comes_at_its_time(local, seconds, kind, outcome_of, sink, clock):
    outcome_of(f"{local}.anna@example.com")
    box = sink.mailboxes.of(ADA)
    assert box.messages(INBOX) == ()
    assert sink.next_event_at() == clock.now() + dt.timedelta(seconds=seconds)
    clock.advance(dt.timedelta(seconds=seconds))
    [message] = box.messages(INBOX)
    assert email.message_from_bytes(message.content).get_content_type() == kind
    assert sink.next_event_at() is None


def test_a_late_bounce_is_a_delivery_report_that_names_our_message(outcome_of, sink, clock):
    outcome_of("latebounce@example.com", key="abc")
    clock.advance(dt.timedelta(seconds=10))
    report = email.message_from_bytes(sink.mailboxes.of(ADA).messages(INBOX)[0].content)
    text, status, returned = report.get_payload()
    assert "could not be delivered" in text.get_payload()
    message, recipient = status.get_payload()
    assert message["Reporting-MTA"].startswith("dns;")
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Final-Recipient"] == "rfc822; latebounce@example.com"
    assert "Message-ID: <abc@lumen.example>" in returned.get_payload()


def test_a_reply_threads_and_quotes_what_we_wrote(outcome_of, sink, clock):
    outcome_of("reply@example.com", key="abc", body="Would you like tea?\n")
    clock.advance(dt.timedelta(seconds=20))
    reply = email.message_from_bytes(sink.mailboxes.of(ADA).messages(INBOX)[0].content)
    assert reply["In-Reply-To"] == "<abc@lumen.example>"
    assert "> Would you like tea?" in reply.get_payload(decode=True).decode()


def test_answers_find_the_mailbox_behind_tags(sink, account, job, send, clock):
    config = account(sink.port, plus_address=True, verp=True)
    send(job(config, to="reply@example.com"))
    send(job(config, to="latebounce@example.com", key="k2"))
    clock.advance(dt.timedelta(seconds=30))
    assert len(sink.mailboxes.of(ADA).messages(INBOX)) == 2


def test_the_ledger_file_tells_another_process_line_by_line(clock, tmp_path, account, job, send):
    path = tmp_path / "smtp.jsonl"
    sink = SmtpSink(clock, ledger_path=path).start()
    send(job(account(sink.port), key="abc"))
    send(job(account(sink.port), to="bounce550@example.com"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    sink.stop()
    assert [(line["verdict"], line["recipient"]) for line in lines] == [
        ("accepted", "anna@example.com"), ("refused", "bounce550@example.com"),
    ]  # fmt: skip
    assert lines[0]["key"] == "abc" and "X-Runner-Key: abc" in lines[0]["content"]


# --- mailboxes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def box(clock: ManualClock) -> Mailbox:
    return Mailbox(ADA, clock)


def test_uids_follow_the_order_in_which_messages_become_visible(box, clock):
    box.add(INBOX, b"late", clock.now() + dt.timedelta(hours=2))
    box.add(INBOX, b"soon", clock.now() + dt.timedelta(hours=1))
    box.add(INBOX, b"now")
    assert [(each.uid, each.content) for each in box.messages(INBOX)] == [(1, b"now")]
    clock.advance(dt.timedelta(hours=3))
    assert [(each.uid, each.content) for each in box.messages(INBOX)] == [(1, b"now"), (2, b"soon"), (3, b"late")]
    assert box.uid_next(INBOX) == 4


def test_expunged_uids_are_not_used_again(box):
    box.add(INBOX, b"a")
    box.remove(INBOX, 1)
    box.add(INBOX, b"b")
    assert [each.uid for each in box.messages(INBOX)] == [2]


def test_a_rebuilt_folder_has_a_new_validity_and_new_uids(box):
    for content in (b"a", b"b"):
        box.add(INBOX, content)
    box.remove(INBOX, 1)
    before = box.uid_validity(INBOX)
    box.rebuild(INBOX)
    assert box.uid_validity(INBOX) > before
    assert [(each.uid, each.content) for each in box.messages(INBOX)] == [(1, b"b")]


def test_flags_and_folders(box):
    box.add("Archive", b"x", flags=("\\Seen",))
    box.set_flags("Archive", 1, ("\\Flagged",))
    assert box.messages("Archive")[0].flags == {"\\Flagged"}
    assert box.folders() == (INBOX, SENT, "Junk", "Archive")
    with pytest.raises(KeyError):
        box.messages("Nowhere")


def test_mailboxes_are_found_without_regard_to_case(clock):
    boxes = Mailboxes(clock)
    boxes.of("Ada@Lumen.Example").add(INBOX, b"x", clock.now() + dt.timedelta(seconds=3))
    assert boxes.of(ADA).account == ADA
    assert boxes.accounts() == (ADA,)
    assert boxes.next_event_at() == clock.now() + dt.timedelta(seconds=3)
