"""Certainty, smallest changes and what-ifs as the API and the pages tell them, in a language."""

from __future__ import annotations

from typing import Any

from geo.errors import NotFoundError
from geo.reference import certainty_classes
from geo.risk.naming import name_place
from geo.risk.smallest_change import SmallestChange
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from geo.risk.what_if import WhatIf
from maps.answers import describe_cell, describe_driver
from maps.i18n import say, translate
from maps.record_names import RecordNames

__all__ = ["describe_certainty", "describe_smallest_change", "describe_what_if"]


def describe_certainty(lang: str, surface: RiskSurface, uncertainty: Uncertainty, cell_id: str) -> dict[str, Any]:
    """How sure a cell is, as `api.scenario_schemas.CertaintyAnswer`.

    Raises
    ------
    ParameterError, NotFoundError
        The id is no cell of the grid, or there is nothing to visit in it.
    """
    cell = uncertainty.at(cell_id)
    name = translate(lang, next(each.name for each in certainty_classes() if each.code == cell.certainty))
    values = {
        "low": round(cell.low, 1),
        "high": round(cell.high, 1),
        "times": round(uncertainty.n_draws * cell.p_top),
        "k": uncertainty.top_k,
        "n": uncertainty.n_draws,
    }
    return {
        "cell_id": cell.cell_id,
        "surface": surface.id,
        # as everywhere else, recomputed in float64
        "score": surface.explain(cell_id).score,
        "low": cell.low,
        "median": cell.median,
        "high": cell.high,
        "p_top": cell.p_top,
        "k": uncertainty.top_k,
        "n_draws": uncertainty.n_draws,
        "seed": uncertainty.seed,
        "certainty": cell.certainty,
        "certainty_name": name,
        "reasons": [
            translate(lang, "The score lies between {low} and {high}, with a probability of 90 %.", **values),
            translate(
                lang,
                "{word}: in {times} of {n} draws it is among the {k} highest cells.",
                word=name,
                **values,
            ),
            translate(
                lang,
                "What varies: what the visits say about findings, how the parts are weighed, and where the grid lies.",
            ),
        ],
    }


def describe_smallest_change(
    lang: str, surface: RiskSurface, names: RecordNames, change: SmallestChange
) -> dict[str, Any]:
    """What would take a cell out of the highest, as `api.scenario_schemas.SmallestChangeAnswer`."""
    return {
        "cell_id": change.cell_id,
        "surface": surface.id,
        "rank": change.rank,
        "k": change.k,
        "score": change.score,
        "threshold": change.threshold,
        "components": [{**vars(each), "title": translate(lang, each.title)} for each in change.components],
        "records": [describe_driver(lang, each, names) for each in change.records],
        "rank_without": change.rank_without,
        "reasons": [say(lang, reason) for reason in change.reasons],
    }


def describe_what_if(
    lang: str, found: WhatIf, names: RecordNames, n: int, cell_id: str | None, n_draws: int
) -> dict[str, Any]:
    """A surface after changes, as `api.scenario_schemas.WhatIfAnswer`.

    Parameters
    ----------
    lang : str
    found : WhatIf
    names : RecordNames of the layers before
    n : int, how many cells
    cell_id : str, a cell to explain; None for the one that moves most
    n_draws : int, draws for the interval of the explained cell's difference; 0 for none
    """
    told = {**found.describe(), "changes": [say(lang, change.describe()) for change in found.changes]}
    moved = found.top(n)
    components = tuple(found.after.model.weights)
    if cell_id is None and len(moved):
        cell_id = str(moved["cell_id"].iloc[0])
    plain = [name for name in moved.columns if name not in components]
    localities = found.after.region.localities
    return {
        "surface": found.before.id,
        **told,
        "cells": [
            {
                **{name: row[name] for name in plain},
                "place": say(lang, name_place(localities, row["easting"], row["northing"])),
                "contributions": {name: row[name] for name in components},
            }
            for row in moved.to_dict("records")
        ],
        "cell": None if cell_id is None else _describe_difference(lang, found, names, cell_id, n_draws),
    }


def _describe_difference(lang: str, found: WhatIf, names: RecordNames, cell_id: str, n_draws: int) -> dict[str, Any]:
    difference = found.explain(cell_id)
    interval = _draw_interval(found, cell_id, n_draws) if n_draws else None
    return {
        "before": describe_cell(lang, found.before, names, difference.before),
        "after": describe_cell(lang, found.after, RecordNames(found.after.layers), difference.after),
        "delta": difference.delta,
        "interval": interval,
        "contributions": difference.contributions,
        "reasons": [say(lang, reason) for reason in difference.reasons],
    }


def _draw_interval(found: WhatIf, cell_id: str, n_draws: int) -> list[float] | None:
    try:
        return list(found.uncertainty(n_draws).at(cell_id))
    except NotFoundError:
        # nothing to visit there, neither before nor after
        return None
