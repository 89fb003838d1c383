"""Which part of Jinja2 the template language is, checked on the syntax tree before anything is compiled.

What is not on a list here is refused: no calls but `pick(...)`, no loops but over a list of the lead, no assignment,
macro, include or string arithmetic, and no attribute but of the four scopes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from runner.lang.sandbox import FILTERS, TESTS, environment
from runner.lang.suggest import meant
from runner.lang.templates import CONTEXT, Part, TemplateError, Use

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.Const, nodes.If,
    nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Test, nodes.Concat, nodes.Add,
    nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg, nodes.List,
)  # fmt: skip
_DEEPEST = 60
_TAG_LINE = re.compile(
    r"^[ \t]*(\{%(?:(?!%\}).)*?(?=-?%\})|\{#(?:(?!#\}).)*?(?=-?#\}))(-?[%#]\})[ \t]*\n", re.MULTILINE | re.DOTALL
)


def parse(part: Part, name: str) -> nodes.Template:
    """The syntax tree of a text, with only what the language has. Raises TemplateError."""
    try:
        tree = environment().parse(_without_tag_lines(part.text), name)
    except TemplateSyntaxError as error:
        message, line = _plainer(error, part.text)
        raise TemplateError(message, template=name, line=part.line + line - 1) from None
    except RecursionError:
        raise TemplateError("the template nests too deeply", template=name, line=part.line) from None
    _Admission(part, name).admit(tree)
    return tree


def _without_tag_lines(text: str) -> str:
    """A line that holds only a tag leaves no empty line: its line break moves into the tag, and lines still count."""
    return _TAG_LINE.sub(r"\1\n\2", text)


_TAG = re.compile(r"\{%-?\s*(end)?(if|for)\b")


def _plainer(error: TemplateSyntaxError, text: str) -> tuple[str, int]:
    """Jinja's message in our words, and the line that it is about."""
    message = (error.message or "this is not a template").rstrip(".")
    if message.lower().startswith("unexpected end of template"):
        tag, line = _unclosed(text)
        return (f"`{{% {tag} %}}` is never closed", line) if tag else ("a `{{` or `{%` is never closed", error.lineno)
    known = {"Encountered unknown tag": "there is no tag", "No filter named": "there is no filter"}
    for theirs, ours in known.items():
        if message.startswith(theirs):
            quoted = message.removeprefix(theirs).partition(". ")[0].replace("'", "`")
            return ours + quoted, error.lineno
    return message[0].lower() + message[1:], error.lineno


def _unclosed(text: str) -> tuple[str, int]:
    """The innermost block that is open at the end, and its line."""
    opened: list[tuple[str, int]] = []
    for match in _TAG.finditer(text):
        if not match[1]:
            opened.append((match[2], text.count("\n", 0, match.start()) + 1))
        elif opened:
            opened.pop()
    return opened[-1] if opened else ("", 1)


class _Admission:
    """Walks a tree and raises TemplateError at the first node that the language does not have."""

    def __init__(self, part: Part, name: str) -> None:
        self.part, self.name = part, name

    def admit(self, tree: nodes.Node) -> None:
        todo: list[tuple[nodes.Node, int, frozenset[str]]] = [(tree, 0, frozenset())]
        while todo:
            node, depth, loop_names = todo.pop()
            if depth > _DEEPEST:
                raise self.refuse(node, "the template nests too deeply")
            match node:
                case nodes.Getattr(node=nodes.Name(name=scope)) if scope in CONTEXT:
                    continue
                case nodes.For():
                    todo.extend((child, depth + 1, loop_names) for child in [self.loop_source(node), *node.else_])
                    names = loop_names | {cast(nodes.Name, node.target).name}
                    todo.extend((child, depth + 1, names) for child in node.body)
                    continue
                case nodes.Call():
                    todo.extend((argument, depth + 1, loop_names) for argument in self.pick_arguments(node))
                    continue
                case nodes.Getitem(node=inner, arg=nodes.Const(value=int())):
                    todo.append((inner, depth + 1, loop_names))
                    continue
                case nodes.Name(name=variable):
                    if variable not in loop_names:
                        raise self.unknown_name(node, variable)
                case _:
                    self.single(node)
            todo.extend((child, depth + 1, loop_names) for child in reversed(list(node.iter_child_nodes())))

    def refuse(self, node: nodes.Node, message: str, hint: str = "") -> TemplateError:
        return TemplateError(message, template=self.name, line=self.part.line + (node.lineno or 1) - 1, hint=hint)

    def single(self, node: nodes.Node) -> None:
        match node:
            case nodes.Filter(name=filter_) if filter_ not in FILTERS:
                raise self.refuse(node, f"there is no filter `{filter_}`", meant(filter_, FILTERS))
            case nodes.Test(name=test) if test not in TESTS:
                raise self.refuse(node, f"there is no test `{test}`", meant(test, TESTS))
            case nodes.Getattr(node=nodes.Name(name=scope)):
                raise self.unknown_name(node, scope)
            case nodes.Getattr(attr=attribute):
                raise self.refuse(node, f"`.{attribute}` is not available", "only `lead.`, `campaign.`, `vars.` and "
                                  "`sender.` have names in them")  # fmt: skip
            case nodes.Getitem():
                raise self.refuse(node, "`[...]` takes the number of a list's item", "write `lead.name`")
            case _ if not isinstance(node, _ALLOWED):
                what = type(node).__name__.lower()
                raise self.refuse(node, f"`{what}` is not part of the template language")

    def loop_source(self, node: nodes.For) -> nodes.Node:
        plain = isinstance(node.target, nodes.Name) and not node.recursive and node.test is None
        source = node.iter
        if plain and isinstance(source, nodes.Getattr) and isinstance(source.node, nodes.Name):
            return source
        raise self.refuse(node, "a loop goes over a list of the lead only", "like `{% for tag in lead.tags %}`")

    def pick_arguments(self, node: nodes.Call) -> list[nodes.Expr]:
        called = node.node
        if not isinstance(called, nodes.Name) or called.name != "pick":
            hint = "use a filter, like `{{ lead.company | upper }}`"
            raise self.refuse(node, "only `pick(...)` can be called", hint)
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None or not node.args:
            raise self.refuse(node, "`pick` takes the texts to choose from", 'write `pick("Hi", "Hello")`')
        return node.args

    def unknown_name(self, node: nodes.Node, name: str) -> TemplateError:
        if name in CONTEXT:
            return self.refuse(node, f"`{name}` alone is not a text", f"write `{name}.` and the name of a value")
        hint = meant(name, CONTEXT)
        if not hint.startswith("did you mean"):
            hint = f"write `lead.{name}`, or a name under `campaign.`, `vars.` or `sender.`"
        return self.refuse(node, f"there is no `{name}`", hint)


def uses(part: Part, name: str) -> Iterator[Use]:
    """Every `scope.name` a text reads, in order, and whether a missing value is provided for. Raises TemplateError."""
    todo: list[tuple[nodes.Node, frozenset[str], bool]] = [(parse(part, name), frozenset(), False)]
    while todo:
        node, known, asked = todo.pop()
        match node:
            case nodes.Getattr(node=nodes.Name(name=scope), attr=attribute):
                guarded = asked or f"{scope}.{attribute}" in known
                yield Use(scope, attribute, part.line + node.lineno - 1, guarded)
            case nodes.If(test=test, body=body, elif_=elifs, else_=otherwise):
                after = [*elifs, *otherwise]
                todo.extend((child, known | _present(test, holds=False), False) for child in reversed(after))
                todo.extend((child, known | _present(test, holds=True), False) for child in reversed(body))
                todo.append((test, known, True))
            case nodes.CondExpr(test=test, expr1=then, expr2=otherwise):
                if otherwise is not None:
                    todo.append((otherwise, known | _present(test, holds=False), False))
                todo.append((then, known | _present(test, holds=True), False))
                todo.append((test, known, True))
            case nodes.Filter(name="default" | "d", node=inner, args=arguments) if inner is not None:
                todo.extend((argument, known, False) for argument in arguments)
                todo.append((inner, known, isinstance(inner, nodes.Getattr)))
            case nodes.Test(name="defined" | "undefined", node=inner):
                todo.append((inner, known, True))
            case nodes.And(left=left, right=right):
                todo.append((right, known | _present(left, holds=True), asked))
                todo.append((left, known, asked))
            case nodes.Or() | nodes.Not():
                todo.extend((child, known, asked) for child in reversed(list(node.iter_child_nodes())))
            case _:
                todo.extend((child, known, False) for child in reversed(list(node.iter_child_nodes())))


def _present(test: nodes.Node, *, holds: bool) -> frozenset[str]:
    """The names that surely have a value when `test` holds, or when it does not."""
    match test:
        case nodes.Getattr(node=nodes.Name(name=scope), attr=attribute) if holds:
            return frozenset({f"{scope}.{attribute}"})
        case nodes.Test(name="defined", node=inner) if holds:
            return _present(inner, holds=True)
        case nodes.Test(name="undefined", node=inner) if not holds:
            return _present(inner, holds=True)
        case nodes.Not(node=inner):
            return _present(inner, holds=not holds)
        case nodes.And(left=left, right=right) if holds:
            return _present(left, holds=True) | _present(right, holds=True)
        case nodes.Or(left=left, right=right) if not holds:
            return _present(left, holds=False) | _present(right, holds=False)
        case _:
            return frozenset()
