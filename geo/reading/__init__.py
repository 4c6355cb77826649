"""From files that others made to frames that a layer accepts, without trusting the files.

>>> from geo.reading import read_layer
>>> frame, report = read_layer("roads.geojson", "workplaces", set_values={"sni": "42.11", "employees": 40})
>>> report.rows_accepted
"""

from __future__ import annotations

from geo.reading.files import read_layer_file
from geo.reading.gdal import shut_doors
from geo.reading.isolated import read_layer
from geo.reading.report import Reading, Report

__all__ = ["Reading", "Report", "read_layer", "read_layer_file", "shut_doors"]
