"""What the law of a country and the project's own policy say before a send."""

from __future__ import annotations

import pytest

from runner.model.channel import ChannelType
from runner.model.country_policy import LEGAL_BASES, RULES, refusal
from runner.model.lead import Lead

EMAIL = ChannelType.EMAIL


def test_every_rule_accepts_known_bases_and_names_its_source() -> None:
    for country, rule in RULES.items():
        assert rule.country == country
        assert rule.accepted
        assert rule.accepted <= set(LEGAL_BASES)
        assert rule.source.startswith("https://")


def test_the_rules_to_the_letter(golden) -> None:
    """A country that is gone, or wants something else, shows here."""
    told = [
        f"{rule.country}{' (individuals)' if rule.individuals_only else ''}: {', '.join(sorted(rule.accepted))}\n"
        f"    {rule.law}\n    {rule.source}"
        for rule in RULES.values()
    ]
    golden("country_rules.out", "\n".join(told) + "\n")


@pytest.mark.parametrize(
    ("lead", "allowed"),
    [
        (Lead(1, country="US"), True),
        (Lead(1), True),
        (Lead(1, country="CA"), False),
        (Lead(1, country="CA", legal_basis="published_address"), True),
        (Lead(1, country="DE", legal_basis="published_address"), False),
        (Lead(1, country="DE", legal_basis="legitimate_interest"), False),
        (Lead(1, country="DE", legal_basis="existing_customer"), True),
        (Lead(1, country="DE", consent=True), True),
        (Lead(1, country="GB"), True),
        (Lead(1, country="GB", tags=("sole_trader",)), False),
        (Lead(1, country="GB", tags=("vip", "Sole Trader")), False),
        (Lead(1, country="GB", tags=("sole-trader",)), False),
        (Lead(1, country="GB", tags=("PARTNERSHIP ",)), False),
        (Lead(1, country="GB", tags=("soletraders' friend",)), True),
        (Lead(1, country="GB", tags=("sole_trader",), consent=True), True),
    ],
)
def test_a_countrys_rule_is_about_messages_and_not_about_calls(lead: Lead, allowed: bool) -> None:
    for channel in (ChannelType.EMAIL, ChannelType.LINKEDIN, ChannelType.CONTACT_FORM):
        assert (refusal(lead, channel, {}) is None) is allowed
    assert refusal(lead, ChannelType.PHONE, {}) is None


def test_a_recorded_no_closes_every_channel() -> None:
    said_no = Lead(1, country="US", consent=False, legal_basis="contract")
    assert all("said no" in (refusal(said_no, channel, {}) or "") for channel in ChannelType)


def test_a_refusal_names_the_law_and_what_would_do() -> None:
    assert refusal(Lead(1, country="DE"), EMAIL, {}) == (
        "DE wants a legal basis (consent, contract, existing_customer, inquiry) and the lead has none: "
        "UWG s. 7(2) no. 2: express consent before advertising by electronic mail"
    )


@pytest.mark.parametrize(
    ("policy", "lead", "words"),
    [
        ({"blocked_countries": ["RU"]}, Lead(1, country="RU"), "blocked_countries lists RU"),
        ({"allowed_countries": ["US"]}, Lead(1, country="FR"), "allowed_countries does not list FR"),
        ({"allowed_countries": ["US"]}, Lead(1), "a lead without a country"),
        ({"require_consent": True}, Lead(1, legal_basis="contract"), "has not consented"),
        ({"require_legal_basis": True}, Lead(1), "has none"),
    ],
)
def test_the_project_can_ask_for_more(policy: dict[str, object], lead: Lead, words: str) -> None:
    assert words in (refusal(lead, ChannelType.PHONE, policy) or "")


def test_the_project_cannot_ask_for_less() -> None:
    policy = {"require_consent": False, "require_legal_basis": False, "allowed_countries": ["DE"]}
    assert refusal(Lead(1, country="DE"), EMAIL, policy) is not None
