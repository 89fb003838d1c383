"""A filled form as the bytes a browser would send: successful controls in order, in the form's own encoding.

The rules are those of the HTML standard, "Form submission" (constructing the entry list, the three encodings).
"""

from __future__ import annotations

import codecs
import secrets
from collections.abc import Iterator
from urllib.parse import quote_plus, urlsplit, urlunsplit

from runner.channels.contact_form.fetch import Request
from runner.channels.contact_form.fill import Filling
from runner.channels.contact_form.forms import Control, Form

Entry = tuple[str, str]
FILE = "\x00file"
"""The value that stands for an empty file control in an entry list."""


def entries(form: Form, filling: Filling) -> tuple[Entry, ...]:
    """The form's entry list: names and values in document order, as the page itself would send them."""
    found: list[Entry] = []
    pressed = form.submit_button
    for control in form.controls:
        if control.disabled:
            continue
        if control.kind == "image" and control is pressed:
            prefix = f"{control.name}." if control.name else ""
            found += [(f"{prefix}x", "8"), (f"{prefix}y", "8")]
        elif control.name:
            found += [(control.name, value) for value in _values(control, filling, control is pressed, form)]
    return tuple(found)


def _values(control: Control, filling: Filling, pressed: bool, form: Form) -> Iterator[str]:
    name = control.name
    if control.is_button:
        if pressed:
            yield control.value
    elif control.is_choice:
        if (name, control.value) in filling.ticked or (
            control.checked and name not in filling.unticked and not _other_ticked(control, filling)
        ):
            yield control.value
    elif control.kind == "select":
        yield from _chosen(control, filling)
    elif control.kind == "file":
        yield FILE
    elif control.kind == "hidden" and name.lower() == "_charset_":
        yield form.charset
    else:
        yield filling.values.get(name, control.value)


def _other_ticked(control: Control, filling: Filling) -> bool:
    return control.kind == "radio" and any(name == control.name for name, _ in filling.ticked)


def _chosen(control: Control, filling: Filling) -> Iterator[str]:
    if control.name in filling.values:
        yield filling.values[control.name]
        return
    selected = [option for option in control.options if option.selected and not option.disabled]
    if control.multiple:
        yield from (option.value for option in selected)
    elif selected:
        yield selected[-1].value
    elif usable := [option for option in control.options if not option.disabled]:
        yield usable[0].value


def request_for(form: Form, pairs: tuple[Entry, ...], referer: str) -> Request:
    """The request that sends an entry list to the form's action with its method and enctype."""
    if form.method == "get":
        parts = urlsplit(form.action)
        url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencoded(pairs, form.charset), ""))
        return Request("GET", url, {"Referer": referer})
    if form.enctype == "multipart/form-data":
        return multipart_request(form.action, pairs, form.charset, referer)
    if form.enctype == "text/plain":
        body = "".join(f"{name}={_lines(value)}\r\n" for name, value in pairs).encode(_codec(form.charset), "replace")
        return Request("POST", form.action, _headers(form.action, "text/plain", referer), body)
    body = urlencoded(pairs, form.charset).encode("ascii")
    return Request("POST", form.action, _headers(form.action, "application/x-www-form-urlencoded", referer), body)


def multipart_request(url: str, pairs: tuple[Entry, ...], charset: str, referer: str, accept: str = "") -> Request:
    """A multipart/form-data POST of an entry list (RFC 7578)."""
    boundary = f"----form{secrets.token_hex(12)}"
    parts = b"".join(_part(boundary, name, value, charset) for name, value in pairs)
    headers = _headers(url, f"multipart/form-data; boundary={boundary}", referer)
    if accept:
        headers["Accept"] = accept
    return Request("POST", url, headers, parts + f"--{boundary}--\r\n".encode())


def urlencoded(pairs: tuple[Entry, ...], charset: str) -> str:
    """An entry list as application/x-www-form-urlencoded text."""
    codec = _codec(charset)
    return "&".join(
        f"{quote_plus(name.encode(codec, 'xmlcharrefreplace'), safe='*-._')}="
        f"{quote_plus(_text(value).encode(codec, 'xmlcharrefreplace'), safe='*-._')}"
        for name, value in pairs
    )


def _headers(url: str, content_type: str, referer: str) -> dict[str, str]:
    page = urlsplit(referer)
    same = (page.scheme, page.netloc) == urlsplit(url)[:2]
    origin = f"{page.scheme}://{page.netloc}"
    return {"Content-Type": content_type, "Referer": referer if same else f"{origin}/", "Origin": origin}


def _part(boundary: str, name: str, value: str, charset: str) -> bytes:
    codec = _codec(charset)
    escaped = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{escaped}"'
    if value == FILE:
        head += '; filename=""\r\nContent-Type: application/octet-stream'
    return (
        (head + "\r\n\r\n").encode(codec, "xmlcharrefreplace")
        + _text(value).encode(codec, "xmlcharrefreplace")
        + b"\r\n"
    )


def _text(value: str) -> str:
    return "" if value == FILE else _lines(value)


def _lines(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def _codec(charset: str) -> str:
    """The codec for sending: the form's own, except that UTF-16 and unknown ones mean UTF-8."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return "utf-8"
    return (
        "utf-8"
        if name.startswith(("utf-16", "utf-32", "utf-7"))
        else {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(name, name)
    )
