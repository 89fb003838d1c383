"""What holds for every test: a clean environment, repeatable examples, no way off the machine, databases to ask for."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "certificates",
    "dovecot_server",
    "golden",
    "machine",
    "one_dialect",
    "postgres_fixtures",
    "token_server",
]

for _name in [name for name in os.environ if name.startswith("RUNNER_")]:
    del os.environ[_name]
os.environ["TZ"] = "Asia/Kathmandu"  # nobody's zone here, and +05:45: naive local time shows at once
time.tzset()
for _name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"):
    os.environ.pop(_name, None)  # each of them would change what the commands print

# The same examples at every run: a red test is red because of the change. `fuzz` looks further, each time elsewhere.
settings.register_profile(
    "fixed", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", deadline=None, max_examples=20_000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """A command that a test ran may have set our variables, or pointed the log at a stderr that is closed now."""
    yield
    for name in [name for name in os.environ if name.startswith("RUNNER_")]:
        del os.environ[name]
    if "structlog" in sys.modules:
        sys.modules["structlog"].reset_defaults()
