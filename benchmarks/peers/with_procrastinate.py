"""So many jobs that do nothing, deferred and then worked off by Procrastinate on a PostgreSQL database.

    python with_procrastinate.py URL COUNT

Prints the seconds that working them off took; deferring is not counted, as enrolling is not with us.
"""

from __future__ import annotations

import asyncio
import sys
import time

from procrastinate import App, PsycopgConnector


async def measure(url: str, count: int) -> float:
    """Defer, then work off, one at a time."""
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="nothing")
    async def nothing(number: int) -> int:
        return number

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await nothing.batch_defer_async(*({"number": number} for number in range(count)))
        started = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=1, install_signal_handlers=False, listen_notify=False)
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(measure(sys.argv[1], int(sys.argv[2])))}\n")
