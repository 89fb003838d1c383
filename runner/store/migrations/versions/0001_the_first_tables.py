"""The first tables.

Revision 0001, after None.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runner.store.types import Id, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "campaigns",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sequence", sa.String(length=120), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("audience", sa.Text()),
        sa.Column("git_commit", sa.String(length=40)),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
        sa.Column("scanned_to", Id, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
    )
    op.create_table(
        "channel_configs",
        sa.Column("id", Id, nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
        sa.Column("health", sa.String(length=16), server_default="ok", nullable=False),
        sa.Column("health_reason", sa.Text()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("strikes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", UtcDateTime()),
        sa.Column("retry_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_configs")),
        sa.UniqueConstraint("key", name=op.f("uq_channel_configs_key")),
    )
    op.create_table(
        "channel_overlays",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("removed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_overlays")),
    )
    op.create_index(op.f("ix_channel_overlays_campaign"), "channel_overlays", ["campaign"], unique=False)
    op.create_table(
        "claims",
        sa.Column("enrollment_id", Id, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=False),
        sa.Column("lane_id", Id, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_lease_until"), "claims", ["lease_until"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("lead_id", Id),
        sa.Column("enrollment_id", Id),
        sa.Column("step", sa.String(length=120)),
        sa.Column("account", sa.String(length=140)),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("after_attempt", Id),
        sa.Column("resume_at", UtcDateTime()),
        sa.Column("data", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("source", "enrollment_id", name=op.f("uq_events_source_enrollment_id")),
    )
    op.create_index(op.f("ix_events_enrollment_id"), "events", ["enrollment_id"], unique=False)
    op.create_index("ix_events_kind", "events", ["kind", "recorded_at"], unique=False)
    op.create_index(op.f("ix_events_lead_id"), "events", ["lead_id"], unique=False)
    op.create_table(
        "inbox_cursors",
        sa.Column("account", sa.String(length=140), nullable=False),
        sa.Column("cursor", Json, nullable=False),
        sa.Column("read_at", UtcDateTime()),
        sa.Column("failing_since", UtcDateTime()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_inbox_cursors")),
    )
    op.create_table(
        "leads",
        sa.Column("id", Id, nullable=False),
        sa.Column("email_key", sa.String(length=320)),
        sa.Column("linkedin_key", sa.String(length=200)),
        sa.Column("email", sa.String(length=320)),
        sa.Column("domain", sa.String(length=255)),
        sa.Column("first_name", sa.Text()),
        sa.Column("last_name", sa.Text()),
        sa.Column("company", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("phone", sa.String(length=40)),
        sa.Column("website", sa.Text()),
        sa.Column("contact_form_url", sa.Text()),
        sa.Column("linkedin_url", sa.Text()),
        sa.Column("linkedin_urn", sa.String(length=120)),
        sa.Column("linkedin_status", sa.String(length=24), server_default="not_connected", nullable=False),
        sa.Column("timezone", sa.String(length=64)),
        sa.Column("country", sa.String(length=2)),
        sa.Column("grade", sa.String(length=40)),
        sa.Column("score", sa.Float()),
        sa.Column("tags", Json, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("consent", sa.Boolean()),
        sa.Column("legal_basis", sa.String(length=40)),
        sa.Column("source", sa.Text()),
        sa.Column("fields", Json, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("email_key", name=op.f("uq_leads_email_key")),
        sa.UniqueConstraint("linkedin_key", name=op.f("uq_leads_linkedin_key")),
    )
    op.create_index(op.f("ix_leads_domain"), "leads", ["domain"], unique=False)
    op.create_index(
        "ix_leads_linkedin_urn",
        "leads",
        ["linkedin_urn"],
        unique=False,
        sqlite_where=sa.text("linkedin_urn IS NOT NULL"),
        postgresql_where=sa.text("linkedin_urn IS NOT NULL"),
    )
    op.create_table(
        "lists",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
        sa.UniqueConstraint("name", name=op.f("uq_lists_name")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "problems",
        sa.Column("id", Id, nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("help", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problems")),
    )
    op.create_index(op.f("ix_problems_scope"), "problems", ["scope"], unique=False)
    op.create_table(
        "raw_messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("account", sa.String(length=140), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_messages")),
        sa.UniqueConstraint("source", name=op.f("uq_raw_messages_source")),
    )
    op.create_table(
        "recovered_sends",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("campaign", sa.String(length=120), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=140), nullable=False),
        sa.PrimaryKeyConstraint("key", "action", "at", name=op.f("pk_recovered_sends")),
    )
    op.create_index("ix_recovered_sends_who", "recovered_sends", ["who", "campaign", "step"], unique=False)
    op.create_table(
        "sequences",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("graph_hash", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("templates", Json, nullable=False),
        sa.Column("git_commit", sa.String(length=40)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sequences")),
        sa.UniqueConstraint("name", "content_hash", name=op.f("uq_sequences_name_content_hash")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_sequences_name_version")),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime()),
        sa.Column("removed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "ix_suppressions_active",
        "suppressions",
        ["kind", "key_hash"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "switches",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_switches")),
    )
    op.create_table(
        "timers",
        sa.Column("lane_id", Id, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("enrollment_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("lane_id", "due_at", "enrollment_id", name=op.f("pk_timers")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enrollments",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("sequence_id", Id, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=120)),
        sa.Column("waiting_on", sa.String(length=16)),
        sa.Column("waiting_why", sa.Text()),
        sa.Column("lane_id", Id, nullable=False),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("end_reason", sa.Text()),
        sa.Column("paused_at", UtcDateTime()),
        sa.Column("pause_until", UtcDateTime()),
        sa.Column("last_transition_id", Id),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_enrollments_campaign_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_enrollments_lead_id")),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_enrollments_sequence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("campaign_id", "lead_id", name=op.f("uq_enrollments_campaign_id_lead_id")),
    )
    op.create_index("ix_enrollments_campaign_status", "enrollments", ["campaign_id", "status"], unique=False)
    op.create_index(op.f("ix_enrollments_lead_id"), "enrollments", ["lead_id"], unique=False)
    op.create_index(
        "ix_enrollments_waiting_on",
        "enrollments",
        ["waiting_on"],
        unique=False,
        sqlite_where=sa.text("waiting_on IN ('inbox', 'account')"),
        postgresql_where=sa.text("waiting_on IN ('inbox', 'account')"),
    )
    op.create_table(
        "lanes",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=140), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_lanes_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
        sa.UniqueConstraint("campaign_id", "channel", "account", name=op.f("uq_lanes_campaign_id_channel_account")),
    )
    op.create_table(
        "list_members",
        sa.Column("list_id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_list_members_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_list_members_list_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("list_id", "lead_id", name=op.f("pk_list_members")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_list_members_lead_id", "list_members", ["lead_id"], unique=False)
    op.create_table(
        "sequence_steps",
        sa.Column("sequence_id", Id, nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16)),
        sa.Column("condition", sa.Text()),
        sa.Column("routes", Json, nullable=False),
        sa.ForeignKeyConstraint(["sequence_id"], ["sequences.id"], name=op.f("fk_sequence_steps_sequence_id")),
        sa.PrimaryKeyConstraint("sequence_id", "step", name=op.f("pk_sequence_steps")),
    )
    op.create_table(
        "step_runs",
        sa.Column("id", Id, nullable=False),
        sa.Column("enrollment_id", Id, nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=24)),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.String(length=24), nullable=False),
        sa.Column("action", sa.String(length=24), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime()),
        sa.Column("acted_at", UtcDateTime()),
        sa.Column("settle_until", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("account", sa.String(length=140)),
        sa.Column("variant", sa.String(length=120)),
        sa.Column("key", sa.String(length=40)),
        sa.Column("message_id", sa.String(length=255)),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name=op.f("fk_step_runs_enrollment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_runs")),
        sa.UniqueConstraint("enrollment_id", "step", name=op.f("uq_step_runs_enrollment_id_step")),
    )
    op.create_index(
        "uq_step_runs_key",
        "step_runs",
        ["key"],
        unique=True,
        sqlite_where=sa.text("key IS NOT NULL"),
        postgresql_where=sa.text("key IS NOT NULL"),
    )
    op.create_table(
        "transitions",
        sa.Column("id", Id, nullable=False),
        sa.Column("previous_id", Id),
        sa.Column("enrollment_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("step", sa.String(length=120)),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name=op.f("fk_transitions_enrollment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transitions")),
    )
    op.create_table(
        "outreach_attempts",
        sa.Column("id", Id, nullable=False),
        sa.Column("step_run_id", Id, nullable=False),
        sa.Column("enrollment_id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=140), nullable=False),
        sa.Column("action", sa.String(length=24), server_default="", nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("retry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_retry_at", UtcDateTime()),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("git_commit", sa.String(length=40)),
        sa.Column("body_hash", sa.String(length=64)),
        sa.Column("claimed_at", UtcDateTime()),
        sa.Column("intent_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("outcome", sa.String(length=24)),
        sa.Column("reason", sa.Text()),
        sa.Column("explanation", sa.Text()),
        sa.Column("message_id", sa.String(length=255)),
        sa.Column("provider_ref", sa.String(length=255)),
        sa.Column("detail", Json),
        sa.Column("resolved_by", sa.Text()),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name=op.f("fk_outreach_attempts_enrollment_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_outreach_attempts_lead_id")),
        sa.ForeignKeyConstraint(["step_run_id"], ["step_runs.id"], name=op.f("fk_outreach_attempts_step_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_attempts")),
    )
    op.create_index(
        "ix_outreach_attempts_doubtful",
        "outreach_attempts",
        ["status"],
        unique=False,
        sqlite_where=sa.text("status IN ('sending', 'unknown')"),
        postgresql_where=sa.text("status IN ('sending', 'unknown')"),
    )
    op.create_index(op.f("ix_outreach_attempts_enrollment_id"), "outreach_attempts", ["enrollment_id"], unique=False)
    op.create_index(op.f("ix_outreach_attempts_lead_id"), "outreach_attempts", ["lead_id"], unique=False)
    op.create_index("ix_outreach_attempts_message_id", "outreach_attempts", ["message_id"], unique=False)
    op.create_index(
        "ix_outreach_attempts_provider_ref",
        "outreach_attempts",
        ["provider_ref"],
        unique=False,
        sqlite_where=sa.text("provider_ref IS NOT NULL"),
        postgresql_where=sa.text("provider_ref IS NOT NULL"),
    )
    op.create_index(
        "uq_outreach_attempts_open",
        "outreach_attempts",
        ["step_run_id", "action"],
        unique=True,
        sqlite_where=sa.text("status IN ('pending', 'claimed')"),
        postgresql_where=sa.text("status IN ('pending', 'claimed')"),
    )
    op.create_index(
        "uq_outreach_attempts_taken",
        "outreach_attempts",
        ["step_run_id", "action"],
        unique=True,
        sqlite_where=sa.text("status IN ('sending', 'sent', 'unknown')"),
        postgresql_where=sa.text("status IN ('sending', 'sent', 'unknown')"),
    )
    op.create_table(
        "outreach_messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("step_run_id", Id, nullable=False),
        sa.Column("action", sa.String(length=24), server_default="", nullable=False),
        sa.Column("sequence_id", Id, nullable=False),
        sa.Column("template", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("rendered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["step_run_id"], ["step_runs.id"], name=op.f("fk_outreach_messages_step_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_messages")),
        sa.UniqueConstraint("step_run_id", "action", name=op.f("uq_outreach_messages_step_run_id_action")),
    )
    op.create_table(
        "reservations",
        sa.Column("id", Id, nullable=False),
        sa.Column("attempt_id", Id),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["attempt_id"], ["outreach_attempts.id"], name=op.f("fk_reservations_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_attempt_id"), "reservations", ["attempt_id"], unique=False)
    op.create_index("ix_reservations_scope", "reservations", ["scope", "finished_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", Id, nullable=False),
        sa.Column("attempt_id", Id, nullable=False),
        sa.Column("enrollment_id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("step", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("number", sa.String(length=40)),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("disposition", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("detail", Json),
        sa.Column("aside", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["outreach_attempts.id"], name=op.f("fk_tasks_attempt_id")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name=op.f("fk_tasks_enrollment_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_tasks_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_enrollment_id"), "tasks", ["enrollment_id"], unique=False)
    op.create_index(op.f("ix_tasks_status"), "tasks", ["status"], unique=False)
    op.create_index(
        "uq_tasks_aside",
        "tasks",
        ["attempt_id", "kind"],
        unique=True,
        sqlite_where=sa.text("aside"),
        postgresql_where=sa.text("aside"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_index(
        "uq_tasks_aside",
        table_name="tasks",
        sqlite_where=sa.text("aside"),
        postgresql_where=sa.text("aside"),
    )
    op.drop_index(op.f("ix_tasks_status"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_enrollment_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index("ix_reservations_scope", table_name="reservations")
    op.drop_index(op.f("ix_reservations_attempt_id"), table_name="reservations")
    op.drop_table("reservations")
    op.drop_table("outreach_messages")
    op.drop_index(
        "uq_outreach_attempts_taken",
        table_name="outreach_attempts",
        sqlite_where=sa.text("status IN ('sending', 'sent', 'unknown')"),
        postgresql_where=sa.text("status IN ('sending', 'sent', 'unknown')"),
    )
    op.drop_index(
        "uq_outreach_attempts_open",
        table_name="outreach_attempts",
        sqlite_where=sa.text("status IN ('pending', 'claimed')"),
        postgresql_where=sa.text("status IN ('pending', 'claimed')"),
    )
    op.drop_index(
        "ix_outreach_attempts_provider_ref",
        table_name="outreach_attempts",
        sqlite_where=sa.text("provider_ref IS NOT NULL"),
        postgresql_where=sa.text("provider_ref IS NOT NULL"),
    )
    op.drop_index("ix_outreach_attempts_message_id", table_name="outreach_attempts")
    op.drop_index(op.f("ix_outreach_attempts_lead_id"), table_name="outreach_attempts")
    op.drop_index(op.f("ix_outreach_attempts_enrollment_id"), table_name="outreach_attempts")
    op.drop_index(
        "ix_outreach_attempts_doubtful",
        table_name="outreach_attempts",
        sqlite_where=sa.text("status IN ('sending', 'unknown')"),
        postgresql_where=sa.text("status IN ('sending', 'unknown')"),
    )
    op.drop_table("outreach_attempts")
    op.drop_table("transitions")
    op.drop_index(
        "uq_step_runs_key",
        table_name="step_runs",
        sqlite_where=sa.text("key IS NOT NULL"),
        postgresql_where=sa.text("key IS NOT NULL"),
    )
    op.drop_table("step_runs")
    op.drop_table("sequence_steps")
    op.drop_index("ix_list_members_lead_id", table_name="list_members")
    op.drop_table("list_members")
    op.drop_table("lanes")
    op.drop_index(
        "ix_enrollments_waiting_on",
        table_name="enrollments",
        sqlite_where=sa.text("waiting_on IN ('inbox', 'account')"),
        postgresql_where=sa.text("waiting_on IN ('inbox', 'account')"),
    )
    op.drop_index(op.f("ix_enrollments_lead_id"), table_name="enrollments")
    op.drop_index("ix_enrollments_campaign_status", table_name="enrollments")
    op.drop_table("enrollments")
    op.drop_table("timers")
    op.drop_table("switches")
    op.drop_index(
        "ix_suppressions_active",
        table_name="suppressions",
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.drop_table("suppressions")
    op.drop_table("sequences")
    op.drop_index("ix_recovered_sends_who", table_name="recovered_sends")
    op.drop_table("recovered_sends")
    op.drop_table("raw_messages")
    op.drop_index(op.f("ix_problems_scope"), table_name="problems")
    op.drop_table("problems")
    op.drop_table("meta")
    op.drop_table("lists")
    op.drop_index(
        "ix_leads_linkedin_urn",
        table_name="leads",
        sqlite_where=sa.text("linkedin_urn IS NOT NULL"),
        postgresql_where=sa.text("linkedin_urn IS NOT NULL"),
    )
    op.drop_index(op.f("ix_leads_domain"), table_name="leads")
    op.drop_table("leads")
    op.drop_table("inbox_cursors")
    op.drop_index(op.f("ix_events_lead_id"), table_name="events")
    op.drop_index("ix_events_kind", table_name="events")
    op.drop_index(op.f("ix_events_enrollment_id"), table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_claims_lease_until"), table_name="claims")
    op.drop_table("claims")
    op.drop_index(op.f("ix_channel_overlays_campaign"), table_name="channel_overlays")
    op.drop_table("channel_overlays")
    op.drop_table("channel_configs")
    op.drop_table("campaigns")
