"""The demo: a project's campaigns on its sample leads, over real protocols, on a clock that jumps."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from runner.clocks import ManualClock
from runner.leads.importer import ImportOptions, ImportReport, import_leads
from runner.model.project import Project
from runner.sandbox.world import COOKIE_VARIABLE, Sandbox, at_sandbox
from runner.serve.app import App, build
from runner.serve.until_idle import JumpingRun
from runner.store.database import open_database
from runner.store.keys import KEY_VARIABLE
from runner.store.leads import SqlLeads
from runner.store.opening import compile_or_raise
from runner.store.schema import upgrade

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday morning, the same for every run, so that two runs can be compared."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is set up: the app, the sandbox it talks to, and what importing the leads came to."""

    app: App
    sandbox: Sandbox
    clock: ManualClock
    imported: ImportReport
    folder: Path

    def play(self, on_step: Callable[[], None] = lambda: None) -> None:
        """Run until nobody is on the way."""
        dispatcher = self.app.dispatcher(workers=8)
        run = JumpingRun(self.app, self.clock, dispatcher, [self.sandbox.next_event_at], on_step=on_step)
        run.run()
        dispatcher.drain()


@contextmanager
def demo(
    root: Path,
    leads_file: Path,
    *,
    campaigns: tuple[str, ...] = (),
    folder: Path | None = None,
    list_name: str = "demo",
) -> Iterator[Demo]:
    """Set the demo up in a folder of its own: nothing of the project's own database or accounts is touched."""
    with tempfile.TemporaryDirectory(prefix="runner-demo-") as made, ExitStack() as stack:
        place = folder or Path(made)
        clock = ManualClock(START)
        sandbox = Sandbox(clock, ledgers=place).start()
        stack.enter_context(_environment({COOKIE_VARIABLE: "sandbox", KEY_VARIABLE: "demo"}))
        project = _demo_project(compile_or_raise(root), sandbox, campaigns)
        db = open_database(f"sqlite:///{place / 'demo.db'}", create=True)
        upgrade(db)
        app = build(root, project=project, clock=clock, db=db)
        try:
            options = ImportOptions(lead_fields=project.settings.lead_fields)
            report = import_leads(leads_file, SqlLeads(db, clock), list_name, options)
            yield Demo(app, sandbox, clock, report, place)
        finally:
            app.close()
            sandbox.stop()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set what is not set already, and take it back at the end."""
    mine = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)


def _demo_project(project: Project, sandbox: Sandbox, campaigns: tuple[str, ...]) -> Project:
    """The project at the sandbox; with `campaigns`, only those. A person is on their way in one campaign at a time."""
    wanted = campaigns or tuple(project.campaigns)
    kept = {name: campaign for name, campaign in project.campaigns.items() if name in wanted}
    pointed = at_sandbox(project, sandbox.ports)
    return replace(pointed, campaigns=kept)
