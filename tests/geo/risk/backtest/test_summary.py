"""Totals over cutoffs, and intervals that hold what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geo
from geo.errors import ParameterError, SchemaError

from .conftest import GRID, make_events


@pytest.fixture(scope="module")
def result() -> pd.DataFrame:
    return geo.backtest(
        make_events(),
        GRID,
        cutoffs=pd.date_range("2020-09-01", periods=12, freq="MS"),
        horizon_days=30,
        area_km2=[1.0, 2.0],
        models=["count", "kde"],
    )


def test_totals_are_sums_and_their_ratios(result: pd.DataFrame) -> None:
    total = geo.summarise_backtest(result)
    assert list(zip(total["model"], total["asked_km2"], strict=True)) == [
        ("count", 1.0),
        ("count", 2.0),
        ("kde", 1.0),
        ("kde", 2.0),
    ]
    for row in total.itertuples():
        mine = result[(result["model"] == row.model) & (result["asked_km2"] == row.asked_km2)]
        assert row.hits == mine["hits"].sum()
        assert row.n_events == mine["n_events"].sum()
        assert row.pai == pytest.approx(mine["hits"].sum() / mine["n_events"].sum() / (row.asked_km2 / 30))
        assert row.pei_star == pytest.approx(mine["hits"].sum() / mine["best_hits"].sum())
        assert row.pai_low < row.pai < row.pai_high
        assert row.pei_star_low < row.pei_star < row.pei_star_high


def test_the_interval_is_about_as_wide_as_the_normal_one(result: pd.DataFrame) -> None:
    row = geo.summarise_backtest(result, n_draws=20_000, level=0.9).iloc[0]
    assert row["pai_high"] - row["pai_low"] == pytest.approx(2 * 1.645 * row["pai_sd"], rel=0.1)
    mine = result.query("model == 'count' and asked_km2 == 1.0")
    n, hits = mine["n_events"].to_numpy(), mine["hits"].to_numpy()
    # the delta method for a ratio of sums
    spread = np.sqrt(((hits - hits.sum() / n.sum() * n) ** 2).sum()) / n.sum() * 30
    assert row["pai_sd"] == pytest.approx(spread, rel=0.15)


def test_seeded(result: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(geo.summarise_backtest(result), geo.summarise_backtest(result))
    other = geo.summarise_backtest(result, seed=1)
    assert (other["pai_low"] != geo.summarise_backtest(result)["pai_low"]).any()


def test_no_events_anywhere_have_no_ratios() -> None:
    empty = geo.backtest(make_events(), GRID, cutoffs="2030-01-01", horizon_days=30, area_km2=1.0, models="count")
    total = geo.summarise_backtest(empty)
    assert total[["pai", "pai_low", "pai_sd", "pei_star", "pei_star_high", "hit_rate"]].isna().all(axis=None)
    assert total["n_events"].tolist() == [0]


def test_refused(result: pd.DataFrame) -> None:
    with pytest.raises(SchemaError, match="result lacks hits"):
        geo.summarise_backtest(result.drop(columns="hits"))
    with pytest.raises(ParameterError, match="n_draws must be"):
        geo.summarise_backtest(result, n_draws=0)
    with pytest.raises(ParameterError, match="level must lie"):
        geo.summarise_backtest(result, level=1)
