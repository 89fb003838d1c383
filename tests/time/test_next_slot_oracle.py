"""`next_slot` against an oracle that looks at every minute, around the nights on which clocks do odd things."""

from __future__ import annotations

from datetime import timedelta

import pytest
from minute_oracle import HORIZON_DAYS, brute_force, random_case

from runner.model.calendar import next_slot


def _check(seed: int) -> None:
    case = random_case(seed)
    expected, found = brute_force(case), next_slot(case.now, case.windows, case.zones)
    if expected is None:
        assert found is None or found > case.now + timedelta(days=HORIZON_DAYS), (seed, case, found)
    else:
        assert found == expected, (seed, case, found, expected)


@pytest.mark.parametrize("first", range(0, 1500, 250))
def test_the_next_slot_is_the_one_a_minute_by_minute_search_finds(first: int) -> None:
    for seed in range(first, first + 250):
        _check(seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(1500, 10_000, 500))
def test_the_next_slot_agrees_with_the_search_on_ten_thousand_cases(first: int) -> None:
    for seed in range(first, first + 500):
        _check(seed)
