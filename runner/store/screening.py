"""Who among the people of an import will not be written to, and why: said at once, not found out weeks later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from runner.model.channel import ChannelType
from runner.model.country_policy import refusal
from runner.model.identity import suppressible
from runner.model.lead import Lead
from runner.store.bulk import among
from runner.store.keys import Key
from runner.store.suppressions import hash_of
from runner.store.tables import suppressions

_FIELDS = ("email", "company", "phone", "website", "contact_form_url", "linkedin_url", "linkedin_urn", "country",
           "consent", "legal_basis")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Screen:
    """What suppression and policy say of people. The gate asks the same again before every send."""

    key: Key
    policy: Mapping[str, object]

    def closed(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """For each row of `leads` why e-mail to this person is closed, or "". No suppressed value is named."""
        people = [_lead(row) for row in rows]
        found = [refusal(lead, ChannelType.EMAIL, self.policy) or "" for lead in people]
        kinds = set(connection.execute(select(suppressions.c.kind).where(_in_force()).distinct()).scalars())
        if not kinds:
            return found
        meant: dict[str, list[int]] = {}
        for number, lead in enumerate(people):
            for kind, value in suppressible(lead):
                if kind in kinds:
                    meant.setdefault(hash_of(self.key, kind, value), []).append(number)
        columns = select(suppressions.c.key_hash, suppressions.c.kind, suppressions.c.reason).where(_in_force())
        known = among(suppressions.c.key_hash, list(meant), connection.dialect)
        for digest, kind, reason in connection.execute(columns.where(known)):
            for number in meant[digest]:
                found[number] = f"{kind} suppressed: {reason}"
        return found


def _in_force() -> Any:
    return suppressions.c.removed_at.is_(None)


def _lead(row: Mapping[str, Any]) -> Lead:
    known: dict[str, Any] = {name: row.get(name) for name in _FIELDS}
    return Lead(int(row.get("id") or 0), tags=tuple(row.get("tags") or ()), **known)
