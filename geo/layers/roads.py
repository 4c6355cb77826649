"""Roads: the lines that inspectors drive along. They carry no weight; distances and travel times are made of them.

Columns
-------
road_id : text
name : text, may be empty
road_class : text, code of ``road_classes``
speed_kmh : number, may be empty: then that of the class
circle, synthetic : see `geo.layers.base.common_columns`
geometry : line, EPSG:3006
"""

from __future__ import annotations

import pandera.pandas as pa

from geo.layers.base import Layer, common_columns, number, one_of, text

__all__ = ["LAYER", "SCHEMA"]

_FASTEST_KMH = 120.0

SCHEMA = pa.DataFrameSchema(
    {
        "road_id": text("Id of the road or of the piece of it"),
        "name": text("Name or number of the road", nullable=True, required=False),
        "road_class": text("Class of the road", one_of("road_classes", "road_class", "class of road")),
        "speed_kmh": number(
            "Speed of a car in fair weather, km/h; empty: that of the class",
            pa.Check.gt(0, error="must be above 0"),
            pa.Check.le(_FASTEST_KMH, error=f"must be at most {_FASTEST_KMH:.0f} km/h"),
            nullable=True,
            required=False,
        ),
        **common_columns(),
    }
)

LAYER = Layer(
    name="roads",
    title="Roads",
    id_columns=("road_id",),
    geometry_types=frozenset({"LineString", "MultiLineString"}),
    schema=SCHEMA,
)
