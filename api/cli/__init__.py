"""The command line ``norrsyn``.

Only Typer is imported here: the library, the layers and the server are imported by the command that needs them, so
that ``norrsyn --help`` answers at once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli import audit, data, database, imports, layers, model, picture, planning, release, scoring, serving, users
from api.cli.output import Command, Group, report_errors
from api.release import find_version

__all__ = ["app", "main"]

_STYLE: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "rich",
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(
    name="norrsyn",
    no_args_is_help=True,
    epilog="Begin with: norrsyn demo, then norrsyn score, then norrsyn serve.",
    **_STYLE,
)


def _add(parent: typer.Typer, command: Command | Group) -> None:
    if isinstance(command, Command):
        parent.command(command.name, help=command.help, epilog=command.epilog, short_help=command.short_help)(
            report_errors(command.function)
        )
        return
    group = typer.Typer(name=command.name, no_args_is_help=command.alone is None, **_STYLE)
    if command.alone is not None:
        group.callback(invoke_without_command=True)(report_errors(command.alone))
    for each in command.commands:
        _add(group, each)
    parent.add_typer(group, name=command.name, help=command.help, epilog=command.epilog, short_help=command.short_help)


for _command in (
    *data.COMMANDS,
    *imports.COMMANDS,
    *layers.COMMANDS,
    *scoring.COMMANDS,
    *planning.COMMANDS,
    *picture.COMMANDS,
    *release.COMMANDS,
    *model.COMMANDS,
    *serving.COMMANDS,
    *database.COMMANDS,
    *users.COMMANDS,
    *audit.COMMANDS,
):
    _add(app, _command)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(find_version())
        raise typer.Exit


@app.callback()
def norrsyn(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=lambda v: _show_version(wanted=v)),
    ] = False,
) -> None:
    """Where the next joint inspection against labour exploitation in northern Sweden should go.

    Layers go into a data folder, are scored cell by cell, and are shown on a map. Scores are of places, not people.
    """


def main() -> None:
    """Run the command line; the console script ``norrsyn``."""
    app(prog_name="norrsyn")


if __name__ == "__main__":
    main()
