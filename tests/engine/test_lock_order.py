"""In which order the gate locks what it counts: one for everybody, so that nobody waits in a ring, and a fair one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runner.engine.limits import Gap, Limit, scopes_of
from runner.model.rates import Rate

DAY = timedelta(days=1)
WIDE = ("global", "campaign:spring:email", "account:email/ada")
NARROW = ("account:email/ada:domain:a.example", "lead:7", "company:a.example", "site:a.example")


def limit(scope: str) -> Limit:
    return Limit(scope, Rate(1, DAY), scope, lane_wide=True)


@given(st.permutations([*WIDE, *NARROW]), st.text("abz0", min_size=1))
def test_the_widest_scopes_come_first_whatever_they_are_called(given_scopes: list[str], name: str) -> None:
    named = [scope.replace("ada", name).replace("spring", name) for scope in given_scopes]
    found = scopes_of([limit(scope) for scope in named], [])
    assert found[:2] == ("global", f"campaign:{name}:email")
    assert found[2] == f"account:email/{name}"
    assert set(found[3:]) == {scope.replace("ada", name) for scope in NARROW}


@given(st.lists(st.sampled_from([*WIDE, *NARROW]), min_size=2), st.lists(st.sampled_from([*WIDE, *NARROW]), min_size=2))
def test_two_sends_lock_what_both_fall_under_in_the_same_order(one: list[str], other: list[str]) -> None:
    orders = [scopes_of([limit(scope) for scope in some], [Gap(WIDE[2], DAY)]) for some in (one, other)]
    both = set(orders[0]) & set(orders[1])
    assert [scope for scope in orders[0] if scope in both] == [scope for scope in orders[1] if scope in both]
    assert len(set(orders[0])) == len(orders[0])
