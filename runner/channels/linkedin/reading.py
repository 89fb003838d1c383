"""Reading back through the package: connections, conversations and open invitations, from whatever still answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from runner.channels.linkedin.exchange import Exchange, Failure
from runner.channels.linkedin.identity import Profile, profile_id_in
from runner.channels.linkedin.provider import Invitation, Line, Lines, Seen, Standing
from runner.channels.linkedin.responses import Act, Row, Verdict, judge
from runner.channels.linkedin.session import VoyagerSession
from runner.channels.linkedin.settings import LinkedInSettings
from runner.channels.linkedin.shapes import connection_ids, conversation_ids, invitations, lines_of, own_profile_id
from runner.channels.linkedin.verdicts import is_trouble, trouble_of
from runner.engine.outcomes import AccountTrouble, Trouble
from runner.engine.ports import Clock

NETWORK_INFO = "network info"
SEARCH = "connections search"
PROFILE = "profile"
CONVERSATIONS = "conversations"
SENT_INVITATIONS = "sent invitations"
ME = "own profile"
_MOST_PAGES = 25
_NOT_ASKED = Exchange("", "", failure=Failure.UNREACHED, error="the account is stopped")


@dataclass(frozen=True, slots=True)
class Answer:
    """One call that reads: the record, the row that judged it, and what stops the account, if anything."""

    exchange: Exchange
    row: Row
    trouble: AccountTrouble | None

    @property
    def good(self) -> bool:
        """Whether there is something to read in it."""
        return self.row.verdict is Verdict.READ


@dataclass(frozen=True, slots=True)
class VoyagerReader:
    """Reads for one account. A call that LinkedIn removed is reported by name in `dead`; nothing is raised."""

    session: VoyagerSession
    clock: Clock
    settings: LinkedInSettings

    def ask(self, use: Callable[[Any], object]) -> Answer:
        """Make one reading call."""
        now = self.clock.now()
        with self.session.lock:
            trouble = self.session.refusal(now)
            if trouble is not None:
                return Answer(_NOT_ASKED, judge(Act.READ, _NOT_ASKED), trouble)
            exchange = self.session.call(use)
            row = judge(Act.READ, exchange)
            if is_trouble(row.verdict) or row.verdict is Verdict.UNREACHED:
                trouble = trouble_of(row, exchange, now)
                if trouble.stops:
                    self.session.stop(trouble, now)
        return Answer(exchange, row, trouble)

    def standing(self, profile: Profile, name: tuple[str, str]) -> Seen:
        """By the person's network info; where that is dead, by a search among the connections; then the profile."""
        dead: list[str] = []
        profile_id = profile.profile_id
        if profile.public_id is not None:
            seen = self._network_info(profile.public_id)
            if seen.trouble is not None or seen.standing is not Standing.UNREADABLE:
                return seen
            profile_id = seen.profile_id or profile_id
            dead += seen.dead
        if profile_id is None and profile.public_id is not None:
            seen = self._profile(profile.public_id)
            if seen.trouble is not None:
                return seen
            profile_id = seen.profile_id
            dead += seen.dead
        seen = self._search(profile_id, name) if profile_id is not None and any(name) else Seen(Standing.UNREADABLE)
        return replace(seen, profile_id=profile_id, dead=(*dead, *seen.dead))

    def recent(self, since: datetime | None) -> Lines:
        """The newest conversations page by page until they are older than `since`, and what stands in each."""
        moved, stopped = self._moved(since)
        if stopped is not None:
            return stopped
        own = self._own_id() if moved else None
        lines: list[Line] = []
        dead: tuple[str, ...] = ()
        for conversation_id in moved:
            read = self._events(conversation_id, own)
            if read.trouble is not None:
                return replace(read, lines=tuple(lines))
            lines += read.lines
            dead = dead or read.dead
        return Lines(tuple(lines), dead)

    def _moved(self, since: datetime | None) -> tuple[list[str], Lines | None]:
        """The conversations that moved since then, or what stops the reading of them."""
        found: dict[str, None] = {}
        answer = self.ask(lambda api: api.get_conversations())
        for _ in range(_MOST_PAGES):
            if not answer.good:
                return [], _nothing(answer, CONVERSATIONS)
            page = conversation_ids(answer.exchange.json)
            fresh = [name for name, moved in page if since is None or moved is None or moved >= since]
            known = len(found)
            found |= dict.fromkeys(fresh)
            oldest = min((moved for _, moved in page if moved is not None), default=None)
            if since is None or oldest is None or len(fresh) < len(page) or len(found) == known:
                break
            answer = self._older(oldest)
        return list(found), None

    def _older(self, than: datetime) -> Answer:
        """The package only asks for the newest page; the next ones are asked for by its own request method."""
        params = {"keyVersion": "LEGACY_INBOX", "createdBefore": round(than.timestamp() * 1000) + 1}
        return self.ask(lambda api: api._fetch("/messaging/conversations", params=params))

    def conversation(self, profile_id: str) -> Lines:
        """Two calls: which conversation there is with the person, and what stands in it."""
        answer = self.ask(lambda api: api.get_conversation_details(profile_id))
        if not answer.good:
            return _nothing(answer, CONVERSATIONS)
        own = self._own_id()
        found = [self._events(conversation_id, own) for conversation_id, _ in conversation_ids(answer.exchange.json)]
        stopped = next((lines for lines in found if lines.trouble is not None), None)
        return stopped or Lines(tuple(line for lines in found for line in lines.lines))

    def open_invitations(self) -> tuple[Invitation, ...] | None:
        """The package only knows received invitations; the sent ones are asked for by its own request method."""
        where = "/relationships/sentInvitationViewsV2"
        params = {"q": "invitationType", "invitationType": "CONNECTION", "start": 0, "count": 100}
        answer = self.ask(lambda api: api._fetch(where, params=params))
        return invitations(answer.exchange.json) if answer.good else None

    def me(self) -> Answer:
        """Who the account is."""
        return self.ask(lambda api: api.get_user_profile(use_cache=False))

    def network_info(self, public_id: str) -> Answer:
        """How far a person is."""
        return self.ask(lambda api: api.get_profile_network_info(quote(public_id, safe="")))

    def _own_id(self) -> str | None:
        """The account's own profile id, asked for once a session."""
        if self.session.own_id is None:
            answer = self.me()
            self.session.own_id = own_profile_id(answer.exchange.json) if answer.good else None
        return self.session.own_id

    def _network_info(self, public_id: str) -> Seen:
        answer = self.network_info(public_id)
        if not answer.good:
            return _unseen(answer, NETWORK_INFO)
        distance = answer.exchange.element("data", "distance", "value") or answer.exchange.element("distance", "value")
        profile_id = profile_id_in(answer.exchange.element("data", "entityUrn") or answer.exchange.element("entityUrn"))
        if not isinstance(distance, str):
            return Seen(Standing.UNREADABLE, profile_id=profile_id, dead=(NETWORK_INFO,))
        standing = Standing.CONNECTED if distance == "DISTANCE_1" else Standing.NOT_CONNECTED
        return Seen(standing, NETWORK_INFO, profile_id)

    def _profile(self, public_id: str) -> Seen:
        answer = self.ask(lambda api: api.get_profile(public_id=quote(public_id, safe="")))
        if not answer.good:
            return _unseen(answer, PROFILE)
        urn = answer.exchange.element("profile", "miniProfile", "entityUrn")
        return Seen(Standing.UNREADABLE, PROFILE, profile_id_in(urn or answer.exchange.element("profile", "entityUrn")))

    def _search(self, profile_id: str, name: tuple[str, str]) -> Seen:
        first, last = (quote(part, safe="") for part in name)

        def search(api: Any) -> object:
            # The limit is not sent: with 1 the package stops after the first page, whatever stands on it.
            return api.search_people(
                keyword_first_name=first or None, keyword_last_name=last or None, network_depths=["F"], limit=1
            )

        answer = self.ask(search)
        if not answer.good:
            return _unseen(answer, SEARCH)
        found = connection_ids(answer.exchange.json)
        if found is None:
            return Seen(Standing.UNREADABLE, dead=(SEARCH,))
        standing = Standing.CONNECTED if profile_id in found else Standing.UNREADABLE  # a name proves no absence
        return Seen(standing, SEARCH, profile_id)

    def _events(self, conversation_id: str, own: str | None) -> Lines:
        answer = self.ask(lambda api: api.get_conversation(quote(conversation_id, safe="")))
        if not answer.good:
            return _nothing(answer, CONVERSATIONS)
        return Lines(lines_of(answer.exchange.json, own))


def _unseen(answer: Answer, call: str) -> Seen:
    if answer.trouble is not None:
        return Seen(Standing.UNREADABLE, trouble=answer.trouble)
    return Seen(Standing.UNREADABLE, dead=(call,))


def _nothing(answer: Answer, call: str) -> Lines:
    if answer.trouble is not None and answer.trouble.kind is Trouble.CONNECTION:
        return Lines(unreached=answer.trouble.explanation)
    if answer.trouble is not None:
        return Lines(trouble=answer.trouble)
    return Lines(dead=(call,))
