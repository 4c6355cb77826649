"""Options that several commands share, and how ``name=value`` is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from geo.store.files import StoredLayers

__all__ = ["CountyOption", "HomeOption", "JsonOption", "LanguageOption", "read_layers", "read_pairs", "read_settings"]

T = TypeVar("T")

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Data folder. Default: NORRSYN_HOME, else ./norrsyn-data.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
CountyOption = Annotated[
    str | None, typer.Option("--county", help="Only this county: 22, 23, 24 or 25.", show_default=False)
]
LanguageOption = Annotated[str, typer.Option("--lang", help="Language of the words: sv or en.")]


def read_settings(home: Path | None, public_url: str | None = None) -> Settings:
    """Settings from the environment, with another data folder and address of the server where they are given.

    Raises
    ------
    ConfigError
    """
    from api.settings import load_settings  # noqa: PLC0415

    return load_settings(home=home, public_url=public_url)


def read_layers(folder: Path) -> StoredLayers:
    """The layers of a data folder that has some.

    Raises
    ------
    NotFoundError, StoreError
    """
    from geo.errors import NotFoundError  # noqa: PLC0415
    from geo.store.files import load_layers  # noqa: PLC0415

    layers = load_layers(folder)
    if not layers.hashes:
        message = f"{folder} holds no layers; fill it with `norrsyn demo` or `norrsyn import`."
        raise NotFoundError(message)
    return layers


def read_pairs(option: str, pairs: Iterable[str] | None, convert: Callable[[str], T]) -> Mapping[str, T]:
    """``name=value`` as given several times to one option.

    Raises
    ------
    ParameterError
        All pairs that cannot be read, in one message.
    """
    from geo.errors import ParameterError  # noqa: PLC0415

    found: dict[str, T] = {}
    failures = []
    for pair in pairs or ():
        name, sign, value = pair.partition("=")
        name = name.strip()
        if not (name and sign):
            failures.append(f"{pair!r} has not the form name=value")
        elif name in found:
            failures.append(f"{name} is given twice")
        else:
            try:
                found[name] = convert(value)
            except ValueError:
                failures.append(f"{value!r} (for {name}) is not a number")
    if failures:
        message = f"{option} cannot be used: {'; '.join(failures)}."
        raise ParameterError(message)
    return found
