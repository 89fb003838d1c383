"""How short and how long a template can become: for limits that a channel sets on its messages.

What a variable can hold is an assumption, generous for names of people and companies; `truncate(n)` is certain.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import nodes

from runner.lang.template_syntax import parse
from runner.lang.templates import CONTEXT, Part

LONGEST_VALUES = {
    "first_name": 20, "last_name": 25, "company": 40, "title": 50, "name": 40, "email": 60, "address": 60,
    "phone": 20, "country": 2, "grade": 10, "score": 6, "timezone": 32, "website": 60, "linkedin_url": 80,
}  # fmt: skip
"""Characters we reckon with per field, about the 99th percentile of real lists; `LONGEST_VALUE` for all others."""

LONGEST_VALUE = 60
_LONGEST_NUMBER = 12
_ITEMS = 5
_SAME_LENGTH = frozenset({"upper", "lower", "title", "capitalize", "trim", "striptags"})
_NUMBERS = frozenset({"length", "count", "round", "int", "float", "abs", "wordcount"})


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most characters."""

    least: int
    most: int

    def __add__(self, other: Range) -> Range:
        return Range(self.least + other.least, self.most + other.most)

    def __or__(self, other: Range) -> Range:
        return Range(min(self.least, other.least), max(self.most, other.most))


_NOTHING = Range(0, 0)


def length_range(part: Part, name: str) -> Range:
    """The range of lengths of a text. Raises TemplateError where it is not in the template language."""
    tree = parse(part, name)
    total = _body(tree.body)
    loose = len(part.text) - len(part.text.strip())
    return Range(max(0, total.least - loose), max(0, total.most - loose))


def _body(body: list[nodes.Node]) -> Range:
    total = _NOTHING
    for node in body:
        total += _statement(node)
    return total


def _statement(node: nodes.Node) -> Range:
    match node:
        case nodes.Output(nodes=parts):
            total = _NOTHING
            for part in parts:
                total += _value(part)
            return total
        case nodes.If(body=body, elif_=elifs, else_=otherwise):
            found = _body(body) | _body(otherwise)
            for branch in elifs:
                found |= _body(branch.body)
            return found
        case nodes.For(body=body, else_=otherwise):
            once = _body(body)
            return Range(0, once.most * _ITEMS) | _body(otherwise)
        case _:
            return _NOTHING


def _value(node: nodes.Expr) -> Range:
    match node:
        case nodes.TemplateData(data=data):
            return Range(len(data), len(data))
        case nodes.Const(value=value):
            return Range(len(str(value)), len(str(value)))
        case nodes.Getattr(node=nodes.Name(name=scope), attr=attribute) if scope in CONTEXT:
            return Range(1, LONGEST_VALUES.get(attribute, LONGEST_VALUE))
        case nodes.Filter():
            return _filtered(node)
        case nodes.CondExpr(expr1=then, expr2=otherwise):
            return _value(then) | (_value(otherwise) if otherwise is not None else _NOTHING)
        case nodes.Concat(nodes=parts):
            total = _NOTHING
            for part in parts:
                total += _value(part)
            return total
        case nodes.Call(args=[first, *others]):
            picked = _value(first)
            for other in others:
                picked |= _value(other)
            return picked
        case nodes.Or(left=left, right=right) | nodes.And(left=left, right=right):
            return _value(left) | _value(right)
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div() | nodes.Neg():
            return Range(1, _LONGEST_NUMBER)
        case _:
            return Range(0, LONGEST_VALUE)


def _filtered(node: nodes.Filter) -> Range:
    inner = _value(node.node) if node.node is not None else _NOTHING
    if node.name in ("default", "d"):
        fallback = _value(node.args[0]) if node.args else _NOTHING
        return inner | fallback
    if node.name == "truncate":
        length = node.args[0] if node.args else next((pair.value for pair in node.kwargs if pair.key == "length"), None)
        limit = length.value if isinstance(length, nodes.Const) and isinstance(length.value, int) else 255
        return Range(min(inner.least, limit), min(inner.most, limit))
    if node.name in _SAME_LENGTH:
        return inner
    if node.name in _NUMBERS:
        return Range(1, _LONGEST_NUMBER)
    if node.name == "join":
        return Range(0, LONGEST_VALUE * _ITEMS)
    return Range(0, inner.most * 3 if node.name == "urlencode" else max(inner.most, LONGEST_VALUE))
