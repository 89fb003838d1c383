"""docs/sandbox.md: the words that decide what the sandbox does, as its servers' own docstrings say them."""

from __future__ import annotations

from types import ModuleType

from runner.sandbox import linkedin, linkedin_fates, sites, smtp

OPENING = """# The sandbox

Servers on this machine that speak the real protocols and play the world of a campaign.
There is SMTP and IMAP, the HTTP of LinkedIn's client, and web sites with forms.
The address, the profile or the site decides what happens, so that a CSV of people plays every fate.
Each server keeps a ledger of its own of what really reached it.

`runner demo` starts it, points the project's accounts at it, and plays the campaigns on a clock that jumps.
With `--leads FILE` it plays people of your own, with `--keep` it stays up at the end.

By itself, on the real clock, with the ledgers as files of JSON lines:

```
python -m runner.sandbox --ledgers ledgers/
```

It prints its ports as one line of JSON; point `smtp`, `imap` and `base_url` of an account at 127.0.0.1 and them.
The contact form's account needs `allow_private_networks: true` there.
"""

SERVERS = (("Mail", smtp), ("LinkedIn", linkedin), ("People on LinkedIn", linkedin_fates), ("Sites", sites))


def sandbox_page() -> str:
    """The whole page."""
    parts = [OPENING]
    for title, module in SERVERS:
        parts.append(f"## {title}\n\n```text\n{_words(module)}\n```\n")
    return "\n".join(parts)


def _words(module: ModuleType) -> str:
    return (module.__doc__ or "").strip()
