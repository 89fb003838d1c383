"""What an erasure promises for later: who was erased is recognised by keyed hashes alone, and nothing of them is kept.

A read of an inbox that began before an erasure may still hold what was erased: it is thrown away and done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, insert, select, text, update

from runner.engine.outcomes import Outcome, Sent, Unconfirmed, Unknown
from runner.engine.ports import InboxBatch, Signal
from runner.store.bulk import among
from runner.store.keys import Key
from runner.store.suppressions import key_hash, suppress
from runner.store.tables import meta, suppressions

LABEL = "erased"
"""What the suppression list shows of an erased person. A row with it that is in force says: this one was erased."""
_COUNT = "erasures"
_LOCK = int.from_bytes(blake2b(b"erasures", digest_size=8).digest(), signed=True)
_ADDRESS = re.compile(r"[^\s@,;<>\"'()]{1,64}@[^\s@,;<>\"'()]{1,255}")
_KEPT = frozenset({"rule", "classifier", "folder", "reason", "status", "reply_code"})
"""What is kept of a signal about an erased person: the machine's words."""


def erasure_count(connection: Connection) -> str:
    """How many people were erased so far: who reads something to store it later asks before and after."""
    return connection.execute(select(meta.c.value).where(meta.c.name == _COUNT)).scalar() or "0"


def hold_erasures(connection: Connection, since: str | None = None) -> bool:
    """Let no erasure happen until this transaction ends. False when one happened after `since` was asked for."""
    _lock(connection, "pg_advisory_xact_lock_shared")
    return since is None or erasure_count(connection) == since


def count_erasure(connection: Connection) -> None:
    """The first act of an erasure: waits for those who store something just now, and tells those who will."""
    _lock(connection, "pg_advisory_xact_lock")
    number = int(erasure_count(connection)) + 1
    if connection.execute(update(meta).where(meta.c.name == _COUNT).values(value=str(number))).rowcount == 0:
        connection.execute(insert(meta).values(name=_COUNT, value=str(number)))


def _lock(connection: Connection, function: str) -> None:
    """On SQLite a writing transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT {function}(:number)"), {"number": _LOCK})


def erased_among(connection: Connection, key: Key, kind: str, values: Iterable[str]) -> frozenset[str]:
    """Which of these addresses or profiles are those of people who were erased."""
    hashes = {value: digest for value in values if value and (digest := _hash(key, kind, value))}
    if not hashes:
        return frozenset()
    theirs = (suppressions.c.kind == kind, suppressions.c.label == LABEL, suppressions.c.removed_at.is_(None))
    known = among(suppressions.c.key_hash, sorted(set(hashes.values())), connection.dialect)
    found = set(connection.execute(select(suppressions.c.key_hash).where(*theirs, known)).scalars())
    return frozenset(value for value, digest in hashes.items() if digest in found)


def _hash(key: Key, kind: str, value: str) -> str | None:
    """The hash of what stood in a mail, which may be anything; None for what can be nobody's address."""
    try:
        return key_hash(key, kind, value)
    except ValueError:  # such as half a surrogate pair, or a domain that no rule allows
        return None


def addresses_in(words: str) -> list[str]:
    """The addresses that stand in a text of ours."""
    return [found.rstrip(".:") for found in _ADDRESS.findall(words)]


def is_erased(connection: Connection, key: Key, signal: Signal) -> bool:
    """Whether an erased person wrote this, or it is about one."""
    address, profile = signal.address or "", signal.profile or ""
    return bool(erased_among(connection, key, "address", [address])) or bool(
        erased_among(connection, key, "profile", [profile])
    )


def faceless(signal: Signal) -> Signal:
    """The signal without anything of the person: that something came is counted, not what, nor from whom."""
    data = {name: value for name, value in signal.data.items() if name in _KEPT}
    nobody = replace(signal, address=None, profile=None, domain=None, resume_at=None, subjects=())
    return replace(nobody, data=data | {"erased": True})


def faceless_outcome(outcome: Outcome) -> Outcome:
    """How an attempt ended without what was answered, which may name whom it went to."""
    match outcome:
        case Sent():
            return Sent(outcome.message_id)
        case Unconfirmed():
            return Unconfirmed()
        case Unknown():
            return Unknown(outcome.reason)
        case _:
            return outcome


def keep_opt_out(connection: Connection, key: Key, signal: Signal, reason: str, now: datetime) -> None:
    """An erased person opts out or complains: that holds for the address they wrote from too, as a keyed hash."""
    for kind, value in (("address", signal.address), ("profile", signal.profile)):
        if value:
            suppress(connection, key, kind, value, reason=reason, actor=signal.source, now=now, label=LABEL)
            mine = (suppressions.c.key_hash == key_hash(key, kind, value), suppressions.c.removed_at.is_(None))
            connection.execute(update(suppressions).where(*mine).values(reason=reason, label=LABEL))


def without_erased(connection: Connection, key: Key, batch: InboxBatch) -> tuple[InboxBatch, int]:
    """A batch without the messages and notes that are an erased person's, and how many messages that were."""
    named = {address for raw in batch.raw for address in raw.about}
    named |= {address for note in batch.notes for address in (note.address or "", *addresses_in(note.text))}
    erased = erased_among(connection, key, "address", sorted(named))
    if not erased:
        return batch, 0
    raw = tuple(each for each in batch.raw if not erased.intersection(each.about))
    notes = tuple(n for n in batch.notes if not erased.intersection((n.address or "", *addresses_in(n.text))))
    return replace(batch, raw=raw, notes=notes), len(batch.raw) - len(raw)
