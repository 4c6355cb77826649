"""The words under which a record of any layer is shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import geopandas as gpd

from geo.reference import municipality_names
from geo.risk.components.base import Driver
from geo.risk.words import Sentence, title_sentence

__all__ = ["ID_COLUMNS", "RecordNames", "list_titles"]

ID_COLUMNS = {
    "workplaces": "workplace_id",
    "accommodation": "accommodation_id",
    "establishments": "establishment_id",
}


class RecordNames:
    """What records are called: the name they were imported with, else their id.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame
    """

    def __init__(self, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
        self._layers = layers

    @cached_property
    def _titles(self) -> Mapping[str, Mapping[str, str]]:
        return {
            # a list of plain text is walked several times quicker than a column
            name: dict(zip(self._layers[name][column].tolist(), list_titles(self._layers[name], column), strict=True))
            for name, column in ID_COLUMNS.items()
        }

    def prepare(self) -> None:
        """Look up all titles now, which the first question would otherwise wait for."""
        self._titles  # noqa: B018  looked up on first use

    def find_title(self, layer: str, record_id: str) -> str:
        """What a record is called; its id where it is not there."""
        return self._titles.get(layer, {}).get(record_id, record_id)

    def name_driver(self, driver: Driver) -> Sentence:
        """The title of a record behind a score, ready to be translated."""
        if driver.layer in {"findings", "reported"}:
            return title_sentence("indicators", "indicator", driver.group)
        if driver.layer == "sectors":
            name = municipality_names().get(driver.record_id, driver.record_id)
        else:
            name = self.find_title(driver.layer, driver.record_id)
        return Sentence("{name}", {"name": name})


def list_titles(frame: gpd.GeoDataFrame, id_column: str) -> list[str]:
    """What each record of a layer is called: its name, else its id."""
    name = frame["name"]
    titles: list[str] = name.where(name.notna() & (name != ""), frame[id_column]).tolist()
    return titles
