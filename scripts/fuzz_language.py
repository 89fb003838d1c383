"""Broken files by the hundred thousand through the compile path: no crash, no hang, no growing memory.

    .venv/bin/python scripts/fuzz_language.py [--inputs 200000] [--seed 0]

Each input is a file of this repository with a few bytes, lines or tokens changed, compiled and rendered as text. Prints
the slowest and the peak of memory; exit code 1 after a crash (with the input's number, which with the seed makes it
again), a second of processor time for one input, or 300 MB.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.compile.accounts import compile_account
from runner.compile.campaigns import compile_campaign
from runner.compile.sequences import Surroundings, compile_source
from runner.compile.settings import compile_settings
from runner.lang.diagnostics import Diagnostic
from runner.lang.reader import read
from runner.lang.source import Source
from runner.render.json import report
from runner.render.text import render_text

ROOT = Path(__file__).resolve().parents[1]
LONGEST_SECONDS = 1.0
MOST_MEGABYTES = 300
TOKENS = [
    b": ", b"- ", b"\n- ", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"*a, *a", b"!t ", b"<<: *a", b"\t", b'"', b"'",
    b"|\n", b">\n", b"# ", b"---\n", b"...\n", b"%YAML 1.1\n", b"? ", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\xe6\xbc\xa2", b"\xf0\x9f\x98\x80", b"null", b"true", b"~", b"0x1F", b"1e999", b".inf", b"-1", b"9" * 400,
    b"2026-02-30", b"17:00", b"{{ ", b" }}", b"{% for x in lead.tags %}", b"{% endfor %}", b"{{ 9 ** 9 }}",
    b"| default(", b"lead.", b"intro_sent", b" and not (", b" or ", b"((((((((((", b"[" * 60, b"{a: " * 60, b"\n" * 50,
    b"x" * 5000,
    b"- " * 50,
]  # fmt: skip


def originals() -> list[tuple[str, bytes]]:
    """The project files of the repository, and the templates, by name."""
    globs = ("runner.yaml", "sequences/*.yaml", "channel_configs/*.yaml", "campaigns/*.yaml",
             "sequences/templates/*.md", "docs/example/*/*.yaml")  # fmt: skip
    paths = [path for glob in globs for path in sorted(ROOT.glob(glob))]
    return [(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in paths]


def changed(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """The content after one to six random changes."""
    for _ in range(rng.randint(1, 6)):
        place, end = sorted((rng.randint(0, len(content)), rng.randint(0, len(content))))
        end = min(end, place + rng.choice((1, 3, 10, 80)))
        match rng.randrange(7):
            case 0:
                content = content[:place] + rng.choice(TOKENS) + content[place:]
            case 1:
                content = content[:place] + content[end:]
            case 2:
                content = content[:place] + rng.randbytes(rng.randint(1, 4)) + content[end:]
            case 3:
                content = content[:end] + content[place:end] * rng.choice((1, 1, 2, 30)) + content[end:]
            case 4:
                other = rng.choice(others)
                start = rng.randint(0, len(other))
                content = content[:place] + other[start : start + rng.choice((20, 200, 2000))] + content[end:]
            case 5:
                lines = content.split(b"\n")
                rng.shuffle(lines) if rng.random() < 0.1 else lines.pop(rng.randrange(len(lines)))
                content = b"\n".join(lines)
            case _:
                content = content[:place] + rng.choice(TOKENS) + content[end:]
    return content[:200_000]


def compiled(name: str, content: bytes, templates: dict[str, str]) -> tuple[Source, list[Diagnostic]]:
    """A file compiled as what it is in the project; a template as one that a sequence sends."""
    if name.endswith(".md"):
        text = content.decode("utf-8", "replace")
        channel = ("email", "linkedin", "contact_form")[len(text) % 3]
        sends = f"version: 1\nname: a\nsteps: [{{id: a, channel: {channel}, template: t}}]\n"
        source = read(sends.encode(), "a.yaml")
        return source, list(compile_source(source, Surroundings({"t": text}, stem="a")).diagnostics)
    source = read(content, name)
    folder = Path(name).parent.name
    stem = Path(name).stem
    if folder == "sequences":
        return source, list(compile_source(source, Surroundings(templates, {"plan": "text"}, stem=stem)).diagnostics)
    if folder == "channel_configs":
        return source, list(compile_account(source, stem)[1])
    if folder == "campaigns":
        return source, list(compile_campaign(source, stem, {"plan": "text"})[1])
    return source, list(compile_settings(source)[1])


def inputs(count: int, seed: int) -> Iterator[tuple[int, str, bytes]]:
    """The broken files, numbered."""
    files = originals()
    contents = [content for _, content in files]
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        name, content = files[number % len(files)]
        yield number, name, changed(content, contents, rng)


def one(name: str, content: bytes, templates: dict[str, str]) -> int:
    """Compile and render one input; the number of findings."""
    source, found = compiled(name, content, templates)
    document = report(found)
    render_text(document, lambda _: source.text)
    return len(document["diagnostics"])


def run(count: int, seed: int, say: Callable[[str], object]) -> int:
    """Run them all; the number of inputs that broke a promise."""
    templates = {Path(name).stem: content.decode() for name, content in originals() if name.endswith(".md")}
    broken, slowest, findings = 0, (0.0, -1), 0
    for number, name, content in inputs(count, seed):
        if number % 20_000 == 0 and number:
            say(f"{number} inputs so far, {broken} broken")
        begin = time.process_time()
        try:
            findings += one(name, content, templates)
        except Exception:  # noqa: BLE001 - a crash is what this looks for
            broken += 1
            say(f"input {number} of seed {seed} ({name}) crashed:\n{traceback.format_exc()}")
        taken = time.process_time() - begin
        slowest = max(slowest, (taken, number))
        if taken > LONGEST_SECONDS:
            broken += 1
            say(f"input {number} of seed {seed} ({name}) took {taken:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"{count} inputs, seed {seed}: {broken} broken, {findings} findings, slowest {slowest[0]:.3f} s "
        f"(input {slowest[1]}), peak {peak:.0f} MB")  # fmt: skip
    return broken + (peak > MOST_MEGABYTES)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import holidays  # noqa: F401 - loaded once, before the clock runs

    return 1 if run(options.inputs, options.seed, _say) else 0


if __name__ == "__main__":
    sys.exit(main())
