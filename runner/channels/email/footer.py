"""The end of every message: signature, the opt-out sentence, the postal address; and the List-Unsubscribe headers."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from runner.channels.email.config import EmailAccount, Sender, Unsubscribe
from runner.channels.email.markdown import Body, from_markdown

BY_LINK = "If you would rather not hear from me again, [unsubscribe here]({link})."
BY_MAIL = "If you would rather not hear from me again, write to {link}."
BY_REPLY = 'If you would rather not hear from me again, reply with "unsubscribe".'
_HERE = "https://opt-out.invalid/"
_MAIL_HERE = "opt-out@opt-out.invalid"


@dataclass(frozen=True, slots=True)
class OptOut:
    """How this reader can opt out: `url` where the web endpoints are up, `mailto` where an inbox is read."""

    url: str | None
    mailto: str | None

    def headers(self) -> list[tuple[str, str]]:
        """List-Unsubscribe (RFC 2369) and, for an https link, List-Unsubscribe-Post (RFC 8058)."""
        targets = [f"<{target}>" for target in (self.url, self.mailto) if target]
        if not targets:
            return []
        found = [("List-Unsubscribe", ", ".join(targets))]
        if self.url and self.url.startswith("https://"):
            found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return found


def opt_out(account: EmailAccount, url: str | None, key: str) -> OptOut:
    """What this account offers for one message."""
    wants_link = account.footer.unsubscribe is Unsubscribe.ONE_CLICK
    inbox = account.footer.mailto or ((account.reply_to or account.sender).address if account.has_inbox else "")
    mailto = f"mailto:{quote(inbox, safe='@+.')}?subject={quote(f'unsubscribe {key}')}" if inbox else None
    return OptOut(url if wants_link else None, mailto)


def closing(account: EmailAccount, choice: OptOut, author: Sender) -> Body:
    """Signature and footer, as text and as HTML."""
    signature = _signature(author.signature or account.signature)
    sentence, stand_in, target = _sentence(account, choice)
    footer = _footer(sentence, account.footer.postal_address.strip())
    text = footer.text.replace(stand_in, target) if stand_in else footer.text
    page = footer.html.replace(stand_in, html.escape(target)) if stand_in else footer.html
    return Body("\n\n".join(filter(None, (signature.text, text))), signature.html + page)


def _sentence(account: EmailAccount, choice: OptOut) -> tuple[str, str, str]:
    """The opt-out sentence in Markdown, with a stand-in for its link; then the stand-in, and what it stands for."""
    own = account.footer.text
    match account.footer.unsubscribe:
        case Unsubscribe.ONE_CLICK if choice.url:
            return _filled(own or BY_LINK, _HERE), _HERE, choice.url
        case Unsubscribe.ONE_CLICK | Unsubscribe.MAILTO if choice.mailto:
            address = choice.mailto.removeprefix("mailto:").partition("?")[0]
            return _filled(own or BY_MAIL, _MAIL_HERE), _MAIL_HERE, address
        case Unsubscribe.REPLY:
            return own.replace("{link}", "") or BY_REPLY, "", ""
        case Unsubscribe.NONE:
            return "", "", ""
        case _:
            return BY_REPLY, "", ""


def _filled(sentence: str, link: str) -> str:
    """The sentence with a link: as `[words]({link})` has it, else the bare address, behind the words if need be."""
    if "]({link})" in sentence:
        return sentence.replace("{link}", f"mailto:{link}" if "@" in link else link)
    return (sentence if "{link}" in sentence else f"{sentence} {{link}}").replace("{link}", f"<{link}>")


@lru_cache(maxsize=256)
def _footer(sentence: str, address: str) -> Body:
    """Sentence and postal address, which are the same for every reader but for the link."""
    said = from_markdown(sentence) if sentence else Body("", "")
    fragment = said.html.removeprefix("<p>").removesuffix("</p>")
    lines = filter(None, (fragment, html.escape(address).replace("\n", "<br>")))
    page = "<br>".join(lines)
    return Body("\n".join(filter(None, (said.text, address))), f'<p class="footer">{page}</p>' if page else "")


@lru_cache(maxsize=256)
def _signature(source: str) -> Body:
    return from_markdown(source) if source else Body("", "")
