"""The end of every message: signature, the opt-out sentence, the postal address; and the List-Unsubscribe headers."""

from __future__ import annotations

import html
from dataclasses import dataclass
from urllib.parse import quote

from runner.channels.email.config import EmailAccount, Unsubscribe
from runner.channels.email.markdown import Body, from_markdown

BY_LINK = "If you would rather not hear from me again: {link}"
BY_MAIL = "If you would rather not hear from me again, write to {link}"
BY_REPLY = 'If you would rather not hear from me again, reply with "unsubscribe".'


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


def closing(account: EmailAccount, choice: OptOut) -> Body:
    """Signature and footer, as text and as HTML."""
    signature = from_markdown(account.signature) if account.signature else Body("", "")
    sentence, target = _sentence(account, choice)
    address = account.footer.postal_address.strip()
    text = "\n".join(filter(None, (sentence.replace("{link}", target), address)))
    parts = (_linked(sentence, target), html.escape(address).replace("\n", "<br>"))
    fragment = "<br>".join(filter(None, parts))
    return Body(
        "\n\n".join(filter(None, (signature.text, text))),
        signature.html + (f'<p class="footer">{fragment}</p>' if fragment else ""),
    )


def _sentence(account: EmailAccount, choice: OptOut) -> tuple[str, str]:
    """The opt-out sentence with its `{link}`, and what the link is: an address of the web, of mail, or nothing."""
    own = account.footer.text
    own = own if not own or "{link}" in own else f"{own} {{link}}"
    match account.footer.unsubscribe:
        case Unsubscribe.ONE_CLICK if choice.url:
            return own or BY_LINK, choice.url
        case Unsubscribe.ONE_CLICK | Unsubscribe.MAILTO if choice.mailto:
            return own or BY_MAIL, choice.mailto.removeprefix("mailto:").partition("?")[0]
        case Unsubscribe.REPLY:
            return account.footer.text.replace("{link}", "") or BY_REPLY, ""
        case Unsubscribe.NONE:
            return "", ""
        case _:
            return BY_REPLY, ""


def _linked(sentence: str, target: str) -> str:
    href = target if target.startswith("http") else f"mailto:{target}"
    link = f'<a href="{html.escape(href)}">{"unsubscribe" if target.startswith("http") else html.escape(target)}</a>'
    return html.escape(sentence).replace("{link}", link)
