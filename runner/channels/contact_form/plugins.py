"""Forms of known plugins, which their own script sends to an endpoint that answers in JSON.

Contact Form 7: `POST {rest root}contact-form-7/v1/contact-forms/{id}/feedback`, multipart only, 415 otherwise (its
includes/rest-api.php). WPForms and Elementor Pro: `admin-ajax.php` with an `action`. HubSpot: the public submission
endpoint that the form names as its action.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import Tag

from runner.channels.contact_form.document import Document, attribute
from runner.channels.contact_form.encode import Entry, multipart_request, request_for
from runner.channels.contact_form.fetch import Request
from runner.channels.contact_form.forms import Form

_JSON = "application/json, text/javascript, */*;q=0.1"
_CF7_ROOT = re.compile(r"\"root\"\s*:\s*\"((?:[^\"\\]|\\.){1,500})\"")
_AJAX_URL = re.compile(r"\"(?:ajaxurl|ajax_url|ajaxUrl)\"\s*:\s*\"((?:[^\"\\]|\\.){1,500})\"")


@dataclass(frozen=True, slots=True)
class Submission:
    """A request ready to be sent, and the plugin it speaks to (`page` for an ordinary form)."""

    request: Request
    plugin: str = "page"


def submission_for(document: Document, form: Form, pairs: tuple[Entry, ...]) -> Submission:
    """The request a visitor's browser would make for this form, its script taken into account."""
    names = {name for name, _ in pairs}
    classes = set(attribute(form.element, "class").split())
    if "_wpcf7" in names or "wpcf7-form" in classes:
        return _contact_form_7(document, form, pairs)
    if "wpforms-ajax-form" in classes:
        extra = (("action", "wpforms_submit"), ("page_url", document.url))
        return Submission(_ajax(document, pairs + extra, form), "wpforms")
    if "elementor-form" in classes:
        extra = (("action", "elementor_pro_forms_send_form"), ("referrer", document.url))
        return Submission(_ajax(document, pairs + extra, form), "elementor")
    if re.search(r"(?:^|\.)hsforms\.(?:com|net)$", urlsplit(form.action).hostname or ""):
        return Submission(multipart_request(form.action, pairs, "utf-8", document.url, _JSON), "hubspot")
    if "gform_submit" in " ".join(names):
        return Submission(request_for(form, pairs, document.url), "gravity")
    return Submission(request_for(form, pairs, document.url))


def _contact_form_7(document: Document, form: Form, pairs: tuple[Entry, ...]) -> Submission:
    number = next((value for name, value in pairs if name == "_wpcf7" and value.isdigit()), "")
    root = _rest_root(document)
    if not number or root is None:
        return Submission(request_for(form, pairs, document.url), "cf7-page")
    url = urljoin(root, f"contact-form-7/v1/contact-forms/{number}/feedback")
    return Submission(multipart_request(url, pairs, "utf-8", document.url, _JSON), "cf7")


def _rest_root(document: Document) -> str | None:
    for script in document.soup.find_all("script", limit=300):
        text = script.get_text()
        if "wpcf7" in text and (match := _CF7_ROOT.search(text)):
            return _slash(document.absolute(_unescaped(match[1])))
    link = document.soup.find("link", attrs={"rel": "https://api.w.org/"}, href=True)
    return _slash(document.absolute(attribute(link, "href"))) if isinstance(link, Tag) else None


def _ajax(document: Document, pairs: tuple[Entry, ...], form: Form) -> Request:
    url = document.absolute("/wp-admin/admin-ajax.php")
    for script in document.soup.find_all("script", limit=300):
        if match := _AJAX_URL.search(script.get_text()):
            url = document.absolute(_unescaped(match[1]))
            break
    request = multipart_request(url, pairs, form.charset, document.url, _JSON)
    return Request(request.method, request.url, {**request.headers, "X-Requested-With": "XMLHttpRequest"}, request.body)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
