"""What is stored as JSON is what `json` makes of it, whether it was kept from an earlier time or made anew."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.store.types import to_json

SCALARS = st.none() | st.booleans() | st.integers(0, 1) | st.sampled_from([0.0, 1.0, "", "0", "1", "true", "a"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1), inner))


@given(VALUES)
def test_any_value_is_stored_as_json_writes_it(value: object) -> None:
    assert to_json(value) == json.dumps(value)


@pytest.mark.parametrize(
    "value", [{"a": "1"}, {"a": 1}, {"a": True}, {"a": 1.0}, {"a": {"b": "1"}}, {"a": {"b": 1}}, {"a": {}}, {"a": ""}]
)
def test_values_that_look_alike_are_kept_apart(value: object) -> None:
    for _ in range(2):
        assert to_json(value) == json.dumps(value)
