"""Whether a condition holds: three-valued, because a lead's field may be missing and then nobody knows.

Outcomes of steps that did not run and events not seen yet are false. A missing field is unknown; `and`, `or` and `not`
carry unknown as Kleene's logic does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never

from runner.lang.grammar import Condition
from runner.lang.nodes import (
    And,
    Compare,
    DaysSince,
    Dotted,
    EventSeen,
    Field,
    Has,
    ListOf,
    Literal,
    Node,
    Not,
    Or,
    OutcomeIs,
    Word,
)  # fmt: skip
from runner.values import value

SKIPPED = "skipped"


@value
class StepFact:
    """What happened to one step so far: how it ended and when, and the first time of each event, by its name."""

    outcome: str | None = None
    at: datetime | None = None
    events: Mapping[str, datetime] = field(default_factory=dict)


@value
class Facts:
    """All that a condition may ask: steps by id (those that were entered), and the values of the three scopes."""

    now: datetime
    steps: Mapping[str, StepFact] = field(default_factory=dict)
    lead: Mapping[str, object] = field(default_factory=dict)
    campaign: Mapping[str, object] = field(default_factory=dict)
    vars: Mapping[str, object] = field(default_factory=dict)


def evaluate(condition: Condition, facts: Facts) -> bool | None:
    """True, False, or None where it cannot be known."""
    return _truth(condition.root, facts)


def trace(condition: Condition, facts: Facts) -> list[tuple[str, object]]:
    """Every part that was asked, as written, with its value: for `explain`. None is unknown."""
    return [(text, _plain(_value(node, facts))) for text, node in condition.asked]


def _plain(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _truth(node: Node, facts: Facts) -> bool | None:
    match node:
        case And(items=items):
            return _all([_truth(item, facts) for item in items])
        case Or(items=items):
            return _negate(_all([_negate(_truth(item, facts)) for item in items]))
        case Not(item=item):
            return _negate(_truth(item, facts))
        case Compare():
            return _compare(node, facts)
        case OutcomeIs():
            return _outcome_at(node, facts) is not None
        case EventSeen():
            return _event_at(node, facts) is not None
        case Has(field=asked):
            return _value(asked, facts) is not None
        case Literal() | Field():
            value = _value(node, facts)
            return value if isinstance(value, bool) else None if value is None else bool(value)
        case DaysSince() | ListOf() | Word() | Dotted():
            return None
        case _:
            assert_never(node)


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Sequence[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


_NEVER = datetime.min.replace(tzinfo=UTC)


def _meant(steps: Sequence[str], facts: Facts) -> StepFact | None:
    """The step a name stands for: the last one that ran and was not skipped, else the last skipped one."""
    ran = [(facts.steps[step].at or _NEVER, place, facts.steps[step]) for place, step in enumerate(steps)
           if step in facts.steps]  # fmt: skip
    acted = [item for item in ran if item[2].outcome != SKIPPED]
    return max(acted or ran, key=lambda item: item[:2])[2] if ran else None


def _outcome_at(node: OutcomeIs, facts: Facts) -> datetime | None:
    step = _meant(node.steps, facts)
    if step is None or step.outcome is None or step.outcome not in node.outcomes:
        return None
    return step.at or facts.now


def _event_at(node: EventSeen, facts: Facts) -> datetime | None:
    step = _meant(node.steps, facts)
    return step.events.get(node.event) if step else None


def _value(node: Node, facts: Facts) -> object:
    match node:
        case Literal(value=literal):
            return literal
        case ListOf(items=items):
            return [item.value for item in items]
        case Field(scope=scope, name=name):
            known = facts.lead if scope == "lead" else facts.campaign if scope == "campaign" else facts.vars
            value = known.get(name)
            return None if value == "" else value
        case DaysSince(of=of):
            return _days_since(of, facts)
        case _:
            return _truth(node, facts)


def _days_since(of: Node, facts: Facts) -> float | None:
    match of:
        case OutcomeIs():
            at = _outcome_at(of, facts)
        case EventSeen():
            at = _event_at(of, facts)
        case _:
            at = _instant(_value(of, facts))
    return (facts.now - at) / timedelta(days=1) if at else None


def _instant(value: object) -> datetime | None:
    """An ISO 8601 date or instant; dates and naive instants are taken as UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if not isinstance(value, str):
        return None
    try:
        return _instant(datetime.fromisoformat(value.strip()))
    except ValueError:
        return None


def _compare(node: Compare, facts: Facts) -> bool | None:
    left, right = _value(node.left, facts), _value(node.right, facts)
    if left is None or right is None:
        return None
    match node.op:
        case "in":
            return _contains(right, left)
        case "not in":
            return _negate(_contains(right, left))
        case "==":
            return _same(left, right)
        case "!=":
            return _negate(_same(left, right))
    return _ordered(node.op, left, right)


def _same(left: object, right: object) -> bool | None:
    return None if isinstance(left, bool) != isinstance(right, bool) else left == right


def _contains(holder: object, item: object) -> bool | None:
    if isinstance(holder, str):
        return item in holder if isinstance(item, str) else None
    return item in holder if isinstance(holder, list | tuple | set | frozenset) else None


def _ordered(op: str, left: object, right: object) -> bool | None:
    if isinstance(left, str) and isinstance(right, str):
        first, second = _instant(left), _instant(right)
        return _order(op, first, second) if first and second else None
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return _order(op, left, right) if numbers else None


def _order(op: str, left: object, right: object) -> bool:
    match op:
        case "<":
            return left < right  # type: ignore[operator,no-any-return]
        case "<=":
            return left <= right  # type: ignore[operator,no-any-return]
        case ">":
            return left > right  # type: ignore[operator,no-any-return]
        case _:
            return left >= right  # type: ignore[operator,no-any-return]
