"""Trouble of ours or of the machine, raised. What is wrong with a user's file is a diagnostic; what the world says
is an outcome; neither is here.

    RunnerError
    ├── UsageError              the command was given something it cannot use        exit 2
    ├── ProjectError            the project does not compile; holds the diagnostics  exit 1
    ├── MissingSecret           a secret that a file names is not there              exit 1
    ├── NotFound                a lead, campaign, task ... that is not stored        exit 1
    ├── Refused                 an operation that the rules forbid now               exit 1
    ├── DatabaseUnavailable     the database cannot be reached or is not ready       exit 1
    └── ChannelUnavailable      an inbox or provider cannot be reached at the moment exit 1
"""

from __future__ import annotations


class RunnerError(Exception):
    """Something failed. `help` says what to do about it."""

    def __init__(self, message: str = "", *, help: str = "") -> None:  # noqa: A002 - the word users see
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        self.help = help


class UsageError(RunnerError):
    """The command was given something it cannot use."""


class ProjectError(RunnerError):
    """The project does not compile."""

    def __init__(self, message: str, diagnostics: tuple[object, ...] = (), *, help: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.diagnostics = diagnostics


class MissingSecret(RunnerError):
    """A secret that a file names is not there."""


class NotFound(RunnerError):
    """There is nothing stored under that name."""


class Refused(RunnerError):
    """The rules forbid this now."""


class DatabaseUnavailable(RunnerError):
    """The database cannot be reached or is not ready."""


class ChannelUnavailable(RunnerError):
    """An inbox or provider cannot be reached at the moment."""
