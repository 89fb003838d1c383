"""Firing an invitation or a message through the package: the gate, then one POST, then what its answer proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.channels.linkedin.exchange import Exchange
from runner.channels.linkedin.identity import Profile
from runner.channels.linkedin.responses import Act, Verdict, judge
from runner.channels.linkedin.session import VoyagerSession
from runner.channels.linkedin.settings import read_settings
from runner.channels.linkedin.verdicts import outcome_of
from runner.engine.outcomes import AccountTrouble, Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.model.linkedin_limits import CONNECT


@dataclass(frozen=True, slots=True)
class PreparedVoyager:
    """An invitation or message whose receiver is known; the POST is its irrevocable byte."""

    session: VoyagerSession
    job: Job
    profile: Profile

    def fire(self, gate: Gate) -> Outcome:
        """Wait for the account's turn, pass the gate, post once.

        A note that LinkedIn refuses for want of notes may be dropped: that refusal is definite, so posting the bare
        invitation under the same permit still invites at most once.
        """
        with self.session.lock:
            refusal = self.session.refusal(self.job.now)
            if refusal is not None:
                return refusal
            self.session.pace()
            answer = gate()
            if not isinstance(answer, Permit):
                return answer
            act = Act.CONNECT if self.job.action == CONNECT else Act.MESSAGE
            dropped = answer.without_note
            exchange = self._post("" if dropped else self.job.content.body)
            row = judge(act, exchange)
            if not dropped and row.verdict is Verdict.NOTE_LIMITED and self._may_drop_note():
                dropped = True
                exchange = self._post("")
                row = judge(act, exchange)
            outcome = outcome_of(row, exchange, self.job.now)
            if isinstance(outcome, AccountTrouble) and outcome.stops:
                self.session.stop(outcome, self.job.now)
        return self._noted(outcome, dropped=dropped)

    def abandon(self) -> None:
        """The session is the account's; nothing else is held."""

    def _post(self, text: str) -> Exchange:
        profile_id = self.profile.profile_id or ""

        def connect(api: Any) -> object:
            return api.add_connection(self.profile.public_id or profile_id, message=text, profile_urn=profile_id)

        def message(api: Any) -> object:
            return api.send_message(text, recipients=[profile_id])

        return self.session.call(connect if self.job.action == CONNECT else message)

    def _may_drop_note(self) -> bool:
        """The step's `note` decides, else the account's."""
        rule = self.job.body.settings.get("note")
        required = read_settings(self.job.account).note_required if rule is None else rule == "required"
        return bool(self.job.content.body) and not required

    def _noted(self, outcome: Outcome, *, dropped: bool) -> Outcome:
        """A sent outcome with what the log should keep: the id that was used, and a note that was left out."""
        if not isinstance(outcome, Sent):
            return outcome
        extra: dict[str, object] = {"linkedin_urn": self.profile.profile_id}
        if dropped:
            extra["note_dropped"] = True
        return Sent(outcome.message_id, outcome.provider_ref, dict(outcome.detail) | extra)
