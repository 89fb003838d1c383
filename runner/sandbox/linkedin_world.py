"""The people of the LinkedIn stand-in: invitations, connections and conversations, by the clock it was given."""

from __future__ import annotations

import base64
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.engine.ports import Clock
from runner.sandbox.linkedin_fates import Temper, fate_of

OWN = ""
"""The author of what the account itself wrote."""

_REPLIES = {Temper.REPLIES_LATER: "Thanks for writing - tell me more.", Temper.OPTS_OUT: "unsubscribe"}


@dataclass(frozen=True, slots=True)
class Event:
    """One message. It cannot be seen before `visible_at`; `author` is a public id, or OWN."""

    id: str
    author: str
    text: str
    visible_at: datetime


@dataclass(slots=True)
class Relation:
    """How one account stands with one person."""

    invited_at: datetime | None = None
    connected_at: datetime | None = None
    note: str = ""
    posts: int = 0
    events: list[Event] = field(default_factory=list)


class World:
    """What every account did and what people do about it. Safe between threads."""

    def __init__(self, clock: Clock, accept_after: timedelta, reply_after: timedelta) -> None:
        self._clock = clock
        self._accept_after = accept_after
        self._reply_after = reply_after
        self._relations: dict[tuple[str, str], Relation] = {}
        self._lock = threading.RLock()

    def count_post(self, account: str, person: str) -> int:
        """Note that something was posted for the person; returns the how manieth this is, from 1."""
        with self._lock:
            relation = self._relation(account, person)
            relation.posts += 1
            return relation.posts

    def connected(self, account: str, person: str) -> bool:
        """Whether the two are connected now."""
        with self._lock:
            since = self._relation(account, person).connected_at
            return since is not None and since <= self._clock.now()

    def pending(self, account: str, person: str) -> bool:
        """Whether an invitation waits for its answer."""
        with self._lock:
            relation = self._relation(account, person)
            return relation.invited_at is not None and not self.connected(account, person)

    def invite(self, account: str, person: str, note: str) -> str:
        """Take an invitation; returns its URN."""
        now = self._clock.now()
        with self._lock:
            relation = self._relation(account, person)
            relation.invited_at, relation.note = now, note
            match fate_of(person).temper:
                case Temper.ACCEPTS_NOW:
                    relation.connected_at = now
                case Temper.NEVER_ACCEPTS:
                    pass
                case _:
                    relation.connected_at = now + self._accept_after
        number = zlib.crc32(f"{account} {person}".encode())
        return f"urn:li:fsd_invitation:{number}"

    def withdraw(self, account: str, person: str) -> None:
        """Take an open invitation back, as a person does by hand; as well for one that was declined or expired."""
        with self._lock:
            relation = self._relation(account, person)
            if relation.connected_at is None or relation.connected_at > self._clock.now():
                relation.invited_at = relation.connected_at = None

    def write(self, account: str, person: str, text: str) -> Event:
        """Take a message, and let the person answer as the fate says."""
        now = self._clock.now()
        with self._lock:
            relation = self._relation(account, person)
            event = Event(f"5-{len(relation.events)}", OWN, text, now)
            relation.events.append(event)
            answer = _REPLIES.get(fate_of(person).temper)
            if answer is not None:
                later = now + self._reply_after
                relation.events.append(Event(f"5-{len(relation.events)}", person, answer, later))
            return event

    def conversations(self, account: str) -> list[tuple[str, list[Event]]]:
        """Each person with whom something can be seen, and what, latest first."""
        with self._lock:
            people = [person for owner, person in self._relations if owner == account]
            found = [(person, events) for person in people if (events := self.events(account, person))]
        return sorted(found, key=lambda item: item[1][-1].visible_at, reverse=True)

    def events(self, account: str, person: str) -> list[Event]:
        """What can be seen of the conversation with one person, oldest first."""
        with self._lock:
            events = [e for e in self._relation(account, person).events if e.visible_at <= self._clock.now()]
        return sorted(events, key=lambda event: event.visible_at)

    def open_invitations(self, account: str) -> list[tuple[str, datetime]]:
        """Whom the account has invited without an answer yet, and when, newest first."""
        with self._lock:
            found = [
                (person, relation.invited_at)
                for (owner, person), relation in self._relations.items()
                if owner == account and relation.invited_at is not None and self.pending(account, person)
            ]
        return sorted(found, key=lambda item: item[1], reverse=True)

    def connections(self, account: str) -> list[str]:
        """Everyone the account is connected with and has dealt with here."""
        with self._lock:
            return [person for owner, person in self._relations if owner == account and self.connected(owner, person)]

    def next_event_at(self) -> datetime | None:
        """When the next acceptance or reply can be seen that cannot yet."""
        now = self._clock.now()
        with self._lock:
            return min((at for at in self._instants() if at > now), default=None)

    def _instants(self) -> Iterator[datetime]:
        for relation in self._relations.values():
            if relation.connected_at is not None:
                yield relation.connected_at
            yield from (event.visible_at for event in relation.events)

    def _relation(self, account: str, person: str) -> Relation:
        known = self._relations.get((account, person))
        if known is None:
            fate, now = fate_of(person), self._clock.now()
            known = Relation(invited_at=now if fate.invited else None, connected_at=now if fate.connected else None)
            self._relations[account, person] = known
        return known


def conversation_id(person: str) -> str:
    """The id of the conversation with a person."""
    return "2-" + base64.urlsafe_b64encode(person.encode()).decode().rstrip("=")


def person_of(conversation: str) -> str:
    """Whose conversation an id names. Raises ValueError for an id that was not made here."""
    coded = conversation.removeprefix("2-")
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
