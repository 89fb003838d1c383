"""The ways to act: a person, the package, the partner API, and one that somebody else wrote."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from runner.channels.linkedin import registry
from runner.channels.linkedin.channel import LinkedInChannel
from runner.channels.linkedin.official import PERSON_FIELD, RELEASED_BY
from runner.channels.linkedin.provider import Verdicts
from runner.channels.linkedin.task import TaskProvider
from runner.engine.outcomes import AccountTrouble, Cancelled, HandedOver, NotNow, Permit, Sent, Trouble
from runner.engine.ports import Release
from runner.errors import MissingSecret
from runner.lang.diagnostics import Severity
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.lead import Lead
from runner.sandbox.linkedin_fates import profile_id

ADA = Lead(
    1, first_name="Ada", last_name="Lovelace", company="Lumen", linkedin_url="https://de.linkedin.com/in/ada?x=1"
)


@pytest.fixture
def task_desk(sandbox, open_desk):
    return open_desk(sandbox.url, provider="task")


def test_the_task_holds_link_and_text_ready_to_paste(task_desk):
    outcome = task_desk.run(ADA, "connect", "Hi Ada, we met in Turin.")
    assert isinstance(outcome, HandedOver)
    assert outcome.task.kind == "linkedin_connect"
    assert outcome.task.title == "Invite Ada Lovelace (Lumen) to connect on LinkedIn"
    assert outcome.task.link == "https://www.linkedin.com/in/ada/"
    assert outcome.task.text == "Hi Ada, we met in Turin."
    assert len(task_desk.gates) == 1


def test_a_message_is_a_task_of_its_own_kind(task_desk):
    outcome = task_desk.run(ADA, "message", "Hello Ada")
    assert (outcome.task.kind, outcome.task.title) == (
        "linkedin_message", "Write to Ada Lovelace (Lumen) on LinkedIn",
    )  # fmt: skip


@pytest.mark.parametrize("refusal", [NotNow(None, "limit"), Cancelled("replied")])
def test_no_task_is_made_when_the_gate_refuses(refusal, task_desk):
    task_desk.gate_answer = refusal
    assert task_desk.run(ADA, "connect") is refusal


def test_the_default_provider_is_a_person_and_touches_no_network(sandbox, clock):
    account = ChannelConfig(ChannelType.LINKEDIN, "ada", settings={"base_url": sandbox.url})
    channel = LinkedInChannel(lambda ref: pytest.fail("no secret is read"), clock)
    assert channel.check(account) == ()
    assert sandbox.ledger.records() == []


def test_the_package_is_imported_only_when_it_is_used():
    import subprocess

    code = (
        "import sys; import runner.channels.linkedin.channel, runner.channels.linkedin.inbox\n"
        "print([m for m in ('linkedin_api', 'requests', 'bs4') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def account(**settings):
    return ChannelConfig(ChannelType.LINKEDIN, "ada", settings=settings)


COOKIES = {"li_at": SecretRef(env="A"), "jsessionid": SecretRef(env="B")}


@pytest.mark.parametrize(
    ("settings", "slugs"),
    [
        ({"provider": "task"}, []),
        ({"provider": "voyager"}, ["linkedin-terms-risk", "linkedin-cookies-missing"]),
        ({"provider": "voyager", "accept_terms_risk": True, "cookies": COOKIES}, []),
        ({"provider": "voyager", "accept_terms_risk": True, "cookies": {"li_at": COOKIES["li_at"]}},
         ["linkedin-cookies-missing"]),
        ({"provider": "voyager", "accept_terms_risk": True, "cookies": COOKIES, "base_url": "http://proxy.example"},
         ["linkedin-base-url"]),
        ({"provider": "voyager", "accept_terms_risk": True, "cookies": COOKIES, "base_url": "http://127.0.0.1:5"}, []),
        ({"provider": "official"}, ["linkedin-token-missing"]),
        ({"provider": "official", "token": SecretRef(env="T"), "base_url": "ftp://x"}, ["linkedin-base-url"]),
        ({"provider": "unheard"}, ["linkedin-provider-unknown"]),
        ({"message_limit": 9000}, ["linkedin-message-limit"]),
        ({"withdraw_after": "3 days ago"}, ["linkedin-duration"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_account_is_said(settings, slugs, clock):
    found = LinkedInChannel(lambda ref: pytest.fail("no secret is read"), clock).check(account(**settings))
    assert [finding.slug for finding in found] == slugs
    assert all(finding.severity is Severity.ERROR and finding.summary for finding in found)


def test_the_risk_has_to_be_accepted_before_anything_is_sent_or_read(sandbox, open_desk, clock):
    desk = open_desk(sandbox.url, accept_terms_risk=False)
    assert desk.inbox.read(desk.account, {}, [ADA], clock.now()).complete
    assert desk.providers.find("voyager").canary(desk.account)[0].verdict is Verdicts.PROBLEM
    outcome = desk.connect("ada")
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "terms_risk")
    assert sandbox.ledger.records() == []


def test_missing_cookies_are_the_accounts_trouble_and_name_the_variable(sandbox, open_desk, clock):
    def missing(ref):
        raise MissingSecret(f"the environment variable {ref.env} is not set")

    desk = open_desk(sandbox.url)
    outcome = LinkedInChannel(missing, clock).prepare(desk.job(ADA, "connect"))
    assert isinstance(outcome, AccountTrouble)
    assert "LI_AT" in outcome.explanation


def test_the_cookies_are_never_in_an_outcome(desk):
    for name in ("401-x", "999-x", "timeout-after-send-x", "ada"):
        assert "ajax:123" not in repr(desk.connect(name))


class TestOfficial:
    @pytest.fixture
    def official(self, sandbox, open_desk):
        return open_desk(sandbox.url, provider="official", token=SecretRef(env="TOKEN"))

    @pytest.fixture
    def known(self):
        fields = {PERSON_FIELD: profile_id("already-ada")}
        return Lead(1, linkedin_url="https://linkedin.com/in/already-ada", fields=fields)

    def test_without_a_release_it_is_a_task(self, official, known, sandbox):
        outcome = official.run(known, "message", "Hello")
        assert isinstance(outcome, HandedOver)
        assert "a person sends this" in outcome.task.detail["why"]
        assert outcome.task.detail["releasable"] is True
        assert sandbox.ledger.records() == []

    def test_what_a_person_released_is_sent_and_says_who_did(self, official, known, sandbox):
        outcome = official.run(known, "message", "Hello", release=Release("grace"))
        assert isinstance(outcome, Sent)
        assert outcome.detail[RELEASED_BY] == "grace"
        assert outcome.provider_ref.startswith("urn:li:message:")
        [record] = sandbox.taken("message")
        assert (record.path, record.public_id, record.text) == ("/rest/messages", "already-ada", "Hello")

    def test_an_invitation_too(self, official, sandbox):
        lead = Lead(1, linkedin_url="https://linkedin.com/in/ada", fields={PERSON_FIELD: profile_id("ada")})
        assert isinstance(official.run(lead, "connect", "Hi", release=Release("grace")), Sent)
        [record] = sandbox.taken("invitation")
        assert (record.path, record.text) == ("/v2/invitations", "Hi")

    def test_the_headers_are_those_of_the_api(self, scripted, open_desk, known):
        desk = open_desk(scripted.url, provider="official", token=SecretRef(env="TOKEN"))
        desk.run(known, "message", "Hello", release=Release("grace"))
        [(_, _, headers, body)] = scripted.seen
        assert headers["Authorization"] == "Bearer token-ada"
        assert headers["X-Restli-Protocol-Version"] == "2.0.0"
        assert len(headers["LinkedIn-Version"]) == 6
        assert json.loads(body) == {
            "recipients": [f"urn:li:person:{profile_id('already-ada')}"], "body": "Hello",
            "messageType": "MEMBER_TO_MEMBER",
        }  # fmt: skip

    def test_a_person_the_api_does_not_know_is_a_task(self, official):
        outcome = official.run(ADA, "message", "Hello", release=Release("grace"))
        assert isinstance(outcome, HandedOver)
        assert PERSON_FIELD in outcome.task.detail["why"]
        assert "releasable" not in outcome.task.detail

    def test_a_variable_of_a_campaign_is_no_release(self, official, known, sandbox):
        assert isinstance(official.run(known, "message", "Hello", vars={RELEASED_BY: "grace"}), HandedOver)
        assert sandbox.ledger.records() == []

    def test_what_was_shown_without_its_note_goes_out_without_it(self, official, sandbox):
        lead = Lead(1, linkedin_url="https://linkedin.com/in/ada", fields={PERSON_FIELD: profile_id("ada")})
        outcome = official.run(lead, "connect", "Hi", release=Release("grace", without_note=True))
        assert outcome.detail["note_dropped"] is True
        assert [record.text for record in sandbox.taken("invitation")] == [""]

    def test_an_expired_token_stops_the_account(self, scripted, open_desk, known):
        scripted.post = (401, {}, {"serviceErrorCode": 65601, "message": "The token used has expired"})
        desk = open_desk(scripted.url, provider="official", token=SecretRef(env="TOKEN"))
        outcome = desk.run(known, "message", "Hello", release=Release("grace"))
        assert outcome.kind is Trouble.AUTH

    def test_the_gate_decides_here_too(self, official, known, sandbox):
        official.gate_answer = Cancelled("replied")
        assert official.run(known, "message", "Hello", release=Release("grace")) == Cancelled("replied")
        assert sandbox.ledger.records() == []


class Carrier(TaskProvider):
    """A provider as another package would bring it."""

    def prepare(self, job, profile):
        return Carried(job)


class Carried:
    def __init__(self, job):
        self.job = job

    def fire(self, gate):
        answer = gate()
        return Sent(provider_ref="carrier") if isinstance(answer, Permit) else answer

    def abandon(self):
        """Nothing is held."""


def test_a_provider_of_another_package_is_found_by_its_entry_point(monkeypatch, open_desk, sandbox):
    point = EntryPoint("carrier", f"{__name__}:Carrier", registry.ENTRY_POINTS)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Carrier.__module__])
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: EntryPoints([point]).select(**wanted))
    desk = open_desk(sandbox.url, provider="carrier")
    assert desk.channel.check(desk.account) == ()
    assert desk.run(ADA, "connect") == Sent(provider_ref="carrier")
    assert "carrier" in desk.providers.names()


def test_a_provider_that_is_missing_stops_the_account_and_says_which_there_are(open_desk, sandbox):
    outcome = open_desk(sandbox.url, provider="unheard").run(ADA, "connect")
    assert outcome.kind is Trouble.CONFIG
    assert "official, task, voyager" in outcome.explanation


class TestCanary:
    def results(self, desk):
        return desk.providers.find(desk.account.settings["provider"]).canary(desk.account)

    def test_a_session_that_works_is_fine(self, desk):
        assert [result.verdict for result in self.results(desk)] == [Verdicts.OK] * 3

    @pytest.mark.parametrize("status", [302, 401, 999])
    def test_it_stops_at_the_first_trouble_and_says_what_to_do(self, status, desk, sandbox):
        sandbox.answer_account("ada", status)
        [result] = self.results(desk)
        assert result.verdict is Verdicts.PROBLEM
        assert "runner channels resume" in result.remedy
        assert len(sandbox.ledger.records()) == 1

    def test_dead_calls_are_warnings(self, desk, sandbox):
        sandbox.dead |= {"conversations": 410, "sent_invitations": 410}
        assert [result.verdict for result in self.results(desk)] == [Verdicts.OK, Verdicts.WARNING, Verdicts.WARNING]

    def test_it_reads_only(self, desk, sandbox):
        self.results(desk)
        assert {record.kind for record in sandbox.ledger.records()} == {"read"}

    def test_the_other_providers_have_one_too(self, sandbox, open_desk):
        assert self.results(open_desk(sandbox.url, provider="task"))[0].verdict is Verdicts.OK
        official = open_desk(sandbox.url, provider="official", token=SecretRef(env="TOKEN"))
        assert self.results(official)[0].verdict is Verdicts.PROBLEM  # the stand-in has no /v2/userinfo
