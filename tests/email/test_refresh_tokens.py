"""Refresh tokens that the token server replaces: the newest is used, kept in its file, and shown nowhere."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from runner.channels.email.config import OAuthSettings
from runner.channels.email.oauth import ConsentNeeded, TokenSource, _post
from runner.channels.email.refresh_problems import telling
from runner.channels.email.refresh_tokens import RefreshTokens
from runner.channels.wiring import real_channels
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig, SecretRef
from runner.sandbox.smtp import SmtpSink
from runner.secrets import read_secret, replace_secret
from runner.store.tables import problems
from runner.testing import Play

FILE, ENV = SecretRef(file="refresh"), SecretRef(env="REFRESH_TOKEN_OF_ADA")
Said = list[tuple[SecretRef, bool]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "refresh"
    path.write_text("first\n")
    path.chmod(0o640)
    return path


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def source(path: Path, said: Said) -> TokenSource:
    return tokens_of(path.parent, lambda ref, kept: said.append((ref, kept)))


def tokens_of(root: Path, tell: Callable[[SecretRef, bool], None] | None = None) -> TokenSource:
    def read(ref: SecretRef) -> Any:
        return read_secret(ref, root, environ={"REFRESH_TOKEN_OF_ADA": "first"})

    return TokenSource(read, refreshing=RefreshTokens(read, partial(replace_secret, root=root), tell))


def settings(server: Any, ref: SecretRef = FILE, scope: str = "mail") -> OAuthSettings:
    return OAuthSettings(server.url, "id-1", ref, scope=scope)


def answer(refresh: object, access: str = "good") -> tuple[int, object]:
    return 200, {"access_token": access, "refresh_token": refresh}


def used(server: Any) -> list[str]:
    return [form["refresh_token"] for form in server.requests]


def test_a_new_refresh_token_is_written_back_with_its_files_mode_and_used_next(path, source, said, token_server):
    server = token_server(answer("second"), answer("third"), (200, {"access_token": "good"}))
    with path.open() as before:
        for _ in range(3):
            source.token(settings(server), fresh=True)
        assert before.read() == "first\n", "written beside it, then renamed: who reads it meanwhile reads one token"
    assert used(server) == ["first", "second", "third"]
    assert path.read_text() == "third\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["refresh"]
    assert said == [(FILE, True), (FILE, True)]


def test_another_process_goes_on_with_what_was_written(path, source, token_server):
    server = token_server(answer("second"), (200, {"access_token": "good"}))
    source.token(settings(server))
    tokens_of(path.parent).token(settings(server))
    assert used(server) == ["first", "second"]


def test_a_link_stays_a_link(path, source, token_server, tmp_path):
    behind = tmp_path / "behind"
    path.rename(behind)
    path.symlink_to(behind)
    source.token(settings(token_server(answer("second"))))
    assert path.is_symlink()
    assert behind.read_text() == "second\n"


def test_the_same_token_again_changes_nothing(path, source, said, token_server):
    inode = path.stat().st_ino
    source.token(settings(token_server(answer("first"))))
    assert (path.stat().st_ino, path.stat().st_mode & 0o777, said) == (inode, 0o640, [])


@pytest.mark.parametrize("junk", ["", "two words", "line\nbreak", "x" * 20_000, 5, None, ["x"], "tök"])
def test_what_is_no_token_is_not_kept(junk, path, source, said, token_server):
    assert source.token(settings(token_server(answer(junk)))).reveal() == "good"
    assert (path.read_text(), said) == ("first\n", [])


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_replaces_nothing(status, path, source, token_server):
    refusal = {"error": "invalid_grant" if status == 400 else "oops", "refresh_token": "second"}
    with pytest.raises((ConsentNeeded, ChannelUnavailable)):
        source.token(settings(token_server((status, refusal))))
    assert path.read_text() == "first\n"


def test_what_a_person_put_there_meanwhile_stays(path, source, token_server, monkeypatch):
    server = token_server(answer("second"), (200, {"access_token": "good"}))
    monkeypatch.setattr("runner.channels.email.oauth._post", _changing(path, "consented anew"))
    source = tokens_of(path.parent)
    source.token(settings(server))
    assert path.read_text() == "consented anew"
    source.token(settings(server), fresh=True)
    assert used(server)[-1] == "consented anew"


def _changing(path: Path, content: str) -> Callable[..., Any]:
    def post(url: str, **options: Any) -> Any:
        answered = _post(url, **options)
        path.write_text(content)
        return answered

    return post


def test_smtp_and_imap_share_the_newest_whatever_they_ask_for(source, token_server):
    server = token_server(answer("second"), answer("third"))
    source.token(settings(server, scope="smtp"))
    source.token(settings(server, scope="imap"))
    assert used(server) == ["first", "second"]


def test_and_never_use_the_same_one_at_the_same_time(path, token_server):
    """A server that ends a token at its first use takes the second for theft (RFC 9700 section 4.14.2)."""
    server, meeting = token_server(answer("second"), answer("third")), threading.Barrier(2)

    def post(url: str, **options: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)
        return _post(url, **options)

    def read(ref: SecretRef) -> Any:
        return read_secret(ref, path.parent)

    source = TokenSource(read, post, refreshing=RefreshTokens(read, partial(replace_secret, root=path.parent)))
    both = [threading.Thread(target=source.token, args=(settings(server, scope=scope),)) for scope in ("smtp", "imap")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(10)
    assert used(server) == ["first", "second"]


@pytest.mark.parametrize("kind", ["environment", "read-only file", "no folder to write in"])
def test_what_cannot_be_kept_is_used_while_the_process_lives_and_told_once(
    kind, path, source, said, token_server, monkeypatch
):
    ref = ENV if kind == "environment" else FILE
    if kind == "read-only file":
        path.chmod(0o400)
    if kind == "no folder to write in":
        monkeypatch.setattr("tempfile.mkstemp", _refused)
    server = token_server(answer("second"), answer("third"), answer("third"))
    for _ in range(3):
        source.token(settings(server, ref), fresh=True)
    assert used(server) == ["first", "second", "third"]
    assert (path.read_text(), said) == ("first\n", [(ref, False)])
    tokens_of(path.parent).token(settings(server, ref))
    assert used(server)[-1] == "first", "another process knows only what is kept"


def _refused(**_: Any) -> Any:
    raise PermissionError(13, "Permission denied")


def test_a_token_that_a_person_puts_there_later_counts_more(path, source, said, token_server):
    path.chmod(0o400)
    server = token_server(answer("second"), (200, {"access_token": "good"}))
    source.token(settings(server))
    path.chmod(0o600)
    path.write_text("consented anew")
    source.token(settings(server), fresh=True)
    assert used(server) == ["first", "consented anew"]


def test_a_file_that_may_be_written_again_is(path, source, said, token_server):
    path.chmod(0o400)
    server = token_server(answer("second"), answer("third"))
    source.token(settings(server))
    path.chmod(0o600)
    source.token(settings(server), fresh=True)
    assert (path.read_text(), said) == ("third\n", [(FILE, False), (FILE, True)])


def test_a_write_that_fails_leaves_the_old_file_whole(path, source, said, token_server, monkeypatch):
    monkeypatch.setattr(os, "replace", _refused_rename)
    source.token(settings(token_server(answer("second"))))
    assert [each.name for each in path.parent.iterdir()] == ["refresh"]
    assert (path.read_text(), said) == ("first\n", [(FILE, False)])


def _refused_rename(*_: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.fixture
def run() -> Iterator[Play]:
    made = Play("version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n")
    yield made
    made.ctx.db.close()


def told(run: Play) -> list[tuple[str, str, str]]:
    with run.ctx.db.read() as connection:
        query = select(problems.c.scope, problems.c.text, problems.c.help).where(problems.c.closed_at.is_(None))
        return [tuple(row) for row in connection.execute(query)]


def test_the_operator_hears_of_it_for_each_account_that_uses_the_token(run, account, capsys):
    configs = [ada(account, ENV), ada(account, FILE, name="bob")]
    tell = telling(run.ctx, lambda: configs)
    tell(ENV, False)
    tell(ENV, False)
    [(scope, text, help_text)] = told(run)
    assert scope == "account:email/ada"
    assert "REFRESH_TOKEN_OF_ADA cannot be written" in text
    assert "{file: PATH}" in help_text
    tell(FILE, False)
    assert [scope for scope, _, _ in told(run)] == ["account:email/ada", "account:email/bob"]
    tell(FILE, True)
    assert [scope for scope, _, _ in told(run)] == ["account:email/ada"]
    assert "not_kept" in capsys.readouterr().out


def ada(account: Callable[..., ChannelConfig], ref: SecretRef, port: int = 25, url: str = "http://x/", **more: Any):
    oauth = {"token_url": url, "client_id": "id-1", "refresh_token": ref}
    made = account(port, smtp={"username": "ada", "auth": "xoauth2", "oauth": oauth})
    return ChannelConfig(made.channel, more.get("name", "ada"), settings=made.settings)


def test_the_real_channels_write_and_tell_and_nothing_shows_the_token(
    run, clock, account, job, path, token_server, monkeypatch, capsys
):
    """As `serve` wires them, over SMTP and HTTP: one account by a file, one by the environment."""
    monkeypatch.setenv("REFRESH_TOKEN_OF_ADA", "first")
    sink = SmtpSink(clock, tokens=frozenset({"good"})).start()
    server = token_server(answer("sec-ret-2"), answer("sec-ret-3"))
    by_file, by_env = (ada(account, ref, sink.port, server.url, name=name) for ref, name in ((FILE, "f"), (ENV, "e")))
    channel_set = real_channels(path.parent, clock, ctx=run.ctx)
    channel_set.current.project = type("P", (), {"channels": {"f": by_file, "e": by_env}})()
    [email] = [each for kind, each in channel_set.channels.items() if kind is by_file.channel]
    for key, config in (("k1", by_file), ("k2", by_env)):
        prepared = email.prepare(job(config, key=key))
        assert hasattr(prepared, "abandon"), prepared
        prepared.abandon()
    channel_set.close()
    sink.stop()
    assert path.read_text() == "sec-ret-2\n"
    assert [scope for scope, _, _ in told(run)] == ["account:email/e"]
    shown = capsys.readouterr()
    assert "sec-ret" not in f"{told(run)}{shown.out}{shown.err}"
