"""Engine and store against a simple reference: whatever happens in whatever order, the promises hold.

The reference is a ledger and a set of facts: what went out to whom and when, who was stopped when. The rules are what
the world, the operators and the machine can do: time, replies, bounces, opt-outs, pauses, crashes before and after the
gate, limits changed while people are on the way, account trouble, and clocks put forward.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from runner.engine.outcomes import AccountTrouble, Failed, NotConnected, Permit, Trouble, TryAgain, Unknown
from runner.engine.ports import Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store.claims import rescue
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.lanes import all_lanes
from runner.store.operations import pause_rows, resume_rows
from runner.store.results import record
from runner.store.ticking import claim_due
from runner.store.work import Work, open_work
from runner.testing import Delivery, Play

SEQUENCE = """\
version: 1
name: model
steps:
  - {id: intro, channel: email, template: hello, retry: {count: 1, delay: 2h}, next: {failed: meet}}
  - {id: quiet, wait: 1d}
  - {id: bump, channel: email, template: hello, thread: intro}
  - {id: meet, channel: linkedin, action: connect, condition: if email_failed, template: hello}
  - {id: met, wait_for: meet.accepted, timeout: 2d, condition: if meet_sent}
  - {id: hello, channel: linkedin, action: message, condition: if meet.accepted, template: hello}
  - {id: form, channel: contact_form, condition: if not hello_sent, template: hello}
"""
PEOPLE = [{"email": f"p{n}@d{n % 2}.example", "linkedin_urn": f"urn{n}"} for n in range(4)]
LIMIT = Rate(2, timedelta(hours=6))
BETWEEN = timedelta(hours=1)
who = st.integers(1, len(PEOPLE))


class Promises(RuleBasedStateMachine):
    """The world as rules, the promises as invariants."""

    @initialize()
    def begin(self) -> None:
        """Four people, one tight limit on each channel."""
        limits = LimitSet(rates=(LIMIT,))
        accounts = {
            f"{kind.value}_desk": ChannelConfig(
                kind, f"{kind.value}_desk", limits=limits,
                settings={"imap": {"host": "x"}} if kind is ChannelType.EMAIL else {},
            )
            for kind in ChannelType
        }  # fmt: skip
        policy = ProjectSettings(contact=ContactPolicy(min_between=BETWEEN, unknown_hold=timedelta(hours=3)))
        self.play = Play(SEQUENCE, PEOPLE, accounts=accounts, settings=policy, inbox=True)
        self.stopped: dict[int, datetime] = {}
        self.sources = 0
        self.stuck: Work | None = None

    def _sends(self) -> list[Delivery]:
        return [delivery for channel in self.play.channels.values() for delivery in channel.ledger]

    def _signal(self, lead: int, kind: EventKind, **more: bool) -> None:
        self.sources += 1
        person = PEOPLE[lead - 1]
        at = self.play.clock.now()
        signal = Signal(kind, at, f"s:{self.sources}", address=person["email"], profile=person["linkedin_urn"], **more)
        account = "linkedin/linkedin_desk" if kind is EventKind.ACCEPTED else "email/email_desk"
        self.play.happen(signal, account=account)

    @rule(minutes=st.integers(0, 600))
    def time_passes(self, minutes: int) -> None:
        """The clocks move and everything due is done."""
        self.play.advance_to(self.play.clock.now() + timedelta(minutes=minutes))
        rescue(self.play.ctx)
        self.play.settle()

    @rule(lead=who, kind=st.sampled_from([EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED]))
    def answers(self, lead: int, kind: EventKind) -> None:
        """Somebody answers: nothing may go to them from here on."""
        self._signal(lead, kind)
        self.stopped.setdefault(lead, self.play.clock.now())

    @rule(lead=who)
    def accepts(self, lead: int) -> None:
        """Somebody accepts an invitation (or says so without one)."""
        self._signal(lead, EventKind.ACCEPTED)

    @rule(lead=who, permanent=st.booleans(), hard=st.booleans())
    def bounces(self, lead: int, permanent: bool, hard: bool) -> None:
        """A message comes back."""
        self._signal(lead, EventKind.BOUNCED, permanent=permanent, hard=hard and permanent)

    @rule(lead=who)
    def is_away(self, lead: int) -> None:
        """An auto-reply."""
        self._signal(lead, EventKind.AUTO_REPLIED)

    @rule(lead=who)
    def is_paused(self, lead: int) -> None:
        """An operator pauses somebody."""
        with self.play.ctx.db.write() as connection:
            pause_rows(connection, [lead], "by hand", self.play.clock.now())

    @rule(lead=who)
    def is_resumed(self, lead: int) -> None:
        """An operator lets somebody go on."""
        with self.play.ctx.db.write() as connection:
            resume_rows(connection, [lead], self.play.clock.now())

    @rule(
        lead=who,
        outcome=st.sampled_from(
            [Failed("address_unknown", hard=True), TryAgain("greylisted"), Unknown("no_answer"), NotConnected(),
             AccountTrouble(Trouble.CONNECTION, "refused"), AccountTrouble(Trouble.LIMITED, "too many")]
        ),
    )  # fmt: skip
    def will_meet(self, lead: int, outcome: Failed) -> None:
        """What the next attempt for somebody comes to."""
        for channel in self.play.channels.values():
            channel.script(str(PEOPLE[lead - 1]["email"]), outcome)

    @rule(after_gate=st.booleans())
    def worker_dies(self, after_gate: bool) -> None:
        """A worker claims, perhaps passes the gate, and is never heard of again."""
        work = self._claimed()
        if work is not None and after_gate:
            pass_gate(self.play.ctx, work.intention())
        self.play.machine.advance(self.play.ctx.lease + timedelta(seconds=1))
        rescue(self.play.ctx)

    @rule()
    def worker_stalls(self) -> None:
        """A worker claims and sleeps past its lease; what it does on waking is in `worker_wakes`."""
        if self.stuck is None:
            self.stuck = self._claimed()
            self.play.machine.advance(self.play.ctx.lease + timedelta(seconds=1))
            rescue(self.play.ctx)

    @rule()
    def worker_wakes(self) -> None:
        """The stalled worker asks the gate: its fence must refuse it, whoever has the lead by now."""
        work, self.stuck = self.stuck, None
        if work is not None:
            verdict = pass_gate(self.play.ctx, work.intention())
            assert not isinstance(verdict, Permit), "a worker that lost its claim passed the gate"
            record(self.play.ctx, work, verdict)

    @rule(count=st.integers(1, 5))
    def limit_is_lowered(self, count: int) -> None:
        """A new version of the files lowers the accounts' limits."""
        book = self.play.ctx.book
        limits = LimitSet(rates=(Rate(min(count, LIMIT.count), LIMIT.per),))
        channels = {name: replace(config, limits=limits) for name, config in book.project.channels.items()}
        self.play.ctx = self.play.ctx.with_book(replace(book, project=replace(book.project, channels=channels)))

    def _claimed(self) -> Work | None:
        with self.play.ctx.db.read() as connection:
            lanes = [lane for lane in all_lanes(connection).values() if lane.account]
        for lane in lanes:
            for claim in claim_due(self.play.ctx, lane, 1).claims:
                work = open_work(self.play.ctx, claim)
                return work if isinstance(work, Work) else None
        return None

    @invariant()
    def nobody_gets_a_step_twice(self) -> None:
        """At most once, for every step and action of every person."""
        counts = Counter((d.lead_id, d.step, d.action) for d in self._sends())
        assert all(times == 1 for times in counts.values()), counts

    @invariant()
    def nothing_goes_out_after_an_answer(self) -> None:
        """Events win."""
        for delivery in self._sends():
            assert delivery.at <= self.stopped.get(delivery.lead_id, delivery.at)

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        """In no rolling window, by no one."""
        for channel in self.play.channels.values():
            times = sorted(delivery.at for delivery in channel.ledger)
            for first, over in zip(times, times[LIMIT.count :], strict=False):
                assert over - first >= LIMIT.per

    @invariant()
    def the_database_is_whole(self) -> None:
        """Every invariant that `runner doctor` knows; among them that nobody is lost."""
        assert broken(self.play.ctx) == []

    def teardown(self) -> None:
        """From wherever it stands, everybody gets to an end."""
        with self.play.ctx.db.write() as connection:
            resume_rows(connection, range(1, len(PEOPLE) + 1), self.play.clock.now())
        self.play.machine.advance(self.play.ctx.lease + timedelta(seconds=1))
        rescue(self.play.ctx)
        self.play.run()
        for lead in range(1, len(PEOPLE) + 1):
            assert self.play.status(lead)[0] in ("completed", "stopped"), self.play.status(lead)
        self.nobody_gets_a_step_twice()
        self.nothing_goes_out_after_an_answer()
        self.no_limit_is_exceeded()
        self.play.ctx.db.close()


def _check(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Promises,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_promises_hold_whatever_happens() -> None:
    _check(examples=4, steps=15)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_promises_hold_over_fifty_thousand_steps() -> None:
    _check(examples=1000, steps=50)
