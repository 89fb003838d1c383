"""Tables of execution: who is where, what is due, what was tried, what the world did."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip

from runner.store.tables_meta import metadata
from runner.store.types import Id, Json, UtcDateTime

lanes = Table(
    "lanes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(140), nullable=False),
    UniqueConstraint("campaign_id", "channel", "account"),
)
"""Queues: one for each campaign and account, and one a campaign (empty channel) for waits and conditions."""

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), nullable=False),
    Column("lead_id", Id, ForeignKey("leads.id"), nullable=False, index=True),
    Column("sequence_id", Id, ForeignKey("sequences.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("step", String(120)),
    Column("waiting_on", String(16)),
    Column("waiting_why", Text),
    Column("lane_id", Id, nullable=False),
    Column("due_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_reason", Text),
    Column("paused_at", UtcDateTime),
    Column("pause_until", UtcDateTime),
    Column("last_transition_id", Id),
    UniqueConstraint("campaign_id", "lead_id"),
    Index("ix_enrollments_waiting_on", "waiting_on", sqlite_where=text("waiting_on IN ('inbox', 'account')"),
          postgresql_where=text("waiting_on IN ('inbox', 'account')")),
    Index("ix_enrollments_campaign_status", "campaign_id", "status"),
)  # fmt: skip
"""One person in one campaign. `lane_id` and `due_at` name the row in `timers`, when there is one, and
`last_transition_id` the newest of `transitions`."""

timers = Table(
    "timers",
    metadata,
    Column("lane_id", Id, primary_key=True),
    Column("due_at", UtcDateTime, primary_key=True),
    Column("enrollment_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)
"""What is due when, clustered in that order: taking the next few costs the same however many wait behind them."""

claims = Table(
    "claims",
    metadata,
    Column("enrollment_id", Id, primary_key=True),
    Column("token", String(32), nullable=False),
    Column("worker", String(120), nullable=False),
    Column("lease_until", UtcDateTime, nullable=False, index=True),
    Column("lane_id", Id, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
)
"""Enrollments that a worker is acting on. The token is the fence: an act under a token that is gone is refused."""

step_runs = Table(
    "step_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("enrollment_id", Id, ForeignKey("enrollments.id"), nullable=False),
    Column("step", String(120), nullable=False),
    Column("outcome", String(24)),
    Column("reason", Text, nullable=False, server_default=""),
    Column("stage", String(24), nullable=False),
    Column("action", String(24), nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("acted_at", UtcDateTime),
    Column("settle_until", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("account", String(140)),
    Column("variant", String(120)),
    Column("key", String(40)),
    Column("message_id", String(255)),
    UniqueConstraint("enrollment_id", "step"),
    Index("uq_step_runs_key", "key", unique=True,
          sqlite_where=text("key IS NOT NULL"), postgresql_where=text("key IS NOT NULL")),
)  # fmt: skip
"""A step for one enrollment: at most one, ever. Account, variant and key are drawn once and kept.

A step that does not act has no key, and no entry in the index of keys."""

outreach_messages = Table(
    "outreach_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("step_run_id", Id, ForeignKey("step_runs.id"), nullable=False),
    Column("action", String(24), nullable=False, server_default=""),
    Column("sequence_id", Id, nullable=False),
    Column("template", String(120), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("rendered_at", UtcDateTime, nullable=False),
    UniqueConstraint("step_run_id", "action"),
)
"""The text as rendered at the first try; every later try sends the same."""

outreach_attempts = Table(
    "outreach_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("step_run_id", Id, ForeignKey("step_runs.id"), nullable=False),
    Column("enrollment_id", Id, ForeignKey("enrollments.id"), nullable=False, index=True),
    Column("lead_id", Id, ForeignKey("leads.id"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("account", String(140), nullable=False),
    Column("action", String(24), nullable=False, server_default=""),
    Column("status", String(12), nullable=False),
    Column("retry_count", Integer, nullable=False, server_default="0"),
    Column("next_retry_at", UtcDateTime),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("git_commit", String(40)),
    Column("body_hash", String(64)),
    Column("claimed_at", UtcDateTime),
    Column("intent_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("outcome", String(24)),
    Column("reason", Text),
    Column("explanation", Text),
    Column("message_id", String(255)),
    Column("provider_ref", String(255)),
    Column("detail", Json),
    Column("resolved_by", Text),
    Index("uq_outreach_attempts_taken", "step_run_id", "action", unique=True,
          sqlite_where=text("status IN ('sending', 'sent', 'unknown')"),
          postgresql_where=text("status IN ('sending', 'sent', 'unknown')")),
    Index("uq_outreach_attempts_open", "step_run_id", "action", unique=True,
          sqlite_where=text("status IN ('pending', 'claimed')"),
          postgresql_where=text("status IN ('pending', 'claimed')")),
    Index("ix_outreach_attempts_doubtful", "status", sqlite_where=text("status IN ('sending', 'unknown')"),
          postgresql_where=text("status IN ('sending', 'unknown')")),
    Index("ix_outreach_attempts_message_id", "message_id"),
    Index("ix_outreach_attempts_provider_ref", "provider_ref", sqlite_where=text("provider_ref IS NOT NULL"),
          postgresql_where=text("provider_ref IS NOT NULL")),
)  # fmt: skip
"""Every try. The first unique index is the promise: one attempt of a step run in sending, sent or unknown."""

reservations = Table(
    "reservations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("attempt_id", Id, ForeignKey("outreach_attempts.id"), index=True),
    Column("scope", String(200), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_reservations_scope", "scope", "finished_at"),
)
"""What occupies limits, from the intent until the finish plus the window; deleted when nothing was sent.

Those without an attempt are of sends that only the journal knew, see `recovered_sends`."""

recovered_sends = Table(
    "recovered_sends",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("action", String(24), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("who", String(32), nullable=False),
    Column("campaign", String(120), nullable=False),
    Column("step", String(120), nullable=False),
    Column("account", String(140), nullable=False),
    Index("ix_recovered_sends_who", "who", "campaign", "step"),
)
"""What went out after the backup that this database was restored from: it is never sent again."""

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("source", String(255), nullable=False),
    Column("lead_id", Id, index=True),
    Column("enrollment_id", Id, index=True),
    Column("step", String(120)),
    Column("account", String(140)),
    Column("permanent", Boolean, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("after_attempt", Id),
    Column("resume_at", UtcDateTime),
    Column("data", Json, nullable=False),
    UniqueConstraint("source", "enrollment_id"),
    Index("ix_events_kind", "kind", "recorded_at"),
)
"""What the world did. `pending` ones wait for an attempt in flight to end before they are decided on.

`after_attempt` is the newest attempt of the enrollment that had passed the gate by then: the order of the two, which
clocks that are set cannot tell."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("attempt_id", Id, ForeignKey("outreach_attempts.id"), nullable=False),
    Column("enrollment_id", Id, ForeignKey("enrollments.id"), nullable=False, index=True),
    Column("lead_id", Id, ForeignKey("leads.id"), nullable=False),
    Column("step", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text),
    Column("number", String(40)),
    Column("status", String(12), nullable=False, index=True),
    Column("disposition", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("closed_by", Text),
    Column("detail", Json),
    Column("aside", Boolean, nullable=False, server_default=text("false")),
    Index("uq_tasks_aside", "attempt_id", "kind", unique=True,
          sqlite_where=text("aside"), postgresql_where=text("aside")),
)  # fmt: skip
"""What people are asked to do. A step waits for its task, except for one `aside`, which is about what a step did."""

problems = Table(
    "problems",
    metadata,
    Column("id", Id, primary_key=True),
    Column("scope", String(200), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("help", Text, nullable=False, server_default=""),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)
"""What a person should look at: a stopped account, a parked step, an odd message."""

switches = Table(
    "switches",
    metadata,
    Column("scope", String(200), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""Kill switches: a row for `global`, `campaign:NAME` or `account:KEY` stops all sends there, at once."""

inbox_cursors = Table(
    "inbox_cursors",
    metadata,
    Column("account", String(140), primary_key=True),
    Column("cursor", Json, nullable=False),
    Column("read_at", UtcDateTime),
    Column("failing_since", UtcDateTime),
    Column("error", Text),
)

raw_messages = Table(
    "raw_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", String(140), nullable=False),
    Column("source", String(255), nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("verdict", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("previous_id", Id),
    Column("enrollment_id", Id, ForeignKey("enrollments.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("step", String(120)),
    Column("kind", String(24), nullable=False),
    Column("detail", Json, nullable=False),
)
"""Every state change of an enrollment, append-only: what `runner trace` tells. `previous_id` is the one before it of
the same enrollment; there is no index by enrollment. Written and read through runner/store/log.py."""
