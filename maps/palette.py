"""Score classes as colours and as a raster; breaks, names and colours come from the reference tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.errors import ConfigError, ShapeError
from geo.polygons import row_bands
from geo.reference import ScoreClass, difference_classes, score_classes

__all__ = ["CLASS_NOT_DRAWN", "class_colours", "class_of", "classify", "count_classes", "order_differences"]

CLASS_NOT_DRAWN = 0
# States of a cell, as a surface counts them: 0 outside, 1 nothing known, 2 never inspected, 3 inspected.
_FIRST_DRAWN_STATE = 2
_COLOUR = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")
_MAX_CLASSES = 99


def class_colours(classes: Sequence[ScoreClass] | None = None) -> NDArray[np.uint8]:
    """Colours as tiles want them.

    Parameters
    ----------
    classes : sequence of ScoreClass, optional
        Lowest first; those of the reference table when left out.

    Returns
    -------
    (n_classes + 1, 4) uint8
        RGBA by class, opaque; row 0, which is not drawn, is clear.

    Raises
    ------
    ConfigError
        A colour that is not written ``#RRGGBB``.
    """
    return paint_classes(_checked(classes))


def paint_classes(classes: Sequence[ScoreClass]) -> NDArray[np.uint8]:
    """Colours of classes in the order given; see `class_colours`."""
    colours = np.zeros((len(classes) + 1, 4), dtype=np.uint8)
    for position, one in enumerate(classes, start=1):
        match = _COLOUR.fullmatch(one.colour)
        if match is None:
            message = f"Score class {one.code} has colour {one.colour!r}; write it as #RRGGBB."
            raise ConfigError(message)
        colours[position] = [*(int(part, 16) for part in match.groups()), 255]
    return colours


def classify(
    score: NDArray[np.float32], state: NDArray[np.uint8], classes: Sequence[ScoreClass] | None = None
) -> NDArray[np.uint8]:
    """Put every cell into its class.

    Parameters
    ----------
    score : (n_rows, n_cols) float, 0 to 100, NaN where there is none
    state : (n_rows, n_cols) uint8
        0 outside, 1 nothing known, 2 never inspected, 3 inspected.
    classes : sequence of ScoreClass, optional

    Returns
    -------
    (n_rows, n_cols) uint8
        From 1; 0 where nothing is drawn: outside, nothing known, or no score.

    Raises
    ------
    ShapeError
    """
    if score.shape != state.shape:
        message = f"score has shape {score.shape}, state {state.shape}; they must be equal."
        raise ShapeError(message)
    breaks = [one.low for one in _checked(classes)[1:]]
    classed = np.empty(score.shape, dtype=np.uint8)
    scores, states, codes = score.reshape(-1), state.reshape(-1), classed.reshape(-1)
    for part in row_bands(slice(0, score.size), 1):
        # Comparing float64, not subtracting, so that a score exactly on a break has one class on every machine.
        values = scores[part].astype(np.float64)
        codes[part] = 1
        for low in breaks:
            codes[part] += values >= low
        drawn = (states[part] >= _FIRST_DRAWN_STATE) & np.isfinite(values)
        codes[part][~drawn] = CLASS_NOT_DRAWN
    return classed


def class_of(score: float, classes: Sequence[ScoreClass] | None = None) -> ScoreClass | None:
    """Class of one score; None for NaN."""
    classes = _checked(classes)
    code = int(classify(np.array([score], np.float64), np.array([_FIRST_DRAWN_STATE], np.uint8), classes)[0])
    return classes[code - 1] if code else None


def count_classes(classed: NDArray[np.uint8], classes: Sequence[ScoreClass] | None = None) -> list[int]:
    """How many cells each class has, lowest class first.

    Parameters
    ----------
    classed : uint8, as `classify` gives it
    classes : sequence of ScoreClass, optional

    Returns
    -------
    list of n_classes int
    """
    n_classes = len(_checked(classes))
    codes = classed.reshape(-1)
    counts = np.zeros(n_classes + 1, dtype=np.int64)
    for part in row_bands(slice(0, codes.size), 1):
        counts += np.bincount(codes[part], minlength=n_classes + 1)[: n_classes + 1]
    found: list[int] = counts[1:].tolist()
    return found


def order_differences() -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """The classes of a difference as tiles want them: a larger change has a larger code, so that overviews keep it.

    Returns
    -------
    codes : (n_classes + 1,) uint8, the tiles' code by position in ``difference_classes`` from 1; 0 stays 0
    colours : (n_classes + 1, 4) uint8, RGBA by the tiles' code
    falls : (n_classes + 1,) bool by position; falls are striped, so that they differ from rises without colour too
    """
    classes = difference_classes()
    middle = len(classes) // 2
    by_size = sorted(range(len(classes)), key=lambda at: (abs(at - middle), at))
    codes = np.zeros(len(classes) + 1, dtype=np.uint8)
    codes[[at + 1 for at in by_size]] = np.arange(1, len(classes) + 1)
    falls = np.arange(len(classes) + 1) - 1 < middle
    falls[0] = False
    return codes, paint_classes([classes[at] for at in by_size]), falls


def _checked(classes: Sequence[ScoreClass] | None) -> Sequence[ScoreClass]:
    classes = score_classes() if classes is None else classes
    lows = [one.low for one in classes]
    if not 1 <= len(classes) <= _MAX_CLASSES or lows != sorted(set(lows)):
        message = f"There must be 1 to {_MAX_CLASSES} score classes, lowest first, got breaks {lows}."
        raise ConfigError(message)
    return classes
