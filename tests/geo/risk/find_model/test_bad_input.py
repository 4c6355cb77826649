"""Tables that cannot be used are refused with every failure at once; thin ones give a result that says so."""

from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from shapely import Point

import geo
from geo.errors import CRSError, ParameterError, SchemaError
from geo.risk.find_model.model import FindModel
from tests.geo.risk.find_model.conftest import NAMES, make_visits


def fit(visits: pd.DataFrame, **changes: Any) -> FindModel:
    return geo.fit_find_model(visits, **(NAMES | changes))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("found", 2, "neither 0 nor 1 in 600 rows"),
        ("found", "yes", "neither 0 nor 1"),
        ("found", None, "leave out visits without an outcome"),
        ("observed_on", None, "is empty in 600 rows"),
        ("observed_on", "soon", "is no date in 600 rows"),
        ("observed_on", "2199-01-01", "is in the future in 600 rows"),
        ("observed_on", 20240101, "holds numbers"),
        ("observed_on", pd.Period("2024-01"), "make dates of them"),
        ("observed_on", pd.Timedelta(days=1), "make dates of them"),
        ("size", np.inf, "is infinite"),
        ("size", 1e300, "is infinite or beyond"),
        ("size", pd.Timestamp("2024-01-01"), "holds times"),
        ("size", 1j, "holds complex numbers"),
        ("found", 1j, "neither 0 nor 1 in 600 rows"),
    ],
)
def test_values_that_cannot_be_used(visits: gpd.GeoDataFrame, column: str, value: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        fit(visits.assign(**{column: value}))


def test_a_number_among_texts_is_no_date(visits: gpd.GeoDataFrame) -> None:
    mixed = visits["observed_on"].dt.strftime("%Y-%m-%d").astype(object)
    mixed.iloc[7] = 2024
    with pytest.raises(SchemaError, match=r"is no date in 1 row \(index 7\)"):
        fit(visits.assign(observed_on=mixed))


def test_decimals_are_numbers(visits: gpd.GeoDataFrame) -> None:
    small = visits.head(60)
    decimals = small.assign(size=[Decimal(f"{value:.3f}") for value in small["size"].fillna(0)])
    assert_allclose(
        fit(decimals).predict(decimals), fit(decimals.astype({"size": float})).predict(decimals), rtol=1e-12
    )


def test_features_that_say_nothing_are_noted(visits: gpd.GeoDataFrame) -> None:
    """What the user thinks the model knows, and it does not."""
    table = visits.head(60).assign(
        empty=pd.array([pd.NA] * 60, dtype="Float64"), same=3, word="hall", text=[f"{i}.5" for i in range(60)]
    )
    notes = " ".join(fit(table, features=["size", "empty", "same", "word", "text"]).notes)
    assert "'size'" not in notes
    assert "'empty' is not used: it is empty in every row" in notes
    assert "'same' is not used: it is the same in every row" in notes
    assert "'word' is not used: it is the same in every row" in notes
    assert "'text' is not used: no value of it is in 3 rows or more (numbers must not be text)" in notes


def test_rows_are_named(visits: gpd.GeoDataFrame) -> None:
    broken = visits.set_index("V" + visits.index.astype(str))
    broken.loc["V7", "found"] = 5
    with pytest.raises(SchemaError, match=r"1 row \(index 'V7'\), such as .*5"):
        fit(broken)


def test_all_failures_at_once(visits: gpd.GeoDataFrame) -> None:
    with pytest.raises(SchemaError) as caught:
        fit(visits.assign(found=3, observed_on=None, size=np.inf))
    assert len(caught.value.failures) == 3
    with pytest.raises(SchemaError) as caught:
        fit(visits, features=["height", "size"], agency="who", place="where")
    assert len(caught.value.failures) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": "size"}, "must be a list of column names"),
        ({"features": ["size", "size"]}, "listed twice"),
        ({"features": ["size", "found"]}, "'found' is the outcome: take it out"),
        ({"features": ["inspector"]}, "'inspector' is the agency: take it out"),
        ({"features": [1]}, "a feature must be the name of a column"),
        ({"agency": "found"}, "cannot be both"),
        ({"bandwidths_m": [-5]}, "bandwidths_m"),
        ({"bandwidths_m": "far"}, "bandwidths_m"),
        ({"half_life_days": 0}, "half_life_days"),
        ({"half_life_days": None}, "half_life_days"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_that_mean_nothing(visits: gpd.GeoDataFrame, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        fit(visits, **changes)


def test_nothing_to_rank_by(visits: gpd.GeoDataFrame) -> None:
    with pytest.raises(ParameterError, match="nothing to rank by"):
        fit(pd.DataFrame(visits.drop(columns="geometry")), features=[])
    with pytest.raises(ParameterError, match="must be a DataFrame"):
        fit([1, 2])  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="at least one visit"):
        fit(visits.iloc[:0])


def test_degrees_are_refused(visits: gpd.GeoDataFrame) -> None:
    with pytest.raises(CRSError, match="degrees"):
        fit(visits.to_crs(4326))
    with pytest.raises(CRSError, match="without CRS"):
        fit(visits.set_crs(None, allow_override=True))


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_position_that_is_not_finite(visits: gpd.GeoDataFrame, bad: float) -> None:
    broken = visits.copy()
    broken.loc[broken.index[3], "geometry"] = Point(bad, bad)
    with pytest.raises(SchemaError, match=r"geometry of 1 row \(index 3\) is not finite"):
        fit(broken)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns=["size", "kind"]), "(?s)'size' is missing.*'kind' is missing"),
        (lambda table: table.assign(size=np.inf), "is infinite"),
        (lambda table: table.assign(size="big"), "held numbers at the fit"),
        (lambda table: table.assign(observed_on=None), "is empty"),
        (lambda table: pd.DataFrame(table.drop(columns="geometry")), "fitted with one"),
        (lambda table: table.drop(columns="site"), "'site' is missing"),
    ],
)
def test_candidates_that_cannot_be_used(
    model: FindModel, candidates: gpd.GeoDataFrame, change: Any, words: str
) -> None:
    with pytest.raises(SchemaError, match=words):
        model.predict(change(candidates))


def test_known_visits_that_cannot_be_used(
    model: FindModel, visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> None:
    with pytest.raises(SchemaError, match=r"(?s)history cannot be used.*'found' is missing"):
        model.predict(candidates, history=visits.drop(columns="found"))


@pytest.mark.parametrize("n", [1, 2, 4, 10, 30, 80, 150])
def test_few_visits(candidates: gpd.GeoDataFrame, n: int) -> None:
    model = fit(make_visits(600, seed=4).iloc[:n], place="site")
    p = model.predict(candidates)
    assert p.between(0, 1, inclusive="neither").all()
    assert model.is_constant == (p.min() == p.max())
    if n <= 80:
        assert "too few" in model.notes[0]


@pytest.mark.parametrize(("found", "expected"), [(0, 0.5 / 601), (1, 600.5 / 601)])
def test_one_kind_of_outcome_gives_the_base_rate(
    visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, found: int, expected: float
) -> None:
    model = fit(visits.assign(found=found))
    assert model.is_constant
    assert "too few to tell places apart" in model.notes[0]
    np.testing.assert_allclose(model.predict(candidates), expected)


def test_rare_finds_stay_rare(candidates: gpd.GeoDataFrame) -> None:
    visits = make_visits(3000, seed=7, base=-7)
    assert 5 <= visits["found"].sum() < 60
    p = fit(visits).predict(candidates)
    assert p.max() < 0.3


@pytest.mark.parametrize("who", ["one", "each their own", "some unknown", "all unknown"])
def test_any_number_of_inspectors(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, who: str) -> None:
    inspector = {
        "one": "A",
        "each their own": visits.index,
        "some unknown": visits["inspector"].where(visits["inspector"] != "B"),
        "all unknown": None,
    }[who]
    model = fit(visits.assign(inspector=inspector))
    assert model.predict(candidates).between(0, 1, inclusive="neither").all()
    if who in ("one", "all unknown"):
        assert model.agency_sd == 0


def test_an_inspector_with_finds_only_is_not_taken_at_their_word(candidates: gpd.GeoDataFrame) -> None:
    visits = make_visits(600, seed=4)
    lucky = visits.iloc[:3].assign(inspector="lucky", found=1)
    model = fit(pd.concat([visits, lucky]))
    assert 0 < model.agencies.loc["lucky", "effect"] < 2
    assert np.isfinite(model.predict(candidates)).all()


def test_repeated_rows_count_once(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, model: FindModel) -> None:
    twice = fit(pd.concat([visits, visits]), place="site")
    assert twice.n_visits == 600
    assert "600 rows repeat" in twice.notes[0]
    np.testing.assert_allclose(twice.predict(candidates), model.predict(candidates), rtol=1e-12)
    # without a place two visits alike may be two visits
    assert fit(pd.DataFrame(pd.concat([visits, visits]).drop(columns="geometry"))).n_visits == 1200


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_missing_geometry_is_allowed_and_told(
    visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, share: float
) -> None:
    some = visits.copy()
    some.loc[some.index[: int(share * 600)], "geometry"] = None
    model = fit(some)
    assert "have no geometry" in model.notes[0]
    nowhere = candidates.copy()
    nowhere.loc[nowhere.index[:5], "geometry"] = None
    assert np.isfinite(model.predict(nowhere)).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"size": np.nan},
        {"size": 1.0},
        {"kind": None},
        {"kind": "never seen before"},
        {"is_new": None},
        {"observed_on": "2199-01-01"},
        {"observed_on": "1700-01-01"},
    ],
)
def test_odd_candidates_get_a_p(model: FindModel, candidates: gpd.GeoDataFrame, changes: dict[str, Any]) -> None:
    assert model.predict(candidates.assign(**changes)).between(0, 1, inclusive="neither").all()
    assert model.predict(candidates.iloc[:0]).empty


@pytest.mark.parametrize(
    "changes",
    [
        {"size": np.nan},
        {"size": 1.0},
        {"kind": "all alike"},
        {"kind": range(600)},
        {"kind": [1, "a", None, 2.5] * 150},
        {"is_new": [True, None, False] * 200},
        {"observed_on": "2024-01-01"},
        {"observed_on": pd.Timestamp("1500-01-01")},
        {"geometry": [Point(7e5, 7e6)] * 600},
        {"found": [True, False] * 300},
        {"found": ["0", "1"] * 300},
    ],
)
def test_odd_visits_give_a_model(
    visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, changes: dict[str, Any]
) -> None:
    odd = visits.assign(**changes).set_crs(3006, allow_override=True)
    same_kind = candidates.assign(kind=odd["kind"].iloc[0])
    assert fit(odd).predict(same_kind).between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_categories_of_any_type_are_the_same(
    visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, dtype: str
) -> None:
    plain = fit(visits).predict(candidates)
    other = fit(visits.assign(kind=visits["kind"].astype(dtype)))
    np.testing.assert_array_equal(other.predict(candidates), plain)


@pytest.mark.parametrize("kind", ["text", "date", "zone", "second"])
def test_times_of_any_type_are_the_same(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, kind: str) -> None:
    times = visits["observed_on"]
    other = {
        "text": times.dt.strftime("%Y-%m-%d"),
        "date": times.dt.date,
        "zone": times.dt.tz_localize("UTC"),
        "second": times.astype("datetime64[s]"),
    }[kind]
    np.testing.assert_array_equal(
        fit(visits.assign(observed_on=other)).predict(candidates), fit(visits).predict(candidates)
    )
