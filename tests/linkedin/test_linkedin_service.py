"""The service of the original plan: two calls with plain results."""

from __future__ import annotations

import pytest

from runner.channels.linkedin.service import LinkedInOutreachService
from runner.engine.outcomes import NotNow
from runner.model.lead import Lead


@pytest.fixture
def service(desk):
    return LinkedInOutreachService(desk.channel)


def job(desk, name, text=""):
    return desk.job(Lead(1, linkedin_url=f"https://linkedin.com/in/{name}"), "", text)


def test_a_connection_request_that_is_sent(service, desk, sandbox):
    result = service.send_connection_request(job(desk, "ada", "Hi"), desk.gate)
    assert result == {"success": True, "channel": "linkedin", "status": "sent", "message_id": None, "error": None}
    assert len(sandbox.taken("invitation")) == 1


def test_a_message_that_is_sent_has_an_id(service, desk):
    result = service.send_message(job(desk, "already-ada", "Hello"), desk.gate)
    assert (result["success"], result["status"]) == (True, "sent")
    assert result["message_id"].startswith("urn:li:fs_event:")


@pytest.mark.parametrize(
    ("name", "call", "success", "status"),
    [
        ("403-ada", "send_connection_request", False, "failed"),
        ("already-ada", "send_connection_request", True, "pending"),
        ("never-accepts-ada", "send_message", False, "failed"),
        ("timeout-after-send-ada", "send_connection_request", False, "unknown"),
        ("challenge-ada", "send_connection_request", False, "pending"),
    ],
)
def test_every_end_has_its_status(name, call, success, status, service, desk):
    result = getattr(service, call)(job(desk, name, "Hello" if call == "send_message" else ""), desk.gate)
    assert (result["success"], result["status"]) == (success, status)


def test_the_gate_is_asked(service, desk, sandbox):
    desk.gate_answer = NotNow(None, "limit", "15 of 15 today")
    result = service.send_connection_request(job(desk, "ada"), desk.gate)
    assert (result["success"], result["error"]) == (False, "15 of 15 today")
    assert sandbox.taken("invitation") == []
