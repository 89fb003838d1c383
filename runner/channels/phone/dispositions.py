"""How a call ended: the closed list a caller chooses from, and what each means for the step and the person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Disposition(Enum):
    """The words for the end of a call."""

    INTERESTED = "interested"
    NOT_INTERESTED = "not_interested"
    CALLBACK = "callback"
    GATEKEEPER = "gatekeeper"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`reached`: a person or machine took the message, so the step is done, else it failed. `replied`: the person
    spoke with us, which counts as a reply. `opted_out`: the person wants to hear no more, on any channel.
    """

    text: str
    reached: bool
    replied: bool = False
    opted_out: bool = False


MEANINGS: dict[Disposition, Meaning] = {
    Disposition.INTERESTED: Meaning("spoke, and wants to go on", reached=True, replied=True),
    Disposition.NOT_INTERESTED: Meaning("spoke, and does not want it", reached=True, replied=True),
    Disposition.CALLBACK: Meaning("spoke, and asked for another time", reached=True, replied=True),
    Disposition.GATEKEEPER: Meaning("somebody else took the call", reached=True),
    Disposition.VOICEMAIL: Meaning("left a message", reached=True),
    Disposition.NO_ANSWER: Meaning("nobody answered", reached=False),
    Disposition.BUSY: Meaning("the line was busy", reached=False),
    Disposition.WRONG_NUMBER: Meaning("the number is not this person's", reached=False),
    Disposition.DO_NOT_CALL: Meaning("wants to hear no more from us", reached=True, replied=True, opted_out=True),
}
"""Every disposition has a meaning; `runner tasks done --disposition` takes these words."""


def parse_disposition(text: str) -> Disposition:
    """The disposition a caller wrote. Raises ValueError, naming all of them, for another word."""
    try:
        return Disposition("_".join(text.strip().casefold().replace("-", " ").split()))
    except ValueError:
        known = ", ".join(one.value for one in Disposition)
        raise ValueError(f"`{text}` is no disposition; there are {known}") from None
