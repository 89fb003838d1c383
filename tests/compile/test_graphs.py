"""From steps to the graph: exits, who reads a failure, and what the hash covers."""

from __future__ import annotations

import pytest

from runner.model.events import EventKind

MAIL = "- {{id: {0}, channel: email, template: t{1}}}\n"


def mail(step: str, more: str = "") -> str:
    return MAIL.format(step, more)


def routes(compiled, step):
    return dict(compiled.graph.node(step).routes)


def test_what_has_no_route_goes_on_to_the_next_of_the_list(sequence):
    compiled = sequence(mail("a", ", next: {failed: c}") + "- {id: b, wait: 3d}\n" + mail("c"))
    assert routes(compiled, "a") == {"sent": "b", "failed": "c", "skipped": "b"}
    assert routes(compiled, "b") == {"done": "c", "skipped": "c"}
    assert routes(compiled, "c") == {"sent": "end", "failed": "end", "skipped": "end"}


def test_one_route_is_for_every_outcome_of_a_step_that_was_done(sequence):
    compiled = sequence(mail("a", ", next: c") + mail("b") + mail("c", ", next: end"))
    assert routes(compiled, "a") == {"sent": "c", "failed": "c", "skipped": "b"}
    assert routes(compiled, "c") == {"sent": "end", "failed": "end", "skipped": "end"}


def test_skipped_has_a_route_if_it_is_given_one(sequence):
    compiled = sequence(mail("a", ", condition: has(lead.company), next: {skipped: end}") + mail("b"))
    assert routes(compiled, "a") == {"sent": "b", "failed": "b", "skipped": "end"}


@pytest.mark.parametrize(
    ("step", "outcomes"),
    [
        ("{id: a, channel: linkedin, action: connect}", {"sent", "already_connected", "failed", "skipped"}),
        ("{id: a, channel: linkedin, action: message, template: t}", {"sent", "not_connected", "failed", "skipped"}),
        ("{id: a, channel: linkedin, template: t}", {"sent", "failed", "skipped"}),
        ("{id: a, channel: contact_form, template: t}", {"sent", "unconfirmed", "failed", "skipped"}),
        ("{id: a, channel: phone, template: t}", {"done", "failed", "expired", "skipped"}),
        ("{id: a, end: true, condition: has(lead.company)}", {"skipped"}),
    ],
)
def test_every_outcome_of_every_kind_has_an_exit(sequence, step, outcomes):
    assert set(routes(sequence(f"- {step}\n- {{id: z, wait: 1d}}"), "a")) == outcomes


@pytest.mark.parametrize(
    ("steps", "read", "target"),
    [
        (mail("a") + mail("b"), False, None),
        (mail("a", ", next: {failed: c}") + mail("b") + mail("c"), True, "c"),
        (mail("a", ", next: {failed: end}") + mail("b"), True, "end"),
        (mail("a") + mail("b") + mail("c", ", condition: a_failed"), True, "c"),
        (mail("a") + mail("b") + mail("c", ", condition: email_failed"), True, "c"),
        (mail("a") + mail("b", ", condition: a_sent") + mail("c", ", condition: not a_sent"), True, "c"),
        (mail("a") + mail("b", ", condition: a_sent"), True, None),
        (mail("a") + mail("b", ", condition: not a_failed"), True, None),
        (mail("a") + mail("b", ", condition: not (a_sent or has(lead.company))"), True, "b"),
        (mail("a") + mail("b", ", condition: a.bounced"), False, None),
        (mail("b") + mail("a") + mail("c", ", condition: b_failed"), False, None),
        ("- {id: c, channel: phone, template: t, condition: not email_sent}\n" + mail("a"), False, None),
    ],
)
def test_an_email_step_knows_who_reads_its_failure(sequence, steps, read, target):
    node = sequence(steps).graph.node("a")
    assert (node.failure_is_read, node.failure_target) == (read, target)


def test_an_opt_out_and_a_complaint_always_stop(sequence):
    always = {EventKind.UNSUBSCRIBED, EventKind.COMPLAINED}
    assert sequence("- {id: a, wait: 1d}").graph.stop_on == always | {EventKind.REPLIED}
    assert sequence("- {id: a, wait: 1d}", "stop_on: []\n").graph.stop_on == always
    assert sequence("- {id: a, wait: 1d}", "stop_on: [clicked]\n").graph.stop_on == always | {EventKind.CLICKED}


BASE = mail("a", ", next: {failed: c}") + "- {id: b, wait: 3d}\n" + mail("c", ", condition: a_failed")


@pytest.mark.parametrize(
    "changed",
    [BASE.replace("wait: 3d", "wait: 9d"), BASE.replace("template: t", "template: other"),
     BASE.replace("next:", "retry: {count: 3}, next:")],
)  # fmt: skip
def test_texts_and_times_leave_the_hash_as_it_was(sequence, changed):
    assert sequence(changed).graph.hash == sequence(BASE).graph.hash
    assert sequence(BASE, "description: other\n").graph.hash == sequence(BASE).graph.hash


@pytest.mark.parametrize(
    "changed",
    [BASE.replace("failed: c", "failed: end"), BASE.replace("id: b", "id: bb"), BASE.replace(": a_failed", ": a_sent"),
     BASE.replace("id: c, channel: email", "id: c, channel: phone"), BASE + mail("d"), BASE + mail("d", ", thread: a")],
)  # fmt: skip
def test_structure_is_in_the_hash(sequence, changed):
    assert sequence(changed).graph.hash != sequence(BASE).graph.hash


def test_defaults_are_of_every_step_that_says_nothing_else(sequence):
    head = 'defaults: {settle: 5m, retry: {count: 2, delay: 1h}, send_window: {hours: "09:00-17:00", timezone: lead}}\n'
    compiled = sequence(mail("a") + mail("b", ", settle: 1m, retry: {count: 0}"), head)
    first, second = (node.body for node in compiled.graph.nodes)
    assert (first.settle.total_seconds(), first.retry.count, str(first.retry.delay)) == (300, 2, "1h")
    assert (second.settle.total_seconds(), second.retry.count) == (60, 0)
    assert first.send_window == second.send_window
    assert first.send_window.timezone == "lead"
