"""What an account sent, read back from its Sent folder: the only witness when the database forgot and so did we."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses

from runner.channels.email.imap import ImapConnection, connect
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.inbox import EmailInbox
from runner.channels.email.reconcile import BEFORE, KEY_HEADER, sent_folders
from runner.engine.ports import SentCopy
from runner.model.channel import ChannelConfig

RECIPIENT_HEADER = "To"


class EmailSentFolder:
    """Reads the folders that hold sent mail; a mailbox that files none yields nothing, which proves nothing."""

    def __init__(self, inbox: EmailInbox) -> None:
        self._inbox = inbox

    def sent_since(self, account: ChannelConfig, since: datetime) -> Sequence[SentCopy] | None:
        """Every message with our header that was filed since then. See `SentFolder`."""
        settings = imap_settings(account)
        if settings is None:
            return None
        found: list[SentCopy] = []
        with connect(settings, self._inbox.credential(settings)) as connection:
            for name in sent_folders(connection.folders(), settings):
                connection.open(name)
                found += _copies(connection, since)
        return sorted(found, key=lambda copy: copy.at)


def _copies(connection: ImapConnection, since: datetime) -> list[SentCopy]:
    """Servers search by day in their own zone, so the day before is asked for too, and the instant decides."""
    uids = connection.uids_since((since - BEFORE).date())
    found = []
    for envelope, raw in connection.headers(uids, (KEY_HEADER, RECIPIENT_HEADER)):
        fields = BytesParser(policy=compat32).parsebytes(raw, headersonly=True)
        key = str(fields.get(KEY_HEADER, "")).strip()
        if key and envelope.received_at is not None and envelope.received_at >= since.replace(microsecond=0):
            addresses = getaddresses([str(each) for each in fields.get_all(RECIPIENT_HEADER, [])])
            found.append(SentCopy(key, envelope.received_at, next((address for _, address in addresses), "")))
    return found
