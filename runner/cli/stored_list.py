"""The people of a stored list, for `runner validate --leads LIST`: the one use that validate makes of the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.cli.storage import open_storage
from runner.model.lead import Lead
from runner.store.leads import LeadFilter, read_leads


def leads_of_list(root: Path, name: str) -> Iterator[Lead]:
    """Every lead of the list, in the order in which they came.

    Raises NotFound for a list that is not there, DatabaseUnavailable when the database cannot be read.
    """
    with open_storage(root) as storage, storage.db.read() as connection:
        yield from read_leads(connection, LeadFilter(list_name=name))
