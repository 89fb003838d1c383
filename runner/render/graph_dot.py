"""A step graph in the DOT language (graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from runner.model.graph import END, StepGraph, StepNode
from runner.render.graph_words import condition_of, describe, edges, kind_of


def render_graph_dot(graph: StepGraph) -> str:
    """Steps as boxes, waits as ovals, conditions inside them; outcomes on the edges, fall-through solid."""
    arrows = edges(graph)
    lines = [f"digraph {_quoted(graph.name)} {{", "  rankdir=TB;", '  node [fontname="sans-serif"];']
    lines += [_node(node) for node in graph.nodes]
    if any(edge.target == END for edge in arrows):
        lines.append('  "@end" [label="end", shape=doublecircle];')
    for edge in arrows:
        target = "@end" if edge.target == END else edge.target
        style = "solid" if edge.falls else "dashed"
        label = _quoted(", ".join(edge.outcomes))
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(target)} [label={label}, style={style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: StepNode) -> str:
    label = "\n".join(part for part in (node.id, describe(node), condition_of(node)) if part)
    shape = "oval" if kind_of(node).startswith("wait") else "box"
    return f"  {_quoted(node.id)} [label={_quoted(label)}, shape={shape}];"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
