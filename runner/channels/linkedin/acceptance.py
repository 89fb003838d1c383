"""Who accepted: one round over the open invitations that are due, with as few calls as it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runner.channels.linkedin.polling import AT_ONCE, FIRST_LOOK, SLOWEST, Pending, due, still_open, with_watched
from runner.channels.linkedin.provider import Invitation, Reader, Seen, Standing
from runner.channels.linkedin.settings import VOYAGER_URL, LinkedInSettings
from runner.engine.outcomes import AccountTrouble, Trouble
from runner.engine.ports import Note, Signal
from runner.model.channel import ChannelConfig
from runner.model.events import EventKind
from runner.model.lead import Lead

_WHOLE_LIST = 100
"""LinkedIn lists at most this many sent invitations in one answer; a full list proves nothing about the others."""


@dataclass
class AcceptanceResult:
    """What a round brought. Each note comes with the thing it is about, so that it is told once a day."""

    people: dict[str, Pending]
    signals: list[Signal] = field(default_factory=list)
    notes: list[tuple[str, Note]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    open_invitations: int = 0
    trouble: AccountTrouble | None = None


class AcceptancePoll:
    """One round for one account."""

    def __init__(self, account: ChannelConfig, settings: LinkedInSettings, reader: Reader, now: datetime) -> None:
        self._account, self._settings, self._reader, self._now = account, settings, reader, now
        local = settings.is_loopback(VOYAGER_URL)
        first = settings.poll if settings.poll is not None else timedelta(0) if local else FIRST_LOOK
        self._poll = (first, first * SLOWEST)
        self._most = 10_000 if local else AT_ONCE

    def run(self, people: Mapping[str, Pending], watched: Sequence[Lead]) -> AcceptanceResult:
        """Look up who is due: those still in the list of open invitations cost no call of their own."""
        result = AcceptanceResult(with_watched(people, watched, self._now, self._poll))
        turn = due(result.people, self._now)
        listed = self._reader.open_invitations() if turn else None
        looks = 0
        for person in turn:
            if listed is not None and still_open(person, listed):
                result.people[person.key] = person.looked(self._now, self._poll)
                continue
            looks += 1
            if looks > self._most:
                break
            seen = self._reader.standing(person.profile, (person.first_name, person.last_name))
            if seen.trouble is not None:
                if seen.trouble.kind is not Trouble.CONNECTION:
                    result.trouble = seen.trouble
                break
            self._note_look(person, seen, result)
            self._note_gone(person, seen, listed, result)
        result.open_invitations = self._count(result, listed)
        return result

    def _note_look(self, person: Pending, seen: Seen, result: AcceptanceResult) -> None:
        if seen.standing is Standing.CONNECTED:
            del result.people[person.key]
            result.signals.append(
                Signal(
                    EventKind.ACCEPTED, self._now, f"{self._account.key}/accepted/{person.key}", profile=person.key,
                    data={"found_in": seen.found_in, "linkedin_urn": seen.profile_id or person.profile_id},
                )
            )  # fmt: skip
            return
        looked = person.looked(self._now, self._poll)
        if seen.standing is Standing.UNREADABLE and seen.dead and not person.asked:
            looked = replace(looked, asked=True)
            result.notes.append((f"asked/{person.key}", self._question(person, seen)))
        result.people[person.key] = looked

    def _question(self, person: Pending, seen: Seen) -> Note:
        calls = " and ".join(seen.dead)
        return Note(
            "linkedin_acceptance_unreadable",
            f"Has {person.name} accepted the invitation of {self._account.key}? LinkedIn does not answer the calls "
            f"that tell ({calls}). Look at {person.profile.url}; if so, `runner tasks report LEAD accepted`.",
            address=person.key,
        )

    def _note_gone(
        self, person: Pending, seen: Seen, listed: tuple[Invitation, ...] | None, result: AcceptanceResult
    ) -> None:
        """Whoever is neither on the whole list of open invitations nor a connection has none open any more.

        Believed at the second look only: a list can lag behind an invitation that just went out.
        """
        whole = listed is not None and len(listed) < _WHOLE_LIST
        if whole and seen.standing is Standing.NOT_CONNECTED and person.looks > 0 and not person.gone:
            result.people[person.key] = replace(result.people[person.key], gone=True)
            result.gone.append(person.key)

    def _count(self, result: AcceptanceResult, listed: tuple[Invitation, ...] | None) -> int:
        """How many invitations are open, as far as can be known."""
        count = max(sum(not person.gone for person in result.people.values()), len(listed or ()))
        if count >= self._settings.max_pending:
            text = (
                f"{self._account.key} has as many open invitations as it may ({self._settings.max_pending}): no new "
                "ones go out until some are answered or withdrawn. `runner tasks list` names old ones."
            )
            result.notes.append(("too_many_pending", Note("linkedin_too_many_pending", text)))
        return count
