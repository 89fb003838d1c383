"""What a person hears of replaced refresh tokens: that one cannot be kept, and that it can be again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog
from sqlalchemy import update

from runner.channels.email.config import account_of
from runner.channels.email.imap_settings import imap_settings
from runner.errors import DatabaseUnavailable
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.store.context import Context
from runner.store.health import open_problem
from runner.store.tables import problems

log = structlog.get_logger("runner.oauth")
UNKEPT = "refresh_token_unkept"


def telling(ctx: Context, accounts: Callable[[], list[ChannelConfig]]) -> Callable[[SecretRef, bool], None]:
    """What tells a person: a problem for each account that uses the token, closed once it is kept, and a log line."""

    def tell(ref: SecretRef, kept: bool) -> None:
        mine = list(_using(accounts(), ref))
        if kept:
            log.info("oauth.refresh_token_kept", accounts=mine, file=ref.file)
        else:
            log.warning("oauth.refresh_token_not_kept", accounts=mine, where=_where(ref))
        try:
            for account in mine:
                _record(ctx, account, ref, kept)
        except DatabaseUnavailable as error:  # the log has said it, and the token is good
            log.warning("oauth.not_told", error=str(error))

    return tell


def _record(ctx: Context, account: str, ref: SecretRef, kept: bool) -> None:
    scope, now = f"account:{account}", ctx.now()
    with ctx.db.write() as connection:
        if kept:
            standing = (problems.c.scope == scope, problems.c.kind == UNKEPT, problems.c.closed_at.is_(None))
            connection.execute(update(problems).where(*standing).values(closed_at=now))
            return
        text = f"the token server replaced the refresh token of {account}; {_where(ref)} cannot be written, so the new "
        text += "one is lost when this process ends, and the old one will stop working"
        help_text = "give it as `refresh_token: {file: PATH}`, a file in a folder, both of which this user may write; "
        help_text += f"then `runner channels resume {account}`"
        open_problem(connection, scope, UNKEPT, text, help_text, now)


def _using(accounts: list[ChannelConfig], ref: SecretRef) -> Iterator[str]:
    for config in accounts:
        if config.channel is ChannelType.EMAIL:
            inbox = imap_settings(config)
            blocks = (account_of(config).smtp.oauth, inbox.oauth if inbox else None)
            if any(block is not None and block.refresh_token == ref for block in blocks):
                yield config.key


def _where(ref: SecretRef) -> str:
    return f"the environment variable {ref.env}" if ref.env is not None else f"the file {ref.file}"
