"""What `campaign.*` and `vars.*` mean at run time is what the compiler checked against."""

from __future__ import annotations

from datetime import UTC, datetime

from runner.compile.vocabulary import CAMPAIGN_FIELDS, LEAD_FIELDS
from runner.engine.facts import facts_of
from runner.engine.state import EnrollmentState, EnrollmentStatus
from runner.model.campaign import Campaign
from runner.model.graph import StepGraph
from runner.model.lead import Lead

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def test_every_field_the_compiler_knows_has_a_value_at_run_time():
    assert Campaign("c", "s").values().keys() == CAMPAIGN_FIELDS.keys()
    assert Lead(1).values().keys() == LEAD_FIELDS.keys()


def test_the_variables_of_a_campaign_win_over_those_of_its_sequence():
    graph = StepGraph("s", (), "", frozenset(), vars={"offer": "plain", "size": 3})
    campaign = Campaign("c", "s", vars={"offer": "special"})
    state = EnrollmentState(1, Lead(1), campaign.values(), EnrollmentStatus.ACTIVE, None, NOW, vars=campaign.vars)
    facts = facts_of(graph, state, state.runs, NOW)
    assert facts.vars == {"offer": "special", "size": 3}
    assert facts.campaign["name"] == "c"
