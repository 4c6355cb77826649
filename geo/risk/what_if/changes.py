"""Changes that a planner asks about, each as records to take out of the layers and to put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import SWEREF99_TM
from geo.errors import NotFoundError, ParameterError
from geo.layers.bundle import Layers
from geo.reference import read_table, sectors_of
from geo.risk.what_if.periods import cut_periods, find_period, in_seconds
from geo.risk.words import Sentence, title_sentence

__all__ = ["AddAccommodation", "AddEstablishment", "Change", "CloseSite", "SetPhase", "WithdrawSector"]

_SITE_LAYERS = ("workplaces", "accommodation", "establishments")
_ID = "what-if"


class Change(Protocol):
    """Something that may happen."""

    def apply(self, layers: Layers, at: date) -> Layers:
        """The layers after it; `at` is the day from which it holds where it names none itself.

        Raises
        ------
        ParameterError, NotFoundError, InputError
        """

    def describe(self) -> Sentence:
        """The change in words, to follow "if"."""


@dataclass(frozen=True)
class AddEstablishment:
    """A large establishment opens.

    Attributes
    ----------
    workforce : float, people
    geometry : point or line, EPSG:3006; left out, the point of `easting` and `northing`
    easting, northing : float, m, EPSG:3006
    phase : str, code of ``establishment_phases``
    sector : str, sector group that dominates on site
    beds : float
    active_from, active_to : date, both included; left out, always and open
    name : str
    """

    workforce: float
    geometry: BaseGeometry | None = None
    easting: float | None = None
    northing: float | None = None
    phase: str = "construction_peak"
    sector: str = "construction"
    beds: float = 0.0
    active_from: date | None = None
    active_to: date | None = None
    name: str = ""

    def apply(self, layers: Layers, at: date) -> Layers:  # noqa: ARG002
        """See `Change`."""
        row = {
            "establishment_id": _new_id(layers["establishments"]["establishment_id"]),
            "name": self.name or None,
            "sector": self.sector,
            "phase": self.phase,
            "active_from": self.active_from,
            "active_to": self.active_to,
            "workforce": _read_number("workforce", self.workforce),
            "beds": _read_number("beds", self.beds),
            "geometry": _place(self.geometry, self.easting, self.northing),
        }
        return layers.updated({"establishments": _frame([row])})

    def describe(self) -> Sentence:
        """See `Change`."""
        values = {
            "workers": round(self.workforce),
            "phase": title_sentence("establishment_phases", "phase", self.phase),
        }
        return Sentence("an establishment opens, phase “{phase}”, workers: {workers}", values)


@dataclass(frozen=True)
class SetPhase:
    """An establishment goes into a phase: it is suspended, say, or its construction begins early.

    Attributes
    ----------
    establishment_id : str
    phase : str, code of ``establishment_phases``
    starts, ends : date, both included; the scoring date and open where left out
        What its periods said of these days no longer holds.
    workforce, beds : float; those of the period that `starts` falls into, or of the last one before, where left out
    """

    establishment_id: str
    phase: str
    starts: date | None = None
    ends: date | None = None
    workforce: float | None = None
    beds: float | None = None

    def apply(self, layers: Layers, at: date) -> Layers:
        """See `Change`."""
        frame = layers["establishments"]
        periods = frame[frame["establishment_id"] == self.establishment_id]
        if periods.empty:
            message = f"There is no establishment {self.establishment_id!r}; see the layer establishments."
            raise NotFoundError(message)
        first = _read_day("starts", self.starts or at)
        last = None if self.ends is None else _read_day("ends", self.ends)
        if last is not None and last < first:
            message = f"The phase of {self.establishment_id} would end on {last.date()}, before {first.date()}."
            raise ParameterError(message)
        model = find_period(periods, first)
        new = model.assign(phase=self.phase, active_from=first, active_to=pd.NaT if last is None else last)
        if self.workforce is not None:
            new = new.assign(workforce=_read_number("workforce", self.workforce))
        if self.beds is not None:
            new = new.assign(beds=_read_number("beds", self.beds))
        parts = [in_seconds(part) for part in (*cut_periods(in_seconds(periods), first, last), new) if len(part)]
        together = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=frame.crs)
        return layers.updated({"establishments": together}, {"establishments": [self.establishment_id]})

    def describe(self) -> Sentence:
        """See `Change`."""
        values = {
            "establishment": self.establishment_id,
            "phase": title_sentence("establishment_phases", "phase", self.phase),
        }
        return Sentence("establishment {establishment} goes into the phase “{phase}”", values)


@dataclass(frozen=True)
class AddAccommodation:
    """Housing is added, such as a work camp of 400 beds.

    Attributes
    ----------
    easting, northing : float, m, EPSG:3006
    beds : float
    housing_type : str, code of ``housing_types``
    active_from, active_to : date, both included; left out, always and open
    name : str
    """

    easting: float
    northing: float
    beds: float
    housing_type: str = "work_camp"
    active_from: date | None = None
    active_to: date | None = None
    name: str = ""

    def apply(self, layers: Layers, at: date) -> Layers:  # noqa: ARG002
        """See `Change`."""
        row = {
            "accommodation_id": _new_id(layers["accommodation"]["accommodation_id"]),
            "name": self.name or None,
            "housing_type": self.housing_type,
            "beds": _read_number("beds", self.beds),
            "active_from": self.active_from,
            "active_to": self.active_to,
            "geometry": _place(None, self.easting, self.northing),
        }
        return layers.updated({"accommodation": _frame([row])})

    def describe(self) -> Sentence:
        """See `Change`."""
        housing = title_sentence("housing_types", "housing_type", self.housing_type)
        return Sentence(
            "housing of the kind “{housing}” is added, beds: {beds}", {"housing": housing, "beds": round(self.beds)}
        )


@dataclass(frozen=True)
class CloseSite:
    """A workplace, a housing site or an establishment is there no more.

    Attributes
    ----------
    layer : str, workplaces, accommodation or establishments
    record_id : str
    """

    layer: str
    record_id: str

    def apply(self, layers: Layers, at: date) -> Layers:  # noqa: ARG002
        """See `Change`."""
        if self.layer not in _SITE_LAYERS:
            message = f"{self.layer!r} has no sites to close; choose from {', '.join(_SITE_LAYERS)}."
            raise ParameterError(message)
        id_column = {"workplaces": "workplace_id", "accommodation": "accommodation_id"}.get(
            self.layer, "establishment_id"
        )
        if not (layers[self.layer][id_column] == self.record_id).any():
            message = f"There is no {self.record_id!r} in the layer {self.layer}."
            raise NotFoundError(message)
        return layers.updated(None, {self.layer: [self.record_id]})

    def describe(self) -> Sentence:
        """See `Change`."""
        return Sentence("site {site} closes", {"site": self.record_id})


@dataclass(frozen=True)
class WithdrawSector:
    """A sector's permits vanish, and with them its people, all or a share of them at every workplace.

    Statistics of areas stay as they are: they are those of a year that is over.

    Attributes
    ----------
    sector : str, sector group
    share : float, above 0 and at most 1, of the employees
    """

    sector: str
    share: float = 1.0

    def apply(self, layers: Layers, at: date) -> Layers:  # noqa: ARG002
        """See `Change`."""
        known = list(read_table("sectors")["sector"])
        failures = []
        if self.sector not in known:
            failures.append(f"there is no sector group {self.sector!r}; choose from {', '.join(known)}")
        if not (isinstance(self.share, (int, float)) and 0 < self.share <= 1):
            failures.append(f"share must be above 0 and at most 1, got {self.share!r}")
        if failures:
            message = f"The sector cannot be withdrawn: {'; '.join(failures)}."
            raise ParameterError(message)
        frame = layers["workplaces"]
        is_hit = np.asarray(sectors_of(frame["sni"], frame["sni_version"]) == self.sector, dtype=bool)
        hit = frame[is_hit]
        if hit.empty:
            return layers
        gone = {"workplaces": hit["workplace_id"].tolist()}
        if self.share == 1:
            return layers.updated(None, gone)
        left = hit.assign(employees=hit["employees"] * (1 - self.share))
        return layers.updated({"workplaces": left}, gone)

    def describe(self) -> Sentence:
        """See `Change`."""
        values = {
            "sector": title_sentence("sectors", "sector", self.sector),
            "percent": float(f"{100 * self.share:.2g}") if self.share < 1 else 100,
        }
        return Sentence("{percent} % of the employees in {sector} leave", values)


def _read_number(name: str, value: float) -> float:
    """A number; whether it is a sensible one, the layer's checks say."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        message = f"{name} must be a number, got {value!r}."
        raise ParameterError(message) from None


def _read_day(name: str, day: date) -> pd.Timestamp:
    try:
        return pd.Timestamp(day)
    except (TypeError, ValueError):
        message = f"{name} must be a date, got {day!r}."
        raise ParameterError(message) from None


def _new_id(ids: pd.Series) -> str:
    """An id that no record has; the same for the same layer."""
    taken, number = set(ids), 1
    while f"{_ID}-{number}" in taken:
        number += 1
    return f"{_ID}-{number}"


def _place(geometry: BaseGeometry | None, easting: float | None, northing: float | None) -> BaseGeometry:
    if geometry is not None:
        if not isinstance(geometry, BaseGeometry):
            message = f"geometry must be a shapely point or line, got {geometry!r}."
            raise ParameterError(message)
        return geometry
    if easting is None or northing is None:
        message = "Say where it is: geometry, or easting and northing (m, EPSG:3006)."
        raise ParameterError(message)
    return shapely.Point(_read_number("easting", easting), _read_number("northing", northing))


def _frame(rows: list[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame([{name: value for name, value in row.items() if value is not None} for row in rows])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=SWEREF99_TM)
