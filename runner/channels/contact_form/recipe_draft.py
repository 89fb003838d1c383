"""A draft of a recipe, written from what was seen on a page; a person completes and reviews it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from runner.channels.contact_form.inspection import Finding, would_fill
from runner.channels.contact_form.links import plain_host_of
from runner.channels.contact_form.roles import Field
from runner.channels.contact_form.vocabulary import Role

_VARIABLE = {
    Role.FULL_NAME: "$name", Role.FIRST_NAME: "$first_name", Role.LAST_NAME: "$last_name", Role.EMAIL: "$email",
    Role.EMAIL_CONFIRMATION: "$email", Role.PHONE: "$phone", Role.COMPANY: "$company", Role.WEBSITE: "$website",
    Role.SUBJECT: "$subject", Role.MESSAGE: "$message",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """The host a draft is for, and its text."""

    host: str
    text: str


def draft_recipe(finding: Finding) -> Draft:
    """The recipe that does what would be done without one, with a line for every field left alone."""
    assert finding.chosen is not None
    form = finding.chosen.form
    host = plain_host_of(finding.document.address)
    lines = [
        "# yaml-language-server: $schema=../../schemas/form.schema.json",
        "version: 1",
        f"host: {host}",
        f"page: {json.dumps(finding.document.address)}",
        f"form: {form.index}",
        *([f"# refused without a person: {finding.refused}"] if finding.refused else []),
        "fields:",
        *(_line(field) for field in finding.chosen.fields if field.role is not Role.HONEYPOT),
        "# success:",
        "#   text: the words of the page that follows",
    ]
    return Draft(host, "\n".join(lines) + "\n")


def _line(field: Field) -> str:
    name = json.dumps(field.name, ensure_ascii=False)
    star = ", required" if field.required else ""
    if would_fill(field) and field.role in _VARIABLE:
        return f"  {name}: {_VARIABLE[field.role]}  # {field.role.value}{star}"
    choices = [option.text for option in field.first.options if option.text][:6]
    hint = f"; one of {', '.join(choices)}" if choices else ""
    return f"  {name}: null  # {field.role.value}{star}{hint}"
