"""Made-up regions: a square of 16 km of which the attacker knows the rules and not the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np

import geo
from geo.disclosure.release import Built, build_release
from geo.grid import Grid
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, make_accommodation, make_frame, make_workplace
from tests.promises.attacking.seen import Published, read_rows
from tests.promises.attacking.truth import Record, read_records

X, Y = 752_000, 7_088_000
N = 16
GRID = Grid(X, Y, 1_000, N, N)
KEY = b"a secret that is not the attacker's"
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
CIRCLES = ("joint-inspection", "municipality", "public")
# as `norrsyn release build` makes them
COARSE_FIRST = ("public", "municipality", "joint-inspection")
TRADES = {"construction": "41200", "hotel_restaurant": "56100", "cleaning": "81210", "other": "62010"}

Rows = Mapping[str, Sequence[dict[str, Any]]]


def at_place(column: int, row: int) -> dict[str, float]:
    """The middle of a finest square."""
    return {"easting": X + column * 1_000 + 500.0, "northing": Y + row * 1_000 + 500.0}


def make_rows(seed: int, n_workplaces: int = 160, n_accommodation: int = 40, *, shared: float = 0.0) -> dict[str, Any]:
    """Records around a few middles, as people live: most employers small, a few with nearly everybody.

    `shared` is the part of sites that belong to an employer with others.
    """
    random = np.random.default_rng(seed)
    middles = random.integers(0, N, (random.integers(2, 6), 2))
    circles = [CIRCLES[i] for i in random.choice(3, n_workplaces, p=random.dirichlet([2, 2, 2]))]

    def place() -> dict[str, float]:
        middle = middles[random.integers(len(middles))]
        spread = random.choice([0.5, 1.5, 5.0])
        column, row = np.clip(np.rint(middle + random.normal(0, spread, 2)), 0, N - 1)
        return at_place(int(column), int(row))

    workplaces = [
        make_workplace(
            number,
            sni=list(TRADES.values())[random.choice(4, p=[0.4, 0.3, 0.15, 0.15])],
            employees=float(np.ceil(random.pareto(1.1) + 0.1)),
            employer_id=f"f{random.integers(20) if random.random() < shared else number + 100:05d}",
            circle=circles[number],
            **place(),
        )
        for number in range(n_workplaces)
    ]
    accommodation = [
        make_accommodation(
            number,
            beds=min(20_000.0, float(np.ceil(random.pareto(1.1) * 10 + 1))),
            circle=CIRCLES[random.integers(3)],
            **place(),
        )
        for number in range(n_accommodation)
    ]
    return {"workplaces": workplaces, "accommodation": accommodation}


def change_rows(rows: Rows, seed: int, n: int) -> dict[str, Any]:
    """The same records, of which n workplaces went, came or moved."""
    random = np.random.default_rng(seed)
    workplaces = [dict(row) for row in rows["workplaces"]]
    for turn in range(n):
        chosen = int(random.integers(len(workplaces)))
        place = at_place(int(random.integers(N)), int(random.integers(N)))
        match random.integers(3):
            case 0:
                workplaces.pop(chosen)
            case 1:
                new = {**workplaces[chosen], "workplace_id": f"n{seed}-{turn}", "employer_id": f"n{seed}-{turn}"}
                workplaces.append(new)
            case _:
                workplaces[chosen] |= place
    return {**rows, "workplaces": workplaces}


def score_rows(rows: Rows, day: date = SCORING_DAY) -> RiskSurface:
    frames: dict[str, gpd.GeoDataFrame] = {name: make_frame(found) for name, found in rows.items() if found}
    return geo.score(geo.Layers(frames), GRID, at=day)


def release_all(
    worlds: Sequence[Rows], circles: Sequence[str] = CIRCLES, **switches: bool
) -> tuple[list[Published], list[list[Record]], list[Built]]:
    """Releases of each world for each circle, a month apart, with what each is a release of."""
    published: list[Published] = []
    records: list[list[Record]] = []
    built: list[Built] = []
    for month, rows in enumerate(worlds):
        surface = score_rows(rows)
        for circle in circles:
            now = NOW + timedelta(days=30 * month, hours=len(built))
            one = build_release(surface, circle, KEY, [other.memory for other in built], now=now, **switches)
            published.append(read_rows(len(built), circle, one.release.rows))
            records.append(read_records(surface.layers, SCORING_DAY))
            built.append(one)
    return published, records, built
