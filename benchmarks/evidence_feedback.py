"""Where policies of choosing inspections lead when the truth is known: greedy ones, ours, and what else was tried.

Needs no data. ``build_section`` draws everything from `SEEDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidence_section import Section, draw_table

import geo
from geo.risk.effort.posterior import posterior_mean, posterior_shape_rate
from geo.risk.effort.prior import fit_prior
from geo.risk.simulate import Allocation, Norrsyn, Past, PolicyComparison, draw_exploration, round_at_random

SEEDS, MONTHS = range(40), 24
EXPLORATION_SHARE, REST_MONTHS = 0.15, 12
# twelve places that differ by 16 to 1; the records are of two middling ones, and there is most to find at four others
LEVELS = np.array([4, 3, 2, 1.5, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25])
PAST_VISITS = np.array([0, 0, 0, 0, 50, 50, 5, 5, 5, 5, 5, 5])
N_SITES = 60
# findings per visit, national figures of what a joint inspection finds
RATES = {"a ban or the like, 15 of 100 visits": 0.15, "signs of trafficking, 4.5 of 100 visits": 0.045}


def make_truth(rate: float) -> pd.DataFrame:
    """Twelve places whose mean rate is the one given, with records of the wrong ones."""
    rates = LEVELS / LEVELS.mean() * rate
    records = {"past_visits": PAST_VISITS, "past_findings": np.round(PAST_VISITS * rates)}
    return pd.DataFrame({"rate": rates, "sites": N_SITES, **records})


def rank_and_explore(past: Past, rng: np.random.Generator) -> Allocation:
    """Stops that do not explore go to the highest posterior mean."""
    explored, propensity = draw_exploration(past, EXPLORATION_SHARE, rng)
    mean = posterior_mean(past.findings, past.visits, fit_prior(past.findings, past.visits).prior)
    visits = explored.copy()
    visits[rng.choice(np.flatnonzero(mean == mean.max()))] += past.n_visits - explored.sum()
    return Allocation(visits, explored, propensity)


def rank_and_rest(past: Past, rng: np.random.Generator) -> Allocation:
    """The same as planners do it: no site twice within a year, so that the next place follows."""
    explored, propensity = draw_exploration(past, EXPLORATION_SHARE, rng)
    mean = posterior_mean(past.findings, past.visits, fit_prior(past.findings, past.visits).prior)
    recent = past.visits_by_month[-(REST_MONTHS - 1) :].sum(axis=0)
    free = np.maximum(past.sites - recent - explored, 0).astype(np.int64)
    order = np.lexsort((rng.random(len(mean)), -mean))
    filled = np.minimum(np.cumsum(free[order]), past.n_visits - explored.sum())
    chosen = np.empty(len(mean), dtype=np.int64)
    chosen[order] = np.diff(filled, prepend=0)
    # where every site has been visited within the year, the rest goes anywhere
    left = past.n_visits - explored.sum() - chosen.sum()
    return Allocation(
        explored + chosen + round_at_random(left * past.sites / past.sites.sum(), rng), explored, propensity
    )


def draw_and_rank(past: Past, rng: np.random.Generator) -> Allocation:
    """Thompson sampling: each stop goes to the place that is highest in a draw from the posterior."""
    explored, propensity = draw_exploration(past, EXPLORATION_SHARE, rng)
    prior = fit_prior(past.findings, past.visits).prior
    shape, rate = posterior_shape_rate(past.findings, past.visits, prior)
    draws = rng.gamma(shape, 1 / rate, size=(int(past.n_visits - explored.sum()), len(shape)))
    return Allocation(explored + np.bincount(draws.argmax(axis=1), minlength=len(shape)), explored, propensity)


def share_a_draw_out(past: Past, rng: np.random.Generator) -> Allocation:
    """In proportion as ours, to a draw from the posterior instead of its mean."""
    explored, propensity = draw_exploration(past, EXPLORATION_SHARE, rng)
    shape, rate = posterior_shape_rate(past.findings, past.visits, fit_prior(past.findings, past.visits).prior)
    drawn = rng.gamma(shape, 1 / rate) * past.sites
    missing = np.maximum(past.n_visits * drawn / drawn.sum() - explored, 0)
    n_chosen = past.n_visits - explored.sum()
    return Allocation(explored + round_at_random(n_chosen * missing / missing.sum(), rng), explored, propensity)


def explore_on_top(past: Past, rng: np.random.Generator) -> Allocation:
    """Stops that explored are not counted towards what a place is to get."""
    explored, propensity = draw_exploration(past, EXPLORATION_SHARE, rng)
    prior = fit_prior(past.findings, past.visits).prior
    wanted = posterior_mean(past.findings, past.visits, prior) * past.sites
    n_chosen = past.n_visits - explored.sum()
    return Allocation(explored + round_at_random(n_chosen * wanted / wanted.sum(), rng), explored, propensity)


def go_in_proportion_to_records(past: Past, rng: np.random.Generator) -> Any:
    """The urn of Ensign et al.: each stop in proportion to recorded findings, however often somebody looked."""
    found = past.findings + 0.01
    return rng.multinomial(past.n_visits, found / found.sum())


POLICIES: Mapping[str, Any] = {
    "greedy: top of the recorded findings": "greedy",
    "urn: in proportion to recorded findings": go_in_proportion_to_records,
    "greedy_rate: top of findings per visit": "greedy_rate",
    "the same, 15 % exploration": rank_and_explore,
    "the same, no site twice in a year": rank_and_rest,
    "Thompson sampling, 15 % exploration": draw_and_rank,
    "uniform: each site alike": "uniform",
    "norrsyn: in proportion, 15 % exploration": "norrsyn",
    "norrsyn with no exploration": Norrsyn(0.0),
    "norrsyn with 30 %": Norrsyn(0.3),
    "norrsyn to a draw from the posterior": share_a_draw_out,
    "norrsyn with exploration on top": explore_on_top,
}


def compare(rate: float) -> PolicyComparison:
    """All policies on the truth of that mean rate; the last with a prior that its old records gave once and for all."""
    truth = make_truth(rate)
    prior = fit_prior(truth["past_findings"], truth["past_visits"]).prior
    policies = {**POLICIES, "norrsyn with a frozen prior": Norrsyn(prior=prior)}
    return geo.compare_policies(truth, policies, MONTHS, SEEDS)


def build_section(data: Path) -> Section:  # noqa: ARG001
    """The comparison as a section of the page; the folder of the data is not looked at."""
    compared = {name: compare(rate) for name, rate in RATES.items()}
    first = next(iter(compared.values())).of("uniform: each site alike")[0]
    visits, window = first.settings.visits_per_month, first.settings.window_months
    start, chance = f"{first.start_distance:.2f}", f"{first.chance:.2f}"
    tables = "\n\n".join(f"### {name}\n\n{_draw(each)}" for name, each in compared.items())
    return Section(
        "Feedback: where a policy of choosing inspections leads",
        f"""`geo.compare_policies`, {len(LEVELS)} places of {N_SITES} sites that differ by 16 to 1, {MONTHS} months of
{visits} visits, seeds {SEEDS[0]} to {SEEDS[-1]}; no data is needed. The truth is synthetic: what policies make of it is
the evidence. Old records are of two middling places, at a distance of {start} from the truth.

- *Distance*: total variation between the shares of the last {window} months' inspections and the truth's, that is the
  part of the inspections that belongs elsewhere. Drawn from the truth itself they would be {chance} away. In brackets:
  what nine of ten runs lie between.
- *Finds per visit*: mean over the runs and its standard error. Greedy's are a matter of luck: of what happens to be at
  the place where the records are.
- *Hit rate of the frame*: the inverse-propensity estimate from the stops that explored, with its 90 % interval, mean
  over the runs. It holds for all places with exposure alike (truly the rate in the heading), and nothing can be claimed
  without exploration.

[ADR 18](adr/0018-inspections-in-proportion.md) says what was decided from this.

{tables}

Ranking finds most where the same sites may be visited month after month and find as much each time. Where no site is
visited twice in a year, most of that is gone, and shares are still far from the truth.""",
    )


def _draw(compared: PolicyComparison) -> str:
    table, summary = compared.table, compared.summary
    headings = ("policy", "distance", "top place", "finds per visit", "converges", "runs away", "hit rate of the frame")
    rows = []
    for name, row in summary.iterrows():
        runs = table[table["policy"] == name]
        rate = runs[["frame_rate", "frame_low", "frame_high"]].astype(float).mean()
        frame = "none" if np.isnan(rate.iloc[0]) else f"{rate.iloc[0]:.3f} ({rate.iloc[1]:.3f}–{rate.iloc[2]:.3f})"
        rows.append(
            (
                name,
                f"{row['end_distance']:.2f} ({row['end_distance_low']:.2f}–{row['end_distance_high']:.2f})",
                f"{row['top_share']:.0%}",
                f"{row['finds_per_visit']:.3f} ± {row['finds_per_visit_se']:.3f}",
                f"{row['converges']:.0%}",
                f"{row['runs_away']:.0%}",
                frame,
            )
        )
    return draw_table(headings, rows)
