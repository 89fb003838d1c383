"""How a template runs without reaching anything: lookups in four scopes, plain values, bounded sizes.

What may stand in a template at all is decided before, in `template_syntax`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from types import TracebackType
from typing import Any

from jinja2 import StrictUndefined
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runner.lang.templates import CONTEXT, MAX_OUTPUT, Part, TemplateError

FILTERS = frozenset({
    "default", "d", "upper", "lower", "title", "capitalize", "trim", "first", "last", "join", "length", "count",
    "truncate", "round", "int", "float", "abs", "wordcount", "urlencode", "striptags", "sort", "unique",
})  # fmt: skip
TESTS = frozenset({"defined", "undefined", "none", "in", "eq", "ne", "lt", "gt", "le", "ge", "odd", "even"})
_LONGEST_LIST = 200
_LARGEST = 1e12


class Scope:
    """The values of one scope, plain ones only, with its name for messages."""

    __slots__ = ("_values", "label")

    def __init__(self, label: str, values: Mapping[str, object]) -> None:
        self.label = label
        self._values = values

    def get(self, name: str) -> object:
        """A text, a number or a list of these; None where there is no value. Most templates ask for one or two."""
        value = self._values.get(name)
        if isinstance(value, str | int | float):
            return value if value != "" else None
        if isinstance(value, list | tuple):
            return [item for item in value if isinstance(item, str | int | float)][:_LONGEST_LIST]
        return None


class _Missing(StrictUndefined):
    """A name without a value: an error when used, but false in `{% if lead.company %}`."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["+", "-", "*", "/"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A value of a scope; nothing else has attributes here."""
        if isinstance(obj, Scope):
            value = obj.get(attribute)
            return self.undefined(name=f"{obj.label}.{attribute}") if value is None else value
        return obj if isinstance(obj, Undefined) else self.undefined(name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item of a list by its number."""
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return obj if isinstance(obj, Undefined) else self.undefined(name=f"item {argument}")

    def is_safe_callable(self, obj: Any) -> bool:
        """Only `pick`."""
        return isinstance(obj, _Pick)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers of a sane size; text is never multiplied or added."""
        for side in (left, right):
            if isinstance(side, bool) or not isinstance(side, int | float) or abs(side) > _LARGEST:
                raise SecurityError(f"`{operator}` computes with numbers only")
        return super().call_binop(context, operator, left, right)


class _Pick:
    """`pick("a", "b")`: one of its arguments, decided by the seed, the arguments and how often they were asked."""

    __slots__ = ("asked", "seed")

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.asked: dict[tuple[object, ...], int] = {}

    def __call__(self, *options: object) -> object:
        turn = self.asked[options] = self.asked.get(options, 0) + 1
        text = "\0".join([self.seed, str(turn), *map(str, options)])
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
        return options[int.from_bytes(digest, "big") % len(options)]


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The one environment: no globals, no loader, the filters and tests of the lists above."""
    sandbox = _Sandbox(undefined=_Missing, autoescape=False, keep_trailing_newline=True, cache_size=0)
    sandbox.globals.clear()
    sandbox.filters = {name: filter_ for name, filter_ in sandbox.filters.items() if name in FILTERS}
    sandbox.tests = {name: test for name, test in sandbox.tests.items() if name in TESTS}
    sandbox.policies["truncate.leeway"] = 0  # `truncate(20)` means 20, so that the longest text can be foretold
    return sandbox


@lru_cache(maxsize=8192)
def _compiled(part: Part, name: str) -> Compiled:
    from runner.lang.template_syntax import parse

    tree = parse(part, name)
    try:
        return environment().from_string(tree)
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateError("the template nests too deeply", template=name, line=part.line) from None


def scopes(values: Mapping[str, Mapping[str, object]]) -> dict[str, Scope]:
    """The scopes as templates see them."""
    return {scope: Scope(scope, values.get(scope, {})) for scope in CONTEXT}


def fill(part: Part, name: str, context: Mapping[str, Scope], seed: str) -> str:
    """One text, filled in. Raises TemplateError."""
    compiled = _compiled(part, name)
    pieces: list[str] = []
    size = 0
    try:
        for piece in compiled.root_render_func(compiled.new_context({**context, "pick": _Pick(seed)})):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise TemplateError("the text grows too long", template=name, line=part.line)
            pieces.append(piece)
    except UndefinedError as error:
        raise _missing(error, compiled, part, name) from None
    except (SecurityError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        line = _line_of(error.__traceback__, compiled, part)
        raise TemplateError(f"this cannot be computed: {error}", template=name, line=line) from None
    return "".join(pieces)


def _missing(error: UndefinedError, compiled: Compiled, part: Part, name: str) -> TemplateError:
    text = str(error.message or "")
    variable = text.split("'")[1] if "'" in text else "a name"
    line = _line_of(error.__traceback__, compiled, part)
    hint = f'write `{{{{ {variable} | default("...") }}}}`, or ask with `{{% if {variable} %}}`'
    return TemplateError(f"`{variable}` has no value", template=name, line=line, variable=variable, hint=hint)


def _line_of(traceback: TracebackType | None, compiled: Compiled, part: Part) -> int:
    """The template's line at which an exception came up: the innermost frame of the compiled code knows it."""
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = compiled.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return part.line + line - 1
