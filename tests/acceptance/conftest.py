"""A project of this repository, run by the real engine over real protocols against the sandbox, on a jumping clock."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.serve.demo import Demo, demo
from runner.store.outcomes_report import final_states

ROOT = Path(__file__).parents[2]
COLUMNS = (
    "email", "first_name", "linkedin_url", "contact_form_url", "phone", "timezone", "country", "legal_basis", "score",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is over: what the servers received, and where everybody ended."""

    demo: Demo

    def mails(self, who: str) -> list[Any]:
        """Every delivery or refusal the SMTP sink noted for an address."""
        return [record for record in self.demo.sandbox.smtp.ledger.records() if record.recipient == who]

    def accepted(self, who: str) -> list[Any]:
        """The messages a person really got."""
        return [record for record in self.mails(who) if record.verdict == "accepted"]

    def linkedin(self, kind: str, person: str) -> list[Any]:
        """The invitations or messages a person got on LinkedIn."""
        return [record for record in self.demo.sandbox.linkedin.taken(kind) if record.public_id == person]

    def forms(self, site: str) -> list[Any]:
        """The submissions a site received."""
        return [record for record in self.demo.sandbox.sites.ledger if record.site == site]

    def path(self, who: str) -> str:
        """The steps somebody went through."""
        [state] = [state for state in final_states(self.demo.app.ctx) if who in (state["lead"], str(state["lead_id"]))]
        return str(state["path"])

    def ended(self, who: str) -> tuple[str, str]:
        """How somebody's enrollment ended, and why."""
        [state] = [state for state in final_states(self.demo.app.ctx) if who in (state["lead"], str(state["lead_id"]))]
        return state["status"], state["reason"]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Plays a campaign on the given people to its end."""
    stack = ExitStack()

    def run(campaign: str, people: list[Mapping[str, str]]) -> Run:
        file = tmp_path / "leads.csv"
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(people)
        playing = stack.enter_context(demo(ROOT, file, campaigns=(campaign,), list_name=campaign_list(campaign)))
        playing.play()
        return Run(playing)

    with stack:
        yield run


def campaign_list(campaign: str) -> str:
    """The list that the repository's campaigns look for."""
    return "founders" if campaign == "founders" else "demo"
