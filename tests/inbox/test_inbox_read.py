"""Reading an inbox over real IMAP: what each kind of message brings, and that nothing is lost or counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.inbox import EmailInbox
from runner.channels.email.tokens import Keyring, WebLinks
from runner.clocks import ManualClock
from runner.engine.ports import InboxBatch
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import Mailbox
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def kinds(batch: InboxBatch) -> list[EventKind]:
    return [signal.kind for signal in batch.signals]


def test_a_reply_brings_its_thread_its_writer_and_its_new_text(inbox, account, box, make_mail) -> None:
    box.add(
        "INBOX",
        make_mail(
            "Yes, Tuesday.\r\n\r\n> earlier\r\n",
            in_reply_to="<k1@lumen.example>",
            references="<k0@lumen.example> <k1@lumen.example>",
        ),
    )
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert signal.kind is EventKind.REPLIED
    assert (signal.key, signal.address, signal.domain) == ("k1", "grace@navy.example", "navy.example")
    assert signal.message_ids == ("<k1@lumen.example>", "<k0@lumen.example>")
    assert signal.data["text"] == "Yes, Tuesday."


def test_a_second_read_from_the_cursor_brings_only_what_is_new(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    first = inbox.read(account, {}, [], NOW)
    assert inbox.read(account, first.cursor, [], NOW).signals == ()
    box.add("INBOX", make_mail("two", message_id="<2@navy.example>"))
    assert [signal.data["text"] for signal in inbox.read(account, first.cursor, [], NOW).signals] == ["two"]


def test_reading_twice_from_the_same_cursor_gives_the_same_sources(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    again = [inbox.read(account, {}, [], NOW).signals[0].source for _ in range(2)]
    assert again[0] == again[1]


def test_a_new_uidvalidity_is_read_again_under_the_same_sources(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    first = inbox.read(account, {}, [], NOW)
    box.rebuild("INBOX")
    box.add("INBOX", make_mail("two", message_id="<2@navy.example>"))
    second = inbox.read(account, first.cursor, [], NOW)
    assert [signal.data["text"] for signal in second.signals] == ["one", "two"]
    assert second.signals[0].source == first.signals[0].source
    assert inbox.read(account, second.cursor, [], NOW).signals == ()


def test_a_reply_moved_to_another_folder_is_the_same_thing_seen(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    first = inbox.read(account, {}, [], NOW)
    box.remove("INBOX", 1)
    box.add("Junk", make_mail("one"))
    [signal] = inbox.read(account, first.cursor, [], NOW).signals
    assert signal.source == first.signals[0].source


def test_the_junk_folder_is_read_and_the_sent_folder_is_not(inbox, account, box, make_mail) -> None:
    box.add("Junk", make_mail("from junk"))
    box.add("Sent", make_mail("from sent"))
    assert [signal.data["folder"] for signal in inbox.read(account, {}, [], NOW).signals] == ["Junk"]


def test_configured_folders_are_read_and_a_missing_one_is_noted_once(inbox, make_account, box, make_mail) -> None:
    account = make_account(folders=["INBOX", "Leads/Ünï", "Nowhere"])
    box.add("Leads/Ünï", make_mail("deep"))
    first = inbox.read(account, {}, [], NOW)
    assert [signal.data["text"] for signal in first.signals] == ["deep"]
    assert [note.kind for note in first.notes] == ["missing_folder"]
    assert inbox.read(account, first.cursor, [], NOW).notes == ()


def test_a_hidden_message_is_read_when_its_time_has_come(inbox, account, box, clock: ManualClock, make_mail) -> None:
    box.add("INBOX", make_mail("later"), visible_at=NOW + timedelta(hours=1))
    first = inbox.read(account, {}, [], NOW)
    assert first.signals == ()
    clock.advance(timedelta(hours=1))
    [signal] = inbox.read(account, first.cursor, [], clock.now()).signals
    assert signal.at == NOW + timedelta(hours=1)


def test_the_first_read_leaves_old_mail_alone(inbox, account, box, clock: ManualClock, make_mail) -> None:
    box.add("INBOX", make_mail("old"))
    clock.advance(timedelta(days=30))
    box.add("INBOX", make_mail("new", message_id="<2@navy.example>"))
    batch = inbox.read(account, {}, [], clock.now())
    assert [signal.data["text"] for signal in batch.signals] == ["new"]
    assert inbox.read(account, batch.cursor, [], clock.now()).signals == ()


def test_own_mail_is_never_a_reply(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("copy to myself", **{"from": "Ada <ada+tag@lumen.example>"}))
    box.add("INBOX", make_mail("our own header", x_runner_key="k9"))
    batch = inbox.read(account, {}, [], NOW)
    assert batch.signals == () and batch.raw == ()


def test_mail_from_another_account_of_ours_is_never_a_reply(clock, account, make_account, box, make_mail) -> None:
    bob = make_account(sender="bob@lumen.example")
    inbox = EmailInbox(lambda _: Secret("secret"), clock, own=lambda: [bob])
    box.add("INBOX", make_mail("internal", **{"from": "Bob <bob@lumen.example>"}))
    assert inbox.read(account, {}, [], NOW).signals == ()


@pytest.mark.parametrize("between", [" ", "%20", "+", "  "])
def test_an_opt_out_mail_from_our_unsubscribe_address_carries_the_key(
    inbox, account, box, make_mail, between: str
) -> None:
    box.add("INBOX", make_mail("", subject=f"unsubscribe{between}Ab3-key_77"))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert (signal.kind, signal.key) == (EventKind.UNSUBSCRIBED, "Ab3-key_77")


def test_a_plus_address_ties_a_new_thread_from_another_address(inbox, account, box, make_mail) -> None:
    box.add(
        "INBOX", make_mail("new thread", to="ada+Ab3-key_77@lumen.example", **{"from": "Boss <boss@other.example>"})
    )
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert signal.key == "Ab3-key_77"


def test_an_absence_note_holds_until_the_day_it_names(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("I am out of the office until 4 December 2026.", subject="Automatic reply: hello"))
    [signal] = inbox.read(account, {}, [], NOW).signals
    assert signal.kind is EventKind.AUTO_REPLIED
    assert signal.resume_at == datetime(2026, 12, 5, tzinfo=UTC)


def test_someone_who_left_is_noted_with_the_address_that_is_named(inbox, account, box, make_mail) -> None:
    box.add(
        "INBOX",
        make_mail("Grace is no longer with Navy. Please write to jane@navy.example.", subject="Automatic reply: hello"),
    )
    [note] = inbox.read(account, {}, [], NOW).notes
    assert (note.kind, note.address) == ("address_moved", "grace@navy.example")
    assert "jane@navy.example" in note.text


def test_someone_who_left_and_names_nobody_is_noted(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("Grace is no longer with Navy.", subject="Automatic reply: hello"))
    [note] = inbox.read(account, {}, [], NOW).notes
    assert (note.kind, note.address, note.hold) == ("left_company", "grace@navy.example", False)
    assert note.text == "grace@navy.example is no longer there, says an automatic reply"


def test_a_robot_that_wants_a_proof_is_for_an_operator(inbox, account, box, make_mail) -> None:
    text = "Your message is being held. Click here to confirm that you are human."
    box.add("INBOX", make_mail(text, subject="Sender verification", auto_submitted="auto-replied"))
    batch = inbox.read(account, {}, [], NOW)
    assert [note.kind for note in batch.notes] == ["challenge"]
    assert [signal.kind for signal in batch.signals] == [EventKind.AUTO_REPLIED]


def test_a_free_mail_domain_is_not_taken_for_a_company(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("yes", **{"from": "g@gmail.com"}))
    assert inbox.read(account, {}, [], NOW).signals[0].domain is None


def test_every_message_is_kept_raw_with_its_verdict(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("yes"))
    [raw] = inbox.read(account, {}, [], NOW).raw
    assert raw.verdict == "reply:human"
    assert raw.content == make_mail("yes")


def test_a_message_that_breaks_the_reader_is_set_aside_and_holds_its_writer(
    inbox, account, box, make_mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RecursionError

    box.add("INBOX", make_mail("poison"))
    box.add("INBOX", make_mail("fine", message_id="<2@navy.example>"))
    monkeypatch.setattr("runner.channels.email.inbox_signals.classify_mail", explode)
    batch = inbox.read(account, {}, [Lead(1, email="Grace@Navy.example")], NOW)
    assert [(note.kind, note.address, note.hold) for note in batch.notes] == [
        ("unreadable_mail", "grace@navy.example", True)
    ] * 2
    assert [raw.verdict for raw in batch.raw] == ["quarantined"] * 2
    monkeypatch.undo()
    assert inbox.read(account, batch.cursor, [], NOW).notes == ()


def test_a_huge_message_is_read_in_part(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("yes\r\n\r\n> " + "x" * 3_000_000))
    batch = inbox.read(account, {}, [], NOW)
    assert batch.signals[0].data["text"] == "yes"
    assert len(batch.raw[0].content) == 512_000


def test_more_mail_than_fits_in_one_read_is_read_in_several(account, box, make_mail, clock) -> None:
    inbox = EmailInbox(lambda _: Secret("secret"), clock, batch=3)
    for number in range(7):
        box.add("INBOX", make_mail(f"n{number}", message_id=f"<{number}@navy.example>"))
    cursor, seen, complete = {}, [], []
    for _ in range(3):
        batch = inbox.read(account, cursor, [], NOW)
        cursor, seen = batch.cursor, seen + [signal.data["text"] for signal in batch.signals]
        complete.append(batch.complete)
    assert seen == [f"n{number}" for number in range(7)]
    assert complete == [False, False, True]


def test_nothing_is_marked_as_read_on_the_server(inbox, account, box: Mailbox, make_mail) -> None:
    box.add("INBOX", make_mail("yes"))
    inbox.read(account, {}, [], NOW)
    assert box.messages("INBOX")[0].flags == frozenset()


def test_a_wrong_password_says_so_and_does_not_show_it(account, box, clock, make_mail) -> None:
    inbox = EmailInbox(lambda _: Secret("hunter2-wrong"), clock)
    with pytest.raises(ChannelUnavailable) as caught:
        inbox.read(account, {}, [], NOW)
    assert "AUTHENTICATIONFAILED" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_down_raises_and_loses_nothing(inbox, account, server: ImapServer, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    cursor = inbox.read(account, {}, [], NOW).cursor
    server.stop()
    with pytest.raises(ChannelUnavailable):
        inbox.read(account, cursor, [], NOW)


def test_lengths_of_time_are_read_as_the_files_write_them(make_account) -> None:
    settings = imap_settings(make_account(timeout="2m", poll="90s", security="opportunistic"))
    assert settings is not None
    assert (settings.timeout, settings.poll) == (120.0, 90.0)


def test_without_starttls_an_opportunistic_inbox_is_read_in_the_clear(inbox, make_account, box, make_mail) -> None:
    box.add("INBOX", make_mail("yes"))
    assert len(inbox.read(make_account(security="opportunistic"), {}, [], NOW).signals) == 1


def test_an_account_without_an_inbox_has_nothing_to_read(inbox, account: ChannelConfig) -> None:
    settings = {name: value for name, value in account.settings.items() if name != "imap"}
    assert inbox.read(ChannelConfig(account.channel, "ada", settings=settings), {"x": 1}, [], NOW) == InboxBatch(
        {"x": 1}
    )


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_an_answer_that_quotes_our_opt_out_link_carries_our_key(inbox, account, box, make_mail, subtype) -> None:
    link = WebLinks("https://go.lumen.example", Keyring("a", {"a": Secret("one")})).unsubscribe("k7-of.it")
    quoted = f"> unsubscribe here: {link}" if subtype == "plain" else f'<p>Yes</p><a href="{link}">here</a>'
    head = {"from": "private@gmail.com", "subject": "Call me", "content_type": f"text/{subtype}; charset=utf-8"}
    box.add("INBOX", make_mail(f"Yes.\r\n\r\n{quoted}", **head))
    assert inbox.read(account, {}, [], NOW).signals[0].key == "k7-of.it"


def test_what_only_looks_like_our_link_is_no_key(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail(f"https://other.example/u/a.____.{'x' * 22} and https://other.example/u/a.b.c"))
    assert inbox.read(account, {}, [], NOW).signals[0].key is None
