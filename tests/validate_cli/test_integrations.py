"""The pre-commit hook, the GitHub action and the GitLab template: run or read as those programs do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")

Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def git(starter: Path, tmp_path: Path) -> Callable[..., Finished]:
    """Git in the starter project, with nobody's settings, and the hook's command on the PATH."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def command(*arguments: str, program: str = "git") -> Finished:
        words = [program, *(IDENTITY if program == "git" else ()), *arguments]
        return subprocess.run(words, cwd=starter, env=environment, capture_output=True, text=True, check=False)

    return command


@pytest.fixture
def hooked(git: Callable[..., Finished], starter: Path) -> Callable[..., Finished]:
    """The same, with the hook as we define it installed by pre-commit itself; only its environment is this one."""
    config = {"repos": [{"repo": "local", "hooks": [{**HOOK, "language": "system"}]}]}
    (starter / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    git("init", "-q", ".")
    installed = git("install", program="pre-commit")
    assert installed.returncode == 0, installed.stderr
    git("add", "-A")
    return git


def test_the_hook_lets_a_sound_project_in(hooked):
    committed = hooked("commit", "-m", "a new project")
    assert committed.returncode == 0, committed.stdout + committed.stderr
    assert "runner validate" in committed.stdout + committed.stderr
    assert hooked("rev-parse", "HEAD").returncode == 0


def test_the_hook_refuses_a_commit_that_breaks_the_project_and_says_where(hooked, starter):
    path = starter / "sequences" / "first.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("failed: linkedin", "failed: linkdin"), encoding="utf-8")
    hooked("add", "-A")
    committed = hooked("commit", "-m", "broken")
    assert committed.returncode == 1
    said = committed.stdout + committed.stderr
    assert "unknown-step" in said
    assert "sequences/first.yaml:" in said
    assert hooked("rev-parse", "HEAD").returncode != 0


def test_the_hook_rests_when_a_commit_touches_no_project_file(hooked, starter):
    assert hooked("commit", "-qm", "start").returncode == 0
    (starter / "README.md").write_text("words\n", encoding="utf-8")
    hooked("add", "-A")
    assert "Skipped" in "".join(hooked("commit", "-m", "words only").stderr.splitlines()[:3])


def test_the_action_passes_no_input_into_its_script_as_text():
    """An input in the script itself would let the author of a workflow's input run commands."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
    assert all(step["shell"] == "bash" for step in action["runs"]["steps"] if "run" in step)


def test_the_actions_script_annotates_the_line_and_fails(starter, git, tmp_path):
    """The step `Validate` of action.yml, run by bash as the runner of GitHub Actions runs it."""
    path = starter / "sequences" / "first.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("channel: email", "chanel: email", 1), encoding="utf-8")
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    script = next(step["run"] for step in action["runs"]["steps"] if step.get("name") == "Validate")
    environment = f"STRICT=false ARGUMENTS='--ignore no-fallback' GITHUB_WORKSPACE={starter.parent}"
    done = git("-c", f"export {environment}; set -eo pipefail; {script}", program="bash")
    assert done.returncode == 1
    line = path.read_text(encoding="utf-8").splitlines().index("    chanel: email") + 1
    assert f"::error file=project/sequences/first.yaml,line={line}," in done.stdout


def test_the_gitlab_template_reports_what_it_found(starter, git, tmp_path):
    head, job = yaml.safe_load_all((ROOT / "ci/gitlab/validate.yml").read_text(encoding="utf-8"))
    assert set(head["spec"]["inputs"]) == {"directory", "strict", "stage", "image", "package"}
    path = starter / "sequences" / "first.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("wait: 3bd", "wait: 3", 1), encoding="utf-8")
    script = "\n".join(job["runner-validate"]["script"]).replace("$[[ inputs.directory ]]", "project")
    environment = f"STRICT=true CI_PROJECT_DIR={starter.parent}"
    done = git("-c", f"export {environment}; cd ..; set -e\n{script}", program="bash")
    assert done.returncode == 1
    report = json.loads((starter.parent / "runner-validate.json").read_text(encoding="utf-8"))
    assert [(entry["check_name"], entry["location"]["path"]) for entry in report] == [
        ("missing-unit", "project/sequences/first.yaml")
    ]
