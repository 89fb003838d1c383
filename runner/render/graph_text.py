"""A step graph as an indented list: a sequence is mostly a line with exits, which reads better than boxes."""

from __future__ import annotations

from runner.model.graph import StepGraph, StepNode
from runner.render.graph_words import GraphEdge, condition_of, describe, edges
from runner.render.terminal import Painter, Style, display_width

EXPLANATION = "An outcome that is not shown goes on to the next line."


def render_graph_text(graph: StepGraph, *, colour: bool = False) -> str:
    """One line a step: id, what it does, its condition, and the outcomes that leave the order of the list.

    A step with a condition stands two further to the right: a lead may pass it by.
    """
    paint = Painter(colour)
    exits: dict[str, list[GraphEdge]] = {}
    for edge in edges(graph):
        if not edge.falls:
            exits.setdefault(edge.source, []).append(edge)
    names = [("  " if node.condition else "") + node.id for node in graph.nodes]
    name_width = max(map(display_width, names))
    told = [_told(node) for node in graph.nodes]
    told_width = max(map(display_width, told))
    lines = [paint(Style.BOLD, graph.name)]
    for node, name, words in zip(graph.nodes, names, told, strict=True):
        leaving = ", ".join(f"{'/'.join(edge.outcomes)} → {edge.target}" for edge in exits.get(node.id, []))
        gap = " " * (told_width - display_width(words))
        shown = paint(Style.NOTE, leaving)
        padded = name + " " * (name_width - display_width(name))
        lines.append(f"  {padded}  {words}{gap}  {shown}".rstrip())
    return "\n".join([*lines, EXPLANATION]) + "\n"


def _told(node: StepNode) -> str:
    condition = condition_of(node)
    return f"{describe(node)}, {condition}" if condition else describe(node)
