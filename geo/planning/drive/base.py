"""What a provider of drive times answers, and how several of them stand in for one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import NorrsynError, ParameterError, ShapeError
from geo.risk.words import Sentence

__all__ = ["DriveError", "DriveMatrix", "DriveProvider", "FirstThatAnswers", "check_places"]


_SHOWN = 5


class DriveError(NorrsynError):
    """A provider of drive times that cannot answer now.

    Attributes
    ----------
    problem : Sentence, why
    """

    def __init__(self, problem: Sentence) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, eq=False)
class DriveMatrix:
    """Drive times between places.

    Attributes
    ----------
    minutes : (n, n) float64, from the place of the row to that of the column; infinite where no road leads there, 0 on
        the diagonal
    distance_m : (n, n) float64, m along the way; infinite where no road leads there
    provider : code of what they come from: ``estimate``, ``roads`` or ``osrm``
    notes : what people must be told of them, such as that they are estimates, or that another provider did not answer
    """

    minutes: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    provider: str
    notes: tuple[Sentence, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.minutes, self.distance_m):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.minutes)

    def unreachable_from(self, start: int) -> NDArray[np.intp]:
        """Positions of the places to which, or from which back to the start, no road leads."""
        return np.flatnonzero(~np.isfinite(self.minutes[start]) | ~np.isfinite(self.minutes[:, start]))


class DriveProvider(Protocol):
    """Whoever knows how long a drive takes."""

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """Drive times between all pairs of places.

        Parameters
        ----------
        easting, northing : (n,) float, m, EPSG:3006

        Raises
        ------
        DriveError
            There is no answer now; another provider may have one.
        ParameterError, ShapeError
        """
        ...


@dataclass(frozen=True)
class FirstThatAnswers:
    """Providers in the order in which they are asked; the answer's notes say which of them did not answer, and why.

    Attributes
    ----------
    providers : best first, at least one
    """

    providers: tuple[DriveProvider, ...]

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """See `DriveProvider.drive`."""
        failures: list[Sentence] = []
        for provider in self.providers[:-1]:
            try:
                answer = provider.drive(easting, northing)
            except DriveError as error:
                failures.append(
                    Sentence("Drive times fell back to another source: {problem}", {"problem": error.problem})
                )
            else:
                return replace(answer, notes=(*failures, *answer.notes))
        answer = self.providers[-1].drive(easting, northing)
        return replace(answer, notes=(*failures, *answer.notes))


def check_places(easting: ArrayLike, northing: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates as two (n,) float64 arrays.

    Raises
    ------
    ShapeError
        They are not two lists of one length.
    ParameterError
        Some are not finite.
    """
    x, y = np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        message = f"easting and northing must be two lists of one length, not of shapes {x.shape} and {y.shape}."
        raise ShapeError(message)
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        message = f"{_places(wrong)} without finite coordinates; give metres in EPSG:3006."
        raise ParameterError(message)
    return x, y


def _places(positions: Sequence[int] | NDArray[np.intp]) -> str:
    shown = ", ".join(str(int(position)) for position in positions[:_SHOWN])
    more = f" and {len(positions) - _SHOWN} more" if len(positions) > _SHOWN else ""
    return f"Places at positions {shown}{more}"
