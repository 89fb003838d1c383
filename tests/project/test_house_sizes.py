"""Sizes: a file and a function can be read in one go, or there is a written reason."""

from __future__ import annotations

import ast
import statistics

import tree

LONGEST_FILE = 500
MEDIAN_FILE = 130
LONGEST_FUNCTION = 40
MOST_POSITIONAL = 5

LONG_FILES: dict[str, str] = {}
"""Path -> why this one is longer."""


def test_no_file_is_longer_than_500_lines():
    too_long = {
        str(path.relative_to(tree.ROOT)): tree.lines(path)
        for suffix in (".py", ".yaml", ".js", ".html")
        for path in tree.files(suffix=suffix)
        if tree.lines(path) > LONGEST_FILE
        and str(path.relative_to(tree.ROOT)) not in LONG_FILES
        and "data" not in path.relative_to(tree.ROOT).parts
    }
    assert not too_long


def test_the_median_module_is_short():
    sizes = [tree.lines(path) for path in tree.files("runner") if path.name != "__init__.py"]
    assert statistics.median(sizes) <= MEDIAN_FILE


def test_no_function_is_longer_than_40_lines():
    too_long = {}
    for path in tree.files("runner", "scripts"):
        for place, node in tree.functions(path):
            length = (node.end_lineno or node.lineno) - _first_line(node) + 1
            if length > LONGEST_FUNCTION:
                too_long[place] = length
    assert not too_long


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Where the code begins: a docstring is read once, not counted."""
    first = node.body[0]
    described = ast.get_docstring(node) is not None
    return (first.end_lineno or first.lineno) + 1 if described else node.lineno


def test_functions_take_few_positional_arguments():
    crowded = {}
    for path in tree.files("runner"):
        for place, node in tree.functions(path):
            names = [argument.arg for argument in node.args.posonlyargs + node.args.args]
            count = len([name for name in names if name not in ("self", "cls")])
            if count > MOST_POSITIONAL and not node.decorator_list:  # click hands a command's options by name
                crowded[place] = count
    assert not crowded


def test_no_class_has_more_than_one_base():
    crowded = []
    for path in tree.files("runner"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and len(node.bases) > 1:
                crowded.append(f"{path.relative_to(tree.ROOT)}:{node.lineno} {node.name}")
    assert not crowded
