"""The bytes of a message: threading, parts, encodings, footers, files; golden where a person would read the source."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import time

import pytest

from runner.channels.email.config import account_of
from runner.channels.email.message import build
from runner.channels.email.tokens import Keyring, Purpose, WebLinks
from runner.engine.outcomes import AccountTrouble, Failed, Sent
from runner.engine.ports import ThreadRef
from runner.secrets import Secret

THREAD = ThreadRef("<intro-key@lumen.example>", ("<first-key@lumen.example>",), "Quick question, Ännä")


def parsed(built):
    return email.message_from_bytes(built.content, policy=email.policy.default)


def parts(built):
    """Content type -> decoded text of every leaf."""
    leaves = [part for part in parsed(built).walk() if not part.is_multipart()]
    texts = {part.get_content_type(): part.get_content() for part in leaves}
    return {kind: text.replace("\r\n", "\n") if isinstance(text, str) else text for kind, text in texts.items()}


@pytest.fixture
def built(account, job):
    """`built(settings={...}, web=None, root=None, **job)`: the message as it would be sent."""

    def make(settings=None, web=None, root=None, **fields):
        config = account(25, **(settings or {}))
        return build(job(config, **fields), account_of(config), web, root)

    return make


def test_a_follow_up_threads_and_reads_as_it_should(built, golden):
    message = built(
        subject="ignored in a thread",
        body="Hi **Änna**,\n\nany [news](https://lumen.example/a?b=1&c=2)?\n\n- one\n- two\n",
        thread=THREAD,
        unsubscribe_url="https://go.lumen.example/u/token",
        lead={"first_name": "Änna", "last_name": "Müller"},
        preheader="Any news?",
        settings={"plus_address": True, "signature": "Ada  \n*Lumen*"},
    )
    golden("follow_up.eml.out", message.content.decode("ascii").replace("\r\n", "\n"))


def test_threading_headers_name_the_step_before(built):
    message = parsed(built(thread=THREAD))
    assert message["In-Reply-To"] == "<intro-key@lumen.example>"
    assert message["References"] == "<first-key@lumen.example> <intro-key@lumen.example>"
    assert message["Subject"] == "Re: Quick question, Ännä"


@pytest.mark.parametrize("subject", ["Re: Hello", "RE: Hello", "re : Hello"])
def test_a_reply_prefix_is_not_doubled(subject, built):
    assert parsed(built(thread=ThreadRef("<a@b>", (), subject)))["Subject"] == subject


def test_a_long_thread_keeps_its_first_and_newest_ids(built):
    chain = tuple(f"<{number}@lumen.example>" for number in range(60))
    found = parsed(built(thread=ThreadRef("<last@lumen.example>", chain, "x")))["References"].split()
    assert found[0] == "<0@lumen.example>"
    assert found[-1] == "<last@lumen.example>"
    assert len(found) == 20


def test_the_message_id_is_the_same_at_every_try(built):
    first, second = built(key="abc-1"), built(key="abc-1", attempt=2)
    assert first.message_id == "<abc-1@lumen.example>"
    assert first.content == second.content
    assert built(key="abc-2").message_id != first.message_id


SCRIPTS = {
    "latin": "Grüße aus Köln, señor; ça va?", "greek": "Καλημέρα κόσμε", "cyrillic": "Здравствуйте, Анна",
    "hebrew": "שלום עולם", "arabic": "مرحبا بالعالم", "hindi": "नमस्ते दुनिया", "thai": "สวัสดีชาวโลก",
    "chinese": "您好，世界", "japanese": "こんにちは世界", "korean": "안녕하세요 세계", "emoji": "👩‍🚀 hi 🎉",
    "ascii": "Hello",
    "georgian": "გამარჯობა", "combining": "e\u0301 a\u030a",
}  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_arrives_as_it_was_written(script, built):
    text = SCRIPTS[script]
    message = built(body=f"{text}\n\n" + f"{text} " * 40 + "\n", subject=text, lead={"first_name": text})
    assert max(map(len, message.content.split(b"\r\n"))) <= 998
    assert message.content.isascii()
    found = parts(message)
    assert text in found["text/plain"]
    assert text in found["text/html"]
    whole = parsed(message)
    assert whole["Subject"] == text
    assert whole["To"].addresses[0].display_name == text
    assert not whole.defects


@pytest.mark.parametrize(
    "body",
    ["x" * 5000, ".\n..\n.x\n", "From here\n", "> quoted\n", "a\r\nb\rc\n", "tab\there\n", "-- \nsig\n",
    "line \nsoft\n",
     "\n.\r\n", "\r.\r\n", "\n.\n", "\r\n.\r", "long " * 300],
)  # fmt: skip
def test_odd_lines_arrive_in_one_piece(body, sink, account, job, send):
    one = job(account(sink.port), body=body)
    assert isinstance(send(one), Sent)
    [arrived] = sink.accepted()
    assert arrived.content == build(one, account_of(one.account)).content
    assert arrived.content.count(b"\n") == arrived.content.count(b"\r\n") == arrived.content.count(b"\r")
    assert arrived.content.rstrip().endswith(b"--")
    assert max(map(len, arrived.content.split(b"\r\n"))) <= 998


def test_text_and_html_say_the_same(built):
    found = parts(built(body="Hi **Anna**, see [the site](https://lumen.example) & more.\n\n1. one\n2. two\n"))
    assert "Hi Anna, see the site <https://lumen.example> & more." in found["text/plain"]
    assert "1. one\n2. two" in found["text/plain"]
    assert "<strong>Anna</strong>" in found["text/html"]
    assert 'href="https://lumen.example"' in found["text/html"]
    assert "&amp; more" in found["text/html"]


def test_css_is_written_into_the_elements(built):
    page = parts(built(settings={"css": "p{color:#123456}"}))["text/html"]
    assert "<style" not in page
    assert "color: #123456" in page


def test_raw_html_in_markdown_stays_text(built):
    page = parts(built(body="<script>alert(1)</script> <b>x</b>"))["text/html"]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])
def test_links_that_run_code_are_not_made(target, built):
    assert "href" not in parts(built(body=f"[x]({target})", settings={"footer": {}, "imap": None}))["text/html"]


def test_an_html_template_gives_both_parts(built):
    body = "<html><head><style>p{color:red}</style></head><body><h1>Hi</h1><p>Text <a href='https://x.example'>x</a></p></body></html>"
    found = parts(built(body=body, step={"format": "html"}))
    assert 'style="color: red;"' in found["text/html"]
    assert "Hi" in found["text/plain"] and "<" not in found["text/plain"].split("If you")[0]
    assert found["text/html"].count("</body>") == 1
    assert "Lumen GmbH" in found["text/html"].split("</body>")[0]


@pytest.mark.parametrize("body", ["<script>x</script>", "<iframe src=x>", "<form>", "<a href='javascript:x'>",
                                 "<p onclick=x>",
                                  "<link rel=stylesheet href=//x>", "<object>", "<base href=//x>",
                                  "<style>@import url(//x)</style>"])  # fmt: skip
def test_html_that_mail_must_not_carry_is_refused(body, sink, account, job, send):
    outcome = send(job(account(sink.port), body=body, step={"format": "html"}))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "unsendable_content"


PAGE = (
    "<html><head><style>p{color:red} @media (max-width:600px){p{color:blue}}</style></head><body class=x>"
    "<p>Hi <a class='b' href='https://lumen.example/x?a=1&amp;b=2'>x</a> <a href=\"mailto:a@b.example\">m</a></p>"
    "</body></html>"
)


def test_a_whole_html_document_gets_preheader_and_style_and_keeps_what_phones_need(built):
    found = parts(built(body=PAGE, step={"format": "html"}, preheader="Any <news>?", settings={"css": "p{margin:9px}"}))
    page = found["text/html"]
    before, _, after = page.partition("Any &lt;news&gt;?")
    assert 'class="x"' in before and "<p" in after
    assert 'style="color: red;margin: 9px;"' in page
    assert "@media (max-width:600px)" in page
    assert page.count("<body") == page.count("<html") == 1
    assert "Any" not in found["text/plain"]


def test_links_of_an_html_template_are_tracked_where_that_is_asked_for(built):
    web = WebLinks("https://go.lumen.example", Keyring("a", {"a": Secret("s")}))
    found = parts(built(body=PAGE, web=web, step={"format": "html"}, settings={"tracking": {"clicks": True}}))
    token = found["text/html"].split("https://go.lumen.example/c/")[1].split('"')[0]
    assert web.keyring.read(Purpose.CLICK, token) == "k1\nhttps://lumen.example/x?a=1&b=2"
    assert 'href="mailto:a@b.example"' in found["text/html"]
    assert "/c/" not in found["text/plain"]
    plain = parts(built(body=PAGE, web=web, step={"format": "html"}))
    assert "/c/" not in plain["text/html"]


def test_long_lines_flow_and_read_back_whole(built):
    words = " ".join(f"word{number}" for number in range(100))
    text = parts(built(body=words))["text/plain"]
    lines = text.split("\n")
    assert max(map(len, lines)) <= 78
    assert words in text.replace(" \n", " ")


# --- footer and opt-out -------------------------------------------------------------------------------------------


def test_every_message_names_the_postal_address_and_a_way_out(built):
    for value in parts(built(unsubscribe_url="https://go.lumen.example/u/t")).values():
        assert "Alte Str. 1" in value
        assert "https://go.lumen.example/u/t" in value


def test_one_click_headers_come_with_an_https_link(built):
    message = parsed(built(unsubscribe_url="https://go.lumen.example/u/t", key="k9"))
    assert message["List-Unsubscribe"] == (
        "<https://go.lumen.example/u/t>, <mailto:ada@lumen.example?subject=unsubscribe%20k9>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_is_not_promised_without_https(built):
    message = parsed(built(unsubscribe_url="http://127.0.0.1:8025/u/t"))
    assert message["List-Unsubscribe-Post"] is None
    assert "http://127.0.0.1:8025/u/t" in message["List-Unsubscribe"]


def test_without_the_web_the_mail_address_takes_the_opt_out(built):
    message = built(
        settings={"footer": {"postal_address": "Here", "unsubscribe": "mailto", "mailto": "out@lumen.example"}}
    )
    assert parsed(message)["List-Unsubscribe"] == "<mailto:out@lumen.example?subject=unsubscribe%20k1>"
    assert "write to out@lumen.example" in parts(message)["text/plain"]


def test_a_reply_can_be_the_way_out(built):
    message = built(settings={"footer": {"postal_address": "Here", "unsubscribe": "reply"}})
    assert 'reply with "unsubscribe"' in parts(message)["text/plain"]


def test_the_footers_own_words_carry_the_link(built):
    for text in ("Kein Interesse? {link}", "Kein Interesse?", "Kein Interesse? [Abmelden]({link})"):
        footer = {"postal_address": "Here", "unsubscribe": "one_click", "text": text}
        found = parts(built(settings={"footer": footer}, unsubscribe_url="https://go.example/u/t"))
        shown = "Abmelden <https://go.example/u/t>" if "Abmelden" in text else "https://go.example/u/t"
        assert f"Kein Interesse? {shown}\nHere" in found["text/plain"]
        assert 'Kein Interesse? <a href="https://go.example/u/t"' in found["text/html"]
        assert "invalid" not in found["text/html"] + found["text/plain"]


# --- sender, replies, files, tracking ------------------------------------------------------------------------------


def test_replies_and_bounces_can_carry_the_key(built):
    message = built(
        key="abc",
        settings={
            "plus_address": True,
            "verp": True,
            "reply_to": "replies@lumen.example",
            "return_path": "b@lumen.example",
        },
    )
    assert parsed(message)["Reply-To"] == "replies+abc@lumen.example"
    assert str(message.sender) == "b+abc@lumen.example"
    assert parsed(message)["X-Runner-Key"] == "abc"


def test_a_lead_can_decide_who_signs(built):
    send_as = {"field": "owner", "identities": {"bob": {"name": "Bob Byte", "address": "bob@lumen.example"}}}
    message = built(settings={"send_as": send_as}, lead={"fields": {"owner": "bob"}})
    assert parsed(message)["From"] == "Bob Byte <bob@lumen.example>"
    assert str(message.sender) == "bob@lumen.example"
    assert parsed(built(settings={"send_as": send_as}))["From"] == "Ada Lovelace <ada@lumen.example>"


@pytest.mark.parametrize(
    ("signature", "below"), [({"signature": "Bob of *Bytes*"}, "Bob of Bytes"), ({}, "Ada of Lumen")]
)
def test_who_signs_has_a_signature_of_their_own_or_the_accounts(signature, below, built):
    identities = {"bob": {"name": "Bob Byte", "address": "bob@lumen.example", **signature}}
    settings = {"send_as": {"field": "owner", "identities": identities}, "signature": "Ada of Lumen"}
    text = parts(built(settings=settings, lead={"fields": {"owner": "bob"}}))["text/plain"]
    assert [each for each in ("Bob of Bytes", "Ada of Lumen") if each in text] == [below]


def test_attachments_and_inline_images_travel_along(built, tmp_path):
    (tmp_path / "deck ü.pdf").write_bytes(b"%PDF" + bytes(range(256)))
    (tmp_path / "logo.png").write_bytes(b"\x89PNG123")
    message = built(
        body="![Logo](cid:logo)", root=tmp_path,
        step={"attachments": ["deck ü.pdf"], "images": {"logo": "logo.png"}},
    )  # fmt: skip
    whole = parsed(message)
    assert whole.get_content_type() == "multipart/mixed"
    [deck] = list(whole.iter_attachments())
    assert deck.get_filename() == "deck ü.pdf"
    assert deck.get_content() == b"%PDF" + bytes(range(256))
    image = next(part for part in whole.walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<logo>"
    assert image.get_content() == b"\x89PNG123"
    assert 'src="cid:logo"' in parts(message)["text/html"]


def test_a_message_as_a_file_is_a_file(built, tmp_path):
    """Base64 is not allowed for `message/rfc822` (RFC 2046 section 5.2.1), and servers mangle what claims to be one."""
    (tmp_path / "thread.eml").write_bytes(b"Subject: x\n\n\xff.\n")
    [file] = list(parsed(built(root=tmp_path, step={"attachments": ["thread.eml"]})).iter_attachments())
    assert (file.get_content_type(), file.get_filename()) == ("application/octet-stream", "thread.eml")
    assert file.get_content() == b"Subject: x\n\n\xff.\n"


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/hostname", "missing.pdf", "link.txt"])
def test_a_file_outside_the_project_is_never_attached(path, sink, account, job, send, tmp_path):
    (tmp_path.parent / "outside.txt").write_text("secret")
    (tmp_path / "link.txt").symlink_to(tmp_path.parent / "outside.txt")
    outcome = send(job(account(sink.port), step={"attachments": [path]}))
    assert isinstance(outcome, AccountTrouble)
    assert sink.ledger.records() == []


def test_tracking_is_off_unless_switched_on(built):
    web = WebLinks("https://go.lumen.example", Keyring("a", {"a": Secret("s")}))
    body = "[site](https://lumen.example/x?a=1&b=2)"
    plain = parts(built(body=body, web=web))
    assert "/c/" not in plain["text/html"] and "/o/" not in plain["text/html"]
    tracked = parts(built(body=body, web=web, settings={"tracking": {"opens": True, "clicks": True}}))
    assert "https://lumen.example/x?a=1&b=2" in tracked["text/plain"]
    assert 'width="1"' in tracked["text/html"]
    token = tracked["text/html"].split("https://go.lumen.example/c/")[1].split('"')[0]
    assert web.keyring.read(Purpose.CLICK, token) == "k1\nhttps://lumen.example/x?a=1&b=2"
    assert "https://lumen.example/x" not in tracked["text/html"]
    assert tracked["text/html"].count("/u/") == 1


def test_a_message_is_built_in_milliseconds(built):
    started = time.process_time()
    for _ in range(50):
        built(body="Hi **Änna**,\n\n" + "some words of a usual message. " * 10)
    assert time.process_time() - started < 2.0


def test_extra_headers_of_the_account_are_written(built):
    assert parsed(built(settings={"headers": {"Feedback-ID": "c1:lumen"}}))["Feedback-ID"] == "c1:lumen"


def test_the_key_alone_is_not_enough_to_break_out(built):
    for key in ("a b", "a\r\nBcc: x@y.z", "a>", "", "ä"):
        with pytest.raises(ValueError, match="key"):
            built(key=key)
    assert dataclasses.is_dataclass(built())


SEND_AS = {"send_as": {"field": "owner", "identities": {"bob": {"name": "Bob", "address": "bob@lumen.example"}}}}


def test_nobody_is_written_to_by_somebody_else_than_their_field_names(sink, account, job, send):
    config = account(sink.port, **SEND_AS)
    outcome = send(job(config, lead={"fields": {"owner": "eve"}}))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "unknown_sender"
    assert "`owner` names `eve`" in outcome.explanation
    assert "bob" in outcome.explanation
    assert not sink.accepted()


@pytest.mark.parametrize(("owner", "sender"), [("bob", "bob"), (" bob ", "bob"), ("", "ada"), (None, "ada")])
def test_an_empty_field_means_the_account_and_spaces_do_not_matter(owner, sender, sink, account, job, send):
    config = account(sink.port, **SEND_AS)
    assert isinstance(send(job(config, lead={"fields": {"owner": owner}} if owner is not None else {})), Sent)
    assert sink.accepted()[0].sender == f"{sender}@lumen.example"
