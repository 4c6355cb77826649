"""What visits to the first 40 targets of each county find, by what the sites are ranked by: figures of decision 26.

``python benchmarks/targets_planted.py`` prints the table (about five minutes), ``--levels`` the reference levels of the
table ``target_components``. The planted truth and the hidden conduct of the demo's sites are read for measuring only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

import geo
from geo.demo import DEFAULT_SEED, generator
from geo.demo.crews import draw_crew
from geo.demo.outcomes import draw_outcome
from geo.demo.sites import Sites as Hidden
from geo.layers.base import active_on
from geo.layers.bundle import Layers
from geo.planning.targets.priority import measure_sites, read_pairs, site_prior, target_components, weigh_sites
from geo.planning.targets.record import SiteRecord, read_record
from geo.planning.targets.sites import Sites, read_sites
from geo.planning.targets.surroundings import read_surroundings
from geo.risk.effort.posterior import posterior_mean
from geo.risk.model import saturate

# none of those that weights were tried on (1 to 6)
SEEDS = range(201, 213)
DAYS = (date(2025, 7, 15), date(2026, 1, 15), date(2026, 7, 15))
COUNTIES = ("22", "23", "24", "25")
N_TARGETS = 40
N_VISITS = 5
N_BOOTSTRAP = 2_000
GRAVE = frozenset({"ban", "no_right_to_work", "trafficking_indicator"})
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """One demo region on one day: what is known of every site, and what nobody knows."""

    seed: int
    sites: Sites
    is_site: NDArray[np.bool_]
    amounts: dict[str, Floats]
    record: SiteRecord
    cell_rate: Floats
    parameters: dict[str, float]
    conduct: Floats
    victims: NDArray[np.int64]


def make_scenes(seed: int, days: tuple[date, ...]) -> Iterator[Scene]:
    """A demo region on some days; records of later days are not known yet."""
    caught: list[Hidden] = []
    gather = generator.gather_sites

    def catch(*arguments: object) -> Hidden:
        caught.append(gather(*arguments))  # type: ignore[arg-type]
        return caught[-1]

    generator.gather_sites = catch
    try:
        demo = generator.make_demo(seed)
    finally:
        generator.gather_sites = gather
    layers = Layers(demo.layers, checked=True)
    sites = read_sites(layers)
    conduct = np.empty(len(sites))
    for layer in sites.rows:
        some = caught[0].layer == layer
        conduct[sites.locate(layer, caught[0].ids[some])] = caught[0].conduct[some]
    for day in days:
        surface = geo.score(layers, geo.region_grid(1000), day)
        parameters = dict(surface.model.parameters)
        around, record = read_surroundings(surface, sites), read_record(layers, sites, day, None, parameters)
        pairs, prior = read_pairs(layers, sites, day, None, parameters), site_prior(parameters)
        amounts = dict(measure_sites(layers, sites, day, around=around, record=record, pairs=pairs, prior=prior))
        cell_rate = np.full(len(sites), prior.mean)
        known = around.row >= 0
        findings = surface.contributions["findings"][around.row[known], around.col[known]]
        cell_rate[known] = surface.unweigh("findings", findings)
        is_site = sites.is_at_risk & np.concatenate([active_on(layers[name], day) for name in sites.rows])
        victims = np.zeros(len(sites), dtype=np.int64)
        now = (demo.truth["active_from"] <= str(day)) & (demo.truth["active_to"] >= str(day))
        for row in demo.truth[now].itertuples():
            victims[sites.find((str(row.site_layer), str(row.site_id)))] = row.n_victims
        yield Scene(seed, sites, is_site, amounts, record, cell_rate, parameters, conduct, victims)


def rank_by(scene: Scene) -> dict[str, Callable[[], Floats]]:
    """What the sites may be ranked by."""
    prior, record = site_prior(scene.parameters), scene.record

    def blend(without: str = "", **changed: Floats) -> Floats:
        points = weigh_sites(scene.sites, {**scene.amounts, **changed})
        names = [component.name for component in target_components()["workplaces"]]
        return points[:, [name != without for name in names]].sum(axis=1)

    def own() -> Floats:
        rate = saturate(scene.amounts["findings"], _level("findings"))
        return 0.6 * rate + 0.4 * saturate(scene.amounts["reported"], _level("reported"))

    def cell_prior() -> Floats:
        return (scene.cell_rate * prior.visits + record.found) / (prior.visits + record.effort)

    return {
        "chance": lambda: np.zeros(len(scene.sites)),
        "employees or beds": lambda: scene.sites.size,
        "the cell's score alone": lambda: scene.amounts["surroundings"],
        "own findings per visit alone": lambda: posterior_mean(record.found, record.effort, prior),
        "own findings and reports": own,
        "the blend": blend,
        "the blend, the cell's findings per visit as prior": lambda: blend(findings=cell_prior()),
        "the blend, size and pairs 0.1 each": lambda: blend() + 3.0 * _points(scene, "size", "colocation"),
        "the blend without surroundings": lambda: blend("surroundings"),
        "the blend without findings": lambda: blend("findings"),
        "the blend without reports": lambda: blend("reported"),
    }


def _level(name: str) -> float:
    return next(each.reference_level for each in target_components()["workplaces"] if each.name == name)


def _points(scene: Scene, *names: str) -> Floats:
    order = [component.name for component in target_components()["workplaces"]]
    return weigh_sites(scene.sites, scene.amounts)[:, [order.index(name) for name in names]].sum(axis=1)


def visit(scene: Scene, value: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Grave finds and sites of planted exploitation, per visit to the first targets of each county."""
    county = scene.sites.municipality.astype("U2")
    lot = rng.random(len(value))
    grave, planted, n_visits = 0, 0, 0
    for code in COUNTIES:
        some = np.flatnonzero(scene.is_site & (county == code))
        for site in some[np.lexsort((lot[some], -value[some]))][:N_TARGETS].tolist():
            planted += int(scene.victims[site] > 0)
            layer, sector = str(scene.sites.layer[site]), str(scene.sites.group[site])
            for _ in range(N_VISITS):
                crew = draw_crew(rng, layer, sector)
                outcome, _ = draw_outcome(rng, crew, float(scene.conduct[site]), 1, int(scene.victims[site]))
                grave += outcome in GRAVE
                n_visits += 1
    return grave / n_visits, planted * N_VISITS / n_visits


def scatter_reports(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """The scene with a share of the reports moved to sites drawn at random, as if tips knew that much less."""
    reports = scene.amounts["reported"].copy()
    there = np.flatnonzero(reports > 0)
    moved = there[rng.random(len(there)) < share]
    weights = reports[moved]
    reports[moved] = 0.0
    np.add.at(reports, rng.choice(np.flatnonzero(scene.is_site), len(moved)), weights)
    return Scene(**{**vars(scene), "amounts": {**scene.amounts, "reported": reports}})


def print_levels() -> None:
    """Medians over the sites that have any, on the demo region that the model was fitted on."""
    (scene,) = make_scenes(DEFAULT_SEED, (date(2026, 7, 15),))
    for layer in scene.sites.rows:
        for name, amounts in scene.amounts.items():
            has_any = scene.record.found > 0 if name == "findings" else amounts > 0
            # what is on record is on one scale for both layers: few sites have any
            of_layer = has_any if name in {"findings", "reported", "surroundings"} else scene.sites.layer == layer
            some = amounts[scene.is_site & has_any & of_layer]
            print(f"{layer:14} {name:14} {np.median(some):.3g}  ({len(some)} sites)")


def main() -> None:
    """Print the table, or the levels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", action="store_true", help="print reference levels")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    arguments = parser.parse_args()
    if arguments.levels:
        print_levels()
        return
    found: dict[tuple[str, float], list[list[tuple[float, float]]]] = {}
    for seed in arguments.seeds:
        scenes = list(make_scenes(seed, DAYS))
        for share in (0.0, 0.9):
            told = [scatter_reports(scene, share, np.random.default_rng([seed, 1])) for scene in scenes]
            for name in rank_by(told[0]):
                each = [visit(scene, rank_by(scene)[name](), np.random.default_rng([seed, 2])) for scene in told]
                found.setdefault((name, share), []).append(each)
        print(f"seed {seed} done", flush=True)
    rng = np.random.default_rng(0)
    for (name, share), regions in found.items():
        means = 100 * np.array(regions).mean(axis=1)
        drawn = means[rng.integers(0, len(means), (N_BOOTSTRAP, len(means)))].mean(axis=1)
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        grave, planted = (f"{means[:, i].mean():5.2f} ({low[i]:.2f}–{high[i]:.2f})" for i in (0, 1))
        print(f"{name:52} reports moved {share:.1f}  grave finds {grave}  planted {planted}")


if __name__ == "__main__":
    main()
