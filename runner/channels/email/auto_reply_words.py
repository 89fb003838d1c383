"""What automatic replies say in their subjects and first sentences. Regular expressions, matched without case."""

from __future__ import annotations

SUBJECT_WORDS = (
    r"\bout[- ]of[- ](?:the[- ])?office\b", r"\booo\b", r"^\W{0,3}auto(?:matic|mated)?[- ]?(?:reply|response|answer|responder)\b", r"\bautomatic (?:reply|response)\b",
    r"\bauto-?re(?:ply|sponse)\b", r"\bauto:", r"\bvacation (?:reply|notice|message|response)\b", r"^(?:on )?(?:vacation|holiday|annual leave|parental leave|maternity leave|sick leave)\b",
    r"\baway from (?:the|my) (?:office|desk|mail|email)\b", r"\b(?:i am|i['’]m) (?:away|out|on (?:leave|holiday|vacation))\b", r"\bno longer (?:with|at|employed|works?|working)\b",
    r"\babwesenheits?(?:notiz|nachricht|meldung|benachrichtigung|assistent|info)\b", r"\babwesenheit\b", r"\bautomatische (?:antwort|rückmeldung|nachricht)\b", r"\bnicht (?:im büro|im haus|erreichbar)\b",
    r"\bau(?:ß|ss)er haus\b", r"\bim urlaub\b", r"\burlaubs(?:notiz|meldung|vertretung)\b", r"\bréponse automatique\b", r"\breponse automatique\b", r"\babsence du bureau\b", r"\babsent(?:e)? du bureau\b",
    r"^(?:message d['’])?absence\b", r"\ben congés?\b", r"\brespuesta autom[aá]tica\b", r"\bfuera de (?:la )?oficina\b", r"\bausencia\b", r"\bde vacaciones\b", r"\brisposta automatica\b", r"\bfuori (?:sede|ufficio)\b",
    r"\bassente dall['’]ufficio\b", r"\bassenza\b", r"\bin ferie\b", r"\bresposta autom[aá]tica\b", r"\bfora do escrit[oó]rio\b", r"\bausente do escrit[oó]rio\b", r"\bde f[eé]rias\b", r"\bautomatisch antwoord\b",
    r"\bafwezig(?:heid)?\b", r"\bniet op kantoor\b", r"\bafwezigheidsbericht\b", r"\bautomatiskt svar\b", r"\bautosvar\b", r"\bfrånvaro\b", r"\binte på kontoret\b", r"\bautomatisk svar\b", r"\bfravær\b", r"\bikke på kontoret\b",
    r"\bautomaattinen vastaus\b", r"\bpoissaolo\w*\b", r"\bpoissa\b", r"\bautomatyczna odpowied[zź]\b", r"\bodpowiedź automatyczna\b", r"\bpoza biurem\b", r"\bnieobecno[sś][cć]\b", r"\bавтоответ\w*\b", r"\bавтоматический ответ\b",
    r"\bнет на месте\b", r"\bв отпуске\b", r"自動(?:応答|返信)", r"不在(?:通知|の|連絡|メール)", r"休暇", r"自动(?:回复|答复)", r"自動回覆", r"外出", r"자동\s?(?:응답|회신)", r"부재\s?중", r"\botomatik yanıt\b", r"\bautomatická odpověď\b", r"\bmimo kancelář\b",
)  # fmt: skip

BODY_WORDS = (
    r"\b(?:i am|i['’]m|i will be|i['’]ll be|we are|currently|am currently)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:out of (?:the )?office|out of town|on (?:annual |parental |maternity |paternity |sick |medical )?(?:leave|vacation|holidays?)|away from (?:the office|my desk|my email)|traveling|travelling|on a business trip|out sick)",
    r"\b(?:out of (?:the )?office) (?:until|till|from|through|and|with|on|today|this week)\b", r"\bthis is an auto(?:matic|mated)?[- ]?(?:ally generated )?(?:reply|response|message|e-?mail)\b", r"\bthank you for (?:your (?:e-?mail|message)|contacting)[^\n]{0,60}(?:out of (?:the )?office|on leave|on vacation|away)",
    r"\bi have limited access to (?:my )?e-?mail\b", r"\bno longer (?:with|working (?:at|for)|employed (?:at|by)|works? (?:at|for|here))\b", r"\bhas left (?:the company|the organi[sz]ation|our company)\b", r"\b(?:we have|has been) received (?:your )?(?:request|message|e-?mail|inquiry|enquiry)[^\n]{0,120}\b(?:ticket|case|reference)\b",
    r"\b(?:your )?(?:request|ticket|case)[^\n]{0,30}(?:has been|was) (?:received|created|opened|logged)\b", r"\bdo not reply to this (?:e-?mail|message)\b",
    r"\bich bin (?:\w+ ){0,5}?(?:nicht (?:im büro|im haus|erreichbar|am arbeitsplatz)|außer haus|ausser haus|abwesend|im urlaub|in elternzeit|auf dienstreise|unterwegs|krank)", r"\b(?:bin|sind) (?:ich|wir) (?:\w+ ){0,6}?(?:nicht (?:im büro|im haus|erreichbar)|abwesend|außer haus|im urlaub|wieder (?:erreichbar|im büro))", r"\b(?:diese|dies ist eine) (?:\w+ )?automatisch\w* (?:generierte |erstellte )?(?:antwort|nachricht|e-?mail)\b", r"\bnicht mehr (?:im unternehmen|für|bei|in unserem)\b[^\n]{0,40}(?:tätig|beschäftigt|unternehmen)?", r"\bihre nachricht wird nicht (?:weitergeleitet|gelesen)\b",
    r"\bje (?:suis|serai)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:absent|absente|en congés?|en vacances|en déplacement|hors du bureau|indisponible)", r"\bactuellement (?:absent|absente|en congés?|en vacances|en déplacement)\b", r"\bceci est une réponse automatique\b", r"\bne (?:travaille|fait) plus\b", r"\ba quitté (?:la société|l['’]entreprise)\b",
    r"\b(?:estoy|estaré|me encuentro|estamos)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:fuera de (?:la |mi )?oficina|de vacaciones|ausente|de viaje|de baja)", r"\best[ae] es una respuesta autom[aá]tica\b", r"\bya no (?:trabaj\w+|forma parte)\b",
    r"\b(?:sono|sarò)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:assente|fuori (?:sede|ufficio)|in ferie|in vacanza|in trasferta)", r"\bquesta è una risposta automatica\b", r"\bnon (?:lavora|fa) più\b",
    r"\b(?:estou|estarei|encontro-me)\W{1,3}(?:\w+\W{1,3}){0,3}?(?:fora do escrit[oó]rio|ausente|de f[eé]rias|em viagem|de licen[çc]a)", r"\besta é uma (?:resposta|mensagem) autom[aá]tica\b", r"\bjá não trabalh\w+\b", r"\bnão trabalh\w+ mais\b",
    r"\b(?:ik ben|ben ik)\W{1,3}(?:\w+\W{1,3}){0,4}?(?:afwezig|niet (?:op kantoor|aanwezig|bereikbaar)|met vakantie|op vakantie|met verlof)", r"\bdit is een automatisch\w* (?:antwoord|bericht)\b", r"\bniet meer werkzaam\b",
    r"\bjag är\W{1,3}(?:\w+\W{1,3}){0,4}?(?:inte på kontoret|bortrest|ledig|på semester|frånvarande|föräldraledig)", r"\bdetta är ett automatiskt svar\b", r"\bjeg er\W{1,3}(?:\w+\W{1,3}){0,4}?(?:ikke på kontoret|på ferie|fraværende|bortrejst)", r"\b(?:dette|det) er et automatisk\w* svar\b",
    r"\bolen\W{1,3}(?:\w+\W{1,3}){0,4}?(?:poissa|lomalla|matkoilla|vapaalla)", r"\b(?:jestem|będę|przebywam)\W{1,3}(?:\w+\W{1,3}){0,4}?(?:poza biurem|na urlopie|nieobecn\w+)", r"\bto jest automatyczna (?:odpowiedź|wiadomość)\b",
    r"\b(?:я (?:сейчас )?(?:нахожусь )?в (?:отпуске|командировке|отъезде)|нахожусь в (?:отпуске|командировке)|(?:меня )?нет (?:на месте|в офисе)|отсутствую)", r"это автоматический ответ", r"больше не работает",
    r"(?:自動|じどう)(?:返信|応答)", r"(?:不在|休暇|出張|外出)(?:に|の|中|と|を)", r"(?:自动|自動)(?:回复|回覆|答复)", r"(?:休假|出差|外出|不在办公室)", r"자동\s?(?:응답|회신)", r"(?:휴가|출장|부재)\s?중",
)  # fmt: skip

GONE_WORDS = (
    r"\bno longer (?:with|at|employed|works?|working|an? employee|part of|active|in use|monitored|valid)\b", r"\b(?:has|have) left (?:the )?(?:company|organi[sz]ation|firm|our)\b", r"\bi left\b", r"\b(?:my|new) (?:new )?e-?mail(?: address)? (?:is|has changed|will be)\b", r"\baddress has changed\b", r"\bis now at\b",
    r"\bnicht mehr (?:im unternehmen|für|bei|in unserem|gültig|aktiv|in verwendung)\b", r"\b(?:das )?unternehmen verlassen\b", r"\bneue e-?mail-?adresse\b", r"\bne (?:travaille|fait)(?: \w+)? plus\b", r"\ba quitté\b", r"\bnouvelle adresse\b", r"\bj['’]ai quitté\b",
    r"\bya no (?:trabaj\w+|forma parte)\b", r"\bnueva direcci[oó]n\b", r"\bnon (?:lavora|fa)(?: \w+)? più\b", r"\bnuovo indirizzo\b", r"\b(?:já não trabalh\w+|não trabalh\w+ mais)\b", r"\bnovo (?:endereço|e-?mail)\b", r"\bniet (?:meer|langer) (?:werkzaam|in dienst|bij)\b", r"\bnieuwe? e-?mailadres\b",
    r"\b(?:slutat|arbetar inte längre|jobbar inte längre|har sluttet|arbejder ikke længere|jobber ikke lenger)\b", r"\bei ole enää\b", r"\b(?:nie pracuje już|już nie pracuje)\b", r"больше не работает", r"退職", r"已离职", r"離職", r"퇴사",
)  # fmt: skip
