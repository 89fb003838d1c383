"""Statements that are compiled once in a run, and not anew for every test.

SQLAlchemy and the store keep what they compiled for each dialect, and every database that is opened has one of its
own. A program opens its database once; a test opens one each, and would spend most of its time on compiling the same
statements as the test before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.util import LRUCache

_DIALECTS: dict[str, Dialect] = {}
_COMPILED: dict[str, LRUCache[Any, Any]] = {}


@pytest.fixture(scope="session", autouse=True)
def _one_dialect() -> Iterator[None]:
    """Every database of a kind that the store opens has the same dialect."""
    from runner.store import database

    create_engine = database.create_engine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", lambda *url, **options: _shared(create_engine(*url, **options)))
        yield


def _shared(engine: Engine) -> Engine:
    kind = engine.dialect.name
    engine.update_execution_options(compiled_cache=_COMPILED.setdefault(kind, LRUCache(1000)))
    if kind in _DIALECTS:
        engine.dialect = _DIALECTS[kind]
    else:  # kept as soon as it has asked a server for its version
        event.listen(engine, "engine_connect", lambda _: _DIALECTS.setdefault(kind, engine.dialect))
    return engine
