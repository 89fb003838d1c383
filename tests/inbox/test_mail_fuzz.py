"""A hundred thousand damaged messages through the classifier: no crash, no hang over two seconds, bounded memory."""

from __future__ import annotations

import os
import random
import resource
import time
from pathlib import Path

import pytest

from runner.channels.email.classify import classify

DATA = Path(__file__).parents[1] / "data"
ROUNDS = int(os.environ.get("FUZZ_MAILS", "100000"))
LIMIT_SECONDS = 2.0
LIMIT_MEGABYTES = 300
PIECES = (
    b"\r\n", b"\n\n", b"\0", b"<", b">", b'"', b"(", b"=?utf-8?b?", b"?=", b"--", b"\xff\xfe", b"\x1b$B",
    b"\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", b"\nContent-Transfer-Encoding: base64\n", b"charset=idna",
    b"\nFinal-Recipient: rfc822;", b"\nFrom: \"\n", b"\nMessage-ID: <>\n", b"<blockquote>", b"&#x110000;",
    b"On x wrote:\n", b"31.02.2026", b"@" * 50, b"(" * 300, b" " * 300, b"\nAuto-Submitted: auto-replied\n",
    b"\nReceived: from ", b">>> RCPT\n<<< 550 ", b'{"notificationType":"Bounce"',
)  # fmt: skip


def seeds() -> list[bytes]:
    files = [*sorted((DATA / "bounces" / "mail").iterdir()), *sorted((DATA / "auto_replies").glob("*.eml"))]
    return [file.read_bytes() for file in files]


def damaged(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One to eight accidents: a cut, a splice with another message, a foreign piece, a doubled or flipped stretch."""
    for _ in range(chance.randint(1, 8)):
        here, there = sorted(chance.randrange(len(content) + 1) for _ in range(2))
        match chance.randrange(6):
            case 0:
                content = content[:here] + content[min(there, here + 400) :]
            case 1:
                other = chance.choice(others)
                content = content[:here] + other[chance.randrange(len(other)) :]
            case 2:
                content = content[:here] + chance.choice(PIECES) + content[here:]
            case 3:
                content = content[:here] + content[here : here + 500] * chance.randint(2, 20) + content[here:]
            case 4:
                content = (
                    content[:here]
                    + bytes(chance.randrange(256) for _ in range(chance.randint(1, 20)))
                    + content[there:]
                )
            case _:
                content = content[:there]
    return content[:400_000]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_damaged_messages_never_crash_hang_or_fill_the_memory() -> None:
    chance, originals = random.Random(20261122), seeds()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest = 0.0
    for number in range(ROUNDS):
        content = damaged(chance.choice(originals), originals, chance)
        started = time.process_time()
        try:
            classify(content, own={"ada@lumen.example"})
        except Exception as error:
            raise AssertionError(f"round {number}: {error!r} on {content[:2000]!r}") from error
        slowest = max(slowest, time.process_time() - started)
        assert slowest < LIMIT_SECONDS, f"round {number}: {slowest:.1f} s"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert grown < LIMIT_MEGABYTES, f"{grown} MB"


def test_a_slice_of_damaged_messages() -> None:
    chance, originals = random.Random(7), seeds()
    for _ in range(300):
        classify(damaged(chance.choice(originals), originals, chance))
