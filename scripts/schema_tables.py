"""docs/files.md: every key of every kind of file, as tables made from the JSON Schemas.

A definition that several keys share (limits, windows, secrets) has a table of its own, and the keys point to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
Schema = dict[str, Any]

OPENING = """# Files

Written by `make docs` from the JSON Schemas in `schemas/`, which editors use too.
Keys that begin with `x-` are free, at the top of any file but a channel config: a place for YAML anchors.
"""
KINDS = {
    "project": ("runner.yaml", "The project's settings."),
    "sequence": ("sequences/NAME.yaml", "One sequence."),
    "campaign": ("campaigns/NAME.yaml", "One campaign."),
    "channel": ("channel_configs/NAME.yaml", "One account of one channel."),
}
PARTS = {"limits", "rate", "rate_set", "window", "secret", "retry", "variant", "step", "oauth"}
"""Definitions that are objects worth a table of their own."""
TITLES = {"rate": "A limit", "rate_set": "A set of limits", "secret": "A secret", "oauth": "OAuth", "step": "A step"}


def files_page() -> str:
    """The whole page."""
    schemas = {kind: json.loads((SCHEMAS / f"{kind}.schema.json").read_text()) for kind in KINDS}
    parts = [OPENING]
    for kind, (name, what) in KINDS.items():
        schema = schemas[kind]
        parts.append(f"## {name}\n\n{what}\n\n{table(schema['properties'], schema)}")
        for branch in schema.get("allOf", ()):
            own = _own_keys(branch, schema)
            if own:
                title = branch["if"]["properties"]["channel"]["const"]
                parts.append(f"### Only for {title}\n\n{table(own, schema)}")
    parts.extend(_shared(schemas))
    return "\n".join(parts)


def table(properties: Schema, schema: Schema) -> str:
    """One table of keys; keys inside keys are written with dots."""
    lines = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for key, node in _flat(properties, schema):
        meaning = node.get("markdownDescription") or node.get("description", "")
        default = f"`{_text(node['default'])}`" if "default" in node else ""
        lines.append(f"| `{key}` | {_value(node)} | {default} | {_escaped(meaning)} |")
    return "\n".join(lines) + "\n"


def _shared(schemas: dict[str, Schema]) -> Iterator[str]:
    seen: set[str] = set()
    for schema in schemas.values():
        for name, node in schema.get("$defs", {}).items():
            if name in PARTS and name not in seen:
                seen.add(name)
                meaning = _escaped(node["markdownDescription"])
                yield f"## {_title(name)}\n\n{meaning}\n\n{table(node['properties'], schema)}"


def _own_keys(branch: Schema, schema: Schema) -> Schema:
    node = schema["$defs"][branch["then"]["$ref"].rpartition("/")[2]]
    return {key: value for key, value in node["properties"].items() if isinstance(value, dict)}


def _flat(properties: Schema, schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    for key, raw in properties.items():
        node = _resolved(raw, schema)
        inner, path = node, f"{prefix}{key}."
        if node.get("type") == "array":
            inner, path = _resolved(node.get("items", {}), schema), f"{prefix}{key}[]."
        yield prefix + key, node | ({"each": inner["part"]} if "part" in inner and inner is not node else {})
        if "properties" in inner and inner.get("part") is None:
            yield from _flat(inner["properties"], schema, path)


def _resolved(node: Schema, schema: Schema) -> Schema:
    """A node with what it refers to, its own words first; `part` names a shared definition."""
    if "$ref" not in node:
        return node
    name = node["$ref"].rpartition("/")[2]
    found = _resolved(schema["$defs"][name], schema) | {key: value for key, value in node.items() if key != "$ref"}
    return found | {"part": name} if name in PARTS else found


def _value(node: Schema) -> str:
    if part := node.get("part") or node.get("each"):
        link = f"[{_title(part)}](#{_title(part).lower().replace(' ', '-')})"
        return f"list of {link}" if "each" in node else link
    if "enum" in node:
        return " ".join(f"`{_text(value)}`" for value in node["enum"])
    if "const" in node:
        return f"`{_text(node['const'])}`"
    if node.get("type") == "array":
        return "list"
    examples = [_text(value) for value in node.get("examples", ()) if not isinstance(value, dict | list)]
    if examples:
        shown = ", ".join(f"`{_escaped(value)}`" for value in examples[:2])
        return f"{node.get('x-kind', '')} such as {shown}".lstrip()
    kinds = node.get("type", "")
    return " or ".join(kinds) if isinstance(kinds, list) else {"object": "map"}.get(kinds, kinds)


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
