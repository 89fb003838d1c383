"""Names and types in conditions: what is not declared is told at its place, with what was meant."""

from __future__ import annotations

import pytest

from runner.lang.conditions import ConditionError, Meaning, Vocabulary, parse_condition, resolve
from runner.lang.nodes import EventSeen, OutcomeIs

SENT = ("sent", "failed", "skipped")
VOCABULARY = Vocabulary(
    {
        "follow_up": Meaning(("follow_up",), SENT, ("replied",)),
        "follow": Meaning(("follow",), ("sent", "already_connected", "failed", "skipped"), ("accepted",)),
        "broken": Meaning(("broken",), open=True),
    },
    {
        "lead": {"score": "number", "company": "text", "lists": "list", "consent": "boolean", "since": "date"},
        "campaign": {"name": "text"},
        "vars": {},
    },
)


@pytest.mark.parametrize(
    ("word", "name", "outcome"),
    [
        ("follow_up_failed", "follow_up", "failed"),
        ("follow_already_connected", "follow", "already_connected"),
        ("follow_failed", "follow", "failed"),
        ("broken_whatever", "broken", "whatever"),
    ],
)
def test_a_name_is_found_whole_and_never_split_at_underscores(word, name, outcome):
    condition, problems = resolve(parse_condition(word), VOCABULARY)
    assert problems == []
    assert isinstance(condition.root, OutcomeIs)
    assert (condition.root.name, condition.root.outcome) == (name, outcome)


def test_an_event_is_bound_to_its_step():
    condition, _ = resolve(parse_condition("follow.accepted"), VOCABULARY)
    assert condition.root == EventSeen("follow", ("follow",), "accepted", 0, 15)


@pytest.mark.parametrize(
    ("text", "slug", "part", "fix"),
    [
        ("follow_up_faild", "unknown-outcome", "faild", "failed"),
        ("folow_up_failed", "unknown-step", "folow_up_failed", "follow_up_failed"),
        ("follow_up_replied", "unknown-outcome", "follow_up_replied", "follow_up.replied"),
        ("follow.acepted", "unknown-event", "acepted", "accepted"),
        ("follow.sent", "unknown-event", "sent", None),
        ("leed.score > 3", "unknown-step", "leed", "lead"),
        ("lead.scroe > 3", "unknown-field", "scroe", "score"),
        ("score > 3", "unknown-field", "score", "lead.score"),
        ("follow_up", "unknown-outcome", "follow_up", None),
        ("zebra", "unknown-step", "zebra", None),
        ("has(lead.compny)", "unknown-field", "compny", "company"),
        ("vars.offer == 1", "unknown-field", "offer", None),
        ("lead.score", "bad-condition", "lead.score", None),
        ('lead.score > "3"', "bad-condition", 'lead.score > "3"', None),
        ('lead.company < "B"', "bad-condition", 'lead.company < "B"', None),
        ("3 in lead.score", "bad-condition", "lead.score", None),
        ("days_since(lead.score) > 3", "bad-condition", "lead.score", None),
        ("days_since(lead.since)", "bad-condition", "days_since(lead.since)", None),
        ("lead.lists == 3", "bad-condition", "lead.lists == 3", None),
        ('lead.since > "soon"', "bad-condition", '"soon"', None),
        ('follow_failed and "text"', "bad-condition", '"text"', None),
    ],
)
def test_a_wrong_name_or_type_is_told_at_its_place(text, slug, part, fix):
    _, problems = resolve(parse_condition(text), VOCABULARY)
    assert [(item.slug, text[item.start : item.end], item.fix) for item in problems] == [(slug, part, fix)]


def test_all_wrong_names_are_told_at_once():
    _, problems = resolve(parse_condition("folow_failed and lead.scroe > 3 or x.y"), VOCABULARY)
    assert [item.slug for item in problems] == ["unknown-step", "unknown-field", "unknown-step"]


@pytest.mark.parametrize(
    "text",
    [
        "lead.consent and lead.score > 3", 'lead.since < "2027-01-01"', 'lead.company in ["a"]', "vars.x == vars.y",
        '"founders" in lead.lists', "days_since(follow_sent) > 3", "campaign.name == lead.company",
    ],
)  # fmt: skip
def test_what_fits_together_is_left_alone(text):
    vocabulary = Vocabulary(VOCABULARY.names, {**VOCABULARY.fields, "vars": {"x": "any", "y": "any"}})
    assert resolve(parse_condition(text), vocabulary)[1] == []


@pytest.mark.parametrize(
    ("text", "start", "part"),
    [
        ("", 0, ""), ("if", 0, "i"), ("a_failed adn b_failed", 9, "adn"), ("(a_failed", 0, "("), ("a_failed)", 8, ")"),
        ("a_failed and", 12, ""), ("a && b", 2, "&"), ("lead.score = 3", 11, "="), ("1 < 2 < 3", 6, "<"),
        ("foo(x)", 0, "foo"), ("has(a_failed)", 4, "a_failed"), ("'never closed", 0, "'never closed"),
        ("lead.", 5, ""), ("a in [1, 2", 10, ""), ("{{ a_failed }}", 0, "{"), ("lead.score + 1 > 3", 11, "+"),
        ("not", 3, ""), ("__import__('os')", 0, "__import__"), ("()", 1, ")"), ("1.2.3 > 1", 0, "1"),
    ],
)  # fmt: skip
def test_what_is_not_a_condition_is_told_at_its_place(text, start, part):
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert caught.value.start == start
    assert text[start:].startswith(part)
    assert caught.value.end > caught.value.start


@pytest.mark.parametrize(
    "text", ["(" * 5_000 + "a" + ")" * 5_000, "not " * 400 + "a", "a and " * 1_000 + "a", "x" * 3_000]
)
def test_a_condition_of_any_shape_is_answered_without_a_crash(text):
    with pytest.raises(ConditionError):
        parse_condition(text)
