"""Resolve and type-check the names of a condition against what is declared.

A bare name is matched against the declared names as `NAME_OUTCOME`, never split at underscores, so that a step may be
called `follow_up` and end as `not_connected`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from runner.lang.grammar import SCOPES, Condition
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
from runner.lang.suggest import choices, is_sure, meant, nearest

FAILURES = frozenset({"failed", "not_connected", "timeout", "expired"})
"""What `X_failed` holds for."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a declared name (a step id or a channel) stands for: its steps, outcomes and events.

    `open` is a name whose kind could not be read: everything asked of it is accepted, so that one mistake is told once.
    """

    steps: tuple[str, ...]
    outcomes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    open: bool = False

    def accepts(self, outcome: str) -> bool:
        """Whether a condition may ask for this outcome here."""
        return self.open or outcome in self.outcomes or (outcome == "failed" and self.fails)

    @property
    def fails(self) -> bool:
        """Whether any of its outcomes counts as a failure."""
        return not FAILURES.isdisjoint(self.outcomes)

    def meant(self, outcome: str) -> frozenset[str]:
        """The outcomes a word stands for."""
        return FAILURES if outcome == "failed" else frozenset({outcome})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name a condition may use. `fields[scope][name]` is its type: text, number, boolean, list, date, any."""

    names: Mapping[str, Meaning] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameProblem:
    """A name that is not declared or a comparison that cannot hold; offsets count in the condition's text.

    `fix` is the text that was meant there, if one is near; `sure` if nothing else is as near.
    """

    slug: str
    message: str
    start: int
    end: int
    hint: str = ""
    fix: str | None = None
    sure: bool = True


def resolve(condition: Condition, vocabulary: Vocabulary) -> tuple[Condition, list[NameProblem]]:
    """The condition with its names bound, and what is wrong with them."""
    resolver = _Resolver(vocabulary)
    root = resolver.node(condition.root)
    if not resolver.problems:
        resolver.check_truth(root)
    return replace(condition, root=root), resolver.problems


_NUMBERS = frozenset({"number", "integer"})


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


class _Resolver:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[NameProblem] = []

    def problem(self, slug: str, message: str, node: Node, hint: str = "", fix: str | None = None) -> None:
        self.problems.append(NameProblem(slug, message, node.start, node.end, hint, fix))

    def node(self, node: Node) -> Node:
        match node:
            case And(items=items) | Or(items=items):
                return replace(node, items=tuple(self.node(item) for item in items))
            case Not(item=item):
                return replace(node, item=self.node(item))
            case Compare(left=left, right=right):
                return replace(node, left=self.node(left), right=self.node(right))
            case DaysSince(of=of):
                return replace(node, of=self.node(of))
            case Has(field=asked):
                self.field(asked)
            case Field():
                self.field(node)
            case Word():
                return self.word(node)
            case Dotted():
                return self.dotted(node)
            case _:
                pass
        return node

    def field(self, node: Field) -> None:
        known = self.vocabulary.fields.get(node.scope)
        if known is None or node.name in known:
            return
        near = nearest(node.name, known)
        hint = meant(node.name, known)
        if node.scope == "lead" and near is None:
            hint = "declare it under `lead_fields` in runner.yaml"
        elif node.scope == "vars" and near is None:
            hint = "set it under `vars:` in the sequence, or in every campaign that runs it"
        start = node.end - len(node.name)
        message = f"`{node.scope}` has no field `{node.name}`"
        sure = is_sure(node.name, known)
        self.problems.append(NameProblem("unknown-field", message, start, node.end, hint, near, sure))

    def word(self, node: Word) -> Node:
        names = self.vocabulary.names
        cuts = [place for place in range(len(node.name) - 1, 0, -1) if node.name[place] == "_"]
        owners = [node.name[:cut] for cut in cuts if node.name[:cut] in names]  # the longest first
        for name in owners:
            outcome = node.name[len(name) + 1 :]
            if names[name].accepts(outcome):
                meaning = names[name]
                return OutcomeIs(name, meaning.steps, outcome, meaning.meant(outcome), node.start, node.end)
        if owners and node.name not in names:
            self.unknown_outcome(node, owners[0])
        else:
            self.unknown_word(node)
        return node

    def unknown_outcome(self, node: Word, name: str) -> None:
        meaning = self.vocabulary.names[name]
        outcome = node.name[len(name) + 1 :]
        whole = nearest(node.name, (atom for atom in self._atoms() if not atom.startswith(name + "_")))
        if outcome in meaning.events:
            hint = f"`{outcome}` is an event: write `{name}.{outcome}`"
            fix: str | None = f"{name}.{outcome}"
        else:
            near = nearest(outcome, meaning.outcomes)
            fix = f"{name}_{near}" if near else whole
            hint = f"did you mean `{fix}`?" if fix else choices(meaning.outcomes)
        start = node.start + len(name) + 1
        if fix is not None and not fix.startswith(f"{name}_"):
            start = node.start
        message = f"`{name}` has no outcome `{outcome}`"
        text = fix[len(name) + 1 :] if fix is not None and start != node.start else fix
        sure = outcome in meaning.events or is_sure(outcome, meaning.outcomes)
        self.problems.append(NameProblem("unknown-outcome", message, start, node.end, hint, text, sure))

    def unknown_word(self, node: Word) -> None:
        names = self.vocabulary.names
        if node.name in names:
            outcomes = [f"`{node.name}_{outcome}`" for outcome in names[node.name].outcomes[:4]]
            message = f"`{node.name}` alone says nothing"
            self.problem("unknown-outcome", message, node, "say how it ended: " + ", ".join(outcomes))
            return
        near = self._meant_atom(node.name)
        if near is not None:
            message = f"no step or channel `{node.name}` with an outcome"
            hint, sure = f"did you mean `{near}`?", is_sure(node.name, self._atoms())
            self.problems.append(NameProblem("unknown-step", message, node.start, node.end, hint, near, sure))
            return
        for scope in SCOPES:
            if node.name in self.vocabulary.fields.get(scope, {}):
                fix = f"{scope}.{node.name}"
                message = f"`{node.name}` is neither a step nor a channel with an outcome"
                self.problem("unknown-field", message, node, f"did you mean `{fix}`?", fix)
                return
        hint = "write a step id or a channel and how it ended, like `email_failed`, or a field, like `lead.score`"
        self.problem("unknown-step", f"nothing is called `{node.name}`", node, hint)

    def _atoms(self) -> list[str]:
        return [f"{name}_{outcome}" for name, meaning in self.vocabulary.names.items() for outcome in meaning.outcomes]

    def _meant_atom(self, word: str) -> str | None:
        """The atom meant by a word; an outcome at its end is taken as written, and only the name may differ."""
        ends: dict[str, list[str]] = {}
        for name, meaning in self.vocabulary.names.items():
            for outcome in meaning.outcomes:
                if word.endswith(f"_{outcome}"):
                    ends.setdefault(outcome, []).append(name)
        if not ends:
            return nearest(word, self._atoms())
        outcome = max(ends, key=len)
        near = nearest(word.removesuffix(f"_{outcome}"), ends[outcome])
        return f"{near}_{outcome}" if near is not None else None

    def dotted(self, node: Dotted) -> Node:
        meaning = self.vocabulary.names.get(node.first)
        if meaning is None:
            known = [*self.vocabulary.names, *self.vocabulary.fields]
            near = nearest(node.first, known)
            end = node.start + len(node.first)
            message = f"nothing is called `{node.first}`"
            hint, sure = meant(node.first, known), is_sure(node.first, known)
            self.problems.append(NameProblem("unknown-step", message, node.start, end, hint, near, sure))
            return node
        if not meaning.open and node.second not in meaning.events:
            start = node.end - len(node.second)
            if node.second in meaning.outcomes:
                hint, fix = f"`{node.second}` is an outcome: write `{node.first}_{node.second}`", None
            else:
                near = nearest(node.second, meaning.events)
                hint, fix = meant(node.second, meaning.events) or "it has no events", near
            message = f"`{node.first}` has no event `{node.second}`"
            sure = is_sure(node.second, meaning.events)
            self.problems.append(NameProblem("unknown-event", message, start, node.end, hint, fix, sure))
            return node
        return EventSeen(node.first, meaning.steps, node.second, node.start, node.end)

    def type_of(self, node: Node) -> str:
        match node:
            case Literal(value=bool()):
                return "boolean"
            case Literal(value=str()):
                return "text"
            case Literal() | DaysSince():
                return "number"
            case ListOf():
                return "list"
            case Field(scope=scope, name=name):
                kind = self.vocabulary.fields.get(scope, {}).get(name, "any")
                return "number" if kind in _NUMBERS else kind
            case _:
                return "boolean"

    def check_truth(self, node: Node) -> None:
        """Say where something that is not true or false stands as if it were."""
        match node:
            case And(items=items) | Or(items=items):
                for item in items:
                    self.check_truth(item)
            case Not(item=item):
                self.check_truth(item)
            case Compare():
                self.check_comparison(node)
            case Literal(value=str()) | ListOf() | DaysSince():
                self.problem("bad-condition", f"a {self.type_of(node)} is neither true nor false", node,
                             "compare it with something")  # fmt: skip
            case Field() if self.type_of(node) not in ("boolean", "any"):
                message = f"`{node.text}` is a {self.type_of(node)}, neither true nor false"
                self.problem("bad-condition", message, node, f"write `has({node.text})`, or compare it")
            case _:
                pass

    def check_comparison(self, node: Compare) -> None:
        left, right = self.type_of(node.left), self.type_of(node.right)
        for side in (node.left, node.right):
            if isinstance(side, DaysSince):
                self.check_date(side)
        if "any" in (left, right):
            return
        if node.op in ("in", "not in"):
            if right not in ("list", "text") or (right == "text" and left != "text"):
                self.problem("bad-condition", f"nothing is `in` a {right}", node.right, 'write a list: ["a", "b"]')
            elif left == "list":
                self.problem("bad-condition", "the left side of `in` is one value, not a list", node.left)
            return
        if {left, right} == {"date", "text"}:
            left = right = "date"
            for side in (node.left, node.right):
                if isinstance(side, Literal) and not _is_date(str(side.value)):
                    self.problem("bad-condition", f"`{side.value}` is not a date", side, 'write it like "2027-01-31"')
        if left != right:
            self.problem("bad-condition", f"a {left} is never comparable with a {right}", node, self._unquote(node))
        elif node.op not in ("==", "!=") and left not in ("number", "date"):
            hint = 'list what you mean: in ["A", "B"]' if left == "text" else ""
            self.problem("bad-condition", f"`{node.op}` compares numbers and dates, not {left}", node, hint)
        elif left == "list":
            self.problem("bad-condition", "a list is compared with `in` only", node)

    def check_date(self, node: DaysSince) -> None:
        if isinstance(node.of, Field) and self.type_of(node.of) not in ("date", "text", "any"):
            self.problem("bad-condition", f"`{node.of.text}` is not a date", node.of)

    @staticmethod
    def _unquote(node: Compare) -> str:
        for side in (node.left, node.right):
            if isinstance(side, Literal) and isinstance(side.value, str) and side.value.replace(".", "", 1).isdigit():
                return f"write it without quotes: {side.value}"
        return ""
