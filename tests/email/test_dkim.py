"""DKIM signatures: verified offline, covering what RFC 8058 wants covered, and no trace of the key anywhere."""

from __future__ import annotations

import base64

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from runner.channels.email.channel import EmailChannel
from runner.engine.outcomes import AccountTrouble, Permit, Sent, Trouble
from runner.model.channel import SecretRef
from runner.secrets import Secret

SIGNING = {"dkim": {"selector": "s1", "key": SecretRef(env="DKIM")}}


@pytest.fixture(scope="module")
def keys():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


@pytest.fixture
def signer(clock):
    channels = []

    def make(key):
        channels.append(EmailChannel(lambda ref: Secret(key), clock))
        return channels[-1]

    yield make
    for channel in channels:
        channel.close()


def arrived(sink, signer, keys, account, job, **settings):
    one = job(
        account(sink.port, **SIGNING, **settings), unsubscribe_url="https://go.lumen.example/u/t", subject="Grüße"
    )
    prepared = signer(keys[0]).prepare(one)
    assert isinstance(prepared.fire(lambda: Permit(1)), Sent)
    return sink.accepted()[-1].content


def test_a_signature_verifies_with_the_published_key(sink, signer, keys, account, job):
    content = arrived(sink, signer, keys, account, job)
    asked = []

    def dns(name, timeout=5):
        asked.append(name)
        return keys[1]

    assert dkimpy.verify(content, dnsfunc=dns)
    assert asked == [b"s1._domainkey.lumen.example."]


@pytest.mark.parametrize("owner", ["", "bob"])
def test_the_domain_that_signs_is_that_of_from_wherever_bounces_go(owner, sink, signer, keys, account, job):
    """DMARC (RFC 7489 section 3.1.1) believes a signature only where its domain is aligned with From."""
    send_as = {"field": "owner", "identities": {"bob": {"address": "bob@bytes.example"}}}
    config = account(sink.port, **SIGNING, return_path="b@bounces.example", send_as=send_as)
    prepared = signer(keys[0]).prepare(job(config, lead={"fields": {"owner": owner}}))
    assert isinstance(prepared.fire(lambda: Permit(1)), Sent)
    signature = sink.accepted()[-1].content.partition(b"\r\nFrom:")[0].replace(b"\r\n ", b"").replace(b" ", b"")
    assert b";d=%s;" % {"": b"lumen.example", "bob": b"bytes.example"}[owner] in signature


def test_the_signature_covers_the_opt_out_headers_and_forbids_second_ones(sink, signer, keys, account, job):
    content = arrived(sink, signer, keys, account, job)
    header = content.partition(b"\r\nFrom:")[0].replace(b"\r\n ", b"").replace(b" ", b"")
    covered = header.split(b";h=")[1].split(b";")[0].lower().split(b":")
    for name in (b"from", b"to", b"subject", b"date", b"list-unsubscribe", b"list-unsubscribe-post"):
        assert covered.count(name) == 2, name
    assert b"message-id" in covered


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"/u/t>", b"/u/x>"), (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Never"), (b"how are you", b"send money"),
     (b"\r\nTo: ", b"\r\nTo: evil@bad.example, "), (b"From: Ada", b"From: Eve"),
     (b"\r\nMIME-Version", b"\r\nList-Unsubscribe: <https://evil.example>\r\nMIME-Version")],
)  # fmt: skip
def test_any_change_breaks_the_signature(old, new, sink, signer, keys, account, job):
    content = arrived(sink, signer, keys, account, job)
    assert old in content
    try:
        good = dkimpy.verify(content.replace(old, new), dnsfunc=lambda name, timeout=5: keys[1])
    except dkimpy.DKIMException:
        good = False
    assert not good


def test_a_key_that_cannot_sign_stops_the_account_and_shows_nothing(sink, signer, account, job):
    bad = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----"
    outcome = signer(bad).prepare(job(account(sink.port, **SIGNING)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONFIG
    assert "c2VjcmV0" not in repr(outcome)
    assert sink.ledger.records() == []
