"""Several `serve` processes on one PostgreSQL database: every limit holds exactly, and nobody is written to twice.

How fast they are at limits that ask all of the machine is `benchmarks/engine_processes.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from crowd_trial import ALL_IT_CAN, AT_EVERY_LEVEL, Trial, tried
from postgres_server import PostgresServer


def test_three_processes_keep_every_limit_exactly(postgres_url: str, tmp_path: Path) -> None:
    tried(postgres_url, tmp_path, Trial(30, accounts=2, domains=3, per_account=8, per_domain=5, per_campaign=12,
                                        overall=14, processes=3))  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_eight_processes_and_twenty_in_five_seconds_at_every_level(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    """On a server of its own, whose commits wait for the disk: that of the other tests has its data in memory."""
    pace = tried(own_postgres.url(), tmp_path, AT_EVERY_LEVEL).pace
    assert pace >= 0.8, f"only {pace:.0%} of what the limits allow"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_limits_that_ask_all_of_the_machine_are_kept_as_exactly(postgres_url: str, tmp_path: Path) -> None:
    tried(postgres_url, tmp_path, ALL_IT_CAN)
