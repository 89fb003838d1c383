"""The three walks of the founders sequence: silent; refused without a profile; refused, accepted, message refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Play = Callable[..., Any]
BASE = {
    "first_name": "Ada", "country": "GB", "legal_basis": "legitimate_interest", "timezone": "Europe/London",
    "score": "80",
}  # fmt: skip


def test_the_three_walks(play: Play) -> None:
    run = play(
        "founders",
        [
            BASE | {"email": "silent@a.example", "linkedin_url": "https://www.linkedin.com/in/accepts-now-a"},
            BASE | {"email": "bounce550@b.example", "contact_form_url": "http://plain-b.sites.example/contact"},
            BASE | {"email": "bounce550@c.example", "linkedin_url": "https://www.linkedin.com/in/refuses-message-c",
                    "contact_form_url": "http://plain-c.sites.example/contact"},
        ],
    )  # fmt: skip
    first, second = run.accepted("silent@a.example")
    assert second.subject == f"Re: {first.subject}"
    assert first.message_id in second.content.decode("utf-8", "replace")
    assert run.path("silent@a.example") == "intro sent, quiet done, bump sent"
    assert run.linkedin("invitation", "accepts-now-a") == []
    assert len(run.forms("plain-b")) == 1
    assert run.path("bounce550@b.example").endswith("form sent")
    assert len(run.linkedin("invitation", "refuses-message-c")) == 1
    assert run.linkedin("message", "refuses-message-c") == []
    assert run.path("bounce550@c.example").endswith("form sent") and len(run.forms("plain-c")) == 1
