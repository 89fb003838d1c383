"""Tables of people: leads, the lists they are on, and who must not be written to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, String, Table, Text, text

from runner.store.tables_meta import metadata
from runner.store.types import Id, Json, UtcDateTime

leads = Table(
    "leads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email_key", String(320), unique=True),
    Column("linkedin_key", String(200), unique=True),
    Column("email", String(320)),
    Column("domain", String(255), index=True),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("company", Text),
    Column("title", Text),
    Column("phone", String(40)),
    Column("website", Text),
    Column("contact_form_url", Text),
    Column("linkedin_url", Text),
    Column("linkedin_urn", String(120)),
    Column("linkedin_status", String(24), nullable=False, server_default="not_connected"),
    Column("timezone", String(64)),
    Column("country", String(2)),
    Column("grade", String(40)),
    Column("score", Float),
    Column("tags", Json, nullable=False, server_default=text("'[]'")),
    Column("consent", Boolean),
    Column("legal_basis", String(40)),
    Column("source", Text),
    Column("fields", Json, nullable=False, server_default=text("'{}'")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
    Index("ix_leads_linkedin_urn", "linkedin_urn", sqlite_where=text("linkedin_urn IS NOT NULL"),
          postgresql_where=text("linkedin_urn IS NOT NULL")),
)  # fmt: skip
"""One row a person. `email_key` and `linkedin_key` are what two spellings of one person have in common."""

lists = Table(
    "lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

list_members = Table(
    "list_members",
    metadata,
    Column("list_id", Id, ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    Column("lead_id", Id, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_list_members_lead_id", "lead_id"),
    sqlite_with_rowid=False,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("label", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_by", Text),
    Index("ix_suppressions_active", "kind", "key_hash", sqlite_where=text("removed_at IS NULL"),
          postgresql_where=text("removed_at IS NULL"), unique=True),
)  # fmt: skip
"""Who must not be written to: `kind` is address, domain, company or profile; the key is kept as an HMAC only, so that
erasing a person leaves nothing personal here. Rows are added and marked removed, never deleted."""
