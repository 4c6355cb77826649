"""What is wrong with a frame: rule by rule, row by row, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import CRSError, GeometryError, InputError, SchemaError
from geo.layers.persons import hide_personal_numbers

__all__ = ["Failure", "as_error", "fail_where", "find_failed_rows"]

_SHOWN_ROWS = 5
_SHOWN_VALUES = 3


@dataclass(frozen=True, eq=False)
class Failure:
    """One rule, and the rows that break it.

    Attributes
    ----------
    column : str, ``geometry`` among others; empty for a row as a whole
    rule : str, what is wrong, in words that hold for every one of the rows
    remedy : str, what to do about it
    rows : positions of rows; empty where the frame as a whole is meant, such as a missing column
    got : what stood in each of the rows, as it may be shown; empty where no single value is to blame
    kind : the error that is raised if all failures are of this kind
    """

    column: str
    rule: str
    remedy: str = ""
    rows: tuple[int, ...] = ()
    got: tuple[str, ...] = ()
    kind: type[InputError] = SchemaError

    def say(self, names: Sequence[str] = ()) -> str:
        """The failure in one line, with the first rows by name and the first values.

        Parameters
        ----------
        names : what to call each row of the frame; without them, rows are left out
        """
        words = f"{self.column}: {self.rule}" if self.column else self.rule
        if shown := list(dict.fromkeys(self.got))[:_SHOWN_VALUES]:
            words += f" (got {', '.join(shown)})"
        if self.remedy:
            words += f"; {self.remedy}"
        if self.rows and names:
            more = len(self.rows) - _SHOWN_ROWS
            words += f" — {len(self.rows)} row(s): {', '.join(names[row] for row in self.rows[:_SHOWN_ROWS])}"
            words += f" and {more} more" if more > 0 else ""
        # a value or an id that is somebody's number must not come back in a message
        return hide_personal_numbers(words)


def fail_where(
    column: str,
    rule: str,
    remedy: str,
    bad: NDArray[np.bool_],
    values: Iterable[object] | None = None,
    kind: type[InputError] = SchemaError,
) -> list[Failure]:
    """One failure for the rows that are marked, none where no row is.

    Parameters
    ----------
    column, rule, remedy, kind : as in `Failure`
    bad : (n,) bool
    values : (n,) what stands in each row, optional
    """
    rows = tuple(np.flatnonzero(bad).tolist())
    if not rows:
        return []
    shown = () if values is None else tuple(str(value) for value, is_bad in zip(values, bad, strict=True) if is_bad)
    return [Failure(column, rule, remedy, rows, shown, kind)]


def find_failed_rows(failures: Iterable[Failure], n_rows: int) -> NDArray[np.bool_]:
    """(n_rows,) bool: rows that break any rule."""
    failed = np.zeros(n_rows, dtype=bool)
    for failure in failures:
        failed[list(failure.rows)] = True
    return failed


def as_error(head: str, failures: Sequence[Failure], names: Sequence[str] = (), tail: Iterable[str] = ()) -> InputError:
    """All failures as one error: a `CRSError` or `GeometryError` if they are of that kind only, else a `SchemaError`.

    Parameters
    ----------
    head : first line
    failures : one line each
    names : what to call each row
    tail : last lines
    """
    lines = tuple(failure.say(names) for failure in failures)
    message = "\n".join([head, *(f"  - {line}" for line in lines), *tail])
    kinds = {failure.kind for failure in failures}
    if kinds == {CRSError}:
        return CRSError(message)
    if kinds <= {CRSError, GeometryError}:
        return GeometryError(message)
    return SchemaError(message, lines)
