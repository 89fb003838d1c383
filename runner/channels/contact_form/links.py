"""Where the contact page is: links that say so in many languages, and frames that hold a form."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from runner.channels.contact_form.document import Document, attribute, words_of
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.text import plain

_TEXT = compiled("links", "text", "^", "$")
_PATH = compiled("links", "path", "/", "[^/]*/?$")
_SERVICES = compiled("links", "services", r"(?:^|\.)", "$")
MAX_LINKS = 3


def contact_links(document: Document) -> tuple[str, ...]:
    """Addresses on the same site that lead to a contact page, the likeliest first."""
    found: dict[str, float] = {}
    for anchor in document.soup.find_all("a", href=True, limit=3000):
        target = document.absolute(attribute(anchor, "href")).partition("#")[0]
        if not _same_site(document.url, target) or target == document.url:
            continue
        score = _score(plain(words_of(anchor, 80)), plain(urlsplit(target).path))
        if score > found.get(target, 0.0):
            found[target] = score
    ranked = sorted(found, key=lambda target: -found[target])
    return tuple(ranked[:MAX_LINKS])


def form_frames(document: Document) -> tuple[str, ...]:
    """Addresses of frames that may hold the form: known form services, and frames of the site that say contact."""
    found = []
    for frame in document.soup.find_all("iframe", limit=50):
        target = document.absolute(attribute(frame, "src") or attribute(frame, "data-src"))
        named = plain(f"{attribute(frame, 'id')} {attribute(frame, 'class')} {attribute(frame, 'title')} {target}")
        if is_form_service(target) or (
            _same_site(document.url, target) and re.search(r"form|contact|kontakt|contat|feedback", named)
        ):
            found.append(target)
    return tuple(dict.fromkeys(found))[:MAX_LINKS]


def is_form_service(url: str) -> bool:
    """Whether a host is known for serving forms to other sites."""
    return _SERVICES.search(plain_host_of(url)) is not None


def refresh_target(document: Document) -> str | None:
    """Where a page sends its reader by itself with a meta refresh; None when it does not."""
    for meta in document.soup.find_all("meta", attrs={"http-equiv": True}, limit=20):
        if attribute(meta, "http-equiv").lower() == "refresh":
            match = re.search(r"url\s*=\s*[\"']?([^\"'>]+)", attribute(meta, "content"), re.IGNORECASE)
            return document.absolute(match[1]) if match else None
    return None


def _score(text: str, path: str) -> float:
    score = 2.0 if _TEXT.match(text) else 0.0
    score += 1.5 if _PATH.search(path) else 0.0
    return score


def _same_site(first: str, second: str) -> bool:
    if urlsplit(second).scheme not in {"http", "https"}:
        return False
    one, other = plain_host_of(first), plain_host_of(second)
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def plain_host_of(url: str) -> str:
    """The host of an address, lower case, without `www.`; "" for what is no address."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
