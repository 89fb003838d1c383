"""The commit a project stands at, read from Git's files in every layout it has."""

from __future__ import annotations

import pytest

from runner.compile.commit import head_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def git(tmp_path):
    folder = tmp_path / ".git"
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_a_branch_has_a_file(git, tmp_path):
    (git / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    (tmp_path / "deep" / "down").mkdir(parents=True)
    assert head_commit(tmp_path) == COMMIT
    assert head_commit(tmp_path / "deep" / "down") == COMMIT


def test_a_branch_is_packed(git, tmp_path):
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n"
    )
    assert head_commit(tmp_path) == COMMIT


def test_head_is_detached(git, tmp_path):
    (git / "HEAD").write_text(COMMIT + "\n")
    assert head_commit(tmp_path) == COMMIT


def test_a_worktree_points_to_the_repository(git, tmp_path):
    own = git / "worktrees" / "w"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text("../..\n")
    (git / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    worktree = tmp_path / "w"
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {own}\n")
    assert head_commit(worktree) == COMMIT


@pytest.mark.parametrize("head", ["ref: refs/heads/unborn\n", "", "nonsense\n", "ref: ../../../etc/passwd\n"])
def test_there_may_be_no_commit(git, tmp_path, head):
    (git / "HEAD").write_text(head)
    assert head_commit(tmp_path) is None


def test_there_may_be_no_repository(tmp_path, monkeypatch):
    assert head_commit(tmp_path) is None or not (tmp_path / ".git").exists()
