"""Steps that lead back to themselves: a person would be written to without end."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.paths import find_cycle
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic

SLUG = "cycle"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield a diagnostic at the route that closes a circle."""
    cycle = find_cycle(draft.graph) if draft.graph is not None else None
    if cycle is None:
        return
    index = {step.id: step.index for step in draft.steps}
    places = [index[step] for step in cycle]
    back = next(place for place in range(len(cycle) - 1) if places[place + 1] <= places[place])
    source, target = cycle[back], cycle[back + 1]
    step = draft.by_id[source]
    routes = step.raw.get("next")
    path: tuple[str | int, ...] = ("steps", step.index, "next")
    if isinstance(routes, dict):
        path = (*path, next(outcome for outcome, goal in routes.items() if goal == target))
    way = cycle[back + 1 : -1] + cycle[: back + 2]
    yield error(SLUG, f"`{target}` is reached again", draft.source.at(path), path=path,
                label=" → ".join(f"`{name}`" for name in way),
                help="a sequence only goes forward: repeat a step by writing it again under another id")  # fmt: skip
