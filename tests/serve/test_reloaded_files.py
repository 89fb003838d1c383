"""What a reload brings holds for channels and inboxes too: our own addresses, and where public links point."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from small_project import EMAIL, RUNNER_YAML, write_project

from runner.channels.email.inbox import EmailInbox
from runner.channels.email.service import EmailOutreachService
from runner.clocks import ManualClock
from runner.engine.outcomes import Permit
from runner.engine.ports import Job
from runner.lang.templates import Rendered
from runner.model.channel import ChannelType
from runner.model.lead import Lead
from runner.model.sequence import ChannelStep
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import Mailboxes
from runner.sandbox.smtp import SmtpSink
from runner.serve.app import App, build
from runner.store.database import open_database
from runner.store.schema import upgrade
from runner.testing import MONDAY

INBOX = "imap: {host: 127.0.0.1, port: PORT, security: 'off', username: ada@lumen.example, password: {env: ADA}}\n"
FROM_BOB = b"From: Bob <bob@lumen.example>\r\nTo: ada@lumen.example\r\nSubject: Re: Hello\r\n\r\nI took that one.\r\n"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """A small project with one email account, wired as `serve` wires it."""
    monkeypatch.setenv("RUNNER_KEY", "a key of the tests")
    monkeypatch.setenv("ADA", "secret")
    root = write_project(tmp_path)
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    upgrade(db)
    made = build(root, clock=ManualClock(MONDAY), machine=ManualClock(MONDAY), db=db)
    yield made
    made.close()


def test_mail_from_an_account_that_a_reload_brought_is_no_reply(app: App) -> None:
    clock = ManualClock(MONDAY)
    server = ImapServer(Mailboxes(clock), clock, password="secret")
    server.start()
    desk = app.root / "channel_configs" / "desk.yaml"
    desk.write_text(EMAIL + INBOX.replace("PORT", str(server.port)))
    app.reload()
    box = server.mailboxes.of("ada@lumen.example")
    inbox = app.channel_set.inboxes[ChannelType.EMAIL]
    assert isinstance(inbox, EmailInbox)
    from_bob = (
        b"From: Bob <bob@lumen.example>\r\nTo: ada@lumen.example\r\nSubject: Re: Hello\r\n\r\nI took that one.\r\n"
    )
    box.add("INBOX", from_bob)

    def read() -> int:
        config = app.ctx.book.account("email/desk")
        assert config is not None
        return len(inbox.read(config, {}, [], MONDAY).signals)

    assert read() == 1, "nobody knows Bob yet"
    bob = EMAIL.replace("name: desk", "name: bob").replace("name: Ada, address: ada@", "name: Bob, address: bob@")
    (app.root / "channel_configs" / "bob.yaml").write_text(bob)
    app.reload()
    assert read() == 0
    server.stop()


def test_links_point_to_where_the_files_say_now(app: App) -> None:
    sink = SmtpSink(ManualClock(MONDAY)).start()
    desk = EMAIL.replace("host: smtp.lumen.example, port: 587, security: starttls",
                         f"host: 127.0.0.1, port: {sink.port}, security: 'off'")  # fmt: skip
    desk = desk.replace("unsubscribe: mailto, mailto: stop@lumen.example", "unsubscribe: one_click")
    (app.root / "channel_configs" / "desk.yaml").write_text(desk)
    seen = []
    for number, place in enumerate(("https://old.lumen.example", "https://new.lumen.example")):
        (app.root / "runner.yaml").write_text(RUNNER_YAML + f"web: {{base_url: {place}}}\n")
        app.reload()
        sent = EmailOutreachService(app.channel_set.channels[ChannelType.EMAIL]).send(_job(app, number), _permit)
        assert sent["success"], sent
    for record in sink.accepted():
        seen.append(str(message_from_bytes(record.content)["List-Unsubscribe"]).split("/u/")[0])
    assert seen == ["<https://old.lumen.example", "<https://new.lumen.example"]
    sink.stop()


def _permit() -> Permit:
    return Permit(1)


def _job(app: App, number: int) -> Job:
    config = app.ctx.book.account("email/desk")
    assert config is not None
    body = ChannelStep(ChannelType.EMAIL)
    lead = Lead(1, email="grace@navy.example")
    return Job(f"k{number}", "quick", "quick", "intro", body, "", config, lead, Rendered("Hello", "Hello"), MONDAY)
