"""Walk an enrollment on through its graph until it has to wait, to act, or has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from runner.engine.state import EnrollmentStatus, Stage, StepRun, WaitingOn
from runner.engine.walk import Walk
from runner.lang.conditions import evaluate, trace
from runner.model.events import EventKind
from runner.model.graph import END, SKIPPED, StepNode
from runner.model.lead import LinkedInConnectionStatus
from runner.model.sequence import ChannelStep, EndStep, WaitForStep, WaitStep

INBOX_PATIENCE = timedelta(minutes=5)
"""How long to wait before looking again whether an inbox was read; reading it wakes the enrollment earlier."""


def advance(walk: Walk) -> None:
    """Move on as far as possible. The graph is acyclic, so each node is passed at most once."""
    while not walk.rests:
        node = walk.current()
        if node is None:
            moved = _enter(walk, walk.graph.first)
        else:
            run = walk.runs.get(node.id)
            if run is None:
                moved = _enter(walk, node)
            elif run.outcome is None:
                moved = _resume(walk, node, run)
            else:
                moved = _leave(walk, node, run.outcome)
        if not moved:
            return


def _leave(walk: Walk, node: StepNode, outcome: str) -> bool:
    target = node.routes[outcome]
    following = None if target == END else walk.graph.node(target)
    if not isinstance(following.body if following else None, WaitStep) and not _settled(walk):
        return False
    if following is None:
        walk.end(EnrollmentStatus.COMPLETED, f"{node.id} {outcome}")
        return False
    return _enter(walk, following) if walk.runs.get(following.id) is None else _skip_over(walk, following)


def _skip_over(walk: Walk, node: StepNode) -> bool:
    """A step that already ran is not entered again: a step that was sent never repeats."""
    walk.move_to(node.id, "already done")
    return True


def _settled(walk: Walk) -> bool:
    """Whether no sent email still waits for a bounce; if one does, the wait for it is emitted."""
    for run in walk.runs.values():
        if run.settle_until is None or run.outcome != "sent":
            continue
        if walk.now < run.settle_until:
            walk.wait(run.settle_until, WaitingOn.SETTLE, run.step)
            return False
        read_at = walk.state.inboxes.get(run.step)
        if read_at is not None and read_at < run.settle_until:
            walk.wait(walk.now + INBOX_PATIENCE, WaitingOn.INBOX, run.step)
            return False
    return True


def _enter(walk: Walk, node: StepNode) -> bool:
    if node.condition is not None:
        facts = walk.facts()
        verdict = evaluate(node.condition, facts)
        if verdict is not True:
            run = StepRun(node.id, walk.now)
            walk.enter(run)
            why = "condition is false" if verdict is False else "condition is unknown"
            walk.finish(run, SKIPPED, why, dict(trace(node.condition, facts)))
            return True
    match node.body:
        case WaitStep(duration=duration):
            run = StepRun(node.id, walk.now, until=walk.later(duration))
        case WaitForStep(timeout=timeout):
            run = StepRun(node.id, walk.now, until=walk.later(timeout))
        case ChannelStep() as body:
            run = StepRun(node.id, walk.now, action=_first_action(body, walk))
        case EndStep():
            run = StepRun(node.id, walk.now)
        case _:
            assert_never(node.body)
    walk.enter(run)
    if isinstance(node.body, ChannelStep) and node.body.channel in walk.state.channels_off:
        walk.finish(run, "failed", "accounts_off")
        return True
    return _resume(walk, node, run)


def _first_action(body: ChannelStep, walk: Walk) -> str:
    if body.action != "auto":
        return body.action
    connected = walk.state.lead.linkedin_status is LinkedInConnectionStatus.CONNECTED
    return "message" if connected else "connect"


def _resume(walk: Walk, node: StepNode, run: StepRun) -> bool:
    """Go on with a step that was entered and has no outcome. True when the walk can move on."""
    match node.body:
        case WaitStep():
            return _finish_when_due(walk, run, "done", WaitingOn.WAIT)
        case WaitForStep(step=step, event=event):
            if has_happened(walk, step, event):
                walk.finish(run, "happened")
                return True
            return _finish_when_due(walk, run, "timeout", WaitingOn.EVENT)
        case EndStep():
            walk.end(EnrollmentStatus.COMPLETED, f"{node.id} reached")
            return False
        case ChannelStep() as body:
            return _resume_channel(walk, body, run)
        case _:
            assert_never(node.body)


def _finish_when_due(walk: Walk, run: StepRun, outcome: str, on: WaitingOn, reason: str = "") -> bool:
    if run.until is not None and walk.now < run.until:
        walk.wait(run.until, on)
        return False
    walk.finish(run, outcome, reason)
    return True


def _resume_channel(walk: Walk, body: ChannelStep, run: StepRun) -> bool:
    match run.stage:
        case (
            Stage.NEW | Stage.RETRYING
            | Stage.GREYLISTED_1 | Stage.GREYLISTED_2 | Stage.GREYLISTED_3 | Stage.GREYLISTED_4
        ):  # fmt: skip
            if run.until is not None and walk.now < run.until:
                walk.wait(run.until, WaitingOn.AUTO_REPLY if run.stage is Stage.NEW else WaitingOn.RETRY)
            else:
                walk.perform(run)
            return False
        case Stage.AWAITING_ACCEPTANCE:
            if has_happened(walk, run.step, EventKind.ACCEPTED):
                message = replace(run, stage=Stage.NEW, action="message", until=None)
                walk.update(message, "accepted")
                walk.perform(message)
                return False
            return _finish_when_due(walk, run, "failed", WaitingOn.ACCEPTANCE, "not_accepted")
        case Stage.TASK:
            if run.until is not None and walk.now >= run.until:
                walk.close_task("expired")
            outcome = "expired" if "expired" in walk.graph.node(run.step).routes else "failed"
            return _finish_when_due(walk, run, outcome, WaitingOn.TASK, "task_expired")
        case Stage.UNKNOWN:
            if run.until is not None and walk.now < run.until:
                walk.wait(run.until, WaitingOn.UNKNOWN)
                return False
            return finish_sent(walk, body, replace(run, until=None), "assumed")
        case _:
            assert_never(run.stage)


def has_happened(walk: Walk, step: str, kind: EventKind) -> bool:
    """Whether `kind` was seen for `step`."""
    return any(seen.kind is kind and seen.step == step for seen in walk.state.events)


def finish_sent(walk: Walk, body: ChannelStep, run: StepRun, reason: str = "") -> bool:
    """What being sent means for a step; an invitation of `auto` waits for its acceptance. True when it may move on."""
    if body.action == "auto" and run.action == "connect":
        until = walk.later(body.timeout)
        walk.update(replace(run, stage=Stage.AWAITING_ACCEPTANCE, until=until), reason or "invited")
        walk.wait(until, WaitingOn.ACCEPTANCE)
        return False
    sent = run.acting(walk.now)
    walk.finish(replace(sent, settle_until=_settle_until(walk, body, run)), "sent", reason)
    return True


def _settle_until(walk: Walk, body: ChannelStep, run: StepRun) -> datetime | None:
    """Until when a sent email may still turn out failed; None where nothing reads it or no inbox would tell."""
    node = walk.graph.node(run.step)
    if not node.failure_is_read or run.step not in walk.state.inboxes:
        return None
    return walk.now + body.settle
