"""Sending one lead's next step now, at an operator's word: its wait ends here, everything else holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, select

from runner.engine.commands import Forget, MoveTo
from runner.engine.decide import decide
from runner.engine.outcomes import Outcome
from runner.engine.state import TO_BE_SENT, EnrollmentState, EnrollmentStatus, Stage, StepRun
from runner.engine.triggers import Due
from runner.errors import NotFound
from runner.model.channel import ChannelType
from runner.model.graph import SKIPPED, StepGraph, StepNode
from runner.store.applying import Writer, take_timer
from runner.store.claims import Claim, claim_rows
from runner.store.context import Context
from runner.store.lanes import all_lanes
from runner.store.loading import Loaded, load
from runner.store.tables import claims, enrollments, timers


@dataclass(frozen=True, slots=True)
class Hurried:
    """The claim on a step that is to be sent now, or why there is none."""

    claim: Claim | None
    why: str = ""
    outcome: Outcome | None = None


def hurry(ctx: Context, campaign: str, lead_id: int, channel: ChannelType) -> Hurried:
    """Claim the next unsent step of a channel for a lead, moving the enrollment to it.

    Raises NotFound when the lead is not in the campaign.
    """
    now = ctx.now()
    with ctx.db.write() as connection:
        loaded = _enrollment(connection, ctx, campaign, lead_id)
        if loaded.state.is_over:
            return Hurried(None, f"the enrollment ended: {loaded.state.end_reason}")
        busy = select(claims.c.token).where(claims.c.enrollment_id == loaded.state.id)
        if connection.execute(busy).first() is not None:
            return Hurried(None, "a send to this lead is under way")
        if why := _held(loaded.state):
            return Hurried(None, why)
        node = _next_unsent(ctx, loaded, channel)
        if node is None:
            return Hurried(None, f"no unsent {channel.value} step is left")
        return _claim_at(connection, ctx, loaded, node, now)


def _enrollment(connection: Connection, ctx: Context, campaign: str, lead_id: int) -> Loaded:
    ids = {c.name: key for key, c in ctx.book.campaigns.items()}
    where = (enrollments.c.campaign_id == ids[campaign], enrollments.c.lead_id == lead_id)
    enrollment_id = connection.execute(select(enrollments.c.id).where(*where)).scalar()
    if enrollment_id is None:
        raise NotFound(f"lead {lead_id} is not in campaign `{campaign}`", help="`runner enroll` enters them")
    [loaded] = load(connection, ctx.book, [enrollment_id], lock=True)
    return loaded


def _held(state: EnrollmentState) -> str | None:
    """Why an operator's send has to wait too: a pause, or a step nobody knows the end of."""
    if state.status is EnrollmentStatus.PAUSED:
        return "the enrollment is paused; `runner resume` lets it go on"
    for run in state.runs.values():
        if run.outcome is None and run.stage in (Stage.UNKNOWN, Stage.TASK):
            return f"`{run.step}` is {'unknown' if run.stage is Stage.UNKNOWN else 'with a person'}; settle it first"
    return None


def _next_unsent(ctx: Context, loaded: Loaded, channel: ChannelType) -> StepNode | None:
    for node in ctx.book.graph(loaded.sequence_id).nodes:
        run = loaded.state.runs.get(node.id)
        open_run = run is None or (run.outcome is None and run.stage in TO_BE_SENT)
        if node.channel is channel and open_run:
            return node
    return None


def _claim_at(connection: Connection, ctx: Context, loaded: Loaded, node: StepNode, now: datetime) -> Hurried:
    take_timer(connection, loaded)
    writer = Writer(connection, ctx, now)
    if loaded.state.step != node.id:
        idle = tuple(run.step for run in loaded.state.runs.values() if _is_idle(run))
        writer.add(loaded, [Forget(idle), MoveTo(node.id, "sent by an operator")])
        writer.flush()
        [loaded] = load(connection, ctx.book, [loaded.state.id], lock=True)
        take_timer(connection, loaded)
    graph, state = _eager(ctx.book.graph(loaded.sequence_id), loaded.state, node)
    writer.add(loaded, decide(graph, state, Due(), now))
    writer.flush()
    return claim_queued(connection, ctx, loaded.state.id)


def _is_idle(run: StepRun) -> bool:
    return run.outcome in (None, SKIPPED) and run.acted_at is None


def _eager(graph: StepGraph, state: EnrollmentState, node: StepNode) -> tuple[StepGraph, EnrollmentState]:
    """The step without its condition and its wait for a retry: the operator's word stands in for both."""
    nodes = tuple(replace(each, condition=None) if each.id == node.id else each for each in graph.nodes)
    run = state.runs.get(node.id)
    if run is not None:
        state = replace(state, runs={**state.runs, node.id: replace(run, until=None)})
    return replace(graph, nodes=nodes), state


def claim_queued(connection: Connection, ctx: Context, enrollment_id: int) -> Hurried:
    """Claim what the decision queued; a decision that queued nothing has said why in the log."""
    mine = enrollments.c.id == enrollment_id
    row = connection.execute(select(enrollments.c.lane_id, enrollments.c.due_at).where(mine)).one()
    lane = all_lanes(connection)[row.lane_id]
    if row.due_at is None or not lane.account:
        return Hurried(None, "the step cannot be sent now; `runner explain` says why")
    timer = (timers.c.lane_id == row.lane_id, timers.c.due_at == row.due_at, timers.c.enrollment_id == enrollment_id)
    connection.execute(delete(timers).where(*timer))
    [claim] = claim_rows(connection, ctx, lane, [(row.due_at, enrollment_id)])
    return Hurried(claim)
