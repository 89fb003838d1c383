"""Who opened or clicked: a person, or a scanner, proxy or prefetcher that does so for every message.

Machine opens say nothing about the reader; they are counted apart and drive nothing. When in doubt, it was a machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_PREFETCH = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_AGENTS = (
    ("gmail_proxy", re.compile(r"GoogleImageProxy|ggpht\.com", re.IGNORECASE)),
    ("yahoo_proxy", re.compile(r"YahooMailProxy|Yahoo! Slurp", re.IGNORECASE)),
    ("apple_privacy", re.compile(r"Mozilla/5\.0\Z")),
    ("scanner", re.compile(
        r"barracuda|proofpoint|mimecast|safelinks|microsoft office|office 365|symantec|messagelabs|forcepoint|websense"
        r"|trend ?micro|sophos|fireeye|trellix|ironport|cisco|zscaler|checkpoint|bitdefender|kaspersky|cloudmark"
        r"|urldefense|vade|hornetsecurity|avanan|abnormal|cloudflare|netcraft|phishtank|virustotal|urlscan",
        re.IGNORECASE,
    )),
    ("robot", re.compile(
        r"bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|slackbot|whatsapp|telegram|discord|skype"
        r"|curl/|wget/|python|aiohttp|httpx|okhttp|java/|go-http|libwww|perl|ruby|node-fetch|axios|headless|phantomjs"
        r"|monitor|uptime|pingdom|lighthouse",
        re.IGNORECASE,
    )),
)  # fmt: skip


def machine_reason(headers: Mapping[str, str]) -> str | None:
    """Why this request was not made by a person who reads, or None. `headers` look up without regard to case."""
    if any(_PREFETCH.search(headers.get(name, "")) for name in _PREFETCH_HEADERS):
        return "prefetch"
    agent = headers.get("user-agent", "").strip()
    if not agent or len(agent) > 1000:
        return "no_agent"
    return next((name for name, pattern in _AGENTS if pattern.search(agent)), None)
