"""The one compile path: a folder of files in, a project or a list of diagnostics out. No network, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.compile import registry
from runner.compile.accounts import compile_account
from runner.compile.campaigns import compile_campaign
from runner.compile.cascades import told_once
from runner.compile.commit import head_commit
from runner.compile.files import ProjectFiles, find_root, read_project, relative
from runner.compile.sequences import Surroundings, compile_sequence, compile_source
from runner.compile.settings import compile_settings
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Span
from runner.lang.source import Source
from runner.model.project import Project, ProjectSettings

__all__ = [
    "ProjectResult",
    "ProjectView",
    "compile_project",
    "compile_sequence",
    "find_root",
    "load_project",
]


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """A project, or None when a file has an error, and everything there is to say about its files.

    `files` holds every source that was read, for renderers to quote from.
    """

    project: Project | None
    diagnostics: tuple[Diagnostic, ...]
    files: ProjectFiles

    @property
    def ok(self) -> bool:
        """Whether it may be run."""
        return self.project is not None


def load_project(root: Path, *, paths: Sequence[Path] | None = None, git_commit: str | None = None) -> ProjectResult:
    """Read and compile the project at `root`.

    With `paths`, only what is in those files is reported (files outside of the project are taken in), and the project
    still needs every file to be whole. `git_commit` defaults to what the repository's HEAD points to.
    """
    result = compile_project(read_project(root, paths or ()), git_commit=git_commit)
    if paths is None:
        return result
    named = {relative(path, root) for path in paths}
    found = tuple(diagnostic for diagnostic in result.diagnostics if diagnostic.span.file in named)
    return replace(result, diagnostics=found)


def compile_project(
    files: ProjectFiles, *, git_commit: str | None = None, check_templates: bool = True
) -> ProjectResult:
    """Compile files that were read, or made up: an editor's unsaved text stands in the place of a file.

    Without `check_templates` nothing is said of what stands inside the templates, which is quicker.
    """
    view, found = _compile_files(files, check_templates=check_templates)
    found += [diagnostic for check in registry.PROJECT_CHECKS for diagnostic in check(view)]
    broken = any(diagnostic.is_error for diagnostic in found)
    project = None if broken else _project(view, git_commit or head_commit(files.root))
    return ProjectResult(project, in_order(told_once(found)), files)


def in_order(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once, by file and place."""
    unique: dict[tuple[Span, str, str], Diagnostic] = {}
    for item in found:
        unique.setdefault((item.span, item.slug, item.summary), item)
    return tuple(unique[key] for key in sorted(unique))


def _compile_files(files: ProjectFiles, *, check_templates: bool) -> tuple[ProjectView, list[Diagnostic]]:
    settings, found = compile_settings(files.settings) if files.settings is not None else (ProjectSettings(), [])
    view = ProjectView(files, settings, {}, {}, {}, {}, check_templates)
    found += [diagnostic for source in files.unreadable for check in registry.SOURCE_CHECKS
              for diagnostic in check(source)]  # fmt: skip
    for stem, source in files.channels.items():
        account, diagnostics = compile_account(source, stem, files.root)
        found += diagnostics
        if account is not None:
            view.accounts[stem] = account
    for stem, source in files.campaigns.items():
        draft, diagnostics = compile_campaign(source, stem, settings.lead_fields)
        found += diagnostics
        if draft is not None:
            view.campaigns[stem] = draft
    for stem, source in files.sequences.items():
        result = compile_source(source, _surroundings(view, source, stem, check_templates=check_templates))
        found += result.diagnostics
        if result.draft is not None:
            view.drafts[stem] = result.draft
        if result.compiled is not None:
            view.sequences[stem] = result.compiled
    return view, found


def _surroundings(view: ProjectView, source: Source, stem: str, *, check_templates: bool) -> Surroundings:
    most = view.settings.policy.get("max_emails", 4)
    name = source.data.get("name") if isinstance(source.data, dict) else None
    return Surroundings(
        view.files.templates,
        view.settings.lead_fields,
        view.settings.required_fields,
        _vars_for(view, name if isinstance(name, str) else stem),
        stem,
        check_templates,
        view.files.template_files,
        most if isinstance(most, int) else 4,
    )


def _vars_for(view: ProjectView, sequence: str) -> dict[str, object]:
    """The variables that every campaign of a sequence sets: what the sequence may rely on besides its own."""
    given = [draft.campaign.vars for draft in view.campaigns.values()
             if draft.campaign is not None and draft.campaign.sequence == sequence]  # fmt: skip
    shared = set.intersection(*(set(item) for item in given)) if given else set[str]()
    return {name: given[0][name] for name in sorted(shared)}


def _project(view: ProjectView, git_commit: str | None) -> Project:
    campaigns = {draft.campaign.name: draft.campaign for draft in view.campaigns.values() if draft.campaign is not None}
    return Project(view.files.root, view.settings, view.sequences, view.accounts, campaigns, git_commit)
