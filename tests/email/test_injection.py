"""Hostile lead data: no header of ours changes, no second recipient appears, nothing outside the lead is read."""

from __future__ import annotations

import email
from email.parser import BytesHeaderParser

import pytest
from bs4 import BeautifulSoup

from runner.engine.outcomes import Failed, Sent
from runner.lang.templates import parse_template, render

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "X-Runner-Key",
    "MIME-Version",
    "Content-Type",
]
BREAKS = {
    "lf": "x\nBcc: evil@bad.example", "crlf": "x\r\nBcc: evil@bad.example", "cr": "x\rBcc: evil@bad.example",
    "folded": "x\r\n Bcc: evil@bad.example", "two": "x\r\n\r\n<script>evil</script>", "nul": "x\0Bcc: evil@bad.example",
    "u2028": "x\u2028Bcc: evil@bad.example", "u2029": "x\u2029Bcc: evil@bad.example",
    "nel": "x\x85Bcc: evil@bad.example",
    "vt": "x\x0bBcc: evil@bad.example", "ff": "x\x0cBcc: evil@bad.example", "fs": "x\x1cBcc: evil@bad.example",
    "word_q": "=?utf-8?q?x=0ABcc:_evil=40bad.example?=", "word_b": "=?utf-8?b?eApCY2M6IGV2aWxAYmFkLmV4YW1wbGU=?=",
    "word_crlf": "=?utf-8?q?x=0D=0ABcc:_evil@bad.example?=", "word_latin": "=?iso-8859-1?q?x=0ABcc:_evil@bad.example?=",
    "word_split": "=?utf-8?q?x=0A?= =?utf-8?q?Bcc:_evil@bad.example?=", "escape": "x\x1b[2JBcc: evil@bad.example",
    "surrogate": "x\udc0aBcc: evil@bad.example", "quotes": '"><evil@bad.example>, "', "angle": "<evil@bad.example>",
    "comma": "x, evil@bad.example", "comment": "x (evil@bad.example)", "group": "all: evil@bad.example;",
    "backslash": 'x\\" <evil@bad.example>', "long": "x" * 5000 + "\nBcc: evil@bad.example",
    "tab": "x\tBcc: evil@bad.example",
}  # fmt: skip
ADDRESSES = [
    "a@b.example>\r\nRCPT TO:<evil@bad.example", "a@b.example\r\nRCPT TO:<evil@bad.example>", "a@b.example\nDATA",
    "a@b.example,evil@bad.example", "a@b.example evil@bad.example", "<a@b.example>", "a@b.example> SIZE=1",
    "a@b.example\0",
    "\"a b\"@b.example", "a@b@c.example", "@b.example", "a@", "a", "a@-b.example", "a@b..example", "a@[127.0.0.1]",
    "a@b.example\u2028", "a\u202e@b.example", "a@exa mple.example", "=?utf-8?q?a=0A?=@b.example\n", "a;b@c.example",
    "a:b@c.example", "a@b.example.", "x" * 65 + "@b.example", "a@" + "b." * 130 + "example",
]  # fmt: skip
TEMPLATES = [
    "{{ 7*7 }}", "{{ config }}", "{{ self }}", "{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}",
    "{{ lead.email }}", "{% for x in range(9) %}x{% endfor %}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "{{ cycler.__init__ }}",
    "{# comment #}", "{{ lookup('env') }}", "{% raw %}", "%(email)s", "{0.__class__}",
]  # fmt: skip


def check_untouched(sink, sent_to="anna@example.com"):
    [arrived] = sink.ledger.records()
    assert arrived.recipient == sent_to
    block = arrived.content.partition(b"\r\n\r\n")[0]
    assert BytesHeaderParser().parsebytes(arrived.content).keys() == HEADERS
    for line in block.replace(b"\r\n ", b" ").split(b"\r\n"):
        assert not line.lower().startswith(b"bcc")
    return arrived


@pytest.mark.parametrize("name", BREAKS)
def test_a_hostile_subject_changes_no_header(name, sink, account, job, send):
    outcome = send(job(account(sink.port), subject=BREAKS[name]))
    if isinstance(outcome, Failed):
        assert outcome.reason == "unsafe_content"
        assert sink.ledger.records() == []
    else:
        assert isinstance(outcome, Sent)
        check_untouched(sink)


@pytest.mark.parametrize("name", BREAKS)
def test_a_hostile_name_changes_no_header_and_adds_no_recipient(name, sink, account, job, send):
    outcome = send(job(account(sink.port), lead={"first_name": BREAKS[name], "last_name": BREAKS[name]}))
    assert isinstance(outcome, Sent)
    arrived = check_untouched(sink)
    to = BytesHeaderParser().parsebytes(arrived.content)["To"]
    assert to.endswith("anna@example.com>") or to == "anna@example.com"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hostile_address_reaches_no_server(address, sink, account, job, send):
    outcome = send(job(account(sink.port), to=address))
    assert isinstance(outcome, Failed)
    assert not outcome.hard
    assert sink.ledger.records() == []


@pytest.mark.parametrize("text", TEMPLATES)
def test_template_syntax_in_lead_data_stays_text(text, sink, account, job, send):
    template = parse_template("---\nsubject: 'For {{ lead.company }}'\n---\nHi {{ lead.company }}!\n", "t")
    filled = render(
        template, {"lead": {"company": text, "email": "secret@x"}, "campaign": {}, "vars": {}, "sender": {}}, "s"
    )
    assert text in filled.subject
    assert isinstance(send(job(account(sink.port), subject=filled.subject, body=filled.body)), Sent)
    arrived = check_untouched(sink)
    assert b"49" not in BytesHeaderParser().parsebytes(arrived.content)["Subject"].encode()
    assert b"secret@x" not in arrived.content


MARKUP = [
    "[click](https://evil.example)", "![x](https://evil.example/p.png)", "<https://evil.example>", "[x]: https://evil.example",
    "<img src=https://evil.example>", "**[a](https://evil.example 't')**", "x](https://evil.example)[y",
    "[a][b]\n\n[b]: //evil",
]  # fmt: skip
ELEMENTS = ["<b>x</b>", '"><img src=x>', "' onmouseover='x", "<a href=https://evil.example>", "a & b", "</i></p>"]


def page_of(sink):
    [arrived] = sink.accepted()
    parts = email.message_from_bytes(arrived.content).walk()
    html = next(part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/html")
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_lead_data_becomes_neither_link_nor_image(text, sink, account, job, send):
    outcome = send(job(account(sink.port), body=f"Hi {text}, [ours](https://lumen.example)", lead={"company": text}))
    assert isinstance(outcome, Sent)
    page = page_of(sink)
    assert [link["href"] for link in page.find_all("a")] == ["https://lumen.example", "mailto:ada@lumen.example"]
    assert page.find("img") is None


@pytest.mark.parametrize("text", ELEMENTS)
def test_markup_in_lead_data_stays_text_in_an_html_template(text, sink, account, job, send):
    body = f'<html><body><p title="{text}">Hi {text}!</p></body></html>'
    outcome = send(job(account(sink.port), body=body, step={"format": "html"}, lead={"company": text}))
    assert isinstance(outcome, Sent)
    page = page_of(sink)
    first = page.find("p")
    assert first.get_text() == f"Hi {text}!"
    assert first["title"] == text
    assert {element.name for element in page.find_all(True)} <= {"html", "head", "body", "p", "a", "br"}
