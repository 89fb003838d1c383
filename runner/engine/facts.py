"""An enrollment's state as the condition language sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from runner.engine.state import EnrollmentState, Seen, StepRun
from runner.lang.conditions import Facts, StepFact
from runner.model.graph import StepGraph
from runner.model.lead import LeadValues
from runner.values import value


def facts_of(graph: StepGraph, state: EnrollmentState, runs: Mapping[str, StepRun], now: datetime) -> Facts:
    """What a condition may ask of an enrollment at `now`, with its runs as they are by the time it asks."""
    variables = {**graph.vars, **state.vars} if state.vars else graph.vars
    return Facts(now, _Steps(runs, state.events), LeadValues(state.lead), state.campaign, variables)


@value
class _Steps(Mapping[str, StepFact]):
    """Runs as facts, each made when it is asked for: most conditions ask for one step, or for none."""

    runs: Mapping[str, StepRun]
    events: tuple[Seen, ...]

    def __getitem__(self, step: str) -> StepFact:
        run = self.runs[step]
        first: dict[str, datetime] = {}
        for seen in self.events:
            if seen.step == step:
                first.setdefault(seen.kind.value, seen.at)
        return StepFact(run.outcome, run.acted_at or run.entered_at, first)

    def __contains__(self, step: object) -> bool:
        return step in self.runs

    def __iter__(self) -> Iterator[str]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)
