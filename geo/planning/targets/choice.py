"""What a planner asks of targets: filters, sites that must be there, sites that must not; all checked at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.planning.targets.record import SiteRecord
from geo.planning.targets.sites import SITE_LAYERS, SiteKey, Sites
from geo.reference import certainty_classes, county_names, municipality_names, read_table
from geo.risk.powers import agencies_on_site
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty import Uncertainty

__all__ = ["Choice", "TargetFilter", "check_choice", "meets_filter", "risk_sectors"]

_SHOWN = 5
# numbers below it are degrees, not metres in Region Nord
_DEGREES_MAX = 360.0


@dataclass(frozen=True, eq=False)
class TargetFilter:
    """Sites to choose from: those that meet every condition given; without any, all of them.

    Attributes
    ----------
    sectors : sector groups with a risk weight; a workplace is in one of them. Housing belongs to none and stays
    counties, municipalities : codes; a site lies in one of them. Where both are given, in one of each
    layers : ``workplaces``, ``accommodation`` or both
    min_days_since_visit : int, >= 0, days since the last visit at the site; one that was never visited passes
    area : Polygon or MultiPolygon, EPSG:3006; the site, or the middle of its circle, lies in it or on its edge
    agencies : codes; each of them has a power at the site (`geo.risk.powers`)
    certainty : code of ``certainty_classes``: the site's cell is at least so sure to be among the highest
    """

    sectors: frozenset[str] = frozenset()
    counties: frozenset[str] = frozenset()
    municipalities: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()
    min_days_since_visit: int | None = None
    area: shapely.Geometry | None = None
    agencies: frozenset[str] = frozenset()
    certainty: str | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """What was asked, checked.

    Attributes
    ----------
    n : int
    filter : TargetFilter
    pinned : (p,) int64, positions of sites
    excluded : position of a site to the code of the reason, in the order given
    """

    n: int
    filter: TargetFilter
    pinned: NDArray[np.int64]
    excluded: Mapping[int, str]


def risk_sectors() -> tuple[str, ...]:
    """Sector groups that have a risk weight."""
    table = read_table("sectors")
    return tuple(table.loc[table["risk_weight"] > 0, "sector"])


def check_choice(
    surface: ScoredSurface,
    sites: Sites,
    n: Any,
    chosen: Any,
    pinned: Any,
    excluded: Any,
    uncertainty: Any,
) -> Choice:
    """The choice, or everything that is wrong with it.

    Raises
    ------
    ParameterError
    """
    failures: list[str] = []
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        failures.append(f"n must be a whole number of 1 or more, got {n!r}")
    if uncertainty is not None and not isinstance(uncertainty, Uncertainty):
        failures.append(f"uncertainty must be what surface.uncertainty() gives, got {type(uncertainty).__name__}")
    elif uncertainty is not None and uncertainty.grid != surface.grid:
        failures.append("uncertainty belongs to another grid; draw it from this surface")
    if isinstance(chosen, TargetFilter):
        failures += _find_filter_failures(chosen, has_uncertainty=uncertainty is not None)
    else:
        failures.append(f"chosen must be a TargetFilter, got {type(chosen).__name__}")
    pins = _read_keys("pinned", pinned, sites, failures)
    reasons = dict(excluded) if isinstance(excluded, Mapping) else {}
    if not isinstance(excluded, Mapping):
        failures.append("excluded must map (layer, record id) to the code of a reason")
    outs = _read_keys("excluded", reasons, sites, failures)
    known = set(read_table("exclusion_reasons")["reason"])
    strange = sorted(
        {repr(reason) for reason in reasons.values() if not isinstance(reason, str) or reason not in known}
    )
    if strange:
        failures.append(
            f"unknown reason(s) for an exclusion: {', '.join(strange)}; use one of {', '.join(sorted(known))}"
        )
    both = [key for key in pins if key in outs]
    if both:
        failures.append(f"pinned and excluded at once: {_name(both)}; decide for one")
    if failures:
        message = f"No targets can be chosen: {'; '.join(failures)}."
        raise ParameterError(message)
    at = {outs[key]: str(reason) for key, reason in reasons.items() if key in outs}
    return Choice(int(n), chosen, np.array(sorted(pins.values()), dtype=np.int64), at)


def _read_keys(what: str, keys: Any, sites: Sites, failures: list[str]) -> dict[Any, int]:
    """Sites by key; what names none goes to the failures."""
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        failures.append(f"{what} must be keys of sites, (layer, record id) each, got {keys!r}")
        return {}
    found: dict[SiteKey, int] = {}
    wrong, unknown = [], []
    for key in keys:
        if not (
            isinstance(key, tuple) and len(key) == len(("layer", "id")) and all(isinstance(part, str) for part in key)
        ):
            wrong.append(key)
            continue
        at = sites.find(key)
        if at < 0:
            unknown.append(key)
        else:
            found[key] = at
    if wrong:
        failures.append(f"{what}: no key of a site (layer, record id): {', '.join(map(repr, wrong[:_SHOWN]))}")
    if unknown:
        failures.append(
            f"{what}: there is no site {_name(unknown)}; give the layer, {' or '.join(SITE_LAYERS)}, and a record's id"
        )
    return found


def _name(keys: list[SiteKey]) -> str:
    shown = ", ".join(f"{layer} {record_id}" for layer, record_id in keys[:_SHOWN])
    return f"{shown} and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else shown


def _find_filter_failures(chosen: TargetFilter, *, has_uncertainty: bool) -> Iterator[str]:
    yield from _find_unknown("risk sector", chosen.sectors, risk_sectors())
    yield from _find_unknown("county", chosen.counties, county_names())
    yield from _find_unknown("municipality", chosen.municipalities, municipality_names())
    yield from _find_unknown("layer of sites", chosen.layers, SITE_LAYERS)
    yield from _find_unknown("agency with powers on site", chosen.agencies, agencies_on_site())
    days = chosen.min_days_since_visit
    if days is not None and (isinstance(days, bool) or not isinstance(days, (int, np.integer)) or days < 0):
        yield f"min_days_since_visit must be a whole number of 0 or more, got {days!r}"
    if chosen.certainty is not None:
        yield from _find_unknown("certainty", [chosen.certainty], [each.code for each in certainty_classes()[:-1]])
        if not has_uncertainty:
            yield "certainty is asked for and no uncertainty given; give surface.uncertainty()"
    if chosen.area is not None:
        yield from _find_area_failures(chosen.area)


def _find_unknown(what: str, codes: Any, known: Iterable[str]) -> Iterator[str]:
    if isinstance(codes, str) or not isinstance(codes, Iterable):
        yield f"{what}: give a set of codes, got {codes!r}"
        return
    known = list(known)
    unknown = sorted(str(code) for code in codes if code not in known)
    if unknown:
        yield f"unknown {what} {', '.join(map(repr, unknown))}; use one of {', '.join(known)}"


def _find_area_failures(area: Any) -> Iterator[str]:
    if not isinstance(area, (shapely.Polygon, shapely.MultiPolygon)):
        yield f"area must be a shapely Polygon or MultiPolygon in EPSG:3006, got {type(area).__name__}"
    elif area.is_empty:
        yield "area is empty; draw one"
    elif not np.isfinite(shapely.get_coordinates(area)).all():
        yield "area has coordinates that are not finite; draw it anew"
    elif not area.is_valid:
        yield f"area is no proper polygon ({shapely.is_valid_reason(area)}); draw it anew"
    elif np.abs(shapely.get_coordinates(area)).max() <= _DEGREES_MAX:
        yield "area seems to be in degrees; give metres in EPSG:3006, as geo.risk.area.parse_area does"


def meets_filter(
    chosen: TargetFilter,
    sites: Sites,
    record: SiteRecord,
    certainty: NDArray[np.uint8],
    at: date,
) -> NDArray[np.bool_]:
    """Which sites meet every condition of a filter.

    Parameters
    ----------
    chosen : TargetFilter, checked
    sites : Sites
    record : SiteRecord
    certainty : (n,) uint8, class of each site's cell from 1, the surest first; 0 where it is not known
    at : date

    Returns
    -------
    (n,) bool
    """
    fits = np.ones(len(sites), dtype=bool)
    if chosen.layers:
        fits &= np.isin(sites.layer.astype(str), sorted(chosen.layers))
    if chosen.sectors:
        fits &= (sites.layer == "accommodation") | np.isin(sites.group.astype(str), sorted(chosen.sectors))
    if chosen.municipalities:
        fits &= np.isin(sites.municipality.astype(str), sorted(chosen.municipalities))
    if chosen.counties:
        fits &= np.isin(sites.municipality.astype("U2"), sorted(chosen.counties))
    if chosen.min_days_since_visit is not None:
        days = (np.datetime64(at) - record.last_visit).astype(np.float64)
        fits &= np.isnat(record.last_visit) | (days >= chosen.min_days_since_visit)
    if chosen.agencies:
        wanted = sum(1 << agencies_on_site().index(agency) for agency in chosen.agencies)
        fits &= (sites.powers & wanted) == wanted
    if chosen.certainty is not None:
        least = 1 + [each.code for each in certainty_classes()].index(chosen.certainty)
        fits &= (certainty > 0) & (certainty <= least)
    if chosen.area is not None:
        fits &= _lies_in(chosen.area, sites)
    return fits


def _lies_in(area: shapely.Geometry, sites: Sites) -> NDArray[np.bool_]:
    west, south, east, north = area.bounds
    fits = (sites.easting >= west) & (sites.easting <= east) & (sites.northing >= south) & (sites.northing <= north)
    near = np.flatnonzero(fits)
    shapely.prepare(area)
    fits[near] = shapely.intersects_xy(area, sites.easting[near], sites.northing[near])
    inside: NDArray[np.bool_] = fits
    return inside
