"""`runner graph`: how a sequence runs, as a list for the terminal, or for mermaid, graphviz and programs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.model.graph import StepGraph

_FORMATS = ("text", "mermaid", "dot", "json")


@click.command()
@click.argument("sequence")
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True)
def graph(sequence: str, output_format: str) -> None:
    """Show the steps of SEQUENCE (its name or its file), with outcomes on the edges and conditions on the steps."""
    from runner.cli.compiled import compiled_sequence
    from runner.render.terminal import wants_colour

    steps: StepGraph = compiled_sequence(sequence).graph
    if output_format == "text":
        from runner.render.graph_text import render_graph_text

        text = render_graph_text(steps, colour=wants_colour(click.get_text_stream("stdout")))
    else:
        module = importlib.import_module(f"runner.render.graph_{output_format}")
        text = getattr(module, f"render_graph_{output_format}")(steps)
    click.echo(text, nl=False)
