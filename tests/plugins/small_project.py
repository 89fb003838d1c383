"""A small project whose durations are seconds, for tests that run commands in it."""

from __future__ import annotations

from pathlib import Path

RUNNER_YAML = """\
version: 1
timezone: UTC
contact: {min_between: 0s, one_active_enrollment: true, unknown_hold: 1s}
"""
QUICK = """\
version: 1
name: quick
steps:
  - {id: intro, channel: email, template: note, retry: {count: 2, delay: 1s}, settle: 1s}
  - {id: linkedin, channel: linkedin, action: connect, condition: if intro_failed, template: note}
  - {id: form, channel: contact_form, condition: if linkedin_failed, template: note}
  - {id: pause, wait: 1s}
  - {id: again, channel: email, condition: if intro_sent, thread: intro, template: note}
"""
CAMPAIGN = "version: 1\nname: quick\nsequence: quick\naudience: '\"all\" in lead.lists'\n"
EMAIL = """\
version: 1
channel: email
name: desk
from: {name: Ada, address: ada@lumen.example}
smtp: {host: smtp.lumen.example, port: 587, security: starttls}
footer: {postal_address: "Lumen GmbH, Alte Str. 1, 10115 Berlin", unsubscribe: mailto, mailto: stop@lumen.example}
"""
LINKEDIN = """\
version: 1
channel: linkedin
name: profile
provider: voyager
accept_terms_risk: true
cookies: {li_at: {env: RUNNER_SANDBOX_COOKIE}, jsessionid: {env: RUNNER_SANDBOX_COOKIE}}
send_window: {days: [mon, tue, wed, thu, fri, sat, sun], hours: "00:00-24:00"}
"""
FORMS = """\
version: 1
channel: contact_form
name: site
sender: {name: Ada Lovelace, email: ada@lumen.example}
user_agent_contact: https://lumen.example/bot
on_refused: fail
"""


def write_project(root: Path) -> Path:
    """A small project whose durations are seconds."""
    files = {
        "runner.yaml": RUNNER_YAML, "sequences/quick.yaml": QUICK, "campaigns/quick.yaml": CAMPAIGN,
        "channel_configs/desk.yaml": EMAIL, "channel_configs/profile.yaml": LINKEDIN,
        "channel_configs/site.yaml": FORMS,
        "sequences/templates/note.md": "---\nsubject: Hello\n---\nHello {{ lead.first_name | default('there') }}\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
