"""Accounts for people: how each one is, and what is wrong with its file or secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from runner.engine.ports import Channel
from runner.errors import MissingSecret
from runner.model.channel import ChannelType, SecretRef
from runner.model.project import Project
from runner.secrets import Secret
from runner.store.tables import channel_configs, reservations


def account_rows(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Every account with its health and what it sent in the last 24 hours."""
    rows = []
    for row in connection.execute(select(channel_configs).order_by(channel_configs.c.key)):
        scope = reservations.c.scope == f"account:{row.key}"
        sent = select(func.count(reservations.c.attempt_id.distinct())).where(
            scope, (reservations.c.finished_at.is_(None)) | (reservations.c.finished_at > now - timedelta(days=1))
        )
        rows.append(
            {"account": row.key, "enabled": row.enabled, "health": row.health, "reason": row.health_reason,
             "failures": row.failures, "retry_at": row.retry_at.isoformat() if row.retry_at else None,
             "sent_24h": connection.execute(sent).scalar_one()}
        )  # fmt: skip
    return rows


def check_accounts(
    project: Project, channels: Mapping[ChannelType, Channel], secrets: Callable[[SecretRef], Secret]
) -> list[dict[str, Any]]:
    """One row for each thing wrong with an account, or one that says it is fine."""
    rows: list[dict[str, Any]] = []
    for config in project.channels.values():
        found = [
            {"account": config.key, "verdict": diagnostic.summary, "remedy": diagnostic.help}
            for diagnostic in channels[config.channel].check(config)
        ]
        if config.enabled:
            found += _missing_secrets(config.key, config.settings, secrets)
        rows += found or [{"account": config.key, "verdict": "ok", "remedy": ""}]
    return rows


def missing_secrets(project: Project, secrets: Callable[[SecretRef], Secret]) -> list[dict[str, Any]]:
    """Every secret that an enabled account names and that is not there."""
    return [
        row for config in project.channels.values() if config.enabled
        for row in _missing_secrets(config.key, config.settings, secrets)
    ]  # fmt: skip


def _missing_secrets(key: str, settings: object, secrets: Callable[[SecretRef], Secret]) -> list[dict[str, Any]]:
    rows = []
    for ref in _refs(settings):
        try:
            secrets(ref)
        except MissingSecret as error:
            rows.append({"account": key, "verdict": str(error), "remedy": error.help})
    return rows


def _refs(value: object) -> Iterator[SecretRef]:
    match value:
        case SecretRef():
            yield value
        case Mapping():
            for item in value.values():
                yield from _refs(item)
        case list() | tuple():
            for item in value:
                yield from _refs(item)
