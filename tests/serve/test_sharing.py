"""How free workers are shared out: nobody waits for a slow channel, priority counts, and nobody starves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.serve.sharing import PATIENCE, Waiting, share_out
from runner.store.lanes import Lane

CHANNELS = ("contact_form", "email", "linkedin", "phone")


def lane(number: int, account: str, campaign: int = 1) -> Lane:
    return Lane(number, campaign, account.partition("/")[0], account)


SLOW = [lane(number, f"contact_form/desk{number}") for number in range(1, 6)]
MAIL = lane(9, "email/ada")


def share(waiting, flying=None, channels=CHANNELS, workers=8):
    return share_out(waiting, Counter(flying or {}), set(channels), workers=workers, per_account=4)


def test_one_account_alone_gets_what_an_account_may_have():
    assert share([Waiting(MAIL)], channels=["email"]) == {MAIL: 4}


def test_a_busy_channel_leaves_a_worker_for_each_of_the_others():
    given = share([Waiting(slow) for slow in SLOW])
    assert sum(given.values()) == 8 - 3
    assert share([Waiting(MAIL)], given) == {MAIL: 1}


def test_a_channel_that_is_alone_in_use_may_have_every_worker():
    assert sum(share([Waiting(slow) for slow in SLOW], channels=["contact_form"]).values()) == 8


def test_an_account_with_nothing_under_way_goes_before_its_equals():
    flying = {SLOW[0]: 3, SLOW[1]: 4}
    assert share([Waiting(slow) for slow in SLOW[:3]], flying, ["contact_form"]) == {SLOW[2]: 1}


def test_two_campaigns_on_one_account_share_its_places():
    one, other = lane(1, "email/ada", 1), lane(2, "email/ada", 2)
    assert share([Waiting(one), Waiting(other)]) == {one: 2, other: 2}


def test_the_higher_priority_goes_first_and_gets_all_it_can_use():
    low, high = lane(1, "email/ada", 1), lane(2, "email/ada", 2)
    assert share([Waiting(low), Waiting(high, priority=5)]) == {high: 4}


def test_who_was_passed_over_often_enough_goes_first_once():
    low, high = lane(1, "email/ada", 1), lane(2, "email/ada", 2)
    assert share([Waiting(low, passed=PATIENCE - 1), Waiting(high, priority=5)]) == {high: 4}
    assert share([Waiting(low, passed=PATIENCE), Waiting(high, priority=5)]) == {low: 4}


lanes = st.builds(
    lambda number, channel, account: lane(number, f"{channel}/{account}"),
    st.integers(1, 12), st.sampled_from(CHANNELS), st.sampled_from("ab"),
)  # fmt: skip


@given(
    st.lists(st.builds(Waiting, lanes, st.integers(0, 2), st.integers(0, 5)), unique_by=lambda each: each.lane),
    st.dictionaries(lanes, st.integers(0, 4)),
    st.integers(1, 12),
)
def test_what_is_shared_out_can_always_begin_at_once(waiting, flying, workers):
    given = share(waiting, flying, workers=workers)
    free = workers - sum(flying.values())
    assert sum(given.values()) <= max(0, free)
    assert set(given) <= {each.lane for each in waiting}
    before = Counter(each.account for each, count in flying.items() for _ in range(count))
    after = before + Counter(each.account for each, count in given.items() for _ in range(count))
    assert all(after[account] <= max(4, before[account]) for account in after)
    assert given or not waiting or before.total() > 0


@pytest.mark.parametrize("workers", [4, 8, 16])
def test_every_channel_that_was_idle_finds_a_worker_at_once(workers):
    flying: Counter[Lane] = Counter()
    for channel in CHANNELS:
        waiting = [Waiting(lane(10 * CHANNELS.index(channel) + n, f"{channel}/{n}")) for n in range(9)]
        given = share(waiting, flying, workers=workers)
        assert given, channel
        flying.update(given)
    assert flying.total() <= workers
