"""By what a person can be found in texts and in stored values that belong to nobody in particular."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.model.identity import profile_key
from runner.model.lead import Lead


@dataclass(frozen=True, slots=True)
class Traces:
    """`names` point to one person wherever they stand; `keys` do where they are a value of their own."""

    names: tuple[str, ...]
    keys: frozenset[str]

    @classmethod
    def of(cls, lead: Lead) -> Traces:
        """What points to this lead."""
        profile = re.sub(r"^https?://(www\.)?", "", lead.linkedin_url or "")
        names = tuple(name for name in (lead.email, profile, lead.phone, lead.linkedin_urn) if name)
        keys = {lead.email, lead.linkedin_url, lead.linkedin_urn, lead.phone}
        keys |= {profile_key(lead.linkedin_url)} if lead.linkedin_url else set()
        return cls(names, frozenset(key.casefold() for key in keys if key))

    def are_in_mail(self, content: bytes) -> bool:
        """Whether an address of the person stands in a message as it was read."""
        folded = content.lower()
        return any(name.lower().encode() in folded for name in self.names if "@" in name)

    def taken_out_of(self, value: Any) -> Any:
        """A stored value without the entries that are about the person."""
        match value:
            case Mapping():
                return {
                    key: self.taken_out_of(inner)
                    for key, inner in value.items()
                    if not self._is_about(key) and not self._is_about(inner)
                }
            case list() | tuple():
                return [self.taken_out_of(inner) for inner in value if not self._is_about(inner)]
            case _:
                return value

    def _is_about(self, value: Any) -> bool:
        """Whether a value is the person's, or an entry one of whose own values is."""
        match value:
            case str():
                folded = value.casefold()
                return folded in self.keys or any(name.casefold() in folded for name in self.names)
            case Mapping():
                return any(self._is_about(inner) for inner in value.values() if isinstance(inner, str))
            case _:
                return False
