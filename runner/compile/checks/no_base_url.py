"""An email account needs public links, and `web.base_url` does not say under which address the world finds them."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.email_rules import is_public_link_base, part

SLUG = "no-base-url"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each setting that needs the links."""
    base = _base_url(view)
    if is_public_link_base(base):
        return
    lacks = "`web.base_url` is not set" if base is None else f"`web.base_url` is `{base}`, which is not https"
    for stem, account in view.accounts.items():
        if account.channel is not ChannelType.EMAIL:
            continue
        source = view.files.channels[stem]
        footer, tracking = part(account.settings, "footer"), part(account.settings, "tracking")
        written = footer.get("unsubscribe")
        helpless = footer and written is None and not (footer.get("mailto") or account.settings.get("imap"))
        if written == "one_click" or helpless:
            path = ("footer", "unsubscribe") if written else ("footer",)
            yield error(SLUG, f"messages of `{account.name}` promise an opt-out link, and {lacks}",
                        source.at(path, key=not written), path=path,
                        help="set it in runner.yaml to the https address of the public endpoints, or write "
                             "`unsubscribe: mailto`")  # fmt: skip
        for name in ("opens", "clicks"):
            if tracking.get(name) is True:
                yield error(SLUG, f"`{account.name}` counts {name}, and {lacks}", source.at(("tracking", name)),
                            path=("tracking", name), help=f"set it in runner.yaml, or take `{name}` out")  # fmt: skip


def _base_url(view: ProjectView) -> object:
    """As runner.yaml has it, which may be wrong elsewhere."""
    data = view.files.settings.data if view.files.settings is not None else None
    web = data.get("web") if isinstance(data, dict) else None
    return web.get("base_url") if isinstance(web, dict) else None
