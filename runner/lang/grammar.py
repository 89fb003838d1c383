"""The condition language: `if email_failed and lead.score > 3`, parsed with positions.

    condition  = ["if"] or
    or         = and {"or" and}
    and        = not {"and" not}
    not        = "not" not | comparison
    comparison = value [("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in") value]
    value      = "(" or ")" | "has(" name ")" | "days_since(" name ")" | list | literal | name ["." name]

The parser is by hand: it knows no names (see `resolution`), costs a few microseconds a token, and says what it
expected. `evaluation` computes three-valued truth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from runner.lang.nodes import And, Compare, DaysSince, Dotted, Field, Has, ListOf, Literal, Node, Not, Or, Word, asking

SCOPES = ("lead", "campaign", "vars")
KEYWORDS = frozenset({"if", "and", "or", "not", "in", "has", "days_since", "true", "false"})
RESERVED = KEYWORDS | frozenset(SCOPES) | {"end"}
"""Words that no step may be called."""

LONGEST = 2_000
DEEPEST = 40

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*) | (?P<number>-?\d+(?:\.\d+)?(?![\w.])) | (?P<text>"[^"]*"|'[^']*')
    | (?P<op>==|!=|<=|>=|<|>) | (?P<mark>[().,\[\]]) | (?P<end>$) | (?P<bad>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: its text as written, its expression tree, and those parts of it that ask for something.

    The parts, each once with its text, are what a trace shows of every person who comes by.
    """

    text: str
    root: Node
    asked: tuple[tuple[str, Node], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, Node] = {}
        for node in asking(self.root):
            found.setdefault(self.text[node.start : node.end], node)
        object.__setattr__(self, "asked", tuple(found.items()))


class ConditionError(ValueError):
    """The text is not a condition; `start` and `end` are offsets into it, `help` says what to write instead."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.start, self.end, self.hint = start, max(end, start + 1), hint


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


_INSTEAD = {
    "=": "write `==` to compare", "&": "write `and`", "|": "write `or`", "!": "write `not`",
    "+": "there is no arithmetic in conditions", "*": "there is no arithmetic in conditions",
    "/": "there is no arithmetic in conditions", "-": "names have underscores, not dashes",
    "{": "write the name alone, without braces", "$": "write the name alone",
}  # fmt: skip


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None and match.lastgroup is not None
        kind = match.lastgroup
        start, position = match.span(kind)
        if kind == "bad":
            char = match[kind]
            if char in "\"'":
                raise ConditionError("this text has no closing quote", start, len(text))
            hint = _INSTEAD.get(char, "")
            raise ConditionError(f"`{char}` has no meaning in a condition", start, start + 1, hint)
        tokens.append(_Token(kind, match[kind], start, position))
        if kind == "end":
            return tokens


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def word(self, *words: str) -> bool:
        """Take one of these words or marks, if it is next."""
        if self.token.text in words and self.token.kind != "text":
            self.index += 1
            return True
        return False

    def expected(self, what: str) -> ConditionError:
        token = self.token
        got = f"`{token.text}`" if token.text else "the condition ends"
        message = f"expected {what}, got {got}" if token.text else f"expected {what}, but {got} here"
        return ConditionError(message, token.start, token.end)

    def whole(self) -> Node:
        self.word("if")
        if self.token.kind == "end":
            raise ConditionError("the condition is empty", 0, 1)
        node = self.either()
        if self.token.kind != "end":
            raise self.expected("`and`, `or` or the end")
        return node

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConditionError("too many nested parentheses", self.token.start, self.token.end)
        items = [self.both()]
        while self.word("or"):
            items.append(self.both())
        self.depth -= 1
        return items[0] if len(items) == 1 else Or(tuple(items), items[0].start, items[-1].end)

    def both(self) -> Node:
        items = [self.negation()]
        while self.word("and"):
            items.append(self.negation())
        return items[0] if len(items) == 1 else And(tuple(items), items[0].start, items[-1].end)

    def negation(self) -> Node:
        starts = []
        while self.token.text == "not" and self.token.kind == "name":
            starts.append(self.token.start)
            self.index += 1
        if len(starts) > DEEPEST:
            raise ConditionError("too many `not`", starts[0], self.token.start)
        node = self.comparison()
        for start in reversed(starts):
            node = Not(node, start, node.end)
        return node

    def comparison(self) -> Node:
        left = self.value()
        token = self.token
        op = token.text
        if token.kind == "op" and op in _COMPARISONS:
            self.index += 1
        elif op == "not" and self.tokens[self.index + 1].text == "in":
            self.index += 2
            op = "not in"
        elif op == "in" and token.kind == "name":
            self.index += 1
        else:
            return left
        right = self.value()
        if self.token.kind == "op":
            raise ConditionError("comparisons do not chain", self.token.start, self.token.end, "join two with `and`")
        return Compare(op, left, right, left.start, right.end)

    def value(self) -> Node:
        token = self.token
        if token.kind == "mark" and token.text == "(":
            return self.parenthesis()
        if token.kind == "mark" and token.text == "[":
            return self.listing()
        if token.kind in ("number", "text") or token.text in ("true", "false"):
            return self.literal()
        if token.kind != "name" or token.text in ("and", "or", "in", "if", "not"):
            raise self.expected("a name or a value")
        self.index += 1
        if token.text in ("has", "days_since") and self.token.text == "(":
            return self.call(token)
        if self.token.text == "(" and self.token.kind == "mark":
            hint = "there are only has(x) and days_since(x)"
            raise ConditionError(f"there is no function `{token.text}`", token.start, token.end, hint)
        return self.dotted(token)

    def dotted(self, first: _Token) -> Field | Word | Dotted:
        if not self.word("."):
            return Word(first.text, first.start, first.end)
        second = self.token
        if second.kind != "name":
            raise self.expected(f"a name after `{first.text}.`")
        self.index += 1
        if first.text in SCOPES:
            return Field(first.text, second.text, first.start, second.end)
        return Dotted(first.text, second.text, first.start, second.end)

    def call(self, function: _Token) -> Node:
        self.index += 1
        name = self.token
        if name.kind != "name" or name.text in KEYWORDS:
            raise self.expected(f"a name inside `{function.text}(...)`")
        self.index += 1
        inner = self.dotted(name)
        close = self.token
        if not self.word(")"):
            raise self.expected("`)`")
        if function.text == "days_since":
            return DaysSince(inner, function.start, close.end)
        if not isinstance(inner, Field):
            message = "`has` asks for a field of the lead, the campaign or the variables"
            raise ConditionError(message, inner.start, inner.end, "write it like `has(lead.company)`")
        return Has(inner, function.start, close.end)

    def parenthesis(self) -> Node:
        opening = self.token
        self.index += 1
        if self.token.kind in ("text", "number") and self.tokens[self.index + 1].text in (",", ")"):
            self.index -= 1
            return self.listing(")")
        node = self.either()
        if not self.word(")"):
            raise ConditionError("this parenthesis is never closed", opening.start, opening.end)
        return node

    def listing(self, closing: str = "]") -> ListOf:
        start = self.token.start
        self.index += 1
        items = [self.literal()]
        while self.word(",") and self.token.text != closing:
            items.append(self.literal())
        end = self.token.end
        if not self.word(closing):
            raise self.expected(f"`,` or `{closing}`")
        return ListOf(tuple(items), start, end)

    def literal(self) -> Literal:
        token = self.token
        value: str | int | float | bool
        if token.kind == "text":
            value = token.text[1:-1]
        elif token.kind == "number":
            value = float(token.text) if "." in token.text else int(token.text[:18])
        elif token.text in ("true", "false"):
            value = token.text == "true"
        else:
            raise self.expected("a text or a number")
        self.index += 1
        return Literal(value, token.start, token.end)


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """Parse a condition; its names are not resolved yet.

    Raises ConditionError, with the place in the text, when it is not one.
    """
    if len(text) > LONGEST:
        raise ConditionError(f"a condition has at most {LONGEST} characters", LONGEST, len(text))
    return Condition(text, _Parser(text).whole())
