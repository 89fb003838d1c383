"""Compile one campaign file of campaigns/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from runner.compile import registry, values
from runner.compile.checks import bad_condition, bad_value, name_mismatch, unknown_field, unknown_step
from runner.compile.checks.conditions import told
from runner.compile.checks.shape import ShapeSubject
from runner.compile.drafts import ConditionDraft, read_condition
from runner.compile.schemas import FileKind, violations
from runner.compile.vocabulary import LEAD_FIELDS
from runner.lang.conditions import Condition, Vocabulary
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Key, Source
from runner.model.campaign import Campaign, CampaignMode
from runner.model.channel import ChannelType


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign file as far as it can be understood; `campaign` is None if its shape or audience is broken."""

    source: Source
    broken: frozenset[tuple[Key, ...]]
    campaign: Campaign | None


def compile_campaign(
    source: Source, stem: str | None, lead_fields: Mapping[str, str]
) -> tuple[CampaignDraft | None, list[Diagnostic]]:
    """The campaign a file describes, or what is wrong with the file. Names of other files are checked elsewhere."""
    found = [diagnostic for check in registry.SOURCE_CHECKS for diagnostic in check(source)]
    if source.data is None:
        return None, found
    broken = violations(source.data, FileKind.CAMPAIGN)
    subject = ShapeSubject(source, FileKind.CAMPAIGN, tuple(broken))
    found += [diagnostic for check in registry.SHAPE_CHECKS if broken for diagnostic in check(subject)]
    if not isinstance(source.data, dict):
        return None, found
    found += name_mismatch.in_file(source, stem)
    vocabulary = Vocabulary({}, {"lead": {**LEAD_FIELDS, **lead_fields}, "campaign": {}, "vars": {}})
    audience = read_condition(source.data.get("audience"), vocabulary)
    if audience is not None:
        found += _audience(source, audience)
    found += [] if broken else bad_value.in_dates(source, ("starts_on", "ends_on"))
    whole = not broken and not any(diagnostic.is_error for diagnostic in found)
    paths = frozenset(violation.path for violation in broken)
    campaign = build_campaign(source.data, audience.condition if audience else None) if whole else None
    return CampaignDraft(source, paths, campaign), found


def _audience(source: Source, audience: ConditionDraft) -> list[Diagnostic]:
    path = ("audience",)
    found = list(bad_condition.in_condition(source, audience, path))
    for slug in (unknown_field.SLUG, unknown_step.SLUG):
        found += told(source, audience, slug, path)
    return found


def build_campaign(data: Mapping[str, Any], audience: Condition | None) -> Campaign:
    """The campaign of a file that fits its schema."""
    limits = data.get("limits", {})
    new_leads = limits.get("new_leads")
    return Campaign(
        name=data["name"],
        sequence=data["sequence"],
        audience=audience,
        accounts={ChannelType(channel): tuple(names) for channel, names in data.get("accounts", {}).items()},
        limits={ChannelType(key): values.limit_set(value) for key, value in limits.items() if key != "new_leads"},
        new_leads=values.rate(new_leads) if new_leads else None,
        starts_on=_date(data.get("starts_on")),
        ends_on=_date(data.get("ends_on")),
        priority=data.get("priority", 0),
        enabled=data.get("enabled", True),
        mode=CampaignMode(data.get("mode", "live")),
        vars=dict(data.get("vars", {})),
        health=dict(data.get("health", {})),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
