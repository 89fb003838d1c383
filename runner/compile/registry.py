"""The registry: every check, by the stage at which it runs."""

from __future__ import annotations

from types import ModuleType

from runner.compile.checks import (
    alias_bomb,
    always_true,
    ambiguous_id,
    bad_condition,
    bad_key,
    bad_value,
    bad_yaml,
    cycle,
    duplicate_key,
    empty_file,
    forbidden_tag,
    key_not_for_channel,
    linkedin_over_safe_limit,
    literal_secret,
    merge_key,
    missing_file,
    missing_key,
    missing_subject,
    missing_template,
    missing_unit,
    more_than_four_emails,
    name_mismatch,
    never_true,
    no_account,
    no_base_url,
    no_fallback,
    no_inbox_no_settle,
    no_postal_address,
    no_unsubscribe,
    not_always_before,
    not_utf8,
    note_too_long,
    one_kind_of_step,
    opened_is_unreliable,
    opt_out_unread,
    over_cap,
    several_documents,
    subject_too_long,
    tab_indent,
    template_syntax,
    too_deep,
    too_large,
    unknown_account,
    unknown_event,
    unknown_field,
    unknown_holiday_calendar,
    unknown_key,
    unknown_outcome,
    unknown_sequence,
    unknown_step,
    unknown_timezone,
    unreachable_step,
    unreadable_file,
    unsafe_html,
    unsafe_login,
    unused_template,
    window_never_open,
)  # fmt: skip

SOURCE: tuple[ModuleType, ...] = (
    unreadable_file, not_utf8, too_large, empty_file, bad_yaml, tab_indent, several_documents, too_deep, alias_bomb,
    forbidden_tag, merge_key, bad_key, duplicate_key,
)  # fmt: skip
"""What the reader refuses."""
SHAPE: tuple[ModuleType, ...] = (unknown_key, missing_key, missing_unit, literal_secret, bad_value)
"""What goes against the schema."""
NAMES: tuple[ModuleType, ...] = (
    one_kind_of_step, key_not_for_channel, ambiguous_id, missing_template, bad_condition, unknown_step,
    unknown_outcome, unknown_event, unknown_field, unknown_timezone, unknown_holiday_calendar, opened_is_unreliable,
)  # fmt: skip
"""Names and the parts of a sequence that do not go together."""
GRAPH: tuple[ModuleType, ...] = (
    cycle, unreachable_step, never_true, always_true, not_always_before, more_than_four_emails,
)  # fmt: skip
"""What only the whole graph shows."""
TEMPLATE: tuple[ModuleType, ...] = (template_syntax, no_fallback, missing_subject, subject_too_long, unsafe_html)
"""The texts."""
PROJECT: tuple[ModuleType, ...] = (
    unknown_sequence, unknown_account, no_account, unused_template, missing_file, no_unsubscribe, no_postal_address,
    no_base_url, opt_out_unread, unsafe_login, no_inbox_no_settle, linkedin_over_safe_limit, note_too_long, over_cap,
    window_never_open,
)  # fmt: skip
"""What takes several files to see."""
FILE: tuple[ModuleType, ...] = (name_mismatch,)
"""What concerns a file as a whole."""

CHECKS = (*SOURCE, *SHAPE, *FILE, *NAMES, *GRAPH, *TEMPLATE, *PROJECT)
"""Every check there is; each module has SLUG and a docstring that says what it finds."""

SOURCE_CHECKS = tuple(module.check for module in SOURCE)
SHAPE_CHECKS = tuple(module.check for module in SHAPE)
NAME_CHECKS = tuple(module.check for module in NAMES)
GRAPH_CHECKS = tuple(module.check for module in GRAPH)
TEMPLATE_CHECKS = (*(module.check for module in TEMPLATE), unknown_field.in_templates)
PROJECT_CHECKS = tuple(module.check for module in PROJECT)

HARMLESS_TO_GRAPH = frozenset({missing_template.SLUG, name_mismatch.SLUG, literal_secret.SLUG})
"""Errors that leave the graph meaning what its author meant."""
