"""Which subjects a person's mail answers, by what it says itself: for mail that carries nothing else that ties it."""

from __future__ import annotations

import re
from itertools import islice

from runner.channels.email.parse import Mail
from runner.channels.email.parse_headers import Headers
from runner.channels.email.reply_text import Written, quoted_fields
from runner.model.subjects import LONGEST, is_answer

MAX_SUBJECTS = 20
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_NO_PERSON = re.compile(r"(?:^|[._+-])(?:no|not|do-?not|donot)[._-]?repl(?:y|ies)|^mailer-daemon$|^postmaster$")
"""Local parts that nobody writes from."""


def answered_subjects(mail: Mail) -> tuple[str, ...]:
    """The subjects that a mail answers, passes on or quotes the header of; none where a machine wrote it."""
    if _by_a_machine(mail.headers):
        return ()
    subject, written = mail.headers.get("subject")[:LONGEST], Written.of(mail)
    own = [subject] if is_answer(subject) or written.quotes else []
    quoted = (value[:LONGEST] for value in quoted_fields(written.shown))
    return tuple(dict.fromkeys(each for each in (*own, *islice(quoted, MAX_SUBJECTS)) if each.strip()))


def _by_a_machine(headers: Headers) -> bool:
    """Whether headers (RFC 3834, RFC 2919, RFC 2369) or the address say outright that no person wrote this."""
    writers = [address.rpartition("@")[0] for address in headers.addresses("from")]
    return (
        headers.raw("auto-submitted").strip().lower() not in ("", "no")
        or headers.raw("precedence").strip().lower() in _BULK
        or headers.raw("return-path").strip() == "<>"
        or any(name in headers for name in ("list-id", "list-unsubscribe"))
        or any(_NO_PERSON.search(each) for each in writers)
    )
