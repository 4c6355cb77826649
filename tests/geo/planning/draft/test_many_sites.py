"""A region of thousands of sites drafts within the bounds that a small one has."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.draft import draft_plan
from geo.planning.drive import EstimatedDrive
from geo.planning.routes import Limits
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, near_town
from tests.geo.planning.draft.test_draft import DAYS, FULL, ask

N_WORK, N_HOMES = 5_500, 500
_MIB = 2**20


@pytest.fixture(scope="module")
def crowded() -> RiskSurface:
    draws = np.random.default_rng(7)

    def place() -> dict[str, float]:
        return near_town(float(draws.uniform(-15_000, 17_000)), float(draws.uniform(-9_000, 7_000)))

    work = [
        make_workplace(i, sni=str(draws.choice(["41200", "55101", "81210"])), employees=float(i % 40 + 1), **place())
        for i in range(1, N_WORK + 1)
    ]
    homes = [make_accommodation(i, beds=float(i % 20 + 1), **place()) for i in range(1, N_HOMES + 1)]
    layers = Layers({"workplaces": make_frame(work), "accommodation": make_frame(homes)})
    return geo.score(layers, GRID, at=SCORING_DAY)


class Counted:
    """Estimated drive times, and for how many places they were asked."""

    def __init__(self) -> None:
        self.n: list[int] = []

    def drive(self, easting: list[float], northing: list[float]) -> object:
        self.n.append(len(easting))
        return EstimatedDrive.from_reference().drive(easting, northing)


def test_thousands_of_sites_ask_for_no_more_drive_times_and_memory_than_some(crowded: RiskSurface) -> None:
    drive = Counted()
    request = ask(FULL, days=DAYS, explores=True, seed=5)
    limits = Limits(labels=2_000, search_visits=500, price_rounds=1, choice_work=0.1)
    tracemalloc.start()
    draft = draft_plan(crowded, request, drive=drive, limits=limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert draft.plan.manifest["n_candidates"] > 5_000
    assert draft.plan.manifest["exploration"]["n_frame"] > 5_000
    n_drawn = len(draft.plan.manifest["exploration"]["keys"])
    # the depot, the candidates asked for and those drawn: never all pairs of thousands
    assert drive.n == [1 + request.n_candidates + n_drawn]
    assert draft.plan.stops
    # a matrix of all pairs alone would take 288 MB
    assert peak < 100 * _MIB


def test_more_candidates_than_routes_can_be_planned_among_are_refused_with_what_to_do(crowded: RiskSurface) -> None:
    with pytest.raises(ParameterError, match=r"1 to 200 candidates, not 5000; narrow the filter"):
        draft_plan(crowded, ask(n_candidates=5_000))


@pytest.mark.long
def test_the_most_candidates_that_may_be_asked_for_are_planned(crowded: RiskSurface) -> None:
    second = FULL.__class__("second", FULL.people, FULL.car_seats, FULL.depot)
    draft = draft_plan(crowded, ask(FULL, second, days=DAYS, n_candidates=200, explores=True, seed=5))
    assert len(draft.plan.manifest["candidates"]) >= 200
    assert draft.plan.stops
    assert draft.answer.gap < 0.1
