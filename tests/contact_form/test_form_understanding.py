"""What a form's fields are for, in many languages and in the ways pages label them; and which form is which."""

from __future__ import annotations

import pytest

from runner.channels.contact_form.choose import Kind, judge_page
from runner.channels.contact_form.inspection import look, would_fill
from runner.channels.contact_form.vocabulary import Role

NAME, MAIL, SUBJECT, MESSAGE = Role.FULL_NAME, Role.EMAIL, Role.SUBJECT, Role.MESSAGE

LANGUAGES = {
    "English": ("Your name", "E-mail address", "Subject", "Message", "Phone", "Company"),
    "German": ("Ihr Name", "E-Mail-Adresse", "Betreff", "Ihre Nachricht", "Telefonnummer", "Firma"),
    "French": ("Votre nom", "Adresse électronique", "Objet", "Votre message", "Téléphone", "Société"),
    "Spanish": ("Nombre completo", "Correo electrónico", "Asunto", "Mensaje", "Teléfono", "Empresa"),
    "Italian": ("Nome e cognome", "Indirizzo e-mail", "Oggetto", "Il tuo messaggio", "Telefono", "Azienda"),
    "Portuguese": ("Nome completo", "E-mail", "Assunto", "Mensagem", "Telefone", "Empresa"),
    "Dutch": ("Uw naam", "E-mailadres", "Onderwerp", "Uw bericht", "Telefoonnummer", "Bedrijf"),
    "Polish": ("Imię i nazwisko", "Adres e-mail", "Temat", "Treść wiadomości", "Numer telefonu", "Firma"),
    "Czech": ("Jméno a příjmení", "E-mail", "Předmět", "Zpráva", "Telefon", "Společnost"),
    "Russian": ("Ваше имя", "Электронная почта", "Тема", "Сообщение", "Телефон", "Компания"),
    "Ukrainian": ("Ваше ім'я", "Електронна пошта", "Тема", "Повідомлення", "Телефон", "Компанія"),
    "Swedish": ("Ditt namn", "E-post", "Ämne", "Meddelande", "Telefon", "Företag"),
    "Danish": ("Dit navn", "E-mail", "Emne", "Besked", "Telefon", "Virksomhed"),
    "Finnish": ("Nimi", "Sähköposti", "Aihe", "Viesti", "Puhelin", "Yritys"),
    "Hungarian": ("Név", "E-mail cím", "Tárgy", "Üzenet", "Telefonszám", "Cégnév"),
    "Romanian": ("Nume", "Adresa de email", "Subiect", "Mesajul", "Telefon", "Companie"),
    "Turkish": ("Ad Soyad", "E-posta", "Konu", "Mesajınız", "Telefon", "Şirket"),
    "Greek": ("Ονοματεπώνυμο", "Email", "Θέμα", "Μήνυμα", "Τηλέφωνο", "Εταιρεία"),
    "Japanese": ("お名前", "メールアドレス", "件名", "お問い合わせ内容", "電話番号", "会社名"),
    "Chinese": ("姓名", "电子邮箱", "主题", "留言", "联系电话", "公司名称"),
    "Korean": ("이름", "이메일", "제목", "문의내용", "전화번호", "회사명"),
}


def _labelled(labels):
    inputs = "".join(f"<p><label for=f{n}>{text}</label><input id=f{n} name=f{n}></p>" for n, text in labels)
    return f"<form method=post>{inputs}</form>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_understood_in(language, page):
    name, mail, subject, message, phone, company = LANGUAGES[language]
    inner = _labelled([(0, name), (1, mail), (2, subject), (4, phone), (5, company)])
    inner = inner.replace("</form>", f"<label for=f3>{message}</label><textarea id=f3 name=f3></textarea></form>")
    roles = {field.name: field.role for field in judge_page(page(inner))[0].fields}
    assert roles == {"f0": NAME, "f1": MAIL, "f2": SUBJECT, "f4": Role.PHONE, "f5": Role.COMPANY, "f3": MESSAGE}


TIES = {
    "label for": "<label for=x>E-mail</label><input id=x name=x>",
    "wrapping label": "<label>E-mail <input name=x></label>",
    "aria-label": '<input name=x aria-label="E-mail">',
    "aria-labelledby": "<span id=l>E-mail</span><input name=x aria-labelledby=l>",
    "placeholder": '<input name=x placeholder="Your e-mail">',
    "title": '<input name=x title="E-mail address">',
    "text before": "<p>E-mail:<br><input name=x></p>",
    "table cell": "<table><tr><td>E-mail</td><td><input name=x></td></tr></table>",
    "text after": "<p><input name=x> E-mail (required)</p>",
    "name": "<input name=contact_email>",
    "type": "<input name=x type=email>",
    "autocomplete": "<input name=x autocomplete=email>",
    "preset text": '<input name=x value="Your e-mail">',
}


@pytest.mark.parametrize("tie", TIES)
def test_a_field_is_understood_by_its(tie, page):
    fields = judge_page(page(f"<form method=post>{TIES[tie]}<textarea name=message></textarea></form>"))[0].fields
    assert fields[0].role is MAIL


def _roles(page, inner):
    return [field.role for field in judge_page(page(f"<form method=post>{inner}</form>"))[0].fields]


def test_first_and_last_name_are_told_apart(page):
    inner = "<input name=vorname><input name=nachname><input name=email><textarea name=nachricht></textarea>"
    assert _roles(page, inner) == [Role.FIRST_NAME, Role.LAST_NAME, MAIL, MESSAGE]


def test_a_name_beside_a_last_name_is_the_first_name(page):
    inner = "<label>Nombre <input name=a></label><label>Apellidos <input name=b></label><textarea name=c></textarea>"
    assert _roles(page, inner)[:2] == [Role.FIRST_NAME, Role.LAST_NAME]


def test_the_second_e_mail_is_its_confirmation(page):
    inner = (
        "<label>E-mail <input name=a></label><label>Confirm e-mail <input name=b></label><textarea name=c></textarea>"
    )
    assert _roles(page, inner)[:2] == [MAIL, Role.EMAIL_CONFIRMATION]


def test_a_shared_prefix_of_names_says_nothing(page):
    inner = "<input name='message[name]'><input name='message[email]'><textarea name='message[body]'></textarea>"
    assert _roles(page, inner) == [NAME, MAIL, MESSAGE]


def test_a_company_name_is_no_name(page):
    inner = "<input name=company_name><input name=name><input name=email><textarea name=message></textarea>"
    assert _roles(page, inner) == [Role.COMPANY, NAME, MAIL, MESSAGE]


def test_boxes_are_consent_newsletter_or_neither(page):
    inner = (
        "<textarea name=message></textarea><label>"
        "<input type=checkbox name=a required> I agree to the privacy policy</label>"
        "<label><input type=checkbox name=b> Send me your newsletter</label>"
        "<label><input type=checkbox name=c> Send me a copy</label>"
    )
    assert _roles(page, inner)[1:3] == [Role.CONSENT, Role.NEWSLETTER]


def test_optional_extras_are_not_filled_and_required_ones_are_asked_of_the_sender(page):
    inner = "<input name=phone><input name=company required><input name=email><textarea name=message></textarea>"
    fields = judge_page(page(f"<form method=post>{inner}</form>"))[0].fields
    assert [would_fill(field) for field in fields] == [False, True, True, True]


SHOP = {
    Kind.SEARCH: "<form action=/s><input name=q><button>Search</button></form>",
    Kind.LOGIN: "<form method=post><input name=user><input type=password name=pass></form>",
    Kind.NEWSLETTER: "<form method=post class=newsletter><input name=email><button>Subscribe</button></form>",
    Kind.OTHER: "<form method=post action=/cart/add class=add-to-cart><input name=quantity><button>Buy</button></form>",
    Kind.SHARE: (
        "<form method=post id=sendtofriend><input name=friend_email>"
        "<input name=email><textarea name=message></textarea></form>"
    ),
    Kind.COMMENT: (
        "<form method=post action=/wp-comments-post.php id=commentform><h3>Leave a reply</h3><input name=author>"
        "<input name=email><input name=url><textarea name=comment></textarea></form>"
    ),
}
CONTACT = (
    "<form method=post class=contact-form><input name=name><input name=email><textarea name=message></textarea>"
    "<button>Send</button></form>"
)


@pytest.mark.parametrize("kind", SHOP)
def test_the_contact_form_is_chosen_beside_a_form_of_kind(kind, page):
    other = SHOP[kind]
    for inner, index in ((other + CONTACT, 1), (CONTACT + other, 0)):
        finding = look(page(inner))
        assert finding.found
        assert finding.chosen.form.index == index


@pytest.mark.parametrize("kind", [kind for kind in SHOP if kind is not Kind.SHARE])
def test_a_page_with_only_a_form_of_another_kind_has_no_contact_form(kind, page):
    finding = look(page(SHOP[kind], title="Our shop"))
    assert not finding.found
    assert finding.refused == ("comment_form" if kind is Kind.COMMENT else None)


def test_a_form_to_a_third_person_is_found_and_refused(page):
    finding = look(page(SHOP[Kind.SHARE], title="Our shop"))
    assert (finding.found, finding.refused) == (True, "share_form")


@pytest.mark.parametrize(
    "inner",
    [
        "<h2>Gästebuch</h2><form method=post action=/gb><input name=name>"
        "<input name=email><textarea name=eintrag></textarea></form>",
        "<h2>Write a review</h2><form method=post id=review_form>"
        "<input name=name><textarea name=review></textarea></form>",
        "<form method=post><h3>Laisser un commentaire</h3><p>Votre adresse ne sera pas publiée</p>"
        "<input name=nom><input name=email><textarea name=texte></textarea></form>",
        "<h3>Оставить комментарий</h3><form method=post><input name=name><textarea name=text></textarea></form>",
        "<h3>Napsat komentář</h3><form method=post class=comment-form>"
        "<input name=jmeno><textarea name=zprava></textarea></form>",
    ],
)
def test_what_is_published_is_no_contact_form(inner, page):
    finding = look(page(inner, title="Our blog", url="https://blog.example/2026/oven"))
    assert (finding.found, finding.refused) == (False, "comment_form")
