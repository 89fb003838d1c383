"""The words of forms in some twenty languages, folded as `text.plain` folds them.

A word matches whole; `word*` matches its beginning, `*word` its end. Names of controls are split into words first, so
`your-name` is `your name` here.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from runner.channels.contact_form.text import plain


class Role(Enum):
    """What a control is for."""

    FULL_NAME = "full_name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    EMAIL_CONFIRMATION = "email_confirmation"
    PHONE = "phone"
    COMPANY = "company"
    WEBSITE = "website"
    SUBJECT = "subject"
    MESSAGE = "message"
    TOPIC = "topic"
    CONSENT = "consent"
    NEWSLETTER = "newsletter"
    CAPTCHA = "captcha"
    HONEYPOT = "honeypot"
    OTHER = "other"


WORDS: dict[Role, str] = {
    Role.FULL_NAME: """
        name|your name|full name|fullname|yourname|contact name|contactname|sender name|sendername|from name|fromname
        |realname|real name|username|user name|uname|*name|name and surname|first and last name|first name and last name
        |name surname|vor- und nachname|vor und nachname|vollstandiger name|ihr name|dein name|ansprechpartner|namen
        |nom|votre nom|nom complet|nom et prenom|nom prenom|prenom et nom|nombre|su nombre|tu nombre|nombre completo
        |nombre y apellido|nombre y apellidos|nome|nome completo|nome e cognome|cognome e nome|seu nome|o seu nome
        |nome e sobrenome|naam|uw naam|je naam|volledige naam|voor- en achternaam|imie i nazwisko|nazwisko i imie|jmeno a prijmeni
        |vase jmeno|cele jmeno|meno a priezvisko|имя|ваше имя|как вас зовут|фио|ф и о|имя и фамилия|фамилия имя|фамилия и имя
        |контактное лицо|представьтесь|ім'я|ваше ім'я|піб|namn|ditt namn|for- och efternamn|navn|dit navn|ditt navn|fulde navn|nimi
        |nimesi|nev|neve|az on neve|teljes nev|nume|numele|nume si prenume|nume complet|ad soyad|adiniz soyadiniz|adi soyadi
        |isim|isminiz|isim soyisim|ονομα|ονοματεπωνυμο|お名前*|氏名*|名前*|ご担当者*|姓名*|名字|您的姓名|称呼|이름*|성함*|성명|الاسم*
        |שם|שם מלא|ho ten|ho va ten|nama|nama lengkap|nimi|vardas|vards|име|име и фамилия|ime|ime i prezime|ime in priimek""",
    Role.FIRST_NAME: """
        first name|firstname|fname|f name|first|given name|givenname|forename|christian name|vorname|vornamen|prenom|votre prenom
        |primer nombre|primeiro nome|nombre de pila|voornaam|imie|twoje imie|fornamn|fornavn|etunimi|keresztnev|utonev|prenume
        |jmeno|krestni jmeno|meno|adiniz|ad|adi|онома|名|お名前 名|given|名 お名前|prenume|pronome|ime|ten""",
    Role.LAST_NAME: """
        last name|lastname|lname|l name|last|surname|family name|familyname|sur name|secondname|nachname|nachnamen|familienname|zuname|name nachname
        |nom de famille|apellido|apellidos|sus apellidos|cognome|sobrenome|apelido|ultimo nome|achternaam|familienaam|nazwisko
        |efternamn|efternavn|etternavn|sukunimi|vezeteknev|csaladnev|nume de familie|prijmeni|priezvisko|soyad*|soyisim
        |фамилия|ваша фамилия|прізвище|επωνυμο|επιθετο|姓|苗字|名字 姓|성|prezime|priimek|фамилно име""",
    Role.EMAIL: """
        email*|e-mail*|e mail*|*email|*e-mail|mail|mailadresse|mail adresse|mail address|mailaddress|mailfrom|replyto|reply to|*mail
        |correo|correo electronico|su correo|direccion de correo|courriel*|adresse electronique|adresse mel|mel|posta elettronica
        |indirizzo email|indirizzo e-mail|correio eletronico|correio|endereco de email|endereco de e-mail|mailadres|adres email|adres e-mail
        |почта|эл почта|электронн* почт*|электронн* адрес|электронная|е-mail*|емейл|имейл|мейл|мыло|пошта|електронн* пошт*|эл адрес
        |epost*|e-post*|e post*|din e-postadress|sahkoposti*|eposta*|e-posta*|e posta*|elektronikus levelcim|ηλεκτρονικ*
        |メール*|メールアドレス*|eメール*|电子邮件*|邮箱*|电邮|邮件|电子邮箱*|電子郵件*|信箱|이메일*|메일*|البريد*|אימייל|דואל*|דוא"ל
        |thu dien tu|surel|имейл адрес|elektronicka posta|eposti*|el pastas|e-pasts*""",
    Role.PHONE: """
        phone*|*phone|telephone*|tel|tel nr|telefon*|*telefon|mobile*|mobil|cell|cellphone|cell phone|phonenumber|contact number|contactnumber
        |daytime phone|call me|handy|handynummer|rufnummer|telnr|telnummer|ruckruf*|telefono*|movil|celular|cellulare|numero di telefono
        |numero de telephone|portable|fixe|gsm|telefone|telemovel|telefoon*|telefoonnummer|mobiel|komorka|numer telefonu|телефон*|тел
        |моб*|мобильн*|номер телефона|контактный телефон|puhelin*|puhelinnumero|matkapuhelin|tlf|tlf nr|telefonnummer
        |cep telefonu|gsm no|telefonszam|τηλεφωνο*|κινητο|電話*|お電話*|携帯*|电话*|手机*|联系电话|聯絡電話|전화*|연락처*|휴대*|الهاتف|جوال
        |טלפון*|dien thoai|so dien thoai|telepon|whatsapp|viber""",
    Role.COMPANY: """
        company*|*company|organization*|organisation*|organi?ation name|business name|businessname|firm|employer|institution|company name|agency
        |firma*|firmenname|unternehmen*|organisation|societe|entreprise|raison sociale|nom de la societe|empresa|nombre de la empresa
        |organizacion|compania|azienda|societa|ragione sociale|ditta|nome azienda|nome da empresa|organizacao|bedrijf*|bedrijfsnaam|organisatie
        |nazwa firmy|organizacja|компания|название компании|организация|фирма|предприятие|компанія|організація|foretag*|virksomhed*|bedrift
        |yritys*|organisaatio|ceg|cegnev|companie|firma|spolecnost|sirket*|kurum|firma adi|εταιρεια*|επωνυμια εταιρ*|会社*|会社名*|貴社名*|御社名
        |企業名|法人名|団体名|公司*|单位*|企业*|회사*|회사명|업체명|기업명|الشركة|חברה|cong ty|perusahaan""",
    Role.WEBSITE: """
        website*|web site*|*website|url|*url|homepage|home page|web page|webpage|webseite|web|site|your site|site url|internetseite|internetadresse
        |site web|site internet|sitio web|pagina web|sito|sito web|sito internet|web adresa|strona*|strona www|сайт*|веб-сайт|адрес сайта
        |hemsida|webbplats|hjemmeside|nettside|kotisivu*|weboldal|honlap|site-ul|web sitesi|ιστοσελιδα|ウェブサイト*|サイト*|ホームページ*|网站*|网址*
        |웹사이트|홈페이지|blog url|domain|domain name|link|videolink""",
    Role.SUBJECT: """
        subject*|*subject|title|message title|regarding|re|concerning|reference|topic|about|headline|betreff*|thema|betrifft
        |sujet|objet|objet du message|asunto|tema|titulo|oggetto|titolo|assunto|onderwerp|temat|tytul|тема*|тема сообщения|заголовок
        |amne*|arende|emne|aihe|otsikko|targy|subiect*|subiectul|predmet|konu*|konu basligi|θεμα|件名*|題名|タイトル|ご用件|主题*|标题*|主旨
        |제목*|الموضوع|נושא|tieu de|chu de|subjek|perihal|judul|относно|zadeva|naslov""",
    Role.MESSAGE: """
        message*|*message|msg|your message|comment|comments*|*comments|your comments|comment or message|question*|your question|questions
        |inquiry*|enquiry*|inquiries|query|details|description|body|text|content|feedback*|how can we help*|how can we help you|how may we help*
        |what can we do for you|tell us*|additional information|additional info|notes|remarks|request|your request|suggestion*|information|info|issue|problem
        |what is on your mind|project details|project description|nachricht*|*nachricht|mitteilung*|ihre nachricht|anfrage*|ihre anfrage
        |frage*|ihre frage|kommentar*|anmerkung*|bemerkung*|anliegen|ihr anliegen|beschreibung|votre message|commentaire*|votre demande|demande
        |question|remarque*|texte|mensaje*|su mensaje|comentario*|consulta*|pregunta*|observaciones|sugerencia*|descripcion|messaggio*
        |il tuo messaggio|richiesta|commento|commenti|domanda|testo|mensagem*|sua mensagem|comentarios|duvida*|pergunta|observacoes|bericht*
        |uw bericht|opmerking*|vraag*|uw vraag|toelichting|wiadomosc*|tresc*|tresc wiadomosci|pytanie|zapytanie|komentarz|uwagi|сообщени*
        |ваше сообщение|текст*|текст сообщения|вопрос*|ваш вопрос|комментар*|отзыв|обращение|пожелани*|предложени*|содержание|описание
        |суть вопроса|повідомлення|ваше повідомлення|запитання|meddelande*|ditt meddelande|fraga|besked|din besked|melding|din melding|henvendelse
        |sporgsmal|viesti*|viestisi|kysymys|palaute|uzenet*|uzenete|megjegyzes*|kerdes*|mesaj*|mesajul|mesajiniz|mesajul dvs|intrebare|zprava*
        |vase zprava|sprava|dotaz|vzkaz|poznamka|text zpravy|mesajiniz|yorum*|aciklama|soru*|goruslerin*|μηνυμα*|το μηνυμα σας|σχολια|メッセージ*
        |お問い合わせ内容*|お問合せ内容*|問い合わせ*|お問い合わせ*|内容*|本文*|ご質問*|ご相談*|ご意見*|備考|留言*|信息|讯息|訊息*|咨询内容|您的留言|问题*|반문|내용*|메시지*
        |문의*|문의내용|الرسالة|رسالتك|הודעה*|תוכן*|noi dung*|loi nhan|tin nhan|pesan*|isi pesan|съобщение|запитване|poruka|sporocilo|zinute|zinojums|sonum""",
    Role.TOPIC: """
        topic|department*|category|categories|type|reason|reason for contact*|nature of*|inquiry type|enquiry type|type of inquiry|type of enquiry
        |subject|purpose|contact reason|i am interested in|interested in|service|services|recipient|contact with|send to|to|abteilung|thema|grund*
        |anliegen|kategorie|empfanger|betreff|service|departement|categorie|motif|destinataire|objet|sujet|nature de*|departamento|motivo|categoria
        |tema|asunto|destinatario|area|reparto|motivo del contatto|oggetto|assunto|setor|afdeling|onderwerp|reden|dzial|temat|kategoria|отдел|тема*
        |категория|тип*|причина|кому|департамент|avdelning|arende|afdeling|emne|aihe|osasto|targy|departament|oddeleni|duvod|departman|konu|birim
        |部署|種別|お問い合わせ種別*|お問い合わせ項目*|ご用件*|件名*|类型*|咨询类型|部门|분류*|문의유형*|유형|id contact|cid""",
    Role.CONSENT: """
        privacy*|gdpr*|rgpd*|dsgvo*|consent*|terms*|i agree*|i have read*|i accept*|agree*|acceptance*|accept*|conditions|data protection
        |datenschutz*|einwilligung*|einverstanden|zustimm*|akzeptier*|gelesen|agb|confidentialite*|j'accepte*|politique*|donnees personnelles|cgu
        |consentement|privacidad*|acepto*|he leido*|proteccion de datos|consentimiento|informativa*|accetto*|consenso|trattamento|acconsento
        |privacidade*|aceito|concordo|li e*|lgpd|privacyverklaring|akkoord|voorwaarden|zgoda*|wyrazam*|akceptuje*|rodo|polityk*|согласие*|согласен*
        |согласн*|персональн*|обработк*|политик*|принимаю|соглашаюсь|згода|погоджуюсь|samtyck*|godkann*|integritet*|personuppgift*|samtykke*|accepterer
        |personvern*|persondata*|tietosuoja*|hyvaksyn*|adatvedelm*|elfogadom|adatkezel*|hozzajarul*|sunt de acord|confidentialitate|prelucrare*
        |souhlas*|zpracovan*|osobnich udaju|kvkk*|aydinlatma*|onayliyorum|kabul ediyorum|αποδεχομαι*|προσωπικ*|συμφωνω|同意*|個人情報*|プライバシー*
        |隐私*|开个人信息|동의*|개인정보*|اوافق|مאשר*""",
    Role.NEWSLETTER: """
        newsletter*|subscribe*|subscription|mailing list*|mailinglist|marketing*|updates|special offers|promotions|offers and*|opt-in|optin|opt in
        |add to list|keep me*|sign me up|send me*|abonnieren*|rundbrief|werbung|infolettre*|recevoir*|lettre d'information|inscription|boletin*
        |suscri*|recibir*|noticias|novedades|iscriv*|ricevere*|promozion*|inscrever|receber*|novidades|nieuwsbrief*|aanmelden|biuletyn*|handlow*
        |marketingow*|рассылк*|подписа*|подписк*|новости|nyhetsbrev*|nyhedsbrev*|uutiskirje*|hirlevel*|feliratkoz*|buletin*|abonare|odber*|novinky
        |zpravodaj|obchodnich sdeleni|bulten*|ενημερωτικ*|メルマガ*|メールマガジン*|ニュースレター*|订阅*|뉴스레터*|소식*|마케팅*""",
}

CONFIRM = re.compile(
    r"confirm|repeat|again|re-?type|re-?enter|verify|verif|bestatig|wiederhol|confirmer|repete|confirmez|repit|repet|confirma|conferma|ripeti"
    r"|powtorz|potwierdz|herhaal|bevestig|подтвер|повтор|ещe раз|bekrafta|upprepa|gentag|bekraeft|gjenta|vahvista|uudelleen|megerosit|ujra"
    r"|potvrd|zopak|tekrar|dogrula|επιβεβαι|確認|再入力|确认|再次|확인|다시|e-?mail ?2|2nd|second"
)
OTHER_PERSON = re.compile(
    r"recipient|friend|\bto (?:e-?mail|name)|their|destinat|empfanger|freund|\bami\b|\bamigo|amico|odbiorc|получател|друг|ontvanger|vriend"
    r"|\btarget|mottagare|modtager|\brcpt|kaver|cimzett|友達|朋友"
)  # fmt: skip
CAPTCHA = re.compile(
    r"captcha|turnstile|recaptcha|anti-?spam|anti-?bot|not a robot|human check|are you human|security (?:code|question|check|image|answer)"
    r"|verification code|verify code|validation code|vcode|vvcode|sicherheits(?:code|frage|abfrage)|spamschutz|rechenaufgabe|code de (?:securite|verification)"
    r"|codigo de (?:seguridad|verificacion|seguranca)|codice di (?:sicurezza|verifica|controllo)|beveiligingscode|kod z obrazka|przepisz kod|antyspam"
    r"|код с картинки|введите код|код подтвержд|защитный код|проверочный код|антиспам|символы|sakerhetskod|sikkerhedskode|turvakoodi|ellenorzo kod"
    r"|biztonsagi|cod de securitate|kontrolni|guvenlik kodu|画像認証|認証コード|验证码|驗證碼|보안문자|자동등록방지|type the (?:characters|letters|text|code)"
    r"|enter the (?:code|characters|letters|text|word)|code (?:shown|above|below|from)|characters (?:shown|you see|above|in)"
    r"|(?:what is|how much is|solve|combien font|wieviel ist|was ist|quanto fa|cuanto es|quanto e|сколько будет|ile to|hvad er|hur mycket ar|\d) ?:? ?"
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eins|zwei|drei|vier|funf) ?(?:[+*x×-]|plus|minus|times|fois|mas|mais|piu|und) ?"
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eins|zwei|drei|vier|funf)|\d+ ?[+×*-] ?\d+ ?="
)  # fmt: skip


@cache
def pattern(role: Role) -> re.Pattern[str]:
    """The pattern of a role's words, for texts that went through `plain`."""
    return re.compile("|".join(sorted((_word(word) for word in _split(WORDS[role])), key=len, reverse=True)))


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split("|") if word.strip()]


def _word(word: str) -> str:
    starts, ends = word.startswith("*"), word.endswith("*")
    inner = re.escape(plain(word.strip("*"))).replace(r"\*", r"\w*").replace(r"\?", "?")
    wide = any("\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" for char in word)
    before = "" if starts or wide else r"(?<!\w)"
    after = "" if ends or wide else r"(?!\w)"
    return f"{before}{inner}{after}"
