"""One play for every store test, over each database in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.store.database import open_database
from runner.testing import Play

TWO_STEPS = """\
version: 1
name: two_steps
steps:
  - {id: first, channel: email, template: hello}
  - {id: pause, wait: 3d}
  - {id: second, channel: email, template: hello, thread: first}
"""


@pytest.fixture
def play(tables_url: str) -> Iterator[Callable[..., Play]]:
    """Makes plays over the database of the test; its connections are closed afterwards."""
    opened = []

    def make(source: str = TWO_STEPS, people: Any = (), **options: Any) -> Play:
        db = open_database(tables_url, create=True)
        opened.append(db)
        return Play(source, people, db=db, **options)

    yield make
    for db in opened:
        db.close()
