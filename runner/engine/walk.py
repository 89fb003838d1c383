"""One decision in the making: the state as it changes, and the commands gathered so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runner.engine.commands import CloseTask, Command, End, Enter, Finish, Forget, MoveTo, Perform, Update, Wait
from runner.engine.facts import facts_of
from runner.engine.state import EnrollmentState, EnrollmentStatus, Stage, StepRun, WaitingOn, is_over
from runner.lang.conditions import Facts
from runner.lang.durations import Duration
from runner.model.calendar_waits import BusinessCalendar, add_duration
from runner.model.calendar_zones import Zones
from runner.model.graph import StepGraph, StepNode


@dataclass(slots=True)
class Walk:
    """Applies each command to its own copy of what changes as it emits it, so that later parts see what earlier did.

    `state` stays as it was at the beginning; `step`, `status` and `runs` are as they will be.
    """

    graph: StepGraph
    state: EnrollmentState
    now: datetime
    commands: list[Command] = field(default_factory=list)
    step: str | None = field(init=False)
    status: EnrollmentStatus = field(init=False)
    runs: dict[str, StepRun] = field(init=False)
    _facts: Facts | None = None

    def __post_init__(self) -> None:
        self.step, self.status, self.runs = self.state.step, self.state.status, dict(self.state.runs)

    @property
    def is_over(self) -> bool:
        """Whether the enrollment has ended by now."""
        return is_over(self.status)

    @property
    def rests(self) -> bool:
        """Whether it has ended or is paused: what was under way is noted then, and nothing follows from it."""
        return self.status is EnrollmentStatus.PAUSED or is_over(self.status)

    def facts(self) -> Facts:
        """What a condition may ask at this point."""
        if self._facts is None:
            self._facts = facts_of(self.graph, self.state, self.runs, self.now)
        return self._facts

    def current(self) -> StepNode | None:
        """The node the enrollment stands at; None before the first."""
        return self.graph.node(self.step) if self.step else None

    def current_run(self) -> StepRun | None:
        """The run of the step the enrollment stands at."""
        return self.runs.get(self.step) if self.step else None

    def later(self, duration: Duration) -> datetime:
        """The instant `duration` from now, business days counted in the lead's calendar."""
        if not duration.business_days:
            return self.now + duration.elapsed
        lead = self.state.lead
        zones = Zones(lead=lead.timezone, project=self.state.settings.timezone, country=lead.country)
        return add_duration(self.now, duration, BusinessCalendar.of(zones, self.state.settings.window))

    def enter(self, run: StepRun) -> None:
        """Begin a step."""
        self.commands.append(Enter(run))
        self._put(run)
        self.step, self.status = run.step, EnrollmentStatus.ACTIVE

    def update(self, run: StepRun, why: str) -> None:
        """Change a run that has not ended."""
        self.commands.append(Update(run, why))
        self._put(run)

    def finish(self, run: StepRun, outcome: str, reason: str = "", values: Mapping[str, object] | None = None) -> None:
        """End a step with an outcome."""
        done = run.ended(outcome, reason)
        self.commands.append(Finish(done, values or {}))
        self._put(done)

    def perform(self, run: StepRun) -> None:
        """Ask for the step's action on its channel; nothing is asked for whom a person has set aside."""
        if not self.rests:
            self.commands.append(Perform(run.step, run.action))

    def wait(self, until: datetime, on: WaitingOn, why: str = "") -> None:
        """Let the enrollment wait until `until`; one that has ended or is paused waits for nothing."""
        if not self.rests:
            self.commands.append(Wait(max(until, self.now), on, why))

    def close_task(self, status: str) -> None:
        """Withdraw the task the current step has open, if it has one."""
        run = self.current_run()
        if run is not None and run.stage is Stage.TASK and run.outcome is None:
            self.commands.append(CloseTask(run.step, status))

    def forget(self, steps: tuple[str, ...]) -> None:
        """Take runs back that did nothing."""
        if steps:
            self.commands.append(Forget(steps))
            for step in steps:
                self.runs.pop(step, None)

    def move_to(self, step: str, why: str) -> None:
        """Go on at `step`."""
        self.commands.append(MoveTo(step, why))
        self.step, self.status = step, EnrollmentStatus.ACTIVE

    def end(self, status: EnrollmentStatus, reason: str) -> None:
        """End the enrollment."""
        self.close_task("cancelled")
        self.commands.append(End(status, reason))
        self.status = status

    def _put(self, run: StepRun) -> None:
        self.runs[run.step] = run
