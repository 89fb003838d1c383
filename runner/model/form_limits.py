"""How often one web site may be written to through its form."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.model.rates import LimitSet, Rate

ONE_A_SITE = Rate(1, timedelta(days=180))
"""One submission to one site in half a year, over every campaign and account: what a form's owner takes for fair."""


def with_site_limit(limits: LimitSet, per_domain: Rate | None) -> LimitSet:
    """The limits of a contact-form account: `recipient_domain`, else `per_domain`, else one in 180 days."""
    return replace(limits, recipient_domain=limits.recipient_domain or per_domain or ONE_A_SITE)
