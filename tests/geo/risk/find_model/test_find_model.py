"""What the model predicts: the same for a place whoever goes, from the past only, and better than chance."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_series_equal
from scipy.stats import spearmanr

import geo
from geo.risk.find_model.model import FindModel
from tests.geo.risk.find_model.conftest import NAMES, PLANTED, make_visits


def test_p_is_a_probability_per_candidate(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    labelled = candidates.set_index(candidates.index + 1000)
    p = model.predict(labelled)
    assert p.index.equals(labelled.index)
    assert p.between(0, 1, inclusive="neither").all()
    assert p.nunique() > 100


def test_the_inspector_in_the_candidates_does_not_matter(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    p = model.predict(candidates)
    rng = np.random.default_rng(0)
    for inspector in ("E", "nobody ever seen", None, rng.choice(list(PLANTED), len(candidates))):
        assert_series_equal(model.predict(candidates.assign(inspector=inspector)), p, check_exact=True)


def test_the_outcome_in_the_candidates_does_not_matter(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    p = model.predict(candidates)
    for found in (0, 1, "unknown"):
        assert_series_equal(model.predict(candidates.assign(found=found)), p, check_exact=True)


def test_a_candidate_does_not_depend_on_those_beside_it(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    p = model.predict(candidates)
    assert_allclose(model.predict(candidates.iloc[[17]]), p.iloc[[17]], rtol=1e-12)
    shuffled = candidates.sample(frac=1, random_state=0)
    assert_allclose(model.predict(shuffled).loc[candidates.index], p, rtol=1e-12)
    twice = model.predict(pd.concat([candidates, candidates]))
    assert_allclose(twice, np.tile(p, 2), rtol=1e-12)


def test_p_follows_the_truth_and_not_the_inspectors() -> None:
    """Inspectors work areas, so a model that knows nothing of them takes their keenness for the places' risk."""
    visits, later = make_visits(2000, seed=2), make_visits(1500, seed=3)
    corrected = geo.fit_find_model(visits, **NAMES).predict(later)
    raw = geo.fit_find_model(visits, **(NAMES | {"agency": None})).predict(later)
    easting = later.geometry.x
    assert spearmanr(corrected, later["true"]).statistic > 0.75
    assert spearmanr(corrected, later["true"]).statistic > spearmanr(raw, later["true"]).statistic + 0.05
    # the truth does not change from west to east; only who looks does
    assert abs(spearmanr(corrected, easting).statistic) < 0.15
    assert spearmanr(raw, easting).statistic > 0.25


def test_effects_of_inspectors_come_back() -> None:
    model = geo.fit_find_model(make_visits(2000, seed=2), **NAMES)
    fitted = model.agencies["effect"]
    assert list(fitted.index) == list(PLANTED)
    assert_allclose(fitted - fitted.mean(), list(PLANTED.values()), atol=0.45)
    assert model.agencies["share"].sum() == pytest.approx(1)
    assert model.agencies["n_visits"].sum() == model.n_visits == 2000
    assert model.coefficients["size"] > 0.5


def test_mean_p_is_near_the_share_of_finds() -> None:
    visits, later = make_visits(2000, seed=2), make_visits(2000, seed=5)
    model = geo.fit_find_model(visits, **NAMES)
    assert model.predict(later.drop(columns="observed_on")).mean() == pytest.approx(later["found"].mean(), abs=0.05)
    assert model.base_rate == pytest.approx((visits["found"].sum() + 0.5) / 2001)


def test_the_same_again_and_in_any_order(
    model: FindModel, visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> None:
    p = model.predict(candidates)
    again = geo.fit_find_model(visits, **NAMES, place="site")
    assert_series_equal(again.predict(candidates), p, check_exact=True)
    shuffled = geo.fit_find_model(visits.sample(frac=1, random_state=1), **NAMES, place="site")
    assert_series_equal(shuffled.predict(candidates), p, check_exact=True)


def test_visits_of_one_moment_come_in_any_order(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> None:
    """A register that knows only the month: nearly all rows are ties."""
    monthly = visits.assign(observed_on=visits["observed_on"].dt.to_period("M").dt.to_timestamp())
    p = geo.fit_find_model(monthly, **NAMES).predict(candidates)
    shuffled = geo.fit_find_model(monthly.sample(frac=1, random_state=1), **NAMES)
    assert_series_equal(shuffled.predict(candidates), p, check_exact=True)
    backwards = shuffled.predict(candidates, history=monthly.iloc[::-1])
    assert_series_equal(backwards, p, check_exact=True)


def test_candidates_see_visits_before_their_own_time_only(
    model: FindModel, visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> None:
    """Outcomes of the day itself and of later days are turned; only candidates after it may notice."""
    moment = pd.Timestamp("2024-03-01")
    turned = visits.assign(found=np.where(visits["observed_on"] >= moment, 1 - visits["found"], visits["found"]))
    before, after = candidates.assign(observed_on=moment), candidates.assign(observed_on="2024-12-24")
    assert_series_equal(model.predict(before, history=turned), model.predict(before, history=visits), check_exact=True)
    assert not np.allclose(model.predict(after, history=turned), model.predict(after, history=visits))


def test_history_takes_the_place_of_the_fitted_visits(
    model: FindModel, visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame
) -> None:
    frozen = model.predict(candidates)
    assert_series_equal(model.predict(candidates, history=visits), frozen, check_exact=True)
    new = make_visits(100, seed=9)
    new["observed_on"] = pd.Timestamp("2024-12-05")
    known_by_then = model.predict(candidates, history=pd.concat([visits, new]))
    assert not np.allclose(known_by_then, frozen)
    nothing_known = model.predict(candidates, history=visits.iloc[:0])
    assert np.isfinite(nothing_known).all()


def test_a_find_at_a_place_raises_its_p(candidates: gpd.GeoDataFrame) -> None:
    """Places keep their risk here, so a find says that the next visit will find something too."""
    visits = make_visits(2000, seed=6)
    risky = visits["site"].map(lambda site: int(site.split()[1]) % 3 == 0)
    rng = np.random.default_rng(0)
    visits["found"] = (rng.random(2000) < np.where(risky, 0.7, 0.1)).astype(int)
    model = geo.fit_find_model(visits, **NAMES, place="site")
    one = candidates.iloc[[0]].assign(site="new here")
    visit = one.assign(observed_on=pd.Timestamp("2024-11-20"), inspector="C")
    p = {found: model.predict(one, history=pd.concat([visits, visit.assign(found=found)])).iloc[0] for found in (0, 1)}
    assert p[1] > p[0] + 0.02


def test_without_a_time_candidates_follow_the_last_visit(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    just_after = candidates.assign(observed_on=model.last_day + pd.Timedelta(microseconds=1))
    assert_allclose(model.predict(candidates.drop(columns="observed_on")), model.predict(just_after), rtol=1e-9)


def test_candidates_in_another_crs_are_the_same_places(model: FindModel, candidates: gpd.GeoDataFrame) -> None:
    assert_allclose(model.predict(candidates.to_crs(4326)), model.predict(candidates), rtol=1e-6)


def test_units_of_the_crs_do_not_matter(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> None:
    """The same map in international feet."""
    feet = "+proj=utm +zone=33 +ellps=GRS80 +units=ft +type=crs"
    in_metres = geo.fit_find_model(visits, **NAMES)
    in_feet = geo.fit_find_model(visits.to_crs(feet), **NAMES)
    assert_allclose(in_feet.history.bandwidths_m, in_metres.history.bandwidths_m, rtol=1e-3)
    assert_allclose(in_feet.predict(candidates.to_crs(feet)), in_metres.predict(candidates), atol=0.02)


def test_lines_and_areas_count_as_a_point_inside(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> None:
    squares = visits.set_geometry(visits.buffer(50, cap_style="square"))
    assert_allclose(
        geo.fit_find_model(squares, **NAMES).predict(candidates),
        geo.fit_find_model(visits, **NAMES).predict(candidates),
        atol=0.01,
    )


def test_geometry_is_optional(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> None:
    table = pd.DataFrame(visits.drop(columns="geometry"))
    model = geo.fit_find_model(table, **NAMES)
    assert model.history.bandwidths_m == ()
    assert not any("within" in title for title in model.coefficients)
    assert_series_equal(model.predict(candidates), model.predict(pd.DataFrame(candidates.drop(columns="geometry"))))


def test_position_alone_is_enough(visits: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> None:
    model = geo.fit_find_model(visits, **(NAMES | {"features": []}))
    assert model.predict(candidates).nunique() > 100


def test_a_model_cannot_be_changed(model: FindModel) -> None:
    with pytest.raises(FrozenInstanceError):
        model.base_rate = 0.5  # type: ignore[misc]


def test_importing_geo_does_not_load_sklearn() -> None:
    code = "import sys, geo; sys.exit(any(name.split('.')[0] == 'sklearn' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
