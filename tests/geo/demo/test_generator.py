"""The whole: deterministic, checked, marked synthetic, and deaf to the risk model."""

import ast
import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geo.demo
from geo.demo import Demo, digest_frame, make_demo
from geo.demo.streams import PARTS, make_stream
from geo.errors import ParameterError
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.region import load_region, packaged_localities, packaged_municipalities

PACKAGE = Path(geo.demo.__file__).parent
LAYER_NAMES = {
    "workplaces", "accommodation", "sectors", "visits", "findings", "reported", "establishments", "localities",
}  # fmt: skip
# All ways to the model's weights, bandwidths and seasons
MODEL = {
    "risk_weights",
    "bandwidths_m",
    "unsuitabilities",
    "season_factors",
    "housing_season_factors",
    "phase_weights",
    "finding_weights",
    "report_weights",
    "model_parameters",
    "model_components",
    "sector_shares",
    "score_classes",
    "are_meant_for_living",
}


def digests(demo: Demo) -> dict[str, str]:
    return {name: digest_frame(frame) for name, frame in demo.layers.items()} | {"truth": digest_frame(demo.truth)}


def test_equal_seeds_give_equal_content(demo: Demo) -> None:
    again = make_demo(68656048, at=date(2026, 7, 15))
    assert digests(again) == digests(demo)
    assert again.manifest == demo.manifest


def test_other_seeds_give_other_content(demo: Demo, other_demo: Demo) -> None:
    one, other = digests(demo), digests(other_demo)
    same = {name for name in one if one[name] == other[name]}
    # what is real, or stands in the reference tables, does not hang on the seed
    assert same == {"establishments", "localities"}


def test_digest_sees_every_kind_of_change(demo: Demo) -> None:
    visits = demo.layers["visits"].head(5)
    moved = visits.copy()
    moved.geometry = visits.geometry.translate(1)
    later = visits.assign(visited_on=visits["visited_on"] + pd.Timedelta(days=1))
    renamed = visits.rename(columns={"outcome": "result"})
    seen = {digest_frame(frame) for frame in (visits, moved, later, renamed, visits.iloc[::-1])}
    assert len(seen) == 5


def test_parts_have_streams_of_their_own() -> None:
    first = {part: make_stream(1, part).random(4).tolist() for part in PARTS}
    assert first == {part: make_stream(1, part).random(4).tolist() for part in reversed(PARTS)}
    assert len({tuple(draws) for draws in first.values()}) == len(PARTS)


@pytest.mark.parametrize("name", sorted(LAYER_NAMES))
def test_layers_pass_validation_unchanged(demo: Demo, name: str) -> None:
    frame = demo.layers[name]
    assert tuple(frame.columns) == LAYERS[name].columns
    assert digest_frame(validate(LAYERS[name], frame)) == digest_frame(frame)


def test_there_are_these_layers_and_no_others(demo: Demo) -> None:
    assert set(demo.layers) == LAYER_NAMES


def test_everything_made_up_says_so(demo: Demo) -> None:
    for name, frame in demo.layers.items():
        assert frame["synthetic"].unique().tolist() == [name != "localities"], name
    assert demo.truth["synthetic"].all()
    assert demo.manifest["synthetic"] is True


def test_localities_are_the_packaged_ones(demo: Demo) -> None:
    assert set(demo.layers["localities"]["locality_id"]) == set(packaged_localities()["locality_id"])


def test_all_points_lie_in_the_region(demo: Demo) -> None:
    region = load_region()
    for frame in [*demo.layers.values(), demo.truth]:
        points = frame[frame.geometry.geom_type == "Point"].geometry
        assert (region.municipality_at(points.x, points.y) != "").all()
    points = demo.layers["workplaces"].geometry
    grid_free = np.asarray(points.x % 1 == 0) & np.asarray(points.y % 1 == 0)
    assert grid_free.all()


def test_manifest_is_json_and_fits_the_content(demo: Demo) -> None:
    manifest = json.loads(json.dumps(demo.manifest))
    assert manifest == demo.manifest
    assert {name: entry["sha256"] for name, entry in manifest["layers"].items()} == {
        name: digest_frame(frame) for name, frame in demo.layers.items()
    }
    assert manifest["layers"]["visits"]["rows"] == len(demo.layers["visits"])
    assert manifest["truth"]["rows"] == len(demo.truth)


def test_manifest_names_no_place_of_the_truth(demo: Demo) -> None:
    text = json.dumps(demo.manifest)
    assert not any(site in text for site in demo.truth["site_id"])


@pytest.mark.long
def test_own_borders_and_a_leap_day() -> None:
    at = date(2024, 2, 29)
    borders = packaged_municipalities()
    county = borders[borders["municipality"].str[:2] == "24"]
    said: list[str] = []
    demo = make_demo(3, at=at, region=load_region(county), progress=said.append)
    assert set(demo.layers["sectors"]["area_id"]) == set(county["municipality"])
    visited_on = demo.layers["visits"]["visited_on"]
    assert visited_on.max() <= pd.Timestamp(at)
    assert visited_on.min() > pd.Timestamp(2021, 2, 28)
    points = demo.layers["workplaces"].geometry
    assert (load_region(county).municipality_at(points.x, points.y) != "").mean() > 0.99
    assert said[0].startswith("towns")
    assert len(said) == len(set(said)) > 5


@pytest.mark.parametrize("seed", [-1, 1.5, "7", None, True])
def test_bad_seeds_are_refused(seed: object) -> None:
    with pytest.raises(ParameterError, match="seed must be a whole number"):
        make_demo(seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("at", ["2026-07-15", datetime(2026, 7, 15), None])
def test_bad_dates_are_refused(at: object) -> None:
    with pytest.raises(ParameterError, match=r"at must be a datetime\.date"):
        make_demo(1, at=at)  # type: ignore[arg-type]


@pytest.mark.long
def test_generator_never_imports_the_risk_model() -> None:
    # a bare package stands for geo, whose own front door does import the model; an import of it would raise
    script = (
        "import sys, types; sys.modules['geo'] = types.ModuleType('geo'); sys.modules['geo'].__path__ = [sys.argv[1]];"
        "sys.modules['geo.risk'] = None; from geo.demo import make_demo;"
        "print(len(make_demo(1).truth), [name for name in sys.modules if name.startswith('geo.risk.')])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, str(PACKAGE.parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    n_truth, imported = done.stdout.split(maxsplit=1)
    assert int(n_truth) > 60
    assert imported.strip() == "[]"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_no_module_names_the_models_weights(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {name for name in imported if name.startswith("geo.risk")}
    assert not MODEL & (imported | used)
    tables = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not {"risk_weight", "unsuitability", "model_components", "model_parameters"} & tables
