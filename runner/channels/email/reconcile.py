"""Proof that a message of unknown fate went out: our own copy in Sent, or a bounce or reply that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from runner.channels.email.imap import Folder, ImapConnection, connect
from runner.channels.email.imap_settings import ImapSettings, imap_settings
from runner.channels.email.inbox import EmailInbox, junk_folders
from runner.engine.ports import Doubt, Evidence

SENT_NAMES = frozenset({
    "sent", "sent items", "sent messages", "sent mail", "[gmail]/sent mail", "inbox.sent", "inbox/sent", "gesendet",
    "gesendete elemente", "envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata",
})  # fmt: skip
KEY_HEADER = "X-Runner-Key"
BEFORE = timedelta(days=1)
"""Servers search by day in their own zone, so the day before the intent is looked at too."""


class EmailReconciler:
    """Looks for a message by its Message-ID and by our header, since some relays replace the Message-ID."""

    def __init__(self, inbox: EmailInbox) -> None:
        self._inbox = inbox

    def find(self, doubt: Doubt) -> Evidence | None:
        """Proof that it went out, None where nothing is found (which proves nothing) or the account has no inbox.

        Raises ChannelUnavailable when the server cannot be used.
        """
        settings = imap_settings(doubt.account)
        if settings is None:
            return None
        with connect(settings, self._inbox.credential(settings)) as connection:
            for name, search in _places(connection, settings, doubt):
                opened = connection.open(name)
                if uids := search():
                    when = _received(connection, uids[-1]) or doubt.intent_at
                    detail = {"folder": name, "uid": uids[-1], "uidvalidity": opened.uid_validity}
                    return Evidence(f"imap:{name}", when, detail)
        return None


Search = Callable[[], list[int]]


def _places(connection: ImapConnection, settings: ImapSettings, doubt: Doubt) -> Iterator[tuple[str, Search]]:
    there = connection.folders()
    since = (doubt.intent_at - BEFORE).date()
    for name in sent_folders(there, settings):
        if doubt.message_id:
            yield name, lambda: connection.uids_with_header("Message-ID", doubt.message_id or "")
        yield name, lambda: connection.uids_with_header(KEY_HEADER, doubt.key)
    for name in ("INBOX", *junk_folders(there)):
        if doubt.message_id:
            yield name, lambda: connection.uids_with_header("In-Reply-To", doubt.message_id or "")
            yield name, lambda: connection.uids_with_header("References", doubt.message_id or "")
        yield name, lambda: connection.uids_with_text(doubt.key, since)


def sent_folders(there: Sequence[Folder], settings: ImapSettings) -> list[str]:
    """The folders that hold sent mail: the one the account names, else those marked or named so, if they are there."""
    sent = [settings.sent_folder] if settings.sent_folder else [each.name for each in there if _is_sent(each)]
    known = {each.name for each in there}
    return [name for name in sent if name in known]


def _is_sent(folder: Folder) -> bool:
    return "\\sent" in folder.attributes or folder.name.lower() in SENT_NAMES


def _received(connection: ImapConnection, uid: int) -> datetime | None:
    return next((each.received_at for each in connection.envelopes([uid])), None)
