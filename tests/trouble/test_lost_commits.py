"""The answer to a COMMIT is lost and the connection with it: what became of it is looked up, never assumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from postgres_proxy import swallowing
from serving import serving

PEOPLE = 6
TRANSACTIONS: dict[str, Callable[[str], bool]] = {
    "decide": lambda said: "INSERT INTO step_runs" in said,
    "claim": lambda said: "INSERT INTO claims" in said,
    "open": lambda said: "INSERT INTO outreach_attempts" in said,
    "intent": lambda said: "intent_at=" in said and "DELETE FROM claims" not in said,
    "result": lambda said: "DELETE FROM claims" in said and "message_id=" in said,
}


@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_a_commit_without_an_answer_is_read_again(transaction: str, postgres_url: str) -> None:
    _lose(postgres_url, transaction, deliver=True)


@pytest.mark.parametrize("transaction", ["intent", "result"])
def test_a_commit_that_never_arrived_is_made_again(transaction: str, postgres_url: str) -> None:
    _lose(postgres_url, transaction, deliver=False)


def _lose(url: str, transaction: str, *, deliver: bool) -> None:
    """Lose two such commits; the lease is longer than the trouble, so that nothing is settled by its end alone."""
    seen = []

    def choose(statements: Sequence[str]) -> bool:
        meant = TRANSACTIONS[transaction]("\n".join(statements))
        seen.append(meant)
        return meant and sum(seen) in (1, 3)

    with (
        swallowing(url, choose, deliver=deliver) as proxy,
        serving(url, PEOPLE, lease=3.0, serve_url=proxy.url(url)) as run,
    ):
        run.finish()
        assert proxy.swallowed == 2
        assert 1 <= len(run.logged("database.unavailable")) <= proxy.swallowed
