"""Which people are of one company, as far as their domain tells."""

from __future__ import annotations

from runner.model.lead import Lead

FREE_MAIL = frozenset({
    "126.com", "163.com", "alice.it", "aol.com", "att.net", "bellsouth.net", "bk.ru", "bluewin.ch", "bol.com.br",
    "btinternet.com", "centrum.cz", "charter.net", "comcast.net", "cox.net", "daum.net", "docomo.ne.jp",
    "ezweb.ne.jp", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hanmail.net", "hey.com", "hispeed.ch", "hotmail.co.uk", "hotmail.com", "hotmail.es",
    "hotmail.fr", "hotmail.it", "icloud.com", "inbox.ru", "interia.pl", "kpnmail.nl", "laposte.net", "libero.it",
    "list.ru", "live.co.uk", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com",
    "o2.pl", "onet.pl", "orange.fr", "outlook.com", "outlook.de", "planet.nl", "pm.me", "proton.me",
    "protonmail.com", "qq.com", "rambler.ru", "rogers.com", "sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca",
    "sina.com", "sky.com", "skynet.be", "softbank.ne.jp", "sohu.com", "t-online.de", "telenet.be", "terra.com.br",
    "tiscali.it", "tutanota.com", "uol.com.br", "verizon.net", "virgilio.it", "wanadoo.fr", "web.de", "wp.pl",
    "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com",
    "ziggo.nl", "zoho.com",
})  # fmt: skip
"""Domains that many people share: the domain of such an address says nothing about a company."""


def company_of(lead: Lead) -> str | None:
    """The domain of the lead's company: that of the address, else of the web site; None where neither says one."""
    domain = lead.domain
    return domain if domain and domain not in FREE_MAIL else lead.site
