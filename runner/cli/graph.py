"""`runner graph`: how a sequence runs, as a list for the terminal, or for mermaid, graphviz and programs."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.graph import StepGraph

_FORMATS = ("text", "mermaid", "dot", "json")


@click.command(short_help="Show a sequence's steps and where each outcome leads.")
@click.argument("sequence")
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True)
def graph(sequence: str, output_format: str) -> None:
    """Show the steps of SEQUENCE (its name or its file), with outcomes on the edges and conditions on the steps."""
    from runner.cli.compiled import compiled_sequence
    from runner.render.terminal import wants_colour

    steps = compiled_sequence(sequence).graph
    colour = output_format == "text" and wants_colour(sys.stdout)
    click.echo(_renderer(output_format, colour)(steps), nl=False, color=colour or None)


def _renderer(output_format: str, colour: bool) -> Callable[[StepGraph], str]:
    match output_format:
        case "mermaid":
            from runner.render.graph_mermaid import render_graph_mermaid

            return render_graph_mermaid
        case "dot":
            from runner.render.graph_dot import render_graph_dot

            return render_graph_dot
        case "json":
            from runner.render.graph_json import render_graph_json

            return render_graph_json
        case _:
            from runner.render.graph_text import render_graph_text

            return partial(render_graph_text, colour=colour)
