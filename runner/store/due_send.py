"""The send that is due for somebody, as the gate will be asked about it: for explaining it before it is tried.

Nothing is written. A worker fixes the same account, text and action when it opens the step (`runner/store/work.py`).
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from runner.lang.templates import TemplateError, parse_template, render
from runner.model.channel import ChannelConfig
from runner.model.linkedin_limits import counted_action
from runner.model.sequence import ChannelStep
from runner.store.context import Context
from runner.store.gatekeeping import Intention
from runner.store.loading import Loaded, wrote_from
from runner.store.tables import outreach_messages, step_runs
from runner.store.work import draw_variant, newest_text, template_values, text_seed


def due_send(connection: Connection, ctx: Context, loaded: Loaded) -> Intention | None:
    """What the gate will be asked, without attempt and claim. None where there is nothing to ask it: the step sends
    nothing, every account of its channel is off, or its text cannot be rendered.
    """
    step = loaded.state.step or ""
    run = loaded.state.runs.get(step)
    if run is None:
        return None
    body = ctx.book.graph(loaded.sequence_id).node(step).body
    if not isinstance(body, ChannelStep):
        return None
    account = _account(ctx, loaded, step, body)
    if account is None:
        return None
    text = _text(connection, ctx, loaded, step, body, run.action, account)
    if text is None:
        return None
    key = connection.execute(select(step_runs.c.key).where(step_runs.c.id == loaded.run_ids[step])).scalar_one()
    return Intention(
        enrollment_id=loaded.state.id, attempt_id=None, claim=None, campaign=loaded.campaign, account=account,
        lead=loaded.state.lead, body=body, action=counted_action(run.action, text), key=key,
        wrote_from=wrote_from(loaded, step),
    )  # fmt: skip


def _account(ctx: Context, loaded: Loaded, step: str, body: ChannelStep) -> ChannelConfig | None:
    """The account drawn at entry, or the one that will be drawn because that was switched off since."""
    current = ctx.book.account(loaded.accounts.get(step) or "")
    if current is not None and current.enabled:
        return current
    return ctx.book.draw_account(loaded.campaign, body.channel, loaded.state.lead.id)


def _text(
    connection: Connection, ctx: Context, loaded: Loaded, step: str, body: ChannelStep, action: str,
    account: ChannelConfig,
) -> str | None:  # fmt: skip
    """The body as kept from the first try, or as it will be rendered."""
    if not body.variants or (body.action == "auto" and action == "connect"):
        return ""
    mine = (outreach_messages.c.step_run_id == loaded.run_ids[step], outreach_messages.c.action == action)
    kept = connection.execute(select(outreach_messages.c.body).where(*mine)).scalar()
    if kept is not None:
        return str(kept)
    seed = text_seed(loaded, step)
    variant = draw_variant(body.variants, seed)
    _, source = newest_text(ctx.book, loaded, step, variant.template)
    values = template_values(loaded.state.lead, loaded.campaign, ctx.book.graph(loaded.sequence_id).vars, account)
    try:
        return render(parse_template(source, variant.template), values, seed).body
    except TemplateError:
        return None
