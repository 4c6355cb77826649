"""Large new establishments, phase by phase: what can follow in their wake depends on who is there when.

One row is one establishment during one period; a plant that opens has several rows. Points and lines (railways,
roads, power lines) stand side by side; a line's workforce is spread evenly along it.

Columns
-------
establishment_id : text
name : text
sector : text, sector group that dominates on site
phase : text, code of ``establishment_phases``
active_from, active_to : dates, both ends included; an empty start is "always", an empty end is open
workforce, beds : numbers during the period
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point or line, EPSG:3006
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import numpy as np
import pandera.pandas as pa
import shapely

from geo.layers.base import Layer, Points, active_on, common_columns, day, number, one_of, period_rules, text
from geo.layers.failures import Failure, fail_where
from geo.reference import model_parameters, phase_weights

__all__ = ["LAYER", "SCHEMA", "to_arrays"]

SCHEMA = pa.DataFrameSchema(
    {
        "establishment_id": text("Id of the establishment"),
        "name": text("Name of the establishment", nullable=True, required=False),
        "sector": text(
            "Sector group that dominates on site",
            one_of("sectors", "sector", "sector group"),
            required=False,
            default="construction",
        ),
        "phase": text("Phase", one_of("establishment_phases", "phase", "phase")),
        "active_from": day("First day of the phase; empty: always", nullable=True, required=False),
        "active_to": day("Last day of the phase; empty: open", nullable=True, required=False),
        "workforce": number("Workers during the phase; at most 200000", most=200_000),
        "beds": number("Beds for workers during the phase", required=False, default=0.0),
        **common_columns(),
    }
)
# points of a line stand at most this share of the bandwidth apart: the kernel's error is then below 1 %
_LINE_STEP = 0.1


def to_arrays(
    frame: gpd.GeoDataFrame,
    at: date,
    sectors: frozenset[str] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Points:
    """Establishments in their phase on a day, weighted by workforce × phase weight.

    Parameters
    ----------
    frame : GeoDataFrame of this layer
    at : date
    sectors : sector groups to keep; None keeps all
    parameters : may override ``establishments_bandwidth_m``

    Returns
    -------
    Points
        ``weight`` in weighted workers, ``size`` in workers, ``group`` the phase; lines as evenly spaced points.
    """
    settings = {**model_parameters(), **(parameters or {})}
    bandwidth_m = settings["establishments_bandwidth_m"]
    workforce = frame["workforce"].to_numpy(dtype=np.float64)
    weight = workforce * phase_weights(frame["phase"])
    keep = active_on(frame, at) & (weight > 0)
    if sectors is not None:
        keep &= frame["sector"].isin(sorted(sectors)).to_numpy(dtype=bool)
    row, easting, northing, share = _spread(frame.geometry.to_numpy()[keep], bandwidth_m * _LINE_STEP)
    position = np.flatnonzero(keep)[row]
    return Points(
        ids=frame["establishment_id"].to_numpy(dtype=object)[position],
        group=frame["phase"].to_numpy(dtype=object)[position],
        easting=easting,
        northing=northing,
        weight=weight[position] * share,
        size=workforce[position] * share,
        bandwidth_m=np.full(len(position), bandwidth_m),
    )


def _spread(geometries: np.ndarray, step_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points as they are, lines as the midpoints of equal pieces: row, easting, northing, share of the row's weight."""
    rows: list[int] = []
    points: list[shapely.Point] = []
    shares: list[float] = []
    for row, geometry in enumerate(geometries):
        if geometry.geom_type == "Point":
            pieces = [geometry]
        else:
            n_pieces = max(1, int(np.ceil(geometry.length / step_m)))
            pieces = [geometry.interpolate((i + 0.5) / n_pieces, normalized=True) for i in range(n_pieces)]
        rows += [row] * len(pieces)
        points += pieces
        shares += [1 / len(pieces)] * len(pieces)
    xy = shapely.get_coordinates(points)
    return np.array(rows, dtype=np.int64), xy[:, 0].copy(), xy[:, 1].copy(), np.array(shares)


def _check_phases(frame: gpd.GeoDataFrame) -> list[Failure]:
    ordered = frame.sort_values(["establishment_id", "active_from"], na_position="first")
    before = ordered.groupby("establishment_id").shift()
    same = ordered["establishment_id"].eq(ordered["establishment_id"].shift())
    # an empty start reaches back for ever, an empty end never comes
    overlap = same & ~(ordered["active_from"] > before["active_to"])
    bad = overlap.reindex(frame.index).to_numpy(dtype=bool)
    return fail_where(
        "active_from",
        "phases of one establishment overlap",
        "end one before the next begins",
        bad,
        frame["establishment_id"],
    )


LAYER = Layer(
    name="establishments",
    title="Establishments",
    id_columns=("establishment_id", "active_from"),
    geometry_types=frozenset({"Point", "LineString", "MultiLineString"}),
    schema=SCHEMA,
    to_arrays=to_arrays,
    site_title="name",
    rules=period_rules,
    frame_rules=_check_phases,
)
