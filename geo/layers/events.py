"""Events from public sources, for validating a map and for nothing else: no component of the score reads them.

A calendar of police events, for instance, tells where things happen that are seen and published. That is no report of
labour exploitation, so it never stands among `reported`; but a model may be tried on it, and a map compared with it.

Columns
-------
event_id : text
happened_on : date
kind : text, the source's own word for it, may be empty
precision, spread_m : how well the position is known, see `geo.layers.base.position_columns`
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point, EPSG:3006
"""

from __future__ import annotations

import pandera.pandas as pa

from geo.layers.base import Layer, common_columns, day, position_columns, text

__all__ = ["LAYER", "SCHEMA"]

# a category, not a story
_LONGEST = 60

SCHEMA = pa.DataFrameSchema(
    {
        "event_id": text("Id of the event"),
        "happened_on": day("Day of the event"),
        "kind": text(
            "What happened, in the source's word for it",
            pa.Check.str_length(max_value=_LONGEST, error=f"must be a word or two, at most {_LONGEST} characters"),
            nullable=True,
            required=False,
        ),
        **position_columns(),
        **common_columns(),
    }
)

LAYER = Layer(
    name="events",
    title="Events for validation",
    id_columns=("event_id",),
    geometry_types=frozenset({"Point"}),
    schema=SCHEMA,
)
