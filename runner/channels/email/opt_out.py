"""Words by which people ask to be left alone, looked for in the new text of a reply only. Twelve languages.

Two kinds: commands count only as the whole message or a line of its own (`stop`), phrases anywhere in a short text.
"""

from __future__ import annotations

import re

MAX_LENGTH = 4000

COMMANDS = (
    "unsubscribe", "unsubscribe me", "unsubscribe please", "please unsubscribe", "opt out", "opt-out", "optout", "stop",
    "stop it", "please stop", "stop please", "remove", "remove me", "please remove", "abmelden", "austragen", "abbestellen",
    "bitte abmelden", "stopp", "désinscription", "désabonner", "désinscrire", "désabonnement", "me désinscrire", "baja",
    "darme de baja", "dar de baja", "cancelar suscripción", "cancellami", "disiscrivimi", "annulla iscrizione",
    "disiscrizione", "remover", "descadastrar", "cancelar inscrição", "sair", "uitschrijven", "afmelden",
    "avregistrera", "avsluta", "avmeld", "afmeld", "peruuta", "peruuta tilaus", "wypisz", "wypisz mnie", "rezygnuję",
    "отписаться", "отпишите", "отписка", "отпишите меня", "退订", "取消订阅", "退訂", "配信停止", "配信解除", "登録解除",
    "수신거부", "구독취소",
)  # fmt: skip

PHRASES = (
    r"\bunsubscribe (?:me|us|my (?:e-?mail|address|account|name|company)|this (?:e-?mail|address)|from (?:this|these|your|all|the|any))\b", r"\b(?:please|kindly|want to|wish to|like to|can you|could you) unsubscribe\b",
    r"\b(?:remove|delete|take|drop|strike) (?:me|us|my (?:e-?mail|name|address|details|data)[^.\n]{0,30}) (?:from|off)\b",
    r"\b(?:please|kindly) remove (?:me|us|my|this (?:e-?mail|address))\b", r"\bopt (?:me )?out\b(?! of the box)",
    r"\bstop (?:e-?mailing|contacting|sending|writing|messaging|spamming|bothering) (?:me|us|this|these|to|your|any)\b",
    r"\b(?:do not|don['’]?t|never) (?:e-?mail|contact|write(?: to)?|message|bother|spam|send) (?:me|us|any)\b[^.\n]{0,20}"
    r"(?:again|any ?more|any further|ever|further|more|please|[.!]|$)",
    r"\bno (?:more|further) (?:e-?mails?|messages?|contact)\b(?: please|[.!]|$)", r"\bleave me alone\b",
    r"\b(?:bitte|möchte|will|wünsche)[^.\n]{0,60}(?:abmelden|abbestellen|austragen|abzumelden)\b",
    r"\b(?:keine|nicht) (?:weiteren?|mehr)[^.\n]{0,20}(?:e-?mails?|mails?|nachrichten|werbung|kontakt)",
    r"\bkeine (?:e-?mails?|mails?|nachrichten|werbung)[^.\n]{0,20}mehr\b", r"\bnehmen sie mich[^.\n]{0,40}(?:aus|von)\b",
    r"\b(?:löschen|entfernen|streichen) sie (?:mich|meine|uns)\b", r"\b(?:schreiben|kontaktieren|mailen) sie (?:mich|uns|mir) (?:bitte )?nicht\b",
    r"\bme (?:désinscrire|désabonner|retirer)\b", r"\b(?:désinscrivez|désabonnez|retirez|supprimez|enlevez)[- ](?:moi|mon|mes|nous)\b",
    r"\bne (?:plus|pas) (?:me |nous |m['’])(?:contacter|écrire|envoyer|solliciter)\b", r"\bne (?:me|nous) (?:contactez|écrivez|envoyez) plus\b",
    r"\b(?:dar(?:me|nos)|denme|dadme|dé(?:n)?me|deme) de baja\b", r"\bno (?:me|nos) (?:escriba|contacte|env[ií]e|mande|escriban|contacten)\w* (?:más|mas)\b",
    r"\b(?:elim[ií]n|b[oó]rr|quit|retir)\w{1,4}(?:me|nos) de (?:su|la|tu|esta)\b", r"\bno (?:quiero|deseo) recibir más\b",
    r"\b(?:cancell|rimuov|elimin|toglie?t?e?)\w{0,3}(?:mi|ci)\b[^.\n]{0,40}\b(?:lista|mailing|elenco|contatti)\b",
    r"\bnon (?:voglio|desidero) (?:più )?(?:ricevere|essere contattat)\w*\b", r"\bnon (?:scrivete|contattate|inviate)(?:mi|ci)? più\b",
    r"\b(?:remov|retir|exclu|descadastr)\w{0,4}(?:[- ]me| meu| o meu| nosso)\b", r"\bme (?:remov|retir|exclu|descadastr|tir)\w{1,3}\b",
    r"\bnão (?:quero|desejo) (?:mais )?receber\b", r"\bnão (?:me )?(?:envie|mande|contacte|escreva)\w* mais\b",
    r"\b(?:schrijf|haal|verwijder) (?:me|mij|mijn|ons)[^.\n]{0,40}\b(?:uit|van|lijst|adres)\b", r"\bgeen (?:e-?)?mails? meer\b",
    r"\b(?:ta bort|avregistrera|avprenumerera) (?:mig|min|oss)\b", r"\b(?:fjern|slett|afmeld|slet) (?:mig|meg|min|oss|os)\b",
    r"\b(?:inga|ingen) (?:fler|flere) (?:e-?post|mail|mejl|meddeland)\w*\b", r"\bpoista(?:kaa)? (?:minut|osoitteeni|meidät)\b",
    r"\b(?:älkää|älä) (?:lähettäkö|lähetä|ottako|ota)\b[^.\n]{0,40}\b(?:enää|yhteyttä)\b",
    r"\b(?:mnie|nas|mój adres) (?:wypisać|usunąć|skreślić)\b", r"\b(?:wypisz|wypisać|usuń|usunąć|proszę o usunięcie|skreśl)\w* (?:mnie|mój|mojego|nas)\b", r"\b(?:nie|proszę nie) (?:wysyłać|pisać|kontaktować)\b",
    r"(?:отпиш|удалит|уберит|исключит)\w{0,4} (?:меня|нас|мой|мою|наш)", r"не (?:пишите|присылайте|отправляйте|беспокойте)\b[^.\n]{0,30}(?:больше|мне|нам)",
    r"больше не (?:пишите|присылайте|отправляйте)", r"(?:请|請)[^。\n]{0,12}(?:退订|取消订阅|退訂|移除|删除我|不要再)", r"不要再(?:发|發|给我|聯|联)",
    r"(?:配信|送信|メール)[^。\n]{0,12}(?:停止|解除|不要|やめて|止めて|送らないで)", r"(?:수신|구독|메일)[^.\n]{0,12}(?:거부|취소|중단|보내지)",
)  # fmt: skip

_COMMANDS = frozenset(COMMANDS)
_PHRASES = tuple(re.compile(phrase, re.IGNORECASE) for phrase in PHRASES)
_BY_LINK = re.compile(r"unsubscribe [a-z0-9._-]{8,120}")
"""The subject that the `mailto:` of our List-Unsubscribe header gives."""
_EDGES = " \t\r\n.,;:!?\"'()[]<>*_-–—。！、・"
_NEGATED = re.compile(r"(?:do(?:es)? not|don['’]?t|did not|didn['’]?t|no need to|rather than|instead of|can(?:not|['’]t)|could(?: not|n['’]t)|unable to|how (?:do|can) (?:i|we)|let (?:me|us)) $", re.IGNORECASE)


def opt_out_words(text: str, subject: str = "") -> str | None:
    """The words by which the writer asks for no more mail, None where there are none.

    `text` is the new text of a reply. The subject counts only as a whole command, not when it answers ours.
    """
    shown = text[:MAX_LENGTH]
    lines = [line.strip(_EDGES).lower() for line in shown.split("\n")]
    filled = [line for line in lines if line]
    if filled and (filled[0] in _COMMANDS or (len(filled) <= 6 and (hit := next(filter(_COMMANDS.__contains__, filled), "")))):
        return filled[0] if filled[0] in _COMMANDS else hit
    command = subject.strip(_EDGES).lower()
    if command in _COMMANDS or _BY_LINK.fullmatch(command):
        return command
    for phrase in _PHRASES:
        if (match := phrase.search(shown)) and not _NEGATED.search(shown[: match.start()]):
            return match[0].strip()
    return None
