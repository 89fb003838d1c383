"""Where the law wants more than an opt-out: rules by country, as data with their sources, and the question asked of
them before every send.

This is a safety net, not legal advice. It looks at what is known of a lead (country, consent, legal basis, and tags
that mark sole traders and partnerships); a lead without a country falls under no country's rule. The project can ask
for more (`policy` in runner.yaml), never for less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.model.channel import ChannelType
from runner.model.lead import Lead

LEGAL_BASES: Mapping[str, str] = {
    "consent": "the person agreed to be written to",
    "existing_customer": "the address came with a sale, and the message is about similar goods (soft opt-in)",
    "contract": "the message belongs to a contract with the person or its preparation",
    "inquiry": "the person asked first, within the time the law allows",
    "published_address": "the address is published for business, without a notice against advertising",
    "legitimate_interest": "a documented weighing of interests (GDPR Art. 6(1)(f))",
}
"""The legal bases a lead can carry, and what each asserts."""

INDIVIDUAL_TAGS = frozenset({"individual", "sole_trader", "partnership"})
"""Tags of leads that the law counts as individuals even in business."""

_ASKED = frozenset({"consent", "existing_customer", "contract", "inquiry"})
_ASKED_OR_PUBLISHED = _ASKED | {"published_address"}


@dataclass(frozen=True, slots=True)
class CountryRule:
    """What one country wants before an unasked electronic message.

    `accepted` are the legal bases that suffice; `individuals_only` limits the rule to leads that count as individuals.
    """

    country: str
    accepted: frozenset[str]
    law: str
    source: str
    individuals_only: bool = False


RULES: Mapping[str, CountryRule] = {
    rule.country: rule
    for rule in (
        CountryRule("AT", _ASKED, "TKG 2021 s. 174(3): consent before electronic mail for direct advertising",
                    "https://www.ris.bka.gv.at/eli/bgbl/i/2021/190/P174"),
        CountryRule("AU", _ASKED_OR_PUBLISHED, "Spam Act 2003 s. 16 and Schedule 2: express or inferred consent",
                    "https://www.legislation.gov.au/C2004A01214"),
        CountryRule("CA", _ASKED_OR_PUBLISHED, "CASL s. 6 and 10: express or implied consent",
                    "https://laws-lois.justice.gc.ca/eng/acts/E-1.6/"),
        CountryRule("CH", _ASKED, "UWG Art. 3(1)(o): no mass advertising by telecommunication without consent",
                    "https://www.fedlex.admin.ch/eli/cc/1988/223_223_223/de#art_3"),
        CountryRule("DE", _ASKED, "UWG s. 7(2) no. 2: express consent before advertising by electronic mail",
                    "https://www.gesetze-im-internet.de/uwg_2004/__7.html"),
        CountryRule("DK", _ASKED, "Markedsføringsloven s. 10: consent before electronic mail, businesses included",
                    "https://www.retsinformation.dk/eli/lta/2022/866"),
        CountryRule("ES", _ASKED, "LSSI Art. 21: no advertising by e-mail without request or consent",
                    "https://www.boe.es/eli/es/l/2002/07/11/34/con#a21"),
        CountryRule("GB", _ASKED, "PECR reg. 22: sole traders and ordinary partnerships count as individuals",
                    "https://ico.org.uk/for-organisations/direct-marketing-and-privacy-and-electronic-communications/"
                    "business-to-business-marketing/", individuals_only=True),
        CountryRule("IT", _ASKED, "Codice privacy Art. 130: consent, companies included",
                    "https://www.garanteprivacy.it/codice"),
        CountryRule("NL", _ASKED_OR_PUBLISHED, "Telecommunicatiewet Art. 11.7: consent, or an address given for it",
                    "https://wetten.overheid.nl/BWBR0009950/"),
        CountryRule("NZ", _ASKED_OR_PUBLISHED, "Unsolicited Electronic Messages Act 2007 s. 9: consent, also deemed",
                    "https://www.legislation.govt.nz/act/public/2007/0007/latest/whole.html"),
    )
}  # fmt: skip
"""The countries with a rule of their own. Elsewhere an opt-out in every message, a true sender and a postal address
are what the message itself must carry (for the US: 15 U.S.C. 7704), and validate sees to those."""


def refusal(lead: Lead, channel: ChannelType, policy: Mapping[str, object]) -> str | None:
    """Why `lead` must not be contacted on `channel`, in words with the remedy; None when nothing speaks against it.

    A recorded no closes every channel. The rules of countries are about messages; a call is a person's own decision,
    to be made against the registers that apply (TPS and CTPS in the UK, the national register in the US).
    """
    if lead.consent is False:
        return "the lead said no (consent is false)"
    if reason := _refused_by_project(lead, policy):
        return reason
    rule = RULES.get(lead.country or "")
    if rule is None or channel is ChannelType.PHONE:
        return None
    if rule.individuals_only and INDIVIDUAL_TAGS.isdisjoint(map(_plain, lead.tags)):
        return None
    basis = _basis(lead)
    if basis in rule.accepted:
        return None
    wanted = ", ".join(sorted(rule.accepted))
    return f"{rule.country} wants a legal basis ({wanted}) and the lead has {basis or 'none'}: {rule.law}"


def _plain(tag: str) -> str:
    """A tag however it is spelled: `Sole Trader` and `sole-trader` are the same."""
    return tag.strip().casefold().replace(" ", "_").replace("-", "_")


def _refused_by_project(lead: Lead, policy: Mapping[str, object]) -> str | None:
    blocked, allowed = policy.get("blocked_countries"), policy.get("allowed_countries")
    if isinstance(blocked, list | tuple) and lead.country in blocked:
        return f"policy.blocked_countries lists {lead.country}"
    if isinstance(allowed, list | tuple) and lead.country not in allowed:
        return f"policy.allowed_countries does not list {lead.country or 'a lead without a country'}"
    if policy.get("require_consent") and _basis(lead) != "consent":
        return "policy.require_consent is set and the lead has not consented"
    if policy.get("require_legal_basis") and _basis(lead) is None:
        return "policy.require_legal_basis is set and the lead has none"
    return None


def _basis(lead: Lead) -> str | None:
    """Consent counts before what else is written down."""
    return "consent" if lead.consent else lead.legal_basis
