"""What the engine is held against: a ledger, a few sets, and arithmetic of its own.

The reference knows no table and calls no function of the engine. The rules tell it what the world and the operators
did; a channel tells it when the gate let something pass and when something went out. It judges at those two instants,
and keeps in `complaints` whatever broke a promise: an exception out of a channel would be the engine's to handle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Who = tuple[int, str]
"""A person in a campaign: the lead's id and the campaign's name."""

PER = timedelta(hours=6)
BETWEEN = timedelta(hours=1)
WAIT = timedelta(days=1)
OPENS, CLOSES = 6, 22
"""The hours, in the lead's zone, between which the accounts may write on any day but Sunday."""


@dataclass(frozen=True)
class Caps:
    """How many within `PER`, at each level that counts more than one person."""

    account: int = 3
    domain: int = 2
    campaign: int = 4
    overall: int = 6

    def wider(self, other: Caps) -> Caps:
        """Level by level, the larger of two."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Caps(*(max(one, two) for one, two in pairs))


@dataclass(frozen=True)
class Flight:
    """Something that the gate let pass. `east` is how many hours the lead's zone is ahead of UTC."""

    who: Who
    step: str
    index: int
    action: str
    channel: str
    account: str
    domain: str
    body: str
    east: int
    caps: Caps
    hurried: bool = False

    @property
    def key(self) -> tuple[Who, str, str]:
        """What may happen at most once."""
        return self.who, self.step, self.action


@dataclass
class Reference:
    """The promises, judged by what went out."""

    now: Callable[[], datetime]
    caps: Caps = field(default_factory=Caps)
    complaints: list[str] = field(default_factory=list)
    sends: list[tuple[datetime, Flight]] = field(default_factory=list)
    doubtful: set[tuple[Who, str, str]] = field(default_factory=set)
    texts: dict[tuple[Who, str, str], str] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    stopped: set[Who] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    switches: set[str] = field(default_factory=set)
    bounced: set[tuple[Who, str]] = field(default_factory=set)
    hurried: set[Who] = field(default_factory=set)
    paused: dict[Who, datetime | None] = field(default_factory=dict)
    awake: dict[Who, timedelta] = field(default_factory=dict)
    awake_at: dict[tuple[Who, str], timedelta] = field(default_factory=dict)
    set_back: timedelta = timedelta(0)

    def time_moves(self, by: timedelta) -> None:
        """The clock is about to move: whoever is not paused has waited that much longer."""
        now = self.now()
        if by < timedelta(0):
            self.set_back -= by
        for who in self.awake:
            until = self.paused.get(who)
            if who not in self.paused:
                self.awake[who] += by
            elif until is not None and until < now + by:
                self.awake[who] += now + by - max(until, now)

    def is_paused(self, who: Who) -> bool:
        """Whether an operator's pause is in force."""
        if who not in self.paused:
            return False
        until = self.paused[who]
        return until is None or self.now() < until

    def permitted(self, flight: Flight) -> None:
        """The gate let it pass: nothing may speak against it at this instant."""
        who, now = flight.who, self.now()
        local = now + timedelta(hours=flight.east)
        self._demand(flight.key not in self.doubtful, flight, "was sent already, or may have been")
        self._demand(who[0] not in self.answered, flight, "goes to somebody who answered")
        self._demand(who not in self.stopped, flight, "goes to somebody an operator stopped")
        self._demand(not self.is_paused(who), flight, "goes to somebody who is paused")
        self._demand(flight.channel != "email" or who[0] not in self.dead, flight, "goes to a dead address")
        for scope in ("global", f"campaign:{who[1]}", f"account:{flight.account}"):
            self._demand(scope not in self.switches, flight, f"passes the switch of {scope}")
        open_now = local.weekday() != 6 and OPENS <= local.hour < CLOSES
        self._demand(open_now or flight.channel == "phone", flight, f"goes out at {local:%a %H:%M} of the lead's time")
        if who not in self.hurried:
            self._in_sequence(flight)
        self.doubtful.add(flight.key)
        first = self.texts.setdefault(flight.key, flight.body)
        self._demand(first == flight.body, flight, "has another text than the first try")

    def _in_sequence(self, flight: Flight) -> None:
        """Fallbacks only after failures, waits waited out, never backwards."""
        who = flight.who
        went_out = {sent.step: sent for _, sent in self.sends if sent.who == who}
        reached = "intro" in went_out and (who, "intro") not in self.bounced
        bumped = (who, "bump", "") in self.texts
        late = (who, "bump") in self.bounced or (bumped and "bump" not in went_out) or who[0] in self.dead
        if flight.step == "meet":
            self._demand(not reached or late, flight, "is for those whom no email reached")
        if flight.step == "form":
            self._demand("hello" not in went_out, flight, "is for those who got no message")
        if flight.step == "bump" and (who, "intro") in self.awake_at:
            waited = self.awake[who] - self.awake_at[who, "intro"]
            self._demand(waited + self.set_back >= WAIT, flight, f"waited only {waited}")
        self._demand(all(sent.index <= flight.index for sent in went_out.values()), flight, "goes back")

    def went_out(self, flight: Flight) -> None:
        """The irrevocable byte: no rolling window may hold one too many."""
        who, now, caps = flight.who, self.now(), flight.caps
        if flight.channel == "phone":
            return  # a task reaches nobody by itself
        self.awake_at[who, flight.step] = self.awake[who]
        self.sends.append((now, flight))
        self._window(flight, caps.account, "account", lambda other: other.account == flight.account)
        self._window(flight, caps.overall, "project", lambda other: True)
        self._window(
            flight, caps.campaign, "campaign",
            lambda other: (other.who[1], other.channel) == (who[1], flight.channel),
        )  # fmt: skip
        if flight.channel == "email":
            place = (flight.account, flight.domain)
            self._window(flight, caps.domain, "domain", lambda other: (other.account, other.domain) == place)
        arrived = [at for at, other in self.sends if other.who[0] == who[0] and not self._came_back(other)]
        self._demand(not _crowded(arrived, now, 1, BETWEEN), flight, "comes too soon after the last contact")

    def _came_back(self, flight: Flight) -> bool:
        return (flight.who, flight.step) in self.bounced

    def _window(self, flight: Flight, count: int, level: str, counts: Callable[[Flight], bool]) -> None:
        times = [at for at, other in self.sends if counts(other)]
        self._demand(not _crowded(times, self.now(), count, PER), flight, f"is one too many for the {level}")

    def not_sent(self, flight: Flight) -> None:
        """It is on record that this one did not go out: it may be tried again."""
        self.doubtful.discard(flight.key)

    def _demand(self, holds: bool, flight: Flight, complaint: str) -> None:
        if not holds:
            self.complaints.append(f"{flight.who} {flight.step} {flight.action}: {complaint}")


def _crowded(times: Iterable[datetime], now: datetime, count: int, per: timedelta) -> bool:
    """Whether some window of length `per` around `now` holds more than `count`."""
    ordered = sorted(times)
    spans = zip(ordered, ordered[count:], strict=False)
    return any(first <= now <= over and over - first < per for first, over in spans)
