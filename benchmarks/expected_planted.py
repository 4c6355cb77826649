"""Whether the chance of a find holds on demo regions: figures of decision 27.

``python benchmarks/expected_planted.py`` prints the table on seeds 201 to 206 (about three minutes), ``--fit`` the
factor on seeds 1 to 4. The planted truth and the hidden conduct of the demo's sites are read for measuring only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from unittest import mock

import geopandas as gpd
import numpy as np
import pandas as pd
from targets_planted import COUNTIES, DAYS, N_TARGETS, Scene, make_scenes

from geo.demo import generator
from geo.demo.assumptions import read_assumptions
from geo.demo.crews import draw_crew
from geo.demo.findings import _record
from geo.demo.inspections import Visit
from geo.demo.outcomes import draw_outcome
from geo.planning.targets.priority import weigh_sites
from geo.reference import finding_weights, read_table
from geo.risk.effort.posterior import Prior

FIT_SEEDS, SEEDS = range(1, 5), range(201, 207)
N_VISITS = 3
HORIZON = pd.Timedelta(days=180)
FACTOR = 2.7


def collect(seed: int) -> Iterator[dict[str, object]]:
    """Visits of one region: those that its record tells of in the half year after each day, and simulated ones."""
    made = []
    make = generator.make_demo
    with mock.patch.object(generator, "make_demo", lambda *some: made.append(make(*some)) or made[-1]):
        for number, scene in enumerate(make_scenes(seed, DAYS)):
            rng = np.random.default_rng([seed, number])
            for kind, site in choose_sites(scene, rng):
                for _ in range(N_VISITS):
                    yield {**describe(scene, site), "kind": kind, "found": simulate(scene, site, number, rng)}
            layers = made[-1].layers
            yield from recorded(scene, layers["visits"], layers["findings"], number)


def choose_sites(scene: Scene, rng: np.random.Generator) -> Iterator[tuple[str, int]]:
    """The first targets of each county, and as many exposed sites by lot."""
    priority, county = weigh_sites(scene.sites, scene.amounts).sum(axis=1), scene.sites.municipality.astype("U2")
    lot = rng.random(len(priority))
    for code in COUNTIES:
        some = np.flatnonzero(scene.is_site & (county == code))
        exposed = np.flatnonzero(scene.is_site & (county == code) & (scene.amounts["size"] > 0))
        yield from (("target", k) for k in some[np.lexsort((lot[some], -priority[some]))][:N_TARGETS].tolist())
        yield from (("lot", k) for k in rng.choice(exposed, N_TARGETS, replace=False).tolist())


def describe(scene: Scene, site: int) -> dict[str, object]:
    """What is known of a site beforehand."""
    prior = Prior.from_parameters(scene.parameters)
    own = {"seed": scene.seed, "weight": scene.record.found[site], "effort": scene.record.effort[site]}
    return {**own, "alpha": prior.findings, "beta": prior.visits, "cell": scene.cell_rate[site]}


def simulate(scene: Scene, site: int, number: int, rng: np.random.Generator) -> bool:
    """Whether a visit finds something, as the demo's inspections do."""
    crew = draw_crew(rng, str(scene.sites.layer[site]), str(scene.sites.group[site]))
    outcome, n = draw_outcome(rng, crew, float(scene.conduct[site]), 1, int(scene.victims[site]))
    codes = {str(code): rows for code, rows in read_assumptions("finding_codes").groupby("outcome", sort=True)}
    if outcome not in codes:
        return False
    visit = Visit(site, np.datetime64(DAYS[number]), crew, 1, outcome, n)
    signs = _record(rng, "", visit, codes[outcome], read_table("indicators").set_index("indicator"))
    names = ("grade", "verification", "source", "indicator")
    return bool(signs) and bool((finding_weights(*([getattr(s, n) for s in signs] for n in names)) > 0).any())


def recorded(
    scene: Scene, visits: gpd.GeoDataFrame, findings: gpd.GeoDataFrame, number: int
) -> Iterator[dict[str, object]]:
    """Visits of the half year after the scene's day that name a site, with what their record says."""
    weight = finding_weights(findings["grade"], findings["verification"], findings["source"], findings["indicator"])
    finds = set(findings["visit_id"][weight > 0])
    day = pd.Timestamp(DAYS[number])
    later = visits[(visits["visited_on"] > day) & (visits["visited_on"] <= day + HORIZON)]
    for visit_id, site_id in zip(later["visit_id"], later["site_id"], strict=True):
        for layer in scene.sites.rows:
            site = scene.sites.find((layer, site_id))
            if site >= 0:
                yield {**describe(scene, site), "kind": "record", "found": visit_id in finds}


def predict(visits: pd.DataFrame, way: str, factor: float) -> pd.Series:
    """Chance of a find at each visit."""
    shape, rate = visits["alpha"] + visits["weight"], visits["beta"] + visits["effort"]
    if way == "one share for all":
        return pd.Series(factor, index=visits.index)
    if way == "prior of one visit":
        shape, rate = visits["alpha"] / visits["beta"] + visits["weight"], 1 + visits["effort"]
    if way == "the cell's findings per visit as prior":
        shape = visits["cell"] * visits["beta"] + visits["weight"]
    return 1 - (rate / (rate + factor)) ** shape


def lose(visits: pd.DataFrame, p: pd.Series) -> float:
    """Mean log loss."""
    return float(-np.log(np.where(visits["found"], p, 1 - p)).mean())


def best_factor(visits: pd.DataFrame, way: str) -> float:
    """The factor that makes the record's visits most likely."""
    factors = np.arange(0.05, 8, 0.05) if way != "one share for all" else np.arange(0.01, 1, 0.001)
    return float(factors[np.argmin([lose(visits, predict(visits, way, each)) for each in factors])])


def main() -> None:
    """Print the table, or the factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print the factor and those of the other ways")
    arguments = parser.parse_args()
    seeds = FIT_SEEDS if arguments.fit else SEEDS
    visits = pd.DataFrame([row for seed in seeds for row in collect(seed)])
    ways = ("the region's prior", "prior of one visit", "the cell's findings per visit as prior", "one share for all")
    if arguments.fit:
        for way in ways:
            print(f"{way:40} {best_factor(visits[visits['kind'] == 'record'], way):.3g}")
        return
    factors = dict(zip(ways, (FACTOR, 5.2, 2.85, 0.207), strict=True))
    for way, factor in factors.items():
        for kind, some in visits.groupby("kind", sort=False):
            p = predict(some, way, factor)
            regions = some.assign(p=p).groupby("seed")[["p", "found"]].sum()
            ratio = regions["found"] / regions["p"]
            print(
                f"{way:40} {kind:7} n {len(some):5} expected {p.mean():.3f} found {some['found'].mean():.3f} ratio "
                f"{some['found'].sum() / p.sum():.2f} ({ratio.min():.2f} to {ratio.max():.2f}) Brier "
                f"{((p - some['found']) ** 2).mean():.4f} log loss {lose(some, p):.4f}"
            )


if __name__ == "__main__":
    main()
