"""`runner leads` and `runner suppress` as people call them: output, exit codes, and words instead of tracebacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import pytest

from runner.cli.main import main
from runner.store.database import open_database
from runner.store.keys import load_key
from runner.store.schema import upgrade

Run = Callable[..., tuple[int, str, str]]
SETTINGS = "version: 1\ndatabase: sqlite:///runner.db\nlead_fields: {plan: text, seats: integer}\n"
PEOPLE = (
    "email,first_name,last_name,company,country,plan,Colour\nada@x.example,Ada,L,Lumen,Germany,=1+1,red\nbad,B,,,,,\n"
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a row, to be copied: to migrate one takes longer than most of the commands here."""
    folder = tmp_path_factory.mktemp("migrated")
    db = open_database("sqlite:///runner.db", root=folder, create=True)
    upgrade(db)
    db.close()
    return folder / "runner.db"


@pytest.fixture
def project(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RUNNER_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.yaml").write_text(SETTINGS)
    (tmp_path / "people.csv").write_text(PEOPLE)
    copyfile(migrated, tmp_path / "runner.db")
    load_key(tmp_path, create=True)
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(words))
        out, err = capsys.readouterr()
        return int(str(left.value.code or 0)), out, err

    return call


def test_an_import_reports_every_row_and_ends_with_1_when_one_was_rejected(run: Run) -> None:
    code, out, err = run("leads", "import", "people.csv", "--list", "q4")
    assert (code, err) == (1, "")
    assert out == (
        "people.csv: 2 rows onto `q4`: 1 new, 0 updated, 0 duplicate, 1 rejected\n"
        "  1 of them will not be written to: suppressed, without what the law wants, or by an unknown sender\n"
        "  line 3: rejected: email: `bad` is not an e-mail address: it has no @\n"
        "  line 2: closed: DE wants a legal basis (consent, contract, existing_customer, inquiry) and the lead has"
        " none: UWG s. 7(2) no. 2: express consent before advertising by electronic mail\n"
        "  columns not read: Colour\n"
    )


def test_the_report_as_json_adds_up(run: Run, project: Path) -> None:
    code, out, _ = run("leads", "import", "people.csv", "--list", "q4", "--rejected", "bad.csv", "--format", "json")
    report = json.loads(out)
    assert code == 1
    assert report["total"] == sum(report[name] for name in ("new", "updated", "duplicate", "rejected")) == 2
    assert report["rejected_rows"] == [{"row": 3, "reason": "email: `bad` is not an e-mail address: it has no @"}]
    assert (project / "bad.csv").read_text().splitlines()[1].startswith("3,")


def test_who_is_suppressed_already_is_named_by_line_and_stored_all_the_same(run: Run, project: Path) -> None:
    run("suppress", "add", "eve@x.example")
    run("suppress", "add", "closed.example")
    (project / "people.csv").write_text(
        "email,country,company\nada@x.example,FR,Lumen\neve+news@x.example,FR,Lumen\n"
        "someone.secret@closed.example,FR,Lumen\nkarl@x.example,DE,Lumen\n"
    )
    code, out, _ = run("leads", "import", "people.csv", "--list", "q4")
    assert code == 0
    assert out == (
        "people.csv: 4 rows onto `q4`: 4 new, 0 updated, 0 duplicate, 0 rejected\n"
        "  3 of them will not be written to: suppressed, without what the law wants, or by an unknown sender\n"
        "  line 3: closed: address suppressed: manual\n"
        "  line 4: closed: domain suppressed: manual\n"
        "  line 5: closed: DE wants a legal basis (consent, contract, existing_customer, inquiry) and the lead has"
        " none: UWG s. 7(2) no. 2: express consent before advertising by electronic mail\n"
    )
    assert "secret" not in out
    again = json.loads(run("leads", "import", "people.csv", "--list", "q4", "--format", "json")[1])
    assert again["closed"] == 3
    assert [row["row"] for row in again["closed_rows"]] == [3, 4, 5]


def test_a_stored_person_is_closed_by_what_the_row_does_not_say(run: Run, project: Path) -> None:
    (project / "people.csv").write_text("email,linkedin_url\nada@x.example,linkedin.com/in/ada-l\n")
    run("leads", "import", "people.csv", "--list", "q4")
    run("suppress", "add", "ada@x.example")
    (project / "people.csv").write_text("linkedin_url,first_name\nlinkedin.com/in/ada-l,Ada\n")
    assert "line 2: closed: address suppressed: manual" in run("leads", "import", "people.csv", "--list", "q4")[1]


def test_a_lifted_suppression_closes_nobody(run: Run) -> None:
    run("suppress", "add", "ada@x.example")
    run("suppress", "remove", "ada@x.example")
    assert "suppressed:" not in run("leads", "import", "people.csv", "--list", "q4")[1]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("emial\na@x.example\n", 2, "error: people.csv, line 1: no column names a person (the columns are `emial`)\n"
         "  help: column `emial` is not read; did you mean `email`?\n"),
        ('email\n"a@x.example\n', 2, "error: people.csv, line 2: a quote opens here and does not close by line 2\n"
         '  help: close it, or write a quote inside a cell twice: ""\n'),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_is_bad_usage_with_place_and_remedy(
    run: Run, project: Path, content: str, code: int, words: str
) -> None:
    (project / "people.csv").write_text(content)
    assert run("leads", "import", "people.csv", "--list", "q4") == (code, "", words)


def test_list_show_and_export_tell_of_the_same_person(run: Run, project: Path) -> None:
    run("leads", "import", "people.csv", "--list", "q4")
    _, out, _ = run("leads", "list")
    assert "Ada L" in out
    assert json.loads(run("leads", "list", "--lists", "--format", "json")[1])["lists"] == [{"list": "q4", "people": 1}]
    assert "ada@x.example" in run("leads", "show", "1")[1]
    code, out, _ = run("leads", "export", "--list", "q4")
    assert code == 0
    assert out.splitlines()[0].endswith(",source,plan,seats")
    assert ",'=1+1," in out.splitlines()[1]
    run("leads", "export", "-o", "out.csv")
    again = json.loads(run("leads", "import", "out.csv", "--list", "q4", "--format", "json")[1])
    assert (again["duplicate"], again["total"]) == (1, 1)
    assert json.loads(run("leads", "export", "ada@x.example")[1])["lead"]["first_name"] == "Ada"


def test_an_erased_lead_is_gone_and_suppressed(run: Run) -> None:
    run("leads", "import", "people.csv", "--list", "q4")
    assert run("leads", "erase", "ada@x.example", "--yes")[:2] == (0, "erased lead 1; it stays suppressed\n")
    code, _, err = run("leads", "show", "ada@x.example")
    assert (code, err.splitlines()[0]) == (1, "error: there is no lead `ada@x.example`")
    (row,) = json.loads(run("suppress", "list", "--format", "json")[1])["suppressions"]
    assert (row["kind"], row["label"], row["reason"]) == ("address", "erased", "erased")


def test_suppressions_are_added_listed_and_removed(run: Run, project: Path) -> None:
    (project / "out.txt").write_text("b@x.example\n\nx.example\n")
    code, out, _ = run("suppress", "add", "a@x.example", "--from", "out.txt", "--format", "json")
    assert code == 0
    assert [row["kind"] for row in json.loads(out)["suppressions"]] == ["address", "address", "domain"]
    assert "a***@x.example" in run("suppress", "list")[1]
    assert run("suppress", "remove", "A+1@x.example")[0] == 0
    assert run("suppress", "remove", "a@x.example")[0] == 1
    assert run("suppress", "add", "Lumen")[0] == 2
    assert run("suppress", "add")[0] == 2


@pytest.mark.parametrize("words", [("leads", "import", "no.csv", "--list", "x"), ("leads", "list", "--list", "no")])
def test_what_is_not_there_is_said_without_a_traceback(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert code in {1, 2}
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err


def test_outside_of_a_project_the_remedy_is_said(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    code, _, err = run("leads", "list", "--project", str(tmp_path_factory.mktemp("empty")))
    assert code == 2
    assert "`runner init`" in err


DESK = """\
version: 1
channel: email
name: desk
from: {name: Ada, address: ada@lumen.example}
smtp: {host: smtp.lumen.example}
footer: {postal_address: Here, unsubscribe: mailto, mailto: out@lumen.example}
send_as: {field: plan, identities: {bob: {address: bob@lumen.example}}}
"""


def test_a_sender_that_no_account_knows_is_named_by_line(run: Run, project: Path) -> None:
    (project / "channel_configs").mkdir()
    (project / "channel_configs/desk.yaml").write_text(DESK)
    (project / "people.csv").write_text("email,plan\na@x.example,bob\nb@x.example,eve\nc@x.example,\n")
    code, out, _ = run("leads", "import", "people.csv", "--list", "q4", "--format", "json")
    assert code == 0
    said = "plan: no account has a sender 'eve' in `send_as`, and email to them fails"
    assert json.loads(out)["closed_rows"] == [{"row": 3, "reason": said}]
