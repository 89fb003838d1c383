"""Limits: how many in how long, gaps with jitter, and ramps. Values and arithmetic; counting is the store's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """At most `count` in any rolling window of length `per`."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Ramp:
    """A daily cap that grows: `start` on the first day, `step` more on each further day on which something was sent."""

    start: int
    step: int
    ceiling: int

    def cap(self, active_days: int) -> int:
        """The cap after `active_days` earlier days on which something was sent."""
        return min(self.ceiling, self.start + self.step * max(0, active_days))


@dataclass(frozen=True, slots=True)
class LimitSet:
    """The limits one holder (account, campaign, project) sets. They stack, and the smallest wins.

    `rates` bound everything the holder sends; `by_action` bounds one action only (`connect`, `connect_with_note`);
    `per_lead` counts over a lead's whole life; `recipient_domain` is counted per domain of the receiver.
    """

    rates: tuple[Rate, ...] = ()
    by_action: tuple[tuple[str, Rate], ...] = ()
    per_lead: int | None = None
    recipient_domain: Rate | None = None
    min_gap: timedelta = timedelta(0)
    max_gap: timedelta | None = None
    jitter: float = 0.0
    ramp: Ramp | None = None

    def gap(self, chance: float) -> timedelta:
        """The pause to keep after a message; `chance` in [0, 1) is the seeded draw that places it.

        Between `min_gap` and `max_gap` where both are set, else `min_gap` lengthened by up to `jitter` of itself:
        a gap is never shorter than `min_gap`.
        """
        if self.max_gap is None and not self.min_gap:
            return self.min_gap
        spread = self.min_gap * self.jitter if self.max_gap is None else self.max_gap - self.min_gap
        return self.min_gap + max(spread, timedelta(0)) * chance
