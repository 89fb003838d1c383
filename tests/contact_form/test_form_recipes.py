"""Recipes: what a reviewed file says is done, and a bad file is named with its place."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from runner.channels.contact_form.document import parse
from runner.channels.contact_form.inspection import look
from runner.channels.contact_form.recipe_draft import draft_recipe
from runner.channels.contact_form.recipes import BadRecipe, check_recipes, load_recipe
from runner.cli.forms import forms as forms_command
from runner.engine.outcomes import HandedOver, Sent, Unconfirmed
from runner.model.channel import ChannelConfig, ChannelType


@pytest.fixture
def recipe(tmp_path, sites):
    """Write a recipe for the sandbox's host."""

    def write(site, fields, **more):
        folder = tmp_path / "sequences" / "forms"
        folder.mkdir(parents=True, exist_ok=True)
        data = {"version": 1, "host": "127.0.0.1", "page": sites.url(site), "form": 0, "fields": fields, **more}
        path = folder / "127.0.0.1.yaml"
        path.write_text(json.dumps(data))
        return path

    return write


def test_a_recipe_says_what_goes_where(sites, forms, recipe):
    recipe("topic", {"name": "$name", "email": "$email", "topic": "press", "message": "$message\n-- $first_name"})
    count = len(sites.ledger)
    assert isinstance(forms.send("http://127.0.0.1/anything"), Sent)
    entry = sites.ledger[count]
    assert (entry.site, entry.value("topic")) == ("topic", "press")
    assert entry.value("message").endswith("May I call?\r\n-- Ada")


def test_a_recipe_s_success_text_decides(sites, forms, recipe):
    fields = {"name": "$name", "email": "$email", "message": "$message"}
    recipe("silent", fields, success={"text": "OK."})
    assert isinstance(forms.send("http://127.0.0.1/"), Sent)
    recipe("plain", fields, success={"text": "Ticket number"})
    assert isinstance(forms.send("http://127.0.0.1/"), Unconfirmed)


def test_a_recipe_answers_what_the_sender_cannot(sites, forms, recipe):
    recipe("required-phone", {"name": "$name", "email": "$email", "phone": "+49 30 901820", "message": "$message"})
    assert isinstance(forms.send("http://127.0.0.1/"), Sent)


def test_a_captcha_is_refused_with_a_recipe_too(sites, forms, recipe):
    recipe("captcha", {"name": "$name", "email": "$email", "message": "$message"})
    outcome = forms.send("http://127.0.0.1/")
    assert isinstance(outcome, HandedOver)
    assert outcome.task.detail["reason"] == "captcha"


def test_a_form_that_is_no_longer_there_makes_a_task(sites, forms, recipe):
    recipe("plain", {"message": "$message"}, form="form#gone")
    outcome = forms.send("http://127.0.0.1/")
    assert isinstance(outcome, HandedOver)
    assert outcome.task.detail["reason"] == "form_changed"


BAD = {
    "unknown variable": ({"message": "$mesage"}, {}, "`$mesage` is not known"),
    "wrong host": ({"message": "$message"}, {"host": "other.example"}, "named after its host"),
    "unknown key": ({"message": "$message"}, {"succes": {"text": "x"}}, "succes"),
    "no fields": ({}, {}, "non-empty"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_bad_recipe_is_named_and_stops_its_site_only(mistake, forms, recipe):
    fields, more, words = BAD[mistake]
    path = recipe("plain", fields, **more)
    with pytest.raises(BadRecipe, match=re.escape(words)):
        load_recipe(path)
    found = check_recipes(path.parent)
    assert words in found[0].summary
    assert found[0].span.file == str(path)
    account = ChannelConfig(ChannelType.CONTACT_FORM, "forms", settings=forms.settings)
    assert forms.channel.check(account) == found
    outcome = forms.send("http://127.0.0.1/")
    assert isinstance(outcome, HandedOver)
    assert words in outcome.task.detail["explanation"]


def test_a_drafted_recipe_is_valid_and_does_what_was_seen(tmp_path):
    page = (
        "<title>Contact</title><form method=post class=contact><label>Name <input name=n></label><input name=email>"
        "<select name=topic><option>Press<option>Other</select><input name=_gotcha>"
        "<textarea name=m></textarea></form>"
    )
    draft = draft_recipe(look(parse("https://www.bakery.example/contact", page.encode())))
    path = tmp_path / f"{draft.host}.yaml"
    path.write_text(draft.text)
    recipe = load_recipe(path)
    assert recipe.fields == {"n": "$name", "email": "$email", "topic": None, "m": "$message"}
    assert "one of Press, Other" in draft.text


def _inspect(*arguments):
    result = CliRunner().invoke(forms_command, ["inspect", *map(str, arguments)])
    return result


def test_inspect_prints_what_would_be_filled(tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        "<form action=/search><input name=q></form><form method=POST class=contact action=/send><input name=name>"
        "<input name=email><input name=website style='display:none'><textarea name=message></textarea></form>"
    )
    result = _inspect(file, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.output) == {
        "found": True, "form_index": 1, "action": "/send", "method": "post",
        "fields": [
            {"name": "name", "role": "full_name", "fill": True}, {"name": "email", "role": "email", "fill": True},
            {"name": "website", "role": "honeypot", "fill": False}, {"name": "message", "role": "message", "fill": True},
        ],
        "refused": None,
    }  # fmt: skip
    assert "full_name" in _inspect(file).output


def test_inspect_says_why_not(tmp_path):
    file = tmp_path / "page.html"
    file.write_text(
        "<form id=commentform action=/wp-comments-post.php method=post><textarea name=comment></textarea></form>"
    )
    found = json.loads(_inspect(file, "--format", "json").output)
    assert (found["found"], found["form_index"], found["refused"]) == (False, None, "comment_form")
    assert "comment_form" in _inspect(file).output


def test_inspect_reads_a_file_as_utf_8_whatever_its_meta_says(tmp_path):
    file = tmp_path / "page.html"
    inner = "<label>Сообщение <textarea name=a></textarea></label><label>Эл. почта <input name=b></label>"
    file.write_bytes(f"<meta charset=windows-1251><form method=post class=contact>{inner}</form>".encode())
    roles = [field["role"] for field in json.loads(_inspect(file, "--format", "json").output)["fields"]]
    assert roles == ["message", "email"]


def test_inspect_of_a_url_visits_it_and_sends_nothing(sites):
    count = len(sites.ledger)
    result = _inspect(sites.url("plain"), "--allow-private-networks", "--format", "json")
    assert json.loads(result.output)["found"] is True
    assert len(sites.ledger) == count
    refused = _inspect(sites.url("plain"))
    assert refused.exit_code == 1
    assert "not a web server's port" in str(refused.exception)


def test_record_writes_a_draft_and_never_over_a_file(sites, tmp_path):
    arguments = ["record", sites.url("topic"), "--write", str(tmp_path / "forms"), "--allow-private-networks"]
    result = CliRunner().invoke(forms_command, arguments)
    assert result.exit_code == 0, result.output
    written = tmp_path / "forms" / "127.0.0.1.yaml"
    assert load_recipe(written).fields["message"] == "$message"
    again = CliRunner().invoke(forms_command, arguments)
    assert "is there already" in str(again.exception)
