"""A step graph as JSON: `{"format_version", "name", "hash", "steps": [...], "edges": [...]}`."""

from __future__ import annotations

import json

from runner.model.graph import StepGraph, StepNode
from runner.render.graph_words import condition_of, describe, edges, kind_of

FORMAT_VERSION = "1.0"


def render_graph_json(graph: StepGraph) -> str:
    """The graph as indented JSON; a step has all its routes, an edge groups the outcomes with one target."""
    document = {
        "format_version": FORMAT_VERSION,
        "name": graph.name,
        "hash": graph.hash,
        "stop_on": sorted(event.value for event in graph.stop_on),
        "steps": [_step(node) for node in graph.nodes],
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "outcomes": list(edge.outcomes),
                "falls_through": edge.falls,
            }
            for edge in edges(graph)
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _step(node: StepNode) -> dict[str, object]:
    return {
        "id": node.id,
        "kind": kind_of(node),
        "description": describe(node),
        "condition": condition_of(node) or None,
        "routes": dict(node.routes),
    }
