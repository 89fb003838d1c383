"""The `runner` command: a registry of commands that are imported only when they are called."""

from __future__ import annotations

import importlib
import os
import sys

import click

from runner import __version__

SECTIONS = {
    "Write": {
        "init": "runner.cli.init:init",
        "validate": "runner.cli.validate:validate",
        "graph": "runner.cli.graph:graph",
        "preview": "runner.cli.preview:preview",
        "schema": "runner.cli.schema:schema",
    },
    "Run": {
        "serve": "runner.cli.serve:serve",
        "demo": "runner.cli.demo:demo",
        "db": "runner.cli.db:db",
        "backup": "runner.cli.backup:backup",
        "doctor": "runner.cli.doctor:doctor",
    },
    "People": {
        "leads": "runner.cli.leads:leads",
        "enroll": "runner.cli.enrollments:enroll",
        "pause": "runner.cli.enrollments:pause",
        "resume": "runner.cli.enrollments:resume",
        "stop": "runner.cli.enrollments:stop",
        "send": "runner.cli.send:send",
        "suppress": "runner.cli.suppress:suppress",
    },
    "Work": {
        "tasks": "runner.cli.tasks:tasks",
        "attempts": "runner.cli.attempts:attempts",
        "channels": "runner.cli.channels:channels",
        "forms": "runner.cli.forms:forms",
        "inbox": "runner.cli.inbox:inbox",
    },
    "Answers": {
        "explain": "runner.cli.explain:explain",
        "trace": "runner.cli.trace:trace",
        "history": "runner.cli.history:history",
        "metrics": "runner.cli.metrics:metrics",
    },
}
"""What `runner --help` lists, by what it is for: where each command lives."""
COMMANDS = {name: target for commands in SECTIONS.values() for name, target in commands.items()}
SHORT_HELP = 60
"""Characters of a command's line in a list: what fits beside its name on a terminal of 80."""


class _LazyGroup(click.Group):
    """A group whose commands live in modules of their own, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                found = ((name, self.get_command(ctx, name)) for name in names)
                rows = [(name.ljust(width), each.get_short_help_str(SHORT_HELP)) for name, each in found if each]
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else " `runner --help` lists the commands."
            raise click.UsageError(f"no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="runner")
def cli() -> None:
    """Outreach as code: sequences in YAML, reviewed in Git, run from a database."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 problems found, 2 bad usage, 3 internal failure."""
    try:
        code = cli.main(args=argv, prog_name="runner", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away (`runner history | head`): not a fault, and nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the outermost edge: every failure becomes words and an exit code
        sys.exit(_explain(error))
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    from runner.errors import RunnerError, UsageError

    if isinstance(error, RunnerError):
        click.echo(f"error: {error}", err=True)
        if error.help:
            click.echo(f"  help: {error.help}", err=True)
        return 2 if isinstance(error, UsageError) else 1
    if os.environ.get("RUNNER_DEBUG"):
        import traceback

        traceback.print_exception(error)
    click.echo(f"internal error: {type(error).__name__}: {error}", err=True)
    click.echo("  help: this is a fault of runner; RUNNER_DEBUG=1 shows where it happened", err=True)
    return 3
