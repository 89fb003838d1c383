"""The operator's five functions: a send through them is the step's own, and passes the same gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runner.channels.wiring import ChannelSet
from runner.engine.outcomes import Failed, Unknown
from runner.engine.ports import Signal
from runner.errors import NotFound, Refused, UsageError
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.rates import LimitSet, Rate
from runner.operator import ChannelSequencer, Operator
from runner.store.operations import pause_rows
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
ADA = {"email": "ada@example.com", "linkedin_urn": "ada"}
THREE = """\
version: 1
name: three
steps:
  - {id: rest, wait: 5d}
  - {id: mail, channel: email, template: hello}
  - {id: note, channel: linkedin, action: message, template: hello}
  - {id: form, channel: contact_form, template: hello}
"""


def _operator(play: Play) -> Operator:
    return Operator(play.ctx, ChannelSet(play.channels))


def test_a_send_now_ends_the_wait_and_is_the_steps_own_run(play: Make) -> None:
    run = play(THREE, [ADA])
    run.settle()
    result = _operator(run).send_outreach_message("play", 1, ["email"])
    assert result["success"] and result["attempts"][0]["status"] == "sent"
    assert [d.step for d in run.channel(ChannelType.EMAIL).ledger] == ["mail"]
    run.run()
    assert len(run.channel(ChannelType.EMAIL).ledger) == 1, "the scheduled run of the same step sends nothing again"
    assert run.path(1)[-1] == "form sent"


def test_the_channels_are_tried_in_order_until_one_is_sent(play: Make) -> None:
    run = play(THREE, [ADA])
    run.channel(ChannelType.EMAIL).script(ADA["email"], Failed("address_unknown"))
    result = _operator(run).send_outreach_message("play", 1, ["email", "linkedin", "contact_form"])
    assert [a["channel"] for a in result["attempts"]] == ["email", "linkedin"]
    assert run.channel(ChannelType.CONTACT_FORM).ledger == []


def test_the_gate_defers_an_operators_send_with_a_date(play: Make) -> None:
    limits = LimitSet(rates=(Rate(0, timedelta(days=1)),))
    run = play(THREE, [ADA], accounts={"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)})
    result = _operator(run).send_outreach_message("play", 1, ["email"])
    assert not result["success"] and result["deferred"] is not None and result["reason"] == "limit"
    assert run.channel(ChannelType.EMAIL).ledger == []


def test_nothing_is_sent_to_somebody_who_answered(play: Make) -> None:
    run = play(THREE, [ADA])
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address=ADA["email"]))
    result = _operator(run).send_outreach_message("play", 1, ["email", "linkedin"])
    assert not result["success"] and all(a["status"] == "failed" for a in result["attempts"])
    assert run.channel(ChannelType.EMAIL).ledger == run.channel(ChannelType.LINKEDIN).ledger == []


def test_a_paused_person_gets_nothing_from_an_operator_either(play: Make) -> None:
    run = play(THREE, [ADA])
    run.settle()
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "by hand", MONDAY)
    result = _operator(run).send_outreach_message("play", 1, ["email"])
    assert not result["success"] and "paused" in str(result["attempts"][0]["error"])
    assert run.status(1)[0] == "paused" and run.channel(ChannelType.EMAIL).ledger == []


def test_an_operator_cannot_send_past_a_step_whose_end_nobody_knows(play: Make) -> None:
    run = play(THREE, [ADA])
    run.channel(ChannelType.EMAIL).script(ADA["email"], Unknown("no_answer"))
    operator = _operator(run)
    operator.send_outreach_message("play", 1, ["email"])
    result = operator.send_outreach_message("play", 1, ["linkedin"])
    assert not result["success"] and run.channel(ChannelType.LINKEDIN).ledger == []


def test_an_overlay_only_lowers_and_holds_on_every_path(play: Make) -> None:
    limits = LimitSet(rates=(Rate(20, timedelta(days=1)),))
    run = play(THREE, [ADA], accounts={"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)})
    operator = _operator(run)
    with pytest.raises(Refused, match="above"):
        operator.update_channel_config("play", {"email": {"limits": {"per_day": 50}}}, author="a", reason="r")
    with pytest.raises(UsageError, match="cannot set"):
        operator.update_channel_config("play", {"email": {"from": "x"}}, author="a", reason="r")
    shown = operator.update_channel_config("play", {"email": {"enabled": False}}, author="a", reason="r")
    assert shown["email"]["overlay"] == {"enabled": False}
    assert operator.send_outreach_message("play", 1, ["email"])["deferred"] is not None


def test_history_and_metrics_tell_what_happened(play: Make) -> None:
    run = play(THREE, [ADA])
    run.run()
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address=ADA["email"]))
    operator = _operator(run)
    history = operator.get_outreach_history(1)
    assert [e["channel"] for e in history if e["entry"] == "attempt"] == ["email", "linkedin", "contact_form"]
    assert [e["status"] for e in history if e["entry"] == "event"] == ["replied"]
    metrics = operator.get_channel_metrics("play")
    assert metrics["channels"]["email"]["leads_replied"] == 1
    assert metrics["steps"][0] == {"step": "rest", "entered": 1, "outcomes": {"done": 1}}


def test_the_sequencer_runs_what_is_left(play: Make) -> None:
    run = play(THREE, [ADA])
    result = ChannelSequencer(_operator(run)).execute_sequence("play", 1)
    assert result["success"] and result["attempts"][0]["channel"] == "email"


def test_names_that_do_not_exist_are_said(play: Make) -> None:
    run = play(THREE, [ADA])
    operator = _operator(run)
    with pytest.raises(NotFound, match="campaign `other`"):
        operator.get_channel_config("other")
    with pytest.raises(UsageError, match="no channel `fax`"):
        operator.send_outreach_message("play", 1, ["fax"])
    with pytest.raises(NotFound, match="lead 99"):
        operator.get_outreach_history(99)
