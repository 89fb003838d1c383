"""The registry: every check, by the stage at which it runs."""

from __future__ import annotations

from types import ModuleType

from runner.compile.checks import (
    alias_bomb,
    ambiguous_id,
    bad_condition,
    bad_key,
    bad_value,
    bad_yaml,
    duplicate_key,
    empty_file,
    forbidden_tag,
    key_not_for_channel,
    literal_secret,
    merge_key,
    missing_key,
    missing_template,
    missing_unit,
    name_mismatch,
    not_utf8,
    one_kind_of_step,
    several_documents,
    tab_indent,
    too_deep,
    too_large,
    unknown_event,
    unknown_field,
    unknown_key,
    unknown_outcome,
    unknown_step,
    unreadable_file,
)  # fmt: skip

SOURCE: tuple[ModuleType, ...] = (
    unreadable_file, not_utf8, too_large, empty_file, bad_yaml, tab_indent, several_documents, too_deep, alias_bomb,
    forbidden_tag, merge_key, bad_key, duplicate_key,
)  # fmt: skip
SHAPE: tuple[ModuleType, ...] = (unknown_key, missing_key, missing_unit, literal_secret, bad_value)
NAMES: tuple[ModuleType, ...] = (
    one_kind_of_step, key_not_for_channel, ambiguous_id, missing_template, bad_condition, unknown_step,
    unknown_outcome, unknown_event, unknown_field,
)  # fmt: skip
GRAPH: tuple[ModuleType, ...] = ()
TEMPLATE: tuple[ModuleType, ...] = ()
PROJECT: tuple[ModuleType, ...] = ()
OTHER: tuple[ModuleType, ...] = (name_mismatch,)

CHECKS = (*SOURCE, *SHAPE, *NAMES, *GRAPH, *TEMPLATE, *PROJECT, *OTHER)
"""Every check there is; each module has SLUG and a docstring that says what it finds."""

SOURCE_CHECKS = tuple(module.check for module in SOURCE)
SHAPE_CHECKS = tuple(module.check for module in SHAPE)
NAME_CHECKS = tuple(module.check for module in NAMES)
GRAPH_CHECKS = tuple(module.check for module in GRAPH)
TEMPLATE_CHECKS = tuple(module.check for module in TEMPLATE)
PROJECT_CHECKS = tuple(module.check for module in PROJECT)

HARMLESS_TO_GRAPH = frozenset({missing_template.SLUG, name_mismatch.SLUG, literal_secret.SLUG})
"""Errors that leave the graph meaning what its author meant."""
