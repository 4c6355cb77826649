"""From files that others made to frames that a layer accepts, without trusting the files.

>>> from geo.layers.registry import get_layer
>>> from geo.reading import read_layer_file
>>> reading = read_layer_file("roads.geojson", get_layer("workplaces"), set_values={"sni": "42.11", "employees": 40})
>>> reading.report.rows_accepted
"""

from __future__ import annotations

from geo.reading.files import read_layer_file
from geo.reading.gdal import shut_doors
from geo.reading.report import Reading, Report

__all__ = ["Reading", "Report", "read_layer_file", "shut_doors"]
