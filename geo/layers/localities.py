"""Localities: named places with inhabitants, for place search and for saying where a cell is.

Columns
-------
locality_id : text
name : text
population : number
geometry : point, EPSG:3006
"""

from __future__ import annotations

import pandera.pandas as pa

from geo.layers.base import Layer, common_columns, number, text

__all__ = ["LAYER", "SCHEMA"]

SCHEMA = pa.DataFrameSchema(
    {
        "locality_id": text("Code of the locality"),
        "name": text("Name of the locality"),
        "population": number("Inhabitants", required=False, default=0.0),
        **common_columns(),
    }
)

LAYER = Layer(
    name="localities",
    title="Localities",
    id_columns=("locality_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
)
