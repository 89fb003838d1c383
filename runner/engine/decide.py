"""The decision: what to do next, as a pure function of graph, state, trigger and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from runner.engine.advance import advance, finish_sent
from runner.engine.commands import Command
from runner.engine.gate import LOST
from runner.engine.late_failure import fail_late
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Cancelled,
    Failed,
    HandedOver,
    NotConnected,
    NotNow,
    Outcome,
    Sent,
    TryAgain,
    Unconfirmed,
    Unknown,
)
from runner.engine.state import GREYLISTED, EnrollmentState, EnrollmentStatus, Seen, Stage, StepRun, WaitingOn
from runner.engine.triggers import Due, Happened, Released, Reported, Resolved, TaskClosed, Trigger
from runner.engine.walk import Walk
from runner.model.channel import ChannelType
from runner.model.events import ALWAYS_STOP, EventKind
from runner.model.graph import SKIPPED, StepGraph, StepNode
from runner.model.sequence import ChannelStep, WaitStep

GREYLIST_WAITS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120))
"""Before each of the tries that greylisting costs and nothing is spent for (RFC 6647 section 5: minutes to hours)."""
ACCOUNT_PAUSE = timedelta(minutes=1)
RECHECK = timedelta(hours=1)


def decide(graph: StepGraph, state: EnrollmentState, trigger: Trigger, now: datetime) -> tuple[Command, ...]:
    """The commands that `trigger` calls for. Nothing is read but the arguments, nothing is changed."""
    walk = Walk(graph, state, now)
    match trigger:
        case Due():
            advance(walk)
        case Reported(step=step, outcome=outcome):
            _reported(walk, graph.node(step), state.runs[step], outcome)
        case Happened(event=event, resume_at=resume_at):
            _happened(walk, event, resume_at)
        case TaskClosed(step=step, result=result, disposition=disposition):
            _task_closed(walk, graph.node(step), state.runs[step], result, disposition)
        case Released(step=step, by=by):
            _released(walk, state.runs[step], by)
        case Resolved(step=step, sent=sent, by=by):
            _resolved(walk, graph.node(step), state.runs[step], sent, by)
        case _:
            assert_never(trigger)
    return tuple(walk.commands)


def _reported(walk: Walk, node: StepNode, run: StepRun, outcome: Outcome) -> None:
    body = node.body
    assert isinstance(body, ChannelStep)
    match outcome:
        case Sent():
            moved = finish_sent(walk, body, run)
        case Unconfirmed():
            walk.finish(run.acting(walk.now), "unconfirmed")
            moved = True
        case AlreadyConnected():
            moved = _already_connected(walk, body, run)
        case NotConnected():
            known = "not_connected" in node.routes
            walk.finish(run, "not_connected" if known else "failed", "not_connected")
            moved = True
        case Failed(reason=reason):
            walk.finish(run, "failed", reason)
            moved = True
        case TryAgain():
            moved = _try_again(walk, body, run, outcome)
        case AccountTrouble(reason=reason, after=after):
            walk.wait(walk.now + (after or ACCOUNT_PAUSE), WaitingOn.ACCOUNT, reason)
            moved = False
        case HandedOver():
            until = walk.later(body.expires_after)
            walk.update(replace(run, stage=Stage.TASK, until=until), "handed to a person")
            walk.wait(until, WaitingOn.TASK)
            moved = False
        case Unknown(reason=reason):
            until = walk.now + timedelta(seconds=walk.state.settings.unknown_hold_seconds)
            walk.update(replace(run, stage=Stage.UNKNOWN, until=until), reason)
            walk.wait(until, WaitingOn.UNKNOWN, reason)
            moved = False
        case NotNow(until=when, reason=reason):
            walk.wait(when or walk.now + RECHECK, WaitingOn.GATE, reason)
            moved = False
        case Cancelled(reason=reason):
            moved = reason not in LOST
            if moved:
                walk.finish(run, "failed", reason)
        case _:
            assert_never(outcome)
    if moved:
        advance(walk)


def _already_connected(walk: Walk, body: ChannelStep, run: StepRun) -> bool:
    if body.action != "auto":
        walk.finish(run, "already_connected")
        return True
    message = replace(run, action="message", stage=Stage.NEW, until=None)
    walk.update(message, "already connected")
    walk.perform(message)
    return False


def _try_again(walk: Walk, body: ChannelStep, run: StepRun, outcome: TryAgain) -> bool:
    if outcome.greylisted and _see_again(walk, run, outcome):
        return False
    if run.tries >= body.retry.count:
        walk.finish(run, "failed", outcome.reason)
        return True
    at = max(walk.later(body.retry.delay), walk.now + (outcome.after or timedelta(0)))
    walk.update(replace(run, stage=Stage.RETRYING, tries=run.tries + 1, until=at), outcome.reason)
    walk.wait(at, WaitingOn.RETRY, outcome.reason)
    return False


def _see_again(walk: Walk, run: StepRun, outcome: TryAgain) -> bool:
    """The next of the short waits, which are as many as there are; none where the other side wants more than that."""
    done = GREYLISTED.index(run.stage) + 1 if run.stage in GREYLISTED else 0
    asked = outcome.after or timedelta(0)
    if done == len(GREYLISTED) or asked > sum(GREYLIST_WAITS, timedelta(0)):
        return False
    at = walk.now + max(GREYLIST_WAITS[done], asked)
    walk.update(replace(run, stage=GREYLISTED[done], until=at), outcome.reason)
    walk.wait(at, WaitingOn.RETRY, outcome.reason)
    return True


def _happened(walk: Walk, event: Seen, resume_at: datetime | None) -> None:
    if event not in walk.state.events:
        walk.state = replace(walk.state, events=(*walk.state.events, event))
    if event.kind is EventKind.BOUNCED and event.permanent and event.step is not None:
        fail_late(walk, event.step)
        return
    if walk.is_over:
        return
    if event.kind in walk.graph.stop_on | ALWAYS_STOP:
        walk.end(EnrollmentStatus.STOPPED, event.kind.value)
        return
    if walk.rests:
        return
    if event.kind is EventKind.AUTO_REPLIED:
        _hold(walk, resume_at or walk.now + timedelta(seconds=walk.state.settings.auto_reply_hold_seconds))
        return
    if event.kind is EventKind.ACCEPTED:
        advance(walk)
    elif _waits_for(walk, event.kind):
        advance(walk)


def _waits_for(walk: Walk, kind: EventKind) -> bool:
    node = walk.current()
    return node is not None and getattr(node.body, "event", None) is kind


def _hold(walk: Walk, until: datetime) -> None:
    """Do nothing before `until`, the day an absent person is back; what they wait for is put off, not dropped."""
    node, run = walk.current(), walk.current_run()
    if node is None or run is None or run.outcome is not None:
        walk.wait(until, WaitingOn.AUTO_REPLY)
        return
    holds = isinstance(node.body, WaitStep) or (isinstance(node.body, ChannelStep) and run.stage is Stage.NEW)
    if holds and (run.until is None or run.until < until):
        walk.update(replace(run, until=until), "away")
        walk.wait(until, WaitingOn.AUTO_REPLY)


def _task_closed(walk: Walk, node: StepNode, run: StepRun, result: str, disposition: str) -> None:
    body = node.body
    if run.outcome is not None or run.stage is not Stage.TASK or not isinstance(body, ChannelStep):
        return
    if result == "done" and body.channel is not ChannelType.PHONE:
        moved = finish_sent(walk, body, replace(run, stage=Stage.NEW, until=None), disposition)
    else:
        outcome = {"done": "done", "skipped": SKIPPED}.get(result, "failed")
        walk.finish(run.acting(walk.now) if result == "done" else run, outcome, disposition)
        moved = True
    if moved:
        advance(walk)


def _released(walk: Walk, run: StepRun, by: str) -> None:
    """The task is no more; the step acts again, and passes the gate anew."""
    if run.outcome is None and run.stage is Stage.TASK:
        due = replace(run, stage=Stage.NEW, until=None)
        walk.update(due, f"released by {by}")
        walk.perform(due)


def _resolved(walk: Walk, node: StepNode, run: StepRun, sent: bool, by: str) -> None:
    body = node.body
    if run.stage is not Stage.UNKNOWN or run.outcome is not None or not isinstance(body, ChannelStep):
        if run.reason == "assumed" and not sent and run.outcome == "sent":
            fail_late(walk, run.step)
        return
    settled = replace(run, stage=Stage.NEW, until=None)
    if sent:
        moved = finish_sent(walk, body, settled, by)
    else:
        walk.finish(settled, "failed", "not_sent")
        moved = True
    if moved:
        advance(walk)
