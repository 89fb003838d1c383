"""The table of answers, in the order in which it is read: what is about the account, then the person, then the message.

A block on the sender is looked for before a dead address, because some servers say `550 5.1.1` for both.
"""

from __future__ import annotations

from runner.channels.email.replies import Row
from runner.channels.email.replies_account import LIMITED_ROWS, LOGIN_ROWS, STANDING_ROWS
from runner.channels.email.replies_message import FORM_ROWS, POLICY_ROWS
from runner.channels.email.replies_person import DEAD_ROWS, SOFT_ROWS

TABLE: tuple[Row, ...] = (
    *LIMITED_ROWS, *LOGIN_ROWS, *STANDING_ROWS, *POLICY_ROWS, *DEAD_ROWS, *SOFT_ROWS, *FORM_ROWS
)  # fmt: skip
