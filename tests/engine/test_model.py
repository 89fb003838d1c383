"""Engine and store against a simple reference: whatever happens in whatever order, the promises hold.

The rules are what the world, the operators and the machine can do. Workers exist twice: whole ones, which do everything
that is due, and slow ones, which a rule moves on by one transaction, so that anything can happen in between.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from model_engine import CAMPAIGNS, PEOPLE, Died, Files, ModelPlay, World, fresh_database, provably_unsent
from reference import Caps, Flight, Reference
from sqlalchemy import select, text

from runner.engine.attempt import MOVES, AttemptStatus
from runner.engine.outcomes import (
    AccountTrouble,
    Failed,
    HandedOver,
    NotConnected,
    Outcome,
    Permit,
    Refusal,
    TaskDraft,
    Trouble,
    TryAgain,
    Unconfirmed,
    Unknown,
)
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.serve.reconciler import Reconciliation
from runner.store.claims import rescue
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.gatekeeping import pass_gate
from runner.store.health import resume_account
from runner.store.hurrying import hurry
from runner.store.invariants import broken
from runner.store.lanes import all_lanes
from runner.store.operations import pause_rows, resume_rows, stop_enrollments
from runner.store.reconciling import resolve
from runner.store.results import record
from runner.store.switching import clear_switch, set_switch
from runner.store.tables import campaigns, enrollments, outreach_attempts, step_runs, tasks
from runner.store.tasking import close_task
from runner.store.ticking import claim_due
from runner.store.work import Work, open_work

OUTCOMES: tuple[Outcome, ...] = (
    Failed("address_unknown", hard=True), Failed("policy"), TryAgain("full"), TryAgain("greylisted", greylisted=True),
    Unknown("went out"),
    Unknown("did not go out"), NotConnected(), Unconfirmed(),
    AccountTrouble(Trouble.CONNECTION, "refused"), AccountTrouble(Trouble.LIMITED, "too many"),
    AccountTrouble(Trouble.CHALLENGE, "prove who you are"), HandedOver(TaskDraft("connect", "do it", "do it")),
)  # fmt: skip
FAILPOINTS = ("before_prepare", "prepared", "intent", "fired", "recorded")
SCOPES = ("global", "campaign:first", "campaign:second", "account:email/ada", "account:linkedin/profile")
STEPS_RUN = [0]
people = st.integers(1, len(PEOPLE))
runs = st.sampled_from(CAMPAIGNS)


@dataclass
class Slow:
    """A worker that a rule moves on by one transaction: claimed, opened, through the gate, fired, recorded."""

    work: Work
    flight: Flight
    verdict: Permit | Refusal | None = None
    outcome: Outcome | None = None


class Promises(RuleBasedStateMachine):
    """The world as rules, the promises as invariants."""

    @initialize(crowd=st.integers(1, len(PEOPLE)))
    def begin(self, crowd: int) -> None:
        """Some people are in the first campaign."""
        self.files, self.sources, self.slow = Files(), 0, list[Slow]()
        self.soft: Counter[int] = Counter()
        self.play = ModelPlay("", (), db=fresh_database(), project=self.files.project(), inbox=True)
        self.reference = Reference(self.play.clock.now, self.files.caps)
        self.play.world = self.world = World(self.reference)
        STEPS_RUN[0] -= 1
        for lead in range(1, crowd + 1):
            self.enters(lead, "first")

    # The world

    @rule(minutes=st.integers(1, 720))
    def time_passes(self, minutes: int) -> None:
        """The clocks move and everything due is done."""
        self._move(timedelta(minutes=minutes))
        rescue(self.play.ctx)
        self.play.settle()

    @rule(minutes=st.integers(1, 180))
    def clock_is_set_back(self, minutes: int) -> None:
        """Somebody corrects the clock."""
        self._move(timedelta(minutes=-minutes))

    @rule(lead=people, kind=st.sampled_from([EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED]))
    def answers(self, lead: int, kind: EventKind) -> None:
        """Somebody answers: nothing may go to them from here on."""
        self._signal(lead, kind)
        self.reference.answered.add(lead)

    @rule(lead=people)
    def accepts(self, lead: int) -> None:
        """Somebody accepts an invitation (or says so without one)."""
        self._signal(lead, EventKind.ACCEPTED)

    @rule(lead=people)
    def is_away(self, lead: int) -> None:
        """An auto-reply."""
        self._signal(lead, EventKind.AUTO_REPLIED)

    @rule(which=st.integers(0, 9), permanent=st.booleans(), hard=st.booleans())
    def bounces(self, which: int, permanent: bool, hard: bool) -> None:
        """A message that went out comes back, now or days later."""
        sent = [flight for _, flight in self.reference.sends if flight.channel == "email"]
        if not sent:
            return
        flight = sent[which % len(sent)]
        self._signal(flight.who[0], EventKind.BOUNCED, self._key(flight), permanent=permanent, hard=hard and permanent)
        if permanent:
            self.reference.bounced.add((flight.who, flight.step))
        self.soft[flight.who[0]] += not (hard and permanent)
        if (hard and permanent) or self.soft[flight.who[0]] >= 3:  # the third soft one means a dead address, too
            self.reference.dead.add(flight.who[0])

    @rule(lead=people, outcome=st.sampled_from(OUTCOMES))
    def will_meet(self, lead: int, outcome: Outcome) -> None:
        """What the next try for somebody comes to."""
        self.world.scripts.setdefault(lead, []).append(outcome)

    # The operators

    @rule(lead=people, campaign=runs)
    def enters(self, lead: int, campaign: str) -> None:
        """Somebody is enrolled, unless they were written off."""
        if lead in self.reference.answered:
            return
        [entered] = enroll(self.play.ctx, campaign, [lead])
        if entered.enrollment_id is not None:
            self.reference.awake[lead, campaign] = timedelta(0)

    @rule(lead=people, campaign=runs, hours=st.sampled_from([None, 5, 40]))
    def is_paused(self, lead: int, campaign: str, hours: int | None) -> None:
        """An operator pauses somebody, for some hours or until further notice."""
        now = self.play.clock.now()
        until, ids = now + timedelta(hours=hours) if hours else None, self._ids(lead, campaign)
        with self.play.ctx.db.write() as connection:
            if pause_rows(connection, ids, "by hand", now, until):
                self.reference.paused[lead, campaign] = until

    @rule(lead=people, campaign=runs)
    def is_resumed(self, lead: int, campaign: str) -> None:
        """An operator lets somebody go on."""
        ids = self._ids(lead, campaign)
        with self.play.ctx.db.write() as connection:
            resume_rows(connection, ids, self.play.clock.now(), self.play.ctx.book)
        self.reference.paused.pop((lead, campaign), None)

    @rule(lead=people, campaign=runs)
    def is_stopped(self, lead: int, campaign: str) -> None:
        """An operator ends it."""
        if stop_enrollments(self.play.ctx, self._ids(lead, campaign), "by hand"):
            self.reference.stopped.add((lead, campaign))

    @rule(scope=st.sampled_from(SCOPES))
    def switch_is_thrown(self, scope: str) -> None:
        """A kill switch, on or off again."""
        with self.play.ctx.db.write() as connection:
            if scope in self.reference.switches:
                clear_switch(connection, scope)
                self.reference.switches.discard(scope)
            else:
                set_switch(connection, scope, reason="stop", actor="model", now=self.play.clock.now())
                self.reference.switches.add(scope)

    @rule(wait=st.sampled_from(["1d", "2d", "1bd"]), text=st.sampled_from(["Hello", "Good day"]), bob=st.booleans())
    def files_are_edited(self, wait: str, text: str, bob: bool) -> None:
        """A new version of the sequence, of its text, of the accounts."""
        self._publish(replace(self.files, wait=wait, text=text, bob=bob))

    @rule(account=st.integers(1, 3), domain=st.integers(1, 2), campaign=st.integers(1, 4), overall=st.integers(1, 6))
    def limits_are_edited(self, account: int, domain: int, campaign: int, overall: int) -> None:
        """Other limits, from now on."""
        self._publish(replace(self.files, caps=Caps(account, domain, campaign, overall)))

    @rule()
    def accounts_are_resumed(self) -> None:
        """Somebody has seen to the accounts that were stopped."""
        with self.play.ctx.db.write() as connection:
            for config in self.play.ctx.book.project.channels.values():
                resume_account(connection, config.key, self.play.clock.now())
        self.play.holds.clear()

    @rule(result=st.sampled_from(["done", "skipped", "failed"]))
    def task_is_closed(self, result: str) -> None:
        """A person did what they were asked to, or did not."""
        with self.play.ctx.db.read() as connection:
            task = connection.execute(select(tasks.c.id).where(tasks.c.status == "open")).scalar()
        if task is not None:
            close_task(self.play.ctx, task, result, by="model")

    @rule(lead=people, campaign=runs, channel=st.sampled_from([ChannelType.EMAIL, ChannelType.LINKEDIN]))
    def is_hurried(self, lead: int, campaign: str, channel: ChannelType) -> None:
        """An operator sends the next step of a channel now."""
        if self._ids(lead, campaign):
            hurried = hurry(self.play.ctx, campaign, lead, channel)
            if hurried.claim is not None:
                self.reference.hurried.add((lead, campaign))
                self.play.worker().perform(hurried.claim)

    @rule(truthful=st.just(True))
    def doubts_are_settled(self, truthful: bool) -> None:
        """An operator looks into the unknown ones and says what is so."""
        query = select(outreach_attempts.c.id, outreach_attempts.c.action, step_runs.c.key).join(step_runs)
        with self.play.ctx.db.read() as connection:
            rows = connection.execute(query.where(outreach_attempts.c.status == "unknown")).all()
        for row in rows:
            went_out = (f"{row.key}|{row.action}" in self.world.delivered) is truthful
            if not self._is_flying(row.id):
                resolve(self.play.ctx, row.id, sent=went_out, by="model")

    @rule()
    def evidence_is_looked_for(self) -> None:
        """The reconciler runs."""
        world = dict.fromkeys(ChannelType, self.world)
        Reconciliation(lambda: self.play.ctx, world).run()

    # The machine

    @rule(point=st.sampled_from(FAILPOINTS))
    def process_dies(self, point: str) -> None:
        """A whole worker takes what is due and ends at a named place; later its lease runs out."""
        self.play.failpoint = _dies_at(point)
        try:
            self.play.settle()
        except Died:
            pass
        finally:
            self.play.failpoint = lambda name: None

    @rule()
    def leases_run_out(self) -> None:
        """Nobody renewed them."""
        self.play.machine.advance(self.play.ctx.lease + timedelta(seconds=1))
        rescue(self.play.ctx)

    @rule()
    def slow_worker_claims(self) -> None:
        """One more of the slow workers takes something up."""
        work = self._claimed()
        if work is not None:
            self.slow.append(Slow(work, self.world.flight(work.job)))

    @precondition(lambda self: self.slow)
    @rule(which=st.integers(0, 3), outcome=st.sampled_from(OUTCOMES))
    def slow_worker_goes_on(self, which: int, outcome: Outcome) -> None:
        """One of them goes on by one transaction."""
        slow = self.slow[which % len(self.slow)]
        if slow.verdict is None:
            slow.verdict = pass_gate(self.play.ctx, slow.work.intention())
            if isinstance(slow.verdict, Permit):
                flight = replace(slow.flight, caps=slow.flight.caps.wider(self.files.caps))
                slow.flight = flight
                self.reference.permitted(flight)
            else:
                slow.outcome = slow.verdict
        elif slow.outcome is None:
            self.world.scripts.setdefault(slow.flight.who[0], []).insert(0, outcome)
            slow.outcome = self.world.answer(slow.work.job, slow.flight)
        else:
            record(self.play.ctx, slow.work, slow.outcome)
            if isinstance(slow.verdict, Permit) and provably_unsent(slow.outcome):
                self.reference.not_sent(slow.flight)
            self.slow.remove(slow)

    @precondition(lambda self: self.slow)
    @rule(which=st.integers(0, 3))
    def slow_worker_dies(self, which: int) -> None:
        """One of them is never heard of again."""
        del self.slow[which % len(self.slow)]

    # The promises

    @invariant()
    def promises_hold(self) -> None:
        """Nothing went out that should not have; the database is whole; everybody can be explained."""
        STEPS_RUN[0] += 1
        assert self.reference.complaints == [], self.reference.complaints
        found = broken(self.play.ctx)
        assert found == [], found
        self._everybody_is_somewhere()
        self._attempts_move_legally()
        for said in explain_lead(self.play.ctx, STEPS_RUN[0] % len(PEOPLE) + 1):
            assert said.sentence and said.state != "lost", said

    def _attempts_move_legally(self) -> None:
        for before, after in self._rows("SELECT before, after FROM moves"):
            assert AttemptStatus(after) in MOVES[AttemptStatus(before)], f"{before} -> {after}"

    def _everybody_is_somewhere(self) -> None:
        rows = self._rows(
            "SELECT e.id, e.status, e.end_reason, e.waiting_why, e.due_at, p.detail,"
            " (SELECT count(*) FROM timers t WHERE t.enrollment_id = e.id) AS timers,"
            " (SELECT count(*) FROM claims c WHERE c.enrollment_id = e.id) AS claims,"
            " (SELECT count(*) FROM outreach_attempts a WHERE a.enrollment_id = e.id AND a.status = 'sending'"
            " AND a.outcome IS NULL) AS flying FROM enrollments e"
            " LEFT JOIN transitions p ON p.enrollment_id = e.id AND p.kind = 'parked'"
        )
        for row in rows:
            parked = row.detail or ""
            assert "Traceback" not in parked, parked
            if row.status in ("completed", "stopped"):
                assert row.end_reason and not row.timers and row.claims <= row.flying, row
            elif row.status == "paused":
                assert row.waiting_why and row.claims <= row.flying, row
            else:
                assert row.timers + row.claims == 1, row
                assert row.claims or row.due_at is not None, row

    def teardown(self) -> None:
        """From wherever it stands, everybody gets to an end as soon as nothing holds them."""
        self.slow.clear()
        with self.play.ctx.db.write() as connection:
            for scope in SCOPES:
                clear_switch(connection, scope)
            self.reference.switches.clear()
        self.accounts_are_resumed()
        self.world.scripts.clear()
        self.play.machine.advance(self.reference.set_back)
        self.leases_run_out()
        for lead, campaign in list(self.reference.awake):
            self.is_resumed(lead, campaign)
        self._publish(replace(self.files, caps=Caps()))
        self.play.run()
        self.promises_hold()
        STEPS_RUN[0] -= 1
        open_ones = self._rows("SELECT id, status, waiting_on, waiting_why FROM enrollments WHERE ended_at IS NULL")
        assert open_ones == [], open_ones
        begun = self._rows("SELECT * FROM outreach_attempts WHERE status IN ('pending', 'claimed', 'sending')")
        assert begun == [], begun
        self.play.ctx.db.close()

    # Means

    def _move(self, by: timedelta) -> None:
        self.reference.time_moves(by)
        self.play.clock.advance(by)
        self.play.machine.advance(by)
        self.play.read_inboxes()

    def _signal(self, lead: int, kind: EventKind, key: str | None = None, **more: bool) -> None:
        self.sources += 1
        person: dict[str, Any] = PEOPLE[lead - 1]
        about: dict[str, Any] = {"key": key} if key else {"address": person["email"], "profile": person["linkedin_urn"]}
        signal = Signal(kind, self.play.clock.now(), f"s:{self.sources}", **about, **more)
        self.play.happen(signal, account="linkedin/profile" if kind is EventKind.ACCEPTED else "email/ada")

    def _publish(self, files: Files) -> None:
        self.files, self.reference.caps = files, files.caps
        book = publish(self.play.ctx.db, files.project(), self.play.clock.now())
        self.play.ctx = self.play.ctx.with_book(book)

    def _ids(self, lead: int, campaign: str) -> list[int]:
        query = select(enrollments.c.id).join(campaigns, campaigns.c.id == enrollments.c.campaign_id)
        with self.play.ctx.db.read() as connection:
            mine = query.where(enrollments.c.lead_id == lead, campaigns.c.name == campaign)
            return list(connection.execute(mine).scalars())

    def _key(self, flight: Flight) -> str:
        query = select(step_runs.c.key).where(step_runs.c.step == flight.step)
        mine = query.where(step_runs.c.enrollment_id.in_(self._ids(*flight.who)))
        with self.play.ctx.db.read() as connection:
            return str(connection.execute(mine).scalar_one())

    def _rows(self, query: str) -> list[Any]:
        with self.play.ctx.db.read() as connection:
            return list(connection.execute(text(query)).all())

    def _is_flying(self, attempt_id: int) -> bool:
        return any(slow.work.attempt_id == attempt_id for slow in self.slow)

    def _claimed(self) -> Work | None:
        with self.play.ctx.db.read() as connection:
            lanes = [lane for lane in all_lanes(connection).values() if lane.account]
        for lane in lanes:
            for claim in claim_due(self.play.ctx, lane, 1).claims:
                work = open_work(self.play.ctx, claim)
                if isinstance(work, Work):
                    return work
                if work is not None:
                    record(self.play.ctx, work.work, work.outcome)
        return None


def _dies_at(point: str) -> Callable[[str], None]:
    def failpoint(name: str) -> None:
        if name == point:
            raise Died

    return failpoint


def _check(examples: int, steps: int) -> None:
    run_machine(
        Promises,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_promises_hold_whatever_happens() -> None:
    _check(examples=6, steps=40)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_promises_hold_over_fifty_thousand_steps() -> None:
    STEPS_RUN[0] = 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seed(int(os.environ.get("MODEL_SEED", "1")))(Promises)
    _check(examples=620, steps=100)
    sys.stdout.write(f"{STEPS_RUN[0]:,} steps without a counterexample\n")
    assert STEPS_RUN[0] >= 50_000
