"""Words of dates and of absence, as mail in a dozen languages writes them. Lower case; matched without case."""

from __future__ import annotations

MONTHS: dict[str, int] = {
    name: number
    for number, names in {
        1: "january jan januar jänner jaenner janvier janv enero ene gennaio gen gennaro janeiro januari januar tammikuuta"
        " stycznia styczeń января янв ledna januára 1月",
        2: "february feb februar feber février févr fevr fevrier febrero febbraio fevereiro fev februari helmikuuta lutego"
        " luty февраля фев února",
        3: "march mar märz maerz mrz mär mars marzo março marco maart mrt maaliskuuta marca marzec марта мар března",
        4: "april apr avril avr abril abr aprile huhtikuuta kwietnia kwiecień апреля апр dubna",
        5: "may mai mayo maggio mag maio mei maj toukokuuta maja мая května",
        6: "june jun juni juin junio giugno giu junho kesäkuuta czerwca czerwiec июня июн června",
        7: "july jul juli juillet juil julio luglio lug julho heinäkuuta lipca lipiec июля июл července",
        8: "august aug août aout agosto ago augustus augusti elokuuta sierpnia sierpień августа авг srpna",
        9: "september sept sep septembre septiembre setiembre settembre set setembro syyskuuta września wrzesień"
        " сентября сен сент září",
        10: "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta października październik"
        " октября окт října",
        11: "november nov novembre noviembre novembro marraskuuta listopada listopad ноября ноя нояб listopadu",
        12: "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro joulukuuta grudnia"
        " grudzień декабря дек prosince",
    }.items()
    for name in names.split()
}

WEEKDAYS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "monday mon montag lundi lunes lunedì lunedi segunda segunda-feira maandag måndag mandag maanantaina"
            " poniedziałek poniedziałku понедельник понедельника 月曜日 周一 星期一",
            "tuesday tue tues dienstag mardi martes martedì martedi terça terça-feira dinsdag tisdag tirsdag tiistaina"
            " wtorek wtorku вторник вторника 火曜日 周二 星期二",
            "wednesday wed mittwoch mercredi miércoles miercoles mercoledì mercoledi quarta quarta-feira woensdag onsdag"
            " keskiviikkona środa środę środy среду среды 水曜日 周三 星期三",
            "thursday thu thurs donnerstag jeudi jueves giovedì giovedi quinta quinta-feira donderdag torsdag torstaina"
            " czwartek czwartku четверг четверга 木曜日 周四 星期四",
            "friday fri freitag vendredi viernes venerdì venerdi sexta sexta-feira vrijdag fredag perjantaina"
            " piątek piątku пятницу пятницы 金曜日 周五 星期五",
            "saturday sat samstag sonnabend samedi sábado sabado sabato zaterdag lördag lørdag lauantaina sobota sobotę"
            " soboty субботу субботы 土曜日 周六 星期六",
            "sunday sun sonntag dimanche domingo domenica zondag söndag søndag sunnuntaina niedziela niedzielę niedzieli"
            " воскресенье воскресенья 日曜日 周日 星期日",
        )
    )
    for name in names.split()
}

BACK = (
    r"back(?: (?:in|at|to))?(?: (?:the|my))?(?: (?:office|desk|work|town))?", r"return(?:ing|s|ed)?", r"resume", r"available again",
    r"reachable again", r"in the office again", r"again (?:on|from|as of)", r"re-?open\w*", r"can be reached (?:again )?(?:on|from)",
    r"wieder", r"zurück", r"zurueck", r"erreichbar ab", r"ab dem", r"ab", r"retour", r"(?:je )?reviens", r"rentre", r"(?:à|a) partir du",
    r"dès le", r"reprendrai", r"serai de nouveau", r"vuelv\w+", r"volver\w+", r"regres\w+", r"reincorpor\w+", r"a partir del?", r"de vuelta",
    r"rientr\w+", r"torn(?:o|er\w+|iamo)", r"di nuovo", r"a partire dal", r"dal", r"retorn\w+", r"volt(?:o|arei|amos|arem\w*)", r"de volta", r"a partir de",
    r"terug", r"weer", r"vanaf", r"tillbaka", r"åter(?:kommer|igen)?", r"tilbage", r"tilbake", r"palaan", r"takaisin", r"tavoitettavissa",
    r"wracam", r"wrócę", r"powrót", r"powrocie", r"ponownie", r"od dnia", r"вернусь", r"буду (?:снова |опять )?(?:на|в|доступ)\w*", r"выхожу", r"вернёмся",
    r"с", r"出社", r"復帰", r"返回", r"回来", r"恢复", r"복귀",
)  # fmt: skip

UNTIL = (
    r"until", r"till?", r"til", r"through(?: to)?", r"thru", r"up to(?: and including)?", r"ending(?: on)?", r"and including", r"returning after", r"before", r"after",
    r"bis(?: (?:zum|einschließlich|einschl\.|inkl\.|einschliesslich|inklusive|und mit|incl\.))*", r"jusqu['’]?(?:au|à|a|en)?(?: (?:le|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche))?",
    r"hasta(?: el)?", r"fino al?l?['’]?", r"sino al?", r"até(?: o)?(?: dia)?(?: ao)?", r"tot(?: en met)?", r"t/m", r"t\.?o\.?m\.?", r"till och med", r"till", r"til og med", r"frem til", r"fram till",
    r"do(?: dnia)?", r"до", r"по", r"截至", r"直到", r"至", r"nach dem", r"après le", r"después del?", r"dopo il", r"depois d[eo]", r"na", r"efter", r"после",
)  # fmt: skip

BACK_BEHIND = (
    r"back", r"again", r"zurück", r"wieder", r"erreichbar", r"retour", r"de nouveau", r"vuelvo", r"de vuelta", r"rientro", r"di nuovo",
    r"de volta", r"terug", r"weer", r"tillbaka", r"tilbage", r"tilbake", r"takaisin", r"töissä", r"wracam", r"wrócę", r"вернусь", r"返回", r"回来", r"回來", r"恢复", r"戻", r"出社", r"복귀",
)  # fmt: skip
"""Words of return that follow the date: `am 7. Dezember zurück`."""

AFTER_DATE_UNTIL = (r"まで", r"迄", r"까지", r"asti", r"saakka", r"inclusive", r"included", r"einschließlich", r"inclus", r"incluido", r"compreso", r"为止", r"之前", r"以前")
AFTER_DATE_BACK = (r"から", r"より", r"부터", r"alkaen", r"に出社", r"に復帰", r"以降", r"起", r"回", r"返", r"に戻")

TOMORROW = ("tomorrow", "morgen wieder", "ab morgen", "demain", "mañana", "domani", "amanhã", "i morgon", "huomenna", "jutro", "завтра", "明日", "明天", "내일")
NEXT_WEEK = ("next week", "nächste woche", "naechste woche", "kommende woche", "semaine prochaine", "próxima semana", "prossima settimana",
             "settimana prossima", "volgende week", "nästa vecka", "næste uge", "neste uke", "ensi viikolla", "przyszłym tygodniu",
             "следующей неделе", "来週", "下周", "다음 주")  # fmt: skip
