"""`runner channels`: accounts as they stand, overlays on campaigns, and letting a stopped account go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from runner.cli.opening import format_option, open_project, project_option, say


@click.group(short_help="Sending accounts: their health, limits and switches.")
def channels() -> None:
    """Sending accounts: how they are, and what an operator may change."""


@channels.command("show", short_help="Show every account's health, or a campaign's channels.")
@click.argument("campaign", required=False)
@project_option
@format_option
def show(campaign: str | None, root: Path, output: str) -> None:
    """Every account with its health; with CAMPAIGN, its channels with their accounts and overlays."""
    from runner.channels.wiring import ChannelSet
    from runner.operator import Operator
    from runner.render.table import Column, print_table
    from runner.store.accounts import account_rows

    ctx = open_project(root)
    if campaign is not None:
        _show_config(Operator(ctx, ChannelSet({})).get_channel_config(campaign), output)
        return
    with ctx.db.read() as connection:
        rows = account_rows(connection, ctx.now())
    columns: list[Column | str] = [
        "account",
        "enabled",
        "health",
        Column("sent_24h", "sent in 24 h", right=True),
        "retry_at",
        "reason",
    ]
    print_table(rows, columns, output_format=output, name="accounts")


def _show_config(config: Mapping[str, Mapping[str, Any]], output: str) -> None:
    """What a campaign does on each channel: a line a channel, or all of it as JSON."""
    from runner.render.table import Column, json_text, print_table

    if output == "json":
        click.echo(json_text(config), nl=False)
        return
    rows = [
        {"channel": name, "accounts": [account["name"] for account in values["accounts"]], **_overlaid(values)}
        for name, values in config.items()
    ]
    print_table(rows, [Column("channel"), Column("accounts"), Column("state"), Column("limits", "overlaid limits")])


def _overlaid(values: Mapping[str, Any]) -> dict[str, object]:
    overlay = values["overlay"]
    state = "off here" if overlay.get("enabled") is False else "on" if values["accounts"] else "no account"
    return {"state": state, "limits": overlay.get("limits")}


@channels.command("set", short_help="Lower a channel's limits in a campaign, or switch it off.")
@click.argument("campaign")
@click.argument("channel")
@click.option("--config", required=True, help='JSON such as {"limits": {"per_day": 10}} or {"enabled": false}.')
@click.option("--author", required=True, help="Who decides this.")
@click.option("--reason", required=True, help="Why; it is shown wherever the overlay holds something back.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="When it ends by itself (UTC).")
@project_option
@format_option
def set_overlay(
    campaign: str, channel: str, config: str, author: str, reason: str, expires: datetime | None, root: Path,
    output: str,
) -> None:  # fmt: skip
    """Lower the limits of CHANNEL in CAMPAIGN, or switch it off there, until further notice."""
    from datetime import UTC

    from runner.channels.wiring import ChannelSet
    from runner.errors import UsageError
    from runner.operator import Operator
    from runner.render.table import json_text

    try:
        values = json.loads(config)
    except json.JSONDecodeError as error:
        raise UsageError(f"--config is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise UsageError("--config is a JSON object", help='write {"limits": {"per_day": 10}}')
    until = expires.replace(tzinfo=UTC) if expires else None
    operator = Operator(open_project(root), ChannelSet({}))
    result = operator.update_channel_config(campaign, {channel: values}, author=author, reason=reason, expires_at=until)
    if output == "json":
        click.echo(json_text(result[channel]), nl=False)
    else:
        _show_config({channel: result[channel]}, output)


@channels.command("check")
@project_option
@format_option
def check(root: Path, output: str) -> None:
    """What is wrong with each account's file and secrets. Nothing connects."""
    from runner.channels.wiring import real_channels, secret_reader
    from runner.clocks import SystemClock
    from runner.render.table import print_table
    from runner.store.accounts import check_accounts
    from runner.store.opening import compile_or_raise

    project = compile_or_raise(root)
    rows = check_accounts(project, real_channels(root, SystemClock()).channels, secret_reader(root))
    print_table(rows, ["account", "verdict", "remedy"], output_format=output, name="checks")
    if any(row["verdict"] != "ok" for row in rows):
        raise click.exceptions.Exit(1)


@channels.command("resume", short_help="Let an account that was stopped send again.")
@click.argument("account")
@project_option
@format_option
def resume(account: str, root: Path, output: str) -> None:
    """Let ACCOUNT (such as linkedin/ada) send again after it was stopped."""
    from runner.errors import NotFound
    from runner.store.health import resume_account, wake

    ctx = open_project(root)
    if ctx.book.account(account) is None:
        raise NotFound(f"there is no account `{account}`", help="`runner channels show` lists them")
    with ctx.db.write() as connection:
        changed = resume_account(connection, account, ctx.now())
        wake(connection, "account", ctx.now())
    words = f"{account} sends again" if changed else f"{account} was not stopped"
    say(words, output, account=account, changed=changed)


@channels.command("off", short_help="The kill switch: nothing is sent in SCOPE from now on.")
@click.argument("scope", default="global")
@click.option("--reason", required=True)
@click.option("--author", required=True)
@project_option
@format_option
def off(scope: str, reason: str, author: str, root: Path, output: str) -> None:
    """The kill switch: from now on nothing is sent in SCOPE (global, campaign:NAME or account:KEY)."""
    from runner.store.switching import set_switch

    ctx = open_project(root)
    with ctx.db.write() as connection:
        set_switch(connection, scope, reason=reason, actor=author, now=ctx.now())
    say(f"{scope} is switched off", output, scope=scope, changed=True)


@channels.command("on")
@click.argument("scope", default="global")
@project_option
@format_option
def on(scope: str, root: Path, output: str) -> None:
    """Lift the kill switch of SCOPE."""
    from runner.store.switching import lift_switch

    ctx = open_project(root)
    with ctx.db.write() as connection:
        lifted = lift_switch(connection, scope, ctx.now())
    words = f"{scope} may send again" if lifted else f"{scope} was not switched off"
    say(words, output, scope=scope, changed=lifted)
