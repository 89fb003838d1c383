"""Tables of definitions: sequences as they were published, campaigns, accounts, and overlays on them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from runner.store.tables_meta import metadata
from runner.store.types import Id, Json, UtcDateTime

sequences = Table(
    "sequences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("version", Integer, nullable=False),
    Column("graph_hash", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("templates", Json, nullable=False),
    Column("git_commit", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("name", "version"),
    UniqueConstraint("name", "content_hash"),
)
"""Sequence definitions, append-only: what an enrollment pins, with source and templates."""

sequence_steps = Table(
    "sequence_steps",
    metadata,
    Column("sequence_id", Id, ForeignKey("sequences.id"), primary_key=True),
    Column("step", String(120), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("channel", String(16)),
    Column("condition", Text),
    Column("routes", Json, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("sequence", String(120), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("audience", Text),
    Column("git_commit", String(40)),
    Column("synced_at", UtcDateTime, nullable=False),
    Column("scanned_to", Id, nullable=False, server_default="0"),
)
"""Campaigns as the files last said; `scanned_to` is the last lead looked at for enrolling."""

channel_configs = Table(
    "channel_configs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(140), nullable=False, unique=True),
    Column("channel", String(16), nullable=False),
    Column("name", String(120), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("config", Json, nullable=False),
    Column("synced_at", UtcDateTime, nullable=False),
    Column("health", String(16), nullable=False, server_default="ok"),
    Column("health_reason", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("strikes", Integer, nullable=False, server_default="0"),
    Column("opened_at", UtcDateTime),
    Column("retry_at", UtcDateTime),
)
"""Accounts. `health` is ok, backing_off (until `retry_at`) or stopped (until a person resumes it)."""

channel_overlays = Table(
    "channel_overlays",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign", String(120), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("config", Json, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
)
"""Changes an operator made to one campaign's channel while it runs; they can only lower limits or switch off."""
