"""Diagnostics and a graph made by hand, for the tests of the renderers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runner.lang.conditions import parse_condition
from runner.lang.diagnostics import Diagnostic, Edit, Fix, Position, Related, Severity, Span
from runner.lang.durations import Duration
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.graph import StepGraph, StepNode, outcomes_of
from runner.model.sequence import ChannelStep, StepBody, Variant, WaitForStep, WaitStep

TEXTS = {
    "sequences/a.yaml": (
        "version: 1\nname: a\nsteps:\n"
        "  - id: intro\n    channel: email\n    template: 漢字   # two cells each\n    next: {faild: form}\n"
        "  - id: intro\n"
    ),
    "channel_configs/ada.yaml": "version: 1\r\nchannel: email\r\n\tname: ada\x1b[2J\r\n",
}


def span(line: int, first: int, last: int, file: str = "sequences/a.yaml", *, end_line: int | None = None) -> Span:
    """A stretch of a line (or down to `end_line`)."""
    return Span(file, Position(line, first), Position(end_line or line, last))


@pytest.fixture
def texts() -> Callable[[str], str | None]:
    """The sources the diagnostics are about."""
    return TEXTS.get


@pytest.fixture
def diagnostics() -> list[Diagnostic]:
    """One of every form there is: a fix, second places near and far, wide characters, several lines, no source."""
    outcome = span(7, 12, 17)
    return [
        Diagnostic(
            "unknown-outcome",
            Severity.ERROR,
            "`email` has no outcome `faild`",
            outcome,
            "did you mean `failed`?",
            "outcomes of an email step: sent, failed, skipped",
            ("steps", 0, "next", "faild"),
            fix=Fix("write `failed`", (Edit(outcome, "failed"),)),
        ),
        Diagnostic(
            "duplicate-key",
            Severity.ERROR,
            "two steps are called `intro`",
            span(8, 9, 14),
            "again here",
            path=("steps", 1, "id"),
            related=(Related(span(4, 9, 14), "first here"),),
        ),
        Diagnostic(
            "missing-template",
            Severity.WARNING,
            "no template `漢字`",
            span(6, 15, 17),
            "sequences/templates/漢字.md is not there",
            related=(Related(span(2, 1, 8, "channel_configs/ada.yaml"), "used through this account"),),
        ),
        Diagnostic("bad-value", Severity.ERROR, "a step of many lines", span(4, 5, 3, end_line=8), "starts here"),
        Diagnostic("tab-indent", Severity.ERROR, "a tab\nis no indentation", span(3, 1, 2, "channel_configs/ada.yaml")),
        Diagnostic("unreadable-file", Severity.ERROR, "cannot be read", span(1, 1, 2, "leads/gone.csv")),
    ]


@pytest.fixture
def graph() -> StepGraph:
    """A sequence with every kind of step, routes that leave the order, and awkward characters in a condition."""
    email, linkedin = ChannelType.EMAIL, ChannelType.LINKEDIN
    arms = (Variant("short", "intro_short", 50), Variant("story", "intro_story", 50))
    return build_graph([
        ("intro", ChannelStep(email, arms), None, {"failed": "connect"}),
        ("quiet", WaitStep(Duration(business_days=3)), None, {}),
        ("bump", ChannelStep(email, (Variant("default", "bump"),), thread="intro"), None, {"sent": "end"}),
        ("connect", ChannelStep(linkedin, (Variant("default", "note"),), action="connect"), None, {}),
        ("accepted", WaitForStep("connect", EventKind.ACCEPTED, Duration(timedelta(days=5))), "if connect_sent", {}),
        ("call", ChannelStep(ChannelType.PHONE), 'lead.title == "<C|O> #1"', {}),
    ])  # fmt: skip


def build_graph(steps: list[tuple[str, StepBody, str | None, dict[str, str]]]) -> StepGraph:
    """A graph from (id, body, condition, routes that differ from the order)."""
    nodes = []
    for index, (name, body, condition, routes) in enumerate(steps):
        following = steps[index + 1][0] if index + 1 < len(steps) else "end"
        complete = {outcome: routes.get(outcome, following) for outcome in (*outcomes_of(body), "skipped")}
        parsed = parse_condition(condition) if condition else None
        nodes.append(StepNode(name, index, body, complete, parsed))
    return StepGraph("founders", tuple(nodes), "0123abcd", frozenset({EventKind.REPLIED, EventKind.UNSUBSCRIBED}))
