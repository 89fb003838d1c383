"""Batches small enough for one statement on either database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
SIZE = 500


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Cut `items` into lists of at most SIZE."""
    iterator = iter(items)
    while batch := list(islice(iterator, SIZE)):
        yield batch
