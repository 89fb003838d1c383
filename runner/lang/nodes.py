"""The expression tree of a condition. Every node knows where it stands in the condition's text (start, end)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, true or false."""

    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`["a", "b"]`: only ever the right side of `in`."""

    items: tuple[Literal, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the lead, the campaign or the variables, such as `lead.score`."""

    scope: str
    name: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """As written: `lead.score`."""
        return f"{self.scope}.{self.name}"


@dataclass(frozen=True, slots=True)
class Word:
    """A bare name that is not resolved yet: `email_failed`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dotted:
    """A dotted name that is not resolved yet: `connect.accepted` or `lead.score`."""

    first: str
    second: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OutcomeIs:
    """Whether what `name` names ended in one of `outcomes`.

    `steps` are the steps meant: one for a step id, all of its channel for a channel, where the last one that ran and
    was not skipped counts. `outcome` is the word as written; `failed` stands for every kind of failure.
    """

    name: str
    steps: tuple[str, ...]
    outcome: str
    outcomes: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EventSeen:
    """Whether `event` (an EventKind's value) was seen for what `name` names."""

    name: str
    steps: tuple[str, ...]
    event: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Has:
    """`has(x)`: whether a field has a value. Never unknown."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DaysSince:
    """`days_since(x)`: whole and part days since a date in a field, or since an outcome or event."""

    of: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`, op one of == != < <= > >= in `not in`."""

    op: str
    left: Node
    right: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown, unknown."""

    item: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class And:
    """All of them: false wins over unknown."""

    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them: true wins over unknown."""

    items: tuple[Node, ...]
    start: int
    end: int


Atom = Literal | ListOf | Field | Word | Dotted | OutcomeIs | EventSeen | Has | DaysSince
Node = Atom | Compare | Not | And | Or


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below one."""
    match node:
        case And(items=items) | Or(items=items):
            return items
        case Not(item=item):
            return (item,)
        case Compare(left=left, right=right):
            return (left, right)
        case Has(field=field):
            return (field,)
        case DaysSince(of=of):
            return (of,)
        case _:
            return ()


def asking(node: Node) -> Iterator[Node]:
    """The parts that ask for something, in their order."""
    if isinstance(node, OutcomeIs | EventSeen | Has | Field | DaysSince):
        yield node
    else:
        for child in children(node):
            yield from asking(child)
