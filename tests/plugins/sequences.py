"""Sequences that many tests play."""

from __future__ import annotations


def two_steps(rest: str, second: str = "channel: email, template: hello", *, stop_scope: str = "lead") -> str:
    """The sequence `two`: an e-mail `first`, a wait `rest` of so long, and then `second`."""
    return (
        f"version: 1\nname: two\nstop_scope: {stop_scope}\nsteps:\n"
        "  - {id: first, channel: email, template: hello}\n"
        f"  - {{id: rest, wait: {rest}}}\n"
        f"  - {{id: second, {second}}}\n"
    )
