"""Several policies against one truth, over many seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.risk.simulate.arguments import read_settings
from geo.risk.simulate.outcome import PolicyRun
from geo.risk.simulate.policies import POLICIES
from geo.risk.simulate.run import follow_policy
from geo.risk.simulate.truth import Rates

__all__ = ["PolicyComparison", "compare_policies"]

_MEASURES = ("start_distance", "end_distance", "top_share", "finds_per_visit")
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class PolicyComparison:
    """Runs of several policies against one truth.

    Attributes
    ----------
    runs : tuple of PolicyRun, by policy and seed
    """

    runs: tuple[PolicyRun, ...]

    def of(self, policy: str) -> tuple[PolicyRun, ...]:
        """The runs of one policy, in the order of seeds."""
        return tuple(run for run in self.runs if run.policy == policy)

    @property
    def table(self) -> pd.DataFrame:
        """A row per run: what `PolicyRun.to_dict` gives, the estimate of the frame in columns of its own."""
        rows = []
        for run in self.runs:
            row = run.to_dict()
            frame = row.pop("frame_rate") or {}
            row.update({f"frame_{name}": frame.get(name) for name in ("rate", "low", "high", "n_stops")})
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def summary(self) -> pd.DataFrame:
        """A row per policy.

        Returns
        -------
        DataFrame
            Index ``policy``. ``n_runs``; of ``start_distance``, ``end_distance``, ``top_share`` and
            ``finds_per_visit`` the mean, and with ``_low`` and ``_high`` what nine of ten runs lie between;
            ``finds_per_visit_se``, the standard error of that mean; ``converges``, ``stays_apart``, ``runs_away``:
            shares of runs; ``n_top_places``: how many places led in some run.
        """
        table = self.table
        rows = {}
        for policy, runs in table.groupby("policy", sort=False):
            row: dict[str, Any] = {"n_runs": len(runs)}
            for name in _MEASURES:
                values = runs[name].to_numpy(dtype=np.float64)
                row[name] = values.mean()
                row[f"{name}_low"], row[f"{name}_high"] = np.quantile(values, [_LOW, _HIGH])
            found = runs["finds_per_visit"].to_numpy(dtype=np.float64)
            row["finds_per_visit_se"] = found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.inf
            for verdict in ("converges", "stays apart", "runs away"):
                row[verdict.replace(" ", "_")] = float((runs["verdict"] == verdict).mean())
            row["n_top_places"] = runs["top_place"].nunique()
            rows[policy] = row
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="policy")

    @property
    def distances(self) -> pd.DataFrame:
        """A row per policy and month: ``policy, month``, and ``mean, low, high`` of the distance over the runs."""
        parts = []
        for policy in dict.fromkeys(run.policy for run in self.runs):
            by_run = np.array([run.distance for run in self.of(policy)])
            low, high = np.quantile(by_run, [_LOW, _HIGH], axis=0)
            values = {"month": np.arange(by_run.shape[1]), "mean": by_run.mean(axis=0), "low": low, "high": high}
            parts.append(pd.DataFrame({"policy": policy, **values}))
        return pd.concat(parts, ignore_index=True)


def compare_policies(  # noqa: PLR0913
    truth: Any,
    policies: Any = tuple(POLICIES),
    months: int = 24,
    seeds: Any = range(20),
    *,
    visits_per_month: int | None = None,
    rates: Rates | None = None,
    outcome: str = "bernoulli",
    half_life_days: float | None = None,
    window_months: int | None = None,
    tolerance: float | None = None,
) -> PolicyComparison:
    """Follow several policies against one truth, each with many seeds.

    Parameters
    ----------
    truth, months, visits_per_month, rates, outcome, half_life_days, window_months, tolerance : as `simulate_policy`
    policies : name, function, several, or mapping of names to them
    seeds : several ints >= 0, none twice

    Returns
    -------
    PolicyComparison

    Raises
    ------
    As `simulate_policy`.
    """
    settings = read_settings(
        truth,
        policies,
        months,
        seeds,
        visits_per_month=visits_per_month,
        rates=rates,
        outcome=outcome,
        half_life_days=half_life_days,
        window_months=window_months,
        tolerance=tolerance,
    )
    return PolicyComparison(
        tuple(follow_policy(name, settings, seed) for name in settings.policies for seed in settings.seeds)
    )
