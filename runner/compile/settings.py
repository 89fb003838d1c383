"""Compile runner.yaml: the project's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.compile import registry, values
from runner.compile.checks import unknown_timezone
from runner.compile.checks.shape import ShapeSubject
from runner.compile.schemas import FileKind, violations
from runner.compile.vocabulary import LEAD_FIELDS
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source
from runner.model.project import ContactPolicy, ProjectSettings

_CONTACT = ContactPolicy()
_DEFAULTS = ProjectSettings()


def compile_settings(source: Source) -> tuple[ProjectSettings, list[Diagnostic]]:
    """The settings a file describes, or the defaults together with what is wrong with it."""
    found = [diagnostic for check in registry.SOURCE_CHECKS for diagnostic in check(source)]
    if source.data is None:
        return _DEFAULTS, found
    broken = violations(source.data, FileKind.PROJECT)
    found += unknown_timezone.in_mapping(source, source.data, frozenset())
    if not broken:
        return build_settings(source.data), found
    subject = ShapeSubject(source, FileKind.PROJECT, tuple(broken))
    found += [diagnostic for check in registry.SHAPE_CHECKS for diagnostic in check(subject)]
    fields = source.data.get("lead_fields") if isinstance(source.data, dict) else None
    return ProjectSettings(lead_fields=_lead_fields(fields)), found


def build_settings(data: Mapping[str, Any]) -> ProjectSettings:
    """The settings of a file that fits its schema."""
    contact = data.get("contact", {})
    fields = data.get("lead_fields", {})
    return ProjectSettings(
        database=data.get("database", _DEFAULTS.database),
        timezone=data.get("timezone", _DEFAULTS.timezone),
        limits=values.limit_set(data.get("limits")),
        contact=ContactPolicy(
            min_between=values.elapsed(contact.get("min_between"), _CONTACT.min_between),
            one_active_enrollment=contact.get("one_active_enrollment", _CONTACT.one_active_enrollment),
            reopen_within=values.elapsed(contact.get("reopen_within"), _CONTACT.reopen_within),
            unknown_hold=values.elapsed(contact.get("unknown_hold"), _CONTACT.unknown_hold),
            inbox_max_age=values.elapsed(contact.get("inbox_max_age"), _CONTACT.inbox_max_age),
            auto_reply_hold=values.elapsed(contact.get("auto_reply_hold"), _CONTACT.auto_reply_hold),
            same_company_gap=values.elapsed(contact.get("same_company_gap"), _CONTACT.same_company_gap),
        ),
        lead_fields=_lead_fields(fields),
        policy=values.settings(data.get("policy", {})),
        web=values.settings(data.get("web", {})),
        required_fields=required_fields(fields),
    )


def _lead_fields(fields: Any) -> dict[str, str]:
    """Each custom field's type; a field in the long form without a type is a text. Standard fields have theirs."""
    found = {}
    for name, kind in fields.items() if isinstance(fields, dict) else ():
        given = kind.get("type", "text") if isinstance(kind, dict) else kind
        if name not in LEAD_FIELDS:
            found[str(name)] = given if isinstance(given, str) else "text"
    return found


def required_fields(fields: Mapping[str, Any]) -> frozenset[str]:
    """The fields that every lead of this project has."""
    return frozenset(name for name, kind in fields.items() if isinstance(kind, dict) and kind.get("required") is True)
