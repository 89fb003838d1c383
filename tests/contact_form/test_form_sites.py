"""The channel against live sites over HTTP: each fate of a site gives its verdict, and the site's ledger agrees."""

from __future__ import annotations

import pytest

from runner.channels.contact_form.service import ContactFormOutreachService
from runner.engine.outcomes import Cancelled, Failed, HandedOver, Permit, Sent, TryAgain, Unconfirmed, Unknown
from runner.model.message import Rendered


def _since(sites, count):
    return sites.ledger[count:]


@pytest.mark.parametrize(
    "site",
    ["plain", "csrf", "honeypot", "json", "topic", "file", "iframe", "latin1", "newsletter", "thanks", "timing"],
)
def test_a_site_that_takes_the_message_gives_sent_and_has_it_once(sites, forms, site):
    count = len(sites.ledger)
    outcome = forms.send(sites.url(site), dwell="1s" if site == "timing" else 0)
    assert isinstance(outcome, Sent), outcome
    taken = _since(sites, count)
    assert [entry.accepted for entry in taken] == [True]
    assert "we repair ovens" in str(taken[0].fields)
    assert "ada@lumen.example" in str(taken[0].fields)


@pytest.mark.parametrize(
    ("site", "reason"), [("none", "no_form"), ("comments", "comment_form"), ("no-solicitation", "no_solicitation"),
                         ("login", "login")],
)  # fmt: skip
def test_a_site_that_is_not_to_be_written_to_gives_failed_and_gets_nothing(sites, forms, site, reason):
    count = len(sites.ledger)
    outcome = forms.send(sites.url(site))
    assert isinstance(outcome, Failed)
    assert outcome.reason == reason
    assert _since(sites, count) == ()


@pytest.mark.parametrize(
    ("site", "reason"), [("captcha", "captcha"), ("required-phone", "required_field"), ("robots", "robots"),
                         ("two-step", "no_message_field")],
)  # fmt: skip
def test_what_only_a_person_may_do_becomes_a_task_with_the_text_ready(sites, forms, site, reason):
    count = len(sites.ledger)
    outcome = forms.send(sites.url(site))
    assert isinstance(outcome, HandedOver)
    assert outcome.task.kind == "submit_form"
    assert outcome.task.text == "Hello,\nwe repair ovens. May I call?"
    assert outcome.task.detail["reason"] == reason
    assert str(outcome.task.link).endswith(f"/{site}/contact")
    assert _since(sites, count) == ()


def test_on_refused_fail_makes_no_task(sites, forms):
    outcome = forms.send(sites.url("captcha"), on_refused="fail")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "captcha"


def test_the_home_page_leads_to_the_contact_page(sites, forms):
    count = len(sites.ledger)
    assert isinstance(forms.send(sites.url("plain", "")), Sent)
    assert [entry.path for entry in _since(sites, count)] == ["/contact"]


def test_the_second_lead_of_a_site_goes_straight_to_the_page_that_held_the_form(sites, forms):
    forms.send(sites.url("plain", ""))
    before = sites.requests
    forms.send(sites.url("plain", ""))
    assert sites.requests - before == 2


def test_a_200_without_a_word_is_unconfirmed(sites, forms):
    outcome = forms.send(sites.url("silent"))
    assert isinstance(outcome, Unconfirmed)
    assert outcome.detail["because"] == "silent"


def test_an_answer_that_does_not_come_in_time_is_unknown_and_the_form_is_sent_once(sites, forms):
    count = len(sites.ledger)
    outcome = forms.send(sites.url("slow"), submit_timeout="1s")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "no_answer"
    assert len(_since(sites, count)) == 1


def test_a_500_after_the_submission_is_unknown(sites, forms):
    assert isinstance(forms.send(sites.url("broken")), Unknown)


def test_a_form_shown_again_with_errors_is_a_refusal_with_the_sites_words(sites, forms):
    outcome = forms.send(sites.url("strict"))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "validation"
    assert "valid e-mail address of a customer" in outcome.explanation


def test_too_quick_is_refused_by_the_timing_trap_and_dwelling_passes_it(sites, forms):
    assert isinstance(forms.send(sites.url("timing"), dwell=0), Failed)
    assert isinstance(forms.send(sites.url("timing"), dwell="1s"), Sent)


def test_the_channel_waits_as_long_as_the_account_says_before_it_sends(sites, waiting_forms, waits):
    waiting_forms.send(sites.url("plain"), dwell="7s")
    assert waits.waited == [7.0]


def test_a_site_that_cannot_be_reached_may_be_tried_again(sites, forms):
    outcome = forms.send(sites.url("down"))
    assert isinstance(outcome, TryAgain)


def test_a_refusal_of_the_gate_sends_nothing(sites, forms):
    count = len(sites.ledger)
    outcome = forms.fire(forms.job(sites.url("plain")), lambda: Cancelled("replied"))
    assert outcome == Cancelled("replied")
    assert _since(sites, count) == ()


def test_the_gate_is_called_once_and_after_everything_that_can_be_undone(sites, forms):
    count, calls = len(sites.ledger), []
    prepared = forms.channel.prepare(forms.job(sites.url("csrf")))
    assert _since(sites, count) == ()

    def gate() -> Permit:
        calls.append(len(_since(sites, count)))
        return Permit(1)

    assert isinstance(prepared.fire(gate), Sent)
    assert calls == [0]


def test_nothing_is_invented_and_extras_stay_empty(sites, forms):
    count = len(sites.ledger)
    forms.send(sites.url("honeypot"))
    entry = _since(sites, count)[0]
    assert entry.value("website") == ""
    assert {name for name, value in entry.fields if value} == {"name", "email", "message", "send"}


def test_a_preticked_newsletter_box_is_not_sent(sites, forms):
    count = len(sites.ledger)
    forms.send(sites.url("newsletter"))
    assert _since(sites, count)[0].value("newsletter") is None


def test_a_required_topic_gets_the_choice_that_commits_to_least(sites, forms):
    count = len(sites.ledger)
    forms.send(sites.url("topic"))
    assert _since(sites, count)[0].value("topic") == "gen"


def test_the_sender_s_own_topic_comes_first(sites, forms, sender):
    count = len(sites.ledger)
    forms.send(sites.url("topic"), sender={**sender, "topic": "Press"})
    assert _since(sites, count)[0].value("topic") == "press"


def test_a_phone_number_is_entered_where_the_sender_gives_one(sites, forms, sender):
    count = len(sites.ledger)
    outcome = forms.send(sites.url("required-phone"), sender={**sender, "phone": "+49 30 901820"})
    assert isinstance(outcome, Sent)
    assert _since(sites, count)[0].value("phone") == "+49 30 901820"


def test_a_form_goes_out_in_the_charset_of_its_page(sites, forms):
    count = len(sites.ledger)
    forms.send(sites.url("latin1"), Rendered("Grüße aus Köln – bis bald"))
    assert _since(sites, count)[0].value("message") == "Grüße aus Köln – bis bald".encode("cp1252").decode("latin-1")


def test_the_user_agent_says_who_it_is(sites, forms):
    forms.send(sites.url("plain"), user_agent_contact="https://lumen.example/outreach")
    agent = sites.ledger[-1].user_agent
    assert agent.startswith("outreach-runner/")
    assert "(+https://lumen.example/outreach)" in agent


def test_a_lead_without_any_address_fails_for_want_of_one(forms):
    outcome = forms.send(None)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "no_address"


def test_the_evidence_holds_what_was_sent_and_what_came_back(sites, forms, tmp_path):
    outcome = forms.send(sites.url("plain"), evidence="proof")
    assert outcome.detail["filled"]["email"] == "ada@lumen.example"
    assert "Thank you" in outcome.detail["excerpt"]
    assert "Thank you" in (tmp_path / "proof" / "key1-1.html").read_text()


def test_the_service_answers_in_the_words_of_the_plan(sites, forms):
    service = ContactFormOutreachService(forms.channel)
    result = service.submit(forms.job(sites.url("plain")), lambda: Permit(1))
    assert result == {"success": True, "channel": "contact_form", "status": "sent", "message_id": None, "error": None}
    refused = service.submit(forms.job(sites.url("none")), lambda: Permit(1))
    assert (refused["success"], refused["status"], refused["error"]) == (False, "failed", "no contact form was found")


def test_a_site_can_be_named_by_host_when_connections_are_sent_to_the_sandbox(sites, forms):
    count = len(sites.ledger)
    outcome = forms.send("http://csrf.sites.example", connect_to=f"127.0.0.1:{sites.port}")
    assert isinstance(outcome, Sent)
    assert [entry.site for entry in _since(sites, count)] == ["csrf"]
