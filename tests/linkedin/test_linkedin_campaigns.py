"""The shipped sequences on two hundred people of every fate, against the stand-in, through the engine of `serve`."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest
import tree
from sqlalchemy import select

from runner.sandbox.linkedin_fates import fate_of
from runner.serve.demo import demo
from runner.serve.until_idle import JumpingRun
from runner.store.health import resume_account, wake
from runner.store.outcomes_report import final_states
from runner.store.tables import channel_configs, leads, problems

FATES = (
    "accepts-now", "accepts-later", "never-accepts", "already", "pending", "replies-later", "opts-out",
    "refuses-message", "403", "404", "500", "timeout-after-send", "lost-before-send", "garbage", "429note",
    "once-garbage", "",
)  # fmt: skip
REACHED = {"accepts-now", "accepts-later", "already", "replies-later", "opts-out", "timeout-after-send", "429note"}
PER_DAY, PER_WEEK, NOTES = 60, 150, 5
ACCOUNT = f"""
version: 1
channel: linkedin
name: ada_linkedin
provider: voyager
accept_terms_risk: true
cookies: {{li_at: {{env: RUNNER_SANDBOX_COOKIE}}, jsessionid: {{env: RUNNER_SANDBOX_COOKIE}}}}
notes_per_month: {NOTES}
limits: {{connect: {{per_day: {PER_DAY}, per_week: {PER_WEEK}}}, message: {{per_day: 100}}}}
ramp: {{start: 200, step: 1, ceiling: 200}}
send_window: {{days: [mon, tue, wed, thu, fri, sat, sun], hours: "00:00-24:00"}}
"""
CAMPAIGN = """
version: 1
name: play
sequence: NAME
audience: '"demo" in lead.lists'
accounts: {email: [ada, grace], linkedin: [ada_linkedin], contact_form: [website_forms], phone: [phone_desk]}
limits: {new_leads: {count: 1000, per: 1d}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Opens the demo of a shipped sequence for people whose e-mail addresses are all dead."""
    monkeypatch.setenv("RUNNER_SANDBOX_COOKIE", "ada")
    monkeypatch.setenv("RUNNER_KEY", "play")

    def write(sequence: str, fates) -> None:
        for name in ("sequences", "channel_configs"):
            shutil.copytree(tree.ROOT / name, tmp_path / name)
        shutil.copy(tree.ROOT / "runner.yaml", tmp_path)
        (tmp_path / "channel_configs" / "ada_linkedin.yaml").write_text(ACCOUNT.lstrip())
        (tmp_path / "campaigns").mkdir()
        (tmp_path / "campaigns" / "play.yaml").write_text(CAMPAIGN.lstrip().replace("NAME", sequence))
        rows = ["email,first_name,company,linkedin_url,contact_form_url,timezone,country"]
        for number, fate in enumerate(fates):
            profile = f"https://www.linkedin.com/in/{fate}-p{number}" if fate else ""
            rows.append(
                f"bounce550.p{number}@c{number}.example,P{number},C{number},{profile},"
                f"http://plain.c{number}.example/contact,Europe/Berlin,GB"
            )
        (tmp_path / "people.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / "out").mkdir()

    def opened(sequence: str, fates):
        write(sequence, fates)
        return demo(tmp_path, tmp_path / "people.csv", folder=tmp_path / "out")

    return opened


def paths_by_fate(play) -> dict[str, Counter]:
    """How often people of each fate went each way, without the steps that were skipped."""
    with play.app.ctx.db.read() as connection:
        urls = dict(connection.execute(select(leads.c.id, leads.c.linkedin_url)).all())
    found: dict[str, Counter] = defaultdict(Counter)
    for row in final_states(play.app.ctx):
        name = (urls[row["lead_id"]] or "").rstrip("/").rpartition("/")[2]
        found[name.rpartition("-p")[0]][row["path"]] += 1
    return found


def most_in(instants: list[datetime], window: timedelta) -> int:
    return max((sum(first <= at < first + window for at in instants) for first in instants), default=0)


def check_ledger(linkedin, messages_by: str) -> None:
    """The stand-in's log is the judge: nobody twice, no window above its limit, nobody whom it must not reach."""
    invited = Counter(record.public_id for record in linkedin.taken("invitation"))
    written = Counter(record.public_id for record in linkedin.taken("message"))
    assert max(invited.values()) == max(written.values()) == 1, messages_by
    instants = [record.at for record in linkedin.taken("invitation")]
    assert most_in(instants, timedelta(days=1)) <= PER_DAY
    assert most_in(instants, timedelta(weeks=1)) <= PER_WEEK
    assert {fate_of(name).connected for name in invited} == {False}


SILENT = ("never-accepts", "pending", "500", "lost-before-send", "garbage", "once-garbage")
"""Whoever never answers, or never got anything although nobody can know."""


def standard(rest: str) -> str:
    return f"email failed (address_unknown), linkedin {rest}"


def founders(rest: str) -> str:
    return f"intro failed (address_unknown), connect {rest}"


STANDARD = {
    **dict.fromkeys(REACHED, standard("sent")),
    **dict.fromkeys(SILENT, standard("failed (not_accepted), form sent")),
    "refuses-message": standard("failed (profile_inaccessible), form sent"),
    "403": standard("failed (profile_inaccessible), form sent"),
    "404": standard("failed (profile_not_found), form sent"),
    "": standard("failed (no_address), form sent"),
}
FOUNDERS = {
    **dict.fromkeys(REACHED, founders("sent, accepted happened, hello sent")),
    **dict.fromkeys(SILENT, founders("sent, accepted timeout, form sent")),
    "already": founders("already_connected, hello sent"),
    "refuses-message": founders("sent, accepted happened, hello failed (profile_inaccessible), form sent"),
    "403": founders("failed (profile_inaccessible), form sent"),
    "404": founders("failed (profile_not_found), form sent"),
    "": founders("failed (no_address), form sent"),
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("sequence", "expected"), [("standard_3_channel", STANDARD), ("founders", FOUNDERS)])
def test_every_lead_takes_the_path_its_fate_demands(sequence, expected, project):
    fates = [FATES[number % len(FATES)] for number in range(200)]
    with project(sequence, fates) as play:
        play.play()
        found = paths_by_fate(play)
        assert {fate: set(paths) for fate, paths in found.items()} == {fate: {expected[fate]} for fate in set(fates)}
        assert sum(sum(paths.values()) for paths in found.values()) == 200
        check_ledger(play.sandbox.linkedin, sequence)
        noted = [record.at for record in play.sandbox.linkedin.taken("invitation") if record.text]
        assert most_in(noted, timedelta(days=30)) <= NOTES
        assert bool(noted) is (sequence == "founders")


class EnoughError(Exception):
    """Two hours after the account stopped: it waits for a person, and so would the clock, for ever."""


def play_until_stopped(play) -> None:
    dispatcher = play.app.dispatcher(workers=8)
    stopped_at = []

    def look() -> None:
        if not stopped_at and health_of(play) == "stopped":
            stopped_at.append(play.clock.now())
        if stopped_at and play.clock.now() > stopped_at[0] + timedelta(hours=2):
            raise EnoughError

    with pytest.raises(EnoughError):
        JumpingRun(play.app, play.clock, dispatcher, [play.sandbox.next_event_at], on_step=look).run()
    dispatcher.drain()


def health_of(play) -> str:
    with play.app.ctx.db.read() as connection:
        query = select(channel_configs.c.health).where(channel_configs.c.key == "linkedin/ada_linkedin")
        return connection.execute(query).scalar_one()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fate", ["challenge", "999", "401"])
def test_one_bad_answer_stops_everything_until_a_person_resumes_the_account(fate, project):
    fates = ["accepts-now"] * 3 + [f"once-{fate}"] + ["accepts-now"] * 6
    with project("standard_3_channel", fates) as play:
        play_until_stopped(play)
        log = play.sandbox.linkedin.ledger.records()
        [trouble] = [number for number, record in enumerate(log) if record.public_id.startswith("once-")
                     and record.kind == "invitation"]  # fmt: skip
        assert log[trouble + 1 :] == []
        with play.app.ctx.db.read() as connection:
            [problem] = [row for row in connection.execute(select(problems)).all() if row.scope.startswith("account:")]
            assert "runner channels resume" in problem.text + problem.help
        waiting = [row for row in final_states(play.app.ctx) if row["status"] != "completed"]
        assert waiting
        assert all(row["reason"] for row in waiting)
        with play.app.ctx.db.write() as connection:
            assert resume_account(connection, "linkedin/ada_linkedin", play.clock.now())
            wake(connection, "account", play.clock.now())
        play.play()
        assert {row["path"] for row in final_states(play.app.ctx)} == {STANDARD["accepts-now"]}
        check_ledger(play.sandbox.linkedin, fate)
