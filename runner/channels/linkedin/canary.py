"""The canary of `runner doctor`: which of the calls this account needs still answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runner.channels.linkedin.provider import CheckResult, Verdicts
from runner.channels.linkedin.reading import Answer, VoyagerReader
from runner.channels.linkedin.responses import Verdict
from runner.channels.linkedin.shapes import own_profile_id
from runner.channels.linkedin.verdicts import HELP
from runner.errors import MissingSecret
from runner.model.channel import ChannelConfig


def run_canary(account: ChannelConfig, open_reader: Callable[[ChannelConfig], VoyagerReader]) -> Sequence[CheckResult]:
    """Three reading calls that nobody else sees: who am I, conversations, sent invitations.

    Stops at the first that says the account is in trouble, so that the canary never makes it worse.
    """
    try:
        reader = open_reader(account)
    except MissingSecret as error:
        return (CheckResult("LinkedIn cookies", Verdicts.PROBLEM, f"{error}. {error.help}"),)
    me = reader.me()
    results = [_session(me)]
    if not me.good:
        return results
    conversations = reader.ask(lambda api: api.get_conversations())
    results.append(_call("LinkedIn replies", conversations, "replies must be reported by a person"))
    if conversations.trouble is None:
        open_ones = reader.open_invitations()
        lost = "after an interrupted invitation a person must look whether it went out"
        name = "LinkedIn sent invitations"
        results.append(
            CheckResult(name, Verdicts.WARNING, lost) if open_ones is None else CheckResult(name, Verdicts.OK)
        )
    return results


def _session(answer: Answer) -> CheckResult:
    name = "LinkedIn session"
    if answer.good and own_profile_id(answer.exchange.json) is not None:
        return CheckResult(name, Verdicts.OK)
    if answer.row.verdict in HELP:
        return CheckResult(name, Verdicts.PROBLEM, f"{answer.row.says}. {HELP[answer.row.verdict]}")
    return CheckResult(name, Verdicts.WARNING, f"LinkedIn answered {answer.exchange.status} without saying who we are")


def _call(name: str, answer: Answer, lost: str) -> CheckResult:
    if answer.good:
        return CheckResult(name, Verdicts.OK)
    if answer.row.verdict in HELP and answer.row.verdict is not Verdict.ENDPOINT_GONE:
        return CheckResult(name, Verdicts.PROBLEM, HELP[answer.row.verdict])
    return CheckResult(name, Verdicts.WARNING, f"LinkedIn answered {answer.exchange.status}: {lost}")
