"""The few pages that readers of our mail see. They load nothing from anywhere and tell nothing about anyone."""

from __future__ import annotations

import base64
import hashlib

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#222}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.3rem;background:#0b57d0;color:#fff}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}}"
)
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one by one pixel (GIF89a)."""


def _page(title: str, text: str, rest: str = "") -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{title}</h1><p>{text}</p>{rest}</main></body></html>"
    )


_FORM = (
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    "<button>Unsubscribe</button></form>"
)
ASK = _page("Unsubscribe", "One click, and we will not write to you again.", _FORM)
DONE = _page("Done", "You are unsubscribed. We will not write to you again, on any channel.")
UNKNOWN = _page("Unknown link", "This link is not one of ours. To opt out, reply to our message.")
LATER = _page("Please try again", "We could not note this at the moment. Please try again in two minutes.", _FORM)
