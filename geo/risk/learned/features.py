"""What the score's components said of a place before anybody went there."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from geo.layers.bundle import Layers
from geo.region import region_grid
from geo.risk.learned.history import Visits, recall_layers
from geo.risk.model import Model, saturate
from geo.risk.tiles import prepare_inputs

__all__ = ["find_cells", "measure_features", "quarter_before"]

_MONTHS_PER_QUARTER = 3


def quarter_before(day: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """(n,) datetime64[D]: the last first day of a quarter that lies before each day; the day itself does not count."""
    month = (day.astype("datetime64[D]") - np.timedelta64(1, "D")).astype("datetime64[M]").astype(np.int64)
    quarter = month // _MONTHS_PER_QUARTER * _MONTHS_PER_QUARTER
    return quarter.astype("datetime64[M]").astype("datetime64[D]")


def find_cells(visits: Visits, model: Model) -> NDArray[np.int64]:
    """(n,) int64: the cell of each visit on Region Nord's grid at the model's cell size; -1 outside."""
    grid = region_grid(model.parameters["fitted_cell_m"])
    row, col = grid.cell_at(visits.easting, visits.northing)
    return np.where(row >= 0, row * grid.n_cols + col, -1).astype(np.int64)


def measure_features(
    layers: Layers, cell: NDArray[np.int64], scored_on: NDArray[np.datetime64], model: Model
) -> NDArray[np.float64]:
    """Each component's ``φ(x)`` in a visit's cell, scored on a day with what was known that day.

    Parameters
    ----------
    layers : Layers
    cell : (n,) int64, as `find_cells` gives it, >= 0
    scored_on : (n,) datetime64[D]; few different ones, each costs a preparation of all components
    model : Model, for reference levels and parameters; its weights do not matter

    Returns
    -------
    (n, n_components) float64, 0 to below 1, in the order of the model's components
    """
    grid = region_grid(model.parameters["fitted_cell_m"])
    features = np.zeros((len(cell), len(model.components)))
    for day in np.unique(scored_on):
        at: date = day.astype("datetime64[D]").item()
        inputs = prepare_inputs(recall_layers(layers, at), at, None, model)
        here = np.flatnonzero(scored_on == day)
        distinct, which = np.unique(cell[here], return_inverse=True)
        places = [divmod(int(each), grid.n_cols) for each in distinct]
        for column, component in enumerate(model.components):
            source = inputs.sources[component.name]
            values = np.array([source.value_at(grid, row, col) for row, col in places])
            features[here, column] = saturate(values, component.reference_level)[which]
    return features
