"""What a person reconciles after a backup was restored: journal and Sent folders together, against the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runner.channels.sent_watch import Witness, ask
from runner.engine.ports import SentFolder
from runner.errors import NotFound, Refused
from runner.model.channel import ChannelType
from runner.store.context import Context
from runner.store.restoring import hold_restored, notice_restored, reconcile, sent_since
from runner.store.sent_evidence import lift_unread


def compare(ctx: Context, folders: Mapping[ChannelType, SentFolder], leave_out: frozenset[str]) -> Witness:
    """Everything that went out and the database does not know; it is held from now on, if there is anything.

    Raises NotFound for an account to be left out that is not there.
    """
    known = {config.key for config in ctx.book.project.channels.values()}
    if strangers := sorted(leave_out - known):
        raise NotFound(f"there is no account `{strangers[0]}`", help=f"the accounts are: {', '.join(sorted(known))}")
    notice_restored(ctx)
    witness = ask(ctx, folders, frozenset(known - leave_out))
    if witness.sends:
        hold_restored(ctx)
    told = sent_since(ctx)  # the journal's word is the fuller one, where it has any
    keys = {line.key for line in told}
    sends = [*told, *(line for line in witness.sends if line.key not in keys)]
    return replace(witness, sends=tuple(sorted(sends, key=lambda line: line.at)), read=witness.read | leave_out)


def accept_sends(ctx: Context, found: Witness) -> int:
    """Take it over and let sending go on. Returns the opt-outs added.

    Raises Refused while an account's Sent folder could not be read: what it sent would go out again.
    """
    for account, error in sorted(found.unread.items()):
        help_text = f"mend its IMAP access, or add `--leave-out {account}` if you know that it sent nothing"
        raise Refused(f"the Sent folder of {account} cannot be read: {error}", help=help_text)
    added = reconcile(ctx, found.sends)
    for account in sorted(found.read):
        lift_unread(ctx, account)
    if ctx.journal is not None and not ctx.journal.has_begun():
        ctx.journal.begin(ctx.now())
    return added
