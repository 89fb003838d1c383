"""Every way through a graph at once says the same as walking every way by itself."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.compile.graphs import build_graph
from runner.compile.paths import explore, find_cycle, longest_emails
from runner.compile.sequences import Surroundings, compile_sequence
from runner.lang.evaluation import SKIPPED
from runner.lang.nodes import And, EventSeen, Node, Not, Or, OutcomeIs
from runner.model.graph import StepGraph, outcomes_of
from runner.model.sequence import END

IDS = ("a", "b", "c", "d", "e")
KINDS = {
    "a": "channel: phone, template: t", "b": "channel: linkedin, action: connect", "c": "wait: 1d",
    "d": "channel: contact_form, template: t", "e": "channel: phone, template: t",
}  # fmt: skip
MAIN = {"a": "done", "b": "sent", "c": "done", "d": "sent", "e": "done"}


@st.composite
def sequences(draw: st.DrawFn) -> str:
    lines = ["version: 1", "name: x", "steps:"]
    for index, step in enumerate(IDS):
        parts = [f"id: {step}", KINDS[step]]
        if index and draw(st.booleans()):
            atoms = [f"{name}_{outcome}" for name in IDS for outcome in (MAIN[name], "skipped")]
            words = draw(st.lists(st.sampled_from([*atoms, "has(lead.company)"]), min_size=1, max_size=3))
            glue = draw(st.sampled_from([" and ", " or ", " and not "]))
            parts.append(f"condition: {draw(st.sampled_from(['', 'not ']))}{glue.join(words)}")
        targets = [*IDS[index + 1 :], END]
        outcomes = draw(st.lists(st.sampled_from([MAIN[step], "skipped"]), max_size=2, unique=True))
        if outcomes:
            routes = ", ".join(f"{outcome}: {draw(st.sampled_from(targets))}" for outcome in outcomes)
            parts.append(f"next: {{{routes}}}")
        lines.append(f"  - {{{', '.join(parts)}}}")
    return "\n".join(lines)


def holds(node: Node, ran: dict[str, str], free: bool) -> bool:
    """Two-valued truth, with everything that is not an outcome decided by `free`."""
    match node:
        case And(items=items):
            return all(holds(item, ran, free) for item in items)
        case Or(items=items):
            return any(holds(item, ran, free) for item in items)
        case Not(item=item):
            return not holds(item, ran, free)
        case OutcomeIs(steps=(step,), outcomes=outcomes):
            return ran.get(step) in outcomes
        case EventSeen():
            raise AssertionError("not drawn")
        case _:
            return free


def walks(graph: StepGraph) -> dict[str, set[bool]]:
    """For every step that is ever entered, the truths its condition had, by walking every single way."""
    seen: dict[str, set[bool]] = {}
    todo: list[tuple[str, dict[str, str]]] = [(graph.first.id, {})]
    while todo:
        step, ran = todo.pop()
        if step == END:
            continue
        node = graph.node(step)
        for free in (True, False):
            truth = node.condition is None or holds(node.condition.root, ran, free)
            seen.setdefault(step, set()).add(truth)
            for outcome in outcomes_of(node.body) if truth else (SKIPPED,):
                todo.append((node.routes[outcome], {**ran, step: outcome}))
    return seen


@settings(max_examples=60, deadline=None)
@given(sequences())
def test_what_is_possible_is_what_some_walk_does(text):
    around = Surroundings(check_templates=False)
    compiled, found = compile_sequence(text, "x.yaml", {"t": "Hello."}, surroundings=around)
    assert compiled is not None, found
    entries = explore(compiled.graph)
    walked = walks(compiled.graph)
    assert entries is not None
    assert {step for step, entry in entries.items() if entry.reached} == set(walked)
    for step, truths in walked.items():
        # Judged with unknowns as "either", so that only what never happens may be called impossible.
        assert entries[step].may_hold >= (True in truths)
        assert entries[step].may_not_hold >= (False in truths)


def test_a_circle_is_found_wherever_it_is(sequence):
    steps = "".join(f"- {{id: s{n}, wait: 1d}}\n" for n in range(6))
    compiled = sequence(steps)
    assert find_cycle(compiled.graph) is None
    nodes = list(compiled.config.steps)
    for start, back in itertools.combinations(range(6), 2):
        changed = list(nodes)
        changed[back] = type(nodes[back])(nodes[back].id, nodes[back].body, None, {"done": f"s{start}"})
        graph = build_graph(type(compiled.config)("x", tuple(changed)))
        cycle = find_cycle(graph)
        assert cycle is not None
        assert cycle[0] == cycle[-1]
        assert set(cycle) == {f"s{n}" for n in range(start, back + 1)}


def test_only_the_emails_of_one_way_are_counted(sequence):
    mail = "- {{id: {}, channel: email, template: t, next: {{sent: {}, failed: {}}}}}\n"
    compiled = sequence(mail.format("a", "b", "c") + mail.format("b", "end", "c") + mail.format("c", "end", "end"))
    assert longest_emails(compiled.graph) == (2, "b") or longest_emails(compiled.graph) == (2, "c")


def test_very_long_sequences_are_judged_too(sequence):
    steps = "- {id: s0, channel: phone, template: t}\n" + "".join(
        f"- {{id: s{n}, wait: 1d, condition: s{n - 1}_skipped or s0_done}}\n" for n in range(1, 1_500)
    )
    entries = explore(sequence(steps).graph)
    assert entries is not None
    assert all(entry.reached for entry in entries.values())
