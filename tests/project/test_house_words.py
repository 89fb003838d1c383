"""Words: what may stand in the repository, and what may not."""

from __future__ import annotations

import ast
import re

import tree

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError|placeholder code")

# Assembled from parts, so that this file does not contain what it looks for.
PERSONAL = ["work/", "home/" + r"\w+/", "Users/", "root/"]
MACHINE_PATHS = re.compile(r"(?<![\w.-])/(" + "|".join(PERSONAL) + r")|\.\./" + "shared")
MAY_BE_EMPTY = re.compile(r" (__\w+__|close|abandon|log_message|emit|check)$")  # nothing to do is an answer there
INDEX_HOSTS = re.compile(r"pypi\." + r"org|files\.python" + r"hosted\.org|registry\.npm" + r"js\.org|/simple/\b")


def found(pattern: re.Pattern[str], *folders: str, skip: tuple[str, ...] = ()) -> list[str]:
    """Each line that matches, as `path:line: text`."""
    hits = []
    for path, text in tree.texts():
        name = path.relative_to(tree.ROOT)
        if (folders and name.parts[0] not in folders) or "data" in name.parts or str(name) in skip:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                hits.append(f"{name}:{number}: {line.strip()[:100]}")
    return hits


def test_nothing_in_the_package_is_unfinished():
    assert not found(UNFINISHED, "runner", "scripts", "benchmarks")


def test_no_function_of_the_package_is_empty():
    empty = []
    for path in tree.files("runner"):
        if "Protocol" in path.read_text(encoding="utf-8"):
            continue  # a port says what others do
        for place, node in tree.functions(path):
            body = [item for item in node.body if not _is_docstring(item)]
            if all(_is_nothing(item) for item in body) and not node.decorator_list:  # a click group has no body
                empty.append(place)
    assert not [place for place in empty if not MAY_BE_EMPTY.search(place)]


def test_modules_are_named_for_what_they_hold():
    vague = [str(path) for path in tree.files("runner", "tests", "scripts") if path.stem in VAGUE_NAMES]
    assert not vague


def test_the_repository_names_no_machine():
    assert not found(MACHINE_PATHS)


def test_the_repository_names_no_package_index():
    assert not found(INDEX_HOSTS)


def test_every_module_says_what_it_is_for():
    silent = []
    for path in tree.files("runner", "tests", "scripts", "benchmarks"):
        text = path.read_text(encoding="utf-8")
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(tree.ROOT)))
    assert not silent


def _is_docstring(item: object) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)


def _is_nothing(item: object) -> bool:
    return isinstance(item, ast.Pass) or (
        isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and item.value.value is ...
    )
