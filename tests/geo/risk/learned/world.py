"""Three years of visits to sixty places, where much is found near a works and little elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.layers.bundle import Layers
from tests.frames import (
    SCORING_DAY,
    make_accommodation,
    make_establishment,
    make_finding,
    make_frame,
    make_visit,
    make_workplace,
    near_town,
)

N_PLACES, N_VISITS = 60, 420
INDICATORS = ("very_long_hours", "lives_at_workplace")


def make_world(seed: int = 5, n_visits: int = N_VISITS, rates: tuple[float, float] = (0.12, 1.0)) -> dict[str, list]:
    """Rows of each layer; findings per visit far from the works and beside it."""
    rng = np.random.default_rng(seed)
    first = np.datetime64(SCORING_DAY) - np.timedelta64(3 * 365, "D")
    is_near = np.arange(N_PLACES) % 3 == 0
    # strewn around the works, and crowded in a town far from it, where most of what the experts weigh is
    east, north = rng.uniform(-1, 1, (2, N_PLACES)) * np.where(is_near, 9_000, 2_500)
    east -= np.where(is_near, 0, 40_000)
    places = [near_town(float(x), float(y)) for x, y in zip(east, north, strict=True)]
    workplaces = [make_workplace(i, employees=float(rng.integers(1, 60)), **place) for i, place in enumerate(places)]
    homes = [make_accommodation(i, beds=float(rng.integers(4, 40)), **places[i]) for i in range(0, N_PLACES, 2)]
    visits, findings = [], []
    for number in range(n_visits):
        place = int(rng.integers(N_PLACES))
        day = first + np.timedelta64(int(rng.integers(3 * 365)), "D")
        visits.append(make_visit(number, visited_on=str(day), **places[place]))
        for _ in range(rng.poisson(rates[int(is_near[place])])):
            # most are written down at once, some later, and one in twenty with a wrong day
            days = int(rng.choice([0, 60, -120], p=[0.8, 0.15, 0.05]))
            observed = min(day + np.timedelta64(days, "D"), np.datetime64(SCORING_DAY))
            one = {"visit_id": f"v{number:03d}", "observed_on": str(observed), "indicator": str(rng.choice(INDICATORS))}
            findings.append(make_finding(len(findings), grade="S", **one, **places[place]))
    return {
        "workplaces": workplaces,
        "accommodation": homes,
        "establishments": [make_establishment(1, workforce=2_000.0)],
        "visits": visits,
        "findings": findings,
    }


def to_layers(world: dict[str, list]) -> Layers:
    """Checked layers of rows."""
    return Layers({name: make_frame(rows) for name, rows in world.items() if rows})


def redraw_after(layers: Layers, day: str, seed: int = 1) -> Layers:
    """The same layers with other outcomes after a day: findings known later belong to other visits and weigh other."""
    findings, visits = layers["findings"].copy(), layers["visits"]
    rng = np.random.default_rng(seed)
    when = findings["visit_id"].map(visits.set_index("visit_id")["visited_on"])
    late = np.flatnonzero((np.maximum(findings["observed_on"], when) > pd.Timestamp(day)).to_numpy())
    later = visits[visits["visited_on"] > pd.Timestamp(day)]
    if len(later):
        given = later.iloc[rng.integers(len(later), size=len(late))]
        findings.loc[late, "visit_id"] = given["visit_id"].to_numpy()
        findings.loc[late, "observed_on"] = given["visited_on"].to_numpy()
        findings.loc[late, "geometry"] = given.geometry.to_numpy()
        findings.loc[late, "grade"] = rng.choice(["S", "W"], size=len(late))
    return Layers({**{name: layers[name] for name in layers}, "findings": findings}, checked=True)
