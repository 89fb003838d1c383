"""The naive way to send a campaign: one after the other, each with a connection and a row of an ORM of its own."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The naive design's tables."""


class Attempt(Base):
    """A row a message."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    state: Mapped[str]


def naive(port: int, recipients: Iterable[str], body: str, database: Engine) -> None:
    """One after the other: a row, a connection, an EmailMessage, and the row again."""
    for recipient in recipients:
        with Session(database) as session:
            attempt = Attempt(recipient=recipient, state="sending")
            session.add(attempt)
            session.commit()
            mail = EmailMessage(policy=SMTP)
            mail["From"], mail["To"] = "Ada Lovelace <ada@lumen.example>", recipient
            mail["Subject"], mail["Message-ID"] = "Support at Example Ltd", f"<{attempt.id}@lumen.example>"
            mail.set_content(body)
            mail.add_alternative(f"<p>{body}</p>", subtype="html")
            with smtplib.SMTP("127.0.0.1", port) as smtp:
                smtp.send_message(mail)
            attempt.state = "sent"
            session.commit()


def durable(path: Path) -> Engine:
    """An engine whose commits are as durable as ours."""
    made = create_engine(f"sqlite:///{path}")
    event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode=WAL") and None)
    event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=FULL") and None)
    Base.metadata.create_all(made)
    return made
