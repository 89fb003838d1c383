"""What a condition is worth: against a truth table written out by hand, for every operator and any nesting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lang.conditions import Facts, Meaning, StepFact, Vocabulary, evaluate, parse_condition, resolve, trace

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
U = None
AND = {
    (True, True): True, (True, False): False, (True, U): U,
    (False, True): False, (False, False): False, (False, U): False,
    (U, True): U, (U, False): False, (U, U): U,
}  # fmt: skip
OR = {
    (True, True): True, (True, False): True, (True, U): True,
    (False, True): True, (False, False): False, (False, U): U,
    (U, True): True, (U, False): U, (U, U): U,
}  # fmt: skip
NOT = {True: False, False: True, U: U}

FIELDS = ("a", "b", "c")
VOCABULARY = Vocabulary({}, {"lead": dict.fromkeys(FIELDS, "boolean") | {"n": "number", "t": "text", "l": "list"}})


def holds(text: str, **facts: object) -> bool | None:
    condition, problems = resolve(parse_condition(text), facts.pop("vocabulary", VOCABULARY))  # type: ignore[arg-type]
    assert problems == []
    return evaluate(condition, Facts(NOW, **facts))  # type: ignore[arg-type]


Tree = tuple  # ("name",) | ("not", tree) | ("and" | "or", tree, tree)


def trees() -> st.SearchStrategy[Tree]:
    leaves = st.sampled_from(FIELDS).map(lambda name: (name,))
    return st.recursive(
        leaves,
        lambda inner: st.tuples(st.just("not"), inner) | st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        max_leaves=10,
    )


def written(tree: Tree) -> str:
    match tree:
        case ("not", inner):
            return f"not ({written(inner)})"
        case (("and" | "or") as operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case (name,):
            return f"lead.{name}"
    raise AssertionError(tree)


def by_the_table(tree: Tree, values: dict[str, bool | None]) -> bool | None:
    match tree:
        case ("not", inner):
            return NOT[by_the_table(inner, values)]
        case ("and", left, right):
            return AND[by_the_table(left, values), by_the_table(right, values)]
        case ("or", left, right):
            return OR[by_the_table(left, values), by_the_table(right, values)]
        case (name,):
            return values[name]
    raise AssertionError(tree)


@given(trees(), st.fixed_dictionaries(dict.fromkeys(FIELDS, st.sampled_from([True, False, None]))))
def test_nested_conditions_follow_the_truth_table(tree, values):
    assert holds(written(tree), lead=values) is by_the_table(tree, values)


@given(st.lists(st.sampled_from(["and", "or"]), min_size=1, max_size=6),
       st.lists(st.sampled_from([True, False, None]), min_size=7, max_size=7))  # fmt: skip
def test_and_binds_stronger_than_or(operators, values):
    names = [f"f{n}" for n in range(len(operators) + 1)]
    vocabulary = Vocabulary({}, {"lead": dict.fromkeys(names, "boolean")})
    text = f"lead.{names[0]}" + "".join(f" {op} lead.{name}" for op, name in zip(operators, names[1:], strict=True))
    given_values = dict(zip(names, values, strict=False))
    groups: list[bool | None] = [given_values[names[0]]]
    for operator, name in zip(operators, names[1:], strict=True):
        if operator == "and":
            groups[-1] = AND[groups[-1], given_values[name]]
        else:
            groups.append(given_values[name])
    expected = groups[0]
    for group in groups[1:]:
        expected = OR[expected, group]
    assert holds(text, lead=given_values, vocabulary=vocabulary) is expected


@pytest.mark.parametrize(
    ("text", "lead", "expected"),
    [
        ("lead.n > 3", {"n": 4}, True), ("lead.n > 3", {"n": 3}, False), ("lead.n >= 3", {"n": 3}, True),
        ("lead.n < 3", {}, None), ("lead.n != 3", {"n": None}, None), ("lead.n == 3.0", {"n": 3}, True),
        ('lead.t == "A"', {"t": "A"}, True), ('lead.t == "A"', {"t": "a"}, False), ('lead.t == ""', {"t": ""}, None),
        ('lead.t in ["A", "B"]', {"t": "B"}, True), ('lead.t in ("A", "B")', {"t": "C"}, False),
        ('lead.t not in ["A"]', {"t": "B"}, True), ('lead.t not in ["A"]', {}, None),
        ('"x" in lead.l', {"l": ["x"]}, True), ('"x" in lead.l', {"l": []}, False), ('"x" in lead.l', {}, None),
        ('"mail" in lead.t', {"t": "gmail.example"}, True),
        ("has(lead.t)", {}, False), ("has(lead.t)", {"t": ""}, False), ("has(lead.n)", {"n": 0}, True),
        ("not has(lead.t) or lead.n > 3", {}, True), ("has(lead.n) and lead.n > 3", {}, False),
        ("lead.a == true", {"a": True}, True), ("lead.a != true", {"a": False}, True), ("if lead.a", {"a": True}, True),
        ("lead.n == -1", {"n": -1}, True),
    ],
)  # fmt: skip
def test_comparisons(text, lead, expected):
    assert holds(text, lead=lead) is expected


STEPS = Vocabulary(
    {
        "email": Meaning(("intro", "bump"), ("sent", "failed", "skipped"), ("replied", "bounced")),
        "intro": Meaning(("intro",), ("sent", "failed", "skipped"), ("replied", "bounced")),
        "bump": Meaning(("bump",), ("sent", "failed", "skipped"), ("replied", "bounced")),
        "hello_there": Meaning(("hello_there",), ("sent", "not_connected", "failed", "skipped")),
        "accepted": Meaning(("accepted",), ("happened", "timeout", "skipped")),
        "call": Meaning(("call",), ("done", "failed", "expired", "skipped")),
        "form": Meaning(("form",), ("sent", "unconfirmed", "failed", "skipped")),
    },
    {"lead": {"since": "date", "t": "text"}},
)


def fact(outcome: str, hours_ago: int = 0, **events: int) -> StepFact:
    seen = {event: NOW - timedelta(hours=hours) for event, hours in events.items()}
    return StepFact(outcome, NOW - timedelta(hours=hours_ago), seen)


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("intro_failed", {}, False), ("not intro_failed", {}, True),
        ("intro_sent", {"intro": fact("sent")}, True), ("intro_sent", {"intro": fact("failed")}, False),
        ("hello_there_failed", {"hello_there": fact("not_connected")}, True),
        ("hello_there_not_connected", {"hello_there": fact("failed")}, False),
        ("accepted_failed", {"accepted": fact("timeout")}, True), ("call_failed", {"call": fact("expired")}, True),
        ("form_failed", {"form": fact("unconfirmed")}, False), ("form_failed", {"form": fact("skipped")}, False),
        ("intro_skipped", {"intro": fact("skipped")}, True),
        ("email_failed", {"intro": fact("failed", 9), "bump": fact("skipped", 1)}, True),
        ("email_failed", {"intro": fact("failed", 9), "bump": fact("sent", 1)}, False),
        ("email_failed", {"intro": fact("failed", 1), "bump": fact("sent", 9)}, True),
        ("email_skipped", {"intro": fact("skipped", 9), "bump": fact("skipped", 1)}, True),
        ("intro.replied", {"intro": fact("sent")}, False),
        ("intro.replied", {"intro": fact("sent", 5, replied=1)}, True),
        ("email.replied", {"intro": fact("sent", 9, replied=8), "bump": fact("sent", 1)}, False),
        ("intro_sent", {"intro": StepFact(events={"bounced": NOW})}, False),
        ("days_since(intro_sent) >= 2", {"intro": fact("sent", 48)}, True),
        ("days_since(intro_sent) > 2", {"intro": fact("sent", 48)}, False),
        ("days_since(intro_sent) > 2", {}, None),
        ("days_since(intro.bounced) < 1", {"intro": fact("sent", 9, bounced=2)}, True),
    ],
)  # fmt: skip
def test_outcomes_and_events(text, steps, expected):
    assert holds(text, steps=steps, vocabulary=STEPS) is expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [("2027-02-27", True), ("2027-03-01T11:00:00+00:00", False), ("2027-03-01", False), ("soon", None), (None, None)],
)
def test_days_since_a_date_of_the_lead(since, expected):
    assert holds("days_since(lead.since) > 2", lead={"since": since}, vocabulary=STEPS) is expected


def test_dates_compare_with_dates():
    assert holds('lead.since < "2027-01-01"', lead={"since": "2026-12-31"}, vocabulary=STEPS) is True


def test_the_trace_tells_every_part_once_with_its_value():
    condition, _ = resolve(
        parse_condition("if intro_failed or (has(lead.t) and not intro.replied) or intro_failed"), STEPS
    )
    facts = Facts(NOW, {"intro": fact("failed")}, {"t": None})
    assert trace(condition, facts) == [("intro_failed", True), ("has(lead.t)", False), ("intro.replied", False)]
