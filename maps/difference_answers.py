"""How two surfaces differ, as the API and the pages tell it, in a language."""

from __future__ import annotations

from typing import Any

from geo.reference import difference_classes, score_classes
from geo.risk.difference import NOT_RANKED, CellDifference, SurfaceDifference
from maps.degrees import to_degrees
from maps.i18n import say, translate
from maps.palette import order_differences
from maps.tiles import TileSet

__all__ = ["describe_difference", "make_difference_tiles"]


def make_difference_tiles(difference: SurfaceDifference) -> TileSet:
    """Tiles of a difference: blue and striped where the score falls, brown where it rises."""
    codes, colours, falls = order_differences()
    classes = difference.classes
    return TileSet(difference.before.grid, codes[classes], colours, falls[classes])


def describe_difference(lang: str, difference: SurfaceDifference, n: int) -> dict[str, Any]:
    """How two surfaces differ, as `api.difference_schemas.CompareAnswer`.

    Parameters
    ----------
    lang : str
    difference : SurfaceDifference
    n : int, how many rises and falls
    """
    before, after = difference.before, difference.after
    names = {each.code: translate(lang, each.name) for each in score_classes()}
    names[NOT_RANKED] = translate(lang, "Nothing to visit")
    falls = order_differences()[2]
    return {
        "surface": before.id,
        "other": after.id,
        "at": before.at.isoformat(),
        "other_at": after.at.isoformat(),
        **difference.likeness,
        "classes": [{"code": code, "name": name} for code, name in names.items()],
        "matrix": [
            {"before": first, "after": second, "n_cells": n_cells}
            for (first, second), n_cells in difference.matrix.items()
        ],
        "rises": [_describe_cell(lang, difference, cell) for cell in difference.rises(n)],
        "falls": [_describe_cell(lang, difference, cell) for cell in difference.falls(n)],
        "legend": [
            {
                "code": each.code,
                "name": translate(lang, each.name),
                "colour": each.colour,
                "low": each.low,
                "high": each.high,
                "striped": bool(falls[at]),
                "n_cells": difference.class_counts[each.code],
            }
            for at, each in enumerate(difference_classes(), start=1)
        ],
    }


def _describe_cell(lang: str, difference: SurfaceDifference, cell: CellDifference) -> dict[str, Any]:
    lon, lat = to_degrees(cell.easting, cell.northing)
    models = (*difference.after.model.components, *difference.before.model.components)
    title = next(one.title for one in models if one.name == cell.component)
    return {
        "cell_id": cell.cell_id,
        "name": say(lang, cell.name),
        "lon": lon,
        "lat": lat,
        "before": cell.before,
        "after": cell.after,
        "delta": cell.delta,
        "component": {"code": cell.component, "name": translate(lang, title)},
        "component_delta": cell.component_delta,
    }
