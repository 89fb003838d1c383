"""How sure the bounce rules are of mail they were not made with: every provider of the corpus held out in turn.

    python benchmarks/bounces.py

The rules are lists of alternatives. For each family of messages (a provider or mail system, by the file's name) those
alternatives are taken away that only this family's messages ever needed; what is left has to judge them. An alternative
that no message of the corpus needs stays: it comes from what systems document. Exit code 1 when fewer than 94 of 100
recipients are judged right.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from runner.channels.email import wordlists

CORPUS = Path(__file__).parents[1] / "tests" / "data" / "bounces"
LABELS: dict[str, list[dict[str, object]]] = json.loads((CORPUS / "labels.json").read_text())
LISTS = ("bounce_reasons", "unknown_for_sure", "smtp_commands", "bounce_subjects", "bounce_senders", "bounce_told",
         "bounce_sender_names", "bounce_naming", "bounce_advice", "bounce_delayed")  # fmt: skip
KINDS = {"vacation": "auto_reply", "feedback": "complaint", "delivered": "other"}
FLOOR = 0.94
Alternative = tuple[str, int, str]


def family(name: str) -> str:
    """The provider or mail system that a file of the corpus is from: `lhost-postfix-07.eml` is postfix."""
    return name.rpartition("-")[0].partition("-")[2] or name.partition("-")[0]


def alternatives(pattern: str) -> list[str]:
    """What stands between the bars of a regular expression, those within brackets left alone."""
    found, depth, start, skip = [], 0, 0, False
    in_class = False
    for place, char in enumerate(pattern):
        if skip or char == "\\":
            skip = not skip
        elif in_class or char == "[":
            in_class = char != "]"
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and not depth:
            found.append(pattern[start:place])
            start = place + 1
    return [*found, pattern[start:]]


def every_alternative() -> Iterator[Alternative]:
    """Each alternative of each list, with the number of its line."""
    for name in LISTS:
        for number, line in enumerate(wordlists.entries(name)):
            yield from ((name, number, one) for one in alternatives(line.partition(" = ")[2] or line))


def take_away(gone: Collection[Alternative]) -> None:
    """Let the classifier, which is not imported yet, read its lists without these."""
    whole = wordlists.entries

    def entries(name: str) -> tuple[str, ...]:
        lines = []
        for number, line in enumerate(whole(name)):
            key, bar, pattern = line.rpartition(" = ") if " = " in line else ("", "", line)
            left = [one for one in alternatives(pattern) if (name, number, one) not in gone]
            lines.append(key + bar + ("|".join(left) or "(?!)") if name in LISTS else line)
        return tuple(lines)

    wordlists.entries = entries  # type: ignore[assignment]


def needed_by() -> dict[Alternative, set[str]]:
    """For each alternative the families on whose messages it matches anything that the classifier looks at."""
    from runner.channels.email.bounce_report import take_apart
    from runner.channels.email.parse import parse

    patterns = [(each, re.compile(each[2], re.IGNORECASE | re.MULTILINE)) for each in every_alternative()]
    found: dict[Alternative, set[str]] = defaultdict(set)
    for name in LABELS:
        report = take_apart(parse((CORPUS / "mail" / name).read_bytes()))
        headers = report.mail.headers
        fields = [f"{field} {value}" for block in report.blocks for field, value in _fields(block)]
        text = "\n".join([headers.get("subject"), headers.get("from"), report.words, *fields])
        seen = "\n".join((text, " ".join(re.sub(r"<?[^\s<>]+@[^\s<>]+>?", "<@>", text).split())))
        for each, pattern in patterns:
            if pattern.search(seen):
                found[each].add(family(name))
    return found


def _fields(block: object) -> Iterator[tuple[str, str]]:
    for name in ("diagnostic-code", "status", "action"):
        yield name, block.raw(name)  # type: ignore[attr-defined]


def judged(held_out: str, gone: Collection[Alternative]) -> tuple[int, int, int, int]:
    """How one family fares without its rules: messages, right kinds, bounced recipients, those judged right."""
    take_away(gone)
    from runner.channels.email.classify import classify

    counts = [0, 0, 0, 0]
    for name, label in LABELS.items():
        if family(name) != held_out:
            continue
        verdict = classify((CORPUS / "mail" / name).read_bytes())
        wanted = KINDS.get(str(label[0]["reason"]), "bounce") if label else "no bounce"
        counts[0] += 1
        counts[1] += verdict.kind.value == wanted or (not label and verdict.kind.value not in ("bounce", "complaint"))
        for number, recipient in enumerate(label if wanted == "bounce" else ()):
            counts[2] += 1
            counts[3] += number < len(verdict.recipients) and verdict.recipients[number].hard == recipient["hard"]
    return counts[0], counts[1], counts[2], counts[3]


def main() -> int:
    """Hold out every family, each in a process of its own, since the lists are read at import."""
    total, needed = [0, 0, 0, 0], needed_by()
    for one in sorted({family(name) for name in LABELS}):
        gone = json.dumps([each for each, families in needed.items() if families == {one}])
        done = subprocess.run([sys.executable, __file__, one], input=gone, capture_output=True, text=True, check=True)
        counts = json.loads(done.stdout)
        total = [sum(pair) for pair in zip(total, counts, strict=True)]
        if counts[3] < counts[2]:
            print(f"  {one}: {counts[3]} of {counts[2]} recipients")
    kind, hard = total[1] / total[0], total[3] / total[2]
    print(f"held out: kind right for {kind:.1%} of {total[0]} messages, dead or alive for {hard:.1%} of {total[2]}")
    return 0 if hard >= FLOOR else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(judged(sys.argv[1], {(name, number, one) for name, number, one in json.load(sys.stdin)})))
    else:
        sys.exit(main())
