"""When a form is found and must not be sent by a program: CAPTCHA, log-in, and words that ask not to be solicited."""

from __future__ import annotations

import re

from bs4 import Tag

from runner.channels.contact_form.choose import Judged
from runner.channels.contact_form.document import Document, attribute
from runner.channels.contact_form.text import plain
from runner.channels.contact_form.vocabulary import Role

# Widgets and scripts by their vendors' documented markup: reCAPTCHA, hCaptcha, Turnstile, Friendly Captcha, ALTCHA,
# mCaptcha, GeeTest, KeyCAPTCHA, Yandex SmartCaptcha, AWS WAF, Arkose, Solve Media, Really Simple CAPTCHA, Gravity.
_WIDGET = re.compile(
    r"g-recaptcha|grecaptcha|recaptcha|h-captcha|hcaptcha|cf-turnstile|turnstile|frc-captcha|friendly-?captcha|altcha|mcaptcha|geetest|keycaptcha"
    r"|smart-?captcha|aws-waf-captcha|funcaptcha|arkose|solvemedia|adcopy|wpcf7-captcha|si-?captcha|captcha|cptch|mtcaptcha|prosopo|procaptcha"
    r"|botdetect|visualcaptcha|sweetcaptcha|gcaptcha|simplecaptcha|securimage",
    re.IGNORECASE,
)
_NO_SOLICITATION = re.compile(
    r"no (?:unsolicited|sales|marketing|advertising|soliciting|solicitation|solicitors|spam|vendors?)\b(?: |,|\.|$)"
    r"|(?:do|please do) not (?:use this form (?:for|to)|send (?:us )?)(?: \w+){0,4} (?:sales|marketing|advertis\w*|solicit\w*|promot\w*|commercial)"
    r"|not (?:for|intended for|to be used for) (?:\w+ ){0,3}(?:sales|marketing|advertis\w*|solicit\w*|promotional|commercial)"
    r"|(?:solicitations?|sales (?:pitches|inquiries|enquiries|messages|calls)|marketing (?:messages|offers|emails)|unsolicited (?:offers|messages|emails?|proposals))"
    r" (?:\w+ ){0,4}(?:not (?:be )?(?:welcome|accepted|answered|read)|ignored|deleted|prohibited|unwelcome|reported)"
    r"|keine (?:\w+ )?(?:werbung|werbeanfragen|akquise|vertriebsanfragen|werbeangebote|verkaufsangebote|kaltakquise|spam-?anfragen)"
    r"|(?:werbung|akquise|werbeanfragen) (?:\w+ ){0,3}(?:unerwunscht|untersagt|nicht erwunscht|verboten)|(?:widersprechen|widerspruch) (?:\w+ ){0,6}werb"
    r"|(?:pas de|aucune?|ni) (?:demarchage|prospection|sollicitation|publicite)|demarchage (?:\w+ ){0,3}(?:interdit|refuse)|(?:demarcheurs|prospection commerciale) (?:\w+ ){0,2}(?:s'abstenir|interdite)"
    r"|no (?:se )?(?:admit\w+|acept\w+|envie\w*|enviar|utilic\w+)(?: \w+){0,5} (?:publicidad|comercial\w*|spam|ventas|promocion\w*)|absten\w+ (?:\w+ ){0,4}(?:publicidad|vend\w+|comercial\w*)"
    r"|(?:no|niente|vietat\w+|non si accett\w+) (?:\w+ ){0,3}(?:pubblicita|offerte commerciali|proposte commerciali|spam|sollecitazioni)"
    r"|nao (?:\w+ ){0,4}(?:publicidade|propaganda|spam|ofertas comerciais|vendas)|proibid\w+ (?:\w+ ){0,3}(?:publicidade|propaganda)"
    r"|geen (?:\w+ )?(?:acquisitie|reclame|verkoop|commerciele|spam)|acquisitie (?:\w+ ){0,4}niet op prijs|acquisitie (?:\w+ ){0,3}(?:ongewenst|verboden)"
    r"|(?:prosimy nie|nie) (?:\w+ ){0,3}(?:ofert handlowych|reklam|spamu)|(?:oferty handlowe|reklamy|spam) (?:\w+ ){0,3}(?:usuwane|nie beda|zabronion)"
    r"|(?:реклам\w*|коммерческ\w+ предложени\w*|спам\w*) (?:\w+ ){0,4}(?:не принима\w*|запрещ\w*|не рассматрива\w*|удаля\w*)|просьба не (?:\w+ ){0,3}(?:реклам|спам|коммерч)"
    r"|ingen (?:reklame|reklam|salg|saljare|forsaljning|telefonforsaljning)|(?:reklam|forsaljning) undanbedes|reklame (?:frabedes|onskes ikke)"
    r"|営業(?:目的|メール|の?ご?連絡|のお問い?合わ?せ|活動)?(?:は|の|を)?.{0,12}(?:お断り|ご遠慮|禁止)|セールス.{0,8}(?:お断り|ご遠慮)|谢绝(?:推销|广告|推广)|禁止(?:推销|广告)|영업.{0,6}(?:사절|금지)|광고.{0,6}(?:사절|금지)",
)
_LOGIN_WALL = re.compile(
    r"(?:you (?:must|need to|have to) (?:be )?(?:log(?:ged)? ?in|sign(?:ed)? ?in)|please (?:log ?in|sign ?in) (?:to|before|first)|sie mussen (?:sich )?(?:\w+ )?(?:anmelden|einloggen|angemeldet)"
    r"|vous devez (?:etre connecte|vous connecter)|debe(?:s)? (?:iniciar sesion|estar registrado)|devi (?:effettuare il login|accedere)|необходимо (?:войти|авторизоваться))"
)


def captcha_on(document: Document, item: Judged) -> str | None:
    """What shows that a form asks for a proof of being human; None when nothing does."""
    if item.with_role(Role.CAPTCHA):
        return f"the field `{item.with_role(Role.CAPTCHA)[0].name}`"
    for tag in item.form.element.find_all(True, limit=3000):
        if tag.name in {"option", "textarea"} and tag.name == "option":
            continue
        if marks := _WIDGET.search(_marks(tag)):
            return marks[0].lower()
    for tag in item.form.element.find_all("script", limit=50):
        if found := _WIDGET.search(tag.get_text()[:20_000]):
            return found[0].lower()
    return _page_widget(document, item)


def _marks(tag: Tag) -> str:
    names = ("id", "class", "name", "src", "data-callback", "action") if tag.name != "form" else ()
    return " ".join(attribute(tag, name)[:300] for name in names) + " " + (tag.name or "")


def _page_widget(document: Document, item: Judged) -> str | None:
    """A score-based widget is loaded by the page and bound to its buttons, with nothing in the form itself."""
    button = item.form.element.find(attrs={"data-sitekey": True})
    if isinstance(button, Tag):
        return "a site key on the form"
    if attribute(item.form.element, "data-sitekey"):
        return "a site key on the form"
    for script in document.soup.find_all("script", src=True, limit=300):
        source = attribute(script, "src")
        if re.search(r"recaptcha/(?:api|enterprise)\.js\?(?:[^\"']*&)?render=(?!explicit|onload)", source):
            return "a scoring reCAPTCHA on the page"
    return None


def solicitation_refused(document: Document, item: Judged | None) -> str | None:
    """The words by which a site asks not to be written to for sales; None when it does not."""
    texts = [item.form.text] if item is not None else []
    texts.append(document.text)
    for text in texts:
        found = _NO_SOLICITATION.search(plain(text[:100_000]))
        if found:
            return found[0].strip()
    return None


def login_wanted(document: Document) -> bool:
    """Whether the page says that one must log in first."""
    return _LOGIN_WALL.search(plain(document.text[:50_000])) is not None
