"""What a row of a file becomes: the draft of a lead, or a rejection with its reason; and what the store made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from runner.model.lead import FieldValue


@dataclass(frozen=True, slots=True)
class LeadDraft:
    """A row that can be stored. Only cells that say something are here: an empty cell never erases what is known.

    `line` is where the row starts in the file, from 1. `email_key` and `linkedin_key` are what tells people apart (at
    least one is set; a lead with neither address nor profile is known by its form or phone, kept in `email_key`).
    `values` holds standard fields by their names in `Lead`, `fields` the project's own; `notes` says what was left out.
    """

    line: int
    email_key: str | None
    linkedin_key: str | None
    values: Mapping[str, object]
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not stored, with the line it starts on and the reason in words for the person who imports."""

    line: int
    reason: str


Row = LeadDraft | RejectedRow


class Fate(Enum):
    """What became of a row."""

    NEW = "new"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one draft; `reason` says why it was a duplicate or rejected, `closed` why nobody writes to it."""

    fate: Fate
    lead_id: int | None = None
    reason: str = ""
    closed: str = ""
