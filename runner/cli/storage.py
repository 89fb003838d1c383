"""The project's database, settings and key for a command that looks at people rather than at sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.cli.root import PROJECT_FILE, find_root
from runner.clocks import SystemClock
from runner.compile.files import read_file
from runner.compile.project import load_project
from runner.compile.settings import compile_settings
from runner.errors import ProjectError
from runner.model.channel import ChannelType
from runner.model.identity import email_key
from runner.model.project import ProjectSettings
from runner.model.senders import senders_by_field
from runner.store.database import Database
from runner.store.keys import Key, bind_key, load_key
from runner.store.opening import open_store
from runner.store.schema import check_schema


@dataclass(frozen=True, slots=True)
class Storage:
    """What is open: `root` is the project's folder, `clock` the machine's."""

    root: Path
    settings: ProjectSettings
    db: Database
    clock: SystemClock

    def key(self) -> Key:
        """The project's key, proven to be the one this database was used with.

        Raises MissingSecret and DatabaseUnavailable as `load_key` and `bind_key` do.
        """
        key = load_key(self.root)
        with self.db.write() as connection:
            bind_key(connection, key)
        return key

    def own_addresses(self) -> frozenset[str]:
        """The keys of the addresses this project sends from; none while the project does not compile."""
        project = load_project(self.root).project
        accounts = project.channels.values() if project else ()
        senders = (account.settings.get("from") for account in accounts if account.channel is ChannelType.EMAIL)
        addresses = (sender.get("address") for sender in senders if isinstance(sender, dict))
        return frozenset(email_key(address) for address in addresses if isinstance(address, str))


    def senders(self) -> Mapping[str, frozenset[str]]:
        """The fields by which people choose who writes to them, with the names there are; see `own_addresses`."""
        project = load_project(self.root).project
        return senders_by_field(project.channels.values() if project else ())


@contextmanager
def open_storage(start: Path) -> Iterator[Storage]:
    """Open the database of the project at or above `start`. A broken sequence does not matter here.

    Raises UsageError outside of a project, ProjectError for a broken runner.yaml, and DatabaseUnavailable.
    """
    root = find_root(start)
    settings, found = compile_settings(read_file(root / PROJECT_FILE, root))
    if any(diagnostic.is_error for diagnostic in found):
        raise ProjectError(
            f"{PROJECT_FILE} has errors", tuple(found), help="`runner validate` shows each with its place"
        )
    db = open_store(settings, root)
    try:
        check_schema(db)
        yield Storage(root, settings, db, SystemClock())
    finally:
        db.close()
