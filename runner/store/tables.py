"""Every table, gathered: import the tables from here."""

from __future__ import annotations

from runner.store.tables_definitions import campaigns, channel_configs, channel_overlays, sequence_steps, sequences
from runner.store.tables_meta import meta, metadata
from runner.store.tables_people import leads, list_members, lists, suppressions
from runner.store.tables_runs import (
    claims,
    enrollments,
    events,
    inbox_cursors,
    lanes,
    outreach_attempts,
    outreach_messages,
    problems,
    raw_messages,
    recovered_sends,
    reservations,
    step_runs,
    switches,
    tasks,
    timers,
    transitions,
)

__all__ = [
    "campaigns", "channel_configs", "channel_overlays", "claims", "enrollments", "events", "inbox_cursors", "lanes",
    "leads", "list_members", "lists", "meta", "metadata", "outreach_attempts", "outreach_messages", "problems",
    "raw_messages", "recovered_sends", "reservations", "sequence_steps", "sequences", "step_runs", "suppressions",
    "switches", "tasks", "timers", "transitions",
]  # fmt: skip
