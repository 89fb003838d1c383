"""Every way through a graph at once: which outcomes of earlier steps are possible when a step is entered.

A state says how the steps that somebody asks about ended so far. States are pushed through the graph in topological
order, conditions decide with three values what can follow, and what nobody will ask any more is forgotten, so that
long sequences stay small. What cannot be known here (fields, events) counts as both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.lang.evaluation import SKIPPED
from runner.lang.nodes import And, EventSeen, Node, Not, Or, OutcomeIs, children
from runner.model.channel import ChannelType
from runner.model.graph import StepGraph, StepNode, outcomes_of
from runner.model.sequence import END, ChannelStep, WaitForStep

MOST_STATES = 2_000
"""Past this many at one step the rest is left unjudged."""

MOST_ASKED = 50_000
"""Past this many questions of conditions about steps too."""

SENT_SO_FAR = "sent, perhaps to bounce"
"""How an email step that was sent stands: a late bounce can still make it failed."""

State = tuple[tuple[str, str], ...]
"""The asked steps that ran and how they ended, in the order in which they ran."""


@dataclass(slots=True)
class Entry:
    """What is possible when a step is entered: whether it is at all, and whether its condition may hold or not.

    `unpassed` are the steps it builds on (`thread`, `wait_for`) that some way to it leaves out.
    """

    reached: bool = False
    may_hold: bool = False
    may_not_hold: bool = False
    unpassed: set[str] = field(default_factory=set)


def find_cycle(graph: StepGraph) -> tuple[str, ...] | None:
    """The steps of some way that leads back to where it was, or None."""
    if _leads_forward(graph):
        return None
    exits = {node.id: sorted(set(node.routes.values()) - {END}) for node in graph.nodes}
    done: set[str] = set()
    for start in exits:
        trail: list[str] = []
        on_trail: set[str] = set()
        todo = [(start, False)]
        while todo:
            step, leaving = todo.pop()
            if leaving:
                trail.pop()
                on_trail.discard(step)
                done.add(step)
            elif step in on_trail:
                return (*trail[trail.index(step) :], step)
            elif step not in done:
                trail.append(step)
                on_trail.add(step)
                todo.append((step, True))
                todo.extend((following, False) for following in exits[step])
    return None


def explore(graph: StepGraph) -> Mapping[str, Entry] | None:
    """What is possible at each step; None for a graph with a cycle or one with too many ways to judge."""
    order = _topological(graph)
    if order is None:
        return None
    entries = {node.id: Entry() for node in graph.nodes}
    last_asked = _last_asked(order)
    if last_asked is None:
        return None
    waiting: dict[str, set[State]] = {graph.first.id: {()}}
    for place, node in enumerate(order):
        states = waiting.pop(node.id, set())
        if len(states) > MOST_STATES:
            return None
        exits = _Exits.of(node)
        asked_later = last_asked.get(node.id, -1) > place
        for state in states:
            kept = tuple(item for item in state if last_asked[item[0]] > place)
            for following, outcome in _leave(node, exits, state, entries[node.id]):
                if following != END:
                    extended = (*kept, (node.id, outcome)) if asked_later else kept
                    waiting.setdefault(following, set()).add(extended)
    return entries


@dataclass(frozen=True, slots=True)
class _Exits:
    """The ways out of a step that was not skipped, as (next step, outcome), and the steps that it builds on."""

    ways: tuple[tuple[str, str], ...]
    needs: frozenset[str]

    @classmethod
    def of(cls, node: StepNode) -> _Exits:
        email = isinstance(node.body, ChannelStep) and node.body.channel is ChannelType.EMAIL
        ways = [
            (node.routes[outcome], SENT_SO_FAR if email and outcome == "sent" else outcome)
            for outcome in outcomes_of(node.body)
        ]
        return cls(tuple(ways), frozenset(builds_on(node)))


def _leave(node: StepNode, exits: _Exits, state: State, entry: Entry) -> Iterator[tuple[str, str]]:
    """The ways out of a step in a state, as (next step, outcome); what is seen on the way is noted in `entry`."""
    holds = judge(node.condition.root, state) if node.condition is not None else True
    entry.reached = True
    if holds is not False:
        entry.may_hold = True
        if exits.needs:
            entry.unpassed |= exits.needs - {step for step, outcome in state if outcome != SKIPPED}
        yield from exits.ways
    if holds is not True:
        entry.may_not_hold = True
        yield node.routes[SKIPPED], SKIPPED


def builds_on(node: StepNode) -> tuple[str, ...]:
    """The steps that must have run for this one to mean something."""
    match node.body:
        case ChannelStep(thread=str(thread)):
            return (thread,)
        case WaitForStep(step=step):
            return (step,)
        case _:
            return ()


def _leads_forward(graph: StepGraph) -> bool:
    """Whether every exit leads to a step further down the list, as in nearly every sequence."""
    index = {node.id: node.index for node in graph.nodes}
    for node in graph.nodes:
        here = node.index
        for target in set(node.routes.values()):
            if target in index and index[target] <= here:
                return False
    return True


def _topological(graph: StepGraph) -> list[StepNode] | None:
    """The nodes so that every exit leads forward; in the list's order where that is one. None with a cycle."""
    if _leads_forward(graph):
        return list(graph.nodes)
    index = {node.id: node.index for node in graph.nodes}
    if find_cycle(graph) is not None:
        return None
    entered = dict.fromkeys(index, 0)
    for node in graph.nodes:
        for target in set(node.routes.values()) - {END}:
            entered[target] += 1
    ready = [node for node in graph.nodes if entered[node.id] == 0]
    order = []
    while ready:
        node = ready.pop(0)
        order.append(node)
        for target in sorted(set(node.routes.values()) - {END}):
            entered[target] -= 1
            if entered[target] == 0:
                ready.append(graph.nodes[index[target]])
    return order


def _last_asked(order: Sequence[StepNode]) -> dict[str, int] | None:
    """For every step that somebody asks about, the last place in the order at which it is asked; None for too many."""
    last: dict[str, int] = {}
    asked = 0
    for place, node in enumerate(order):
        for step in (*builds_on(node), *(asked_by(node.condition.root) if node.condition else ())):
            last[step] = place
            asked += 1
        if asked > MOST_ASKED:
            return None
    return last


def asked_by(root: Node) -> Iterator[str]:
    """The steps a condition asks about."""
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, OutcomeIs | EventSeen):
            yield from node.steps
        todo.extend(children(node))


def judge(node: Node, state: State) -> bool | None:
    """Whether a condition holds in a state: True and False are for sure, None is either."""
    match node:
        case And(items=items):
            values = [judge(item, state) for item in items]
            return False if False in values else None if None in values else True
        case Or(items=items):
            values = [judge(item, state) for item in items]
            return True if True in values else None if None in values else False
        case Not(item=item):
            value = judge(item, state)
            return None if value is None else not value
        case OutcomeIs():
            return _judge_outcome(node, state)
        case EventSeen(steps=steps):
            return None if any(step in steps and outcome != SKIPPED for step, outcome in state) else False
        case _:
            return None


def _judge_outcome(node: OutcomeIs, state: State) -> bool | None:
    ran = [outcome for step, outcome in state if step in node.steps]
    acted = [outcome for outcome in ran if outcome != SKIPPED] or ran
    if not acted:
        return False
    if acted[-1] == SENT_SO_FAR:
        return None if node.outcome in ("sent", "failed") else False
    return acted[-1] in node.outcomes


def longest_emails(graph: StepGraph) -> tuple[int, str | None]:
    """The most emails one person can get on any way through, and the step that sends the last of them."""
    order = _topological(graph)
    best: dict[str, int] = {graph.first.id: 0}
    most: tuple[int, str | None] = (0, None)
    for node in order or ():
        count = best.get(node.id)
        if count is None:
            continue
        sends = isinstance(node.body, ChannelStep) and node.body.channel is ChannelType.EMAIL
        for outcome, target in node.routes.items():
            sent = count + (1 if sends and outcome == "sent" else 0)
            if sent > most[0]:
                most = (sent, node.id)
            best[target] = max(best.get(target, 0), sent)
    return most
