"""An outcome in the words of the service classes: `{success, channel, status, message_id, error}`."""

from __future__ import annotations

from typing import TypedDict, assert_never

from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Cancelled,
    Failed,
    HandedOver,
    NotConnected,
    NotNow,
    Outcome,
    Sent,
    TryAgain,
    Unconfirmed,
    Unknown,
)
from runner.model.channel import ChannelType
from runner.model.message import OutreachStatus


class ServiceResult(TypedDict):
    """What a service call returns; `error` is None exactly when nothing went wrong."""

    success: bool
    channel: str
    status: str
    message_id: str | None
    error: str | None


def service_result(outcome: Outcome, channel: ChannelType) -> ServiceResult:
    """Say an outcome in the five words of a service call."""
    status, message_id, error = _parts(outcome)
    success = status is OutreachStatus.SENT or isinstance(outcome, AlreadyConnected)
    return ServiceResult(
        success=success, channel=channel.value, status=status.value, message_id=message_id, error=error
    )


def _parts(outcome: Outcome) -> tuple[OutreachStatus, str | None, str | None]:
    match outcome:
        case Sent(message_id=message_id):
            return OutreachStatus.SENT, message_id, None
        case Unconfirmed():
            return OutreachStatus.SENT, None, None
        case AlreadyConnected():
            return OutreachStatus.PENDING, None, None
        case HandedOver():
            return OutreachStatus.PENDING, None, None
        case NotConnected():
            return OutreachStatus.FAILED, None, "not_connected"
        case Failed(reason=reason, explanation=text):
            return OutreachStatus.FAILED, None, text or reason
        case TryAgain(reason=reason, explanation=text) | AccountTrouble(reason=reason, explanation=text):
            return OutreachStatus.PENDING, None, text or reason
        case Unknown(reason=reason, explanation=text):
            return OutreachStatus.UNKNOWN, None, text or reason
        case NotNow(reason=reason, explanation=text):
            return OutreachStatus.PENDING, None, text or reason
        case Cancelled(reason=reason, explanation=text):
            return OutreachStatus.CANCELLED, None, text or reason
        case _:
            assert_never(outcome)
