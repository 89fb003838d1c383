"""Whom to look up when: open invitations are polled with spread and back-off, and grow old. Pure values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from runner.channels.linkedin.identity import Profile, profile_of
from runner.channels.linkedin.provider import Invitation
from runner.model.lead import Lead, LinkedInConnectionStatus

GROWTH = 1.6
SLOWEST = 9
"""How much rarer than at first a person is looked up in the end."""
FIRST_LOOK = timedelta(hours=4)
AT_ONCE = 10
"""Most people looked up in one read; the rest keeps its turn for the next."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One invitation that waits for its answer. Instants are ISO 8601 text, as the cursor keeps them.

    `gone`: it is open no more, and there is no connection: withdrawn, declined or expired.
    """

    key: str
    public_id: str | None
    profile_id: str | None
    first_name: str
    last_name: str
    since: str
    due: str
    looks: int = 0
    asked: bool = False
    gone: bool = False

    @property
    def profile(self) -> Profile:
        """The person."""
        return Profile(self.public_id, self.profile_id)

    @property
    def name(self) -> str:
        """What people call the person."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.key

    def looked(self, now: datetime, poll: tuple[timedelta, timedelta]) -> Pending:
        """After a look that found nothing new: the next one is later, and not at the same time as all others."""
        return replace(self, looks=self.looks + 1, due=(now + _gap(self.key, self.looks + 1, poll)).isoformat())


def read_pending(stored: object) -> dict[str, Pending]:
    """The people in a cursor; entries of another version of this program are dropped and met again."""
    found: dict[str, Pending] = {}
    for entry in stored if isinstance(stored, list) else ():
        try:
            person = Pending(**entry)
            datetime.fromisoformat(person.since), datetime.fromisoformat(person.due)
        except (TypeError, ValueError):
            continue
        found[person.key] = person
    return found


def write_pending(people: Iterable[Pending]) -> list[Mapping[str, object]]:
    """The people as plain values for a cursor, in a stable order."""
    return [asdict(person) for person in sorted(people, key=lambda person: person.key)]


def with_watched(
    people: Mapping[str, Pending], watched: Iterable[Lead], now: datetime, poll: tuple[timedelta, timedelta]
) -> dict[str, Pending]:
    """Every watched lead that is no connection yet, with what is known of them; nobody else is looked up any more.

    Something went out to every watched lead, so one who is not stored as invited was, perhaps: nobody saw the answer.
    """
    known, found = dict(people), dict[str, Pending]()
    for lead in watched:
        profile = profile_of(lead)
        if profile is None or not (profile.public_id or profile.profile_id):
            continue
        key = person_key(lead, profile)
        if lead.linkedin_status is not LinkedInConnectionStatus.CONNECTED:
            before = known.get(key) or known.get(profile.public_id or "")
            found.setdefault(key, replace(before, key=key) if before else _new(key, profile, lead, now, poll))
    return found


def due(people: Mapping[str, Pending], now: datetime) -> list[Pending]:
    """Who is to be looked up now, longest overdue first."""
    waiting = [person for person in people.values() if datetime.fromisoformat(person.due) <= now]
    return sorted(waiting, key=lambda person: (person.due, person.looks, person.key))


def still_open(person: Pending, invitations: Iterable[Invitation]) -> bool:
    """Whether the person's invitation is among those that wait."""
    return any(
        (person.profile_id is not None and person.profile_id == invitation.profile_id)
        or (person.public_id is not None and person.public_id == (invitation.public_id or "").lower())
        for invitation in invitations
    )  # fmt: skip


def person_key(lead: Lead, profile: Profile | None) -> str:
    """What signals carry as `profile`: the lead's URN as it is stored, else the public id."""
    return lead.linkedin_urn or (profile.public_id if profile is not None else None) or ""


def _new(key: str, profile: Profile, lead: Lead, now: datetime, poll: tuple[timedelta, timedelta]) -> Pending:
    return Pending(
        key=key, public_id=profile.public_id, profile_id=profile.profile_id,
        first_name=lead.first_name or "", last_name=lead.last_name or "",
        since=now.isoformat(), due=(now + _gap(key, 0, poll)).isoformat(),
    )  # fmt: skip


def _gap(key: str, looks: int, poll: tuple[timedelta, timedelta]) -> timedelta:
    """Growing with each look, and 25 % earlier or later by the person, the same at every run."""
    least, most = poll
    draw = int.from_bytes(hashlib.sha256(f"{key}/{looks}".encode()).digest()[:4]) / 2**32
    return min(least * GROWTH ** min(looks, 20), most) * (0.75 + draw / 2)
