"""The command line ``norrsyn``.

Only Typer is imported here: the library, the layers and the server are imported by the command that needs them, so
that ``norrsyn --help`` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import data, scoring, serving
from api.cli.output import report_errors
from api.release import find_version

__all__ = ["app", "main"]

app = typer.Typer(
    name="norrsyn",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: norrsyn demo, then norrsyn score, then norrsyn serve.",
)

for _command in (*data.COMMANDS, *scoring.COMMANDS, *serving.COMMANDS):
    app.command(_command.name, help=_command.help, epilog=_command.epilog, short_help=_command.short_help)(
        report_errors(_command.function)
    )


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
