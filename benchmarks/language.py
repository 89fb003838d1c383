"""How fast files are read, checked and compiled, as ratios to `yaml.load(CSafeLoader)` and to `python -c pass`.

    .venv/bin/python benchmarks/language.py [--rounds 5] [--files 1000] [--steps 10000]

The candidates take turns in every round, and the median of the rounds counts, so that a busy machine slows all of them
alike. Exit code 1 when a ratio is over its limit.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from runner.cli.init import starter_files
from runner.compile.schemas import FileKind, violations
from runner.compile.sequences import Surroundings, compile_source
from runner.lang.reader import load

TEMPLATES = {"intro": "", "bump": "", "note": "", "message": "", "form": "", "call": ""}
LIMITS = {
    "read with places + schema, many files": 0.8,
    "read with places + schema + all checks but templates, many files": 3.0,
    "read with places + schema, one huge file": 0.5,
    "runner validate one.yaml, cold": 20.0,
    "runner --version, cold": 4.5,
}

STEPS = """\
  - id: intro_{n}
    channel: email
    template: intro
    retry: {{count: 2, delay: 24h}}
    next: {{failed: connect_{n}}}        # `sent` goes on

  - id: quiet_{n}
    wait: 3bd

  - id: bump_{n}
    channel: email
    thread: intro_{n}
    template: bump
    settle: 30m
    send_window: {{days: [mon, tue, wed, thu, fri], hours: "09:00-17:00", timezone: lead}}
    next: {{sent: end, failed: connect_{n}}}

  - id: connect_{n}
    channel: linkedin
    action: connect
    template: note

  - id: accepted_{n}
    condition: if connect_{n}_sent
    wait_for: connect_{n}.accepted
    timeout: 5d

  - id: hello_{n}
    channel: linkedin
    action: message
    condition: if connect_{n}.accepted or connect_{n}_already_connected
    template: message

  - id: form_{n}
    channel: contact_form
    condition: if not hello_{n}_sent and has(lead.website)
    template: form
"""


def sequence(number: int) -> str:
    """A realistic sequence of about 50 lines, different for each number."""
    head = (
        f"# Sequence {number}, written for the benchmark.\nversion: 1\nname: founders_{number}\n"
        f"description: Email first; LinkedIn and the form when email fails, number {number}.\n"
        "defaults:\n  send_window: {days: [mon, tue, wed, thu], hours: \"09:00-17:00\", timezone: lead}\nsteps:\n"
    )  # fmt: skip
    return head + STEPS.format(n=number)


def huge(steps: int) -> str:
    """One sequence of many plain steps."""
    lines = ["version: 1", "name: huge", "steps:"]
    for number in range(steps // 2):
        lines += [f"  - id: mail_{number}", "    channel: email", "    template: intro",
                  "    retry: {count: 2, delay: 24h}", f"    condition: if lead.score > {number % 90}",
                  f"  - id: pause_{number}", "    wait: 3d"]  # fmt: skip
    return "\n".join(lines) + "\n"


def plain(texts: list[str]) -> None:
    """The floor: what everybody does."""
    for text in texts:
        yaml.load(text, yaml.CSafeLoader)


def read_and_check(texts: list[str]) -> None:
    """Values, the place of every key and value, and the schema."""
    for text in texts:
        source = load(text, "a.yaml")
        if source.findings or violations(source.data, FileKind.SEQUENCE):
            raise AssertionError(source.findings or violations(source.data, FileKind.SEQUENCE))


def compile_all(texts: list[str]) -> None:
    """Everything but what stands in templates."""
    around = Surroundings(templates=TEMPLATES, check_templates=False)
    for text in texts:
        result = compile_source(load(text, "a.yaml"), around)
        if result.compiled is None:
            raise AssertionError(result.diagnostics)


def medians(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each candidate; in every round each takes its turn."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(rounds):
        for name, candidate in candidates.items():
            gc.collect()
            begin = time.perf_counter()
            candidate()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def cold(folder: Path, rounds: int) -> dict[str, float]:
    """Seconds of whole processes: nothing, the version, and one file of a project."""

    def process(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, check=True)

    return medians(
        {
            "pass": process("-c", "pass"),
            "version": process("-m", "runner", "--version"),
            "validate": process("-m", "runner", "validate", "sequences/first.yaml"),
        },
        rounds,
    )


def ratios(files: int, steps: int, rounds: int) -> dict[str, float]:
    """Every line of the table: seconds over the floor's in the same rounds."""
    many, one = [sequence(number) for number in range(files)], [huge(steps)]
    candidates = {"plain": lambda: plain(many), "check": lambda: read_and_check(many), "all": lambda: compile_all(many)}
    small = medians(candidates, rounds)
    large = medians({"plain": lambda: plain(one), "check": lambda: read_and_check(one)}, rounds)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in starter_files().items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(text, encoding="utf-8")
        started = cold(Path(folder), max(rounds, 7))
    found = (small["check"] / small["plain"], small["all"] / small["plain"], large["check"] / large["plain"],
             started["validate"] / started["pass"], started["version"] / started["pass"])  # fmt: skip
    return dict(zip(LIMITS, found, strict=True))


def main() -> int:
    """Print the ratios beside their limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    over = 0
    for name, ratio in ratios(options.files, options.steps, options.rounds).items():
        verdict = "ok" if ratio <= LIMITS[name] else "OVER"
        over += verdict == "OVER"
        sys.stdout.write(f"{name:<66} {ratio:6.2f} x   limit {LIMITS[name]:5.1f}   {verdict}\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
