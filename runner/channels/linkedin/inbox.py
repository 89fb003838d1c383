"""What came back on LinkedIn: replies from the conversations, acceptances by looking at open invitations.

Nothing tells LinkedIn's clients by itself, so both are polled with spread and back-off: the account as a whole every
ten minutes to half an hour, replies in one call, acceptances one person at a time. A call that LinkedIn has removed
becomes a Note, which is a question for a person, never silence; while replies cannot be read, follow-ups hold. The
cursor holds everything this needs to know the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.channels.linkedin.acceptance import AcceptancePoll
from runner.channels.linkedin.identity import profile_of
from runner.channels.linkedin.optout import is_opt_out
from runner.channels.linkedin.pace import Pace
from runner.channels.linkedin.polling import person_key, read_pending, write_pending
from runner.channels.linkedin.provider import Line, ProviderFactory, Reader
from runner.channels.linkedin.registry import Providers
from runner.channels.linkedin.settings import read_settings
from runner.engine.outcomes import AccountTrouble
from runner.engine.ports import Clock, InboxBatch, Note, Signal
from runner.errors import ChannelUnavailable, MissingSecret
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.secrets import Secret

_OVERLAP = timedelta(minutes=15)
_FIRST_LOOK_BACK = timedelta(days=1)
_TELL_AGAIN = timedelta(days=1)


@dataclass
class _Reading:
    """One read of one account as it grows."""

    account: ChannelConfig
    reader: Reader
    now: datetime
    told: dict[str, str]
    signals: list[Signal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    complete: bool = True
    trouble: AccountTrouble | None = None
    blind: str | None = None

    def tell(self, note: Note, about: str) -> None:
        """Add a note, at most once a day about the same thing."""
        last = self.told.get(about)
        if last is None or datetime.fromisoformat(last) + _TELL_AGAIN <= self.now:
            self.told[about] = self.now.isoformat()
            self.notes.append(note)

    def replies(self, stored: object, watched: Sequence[Lead]) -> str:
        """Add what watched people wrote; returns from when to read the next time."""
        since = datetime.fromisoformat(stored) if isinstance(stored, str) else self.now - _FIRST_LOOK_BACK
        if not read_settings(self.account).replies_read:
            return self.now.isoformat()
        found = self.reader.recent(since - _OVERLAP)
        if found.unreached is not None:
            raise ChannelUnavailable(f"{self.account.key} cannot be read: {found.unreached}")
        by_person = _by_person(watched)
        for line in found.lines:
            lead = by_person.get(line.author or "") or by_person.get((line.public_id or "").lower())
            if lead is not None and not line.own and line.at >= since - _OVERLAP:
                self.signals.append(_reply(self.account, lead, line))
        self.trouble = found.trouble
        if found.dead:
            self.blind = f"LinkedIn does not answer: {', '.join(found.dead)}"
            self.tell(_blind(self.account), "conversations")
        return since.isoformat() if found.dead or found.trouble is not None else self.now.isoformat()


class LinkedInInbox:
    """Reads for every account whose provider can read. Share `providers` with the channel: sessions are then one."""

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        providers: Providers | Mapping[str, ProviderFactory] | None = None,
    ) -> None:
        self.providers = providers if isinstance(providers, Providers) else Providers(secrets, clock, providers)

    def read(
        self, account: ChannelConfig, cursor: Mapping[str, object], watched: Sequence[Lead], now: datetime
    ) -> InboxBatch:
        """Read replies, then look up who is due. Raises ChannelUnavailable when LinkedIn cannot be reached.

        When LinkedIn stops the account, what was read until then is returned with `trouble` set and a note on hold.
        """
        reader = self._reader(account)
        if reader is None:
            return InboxBatch(cursor=dict(cursor))
        pace = Pace.of(account, cursor)
        if not watched:  # nothing went out that could be answered: no call is made for nobody
            return InboxBatch(cursor=dict(cursor) | {"since": now.isoformat()})
        if now < pace.due:
            return InboxBatch(cursor=dict(cursor), fresh=False)
        state = _Reading(account, reader, now, _told(cursor))
        since = state.replies(cursor.get("since"), watched)
        people, gone = read_pending(cursor.get("pending")), tuple[str, ...]()
        if state.trouble is None:
            result = AcceptancePoll(account, read_settings(account), reader, now).run(people, watched)
            people = result.people
            state.signals += result.signals
            state.trouble = result.trouble
            gone = tuple(result.gone)
            for about, note in result.notes:
                state.tell(note, about)
            self.providers.open_invitations[account.key] = result.open_invitations
        if state.trouble is not None:
            state.complete = False
            state.notes.append(Note("account_trouble", state.trouble.explanation, hold=True))
        kept = {"since": since, "pending": write_pending(people.values()), "told": state.told}
        return InboxBatch(
            cursor=kept | pace.after(now, quiet=not state.signals), signals=tuple(state.signals),
            notes=tuple(state.notes), complete=state.complete, trouble=state.trouble, blind=state.blind, gone=gone,
        )  # fmt: skip

    def _reader(self, account: ChannelConfig) -> Reader | None:
        settings = read_settings(account)
        provider = self.providers.find(settings.provider)
        if provider is None:
            return None
        try:
            return provider.reader(account)
        except MissingSecret as error:
            raise ChannelUnavailable(f"{account.key} cannot be read: {error}", help=error.help) from error


def _reply(account: ChannelConfig, lead: Lead, line: Line) -> Signal:
    kind = EventKind.UNSUBSCRIBED if is_opt_out(line.text) else EventKind.REPLIED
    return Signal(
        kind=kind, at=line.at, source=f"{account.key}/{line.id}", profile=person_key(lead, profile_of(lead)),
        data={"text": line.text[:2000], "from": line.public_id or line.author},
    )  # fmt: skip


def _blind(account: ChannelConfig) -> Note:
    return Note(
        "linkedin_replies_unreadable",
        f"LinkedIn no longer lets {account.key} read its conversations. Look there yourself and record what you see "
        "with `runner tasks report LEAD replied`; set `replies: manual` in the account's file once somebody does.",
        hold=True,
    )


def _by_person(watched: Sequence[Lead]) -> dict[str, Lead]:
    found: dict[str, Lead] = {}
    for lead in watched:
        profile = profile_of(lead)
        for key in (profile.profile_id, profile.public_id) if profile is not None else ():
            if key:
                found.setdefault(key, lead)
    return found


def _told(cursor: Mapping[str, object]) -> dict[str, str]:
    stored = cursor.get("told")
    return {str(key): str(value) for key, value in stored.items()} if isinstance(stored, Mapping) else {}
