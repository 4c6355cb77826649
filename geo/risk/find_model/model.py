"""P(find | visit) of candidates, whoever goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from geo.risk.find_model.encoding import Encoder, check_features
from geo.risk.find_model.history import HistorySettings, describe_history
from geo.risk.find_model.known import KnownVisits, history_columns, know_visits
from geo.risk.find_model.stages import Settings, Stages
from geo.risk.find_model.visits import (
    Columns,
    Failures,
    check_table,
    order_rows,
    read_days,
    read_outcome,
    read_positions,
    require_columns,
)

__all__ = ["FindModel", "fill_positions"]


@dataclass(frozen=True, eq=False)
class FindModel:
    """P(find | visit), the same whoever goes.

    Attributes
    ----------
    columns : Columns
        Names of outcome, time, features, agency and place.
    n_visits, n_found : int
        Fitted on.
    base_rate : float
        Share of finds, with half a find and half a miss added.
    is_constant : bool
        Whether there was too little to tell places apart, so that every p is the base rate.
    agencies : DataFrame
        One row per agency: ``n_visits``, ``n_found``, ``effect`` (log-odds, shrunk), ``share`` of the visits.
    agency_sd : float
        Standard deviation of the agencies' log-odds.
    coefficients : mapping of column title to log-odds per standard deviation
        Of the regression; the forest's corrections come on top.
    settings : Settings
        What the time-ordered folds chose.
    history : HistorySettings
        Bandwidths and half-life.
    last_day : Timestamp
        Of the last visit fitted on.
    notes : tuple of str
        What one should know before trusting p.
    seed : int
    """

    columns: Columns
    n_visits: int
    n_found: int
    base_rate: float
    is_constant: bool
    agencies: pd.DataFrame
    agency_sd: float
    coefficients: Mapping[str, float]
    settings: Settings
    history: HistorySettings
    last_day: pd.Timestamp
    notes: tuple[str, ...]
    seed: int
    _encoder: Encoder = field(repr=False)
    _scale: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False)
    _stages: Stages | None = field(repr=False)
    _past: KnownVisits = field(repr=False)
    _centre: NDArray[np.float64] = field(repr=False)

    def predict(self, candidates: pd.DataFrame, *, history: pd.DataFrame | None = None) -> pd.Series:
        """P(find | visit) of each candidate, whoever goes: agency effects are averaged out.

        Parameters
        ----------
        candidates : DataFrame or GeoDataFrame
            The features, and the geometry (any CRS, transformed) and place column if the model has them. With the time
            column, each candidate sees visits strictly before its time; without, all of them. Outcome and agency
            columns are not read.
        history : DataFrame or GeoDataFrame, optional
            Every visit whose outcome is known by then, **those of the fit included**: the same columns as at the fit.
            It takes the place of the fitted visits where history is looked up; coefficients stay. Default: the visits
            of the fit, frozen, however long ago.

        Returns
        -------
        Series of float64, index of the candidates, strictly between 0 and 1

        Raises
        ------
        SchemaError
            All failures of the table at once.
        CRSError
            Geometry without CRS.
        """
        columns, failures = self.columns, Failures("candidates")
        check_table(candidates, "candidates")
        wanted = [*columns.features, *([columns.place] if columns.place is not None else [])]
        day = np.full(len(candidates), np.inf)
        if require_columns(candidates, wanted, failures):
            check_features(candidates, columns.features, failures, self._encoder)
        if columns.time in candidates.columns and require_columns(candidates, [columns.time], failures):
            day = read_days(candidates, columns.time, failures)
        positions = self._read_positions(candidates, failures)
        failures.raise_any()
        past = self._past if history is None else self._read_history(history)
        if self._stages is None:
            return pd.Series(np.full(len(candidates), self.base_rate), index=candidates.index, name="p_find")
        # without a time of its own, a candidate follows the last visit known
        day = np.where(np.isinf(day), np.nextafter(past.visits.day[-1], np.inf) if len(past.visits.day) else 0.0, day)
        place = past.code_places(candidates, columns.place, positions)
        described = describe_history(day, positions, place, past.visits, self.history)
        mean, sd = self._scale
        design = np.hstack([self._encoder.encode(candidates), (described - mean) / sd])
        log_odds = self._stages.log_odds(design, fill_positions(positions, self._centre))
        return pd.Series(self._average_out(log_odds), index=candidates.index, name="p_find")

    def _average_out(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        p = np.zeros(len(log_odds))
        for share, effect in zip(self.agencies["share"], self.agencies["effect"], strict=True):
            p += share * expit(log_odds + effect)
        return np.clip(p, 1e-12, 1 - 1e-12)

    def _read_positions(self, table: pd.DataFrame, failures: Failures) -> NDArray[np.float64]:
        if self._past.crs is None:
            return np.full((len(table), 2), np.nan)
        positions = read_positions(table, failures, self._past.crs)
        if positions is None:
            failures.add("there is no geometry, and the model was fitted with one: give a GeoDataFrame of points")
            return np.full((len(table), 2), np.nan)
        return positions.xy

    def _read_history(self, history: pd.DataFrame) -> KnownVisits:
        failures = Failures("history")
        check_table(history, "history")
        columns = self.columns
        day, found, positions = np.empty(0), np.empty(0), np.empty((0, 2))
        if require_columns(history, history_columns(columns), failures):
            day = read_days(history, columns.time, failures)
            found = read_outcome(history, columns.outcome, failures)
        positions = self._read_positions(history, failures)
        failures.raise_any()
        order = order_rows(history, history_columns(columns), day, positions)
        return know_visits(history.iloc[order], columns, day[order], found[order], positions[order], self._past.crs)


def fill_positions(xy: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions with the unknown ones in the middle; no columns if there is no middle."""
    return np.where(np.isfinite(xy), xy, centre) if centre.size else np.empty((len(xy), 0))
