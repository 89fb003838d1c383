"""Sizes: a file and a function can be read in one go, or there is a written reason."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import tree

LONGEST_FILE = 500
MEDIAN_FILE = 130
LONGEST_FUNCTION = 40
MOST_POSITIONAL = 6

LONG_FILES: dict[str, str] = {}
"""Path -> why this one is longer."""
LONG_FUNCTIONS = {"runner/engine/decide.py _reported": "one case for each outcome; they are read together"}
"""Path and name -> why this one is longer."""


def ours(*folders: str, suffix: str = ".py") -> Iterator[Path]:
    """The files these rules are for: not data, and not migrations, which are written once and never edited."""
    for path in tree.files(*folders, suffix=suffix):
        if not {"data", "migrations"} & set(path.relative_to(tree.ROOT).parts):
            yield path


def test_no_file_is_longer_than_500_lines():
    too_long = {
        str(path.relative_to(tree.ROOT)): tree.lines(path)
        for suffix in (".py", ".yaml", ".js", ".html")
        for path in ours(suffix=suffix)
        if tree.lines(path) > LONGEST_FILE and str(path.relative_to(tree.ROOT)) not in LONG_FILES
    }
    assert not too_long


def test_the_median_module_is_short():
    sizes = [tree.lines(path) for path in ours("runner") if path.name != "__init__.py"]
    assert statistics.median(sizes) <= MEDIAN_FILE


def test_no_function_is_longer_than_40_lines():
    too_long = {}
    for path in ours("runner", "scripts"):
        for place, node in tree.functions(path):
            length = (node.end_lineno or node.lineno) - _first_line(node) + 1
            if length > LONGEST_FUNCTION and re.sub(r":\d+", "", place) not in LONG_FUNCTIONS:
                too_long[place] = length
    assert not too_long


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Where the code begins: a docstring is read once, not counted."""
    first = node.body[0]
    described = ast.get_docstring(node) is not None
    return (first.end_lineno or first.lineno) + 1 if described else node.lineno


def test_functions_take_few_positional_arguments():
    crowded = {}
    for path in ours("runner"):
        for place, node in tree.functions(path):
            names = [argument.arg for argument in node.args.posonlyargs + node.args.args]
            count = len([name for name in names if name not in ("self", "cls")])
            if count > MOST_POSITIONAL and not node.decorator_list:  # click hands a command's options by name
                crowded[place] = count
    assert not crowded


def test_no_class_has_more_than_one_base():
    crowded = []
    for path in ours("runner"):
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.ClassDef) and len(node.bases) > 1:
                crowded.append(f"{path.relative_to(tree.ROOT)}:{node.lineno} {node.name}")
    assert not crowded
