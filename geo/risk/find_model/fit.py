"""Fit P(find | visit) on a table of visits with outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.risk.find_model.encoding import check_features, explain_unused, fit_encoder
from geo.risk.find_model.history import (
    HistorySettings,
    PastVisits,
    choose_bandwidths,
    describe_history,
    history_titles,
    measure_shares,
)
from geo.risk.find_model.known import KnownVisits, history_columns, know_visits
from geo.risk.find_model.model import FindModel, fill_positions
from geo.risk.find_model.stages import Settings, Stages, Training, choose_settings, fit_stages
from geo.risk.find_model.visits import (
    Columns,
    Failures,
    check_columns,
    check_table,
    code_values,
    drop_repeats,
    order_rows,
    read_days,
    read_outcome,
    read_positions,
    require_columns,
)

__all__ = ["fit_find_model"]

# With fewer finds, or fewer visits without, nothing is told apart.
MIN_OF_A_KIND = 5
_TOMORROW = pd.Timedelta(days=1)


def fit_find_model(  # noqa: PLR0913
    visits: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    features: Sequence[str],
    agency: str | None = None,
    place: str | None = None,
    bandwidths_m: Sequence[float] | None = None,
    half_life_days: float = 365.0,
    seed: int = 0,
) -> FindModel:
    """Learn P(find | visit) from visits with outcomes.

    Parameters
    ----------
    visits : DataFrame or GeoDataFrame
        One row per visit, in any order, those that found nothing included. Geometry is optional; any projected CRS.
        Lines and areas count as a point inside them; rows without geometry have no surroundings.
    outcome : str
        Column of 0/1 or booleans: was something found?
    time : str
        Column of dates, date-times or ISO text.
    features : list of str
        Columns known before the visit: numbers, booleans or categories. Gaps are allowed. May be empty.
    agency : str, optional
        Column of who visited (agency or inspector): their effects are estimated, shrunk and averaged out.
    place : str, optional
        Column that tells places apart. Default: positions to the metre are the places.
    bandwidths_m : sequence of float, m, > 0, optional
        How far finds around a place are looked at. Default: `geo.risk.find_model.history.choose_bandwidths`.
    half_life_days : float, days, > 0
        Age at which an earlier visit counts half.
    seed : int
        Of the forest.

    Returns
    -------
    FindModel
        With fewer than 5 finds, or 5 visits without, `is_constant`: p is the base rate, and `notes` say so.

    Raises
    ------
    ParameterError
        Arguments that mean nothing, or nothing to rank by.
    SchemaError
        All failures of the table at once.
    CRSError
        Geometry in degrees or without CRS.

    Source: docs/adr/0014-who-visits-is-averaged-out.md
    """
    columns = check_columns(outcome, time, features, agency, place)
    bands = _check_numbers(bandwidths_m, half_life_days, seed)
    check_table(visits, "visits")
    failures = Failures("visits")
    day, found = np.empty(0), np.empty(0)
    if not len(visits):
        failures.add("there are no rows: give at least one visit")
    elif require_columns(visits, [*history_columns(columns), *columns.features], failures):
        day = read_days(visits, time, failures, latest=pd.Timestamp.now(tz="UTC") + _TOMORROW)
        found = read_outcome(visits, outcome, failures)
        check_features(visits, columns.features, failures, None)
    where = read_positions(visits, failures)
    failures.raise_any()
    if not columns.features and where is None and place is None:
        message = "There is nothing to rank by: name features or a place column, or give a geometry."
        raise ParameterError(message)
    xy = np.full((len(visits), 2), np.nan) if where is None else where.xy
    order = order_rows(visits, [*history_columns(columns), *columns.features], day, xy)
    table, day, found, xy = visits.iloc[order], day[order], found[order], xy[order]
    keep, notes = drop_repeats(table, columns, xy, where is not None)
    known = know_visits(table[keep], columns, day[keep], found[keep], xy[keep], None if where is None else where.crs)
    return _fit(table[keep], columns, known, bands, float(half_life_days), int(seed), notes)


def _fit(
    table: pd.DataFrame,
    columns: Columns,
    known: KnownVisits,
    bandwidths_m: tuple[float, ...] | None,
    half_life_days: float,
    seed: int,
    notes: list[str],
) -> FindModel:
    past = known.visits
    bands = bandwidths_m if bandwidths_m is not None else choose_bandwidths(past.xy)
    has_positions = known.crs is not None and bool(np.isfinite(past.xy).any())
    bands = bands if has_positions else ()
    # where each visit has a place of its own, or all have one, places have no history to tell apart
    n_places = len(known.places) if 1 < len(known.places) < len(past.day) else 0
    history = HistorySettings(bands, half_life_days, n_places, measure_shares(past.xy, bands))
    encoder = fit_encoder(table, columns.features)
    described = describe_history(past.day, past.xy, past.place, past, history)
    mean, sd = described.mean(axis=0), described.std(axis=0)
    sd = np.where(sd > 1e-12, sd, 1.0)  # noqa: PLR2004
    centre = np.nanmedian(past.xy, axis=0) if has_positions else np.empty(0)
    codes, names = _name_agencies(table, columns.agency)
    training = Training(
        np.hstack([encoder.encode(table), (described - mean) / sd]),
        fill_positions(past.xy, centre),
        past.found,
        codes,
        len(names),
        past.day,
    )
    n, n_found = len(past.found), int(past.found.sum())
    stages, settings = None, Settings()
    if min(n_found, n - n_found) >= MIN_OF_A_KIND:
        settings = choose_settings(training, seed)
        stages = fit_stages(training, settings, seed)
    notes += _make_notes(past, stages, settings, has_positions, known.crs is not None)
    notes += explain_unused(table, columns.features, encoder)
    titles = (*encoder.titles, *history_titles(history))
    return FindModel(
        columns=columns,
        n_visits=n,
        n_found=n_found,
        base_rate=(n_found + 0.5) / (n + 1),
        is_constant=stages is None,
        agencies=_describe_agencies(training, names, stages),
        agency_sd=stages.agency_sd if stages is not None else 0.0,
        coefficients=dict(zip(titles, stages.coefficients.tolist(), strict=True)) if stages is not None else {},
        settings=settings,
        history=history,
        last_day=pd.Timestamp(past.day[-1] * 86_400, unit="s"),
        notes=tuple(notes),
        seed=seed,
        _encoder=encoder,
        _scale=(mean, sd),
        _stages=stages,
        _past=known,
        _centre=centre,
    )


def _check_numbers(bandwidths_m: Any, half_life_days: Any, seed: Any) -> tuple[float, ...] | None:
    failures, bands = [], None
    if bandwidths_m is not None:
        try:
            values = np.atleast_1d(np.asarray(bandwidths_m, dtype=np.float64))
        except (TypeError, ValueError):
            values = np.array([np.nan])
        if values.ndim != 1 or not values.size or not (np.isfinite(values) & (values > 0)).all():
            failures.append(f"bandwidths_m must be distances in metres above 0, got {bandwidths_m!r}")
        bands = tuple(float(value) for value in np.unique(values))
    if isinstance(half_life_days, bool) or not isinstance(half_life_days, int | float | np.number):
        failures.append(f"half_life_days must be a number of days, got {half_life_days!r}")
    elif not 0 < half_life_days < np.inf:
        failures.append(f"half_life_days must be above 0 and finite, got {half_life_days!r}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        failures.append(f"seed must be a whole number from 0 to 2³² − 1, got {seed!r}")
    if failures:
        raise ParameterError("; ".join(failures) + ".")
    return bands


def _name_agencies(table: pd.DataFrame, agency: str | None) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    return code_values(table[agency]) if agency is not None else (np.zeros(len(table), np.intp), ("(any)",))


def _describe_agencies(training: Training, names: tuple[str, ...], stages: Stages | None) -> pd.DataFrame:
    n_visits = np.bincount(training.agency, minlength=len(names))
    n_found = np.bincount(training.agency, weights=training.found, minlength=len(names)).astype(np.int64)
    effect = stages.agency_effects if stages is not None else np.zeros(len(names))
    share = n_visits / n_visits.sum()
    return pd.DataFrame(
        {"n_visits": n_visits, "n_found": n_found, "effect": effect, "share": share},
        index=pd.Index(names, name="agency"),
    )


def _make_notes(
    past: PastVisits, stages: Stages | None, settings: Settings, has_positions: bool, has_geometry: bool
) -> list[str]:
    n, n_found, notes = len(past.found), int(past.found.sum()), []
    if stages is None:
        notes.append(
            f"{n_found} finds in {n} visits are too few to tell places apart ({MIN_OF_A_KIND} finds and "
            f"{MIN_OF_A_KIND} visits without are needed): every p is the base rate, with half a find and half a miss "
            "added."
        )
    elif not settings.n_folds:
        notes.append(
            f"{n_found} finds in {n} visits are too few to choose settings on later visits: defaults stand, without "
            "a forest."
        )
    unplaced = int((~np.isfinite(past.xy).all(axis=1)).sum())
    if has_geometry and unplaced:
        notes.append(f"{unplaced} of {n} visits have no geometry: they tell nothing about surroundings.")
    if has_geometry and not has_positions:
        notes.append("No visit has a geometry: surroundings are not used.")
    return notes
