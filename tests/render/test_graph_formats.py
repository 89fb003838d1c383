"""A step graph in its four views."""

from __future__ import annotations

import json

from runner.render.graph_dot import render_graph_dot
from runner.render.graph_json import render_graph_json
from runner.render.graph_mermaid import render_graph_mermaid
from runner.render.graph_text import render_graph_text


def test_text_to_the_letter(graph, golden):
    golden("graph.text.out", render_graph_text(graph))


def test_mermaid_to_the_letter(graph, golden):
    golden("graph.mermaid.out", render_graph_mermaid(graph))


def test_dot_to_the_letter(graph, golden):
    golden("graph.dot.out", render_graph_dot(graph))


def test_json_to_the_letter(graph, golden):
    golden("graph.json.out", render_graph_json(graph))


def test_every_route_of_the_graph_is_an_edge_of_the_json(graph):
    document = json.loads(render_graph_json(graph))
    drawn = {(edge["from"], outcome): edge["to"] for edge in document["edges"] for outcome in edge["outcomes"]}
    for node in graph.nodes:
        for outcome, target in node.routes.items():
            if outcome != "skipped" or node.condition:
                assert drawn.pop((node.id, outcome)) == target
    assert drawn == {}


def test_the_text_shows_each_exit_and_each_condition(graph):
    text = render_graph_text(graph)
    assert "failed → connect" in text
    assert "sent → end" in text
    assert "if connect_sent" in text


def test_conditions_cannot_break_a_mermaid_label(graph):
    line = next(line for line in render_graph_mermaid(graph).splitlines() if "call" in line)
    label = line[line.index('"') + 1 : line.rindex('"')]
    assert '"' not in label
    assert "|" not in label
    assert "<C" not in label


def test_colour_changes_no_letter(graph):
    coloured = render_graph_text(graph, colour=True)
    assert coloured != render_graph_text(graph)
    stripped = coloured
    for code in ("\x1b[1m", "\x1b[1;36m", "\x1b[0m"):
        stripped = stripped.replace(code, "")
    assert stripped == render_graph_text(graph)
