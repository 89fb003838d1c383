"""A project: everything the files of one folder say, compiled. What `serve` runs and `validate` proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig
from runner.model.graph import StepGraph
from runner.model.rates import LimitSet
from runner.model.sequence import SequenceConfig


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """Rules about a person over all campaigns.

    `same_company_gap`: between people of one company; 0: none. `auto_reply_hold`: how long an absence without a date
    holds.
    """

    min_between: timedelta = timedelta(hours=24)
    one_active_enrollment: bool = True
    reopen_within: timedelta = timedelta(days=7)
    unknown_hold: timedelta = timedelta(hours=24)
    inbox_max_age: timedelta = timedelta(minutes=15)
    same_company_gap: timedelta = timedelta(0)
    auto_reply_hold: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What runner.yaml says. `lead_fields` maps a custom field to its type: text, number, integer, boolean or date.

    `required_fields` are fields, standard ones too, that every lead has: templates need no fallback for them.
    """

    database: str = "sqlite:///runner.db"
    timezone: str = "UTC"
    limits: LimitSet = field(default_factory=LimitSet)
    contact: ContactPolicy = field(default_factory=ContactPolicy)
    lead_fields: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)
    web: Mapping[str, object] = field(default_factory=dict)
    required_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CompiledSequence:
    """A sequence with its graph, its YAML source, and the sources of its templates by name."""

    config: SequenceConfig
    graph: StepGraph
    source: str
    templates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Project:
    """The compiled project; `git_commit` is the commit its files stand at, when they are in a repository."""

    root: Path
    settings: ProjectSettings
    sequences: Mapping[str, CompiledSequence]
    channels: Mapping[str, ChannelConfig]
    campaigns: Mapping[str, Campaign]
    git_commit: str | None = None
