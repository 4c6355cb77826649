"""The back-test against a plain recount of everything it says, and what must not change it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geo
from geo.grid import Grid
from geo.risk.backtest.past import Past

from .conftest import GRID, make_events

CUTOFFS = ["2020-11-01", "2021-03-15", "2021-08-01"]
ALL = ("count", "kde", "kde_decay", "norrsyn")


def run(events: pd.DataFrame, grid: Grid = GRID, **changes: Any) -> pd.DataFrame:
    arguments: dict[str, Any] = {"cutoffs": CUTOFFS, "horizon_days": 60, "area_km2": 1.5, **changes}
    return geo.backtest(events, grid, **arguments)


def count_all(past: Past) -> np.ndarray:
    return past.counts()


def in_rows(events: pd.DataFrame, grid: Grid) -> Iterator[tuple[int, pd.Timestamp]]:
    """Cell and time of each event on the grid, one by one."""
    for x, y, when in events[["easting", "northing", "observed_on"]].itertuples(index=False):
        row, col = grid.cell_at([x], [y])
        if row[0] >= 0:
            yield int(row[0]) * grid.n_cols + int(col[0]), pd.Timestamp(when)


@pytest.mark.parametrize("area_km2", [0.25, 1.0, 1.7, 30.0])
@pytest.mark.parametrize("horizon_days", [1, 30, 200.5])
def test_every_figure_is_what_a_plain_count_gives(events: pd.DataFrame, area_km2: float, horizon_days: float) -> None:
    result = run(events, models=count_all, area_km2=area_km2, horizon_days=horizon_days)
    n_top = int(area_km2 / 0.25)
    for row in result.itertuples():
        end = row.cutoff + pd.Timedelta(days=horizon_days)
        before, during = np.zeros(120), np.zeros(120)
        for cell, when in in_rows(events, GRID):
            before[cell] += when < row.cutoff
            during[cell] += row.cutoff <= when < end
        least = np.sort(before)[-n_top]
        sure, tied = during[before > least].sum(), during[before == least]
        n_tied = n_top - np.count_nonzero(before > least)
        assert row.n_events == during.sum()
        assert sure + np.sort(tied)[:n_tied].sum() <= row.hits <= sure + np.sort(tied)[::-1][:n_tied].sum()
        assert row.best_hits == np.sort(during)[-n_top:].sum()
        assert row.n_cells == n_top
        assert row.area_km2 == pytest.approx(n_top * 0.25)
        assert row.asked_km2 == area_km2
        if during.sum():
            assert row.hit_rate == pytest.approx(row.hits / during.sum())
            assert row.pai == pytest.approx(row.hits / during.sum() / (n_top * 0.25 / 30))
            assert row.pei_star == pytest.approx(row.hits / row.best_hits)


def test_rows_stand_in_the_order_of_the_arguments(events: pd.DataFrame) -> None:
    result = run(events, cutoffs=CUTOFFS[::-1], models=["kde", "count"], area_km2=[2.0, 1.0])
    assert list(result["cutoff"].unique()) == [pd.Timestamp(day) for day in CUTOFFS[::-1]]
    assert list(result["model"][:4]) == ["kde", "kde", "count", "count"]
    assert list(result["asked_km2"][:4]) == [2.0, 1.0, 2.0, 1.0]


def test_a_row_does_not_depend_on_what_else_is_asked(events: pd.DataFrame) -> None:
    together = run(events, area_km2=[1.0, 2.0])
    for model in ALL:
        alone = run(events, cutoffs=CUTOFFS[1], area_km2=2.0, models=model)
        same = together.query("model == @model and asked_km2 == 2.0 and cutoff == @alone.cutoff[0]")
        pd.testing.assert_frame_equal(same.reset_index(drop=True), alone)


# ---- nothing from after the cutoff -------------------------------------------------------------------------------


def keep_predictions(kept: list[np.ndarray], model: str) -> Any:
    from geo.risk.backtest.models.named import MODELS  # noqa: PLC0415

    def predict(past: Past) -> np.ndarray:
        kept.append(np.asarray(MODELS[model](past)))
        return kept[-1]

    return predict


@pytest.mark.parametrize("model", ALL)
def test_nothing_at_or_after_the_cutoff_changes_a_prediction(events: pd.DataFrame, model: str) -> None:
    cutoff = pd.Timestamp("2021-06-01")
    is_past = (events["observed_on"] < cutoff).to_numpy()
    moved = events.copy()
    moved.loc[~is_past, "easting"] = GRID.x_min + 1.0
    moved.loc[~is_past, "northing"] = GRID.y_min + 1.0
    at_cutoff = pd.DataFrame({"observed_on": [cutoff] * 50, "easting": 502_000.0, "northing": 5_003_000.0})
    futures = [events, moved, events[is_past], pd.concat([events[is_past], at_cutoff])]
    kept: list[np.ndarray] = []
    for future in futures:
        # a later cutoff too, which learns from what is the first one's future
        run(future, cutoffs=["2021-09-01", cutoff], models=keep_predictions(kept, model), horizon_days=30)
    first_cutoffs = kept[::2]
    for other in first_cutoffs[1:]:
        np.testing.assert_array_equal(first_cutoffs[0], other)


@pytest.mark.parametrize("model", ALL)
def test_the_last_event_before_the_cutoff_does_change_one(events: pd.DataFrame, model: str) -> None:
    """The leak test can fail: what is known does move predictions."""
    cutoff = pd.Timestamp("2021-06-01")
    late = pd.DataFrame(
        {"observed_on": [cutoff - pd.Timedelta(microseconds=1)] * 9, "easting": 502_000.0, "northing": 5_003_000.0}
    )
    kept: list[np.ndarray] = []
    for table in (events, pd.concat([events, late])):
        run(table, cutoffs=cutoff, models=keep_predictions(kept, model), horizon_days=30)
    assert not np.array_equal(kept[0], kept[1])


def test_a_model_cannot_ask_for_the_future(events: pd.DataFrame) -> None:
    def peek(past: Past) -> np.ndarray:
        assert (past.time < past.cutoff).all()
        with pytest.raises(geo.errors.ParameterError, match="knows the past only"):
            past.outcome(past.cutoff - np.timedelta64(10, "D"))
        with pytest.raises(geo.errors.ParameterError, match="knows the past only"):
            past.before(past.cutoff + np.timedelta64(1, "us"))
        with pytest.raises(ValueError, match="read-only"):
            past.time[0] = past.cutoff
        return past.outcome(past.cutoff - np.timedelta64(60, "D"))

    assert len(run(events, models=peek)) == 3


# ---- what must not change it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ALL)
def test_the_order_of_the_rows_is_of_no_account(events: pd.DataFrame, model: str) -> None:
    shuffled = events.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(run(events, models=model), run(shuffled, models=model))


@settings(max_examples=8)
@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-400, 400))
def test_a_move_in_space_and_time_is_of_no_account(right: int, up: int, days: int) -> None:
    events = make_events(200)
    grid = Grid(GRID.x_min + right * 1024, GRID.y_min + up * 1024, 500, 12, 10, GRID.crs)
    moved = events.assign(
        easting=events["easting"].round() + right * 1024,
        northing=events["northing"].round() + up * 1024,
        observed_on=events["observed_on"] + pd.Timedelta(days=days),
    )
    events = events.assign(easting=events["easting"].round(), northing=events["northing"].round())
    cutoffs = pd.to_datetime(CUTOFFS)
    here = run(events, cutoffs=cutoffs, models="kde")
    there = run(moved, grid, cutoffs=cutoffs + pd.Timedelta(days=days), models="kde")
    pd.testing.assert_frame_equal(here.drop(columns="cutoff"), there.drop(columns="cutoff"))


CLOCKS = {
    "text": lambda times: times.dt.strftime("%Y-%m-%d"),
    "date": lambda times: times.dt.date.astype(object),
    "datetime": lambda times: pd.Series([when.to_pydatetime() for when in times], dtype=object, index=times.index),
    "seconds": lambda times: times.astype("datetime64[s]"),
    "in UTC": lambda times: times.dt.tz_localize("UTC"),
    "in Stockholm": lambda times: times.dt.tz_localize("Europe/Stockholm"),
    "text with offsets": lambda times: times.dt.tz_localize("Europe/Stockholm").map(lambda when: when.isoformat()),
    "text with Z": lambda times: times.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "arrow": lambda times: times.astype("timestamp[us][pyarrow]"),
    "arrow date": lambda times: times.astype("date32[pyarrow]"),
    "category": lambda times: times.dt.strftime("%Y-%m-%d").astype("category"),
    "period": lambda times: times.dt.to_period("D"),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_day_is_a_day_however_it_is_written(events: pd.DataFrame, clock: str) -> None:
    written = events.assign(observed_on=CLOCKS[clock](events["observed_on"]))
    pd.testing.assert_frame_equal(run(written, models="count"), run(events, models="count"))


@pytest.mark.parametrize(
    "cutoffs",
    [
        [date(2020, 11, 1), date(2021, 3, 15), date(2021, 8, 1)],
        pd.to_datetime(CUTOFFS),
        np.array(CUTOFFS, dtype="datetime64[D]"),
        pd.Series(CUTOFFS),
        tuple(pd.Timestamp(day) for day in CUTOFFS),
    ],
)
def test_cutoffs_may_be_written_in_many_ways(events: pd.DataFrame, cutoffs: Any) -> None:
    pd.testing.assert_frame_equal(run(events, cutoffs=cutoffs, models="count"), run(events, models="count"))


def test_the_time_of_day_decides_on_which_side_of_a_cutoff_an_event_is() -> None:
    noon = datetime(2020, 3, 1, 12)
    times = [noon - timedelta(days=9), noon - timedelta(microseconds=1), noon, noon + timedelta(days=1)]
    table = pd.DataFrame({"observed_on": times, "easting": 500_100.0, "northing": 5_000_100.0})
    result = run(table, cutoffs=noon, horizon_days=1, models=count_all)
    assert result["n_events"].tolist() == [1]


def test_a_cutoff_with_a_zone_is_moved_to_the_events_clock() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    times = [datetime(2020, 6, 1, 0, 30, tzinfo=stockholm), datetime(2020, 7, 1, 0, 30, tzinfo=stockholm)]
    table = pd.DataFrame({"observed_on": pd.Series(times), "easting": 500_100.0, "northing": 5_000_100.0})
    # half past midnight is the day before in UTC
    at = datetime(2020, 6, 30, 22, 30, tzinfo=UTC)
    assert run(table, cutoffs=at, horizon_days=1, models=count_all)["n_events"].tolist() == [1]
    assert run(table, cutoffs=at + timedelta(minutes=1), horizon_days=1, models=count_all)["n_events"].tolist() == [0]
    assert run(table, cutoffs="2020-07-01", horizon_days=1, models=count_all)["n_events"].tolist() == [1]


# ---- places ------------------------------------------------------------------------------------------------------


def test_frames_in_feet_or_degrees_that_say_so_are_projected(events: pd.DataFrame) -> None:
    plain = gpd.GeoDataFrame(
        events[["observed_on"]], geometry=gpd.points_from_xy(events["easting"], events["northing"]), crs=GRID.crs
    )
    for crs in ("EPSG:2913", "EPSG:4326", "EPSG:3857"):
        pd.testing.assert_frame_equal(run(plain.to_crs(crs), models="kde"), run(events, models="kde"))


def test_a_grid_in_another_projection_works(events: pd.DataFrame) -> None:
    lambert = Grid(GRID.x_min, GRID.y_min, 500, 12, 10, "EPSG:2154")
    pd.testing.assert_frame_equal(run(events, lambert, models="kde_decay"), run(events, models="kde_decay"))


def test_only_cells_almost_inside_the_region_are_ranked(events: pd.DataFrame) -> None:
    # the easternmost column loses 0.9 %, the northmost row 1.1 %
    region = shapely.box(GRID.x_min - 10, GRID.y_min, GRID.x_max - 4.5, GRID.y_max - 5.5)
    seen: list[Past] = []

    def look(past: Past) -> np.ndarray:
        seen.append(past)
        return past.counts()

    result = run(events, region=region, models=look, cutoffs=CUTOFFS[0])
    assert len(seen[0].cells) == 11 * 10
    assert seen[0].cells.row.min() == 1
    assert result["window_km2"].tolist() == [pytest.approx(110 * 0.25)]
    feet = gpd.GeoDataFrame(geometry=[region], crs=GRID.crs).to_crs("EPSG:2913")
    pd.testing.assert_frame_equal(run(events, region=feet, models="count"), run(events, region=region, models="count"))


def test_where_the_window_is_wider_than_the_cells_its_events_count_too(events: pd.DataFrame) -> None:
    region = shapely.box(GRID.x_min, GRID.y_min, GRID.x_max, GRID.y_max - 250)
    narrow = run(events, region=region, models="count")
    wide = run(events, region=region, models="count", window_km2=28.75)
    assert (wide["hits"] == narrow["hits"]).all()
    assert (wide["n_events"] > narrow["n_events"]).any()
    expected = wide["hits"] / wide["n_events"] / (1.5 / 28.75)
    np.testing.assert_allclose(wide["pai"].astype(float), expected)


def test_events_off_the_grid_are_counted_apart(events: pd.DataFrame) -> None:
    off = pd.DataFrame(
        {"observed_on": DAYS_OFF, "easting": [0.0, GRID.x_max + 5.0], "northing": [0.0, GRID.y_min + 5.0]}
    )
    result = run(pd.concat([events, off, events.iloc[:3]]), models="count")
    assert result.attrs == {
        "n_rows": 605,
        "n_off_grid": 2,
        "n_off_cells": 2,
        "n_after_last_horizon": int((events["observed_on"] >= "2021-09-30").sum())
        + int((events["observed_on"][:3] >= "2021-09-30").sum()),
        "n_repeated": 3,
    }
    assert result["n_events"].sum() >= run(events, models="count")["n_events"].sum()


DAYS_OFF = pd.to_datetime(["2021-03-20", "2021-03-21"])


# ---- little or much ----------------------------------------------------------------------------------------------


def test_a_horizon_without_events_has_no_ratios(events: pd.DataFrame) -> None:
    result = run(events, cutoffs=["2021-03-15", "2030-01-01"])
    empty = result[result["cutoff"] == "2030-01-01"]
    assert (empty["n_events"] == 0).all()
    assert (empty["hits"] == 0).all()
    assert empty[["hit_rate", "pai", "pei_star"]].isna().all(axis=None)
    assert result[result["cutoff"] < "2030"].notna().all(axis=None)
    assert str(result["pai"].dtype) == "Float64"


@pytest.mark.parametrize("n", [1, 2, 5, 40])
@pytest.mark.parametrize("horizon_days", [0.5, 7, 365])
def test_few_events_are_enough(n: int, horizon_days: float) -> None:
    events = make_events(n)
    result = run(events, cutoffs=["2020-01-02", "2021-06-01"], horizon_days=horizon_days, area_km2=[0.25, 30])
    assert len(result) == 2 * 4 * 2
    whole = result[result["asked_km2"] == 30]
    assert (whole["hits"] == whole["n_events"]).all()
    assert (whole["pai"].dropna() == 1).all()


@pytest.mark.parametrize("cell_m", [40.0, 500.0, 5_000.0])
def test_small_and_large_cells(events: pd.DataFrame, cell_m: float) -> None:
    grid = Grid(
        GRID.x_min, GRID.y_min, cell_m, max(1, int(6_000 // cell_m)), max(1, int(5_000 // cell_m)), "EPSG:32610"
    )
    result = run(events, grid, area_km2=max(1.0, grid.cell_km2), cutoffs=CUTOFFS[2])
    assert result[["hits", "pai"]].notna().all(axis=None)


def test_all_events_in_one_place() -> None:
    events = make_events(300).assign(easting=500_100.0, northing=5_000_100.0)
    result = run(events, area_km2=0.25)
    assert (result["hits"] == result["n_events"]).all()
    assert (result["pei_star"] == 1).all()


def test_a_process_that_repeats_is_found_by_every_model() -> None:
    result = run(make_events(3_000), area_km2=1.0, cutoffs=["2021-06-01", "2021-09-01"])
    assert (result["pai"] > 4).all()


def test_the_same_call_gives_the_same_result(events: pd.DataFrame) -> None:
    once, twice = (run(events, models="norrsyn", cutoffs=CUTOFFS[1:]) for _ in range(2))
    pd.testing.assert_frame_equal(once, twice)


# ---- models of one's own -----------------------------------------------------------------------------------------


class Northmost:
    """Ranks by northing."""

    name = "northmost"

    def predict(self, past: Past) -> np.ndarray:
        return past.cells.northing


def test_models_of_ones_own(events: pd.DataFrame) -> None:
    result = run(events, models=["count", Northmost(), count_all], area_km2=2.5)
    assert list(result["model"].unique()) == ["count", "northmost", "count_all"]
    top = (events["northing"] >= GRID.y_max - 500).to_numpy()
    day = events["observed_on"]
    inside = top & (day >= CUTOFFS[0]).to_numpy() & (day < pd.Timestamp(CUTOFFS[0]) + pd.Timedelta(days=60)).to_numpy()
    assert result.query("model == 'northmost'")["hits"].iloc[0] == inside.sum()
    named = run(events, models={"mine": count_all, "theirs": "count"})
    assert list(named["model"].unique()) == ["mine", "theirs"]


def test_cells_of_one_score_are_taken_in_a_fixed_order_all_over_the_map(events: pd.DataFrame) -> None:
    flat = run(events, models=lambda past: np.zeros(len(past.cells)), area_km2=7.5)
    assert (
        flat["hits"].tolist()
        == run(events, models=lambda past: np.ones(len(past.cells)), area_km2=7.5)["hits"].tolist()
    )
    assert 0 < flat["hits"].sum() < flat["n_events"].sum() / 2


def test_importing_geo_loads_no_learning_library() -> None:
    code = "import sys, geo; print(geo.backtest.__name__, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == ["backtest", "False"]


@pytest.mark.parametrize("kind", ["array", "arrow", "text", "category"])
def test_cutoffs_and_areas_come_in_any_column(events: pd.DataFrame, kind: str) -> None:
    days = pd.Series(pd.to_datetime(["2021-03-01", "2021-05-01"]))
    cutoffs = {
        "array": days.array,
        "arrow": days.astype("timestamp[us][pyarrow]").array,
        "text": pd.array(["2021-03-01", "2021-05-01"], dtype="string"),
        "category": pd.Categorical(["2021-03-01", "2021-05-01"]),
    }[kind]
    arguments = {"horizon_days": 30, "models": "count"}
    expected = geo.backtest(events, GRID, cutoffs=["2021-03-01", "2021-05-01"], area_km2=[1.0, 2.0], **arguments)
    result = geo.backtest(events, GRID, cutoffs=cutoffs, area_km2=pd.Index([1.0, 2.0]), **arguments)
    pd.testing.assert_frame_equal(result, expected)
