"""A bounce that comes after the send: the step's `sent` becomes `failed`, and the lead goes where failure leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.engine.advance import advance
from runner.engine.state import EnrollmentStatus, Stage, StepRun
from runner.engine.walk import Walk
from runner.model.events import ALWAYS_STOP
from runner.model.graph import END, SKIPPED


def fail_late(walk: Walk, step: str) -> None:
    """Turn the sent `step` into failed.

    If nothing stopped the enrollment and nothing went out on another channel since, the lead goes at once to the
    step's failed route, else to the first later step whose condition reads the failure; a wait is cut short, and an
    enrollment that completed within `reopen_within` opens again.
    """
    run = walk.runs.get(step)
    if run is None or not _was_sent(run):
        return
    unsent = run.stage is Stage.UNKNOWN
    walk.finish(replace(run, settle_until=None), "failed", "not_sent" if unsent else "bounced")
    if walk.status in (EnrollmentStatus.STOPPED, EnrollmentStatus.PAUSED) or _answered(walk):
        return
    target = walk.graph.node(step).failure_target
    still_there = walk.step == step and not walk.is_over
    if target is None or target == END or still_there or not _may_go_back(walk, run) or _has_acted(walk, target):
        advance(walk)
        return
    reopened = walk.is_over
    walk.close_task("cancelled")
    walk.forget(_idle_runs(walk, target))
    walk.move_to(target, f"{step} bounced, reopened" if reopened else f"{step} bounced")
    advance(walk)


def _answered(walk: Walk) -> bool:
    """Whether something that stops came after the end: an enrollment that had completed has no stop to show for it."""
    stops = walk.graph.stop_on | ALWAYS_STOP
    return walk.is_over and any(seen.kind in stops for seen in walk.state.events)


def _was_sent(run: StepRun) -> bool:
    return run.outcome == "sent" or (run.outcome is None and run.stage is Stage.UNKNOWN)


def _has_acted(walk: Walk, step: str) -> bool:
    run = walk.runs.get(step)
    return run is not None and (run.acted_at is not None or run.outcome not in (None, SKIPPED))


def _may_go_back(walk: Walk, bounced: StepRun) -> bool:
    state = walk.state
    if walk.is_over:
        within = timedelta(seconds=state.settings.reopen_within_seconds)
        if state.ended_at is None or walk.now - state.ended_at > within:
            return False
    channel = walk.graph.node(bounced.step).channel
    since = bounced.acted_at or bounced.entered_at
    return not any(
        run.acted_at is not None and run.acted_at >= since and walk.graph.node(run.step).channel is not channel
        for run in walk.runs.values()
    )


def _idle_runs(walk: Walk, target: str) -> tuple[str, ...]:
    """What may be passed again: skipped steps from the target on, and whatever is under way without having acted."""
    first = walk.graph.node(target).index
    return tuple(
        run.step
        for run in walk.runs.values()
        if (run.outcome == SKIPPED and walk.graph.node(run.step).index >= first)
        or (run.outcome is None and run.acted_at is None and run.stage is not Stage.UNKNOWN)
    )
