"""What is answered, in the reader's language: for HTTP, for ``--json`` and for the stand-alone map alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geo.layers.registry import LAYERS
from geo.reference import certainty_classes, score_classes
from geo.risk.components.base import Driver
from geo.risk.explain import NEVER, NOT_LATELY, ComponentExplanation, Explanation
from geo.risk.ranking import Place
from geo.risk.surface import RiskSurface
from geo.risk.table_row import Glance
from geo.risk.words import title_sentence
from maps.degrees import bounds_in_degrees, to_degrees
from maps.i18n import say, translate
from maps.palette import class_of, classify, count_classes
from maps.record_names import RecordNames

__all__ = [
    "RESTS_ON",
    "LayerSource",
    "describe_cell",
    "describe_driver",
    "describe_glance",
    "describe_layers",
    "describe_place",
    "describe_surface",
    "describe_top_cell",
    "translate_surface",
]

# Said of surfaces for circles that may not see every record.
RESTS_ON = "Rests on the records that your circle may see."
_TOP_COLUMNS = ("rank", "cell_id", "score", "state", "municipality", "municipality_code", "county")


@dataclass(frozen=True)
class LayerSource:
    """Where a layer in the data folder came from: when it was put there, and the name of its file."""

    added_at: str | None
    source: str | None


def describe_surface(
    surface: RiskSurface,
    sources: Mapping[str, LayerSource],
    created: str | None,
    n_cells: Sequence[int] | None = None,
) -> dict[str, Any]:
    """A surface in figures, as `api.schemas.SurfaceInfo`, in English.

    Parameters
    ----------
    surface : RiskSurface
    sources : layer name to where it came from
    created : str, ISO 8601, None where it is not known
    n_cells : number of cells in each class, lowest first, where it is known already
    """
    manifest = surface.manifest
    counts = count_classes(classify(surface.score, surface.state)) if n_cells is None else n_cells
    return {
        "id": surface.id,
        "at": surface.at.isoformat(),
        "sectors": None if surface.sectors is None else sorted(surface.sectors),
        "created": created,
        "model_version": manifest["model_version"],
        "synthetic": bool(manifest["synthetic"]),
        "cell_m": surface.grid.cell_m,
        "crs": surface.grid.crs,
        "n_scored": surface.n_ranked,
        "bounds": bounds_in_degrees(surface.grid.bounds, surface.grid.crs),
        "classes": [
            {"code": one.code, "name": one.name, "colour": one.colour, "low": one.low, "high": one.high, "n_cells": n}
            for one, n in zip(score_classes(), counts, strict=True)
        ],
        "states": dict(manifest["states"]),
        "comparison": dict(manifest["comparison"]),
        "layers": [
            # a layer that was replaced since has another source than the one that was scored
            _describe_layer(
                surface.layers, name, entry["rows"], None if name in surface.stale_layers else sources.get(name)
            )
            for name, entry in manifest["layers"].items()
        ],
        "weights": dict(manifest["weights"]),
    }


def translate_surface(lang: str, info: Mapping[str, Any]) -> dict[str, Any]:
    """A surface's figures with class names and layer titles in a language."""
    return {
        **info,
        "classes": _translate_column(lang, info["classes"], "name"),
        "layers": _translate_column(lang, info["layers"], "title"),
        **({"rests_on": translate(lang, RESTS_ON)} if info.get("rests_on") else {}),
    }


def describe_layers(lang: str, layers: Mapping[str, Any], sources: Mapping[str, LayerSource]) -> list[dict[str, Any]]:
    """Every layer there is, the empty ones too, as `api.schemas.LayerInfo`."""
    described = [_describe_layer(layers, name, len(layers[name]), sources.get(name)) for name in LAYERS]
    return _translate_column(lang, described, "title")


def describe_cell(
    lang: str, surface: RiskSurface, names: RecordNames, explanation: Explanation, *, has_visit: bool = False
) -> dict[str, Any]:
    """Why a cell has its score, as `api.schemas.CellAnswer`; where a visit is known, none is denied."""
    reasons = [NOT_LATELY if has_visit and reason == NEVER else reason for reason in explanation.reasons]
    half = surface.grid.cell_m / 2
    east, north = explanation.easting, explanation.northing
    lon, lat = to_degrees(east, north)
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    is_ranked = explanation.rank is not None
    return {
        "cell_id": explanation.cell_id,
        "scb_id": explanation.scb_id,
        "surface": surface.id,
        "easting": east,
        "northing": north,
        "lon": lon,
        "lat": lat,
        "bounds": [list(reversed(to_degrees(east + dx, north + dy))) for dx, dy in corners],
        "municipality": explanation.municipality,
        "municipality_code": explanation.municipality_code,
        "county": explanation.county,
        "place": say(lang, explanation.place),
        "score": explanation.score,
        "class": _describe_class(lang, explanation.score) if is_ranked else None,
        "state": explanation.state,
        "rank": explanation.rank,
        "n_ranked": explanation.n_ranked,
        "reasons": [say(lang, reason) for reason in reasons],
        "contributions": explanation.contributions,
        "components": [_describe_component(lang, one, names) for one in explanation.components],
    }


def describe_driver(lang: str, driver: Driver, names: RecordNames) -> dict[str, Any]:
    """A record behind a value, as `api.schemas.DriverInfo`."""
    lon, lat = to_degrees(driver.easting, driver.northing)
    return {
        "id": driver.record_id,
        "layer": driver.layer,
        "title": say(lang, names.name_driver(driver)),
        "distance_m": driver.distance_m,
        "share": driver.share,
        "spread_m": driver.spread_m,
        "lon": lon,
        "lat": lat,
    }


def describe_top_cell(lang: str, row: Mapping[Any, Any], components: tuple[str, ...]) -> dict[str, Any]:
    """A row of `RiskSurface.top`, as `api.schemas.TopCell`."""
    lon, lat = to_degrees(row["easting"], row["northing"])
    return {
        **{name: row[name] for name in _TOP_COLUMNS},
        "class": _describe_class(lang, row["score"]),
        "easting": row["easting"],
        "northing": row["northing"],
        "lon": lon,
        "lat": lat,
        "contributions": {name: row[name] for name in components},
    }


def describe_glance(
    lang: str, surface: RiskSurface, glance: Glance, certainty: int, days_since_visit: int | None
) -> dict[str, Any]:
    """What a ranked cell is known by at a glance, as `api.schemas.Glance`, beside its ranks.

    Parameters
    ----------
    lang : str
    surface : RiskSurface
    glance : Glance
    certainty : int, position in ``certainty_classes`` from 1; 0 where it is not known
    days_since_visit : int, None where no visit is known
    """
    sure = certainty_classes()[certainty - 1]
    title = next(one.title for one in surface.model.components if one.name == glance.component)
    sector = glance.sector
    return {
        "certainty": {"code": sure.code, "name": translate(lang, sure.name)} if certainty else None,
        "main_component": {"code": glance.component, "name": translate(lang, title)},
        "main_sector": sector and {"code": sector, "name": say(lang, title_sentence("sectors", "sector", sector))},
        "days_since_visit": days_since_visit,
    }


def describe_place(lang: str, surface: RiskSurface, place: Place) -> dict[str, Any]:
    """A place in the ranking, as `api.schemas.PlaceInfo`."""
    lon, lat = to_degrees(place.easting, place.northing)
    # that a place was never inspected is told by its state already
    reasons = place.reasons[1:] if place.state == "never_inspected" else place.reasons
    return {
        "rank": place.rank,
        "place_id": place.place_id,
        "name": say(lang, place.name),
        "municipality": place.municipality,
        "municipality_code": place.municipality_code,
        "county": place.county,
        "score": place.score,
        "class": _describe_class(lang, place.score),
        "n_cells": place.n_cells,
        "peak_cell_id": place.place_id,
        "peak": None if place.peak is None else place.peak._asdict(),
        "easting": place.easting,
        "northing": place.northing,
        "lon": lon,
        "lat": lat,
        "bounds": bounds_in_degrees(place.bounds, surface.grid.crs),
        "reason": say(lang, reasons[0]) if reasons else "",
        "reasons": [say(lang, reason) for reason in place.reasons],
        "state": place.state,
        "contributions": place.contributions,
    }


def _translate_column(lang: str, rows: Iterable[Mapping[str, Any]], column: str) -> list[dict[str, Any]]:
    return [{**row, column: translate(lang, row[column])} for row in rows]


def _describe_layer(layers: Mapping[str, Any], name: str, rows: int, source: LayerSource | None) -> dict[str, Any]:
    return {
        "name": name,
        "title": LAYERS[name].title,
        "rows": rows,
        "added_at": source.added_at if source else None,
        "source": source.source if source else None,
        "synthetic": bool(layers[name]["synthetic"].any()),
    }


def _describe_class(lang: str, score: float) -> dict[str, str] | None:
    found = class_of(score)
    return None if found is None else {"code": found.code, "name": translate(lang, found.name), "colour": found.colour}


def _describe_component(lang: str, component: ComponentExplanation, names: RecordNames) -> dict[str, Any]:
    return {
        "name": component.name,
        "title": translate(lang, component.title),
        "points": component.points,
        "max_points": component.max_points,
        "value": component.value,
        "unit": component.unit,
        "reference_level": component.reference_level,
        "weight": component.weight,
        "drivers": [describe_driver(lang, driver, names) for driver in component.drivers],
    }
