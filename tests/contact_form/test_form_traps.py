"""Honeypots stay empty however they are hidden; refusals are seen however they are worded."""

from __future__ import annotations

import pytest

from runner.channels.contact_form.choose import judge_page
from runner.channels.contact_form.encode import entries
from runner.channels.contact_form.fill import Letter, fill
from runner.channels.contact_form.inspection import look
from runner.channels.contact_form.settings import Sender

SENDER = Sender(
    name="Ada Lovelace",
    email="ada@lumen.example",
    phone="+4930901820",
    company="Lumen",
    website="https://lumen.example",
)
LETTER = Letter(SENDER, "Ovens", "May I call?")

TRAPS = {
    "display none": "<div style='display:none'><input name=email2 type=email></div>",
    "its own style": "<input name=phone style='visibility: hidden'>",
    "off-screen": "<p style='position:absolute; left:-5000px'><input name=website required></p>",
    "off-screen by a class": "<style>.q { position:absolute; top: -9999px }</style><p class=q><input name=url></p>",
    "hidden by an id in a sheet": (
        "<style>#confirm-row{display:none!important}</style><p id=confirm-row><input name=email_confirm></p>"
    ),
    "zero size": "<div style='height:0;overflow:hidden'><input name=company></div>",
    "one pixel": "<input name=company style='width:1px;height:1px'>",
    "no opacity": "<input name=fax style='opacity:0'>",
    "aria-hidden": "<div aria-hidden=true><input name=homepage></div>",
    "the hidden attribute": "<div hidden><input name=name2></div>",
    "tabindex and autocomplete": "<input name=website tabindex=-1 autocomplete=off>",
    "a known name": "<input name=_gotcha>",
    "a known plugin's name": "<textarea name=_wpcf7_ak_hp_textarea></textarea>",
    "honeypot in its name": "<input name=my_honeypot_field>",
    "a known class": "<div class=gform_validation_container><label>Phone<input name=input_9></label></div>",
    "the class hidden": "<span class='field hidden'><input name=surname></span>",
    "a hint in English": "<label>Leave this field empty <input name=address2></label>",
    "a hint in German": "<label>Bitte nicht ausfüllen <input name=telefon></label>",
    "a hint in French": "<label>Ne pas remplir ce champ <input name=telephone></label>",
    "a hint in Spanish": "<label>No rellenar <input name=telefono></label>",
    "a hint in Japanese": "<label>この欄は空欄のままにしてください<input name=tel></label>",
    "clipped": "<div style='clip: rect(0 0 0 0); position:absolute'><input name=organization></div>",
    "no font size": "<div style='font-size:0'><input name=organisation></div>",
    "scaled away": "<div style='transform: scale(0)'><input name=mobile></div>",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_stays_as_it_is(trap, page):
    inner = (
        "<form method=post><input name=name required><input name=email required>"
        f"{TRAPS[trap]}<textarea name=message></textarea></form>"
    )
    item = judge_page(page(inner))[0]
    filling = fill(item.fields, LETTER)
    sent = entries(item.form, filling)
    assert filling.obstacles == ()
    assert {name for name, value in sent if value} == {"name", "email", "message"}


def test_a_label_that_is_hidden_for_eyes_only_hides_no_field(page):
    inner = (
        "<form method=post class=labels-hidden><label class=sr-only for=a>Name</label><input id=a name=a required>"
        "<input name=email><textarea name=message></textarea></form>"
    )
    item = judge_page(page(inner))[0]
    assert "a" in fill(item.fields, LETTER).values


CAPTCHAS = {
    "reCAPTCHA v2": "<div class=g-recaptcha data-sitekey=k></div>",
    "reCAPTCHA on the button": "<button class='g-recaptcha' data-sitekey=k data-callback=f>Send</button>",
    "reCAPTCHA v1": "<textarea name=recaptcha_challenge_field></textarea>",
    "reCAPTCHA made by a script": "<script>Recaptcha.create('k', 'd')</script>",
    "hCaptcha": "<div class=h-captcha data-sitekey=k></div>",
    "Turnstile": "<div class=cf-turnstile data-sitekey=k></div>",
    "Friendly Captcha": "<div class=frc-captcha data-sitekey=k></div>",
    "ALTCHA": "<altcha-widget challengeurl=/c></altcha-widget>",
    "mCaptcha": "<div id=mcaptcha__widget-container></div>",
    "GeeTest": "<div class=geetest_holder></div>",
    "Yandex": "<div class=smart-captcha></div>",
    "an image and a field": "<img src=/captcha.php><input name=code>",
    "a Really Simple CAPTCHA": "<input name=captcha-99 class=wpcf7-captchar>",
    "a sum": "<label>What is 3 + 4? <input name=answer></label>",
    "a sum in German": "<label>Was ist 3 plus 4? <input name=frage1></label>",
    "a security code": "<label>Security code <input name=x1></label>",
    "a code in Russian": "<label>Введите код с картинки <input name=x1></label>",
    "a code in Chinese": "<label>验证码 <input name=x1></label>",
    "a quiz": "<input name=quiz class=wpcf7-quiz>",
}


@pytest.mark.parametrize("captcha", CAPTCHAS)
def test_a_form_behind_a_captcha_is_found_and_refused(captcha, page):
    inner = (
        "<form method=post class=contact><input name=name><input name=email><textarea name=message></textarea>"
        f"{CAPTCHAS[captcha]}</form>"
    )
    finding = look(page(inner))
    assert (finding.found, finding.refused) == (True, "captcha")


def test_a_scoring_captcha_of_the_page_is_seen(page):
    script = "<script src='https://www.google.com/recaptcha/api.js?render=6Lc_key'></script>"
    inner = f"{script}<form method=post><input name=email><textarea name=message></textarea></form>"
    assert look(page(inner)).refused == "captcha"


WORDS = {
    "English": "Please do not use this form for sales or marketing enquiries.",
    "English, other words": "Unsolicited offers will be deleted.",
    "English, short": "No solicitation.",
    "German": "Keine Werbung, bitte. Werbeanfragen sind unerwünscht.",
    "French": "Démarchage commercial interdit.",
    "Spanish": "No se admite publicidad ni ofertas.",
    "Italian": "Non si accettano proposte commerciali.",
    "Portuguese": "Não aceitamos publicidade.",
    "Dutch": "Acquisitie naar aanleiding hiervan wordt niet op prijs gesteld.",
    "Polish": "Prosimy nie przesyłać ofert handlowych.",
    "Russian": "Рекламные предложения не принимаются.",
    "Swedish": "Reklam undanbedes.",
    "Japanese": "営業目的のお問い合わせはご遠慮ください。",
    "Chinese": "谢绝推销。",
}


@pytest.mark.parametrize("language", WORDS)
def test_a_site_that_asks_not_to_be_solicited_is_left_alone(language, page):
    inner = (
        f"<p>{WORDS[language]}</p><form method=post class=contact>"
        "<input name=email><textarea name=message></textarea></form>"
    )
    assert look(page(inner)).refused == "no_solicitation"


@pytest.mark.parametrize(
    "words", ["We send no spam.", "Sales: sales@bakery.example", "Our marketing team is happy to help.",
              "No obligation, no sales pitch from us.", "For sales enquiries use the form below."],
)  # fmt: skip
def test_ordinary_words_about_sales_are_no_refusal(words, page):
    inner = f"<p>{words}</p><form method=post class=contact><input name=email><textarea name=message></textarea></form>"
    assert look(page(inner)).refused is None


OBSTACLES = {
    "required_field": "<input name=vat required>",
    "too_long": "<textarea name=message maxlength=5></textarea>",
    "pattern": "<input name=email required pattern='.*@customer[.]example'>",
}


@pytest.mark.parametrize("reason", OBSTACLES)
def test_what_cannot_be_filled_honestly_stands_in_the_way(reason, page):
    rest = "<input name=name><textarea name=message></textarea>" if reason != "too_long" else "<input name=email>"
    item = judge_page(page(f"<form method=post class=contact>{rest}{OBSTACLES[reason]}</form>"))[0]
    assert [obstacle.reason for obstacle in fill(item.fields, LETTER).obstacles] == [reason]


@pytest.mark.parametrize(
    "control",
    [
        "<input type=file name=cv required>",
        "<input type=date name=when required>",
        "<select name=country required><option value=''>-<option>DE<option>FR</select>",
        "<input type=radio name=sex value=m required><input type=radio name=sex value=f>",
        "<label><input type=checkbox name=n required> I subscribe to the newsletter</label>",
    ],
)
def test_a_required_choice_that_is_not_ours_stands_in_the_way(control, page):
    inner = f"<form method=post><input name=email><textarea name=message></textarea>{control}</form>"
    item = judge_page(page(inner))[0]
    assert [obstacle.reason for obstacle in fill(item.fields, LETTER).obstacles] == ["required_field"]


def test_required_consent_is_ticked_only_where_the_sender_gives_it(page):
    inner = (
        "<form method=post><input name=email><textarea name=message></textarea>"
        "<label><input type=checkbox name=gdpr value=yes required> I accept the privacy policy</label></form>"
    )
    item = judge_page(page(inner))[0]
    assert ("gdpr", "yes") in entries(item.form, fill(item.fields, LETTER))
    unwilling = Letter(Sender(name="Ada", email="a@lumen.example", consent=False), "", "Hi")
    assert [obstacle.field for obstacle in fill(item.fields, unwilling).obstacles] == ["gdpr"]
