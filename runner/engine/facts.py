"""An enrollment's state as the condition language sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runner.engine.state import EnrollmentState, StepRun
from runner.lang.conditions import Facts, StepFact
from runner.model.graph import StepGraph


def facts_of(
    graph: StepGraph, state: EnrollmentState, runs: Mapping[str, StepRun], lead: Mapping[str, object], now: datetime
) -> Facts:
    """What a condition may ask of an enrollment at `now`, with its runs as they are by then and the lead's values."""
    events: dict[str, dict[str, datetime]] = {}
    for seen in state.events:
        if seen.step is not None:
            events.setdefault(seen.step, {}).setdefault(seen.kind.value, seen.at)
    steps = {
        run.step: StepFact(run.outcome, run.acted_at or run.entered_at, events.get(run.step, {}))
        for run in runs.values()
    }
    variables = {**graph.vars, **state.vars} if state.vars else graph.vars
    return Facts(now=now, steps=steps, lead=lead, campaign=state.campaign, vars=variables)
