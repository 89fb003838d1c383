"""Importing leads against its floor: `csv` + email-validator + `executemany` of the same columns, in one run.

    python benchmarks/leads.py [ROWS] [ROUNDS]

The two take turns; the ratio is that of the medians. The goal is 1.5 at a million rows; exit code 1 above it. Both
write the columns the product writes into the table it writes them to, on SQLite with synchronous=FULL. The addresses
have three people a domain, as lists of businesses do. Processor time is shown beside the clock, for machines that
others use too.
"""

from __future__ import annotations

import csv
import gc
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from email_validator import validate_email

from runner.clocks import ManualClock
from runner.leads.importer import import_leads
from runner.store.database import open_database
from runner.store.leads import SqlLeads
from runner.store.tables import metadata

COLUMNS = ("email", "first_name", "last_name", "company", "title", "country", "phone", "website", "linkedin_url")
GOAL = 1.5
STAMP = "2026-11-22 00:00:00.000000"
INSERT = (
    f"INSERT INTO leads (email_key, domain, linkedin_key, {', '.join(COLUMNS)}, tags, fields, created_at, updated_at) "
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 3))}, '[]', '{{}}', '{STAMP}', '{STAMP}')"
)


def make_csv(rows: int, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            site = f"company{number // 3}.example"
            writer.writerow((
                f"first.last{number}@{site}", "Ada", f"Lovelace {number}", f"Company {number // 3}", "Founder", "US",
                f"+1202{number % 10_000_000:07d}", f"https://{site}", f"https://www.linkedin.com/in/person-{number}/",
            ))  # fmt: skip


def fresh_database(folder: Path, name: str) -> Path:
    path = folder / name
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    db = open_database(f"sqlite:///{path}", create=True)
    with db.write() as connection:
        metadata.create_all(connection)
    db.close()
    return path


Taken = tuple[float, float]
"""Seconds by the clock, and of the processor."""


def floor(source: Path, folder: Path) -> Taken:
    path = fresh_database(folder, "floor.db")
    started = time.perf_counter(), time.process_time()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=FULL")
    with source.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)
        batch: list[tuple[str, ...]] = []
        for row in reader:
            address = validate_email(row[0], check_deliverability=False).normalized
            batch.append((address.lower(), address.rpartition("@")[2], row[8], address, *row[1:]))
            if len(batch) == 2000:
                connection.executemany(INSERT, batch)
                connection.commit()
                batch.clear()
        connection.executemany(INSERT, batch)
        connection.commit()
    connection.close()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def ours(source: Path, folder: Path, rows: int) -> Taken:
    path = fresh_database(folder, "ours.db")
    started = time.perf_counter(), time.process_time()
    db = open_database(f"sqlite:///{path}")
    report = import_leads(source, SqlLeads(db, ManualClock(datetime(2026, 11, 22, tzinfo=UTC))), "all")
    db.close()
    took = time.perf_counter() - started[0], time.process_time() - started[1]
    assert report.total == rows, report
    assert not report.rejected, report.rejected[:3]
    return took


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "leads.csv"
        make_csv(rows, source)
        times: dict[str, list[Taken]] = {"floor": [], "ours": []}
        for _ in range(rounds):
            gc.collect()
            times["floor"].append(floor(source, folder))
            gc.collect()
            times["ours"].append(ours(source, folder, rows))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"rows {rows:,}  rounds {rounds}  peak memory {memory} MB\n")
    ratios = []
    for index, clock in enumerate(("clock", "processor")):
        low, high = (statistics.median(taken[index] for taken in times[name]) for name in ("floor", "ours"))
        ratios.append(high / low)
        sys.stdout.write(
            f"{clock:<10} floor {low / rows * 1e6:6.1f} us a row   runner leads import {high / rows * 1e6:6.1f} us"
            f" a row   ratio {ratios[-1]:.2f}  goal {GOAL}\n"
        )
    return 0 if min(ratios) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
