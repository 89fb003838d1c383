"""Rotation over several accounts: shared out evenly, and a lead stays with the one it got, whoever joins or leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.tables import outreach_attempts
from runner.testing import Play

Make = Callable[..., Play]
TALK = """\
version: 1
name: talk
steps:
  - {id: first, channel: email, template: hello}
  - {id: rest, wait: 2d}
  - {id: second, channel: email, thread: first, template: hello}
  - {id: more, wait: 2d}
  - {id: third, channel: email, thread: first, template: hello}
"""
PEOPLE = [{"email": f"p{n}@d{n}.example"} for n in range(24)]


def desks(*names: str, off: str = "") -> dict[str, ChannelConfig]:
    return {name: ChannelConfig(ChannelType.EMAIL, name, enabled=name != off) for name in names}


def files_say(run: Play, accounts: dict[str, ChannelConfig]) -> None:
    """A reload: the project's files name these accounts now."""
    project = replace(run.ctx.book.project, channels=accounts)
    run.ctx = run.ctx.with_book(publish(run.ctx.db, project, run.clock.now()))


def senders(run: Play) -> dict[int, list[str]]:
    """Which accounts wrote to each lead, in order."""
    query = select(outreach_attempts.c.lead_id, outreach_attempts.c.account).order_by(outreach_attempts.c.id)
    found: dict[int, list[str]] = {}
    with run.ctx.db.read() as connection:
        for lead_id, account in connection.execute(query.where(outreach_attempts.c.status == "sent")):
            found.setdefault(lead_id, []).append(account.removeprefix("email/"))
    return found


def later(run: Play, days: int) -> None:
    run.run(run.clock.now() + timedelta(days=days))


def test_accounts_share_the_leads_and_each_lead_hears_from_one(play: Make) -> None:
    run = play(TALK, PEOPLE, accounts=desks("ada", "bob", "eve"))
    later(run, 5)
    heard = senders(run)
    assert all(len(each) == 3 and len(set(each)) == 1 for each in heard.values())
    shares = Counter(each[0] for each in heard.values())
    assert len(shares) == 3 and min(shares.values()) >= 4, shares


def test_an_account_that_joins_takes_new_leads_and_no_conversation_under_way(play: Make) -> None:
    run = play(TALK, PEOPLE, accounts=desks("ada", "bob"), campaign=Campaign("talk", "talk"))
    run.settle()
    files_say(run, desks("ada", "bob", "eve", "kim"))
    enroll(run.ctx, "talk", run.add_leads([{"email": f"n{n}@e{n}.example"} for n in range(24)]))
    later(run, 5)
    heard = senders(run)
    assert all(len(set(each)) == 1 for each in heard.values())
    assert {heard[lead][0] for lead in range(1, 25)} == {"ada", "bob"}
    assert {heard[lead][0] for lead in range(25, 49)} == {"ada", "bob", "eve", "kim"}


def test_only_the_leads_of_an_account_that_leaves_move_and_stay_where_they_went(play: Make) -> None:
    run = play(TALK, PEOPLE, accounts=desks("ada", "bob", "eve"))
    run.settle()
    before = {lead: each[0] for lead, each in senders(run).items()}
    files_say(run, desks("ada", "bob", "eve", off="ada"))
    later(run, 3)
    files_say(run, desks("ada", "bob", "eve"))
    later(run, 3)
    for lead, each in senders(run).items():
        if before[lead] == "ada":
            assert each[1] == each[2] != "ada", "back again, but the conversation went on elsewhere"
        else:
            assert set(each) == {before[lead]}


def test_an_invitation_and_the_message_after_it_come_from_one_profile(play: Make) -> None:
    source = """\
version: 1
name: meet
steps:
  - {id: connect, channel: linkedin, action: connect, template: hello}
  - {id: rest, wait: 2d}
  - {id: hello, channel: linkedin, action: message, template: hello}
"""
    people = [{"first_name": f"P{n}", "linkedin_urn": f"u{n}"} for n in range(40)]

    def profiles(*names: str) -> dict[str, ChannelConfig]:
        return {name: ChannelConfig(ChannelType.LINKEDIN, name) for name in names}

    run = play(source, people, accounts=profiles("ada", "bob"))
    run.settle()
    files_say(run, profiles("ada", "bob", "eve", "kim"))
    later(run, 3)
    assert all(len(each) == 2 and len(set(each)) == 1 for each in senders(run).values())
