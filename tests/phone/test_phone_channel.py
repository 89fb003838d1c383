"""A call is handed to a person behind the gate, and only where there is a number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.channels.phone.channel import PhoneChannel
from runner.channels.phone.dispositions import MEANINGS, Disposition, parse_disposition
from runner.clocks import ManualClock
from runner.engine.outcomes import Cancelled, Failed, HandedOver, NotNow, Permit
from runner.engine.ports import Job
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.model.sequence import ChannelStep
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ADA = Lead(
    id=1, first_name="Ada", last_name="Byron", company="Lumen", phone="+4930123456", timezone="America/New_York",
    title="CTO",
)  # fmt: skip


def no_secrets(ref: SecretRef) -> Secret:
    raise AssertionError("a call needs no secret")


def channel() -> PhoneChannel:
    return PhoneChannel(no_secrets, ManualClock(NOW))


def job(lead: Lead, settings: dict[str, object] | None = None) -> Job:
    return Job(
        key="k", campaign="c", sequence="s", step="call", body=ChannelStep(ChannelType.PHONE, settings=settings or {}),
        action="", account=ChannelConfig(ChannelType.PHONE, "desk", settings={"assignee": "sam"}), lead=lead,
        content=Rendered("Ask about the lamp."), now=NOW,
    )  # fmt: skip


def test_a_permitted_call_is_handed_over_with_number_script_and_dispositions() -> None:
    prepared = channel().prepare(job(ADA))
    assert not isinstance(prepared, Failed)
    outcome = prepared.fire(lambda: Permit(7))
    assert isinstance(outcome, HandedOver)
    task = outcome.task
    assert (task.kind, task.title, task.number) == ("call", "Call Ada Byron (Lumen)", "+4930123456")
    assert task.text == "Ask about the lamp."
    assert task.link == "tel:+4930123456"
    assert task.detail["local_time"] == "2026-11-23T04:00-05:00"
    assert task.detail["assignee"] == "sam"
    assert set(task.detail["dispositions"]) == {one.value for one in Disposition}  # type: ignore[call-overload]


def test_the_step_names_another_caller_than_the_account() -> None:
    prepared = channel().prepare(job(ADA, {"assignee": "kim"}))
    assert prepared.fire(lambda: Permit(7)).task.detail["assignee"] == "kim"  # type: ignore[union-attr]


@pytest.mark.parametrize("refusal", [NotNow(None, "paused"), Cancelled("replied")])
def test_a_refused_call_makes_no_task(refusal: NotNow | Cancelled) -> None:
    asked = []

    def gate() -> NotNow | Cancelled:
        asked.append(1)
        return refusal

    prepared = channel().prepare(job(ADA))
    assert prepared.fire(gate) is refusal  # type: ignore[union-attr]
    assert asked == [1]


@pytest.mark.parametrize("phone", [None, "", "  ", "n/a"])
def test_a_lead_without_a_number_fails_with_no_address(phone: str | None) -> None:
    outcome = channel().prepare(job(Lead(id=2, phone=phone)))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "no_address"


def test_every_disposition_has_a_meaning_and_only_one_opts_out() -> None:
    assert set(MEANINGS) == set(Disposition)
    assert [one for one, meaning in MEANINGS.items() if meaning.opted_out] == [Disposition.DO_NOT_CALL]
    assert not MEANINGS[Disposition.WRONG_NUMBER].reached


def test_dispositions_are_read_as_people_write_them() -> None:
    assert parse_disposition(" No-Answer ") is Disposition.NO_ANSWER
    with pytest.raises(ValueError, match="voicemail"):
        parse_disposition("gone fishing")
