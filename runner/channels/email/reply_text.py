"""The new text of a reply: without the quoted mail below it, without the signature. Linear time, twelve languages."""

from __future__ import annotations

import re

MAX_LINES = 2000
_WROTE = "wrote|writes|schrieb|geschrieben|a écrit|écrit|escribió|scritto|escreveu|schreef|skrev|kirjoitti|napisał|napsal|написал|пише|写道|寫道|書きました|のメール|작성"
_ATTRIBUTION = re.compile(
    rf"^[ \t]*(?:(?:on|am|le|el|il|em|op|den|dnia|dne|w dniu|pe|на|в|在|于|date|vào|[a-z]{{2,3}}[.,]? \d|\d{{1,4}}[./年-])"
    rf"[^\n]{{0,200}}(?:{_WROTE})[^\n]{{0,80}}[:：>]?|[^\n]{{0,120}}(?:{_WROTE})[ \t]*(?:[^\n]{{0,20}})[:：])[ \t]*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^[ \t]*(?:[-_=*]{2,}[ \t]*(?:original|urspr|message d|mensaje|messaggio|mensagem|oorspronkelijk|forwarded|weiter"
    r"|oprindelig|opprinnelig|alkuper|wiadomo|исходное|пересыл|原始|转发|元のメッセージ|원본)[^\n]{0,60}|_{20,})[ \t]*$",
    re.IGNORECASE,
)
_FROM_LINE = re.compile(
    r"^[ \t*>]*(?:from|von|de|da|van|fra|från|lähettäjä|od|от|发件人|寄件者|差出人|보낸 ?사람)[ \t*]*[:：][ \t*]*\S", re.IGNORECASE
)
_SENT_LINE = re.compile(
    r"^[ \t*>]*(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|fecha|para|asunto|inviato|data"
    r"|oggetto|enviada|assunto|verzonden|onderwerp|sendt|skickat|lähetetty|wysłano|temat|дата|кому|тема|отправлено"
    r"|发送时间|日期|收件人|主题|送信日時|宛先|件名|날짜|받는 ?사람|제목)[ \t*]*[:：]",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"^[ \t]*(?:sent from (?:my|the|yahoo|outlook|proton|mail for)|get outlook for|von meinem .{1,40} gesendet"
    r"|gesendet von (?:mein|mail)|envoyé de(?:puis)? mon|enviado desde mi|inviato da(?:l mio)?|enviado do meu"
    r"|verstuurd vanaf|verzonden vanaf|skickat från min|sendt fra min|lähetetty|wysłano z|отправлено с|发自我的"
    r"|iphoneから送信|나의 iphone에서 보냄).{0,60}$",
    re.IGNORECASE,
)


def new_text(text: str) -> str:
    """What the person wrote now. Empty when there is nothing but quotation and signature."""
    kept: list[str] = []
    lines = [line[:2000] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    for number, line in enumerate(lines):
        if _DIVIDER.match(line) or _header_block(lines, number):
            break
        if _attribution(lines, number):
            if not _answers_below(lines, number):
                break
            continue
        if line.lstrip().startswith((">", "|>")) or (kept and _attribution(lines, number - 1)):
            continue
        if line.rstrip() in ("--", "-- ", "__", "—") or _MOBILE.match(line):
            if not any(later.lstrip().startswith(">") for later in lines[number : number + 40]):
                break
            continue
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _attribution(lines: list[str], number: int) -> bool:
    """Whether `On DATE, NAME wrote:` stands here, on one line or wrapped over two."""
    line = lines[number]
    if _ATTRIBUTION.match(line):
        return True
    following = lines[number + 1] if number + 1 < len(lines) else ""
    both = f"{line.rstrip()} {following.strip()}"
    return len(both) < 300 and bool(line.strip()) and following.rstrip().endswith((":", "：")) and bool(
        _ATTRIBUTION.match(both)
    )  # fmt: skip


def _header_block(lines: list[str], number: int) -> bool:
    if not _FROM_LINE.match(lines[number]):
        return False
    return sum(bool(_SENT_LINE.match(line)) for line in lines[number + 1 : number + 7]) >= 2


def _answers_below(lines: list[str], number: int) -> bool:
    """Whether quoted lines follow, and the person's own words after them."""
    rest = [line.strip() for line in lines[number + 1 :]]
    quoted = [index for index, line in enumerate(rest) if line.startswith(">")]
    if not quoted or any(line and not line.startswith(">") and not line.endswith((":", "：")) for line in rest[: quoted[0]]):
        return False
    return any(line and not line.startswith(">") for line in rest[quoted[0] :])
