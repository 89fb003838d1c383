"""Whether it arrived: answers of sites and plugins, each with its verdict."""

from __future__ import annotations

import json

import pytest

from runner.channels.contact_form.choose import judge_page
from runner.channels.contact_form.document import parse
from runner.channels.contact_form.fetch import Answer
from runner.channels.contact_form.verdict import Expected, Verdict, judge_answer

URL = "https://bakery.example/contact"
ABOUT = "<p>We bake bread in Harbour Street since 1910 and deliver to every cafe of this town by bike.</p>"
FORM = "<form method=post class=contact><input name=name><input name=email><textarea name=message></textarea></form>"
BEFORE = f"<title>Contact</title>{ABOUT}{FORM}"


def _judge(body, status=200, url=URL, moved=False, content_type="text/html; charset=utf-8", before=BEFORE, **more):
    document = parse(URL, before.encode())
    answer = Answer(
        url,
        status,
        {"content-type": content_type, **more.pop("headers", {})},
        body.encode(),
        False,
        (URL,) if moved else (),
    )
    return judge_answer(answer, document, judge_page(document)[0], **more)


THANKS = {
    "English": "Thank you! Your message has been sent.",
    "German": "Vielen Dank. Ihre Nachricht wurde erfolgreich gesendet.",
    "French": "Merci, votre message a bien été envoyé.",
    "Spanish": "Gracias. Su mensaje ha sido enviado.",
    "Italian": "Grazie, il messaggio è stato inviato.",
    "Portuguese": "Obrigado! Mensagem enviada com sucesso.",
    "Dutch": "Bedankt, uw bericht is verzonden.",
    "Polish": "Dziękujemy, wiadomość została wysłana.",
    "Russian": "Спасибо! Ваше сообщение отправлено.",
    "Swedish": "Tack för ditt meddelande.",
    "Turkish": "Teşekkürler, mesajınız gönderildi.",
    "Japanese": "お問い合わせありがとうございます。送信しました。",
    "Chinese": "提交成功,感谢您的留言。",
    "Korean": "문의가 접수되었습니다. 감사합니다.",
}
ERRORS = {
    "English": "This field is required.",
    "German": "Bitte füllen Sie dieses Pflichtfeld aus.",
    "French": "Ce champ est obligatoire.",
    "Spanish": "Este campo es obligatorio.",
    "Italian": "Questo campo è obbligatorio.",
    "Portuguese": "Este campo é obrigatório.",
    "Dutch": "Dit veld is verplicht.",
    "Polish": "To pole jest wymagane.",
    "Russian": "Заполните обязательное поле.",
    "Swedish": "Fältet är obligatoriskt.",
    "Japanese": "必須項目です。入力してください。",
    "Chinese": "此项不能为空。",
}


@pytest.mark.parametrize("language", THANKS)
def test_words_of_thanks_confirm_in(language):
    assert _judge(f"{ABOUT}<p>{THANKS[language]}</p>").verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("language", THANKS)
def test_thanks_beside_a_form_that_was_emptied_still_confirm_in(language):
    assert _judge(f"{ABOUT}<p>{THANKS[language]}</p>{FORM}").verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("language", ERRORS)
def test_words_of_error_beside_the_form_reject_in(language):
    judgement = _judge(f"{ABOUT}{FORM.replace('</form>', f'<p>{ERRORS[language]}</p></form>')}")
    assert (judgement.verdict, judgement.reason) == (Verdict.REJECTED, "validation")


def test_thanks_that_stood_there_before_say_nothing():
    before = BEFORE + "<p>Thank you for visiting us.</p>"
    assert _judge(before, before=before).verdict is Verdict.UNCONFIRMED


def test_the_same_page_again_is_unconfirmed():
    assert _judge(BEFORE).verdict is Verdict.UNCONFIRMED


def test_a_field_marked_as_wrong_rejects_without_a_word():
    again = BEFORE.replace("name=email", "name=email aria-invalid=true class=is-invalid")
    assert _judge(again).verdict is Verdict.REJECTED


def test_the_form_gone_and_the_rest_of_the_page_left_confirms():
    judgement = _judge(f"<title>Contact</title>{ABOUT}")
    assert (judgement.verdict, judgement.reason) == (Verdict.CONFIRMED, "form_gone")


def test_a_page_that_has_nothing_of_the_old_one_is_unconfirmed():
    assert _judge("<p>OK</p>").verdict is Verdict.UNCONFIRMED


@pytest.mark.parametrize("path", ["/thank-you", "/danke.html", "/merci/", "/contact/success", "/?sent=1&ok"])
def test_a_redirect_to_an_address_of_thanks_confirms(path):
    judgement = _judge("<p>Home</p>", url=f"https://bakery.example{path}", moved=True)
    assert judgement.verdict is Verdict.CONFIRMED


def test_a_redirect_to_an_error_page_does_not_confirm():
    judgement = _judge("<p>Oops</p>", url="https://bakery.example/contact/error", moved=True)
    assert judgement.verdict is not Verdict.CONFIRMED


def test_a_redirect_back_to_the_form_is_no_proof():
    assert _judge(BEFORE, moved=True).verdict is Verdict.UNCONFIRMED


PLUGINS = {
    "Contact Form 7 sent": ({"status": "mail_sent", "message": "Danke"}, Verdict.CONFIRMED, "json_status"),
    "Contact Form 7 invalid": (
        {"status": "validation_failed", "message": "One or more fields", "invalid_fields": [{"field": "your-email"}]},
        Verdict.REJECTED, "validation",
    ),
    "Contact Form 7 spam": ({"status": "spam", "message": "There was an error"}, Verdict.REJECTED, "spam"),
    (
        "Contact "
        "Form 7 failed"
    ): ({"status": "mail_failed", "message": "There was an error"}, Verdict.REJECTED, "site_error"),
    "Contact Form 7 consent": ({"status": "acceptance_missing", "message": "You must"}, Verdict.REJECTED, "validation"),
    "WPForms sent": ({"success": True, "data": {"confirmation": "<p>Thanks</p>"}}, Verdict.CONFIRMED, "json_success"),
    "WPForms invalid": ({"success": False, "data": {"errors": {"field": {"1": "x"}}}}, Verdict.REJECTED, "validation"),
    "Elementor sent": ({"success": True, "data": {"message": "Sent."}}, Verdict.CONFIRMED, "json_success"),
    "Formspree sent": ({"ok": True, "next": "/thanks"}, Verdict.CONFIRMED, "json_success"),
    "Formspree invalid": ({"errors": [{"field": "email"}]}, Verdict.REJECTED, "validation"),
    "HubSpot sent": ({"inlineMessage": "<p>Thanks for submitting</p>"}, Verdict.CONFIRMED, "json_success"),
    "HubSpot redirect": ({"redirectUri": "https://a.example/thanks"}, Verdict.CONFIRMED, "json_success"),
    "words of thanks": ({"message": "Vielen Dank, Ihre Nachricht wurde gesendet"}, Verdict.CONFIRMED, "json_message"),
    "an empty object": ({}, Verdict.UNCONFIRMED, "json_silent"),
    "an id": ({"id": 7}, Verdict.UNCONFIRMED, "json_silent"),
}  # fmt: skip


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_json_of_a_plugin_is_read(plugin):
    data, verdict, reason = PLUGINS[plugin]
    judgement = _judge(json.dumps(data), content_type="application/json")
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(400, Verdict.REJECTED), (403, Verdict.REJECTED), (404, Verdict.REJECTED), (415, Verdict.REJECTED),
     (422, Verdict.REJECTED), (429, Verdict.BUSY), (500, Verdict.UNKNOWN),
     (502, Verdict.UNKNOWN), (504, Verdict.UNKNOWN),
     (307, Verdict.UNKNOWN), (308, Verdict.UNKNOWN)],
)  # fmt: skip
def test_a_status_is_judged(status, verdict):
    assert _judge("<p>no</p>", status=status).verdict is verdict


def test_a_503_that_says_when_to_come_back_is_busy():
    assert _judge("", status=503, headers={"retry-after": "120"}).verdict is Verdict.BUSY
    assert _judge("", status=503).verdict is Verdict.UNKNOWN


def test_a_recipe_s_own_words_decide_alone():
    said = Expected(text="We have your note")
    assert _judge(f"{ABOUT}<p>We have your note.</p>", expected=said).verdict is Verdict.CONFIRMED
    assert _judge(f"{ABOUT}<p>Thank you!</p>", expected=said).verdict is Verdict.UNCONFIRMED
    landed = Expected(url="/done")
    assert (
        _judge("<p>x</p>", url="https://bakery.example/done", moved=True, expected=landed).verdict is Verdict.CONFIRMED
    )
