"""Sending one lead's next step now, at an operator's word: its wait ends here, everything else holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from runner.engine.commands import Command, Forget, MoveTo
from runner.engine.decide import decide
from runner.engine.outcomes import Outcome
from runner.engine.state import Stage
from runner.engine.triggers import Due
from runner.errors import NotFound
from runner.model.channel import ChannelType
from runner.model.graph import SKIPPED, StepNode
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


def _next_unsent(ctx: Context, loaded: Loaded, channel: ChannelType) -> StepNode | None:
    for node in ctx.book.graph(loaded.sequence_id).nodes:
        run = loaded.state.runs.get(node.id)
        open_run = run is None or (run.outcome is None and run.stage in (Stage.NEW, Stage.RETRYING))
        if node.channel is channel and open_run:
            return node
    return None


def _claim_at(connection: Connection, ctx: Context, loaded: Loaded, node: StepNode, now: datetime) -> Hurried:
    """Move to the step as a decision would, without its condition: the operator's word stands in for that."""
    take_timer(connection, loaded)
    writer = Writer(connection, ctx, now)
    commands: list[Command] = []
    if loaded.state.step != node.id:
        idle = tuple(
            run.step for run in loaded.state.runs.values() if run.outcome in (None, SKIPPED) and run.acted_at is None
        )
        commands = [Forget(idle), MoveTo(node.id, "sent by an operator")]
    writer.add(loaded, commands)
    writer.flush()
    [moved] = load(connection, ctx.book, [loaded.state.id], lock=True)
    _entered(connection, ctx, moved, node, now)
    row = connection.execute(
        select(enrollments.c.lane_id, enrollments.c.due_at).where(enrollments.c.id == moved.state.id)
    ).one()
    lane = all_lanes(connection)[row.lane_id]
    if row.due_at is None or not lane.account:
        return Hurried(None, "the step cannot be sent now; `runner explain` says why")
    from sqlalchemy import delete

    mine = (timers.c.lane_id == row.lane_id, timers.c.due_at == row.due_at, timers.c.enrollment_id == moved.state.id)
    connection.execute(delete(timers).where(*mine))
    [claim] = claim_rows(connection, ctx, lane, [(row.due_at, moved.state.id)])
    return Hurried(claim)


def _entered(connection: Connection, ctx: Context, loaded: Loaded, node: StepNode, now: datetime) -> None:
    from dataclasses import replace

    graph = ctx.book.graph(loaded.sequence_id)
    nodes = tuple(replace(n, condition=None) if n.id == node.id else n for n in graph.nodes)
    run = loaded.state.runs.get(node.id)
    state = loaded.state
    if run is not None and run.until is not None:
        state = replace(state, runs={**state.runs, node.id: replace(run, until=None)})
    take_timer(connection, loaded)
    writer = Writer(connection, ctx, now)
    writer.add(loaded, decide(replace(graph, nodes=nodes), state, Due(), now))
    writer.flush()
