"""What became of a policy: the months, the shares of inspections, and whether they became the truth's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.risk.drawing import to_shares
from geo.risk.simulate.arguments import Settings
from geo.risk.simulate.distance import chance_distance, total_variation
from geo.risk.simulate.frame_rate import FrameRate, estimate_frame_rate

__all__ = ["PolicyRun", "Verdict"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Verdict = Literal["converges", "runs away", "stays apart"]


@dataclass(frozen=True, eq=False)
class PolicyRun:
    """One run of a policy against a known truth.

    Attributes
    ----------
    policy : str, its name
    seed : int
    settings : Settings, with the truth
    visits, findings : (n_months, n_places) int64
    explored, explored_findings : (n_months, n_places) int64, stops drawn at random, and what they found
    propensity : (n_months, n_places) float64, such stops to be expected before they were drawn
    """

    policy: str
    seed: int
    settings: Settings
    visits: Whole
    findings: Whole
    explored: Whole
    explored_findings: Whole
    propensity: Floats

    def __post_init__(self) -> None:
        for values in (self.visits, self.findings, self.explored, self.explored_findings, self.propensity):
            values.flags.writeable = False

    @property
    def monthly(self) -> pd.DataFrame:
        """A row per month and place: ``month, place, visits, findings, explored, explored_findings, propensity``."""
        n_months, n_places = self.visits.shape
        columns = {name: getattr(self, name).ravel() for name in ("visits", "findings", "explored")}
        return pd.DataFrame(
            {
                "month": np.repeat(np.arange(n_months), n_places),
                "place": np.tile(self.settings.truth.places.to_numpy(), n_months),
                **columns,
                "explored_findings": self.explored_findings.ravel(),
                "propensity": self.propensity.ravel(),
            }
        )

    @property
    def shares(self) -> pd.DataFrame:
        """Each place's share of the inspections of the last months up to each month: a row per month, places across."""
        return pd.DataFrame(self._shares[0], columns=self.settings.truth.places).rename_axis(index="month")

    @property
    def truth_shares(self) -> pd.DataFrame:
        """The truth's shares over the same months, laid out alike."""
        return pd.DataFrame(self._shares[1], columns=self.settings.truth.places).rename_axis(index="month")

    @cached_property
    def distance(self) -> Floats:
        """(n_months,) float64, total variation between the two: the share of inspections that belong elsewhere."""
        own, true = self._shares
        distances: Floats = np.abs(own - true).sum(axis=1) / 2
        distances.flags.writeable = False
        return distances

    @property
    def start_distance(self) -> float:
        """That of the records it starts from; without any, of its first month."""
        past = self.settings.truth.past_visits
        if past.any():
            return total_variation(to_shares(past), self.settings.truth.shares[0])
        return float(self.distance[0])

    @property
    def end_distance(self) -> float:
        """That of the last months."""
        return float(self.distance[-1])

    @cached_property
    def chance(self) -> float:
        """The distance to be expected of the last months' visits if they were drawn from the truth's shares."""
        window = min(self.settings.window_months, self.settings.months)
        return chance_distance(self._shares[1][-1], window * self.settings.visits_per_month)

    @property
    def verdict(self) -> Verdict:
        """Whether shares became the truth's.

        ``converges``: the last months' distance is within the tolerance of what chance does. ``runs away``: it is
        further than that from the truth than giving each site alike would be: feedback left it worse off than knowing
        nothing. ``stays apart``: neither.
        """
        slack = self.chance + self.settings.tolerance
        if self.end_distance <= slack:
            return "converges"
        ignorant = total_variation(to_shares(self.settings.truth.sites), self._shares[1][-1])
        return "runs away" if self.end_distance > ignorant + slack else "stays apart"

    @property
    def top_place(self) -> Any:
        """The place with most of the last months' inspections."""
        return self.settings.truth.places[int(self._shares[0][-1].argmax())]

    @property
    def top_share(self) -> float:
        """Its share of them."""
        return float(self._shares[0][-1].max())

    @property
    def n_visits(self) -> int:
        """Inspections made."""
        return int(self.visits.sum())

    @property
    def n_findings(self) -> int:
        """What they found."""
        return int(self.findings.sum())

    @property
    def finds_per_visit(self) -> float:
        """Findings per inspection, of those chosen and those that explored together."""
        return self.n_findings / self.n_visits

    @cached_property
    def frame_rate(self) -> FrameRate | None:
        """What the stops that explored tell of all exposed sites; None if none did: then nothing can be claimed."""
        return estimate_frame_rate(
            self.explored, self.explored_findings, self.propensity, self.settings.truth.sites, self.settings.outcome
        )

    @property
    def true_frame_rate(self) -> float:
        """What a visit to each exposed site in each month would find on average, from the truth."""
        return float((self.settings.truth.rates @ to_shares(self.settings.truth.sites)).mean())

    def to_dict(self) -> dict[str, Any]:
        """The figures, JSON-able."""
        names = ("policy", "seed", "start_distance", "end_distance", "chance", "verdict", "top_share")
        totals = ("n_visits", "n_findings", "finds_per_visit", "true_frame_rate")
        return {
            **{name: getattr(self, name) for name in (*names, *totals)},
            "top_place": str(self.top_place),
            "frame_rate": None if self.frame_rate is None else self.frame_rate.to_dict(),
        }

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """(n_months, n_places) each: inspections' and the truth's shares over the window that ends with each month."""
        own = to_shares(_sum_window(self.visits.astype(np.float64), self.settings.window_months))
        true = to_shares(_sum_window(self.settings.truth.shares, self.settings.window_months))
        return own, true


def _sum_window(values: Floats, n_months: int) -> Floats:
    """Sums over the months up to each row, at most so many."""
    total = np.cumsum(values, axis=0)
    earlier = np.zeros_like(total)
    earlier[n_months:] = total[:-n_months]
    return total - earlier
