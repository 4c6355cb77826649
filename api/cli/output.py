"""How commands speak: results on standard output, everything else on standard error, errors with an exit code."""

from __future__ import annotations

import functools
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

__all__ = ["Command", "Group", "fail", "note", "print_json", "print_table", "print_words", "report_errors", "working"]

EXIT_UNEXPECTED, EXIT_INPUT, EXIT_NOT_FOUND, EXIT_STORE, EXIT_INTERRUPTED = 1, 2, 3, 4, 130
# What a terminal would obey instead of showing: names come from files that others made.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Command:
    """A command and the help that teaches it.

    Attributes
    ----------
    name : str
    function : what it does
    short_help : str, one line for the list of commands
    help : str, what it is for and what to know
    examples : tuple of str, commands that work when they are pasted
    """

    name: str
    function: Callable[..., None]
    short_help: str
    help: str
    examples: tuple[str, ...]

    @property
    def epilog(self) -> str:
        """The examples below the options."""
        return _show_examples(self.examples)


@dataclass(frozen=True)
class Group:
    """Commands under one name, such as ``norrsyn db check``.

    Attributes
    ----------
    name : str
    short_help, help : str, as for a command
    commands : tuple of Command
    alone : what the name does by itself, given its context; None where it only lists its commands
    """

    name: str
    short_help: str
    help: str
    commands: tuple[Command, ...]
    alone: Callable[..., None] | None = None

    @property
    def epilog(self) -> str:
        """The first example of each command below the list of commands."""
        return _show_examples(tuple(command.examples[0] for command in self.commands))


def _show_examples(examples: Sequence[str]) -> str:
    return "\n\n".join(["[bold]Examples[/bold]", *(f"[cyan]{example}[/cyan]" for example in examples)])


def report_errors(function: Callable[..., None]) -> Callable[..., None]:
    """Turn errors into a message on standard error and an exit code; with ``--json``, into problem JSON."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> None:
        try:
            function(*args, **options)
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            fail(error, as_json=bool(options.get("as_json")), lang=str(options.get("lang", "en")))

    return run


def fail(error: Exception, *, as_json: bool, lang: str = "en") -> NoReturn:
    """Say what went wrong, in a language as far as its words are known in it, and stop.

    Raises
    ------
    typer.Exit
    """
    code, kind, title = _classify(error)
    detail = str(error)
    if code == EXIT_UNEXPECTED:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = last.filename.replace("\\", "/").split("/")[-2:]
        detail = f"Unexpected {type(error).__name__} in {'/'.join(where)}, line {last.lineno}: {error}"
    detail, title, label = _say(error, detail, title, lang)
    if as_json:
        problem = {"type": f"urn:norrsyn:problem:{kind}", "title": title, "detail": detail, "exit_code": code}
        sys.stderr.write(json.dumps(problem, ensure_ascii=False) + "\n")
    else:
        note(f"{label}: {detail}", style="red")
    raise typer.Exit(code) from error


def _say(error: Exception, detail: str, title: str, lang: str) -> tuple[str, str, str]:
    """The same in a language, with the word for an error; what has no words in it stays English."""
    from api.errors import SaidError  # noqa: PLC0415  only a command that failed needs it
    from geo.planning.routes import InfeasibleError  # noqa: PLC0415
    from maps.i18n import LANGUAGES, say, translate  # noqa: PLC0415
    from maps.problem_words import say_problem  # noqa: PLC0415

    if lang not in LANGUAGES:
        return detail, title, "Error"
    if isinstance(error, SaidError):
        said = "\n".join(say(lang, sentence) for sentence in error.sentences)
    elif isinstance(error, InfeasibleError):
        said = " ".join(say(lang, reason.sentence) for reason in error.reasons)
    else:
        said = "\n".join(say_problem(lang, line) or line for line in detail.split("\n"))
    return said, say_problem(lang, title) or title, translate(lang, "Error")


def _classify(error: Exception) -> tuple[int, str, str]:
    from api.errors import find_kind  # noqa: PLC0415  only a command that failed needs it
    from geo.errors import ConfigError, InputError, NotFoundError, StoreError  # noqa: PLC0415

    kind = find_kind(error)
    codes: dict[type[Exception], int] = {
        InputError: EXIT_INPUT,
        NotFoundError: EXIT_NOT_FOUND,
        ConfigError: EXIT_STORE,
        StoreError: EXIT_STORE,
    }
    code = next((code for ancestor, code in codes.items() if isinstance(error, ancestor)), EXIT_UNEXPECTED)
    return code, kind.name, kind.title


def print_json(value: Any) -> None:
    """Write a value as JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def print_words(text: str, style: str = "") -> None:
    """Write words for a person on standard output; nothing in them is taken as markup or as a terminal command."""
    _print(text, style, to_error=False)


def note(text: str, style: str = "") -> None:
    """Write words on standard error."""
    _print(text, style, to_error=True)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = (), codes: Sequence[str] = ()
) -> None:
    """Write a table on standard output.

    Parameters
    ----------
    columns : headings
    rows : cells, already as text
    numbers : headings of the columns that are aligned to the right
    codes : headings of the columns that are copied from, and so never broken over lines
    """
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_number = column in numbers
        table.add_column(
            column, justify="right" if is_number else "left", no_wrap=is_number or column in codes, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    _console(to_error=False).print(table)


@contextmanager
def working(words: str) -> Iterator[Callable[[str], None]]:
    """Show that something is going on, on a terminal; elsewhere stay silent.

    Yields
    ------
    A function that says what is going on now.
    """
    console = _console(to_error=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.markup import escape  # noqa: PLC0415

    with console.status(escape(plain(words))) as status:
        yield lambda now: status.update(escape(plain(f"{words}: {now}")))


def plain(text: str) -> str:
    """A text without anything that a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _print(text: str, style: str, *, to_error: bool) -> None:
    lines = "\n".join(plain(line) for line in text.split("\n"))
    _console(to_error=to_error).print(lines, style=style or None, markup=False, highlight=False, soft_wrap=True)


def _console(*, to_error: bool) -> Any:
    from rich.console import Console  # noqa: PLC0415

    # made anew: tests and pipes exchange the streams
    return Console(stderr=to_error, emoji=False)
