"""Answers that are about the sending account: its log-in, its quota, its standing. The person is not at fault."""

from __future__ import annotations

from datetime import timedelta

from runner.channels.email.replies import Phase, Verdict
from runner.channels.email.replies_rows import (
    BLOCKLISTS,
    DAY,
    GOOGLE,
    HOUR,
    LOGIN,
    MICROSOFT,
    OF_MESSAGE,
    RFC4954,
    RFC5321,
    SES,
    YAHOO,
    meaning,
    row,
)

_DAILY = meaning(Verdict.LIMITED, "daily_limit", "the provider's daily quota is used up; lower `limits`", DAY)
_RATE = meaning(Verdict.LIMITED, "rate_limit", "the provider finds the rate too high; lower `limits`", HOUR)
_CONCURRENT = meaning(Verdict.CONNECTION, "too_many_connections", "lower `smtp.connections`", timedelta(minutes=5))
_PASSWORD = meaning(Verdict.AUTH, "login_refused", "check user name and password, or consent again for OAuth")
_APP_PASSWORD = meaning(Verdict.AUTH, "app_password_needed", "create an app password or use XOAUTH2")
_OAUTH_ONLY = meaning(Verdict.AUTH, "oauth_needed", "this server takes no passwords: use `smtp.oauth`")
_LOGIN_FIRST = meaning(Verdict.AUTH, "login_needed", "the server wants a log-in: set `smtp.username` and a secret")
_LOGIN_LATER = meaning(Verdict.CONNECTION, "login_later", "the server cannot check log-ins at the moment", HOUR)
_TLS_FIRST = meaning(Verdict.CONFIG, "tls_needed", "the server wants TLS: set `smtp.security: starttls` or `tls`")
_SEND_AS = meaning(Verdict.CONFIG, "send_as_denied", "this log-in may not send as `from.address`")
_UNVERIFIED = meaning(Verdict.CONFIG, "sender_unverified", "verify the sending address or domain with the provider")
_SUSPENDED = meaning(Verdict.CONFIG, "account_suspended", "the provider has stopped this account; ask its support")
_BLOCKED_IP = meaning(Verdict.CONFIG, "address_blocked", "the network address of the sender is blocked")

LIMITED_ROWS = (
    row("google_daily", _DAILY, "550 5.4.5 Daily user sending limit exceeded.", GOOGLE, enhanced=r"5\.4\.5"),
    row("google_relay_daily", _DAILY, "550 Daily SMTP relay limit exceeded for customer", GOOGLE,
        words=r"daily (smtp relay|user) (sending )?(limit|quota)"),
    row("google_relay_rate", _RATE, "421 4.7.0 Try again later, closing connection. Rate limit of SMTP relay", GOOGLE,
        codes=(421, 450, 550), words=r"rate limit of smtp relay"),
    row("google_relay_peak", _RATE, "450 4.2.1 Peak SMTP relay limit exceeded for customer", GOOGLE,
        words=r"peak smtp relay limit"),
    row("google_unusual_rate", _RATE, "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail", GOOGLE,
        enhanced=r"[45]\.7\.28"),
    row("google_unusual_text", _RATE, "421-4.7.0 Our system has detected an unusual rate of mail", GOOGLE,
        words=r"unusual rate of (unsolicited )?(mail|email|messages)"),
    row("microsoft_recipients", _DAILY, "550 5.1.90 You have reached your daily limit for message recipients",
        MICROSOFT, enhanced=r"5\.1\.90"),
    row("microsoft_tenant", _DAILY, "550 5.7.233 Tenant external recipient rate limit exceeded", MICROSOFT,
        enhanced=r"5\.7\.23[1-6]"),
    row("microsoft_threshold", _DAILY, "550 5.7.705 Access denied, tenant has exceeded threshold", MICROSOFT,
        enhanced=r"5\.7\.705|4\.7\.705"),
    row("microsoft_submission", _DAILY, "550 5.2.0 SubmissionQuotaExceededException; message limit", MICROSOFT,
        words=r"SubmissionQuotaExceeded"),
    row("microsoft_minute", _RATE, "421 4.4.2 Message submission rate for this client has exceeded the limit",
        MICROSOFT, words=r"submission rate for this client has exceeded"),
    row("microsoft_concurrent", _CONCURRENT, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", MICROSOFT,
        codes=(421, 432), words=r"thread limit exceeded|concurrent connections limit"),
    row("yahoo_volume", _RATE, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints",
        YAHOO, codes=(421, 450, 451), words=r"\[TS\w?\d\d\]"),
    row("yahoo_limit", _RATE, "421 Max message per connection reached, closing transmission channel", YAHOO,
        words=r"max(imum)? (number of )?messages? per connection"),
    row("ses_rate", meaning(Verdict.LIMITED, "rate_limit", "above the SES sending rate", timedelta(minutes=1)),
        "454 Throttling failure: Maximum sending rate exceeded.", SES, words=r"maximum sending rate exceeded"),
    row("ses_daily", _DAILY, "454 Throttling failure: Daily message quota exceeded.", SES,
        words=r"daily (message|sending) quota exceeded"),
    row("too_many_connections", _CONCURRENT, "421 4.7.0 Too many concurrent SMTP connections", RFC5321,
        codes=(421, 450, 451, 452), words=r"too many (concurrent |simultaneous )?(smtp )?(connections|sessions)"),
    row("any_quota", _DAILY, "550 5.7.1 You have exceeded your daily sending quota", RFC5321, phases=OF_MESSAGE,
        words=r"(daily|24.hour|sending) (message |email |mail )?(quota|limit)( \S+){0,3} (exceeded|reached)"
              r"|exceeded your (daily|hourly)?\s?(sending|message|email)s?( sending)? (quota|limit)"),
    row("any_rate", _RATE, "450 4.7.1 Error: too much mail from this sender", RFC5321, phases=OF_MESSAGE,
        codes=(421, 450, 451, 452, 454, 550, 554),
        words=r"too much mail from|too many (messages|mails|emails) (from|in)|(sending|message|submission) rate"
              r"( limit)? (is )?(exceeded|too high)|rate limit exceeded|ratelimit"),
)  # fmt: skip

LOGIN_ROWS = (
    row("google_password", _PASSWORD, "535 5.7.8 Username and Password not accepted.", GOOGLE, phases=LOGIN,
        enhanced=r"5\.7\.8"),
    row("google_app_password", _APP_PASSWORD, "534 5.7.9 Application-specific password required.", GOOGLE,
        phases=LOGIN, codes=(534,), words=r"application-specific password|web browser"),
    row("google_login_rate", _LOGIN_LATER, "454 4.7.0 Too many login attempts, please try again later.", GOOGLE,
        phases=LOGIN, words=r"too many (login|authentication|log-in)( attempts)?"),
    row("microsoft_no_basic", _OAUTH_ONLY, "550 5.7.30 Basic authentication is not supported for Client Submission.",
        MICROSOFT, enhanced=r"5\.7\.30"),
    row("microsoft_switched_off", _OAUTH_ONLY,
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", MICROSOFT,
        enhanced=r"5\.7\.139"),
    row("microsoft_password", _PASSWORD, "535 5.7.3 Authentication unsuccessful", MICROSOFT, phases=LOGIN,
        enhanced=r"5\.7\.3"),
    row("microsoft_anonymous", _LOGIN_FIRST, "530 5.7.57 Client not authenticated to send mail.", MICROSOFT,
        enhanced=r"5\.7\.57"),
    row("ses_password", _PASSWORD, "535 Authentication Credentials Invalid", SES, codes=(535,)),
    row("tls_first", _TLS_FIRST, "530 5.7.0 Must issue a STARTTLS command first", RFC4954,
        phases=LOGIN, codes=(530, 538, 554), words=r"starttls|encryption required|tls (is )?required"),
    row("login_first", _LOGIN_FIRST, "530 5.7.0 Authentication required", RFC4954, codes=(530,)),
    row("login_first_text", _LOGIN_FIRST, "550 5.7.1 Authentication required to send mail", RFC4954,
        phases=OF_MESSAGE, codes=(503, 550, 553, 554),
        words=r"(smtp |client )?(authentication|auth|login) (is )?required|not authenticated|must authenticate"),
    row("login_weak", _OAUTH_ONLY, "534 5.7.9 Authentication mechanism is too weak", RFC4954, phases=LOGIN,
        codes=(534, 504)),
    row("login_temporary", _LOGIN_LATER, "454 4.7.0 Temporary authentication failure", RFC4954, phases=LOGIN,
        codes=(454,)),
    row("login_expired", _PASSWORD, "432 4.7.12 A password transition is needed", RFC4954, phases=LOGIN, codes=(432,)),
)  # fmt: skip

STANDING_ROWS = (
    row("microsoft_send_as", _SEND_AS, "554 5.2.252 SendAsDenied; ada@lumen.example not allowed to send as", MICROSOFT,
        words=r"SendAsDenied|permissions? to send as|not (allowed|permitted|authorized) to send (mail )?(as|from)"),
    row("microsoft_send_as_code", _SEND_AS, "550 5.7.60 Client does not have permissions", MICROSOFT,
        enhanced=r"5\.7\.60"),
    row("postfix_send_as", _SEND_AS, "553 5.7.1 <eve@lumen.example>: Sender address rejected: not owned by user ada",
        RFC5321, words=r"not owned by user"),
    row("microsoft_outbound", _SUSPENDED, "550 5.1.8 Access denied, bad outbound sender", MICROSOFT,
        enhanced=r"5\.1\.8", words=r"access denied|outbound"),
    row("microsoft_outbound_spam", _SUSPENDED, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException",
        MICROSOFT, words=r"OutboundSpam"),
    row("microsoft_banned", _SUSPENDED, "550 5.7.501 Access denied, spam abuse detected.", MICROSOFT,
        enhanced=r"5\.7\.50[1-3]"),
    row("microsoft_unregistered", _UNVERIFIED, "550 5.7.750 Service unavailable. Client blocked from sending from"
        " unregistered domains", MICROSOFT, enhanced=r"5\.7\.750"),
    row("microsoft_bad_network", _BLOCKED_IP, "550 5.7.708 Access denied, traffic not accepted from this IP", MICROSOFT,
        enhanced=r"5\.7\.(708|60[6-9]|6[1-4]\d|70[1-4])"),
    row("sender_blocklisted", _BLOCKED_IP, "550 5.7.1 Service unavailable; [192.0.2.1] blocked using zen.spamhaus.org",
        RFC5321, phases=frozenset({Phase.GREETING, Phase.EHLO, Phase.MAIL}), codes=range(500, 600), words=BLOCKLISTS),
    row("google_suspended", _SUSPENDED, "550 5.7.1 The account is suspended: sending disabled", GOOGLE,
        phases=LOGIN, words=r"suspended|sending disabled"),
    row("ses_unverified", _UNVERIFIED, "554 Message rejected: Email address is not verified.", SES,
        words=r"(email address|identity|sender|domain)( \S+)? (is )?not verified"),
    row("ses_paused", _SUSPENDED, "554 Message rejected: Sending paused for this account.", SES,
        words=r"sending (is |has been )?paused for this account|account( \S+)? is (currently )?(suspended|on hold)"),
    row("ses_forbidden", _UNVERIFIED, "554 Access denied: User x is not authorized to perform ses:SendRawEmail", SES,
        words=r"not authorized to perform .?ses:"),
    row("relay_denied_sender", _LOGIN_FIRST, "554 5.7.1 <joe@example.net>: Relay access denied", RFC5321,
        phases=OF_MESSAGE, words=r"relay(ing)?( access)? (denied|not permitted|prohibited)|unable to relay"),
    row("sender_refused", meaning(Verdict.CONFIG, "sender_refused", "the server does not take `from.address`"),
        "553 5.1.8 <ada@lumen.example>: Sender address rejected: Domain not found", RFC5321, phases=OF_MESSAGE,
        codes=(501, 550, 553, 554), words=r"sender address rejected|sender domain|5\.1\.[78]"),
)  # fmt: skip
