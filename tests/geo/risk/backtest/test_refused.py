"""What no back-test can be made of: named, with what to do, and all at once."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geo
from geo.errors import ParameterError, SchemaError
from geo.risk.backtest.past import Past

from .conftest import GRID, make_events


def run(events: Any, **changes: Any) -> pd.DataFrame:
    arguments: dict[str, Any] = {
        "cutoffs": ["2021-03-15"],
        "horizon_days": 60,
        "area_km2": 1.5,
        "models": "count",
        **changes,
    }
    return geo.backtest(events, arguments.pop("grid", GRID), **arguments)


def with_value(column: str, value: Any, row: int = 7) -> pd.DataFrame:
    events = make_events()
    values = events[column].astype(object)
    values.iloc[row] = value
    return events.assign(**{column: values})


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "must be a GeoDataFrame of points or a DataFrame, got list"),
        (make_events()[:0], "there is no event"),
        (make_events().drop(columns="easting"), "no column easting"),
        (make_events().drop(columns="observed_on"), "no column 'observed_on': name the column of the time with time="),
        (with_value("easting", np.nan), r"1 row \(7\) with a coordinate that is no finite number"),
        (with_value("northing", np.inf), r"1 row \(7\) with a coordinate that is no finite number"),
        (make_events().assign(easting=1j), "complex numbers are in easting: give one of real numbers"),
        (
            pd.concat([make_events(), make_events()[["northing"]]], axis=1),
            "there are several columns northing: give one",
        ),
        (with_value("northing", "north"), r"1 row \(7\) with a coordinate that is no finite number"),
        (with_value("observed_on", None), r"1 row \(7\) without a time"),
        (with_value("observed_on", ""), r"1 row \(7\) without a time"),
        (with_value("observed_on", pd.NaT), r"1 row \(7\) without a time"),
        (with_value("observed_on", "03/04/2021"), r"1 row \(7\) with a time that cannot be read.*write times as 2024"),
        (with_value("observed_on", "today"), "cannot be read"),
        (with_value("observed_on", "2021-02-30"), "cannot be read"),
        (with_value("observed_on", 20210304), "cannot be read"),
        (with_value("observed_on", True), "cannot be read"),
        (with_value("observed_on", [1]), "cannot be read"),
        (with_value("observed_on", np.array([1, 2])), "cannot be read"),
        (with_value("observed_on", "2021-02-03T10:00+01:00"), r"1 row \(7\) that name a time zone where others name"),
        (make_events().assign(observed_on=range(600)), r"600 rows \(0, 1, 2, 3, 4, …\) with a time that cannot be"),
        (make_events().assign(easting=-122.6, northing=45.5), "look like degrees: project them to EPSG:32610"),
        (make_events().rename(columns={"easting": "northing", "northing": "easting"}), "look swapped"),
        (make_events().assign(easting=9e6), "no event lies on the grid"),
        (gpd.GeoDataFrame(make_events()), "has no geometry"),
        (gpd.GeoDataFrame(make_events(), geometry=[shapely.box(0, 0, 1, 1)] * 600), "with no point as geometry"),
        (gpd.GeoDataFrame(make_events(), geometry=[None, *[shapely.Point(5e5, 5e6)] * 599]), r"1 row \(0\) with no"),
        (gpd.GeoDataFrame(make_events(), geometry=[shapely.Point(-122.6, 45.5)] * 600), "look like degrees"),
    ],
)
def test_events(events: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        run(events)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grid": 500}, "grid must be a geo.Grid"),
        ({"horizon_days": 0}, "horizon_days must be a finite number above 0"),
        ({"horizon_days": np.nan}, "horizon_days must be a finite"),
        ({"horizon_days": "30"}, "horizon_days must be a finite"),
        ({"horizon_days": 1e9}, "horizon_days must be at most 36525"),
        ({"area_km2": 0.2}, r"less than one cell \(0.25 km²\): ask for more"),
        ({"area_km2": 30.3}, r"more than the 120 cells that are ranked \(30 km²\): ask for less"),
        ({"area_km2": -1}, "area_km2 must be a finite number above 0"),
        ({"area_km2": []}, "area_km2 must hold at least one"),
        ({"area_km2": [1, 1]}, "names an area twice"),
        ({"area_km2": None}, "area_km2 must be a finite"),
        ({"window_km2": 1.0}, "window_km2 = 1 is less than area_km2 = 1.5"),
        ({"window_km2": np.inf}, "window_km2 must be a finite"),
        ({"cutoffs": []}, "cutoffs must hold at least one"),
        ({"cutoffs": None}, "cutoffs: None cannot be read"),
        ({"cutoffs": ["2021-01-01", "soon"]}, "cutoffs: 'soon' cannot be read"),
        ({"cutoffs": 20210101}, "cutoffs: 20210101 cannot be read"),
        ({"cutoffs": "2019-01-01"}, r"1 cutoff\(s\) \(2019-01-01.*\) are not after the first event.*choose later"),
        ({"cutoffs": "2020-01-01"}, "are not after the first event"),
        ({"cutoffs": ["2021-01-01", "2021-01-01T00:00"]}, "cutoffs names one twice"),
        ({"cutoffs": "2021-01-01T00:00Z"}, "cutoffs name a time zone and the events name none"),
        ({"models": "crystal ball"}, "there is no 'crystal ball', only count, kde, kde_decay, norrsyn"),
        ({"models": []}, "models: none is given"),
        ({"models": [3]}, "models: 3 is no name, no function"),
        ({"models": ["kde", "kde"]}, "two are called 'kde'"),
        ({"models": lambda past: past.counts()[:-1]}, "must give one finite number for each of the 120 cells"),
        ({"models": lambda past: past.counts() * np.nan}, "120 that are not finite"),
        ({"models": lambda _: "high"}, "must give one finite number"),
        ({"region": "Portland"}, "region must be a polygon, a GeoSeries or a GeoDataFrame, got str"),
        ({"region": shapely.Point(5e5, 5e6)}, "region must be a polygon or multipolygon with an area, got a Point"),
        ({"region": shapely.Polygon()}, "got an empty Polygon"),
        ({"region": shapely.Polygon([(5e5, 5e6), (6e5, 6e6), (6e5, 5e6), (5e5, 6e6)])}, "not valid.*make_valid"),
        ({"region": shapely.box(-123, 45, -122, 46)}, "does not touch the grid"),
        ({"region": shapely.box(5e5, 5e6, 500_400, 5_000_400)}, "No cell of 500 m is at least 99% inside"),
    ],
)
def test_arguments(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        run(make_events(), **change)


def test_a_region_without_events_is_refused() -> None:
    events = make_events()
    events = events[events["easting"] > GRID.x_min + 600]
    with pytest.raises(ParameterError, match="no event lies in a cell that is ranked"):
        run(events, region=shapely.box(GRID.x_min, GRID.y_min, GRID.x_min + 500, GRID.y_max))


def test_everything_wrong_comes_in_one_message() -> None:
    with pytest.raises(SchemaError) as caught:
        run(
            with_value("easting", np.nan).assign(observed_on="never"),
            horizon_days=-1,
            area_km2=[0.1, 99],
            models=["x", "y"],
            cutoffs="soon",
            window_km2=-3,
            region=shapely.Polygon(),
        )
    text = str(caught.value)
    words = [
        "1 row (7) with a coordinate",
        "600 rows (0, 1, 2, 3, 4, …) with a time that cannot be read",
        "horizon_days must be",
        "area_km2 = 0.1 is less",
        "'x'",
        "'y'",
        "'soon'",
        "window_km2 must be",
        "an empty Polygon",
    ]
    assert [word for word in words if word not in text] == []
    assert len(caught.value.failures) == len(words)


def test_the_model_that_fails_is_named() -> None:
    def divide(past: Past) -> float:
        return 1 / (past.n_top - past.n_top)

    with pytest.raises(ZeroDivisionError) as caught:
        run(make_events(), models=divide)
    assert "in the model 'divide', at the cutoff 2021-03-15" in caught.value.__notes__[0]


@pytest.mark.parametrize("cutoffs", [np.array([["2021-03-15"]]), pd.DataFrame({"cutoff": ["2021-03-15"]})])
def test_a_table_of_cutoffs_is_refused(cutoffs: Any) -> None:
    with pytest.raises(ParameterError, match=r"(?s)cutoffs: .* cannot be read"):
        run(make_events(), cutoffs=cutoffs)


def test_each_shape_of_a_region_must_be_valid() -> None:
    whole = shapely.box(*GRID.bounds)
    bow_tie = shapely.Polygon([(500_000, 5_000_000), (505_000, 5_006_000), (505_000, 5_000_000), (500_000, 5_006_000)])
    with pytest.raises(ParameterError, match=r"not valid in 1 of its shapes \(index 'b': Self-inter.*make_valid"):
        run(make_events(), region=gpd.GeoSeries([whole, bow_tie], index=["a", "b"], crs=GRID.crs))
    with pytest.raises(ParameterError, match="region is a GeoDataFrame without geometry"):
        run(make_events(), region=gpd.GeoDataFrame({"name": ["town"]}))


def test_complex_scores_are_refused() -> None:
    with pytest.raises(ParameterError, match="must give one finite number"):
        run(make_events(), models=lambda past: past.counts() + 1j)
