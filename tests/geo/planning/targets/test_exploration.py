"""Exploration stops: equal chances that are logged, honest about pins and exclusions, and an estimate without bias."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError
from geo.planning.targets import Candidates, draw_exploration
from geo.risk.surface import RiskSurface


def make_candidates(exposure: list[float], pinned: tuple[int, ...] = ()) -> Candidates:
    n = len(exposure)
    return Candidates(
        layer=np.array(["workplaces"] * n, dtype=object),
        record_id=np.array([f"w{i:03d}" for i in range(n)], dtype=object),
        easting=np.arange(n, dtype=float),
        northing=np.zeros(n),
        priority=np.linspace(90, 1, n),
        exposure=np.array(exposure, dtype=float),
        is_pinned=np.isin(np.arange(n), pinned),
    )


CANDIDATES = make_candidates([5.0, 0.0, 1.0, 300.0, 2.0, 1.0, 0.0, 8.0, 1.0, 1.0], pinned=(2,))
UNREACHABLE = [("workplaces", "w004")]
IN_FRAME = np.isin(np.arange(10), [0, 3, 5, 7, 8, 9])
N_DRAWS = 5_000


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return np.array(
        [draw_exploration(CANDIDATES, 12, seed, unreachable=UNREACHABLE).drawn for seed in range(N_DRAWS)], dtype=int
    )


def test_the_chances_are_those_that_are_logged(draws: np.ndarray) -> None:
    logged = draw_exploration(CANDIDATES, 12, 0, unreachable=UNREACHABLE)
    assert (logged.in_frame == IN_FRAME).all()
    assert logged.expected == pytest.approx(0.15 * 12)
    np.testing.assert_allclose(logged.propensity, np.where(IN_FRAME, 0.15 * 12 / 6, 0.0))
    assert logged.chance == pytest.approx(0.3)
    # the number is rounded at random to 1 or 2
    assert set(draws.sum(axis=1)) == {1, 2}
    # standard errors are at most 0.5 / √5000 = 0.007; five of them
    np.testing.assert_allclose(draws.mean(axis=0), logged.propensity, atol=0.036)
    assert draws.sum(axis=1).mean() == pytest.approx(1.8, abs=0.036)


def test_the_estimate_has_no_bias(draws: np.ndarray) -> None:
    rate = np.array([0.9, 9, 9, 0.0, 9, 0.3, 9, 0.1, 0.0, 0.5])
    chance = draw_exploration(CANDIDATES, 12, 0, unreachable=UNREACHABLE).chance
    truth = rate[IN_FRAME].mean()
    estimates = (draws * rate).sum(axis=1) / chance / IN_FRAME.sum()
    # the estimates' standard error is below 0.005; five of them
    assert estimates.std() / np.sqrt(N_DRAWS) < 0.005
    assert estimates.mean() == pytest.approx(truth, abs=0.025)


@given(
    exposure=st.lists(st.sampled_from([0.0, 1.0, 50.0]), min_size=0, max_size=12),
    pins=st.sets(st.integers(0, 11), max_size=4),
    n_stops=st.integers(0, 30),
    share=st.sampled_from([0.0, 0.15, 0.5, 1.0]),
    seed=st.integers(0, 1_000),
)
def test_a_draw_keeps_its_promises(
    exposure: list[float], pins: set[int], n_stops: int, share: float, seed: int
) -> None:
    candidates = make_candidates(exposure, tuple(pins))
    got = draw_exploration(candidates, n_stops, seed, share=share)
    again = draw_exploration(candidates, n_stops, seed, share=share)
    assert got.keys == again.keys
    assert got.frame_sha256 == again.frame_sha256
    frame = [i for i, one in enumerate(exposure) if one > 0 and i not in pins]
    assert np.flatnonzero(got.in_frame).tolist() == frame
    assert set(np.flatnonzero(got.drawn).tolist()) <= set(frame)
    n_pinned = sum(1 for i in pins if i < len(exposure))
    room = max(0, min(n_stops - n_pinned, len(frame)))
    wanted = share * n_stops
    assert len(got.keys) <= room
    assert len(got.keys) in {min(room, int(wanted)), min(room, int(wanted) + 1)}
    assert got.expected == pytest.approx(got.chance * len(frame))
    assert got.expected <= wanted + 1e-9
    assert (got.propensity <= 1 + 1e-12).all()
    assert (got.propensity[~got.in_frame] == 0).all()


def test_priority_and_size_do_not_decide() -> None:
    chances = {draw_exploration(make_candidates([1.0, 1e6, 3.0]), 4, 1).propensity[i] for i in range(3)}
    assert len(chances) == 1


def test_where_there_is_less_room_than_the_share_the_chance_says_so() -> None:
    candidates = make_candidates([1.0] * 10, pinned=tuple(range(5)))
    counts = [len(draw_exploration(candidates, 6, seed, share=0.25).keys) for seed in range(200)]
    logged = draw_exploration(candidates, 6, 0, share=0.25)
    # 1.5 stops are wanted, there is room for one
    assert set(counts) == {1}
    assert (logged.expected, logged.chance, logged.n_pinned) == (1.0, 0.2, 5)
    assert draw_exploration(candidates, 5, 0).expected == 0


def test_excluded_sites_are_in_no_frame(surface: RiskSurface) -> None:
    everything = geo.find_targets(surface, n=500)
    key = next(target.key for target in everything.targets if target.contributions["size"] > 0)
    fewer = geo.find_targets(surface, n=500, excluded={key: "safety"})
    one, other = (draw_exploration(found.candidates, 20, 4) for found in (everything, fewer))
    assert one.n_frame == other.n_frame + 1
    assert one.frame_sha256 != other.frame_sha256
    assert all(key not in draw_exploration(fewer.candidates, 20, seed, share=1.0).keys for seed in range(20))
    assert json.loads(json.dumps(one.to_dict()))["n_frame"] == one.n_frame


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n_stops": -1}, "n_stops"),
        ({"n_stops": 2.5}, "n_stops"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
        ({"share": 1.5}, "share"),
        ({"share": float("nan")}, "share"),
        ({"unreachable": [("workplaces", "nobody")]}, "no candidates"),
        ({"candidates": None}, "those of find_targets"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: dict[str, Any], named: str) -> None:
    given_ = {"candidates": CANDIDATES, "n_stops": 12, "seed": 0, **arguments}
    with pytest.raises(ParameterError, match=named):
        draw_exploration(given_.pop("candidates"), given_.pop("n_stops"), given_.pop("seed"), **given_)
