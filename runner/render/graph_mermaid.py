"""A step graph as a mermaid flowchart (mermaid.js.org, "Flowcharts"), which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from runner.model.graph import END, StepGraph, StepNode
from runner.render.graph_words import condition_of, describe, edges, kind_of

_ENTITIES = str.maketrans({
    "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "|": "#124;",
})  # fmt: skip
_SHAPES = {"wait": ("([", "])"), "wait_for": ("([", "])"), "end": ("((", "))")}


def render_graph_mermaid(graph: StepGraph) -> str:
    """Steps as boxes (waits rounded), conditions inside them, outcomes on the arrows, fall-through solid."""
    lines = ["flowchart TD"]
    lines += [f"  {_ref(node.id, graph)}{_box(node)}" for node in graph.nodes]
    arrows = edges(graph)
    if any(edge.target == END for edge in arrows):
        lines.append("  finish((end))")
    for edge in arrows:
        arrow = "-->" if edge.falls else "-.->"
        label = _escaped(", ".join(edge.outcomes))
        lines.append(f"  {_ref(edge.source, graph)} {arrow}|{label}| {_ref(edge.target, graph)}")
    return "\n".join(lines) + "\n"


def _ref(step: str, graph: StepGraph) -> str:
    """A name mermaid cannot mistake for a keyword, as `end` is one."""
    return "finish" if step == END else f"s{graph.node(step).index}"


def _box(node: StepNode) -> str:
    left, right = _SHAPES.get(kind_of(node), ("[", "]"))
    parts = [f"<b>{_escaped(node.id)}</b>", _escaped(describe(node)), _escaped(condition_of(node))]
    return f'{left}"{"<br>".join(part for part in parts if part)}"{right}'


def _escaped(text: str) -> str:
    return text.translate(_ENTITIES)
