"""What a section of the evidence hands over, and how it says that its data is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DataMissingError", "Section", "draw_table", "require_file"]


class DataMissingError(Exception):
    """A public file that a section rests on is not in the data folder."""


@dataclass(frozen=True)
class Section:
    """One heading of docs/evidence.md.

    Attributes
    ----------
    title : str
        The heading, without marks.
    text : str
        Markdown below it: tables with the peers' published numbers beside ours, seeds, what was tried. It may hold
        headings from level 3 on.
    """

    title: str
    text: str


def require_file(path: Path) -> Path:
    """The path, if there is a file.

    Raises
    ------
    DataMissingError
    """
    if not path.is_file():
        message = f"{path} is not there"
        raise DataMissingError(message)
    return path


def draw_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up on a terminal; all but the first are set to the right."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    rule = tuple("-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths))
    padded = (
        [
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in (lines[0], rule, *lines[1:])
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
