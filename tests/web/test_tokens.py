"""Signed tokens: what goes in comes out, nothing else does, and the secret shows nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.channels.email.tokens import Keyring, Purpose, WebLinks
from runner.errors import ChannelUnavailable
from runner.secrets import Secret
from runner.web.server import WebServer

RING = Keyring("a", {"a": Secret("one"), "b": Secret("two")})


@given(st.text(min_size=1, max_size=200, alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(Purpose))
def test_what_was_signed_is_read_for_its_purpose_only(data, purpose):
    token = RING.sign(purpose, data)
    assert RING.read(purpose, token) == data
    for other in set(Purpose) - {purpose}:
        assert RING.read(other, token) is None


@given(st.text(max_size=100))
def test_noise_is_never_a_token(noise):
    assert RING.read(Purpose.UNSUBSCRIBE, noise) is None


def test_tokens_have_only_letters_that_every_mail_program_leaves_alone():
    token = RING.sign(Purpose.CLICK, "key\nhttps://lumen.example/?a=ü&b=<>")
    assert all(char.isascii() and (char.isalnum() or char in "-_.") for char in token)


def test_the_secret_shows_nowhere():
    assert "one" not in repr(RING)
    assert "one" not in RING.sign(Purpose.UNSUBSCRIBE, "x")


def test_a_new_key_signs_and_the_old_one_still_reads():
    before = WebLinks("https://go.lumen.example/", Keyring("a", {"a": Secret("old")}))
    after = WebLinks("https://go.lumen.example", Keyring("b", {"a": Secret("old"), "b": Secret("new")}))
    link = before.unsubscribe("k")
    assert link.startswith("https://go.lumen.example/u/")
    assert after.keyring.read(Purpose.UNSUBSCRIBE, link.rpartition("/")[2]) == "k"
    assert before.keyring.read(Purpose.UNSUBSCRIBE, after.unsubscribe("k").rpartition("/")[2]) is None


def test_a_taken_port_is_said_plainly(site):
    with pytest.raises(ChannelUnavailable, match=f"127.0.0.1:{site.server.port}"):
        WebServer(site.server._config.app, port=site.server.port).start()
