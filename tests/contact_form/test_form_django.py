"""django-contact-form, a form package of others, run as a live site: its own token, session, errors and redirect."""

from __future__ import annotations

import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from runner.engine.outcomes import Failed, Sent

django = pytest.importorskip("django")
pytest.importorskip("django_contact_form")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the running site, and its outbox."""
    from django.conf import settings

    templates = tmp_path_factory.mktemp("templates") / "django_contact_form"
    templates.mkdir()
    fields = "{% csrf_token %}{{ form.as_p }}<button>Send</button>"
    (templates / "contact_form.html").write_text(
        f"<!doctype html><title>Contact</title><h1>Contact us</h1><form method=post>{fields}</form>"
    )
    (templates / "contact_form_sent.html").write_text("<!doctype html><title>Sent</title><p>We have it.</p>")
    (templates / "contact_form.txt").write_text("{{ body }}")
    (templates / "contact_form_subject.txt").write_text("Mail from {{ name }}")
    settings.configure(
        SECRET_KEY="not a secret", DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django_contact_form"], MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(templates.parent)]}],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend", MANAGERS=["boss@bakery.example"],
        DEFAULT_FROM_EMAIL="site@bakery.example",
    )  # fmt: skip
    django.setup()
    from django.core import mail
    from django.core.wsgi import get_wsgi_application

    mail.outbox = []
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", mail
    server.shutdown()
    server.server_close()


def __getattr__(name: str) -> object:
    """Django reads `urlpatterns` of the module that holds its routes; they need a configured Django."""
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import include, path

    return [path("contact/", include("django_contact_form.urls"))]


def test_it_takes_the_message_and_its_redirect_confirms(site, forms):
    address, mail = site
    outcome = forms.send(f"{address}/contact/")
    assert isinstance(outcome, Sent), outcome
    assert outcome.detail["because"] == "redirect"
    assert [message.subject for message in mail.outbox] == ["Mail from Ada Lovelace"]
    assert mail.outbox[0].body.splitlines() == ["Hello,", "we repair ovens. May I call?"]


def test_its_own_errors_are_a_refusal(site, forms, sender):
    address, mail = site
    count = len(mail.outbox)
    outcome = forms.send(f"{address}/contact/", sender={**sender, "email": "not an address"})
    assert isinstance(outcome, Failed), outcome
    assert outcome.reason == "validation"
    assert len(mail.outbox) == count


def test_without_its_cookie_it_answers_403(site, forms):
    """The token is worth nothing without the session it was given to: what the channel carries is what lets it pass."""
    address, _ = site
    prepared = forms.channel.prepare(forms.job(f"{address}/contact/"))
    prepared.visit._session.cookies.clear()
    from runner.engine.outcomes import Permit

    outcome = prepared.fire(lambda: Permit(1))
    assert isinstance(outcome, Failed)
    assert outcome.detail["status"] == 403
