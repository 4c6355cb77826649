"""How sure a surface is, against one draw after another, and what must hold for any surface."""

from __future__ import annotations

import numpy as np
import pytest

import geo
from geo.errors import MemoryLimitError, NotFoundError, ParameterError
from geo.layers.bundle import Layers
from geo.reference import certainty_classes
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty, estimate_uncertainty
from tests.frames import GRID, SCORING_DAY, small_frames
from tests.geo.risk.uncertainty.oracle import FixedRate, count_top, draw_scores, with_source

N_DRAWS, TOP_K, SEED = 40, 5, 11


@pytest.fixture(scope="module")
def rated(surface: RiskSurface) -> RiskSurface:
    return surface


@pytest.fixture(scope="module")
def found(rated: RiskSurface) -> Uncertainty:
    return rated.uncertainty(N_DRAWS, TOP_K, SEED)


def rasters(found: Uncertainty) -> np.ndarray:
    return np.array([found.low, found.median, found.high, found.p_top])


def test_quantiles_and_p_top_are_those_of_the_draws_one_by_one(rated: RiskSurface, found: Uncertainty) -> None:
    cells = np.flatnonzero(rated.ranked)
    scores = draw_scores(rated, cells, N_DRAWS, SEED)
    for raster, level in ((found.low, 0.05), (found.median, 0.5), (found.high, 0.95)):
        # rounding of float32 sums, and the Gamma table's 1e-5 of a share
        np.testing.assert_allclose(raster.ravel()[cells], np.quantile(scores, level, axis=0), rtol=0, atol=2e-3)
    # two cells closer than that may change places in a draw
    assert np.abs(found.p_top.ravel()[cells] - count_top(scores, TOP_K)).max() <= 1.01 / N_DRAWS


def test_cells_without_anything_to_visit_are_left_out(rated: RiskSurface, found: Uncertainty) -> None:
    for raster in (found.low, found.median, found.high, found.p_top):
        np.testing.assert_array_equal(np.isnan(raster), ~rated.ranked)
        assert not raster.flags.writeable
    np.testing.assert_array_equal(found.certainty == 0, ~rated.ranked)
    np.testing.assert_array_equal(found.score, rated.score)


def test_ends_enclose_the_median_and_p_top_adds_up_to_k(rated: RiskSurface, found: Uncertainty) -> None:
    ranked = rated.ranked
    assert (found.low[ranked] <= found.median[ranked]).all()
    assert (found.median[ranked] <= found.high[ranked]).all()
    assert (found.low[ranked] >= 0).all()
    assert (found.high[ranked] <= 100 + 1e-4).all()
    assert (found.high[ranked] > found.low[ranked]).any()
    assert found.p_top[ranked].sum(dtype=float) == pytest.approx(TOP_K, abs=1e-5)
    more = rated.uncertainty(N_DRAWS, TOP_K + 3, SEED)
    assert (more.p_top[ranked] >= found.p_top[ranked]).all()
    everybody = rated.uncertainty(N_DRAWS, rated.n_ranked, SEED)
    assert (everybody.p_top[ranked] == 1).all()


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads(rated: RiskSurface, found: Uncertainty) -> None:
    for n_threads in (1, 2, 5):
        again = rated.uncertainty(N_DRAWS, TOP_K, SEED, n_threads=n_threads)
        np.testing.assert_array_equal(rasters(again), rasters(found))
    other = rated.uncertainty(N_DRAWS, TOP_K, SEED + 1)
    assert (other.median != found.median)[rated.ranked].mean() > 0.9


def test_the_order_of_records_changes_no_bit(found: Uncertainty) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in small_frames().items()}
    again = geo.score(shuffled, GRID, at=SCORING_DAY).uncertainty(N_DRAWS, TOP_K, SEED)
    np.testing.assert_array_equal(rasters(again), rasters(found))


def test_a_county_keeps_its_intervals_and_ranks_its_own(wide_layers: Layers) -> None:
    grid = geo.region_grid(10_000)
    surface = geo.score(wide_layers, grid, at=SCORING_DAY)
    whole, part = (surface.uncertainty(N_DRAWS, 3, SEED, county=county) for county in (None, "24"))
    mine = surface.ranked & surface.county_mask("24")
    np.testing.assert_array_equal(np.isnan(part.low), ~mine)
    for ours, theirs in ((part.low, whole.low), (part.median, whole.median), (part.high, whole.high)):
        np.testing.assert_array_equal(ours[mine], theirs[mine])
    assert part.p_top[mine].sum(dtype=float) == pytest.approx(3, abs=1e-5)
    assert (part.p_top[mine] >= whole.p_top[mine]).all()


def test_a_place_has_the_same_noise_on_another_grid(rated: RiskSurface) -> None:
    """Cells of a part of the grid keep their draws: the lattice is fixed to the ground."""
    part = geo.Grid(GRID.x_min + 4_000, GRID.y_min, GRID.cell_m, GRID.n_rows - 3, GRID.n_cols - 2)
    # statistics by area are brought to the cells of a grid, and differ at its edge
    no_areas = {"sector_density": 0.0}
    whole, some = (
        with_source(geo.score(rated.layers, grid, SCORING_DAY, weights=no_areas), FixedRate(0.7, 2.0), 0.4)
        for grid in (GRID, part)
    )
    ours, theirs = some.uncertainty(N_DRAWS, TOP_K, SEED), whole.uncertainty(N_DRAWS, TOP_K, SEED)
    np.testing.assert_array_equal(ours.median, theirs.median[3:, 2:])


def test_known_for_certain_gives_the_score_itself(layers: Layers) -> None:
    """One component, its value known, the same wherever the grid begins: no draw differs from another."""
    weights = dict.fromkeys(geo.score(layers, GRID, at=SCORING_DAY).model.weights, 0.0) | {"findings": 1.0}
    surface = geo.score(layers, GRID, at=SCORING_DAY, weights=weights)
    found = with_source(surface, FixedRate(3e11, 1e12), 0.1).uncertainty(N_DRAWS, TOP_K, SEED)
    for raster in (found.low, found.median, found.high):
        np.testing.assert_allclose(raster[surface.ranked], 75, rtol=0, atol=1e-3)


def test_more_findings_raise_the_interval_and_more_visits_narrow_it(surface: RiskSurface) -> None:
    few, more, many = (
        with_source(surface, FixedRate(shape, rate), 0.25).uncertainty(200, TOP_K, SEED)
        for shape, rate in ((0.5, 2.0), (1.0, 2.0), (50.0, 200.0))
    )
    ranked = surface.ranked
    for ours, theirs in ((few.low, more.low), (few.median, more.median), (few.high, more.high)):
        assert (ours[ranked] <= theirs[ranked] + 1e-4).all()
    assert ((few.high - few.low)[ranked] > (many.high - many.low)[ranked]).all()


def test_nine_draws_of_ten_lie_within_the_interval(rated: RiskSurface) -> None:
    """Draws of another seed are truths that the interval has never seen."""
    found = rated.uncertainty(400, TOP_K, SEED)
    cells = np.flatnonzero(rated.ranked)[::3]
    truths = draw_scores(rated, cells, 160, SEED + 1)
    inside = (truths >= found.low.ravel()[cells]) & (truths <= found.high.ravel()[cells])
    assert inside.mean() == pytest.approx(0.9, abs=0.03)


def test_a_component_without_weight_weighs_nothing_in_any_draw(layers: Layers) -> None:
    surface = geo.score(layers, GRID, at=SCORING_DAY, weights={"findings": 0})
    one, other = (
        with_source(surface, FixedRate(shape, 1.0), 0.25).uncertainty(N_DRAWS, TOP_K, SEED) for shape in (1.0, 9.0)
    )
    np.testing.assert_array_equal(rasters(one), rasters(other))


def test_cells_and_tables_say_the_same(rated: RiskSurface, found: Uncertainty) -> None:
    top = found.top(7)
    assert list(top.columns) == ["rank", "cell_id", "score", "low", "median", "high", "p_top", "certainty"]
    assert list(top["rank"]) == [1, 2, 3, 4, 5, 6, 7]
    assert top["p_top"].is_monotonic_decreasing
    assert top["p_top"].iloc[0] == np.nanmax(found.p_top)
    frame = found.to_geodataframe().set_index("cell_id")
    assert len(frame) == rated.n_ranked
    assert frame.crs == rated.grid.crs
    assert set(frame.area) == {GRID.cell_m**2}
    for row in top.itertuples():
        cell = found.at(row.cell_id)
        assert (cell.cell_id, cell.certainty) == (row.cell_id, row.certainty)
        easting, northing = GRID.centre(*GRID.parse_cell_id(row.cell_id))
        square = frame.loc[row.cell_id]
        assert (square.geometry.centroid.x, square.geometry.centroid.y) == (easting, northing)
        for name in ("score", "low", "median", "high", "p_top"):
            assert getattr(cell, name) == getattr(row, name) == square[name]
    assert len(found.top(10_000)) == rated.n_ranked


def test_words_follow_from_the_table(found: Uncertainty) -> None:
    least = [each.p_top_min for each in certainty_classes()]
    for p_top, position in zip(found.p_top.ravel().tolist(), found.certainty.ravel().tolist(), strict=True):
        expected = next((i for i, low in enumerate(least, 1) if p_top >= np.float32(low)), 0)
        assert position == expected


def test_cells_that_were_not_drawn_are_named(rated: RiskSurface, found: Uncertainty) -> None:
    row, col = np.argwhere(~rated.ranked)[0]
    with pytest.raises(NotFoundError, match="nothing to visit"):
        found.at(GRID.cell_id(row, col))
    with pytest.raises(ParameterError, match="is not a cell id"):
        found.at("somewhere")
    for n in (0, -1, 2.5, True, "3"):
        with pytest.raises(ParameterError, match="n must be"):
            found.top(n)  # type: ignore[arg-type]


def test_all_bad_arguments_are_named_at_once(surface: RiskSurface) -> None:
    with pytest.raises(ParameterError) as error:
        estimate_uncertainty(surface, 19, 0, -1, "99", n_threads=0)
    for part in ("n_draws must be a whole number from 20 to 10000, got 19", "top_k must be", "seed must be", "'99'"):
        assert part in str(error.value)
    assert "n_threads must be" in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_draws": 20.0}, "n_draws"),
        ({"n_draws": True}, "n_draws"),
        ({"n_draws": 10_001}, "n_draws"),
        ({"seed": "1"}, "seed"),
        ({"seed": None}, "seed"),
        ({"top_k": 10_001}, "top_k must be"),
        ({"top_k": 5_000}, r"top_k is 5000, but only \d+ cell\(s\) have something to visit"),
        ({"county": "22"}, "only 0 cell"),
    ],
)
def test_bad_arguments_are_refused(surface: RiskSurface, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        surface.uncertainty(**arguments)  # type: ignore[arg-type]


def test_layers_that_have_changed_are_refused(layers: Layers) -> None:
    surface = geo.score(layers, GRID, at=SCORING_DAY)
    surface.__dict__["stale_layers"] = ("visits", "workplaces")
    with pytest.raises(ParameterError, match=r"layers have changed since this was scored.*visits, workplaces"):
        surface.uncertainty(N_DRAWS, TOP_K)


def test_what_does_not_fit_into_memory_is_refused_before(surface: RiskSurface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.memory.available_bytes", lambda: 1_000_000)
    with pytest.raises(MemoryLimitError, match=r"Drawing the scores of .* choose larger cells, or one county"):
        surface.uncertainty()
