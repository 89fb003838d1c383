"""What a pause leaves of a wait: the clock goes on where it stood, and business days are not spent on weekends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from runner.engine.state import Stage
from runner.lang.durations import Duration
from runner.model.calendar_waits import BusinessCalendar, remaining, resume
from runner.model.calendar_zones import Zones
from runner.model.sequence import ChannelStep, StepBody, WaitForStep, WaitStep
from runner.store.book import Book
from runner.store.people import load_leads


def due_after_pause(connection: Connection, book: Book, enrollment: Row[Any], run: Row[Any], now: datetime) -> datetime:
    """When an open step run of a paused enrollment is due, if the enrollment goes on at `now`."""
    calendar = None
    body = book.graph(enrollment.sequence_id).node(run.step).body
    if _waited_for(body, Stage(run.stage)).business_days:
        lead = load_leads(connection, [enrollment.lead_id])[enrollment.lead_id]
        settings = book.settings()
        zones = Zones(lead=lead.timezone, project=settings.timezone, country=lead.country)
        calendar = BusinessCalendar.of(zones, settings.window)
    return resume(remaining(run.until, enrollment.paused_at or now, calendar), now, calendar)


def _waited_for(body: StepBody, stage: Stage) -> Duration:
    """The duration that set the run's due time."""
    match body, stage:
        case WaitStep(duration=duration), _:
            return duration
        case WaitForStep(timeout=timeout), _:
            return timeout
        case ChannelStep(expires_after=expires), Stage.TASK:
            return expires
        case ChannelStep(retry=retry), Stage.RETRYING:
            return retry.delay
        case ChannelStep(timeout=timeout), Stage.AWAITING_ACCEPTANCE:
            return timeout
    return Duration()
