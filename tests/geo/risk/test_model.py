"""The model is what the tables hold, and fitting gives what a reader would compute."""

from __future__ import annotations

import math
import statistics

import pytest
import shapely

import geo
from geo.risk.calibration import fit_reference_levels, fit_sector_shares
from geo.risk.surface import RiskSurface
from tests.frames import SCORING_DAY, make_area, make_frame
from tests.geo.risk.conftest import Expected
from tests.oracles import COMPONENTS, read_parameter, read_reference


def test_the_model_is_what_the_tables_hold() -> None:
    model = geo.load_model()

    rows = read_reference("model_components")
    assert [component.name for component in model.components] == [row["component"] for row in rows]
    for component, row in zip(model.components, rows, strict=True):
        assert (component.title, component.unit) == (row["title"], row["unit"])
        assert (component.weight, component.reference_level) == (float(row["weight"]), float(row["reference_level"]))
        assert component.weight > 0
        assert component.reference_level > 0
    assert model.parameters["colocation_m"] == read_parameter("colocation_m")
    assert sum(model.max_points.values()) == pytest.approx(100)


def test_the_model_cannot_be_changed() -> None:
    model = geo.load_model()

    model.weights["findings"] = 99.0

    assert geo.load_model().weights["findings"] != 99.0
    with pytest.raises(TypeError):
        model.parameters["colocation_m"] = 1.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        model.version = "other"  # type: ignore[misc]


def test_levels_are_medians_of_the_cells_touched(surface: RiskSurface, expected: Expected) -> None:
    levels = fit_reference_levels(surface)

    assert tuple(levels) == COMPONENTS
    for name, level in levels.items():
        values = expected.units[name]
        assert level == pytest.approx(statistics.median(values[values > 0].tolist()), rel=1e-6)


def test_a_component_that_touches_nothing_has_no_level() -> None:
    surface = geo.score({}, geo.region_grid(20_000), at=SCORING_DAY)

    assert all(math.isnan(level) for level in fit_reference_levels(surface).values())


def test_shares_are_of_all_employees() -> None:
    square = shapely.box(750_000, 7_080_000, 751_000, 7_081_000)
    rows = [("a", "green", 10), ("a", "other", 60), ("b", "green", 20), ("b", "cleaning", 10)]
    frame = geo.Layers({"sectors": make_frame([make_area(*row, square) for row in rows])})["sectors"]

    shares = fit_sector_shares(frame)

    assert set(shares) == {row["sector"] for row in read_reference("sectors")}
    found = {name: share for name, share in shares.items() if share}
    assert found == pytest.approx({"green": 0.3, "other": 0.6, "cleaning": 0.1})
