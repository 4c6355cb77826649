"""What happened to a file on its way into a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import geopandas as gpd

__all__ = ["SHOWN_IDS", "Reading", "Report"]

SHOWN_IDS = 20


@dataclass(frozen=True)
class Report:
    """Every row and every column of a file accounted for.

    ``rows_read`` is the sum of ``rows_skipped``, ``rows_filtered_out``, ``rows_duplicate``, ``rows_outside_region`` and
    ``rows_accepted``.

    Attributes
    ----------
    layer : str
    source_name : str, the file's name without its folder
    source_sha256 : str, 64 hexadecimal digits
    source_size : int, bytes
    crs : str, what the coordinates were in
    rows_read : int, rows of the file
    rows_skipped : int, rows left out by their number
    rows_filtered_out : int, other rows that ``where`` left out
    rows_duplicate : int, rows that repeat an earlier one exactly
    rows_outside_region : int, rows in Sweden but more than 15 km outside Region Nord
    rows_accepted : int, rows of the frame
    refused_columns : column to reason; their values went nowhere
    unused_columns : columns that the layer does not know
    renamed : column in the file to column of the layer
    set_values : column to the value that all rows got
    where : column in the file to the value that rows had to have
    made_ids : bool, whether ids were made from the content, the file having none
    outside_ids : ids of rows outside the region (``row 7`` where the file has no ids), the first 20
    repaired_ids : ids of rows whose shape was not valid and was repaired, the first 20
    rows_repaired : int, accepted rows whose shape was not valid and was repaired
    skipped_rows : numbers of rows left out by their number
    notes : what else a reader of the report should know, English
    """

    layer: str
    source_name: str
    source_sha256: str
    source_size: int
    crs: str
    rows_read: int
    rows_skipped: int
    rows_filtered_out: int
    rows_duplicate: int
    rows_outside_region: int
    rows_accepted: int
    refused_columns: Mapping[str, str] = field(default_factory=dict)
    unused_columns: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    set_values: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    made_ids: bool = False
    outside_ids: tuple[str, ...] = ()
    repaired_ids: tuple[str, ...] = ()
    rows_repaired: int = 0
    skipped_rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("refused_columns", "renamed", "set_values", "where"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain dicts, lists, text and numbers, ready for JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: _plain(value) for name, value in values.items()}


@dataclass(frozen=True, eq=False)
class Reading:
    """A file read into a layer.

    Attributes
    ----------
    frame : GeoDataFrame, EPSG:3006, in the layer's canonical form
    report : Report
    """

    frame: gpd.GeoDataFrame
    report: Report


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
