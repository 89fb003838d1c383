"""A filled form as the bytes a browser would send."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

import pytest

from runner.channels.contact_form.choose import judge_page
from runner.channels.contact_form.encode import entries, request_for, urlencoded
from runner.channels.contact_form.fill import Letter, fill
from runner.channels.contact_form.plugins import submission_for
from runner.channels.contact_form.settings import Sender

LETTER = Letter(Sender(name="Ada Lovelace", email="ada@lumen.example"), "Ovens", "Grüße,\nAda")
CORE = "<input name=name><input name=email><textarea name=message></textarea>"


def _sent(page, inner, attributes="method=post"):
    document = page(f"<form class=contact {attributes}>{inner}</form>")
    item = judge_page(document)[0]
    pairs = entries(item.form, fill(item.fields, LETTER))
    return document, item.form, pairs


def test_controls_go_out_in_the_order_of_the_page_with_hidden_fields_and_the_button(page):
    inner = (
        "<input type=hidden name=token value=t1>"
        f"{CORE}<input type=hidden name=id value=7><button name=go value=1>Send</button>"
    )
    pairs = _sent(page, inner)[2]
    assert pairs == (
        ("token", "t1"), ("name", "Ada Lovelace"), ("email", "ada@lumen.example"), ("message", "Grüße,\nAda"), ("id", "7"),
        ("go", "1"),
    )  # fmt: skip


def test_only_the_first_submit_button_is_pressed(page):
    inner = (
        f"{CORE}<button name=a value=send>Send</button><button name=a value=reset type=reset>Reset</button>"
        "<input type=submit name=b value=Delete>"
    )
    pairs = _sent(page, inner)[2]
    assert pairs[-1] == ("a", "send")
    assert "b" not in dict(pairs)


def test_what_a_browser_would_not_send_is_not_sent(page):
    inner = (
        f"{CORE}<input name=off disabled><fieldset disabled><input name=inside value=x></fieldset><input value=unnamed>"
        "<input type=checkbox name=copy value=1><input type=checkbox name=kept value=2 checked>"
        "<input type=radio name=r value=a><input type=radio name=r value=b checked>"
    )
    pairs = dict(_sent(page, inner)[2])
    assert set(pairs) == {"name", "email", "message", "kept", "r"}
    assert pairs["r"] == "b"


def test_a_select_sends_its_selected_option_or_its_first(page):
    inner = (
        f"{CORE}<select name=lang><option>de<option selected>fr</select>"
        "<select name=size><option value=s>S<option>M</select>"
    )
    pairs = dict(_sent(page, inner)[2])
    assert (pairs["lang"], pairs["size"]) == ("fr", "s")


def test_controls_outside_that_name_the_form_belong_to_it(page):
    document = page(f"<input name=ref form=f value=9><form id=f method=post class=contact>{CORE}</form>")
    item = judge_page(document)[0]
    assert ("ref", "9") in entries(item.form, fill(item.fields, LETTER))


def test_an_image_button_sends_where_it_was_pressed(page):
    assert {"go.x", "go.y"} <= set(dict(_sent(page, f"{CORE}<input type=image name=go src=a.png>")[2]))


@pytest.mark.parametrize(
    ("charset", "text", "encoded"),
    [
        ("utf-8", "ü b+c", "m=%C3%BC+b%2Bc"),
        ("iso-8859-1", "ü€", "m=%FC%80"),
        ("windows-1251", "Да", "m=%C4%E0"),
        ("shift_jis", "日", "m=%93%FA"),
        ("iso-8859-1", "日", "m=%26%2326085%3B"),
        ("utf-16", "ü", "m=%C3%BC"),
        ("no-such-charset", "ü", "m=%C3%BC"),
        ("utf-8", "a\nb", "m=a%0D%0Ab"),
    ],
)
def test_values_are_encoded_as_the_form_is(charset, text, encoded):
    assert urlencoded((("m", text),), charset) == encoded


def test_multipart_carries_text_and_an_empty_file(page):
    document, form, pairs = _sent(page, f"{CORE}<input type=file name=cv>", "method=post enctype=multipart/form-data")
    request = request_for(form, pairs, document.url)
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts())
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["name", "email", "message", "cv"]
    assert parts[2].get_payload(decode=True).decode() == "Grüße,\r\nAda"
    assert parts[3].get_filename() == ""


def test_a_get_form_puts_its_values_into_the_address(page):
    document, form, pairs = _sent(page, CORE, "method=get action=/send?old=1")
    request = request_for(form, pairs, document.url)
    assert (request.method, request.body) == ("GET", None)
    assert request.url.startswith("https://bakery.example/send?name=Ada+Lovelace&email=")
    assert "old" not in request.url


def test_the_base_of_the_page_and_the_button_s_own_action_are_used(page):
    document = page(
        f"<base href=/de/><form method=post class=contact action=send>{CORE}<button formaction=other>x</button></form>"
    )
    assert judge_page(document)[0].form.action == "https://bakery.example/de/other"


def test_a_form_without_an_action_goes_to_its_page(page):
    document, form, pairs = _sent(page, CORE)
    request = request_for(form, pairs, document.url)
    assert request.url == document.url
    assert request.headers["Referer"] == document.url
    assert request.headers["Origin"] == "https://bakery.example"


def test_contact_form_7_goes_to_its_endpoint_as_multipart(page):
    inner = f"<input type=hidden name=_wpcf7 value=42>{CORE}"
    script = '<script>var wpcf7 = {"api":{"root":"https:\\/\\/bakery.example\\/wp-json\\/","namespace":"contact-form-7\\/v1"}};</script>'
    document = page(f"{script}<form method=post class=wpcf7-form action='/contact#wpcf7'>{inner}</form>")
    item = judge_page(document)[0]
    submission = submission_for(document, item.form, entries(item.form, fill(item.fields, LETTER)))
    assert submission.plugin == "cf7"
    assert submission.request.url == "https://bakery.example/wp-json/contact-form-7/v1/contact-forms/42/feedback"
    assert submission.request.headers["Content-Type"].startswith("multipart/form-data; boundary=")


def test_contact_form_7_without_its_script_goes_to_the_page(page):
    document, form, pairs = _sent(page, f"<input type=hidden name=_wpcf7 value=42>{CORE}")
    submission = submission_for(document, form, pairs)
    assert (submission.plugin, submission.request.url) == ("cf7-page", document.url)


@pytest.mark.parametrize(
    ("kind", "action"), [("wpforms-ajax-form", "wpforms_submit"), ("elementor-form", "elementor_pro_forms_send_form")]
)
def test_a_plugin_s_ajax_form_goes_to_its_ajax_address(kind, action, page):
    script = '<script>var settings = {"ajaxurl":"https:\\/\\/bakery.example\\/wp-admin\\/admin-ajax.php"};</script>'
    document = page(f"{script}<form method=post class='contact {kind}'>{CORE}</form>")
    item = judge_page(document)[0]
    submission = submission_for(document, item.form, entries(item.form, fill(item.fields, LETTER)))
    assert submission.request.url == "https://bakery.example/wp-admin/admin-ajax.php"
    assert action.encode() in submission.request.body


def test_an_entry_list_survives_its_encoding(page):
    pairs = _sent(page, f"{CORE}<input type=hidden name='a[b]&=' value='%&+= ü'>")[2]
    assert tuple(parse_qsl(urlencoded(pairs, "utf-8"), keep_blank_values=True)) == tuple(
        (name, value.replace("\n", "\r\n")) for name, value in pairs
    )
