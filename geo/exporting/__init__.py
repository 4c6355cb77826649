"""Layers as files for other programs, with all that is needed to understand them and to read them again unchanged.

>>> from geo.exporting import export_layer
>>> export_layer("norrsyn-data", "workplaces", "workplaces.gpkg").rows
"""

from __future__ import annotations

from geo.exporting.layer import Exported, export_layer

__all__ = ["Exported", "export_layer"]
