"""Compile one account file: a channel config of channel_configs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.compile import registry, values
from runner.compile.checks import name_mismatch, unknown_holiday_calendar, unknown_timezone
from runner.compile.checks.shape import ShapeSubject
from runner.compile.schemas import FileKind, violations
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.form_limits import with_site_limit
from runner.model.linkedin_limits import with_defaults
from runner.model.rates import LimitSet

_OWN = frozenset({"version", "channel", "name", "description", "enabled", "limits", "ramp", "send_window", "timezone"})


def compile_account(
    source: Source, stem: str | None, root: Path | None = None
) -> tuple[ChannelConfig | None, list[Diagnostic]]:
    """The account a file describes, or what is wrong with the file. Files it names are taken from `root`."""
    found = [diagnostic for check in registry.SOURCE_CHECKS for diagnostic in check(source)]
    if source.data is None:
        return None, found
    broken = violations(source.data, FileKind.CHANNEL)
    subject = ShapeSubject(source, FileKind.CHANNEL, tuple(broken))
    found += [diagnostic for check in registry.SHAPE_CHECKS if broken for diagnostic in check(subject)]
    found += name_mismatch.in_file(source, stem)
    if isinstance(source.data, dict):
        found += unknown_timezone.in_mapping(source, source.data, frozenset())
        found += unknown_timezone.in_mapping(source, source.data.get("send_window"), unknown_timezone.OTHERS)
        found += unknown_holiday_calendar.in_window(source, source.data)
    return (None if broken else with_defaults(build_account(_located(source.data, root)))), found


def _located(data: dict[str, Any], root: Path | None) -> dict[str, Any]:
    """The same with whole paths of certificates, so that it does not matter from where a command was called."""
    servers = {name: data[name] for name in ("smtp", "imap") if isinstance(data.get(name), dict)}
    found = {name: block["ca_file"] for name, block in servers.items() if block.get("ca_file")}
    if root is None or not found:
        return data
    return data | {name: servers[name] | {"ca_file": str(root.absolute() / file)} for name, file in found.items()}


def build_account(data: dict[str, Any]) -> ChannelConfig:
    """The account of a file that fits its schema. Others hand settings over this way too, as an overlay does."""
    own = {key: values.settings(value) for key, value in data.items() if key not in _OWN and not key.startswith("x-")}
    return ChannelConfig(
        channel=ChannelType(data["channel"]),
        name=data["name"],
        enabled=data.get("enabled", True),
        limits=_limits(data),
        send_window=values.window(data.get("send_window")),
        timezone=data.get("timezone"),
        settings=own,
    )


def _limits(data: dict[str, Any]) -> LimitSet:
    """What the file limits; a site is written to once in a while even where the file says nothing."""
    limits = values.limit_set(data.get("limits"), data.get("ramp"))
    if data["channel"] != ChannelType.CONTACT_FORM.value:
        return limits
    per_domain = data.get("per_domain")
    return with_site_limit(limits, values.rate(per_domain) if per_domain else None)
