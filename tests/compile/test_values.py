"""Limits, windows, secrets and settings: the short ways to write them mean what the long ones do."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from runner.compile.accounts import compile_account
from runner.compile.campaigns import compile_campaign
from runner.compile.settings import compile_settings
from runner.compile.values import limit_set, window
from runner.lang.reader import load
from runner.model.calendar import Block, Weekday
from runner.model.campaign import CampaignMode
from runner.model.channel import ChannelType, SecretRef
from runner.model.rates import Ramp, Rate

DAY = timedelta(days=1)


def limits(text: str):
    return limit_set(load(f"limits: {text}\n", "f").data["limits"])


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("{per_minute: 1}", [Rate(1, timedelta(minutes=1))]),
        ("{per_hour: 20, per_day: 50}", [Rate(20, timedelta(hours=1)), Rate(50, DAY)]),
        ("{per_week: 7, per_month: 30}", [Rate(7, timedelta(days=7)), Rate(30, timedelta(days=30))]),
        ("{count: 3, per: 5s}", [Rate(3, timedelta(seconds=5))]),
        ("{per_day: 9, rates: [{count: 2, per: 1h}]}", [Rate(2, timedelta(hours=1)), Rate(9, DAY)]),
        ("{}", []),
    ],
)
def test_every_way_to_write_a_rate(text, rates):
    assert list(limits(text).rates) == rates


def test_gaps_are_one_length_or_a_range():
    assert (limits("{min_gap: 90s}").min_gap, limits("{min_gap: 90s}").max_gap) == (timedelta(seconds=90), None)
    ranged = limits("{min_gap: 3m-10m, jitter: 30%}")
    assert (ranged.min_gap, ranged.max_gap, ranged.jitter) == (timedelta(minutes=3), timedelta(minutes=10), 0.3)


def test_limits_of_one_action_stand_by_themselves():
    found = limits("{per_day: 20, connect: {per_day: 15, per_week: 80}, connect_with_note: {per_month: 5}}")
    assert found.rates == (Rate(20, DAY),)
    assert found.by_action == (
        ("connect", Rate(15, DAY)),
        ("connect", Rate(80, timedelta(days=7))),
        ("connect_with_note", Rate(5, timedelta(days=30))),
    )


def test_a_window_without_days_is_for_every_day_and_without_hours_for_the_whole_of_it():
    (block,) = window({"hours": "09:00-17:00"}).blocks
    assert block == Block(frozenset(Weekday), time(9), time(17))
    (block,) = window({"days": ["sat"]}).blocks
    assert (block.start, block.end) == (time(0), time(0))


def test_a_window_may_have_several_blocks_and_end_at_midnight():
    found = window({"blocks": [{"days": ["mon"], "hours": "08:00-12:00"}, {"days": ["fri"], "hours": "20:00 - 24:00"}],
                    "timezone": "lead", "holidays": "none"})  # fmt: skip
    assert [(block.start, block.end) for block in found.blocks] == [(time(8), time(12)), (time(20), time(0))]
    assert (found.timezone, found.holidays) == ("lead", None)


ACCOUNT = """\
version: 1
channel: email
name: ada
from: {name: Ada, address: ada@lumen.example}
smtp: {host: h, password: {env: X}, oauth: {token_url: u, client_id: c, refresh_token: {file: secrets/t}}}
limits: {per_day: 50, per_lead: 4, recipient_domain: {count: 5, per: 1d}}
ramp: {start: 10, step: 5, ceiling: 50}
timezone: Europe/Berlin
x-note: ours
"""


def test_an_account_keeps_its_settings_and_names_its_secrets():
    account, found = compile_account(load(ACCOUNT, "ada.yaml"), "ada")
    assert found == []
    assert account is not None
    assert (account.key, account.enabled, account.timezone) == ("email/ada", True, "Europe/Berlin")
    assert (account.limits.per_lead, account.limits.recipient_domain) == (4, Rate(5, DAY))
    assert account.limits.ramp == Ramp(10, 5, 50)
    assert account.settings["smtp"]["password"] == SecretRef(env="X")
    assert account.settings["smtp"]["oauth"]["refresh_token"] == SecretRef(file="secrets/t")
    assert set(account.settings) == {"from", "smtp"}


@pytest.mark.parametrize("name", ["From", "bcc", "List-Unsubscribe", "list-unsubscribe-post", "References",
                                  "X-Runner-Key", "DKIM-Signature", "Return-Path", "Content-Type"])  # fmt: skip
def test_a_header_that_is_the_programs_own_is_refused(name):
    text = f'{ACCOUNT}headers: {{Feedback-ID: "c1:lumen", {name}: x}}\n'
    assert compile_account(load(text, "ada.yaml"), "ada")[1] != []
    assert compile_account(load(text.replace(f", {name}: x", ""), "ada.yaml"), "ada")[1] == []


def test_certificates_are_found_from_wherever_a_command_is_called(tmp_path):
    text = ACCOUNT.replace("{host: h,", "{host: h, ca_file: certs/own.pem,")
    inbox = "imap: {host: h, username: a, password: {env: X}, ca_file: /etc/ssl/own.pem}\n"
    account, found = compile_account(load(text + inbox, "ada.yaml"), "ada", tmp_path)
    assert found == [] and account is not None
    assert account.settings["smtp"]["ca_file"] == str(tmp_path / "certs/own.pem")
    assert account.settings["imap"]["ca_file"] == "/etc/ssl/own.pem"


@pytest.mark.parametrize("channel", ["email", "linkedin", "contact_form", "phone"])
def test_a_key_of_another_channel_is_unknown(channel):
    others = {"email": "mode: http", "linkedin": "smtp: {host: h}", "contact_form": "smtp: {host: h}",
              "phone": "provider: task"}  # fmt: skip
    needed = {
        "email": "from: {address: a@b.example}\nsmtp: {host: h}\n",
        "contact_form": "sender: {name: A, email: a@b.example}\n",
    }
    text = f"version: 1\nchannel: {channel}\nname: x\n{needed.get(channel, '')}"
    assert compile_account(load(text, "x.yaml"), "x")[1] == []
    found = compile_account(load(text + others[channel] + "\n", "x.yaml"), "x")[1]
    assert [item.slug for item in found] == ["unknown-key"]


def test_a_campaign():
    text = (
        "version: 1\nname: c\nsequence: s\naudience: '\"a\" in lead.lists'\naccounts: {email: [ada]}\n"
        "limits: {email: {per_day: 9}, new_leads: {count: 2, per: 12h}}\nstarts_on: 2027-01-01\nends_on: 2027-02-01\n"
        "priority: 5\nenabled: false\nmode: dry_run\nvars: {offer: x}\n"
    )
    draft, found = compile_campaign(load(text, "c.yaml"), "c", {})
    assert found == []
    assert draft is not None
    campaign = draft.campaign
    assert campaign is not None
    assert campaign.accounts == {ChannelType.EMAIL: ("ada",)}
    assert campaign.limits[ChannelType.EMAIL].rates == (Rate(9, DAY),)
    assert campaign.new_leads == Rate(2, timedelta(hours=12))
    assert (campaign.starts_on, campaign.ends_on) == (date(2027, 1, 1), date(2027, 2, 1))
    assert (campaign.priority, campaign.enabled, campaign.mode) == (5, False, CampaignMode.DRY_RUN)
    assert campaign.vars == {"offer": "x"}


def test_settings_have_the_promised_defaults():
    settings, found = compile_settings(load("version: 1\n", "runner.yaml"))
    assert found == []
    assert settings.contact.min_between == timedelta(hours=24)
    assert settings.contact.one_active_enrollment is True
    assert settings.contact.reopen_within == timedelta(days=7)
    assert settings.contact.unknown_hold == timedelta(hours=24)


def test_fields_of_leads_have_types_and_may_be_required():
    text = (
        "version: 1\nlead_fields:\n  plan: text\n  seats: {type: integer, required: true}\n  score: {required: true}\n"
    )
    settings, found = compile_settings(load(text, "runner.yaml"))
    assert found == []
    assert settings.lead_fields == {"plan": "text", "seats": "integer"}
    assert settings.required_fields == {"seats", "score"}
