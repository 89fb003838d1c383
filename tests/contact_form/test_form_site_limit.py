"""One submission a site a period, over every campaign: the account's limits say so even where its file does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.channels.contact_form.attempt import domain_of
from runner.compile.accounts import build_account
from runner.model.lead import Lead
from runner.model.rates import Rate

FILE = {"channel": "contact_form", "name": "forms", "sender": {"name": "Ada", "email": "ada@lumen.example"}}


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        ({}, Rate(1, timedelta(days=180))),
        ({"per_domain": {"count": 1, "per": "30d"}}, Rate(1, timedelta(days=30))),
        ({"limits": {"recipient_domain": {"count": 2, "per": "7d"}}}, Rate(2, timedelta(days=7))),
    ],
)
def test_a_form_account_writes_to_a_site_at_most(more, rate):
    assert build_account({**FILE, **more}).limits.recipient_domain == rate


def test_an_email_account_has_no_such_limit_of_itself():
    assert build_account({"channel": "email", "name": "ada"}).limits.recipient_domain is None


@pytest.mark.parametrize(
    "lead",
    [
        Lead(1, website="bakery.example"),
        Lead(2, website="https://www.bakery.example/de/"),
        Lead(3, contact_form_url="http://BAKERY.example/contact?x=1", website="https://other.example"),
    ],
)
def test_spellings_of_one_site_count_as_one(lead):
    assert lead.site == domain_of(lead) == "bakery.example"
