"""The send that is due for somebody, as the gate will be asked about it: for explaining it before it is tried.

Nothing is written. A worker fixes the same account, text and action when it opens the step (`runner/store/work.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from runner.lang.templates import TemplateError
from runner.model.channel import ChannelConfig
from runner.model.linkedin_limits import counted_action
from runner.model.sequence import ChannelStep
from runner.store.context import Context
from runner.store.gatekeeping import Intention
from runner.store.loading import Loaded, wrote_from
from runner.store.tables import outreach_messages, step_runs
from runner.store.work import carries_text, draft, serving_account


def due_send(connection: Connection, ctx: Context, loaded: Loaded) -> Intention | None:
    """What the gate will be asked, without attempt and claim. None where there is nothing to ask it: the step sends
    nothing, every account of its channel is off, or its text cannot be rendered.
    """
    step = loaded.state.step or ""
    run = loaded.state.runs.get(step)
    body = ctx.book.graph(loaded.sequence_id).node(step).body if run is not None else None
    if run is None or not isinstance(body, ChannelStep):
        return None
    due = _Due(connection, ctx, loaded, step, body, run.action)
    account = serving_account(ctx.book, loaded, body, loaded.accounts.get(step))
    text = due.text(account) if account is not None else None
    if account is None or text is None:
        return None
    key = connection.execute(select(step_runs.c.key).where(step_runs.c.id == loaded.run_ids[step])).scalar_one()
    return Intention(
        enrollment_id=loaded.state.id, attempt_id=None, claim=None, campaign=loaded.campaign, account=account,
        lead=loaded.state.lead, body=body, action=counted_action(run.action, text), key=key,
        wrote_from=wrote_from(loaded, step),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Due:
    connection: Connection
    ctx: Context
    loaded: Loaded
    step: str
    body: ChannelStep
    action: str

    def text(self, account: ChannelConfig) -> str | None:
        """The body as kept from the first try, or as it will be rendered."""
        if not carries_text(self.body, self.action):
            return ""
        mine = (
            outreach_messages.c.step_run_id == self.loaded.run_ids[self.step],
            outreach_messages.c.action == self.action,
        )
        kept = self.connection.execute(select(outreach_messages.c.body).where(*mine)).scalar()
        if kept is not None:
            return str(kept)
        try:
            return draft(self.ctx.book, self.loaded, self.step, self.body, account)[2].body
        except TemplateError:
            return None
