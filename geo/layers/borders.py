"""Municipality borders that replace the packaged ones.

Columns
-------
municipality : text, 4-digit code
name : text
geometry : polygon, EPSG:3006
"""

from __future__ import annotations

import geopandas as gpd
import pandera.pandas as pa

from geo.layers.base import Layer, common_columns, one_of, text
from geo.layers.failures import Failure
from geo.reference import read_table

__all__ = ["LAYER", "SCHEMA"]

SCHEMA = pa.DataFrameSchema(
    {
        "municipality": text(
            "4-digit municipality code", one_of("municipalities", "municipality", "municipality of Region Nord")
        ),
        "name": text("Name of the municipality", nullable=True, required=False),
        **common_columns(),
    }
)


def _check_all_there(frame: gpd.GeoDataFrame) -> list[Failure]:
    missing = sorted(set(read_table("municipalities")["municipality"]) - set(frame["municipality"]))
    if frame.empty or not missing:
        return []
    return [Failure("municipality", "borders replace all 44 at once", f"add those missing: {', '.join(missing)}")]


LAYER = Layer(
    name="borders",
    title="Municipality borders",
    id_columns=("municipality",),
    geometry_types=frozenset({"Polygon", "MultiPolygon"}),
    schema=SCHEMA,
    frame_rules=_check_all_there,
)
