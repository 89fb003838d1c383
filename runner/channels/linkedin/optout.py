"""Short replies that can only mean: do not write to me again."""

from __future__ import annotations

import re

_WORDS = frozenset({
    "stop", "unsubscribe", "remove me", "please remove me", "opt out", "opt me out", "do not contact me",
    "dont contact me", "do not contact me again", "please do not contact me", "please stop", "stop messaging me",
    "stop contacting me", "take me off your list", "remove me from your list", "leave me alone",
    "abmelden", "bitte keine nachrichten mehr", "kontaktieren sie mich nicht mehr", "bitte nicht mehr kontaktieren",
    "desabonner", "ne me contactez plus", "arretez", "darme de baja", "no me contacte mas", "no me contacten mas",
})  # fmt: skip
_FOLD = str.maketrans({"é": "e", "è": "e", "ê": "e", "á": "a", "ó": "o", "í": "i", "’": None, "'": None})


def is_opt_out(text: str) -> bool:
    """Whether a whole message is one of the phrases; a longer message is a reply, which a person reads."""
    return re.sub(r"[\W_]+", " ", text.casefold().translate(_FOLD)).strip() in _WORDS
