"""Made-up records on a few squares."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np

from geo.disclosure.release.audit import Shown
from geo.disclosure.release.choosing import Partitions, list_keys
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.sites import NO_SECTOR, Sites
from geo.disclosure.tables.cells import Rule
from geo.layers.bundle import Layers
from geo.reference.tables import read_columns
from geo.risk.scoring import score
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, near_town

SECTORS = (*(code for (code,) in read_columns("sectors", "sector")), NO_SECTOR)
_USED = [SECTORS.index(code) for code in ("green", "construction", "other")]
RULE = Rule(min_firms=3, max_share=0.85)
_INDUSTRIES = [{"sni": sni, "sni_version": "2007"} for sni in ("41200", "56100", "02200", "47111")]
FIELDS = ("layer", "sector", "circle", "y", "x", "size", "employer", "record")


def make_sites(seed: int, n: int = 50, n_circles: int = 1, side_km: int = 4, n_employers: int = 25) -> Sites:
    """Sites at random, most of them in some squares; accommodation in a fifth."""
    rng = np.random.default_rng(seed)
    layer = (rng.random(n) < 0.2).astype(np.int64)
    north, east = (rng.integers(0, side_km, n) + 7_000 for _ in range(2))
    crowd = rng.random(n) < 0.5
    north[crowd], east[crowd] = 7_000 + rng.integers(0, 2), 7_000 + rng.integers(0, 2)
    sites = Sites(
        SECTORS,
        layer,
        np.where(layer == 1, SECTORS.index(NO_SECTOR), rng.choice(_USED, n, p=[0.3, 0.4, 0.3])),
        rng.integers(0, n_circles, n),
        north * 1000.0 + 500,
        east * 1000.0 + 500,
        rng.integers(0, 6, n).astype(np.float64),
        rng.integers(1, n_employers + 1, n).astype(np.uint64),
        np.arange(n, dtype=np.uint64),
    )
    return take(sites, np.argsort(layer, kind="stable"))


def take(sites: Sites, chosen: np.ndarray) -> Sites:
    return replace(sites, **{name: getattr(sites, name)[chosen] for name in FIELDS})


def join(first: Sites, second: Sites) -> Sites:
    """Records of both, those of the second under numbers of their own."""
    moved = replace(second, record=second.record + np.uint64(10_000))
    both = replace(first, **{name: np.concatenate([getattr(first, name), getattr(moved, name)]) for name in FIELDS})
    return take(both, np.argsort(both.layer, kind="stable"))


def remember(partitions: Partitions, circle: str, sites: Sites) -> Memory:
    """What a release of these squares leaves, as true numbers; those of squares that stay are what they were."""
    bases, counts = [], []
    for p in partitions.values():
        for cell in sorted(p.cells):
            told = p.kept.get(cell)
            bases.append(told.basis if told else np.unique(sites.employer[p.cells[cell]]))
            counts.append(told.n_employers if told else len(bases[-1]))
    return Memory(Shown(circle, list_keys(partitions)), counts, [None] * len(bases), bases, sites)


def make_frames(n: int = 300, seed: int = 0, n_employers: int = 200) -> dict[str, gpd.GeoDataFrame]:
    """Workplaces around a town, thinner further out, a few of them of inner circles; some accommodation."""
    rng = np.random.default_rng(seed)
    away = rng.exponential(4_000.0, n)
    turn = rng.random(n) * 2 * np.pi
    circles = rng.choice(["joint-inspection", "municipality", "public"], n, p=[0.15, 0.15, 0.7])
    workplaces = [
        make_workplace(
            i,
            employer_id=f"SE-{rng.integers(n_employers)}",
            **_INDUSTRIES[rng.integers(len(_INDUSTRIES))],
            employees=float(rng.integers(1, 40)),
            circle=str(circles[i]),
            **near_town(float(away[i] * np.cos(turn[i])), float(away[i] * np.sin(turn[i]))),
        )
        for i in range(n)
    ]
    accommodation = [
        make_accommodation(i, **near_town(float(rng.normal(0, 3_000)), float(rng.normal(0, 3_000)))) for i in range(15)
    ]
    return {"workplaces": make_frame(workplaces), "accommodation": make_frame(accommodation)}


def make_surface(frames: dict[str, gpd.GeoDataFrame]) -> RiskSurface:
    return score(Layers(frames), GRID, SCORING_DAY)
