"""So many workflows of one step that does nothing, by DBOS on a PostgreSQL database. Prints the seconds they took.

python with_dbos.py URL COUNT
"""

from __future__ import annotations

import sys
import time

from dbos import DBOS, DBOSConfig


@DBOS.step()
def nothing(number: int) -> int:
    """The step: its result is stored before the workflow goes on."""
    return number


@DBOS.workflow()
def one(number: int) -> int:
    """One person's workflow."""
    return nothing(number)


if __name__ == "__main__":
    url, count = sys.argv[1], int(sys.argv[2])
    config: DBOSConfig = {"name": "peer", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    for number in range(20):
        one(number)
    started = time.perf_counter()
    for number in range(count):
        one(number)
    sys.stdout.write(f"{time.perf_counter() - started}\n")
    sys.stdout.flush()
    DBOS.destroy()
