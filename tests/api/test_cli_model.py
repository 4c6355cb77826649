"""norrsyn model: versions are fitted, shown and compared, and scored by when asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import geo
from api.cli import app
from geo.store.files import Provenance, load_surface, save_layers
from tests.frames import make_frame, small_frames
from tests.geo.risk.learned.world import make_world

DAY = "2026-07-15"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    save_layers(home, {name: (frame, Provenance("register.csv")) for name, frame in small_frames().items()})
    return home


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result


def run_json(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_a_version_is_fitted_used_and_kept_in_use(home: Path) -> None:
    own = geo.load_model().version
    fitted = run_json("model", "fit", "--at", DAY, "--home", home)
    version = fitted["version"]
    assert fitted["origin"]["at"] == DAY
    shown = run_json("model", "show", "--home", home)
    assert (shown["versions"], shown["in_use"], shown["version"]) == ([own, version], own, own)
    answer = run_json("score", "--at", DAY, "--cell", 20_000, "--model", version, "--home", home)
    assert answer["model_version"] == version
    assert load_surface(home).model.digest == geo.Model.from_dict(fitted).digest
    # another date is scored by the same model, unless one is named
    run("score", "--at", "2026-01-15", "--cell", 20_000, "--home", home)
    assert load_surface(home).model.version == version
    assert run_json("model", "show", "--home", home)["in_use"] == version
    run("score", "--at", DAY, "--cell", 20_000, "--model", own, "--home", home)
    assert load_surface(home).model.version == own


def test_in_words(home: Path) -> None:
    words = run("model", "fit", "--at", DAY, "--home", home).stdout
    assert f"Model {DAY}-" in words
    assert "reference level of workplaces" in words
    assert f"Score with it: norrsyn score --model {DAY}-" in words
    version = words.split()[1]
    shown = run("model", "show", "--home", home).stdout
    assert "in use" in shown
    assert version in shown
    assert "colocation_m" in run("model", "show", version, "--home", home).stdout
    same = run("model", "compare", version, version, "--at", DAY, "--home", home).stdout
    assert "hold the same numbers" in same
    assert "rank correlation 1.000" in same


def test_two_versions_compare(home: Path) -> None:
    version = run_json("model", "fit", "--at", DAY, "--home", home)["version"]
    answer = run_json("model", "compare", version, "--at", DAY, "--home", home)
    own = geo.load_model()
    assert (answer["first"], answer["second"]) == (version, own.version)
    assert answer["differences"]["reference level of workplaces"][1] == own.reference_levels["workplaces"]
    assert not [name for name in answer["differences"] if name.startswith("weight")]
    assert 0 < answer["ranking"]["rank_correlation"] <= 1


@pytest.fixture
def visited(tmp_path: Path) -> Path:
    """A data folder with three years of visits."""
    home, world = tmp_path / "visited", make_world()
    save_layers(home, {name: (make_frame(rows), Provenance("register.csv")) for name, rows in world.items()})
    return home


@pytest.mark.long
def test_learned_weights_are_shown_and_kept_only_when_asked(visited: Path) -> None:
    own = geo.load_model()
    answer = run_json("model", "learn", "--at", DAY, "--home", visited)
    assert answer["saved"] is False
    assert {name: each["expert"] for name, each in answer["report"].items()} == own.weights
    assert run_json("model", "show", "--home", visited)["versions"] == [own.version]
    kept = run_json("model", "learn", "--at", DAY, "--save", "--home", visited)
    assert kept == {**answer, "saved": True}
    shown = run_json("model", "show", "--home", visited)
    assert (shown["versions"], shown["in_use"]) == ([own.version, kept["version"]], own.version)


@pytest.mark.long
def test_learned_weights_are_never_used_in_silence(visited: Path) -> None:
    version = run_json("model", "learn", "--at", DAY, "--save", "--home", visited)["version"]
    said = f"Weights are learned from 420 visits up to {DAY}"
    plain = run("score", "--at", DAY, "--cell", 20_000, "--home", visited).stdout
    assert "learned" not in plain
    assert load_surface(visited).model == geo.load_model()
    scored = run("score", "--at", DAY, "--cell", 20_000, "--model", version, "--home", visited).stdout
    assert said in scored
    surface = load_surface(visited)
    assert surface.model.is_learned
    assert surface.manifest["model_origin"]["learned"]["n_visits"] == 420
    assert said in run("top", "--home", visited).stdout
    assert said in run("model", "show", version, "--home", visited).stdout
    assert "weights learned from visits" in " ".join(run("model", "show", "--home", visited).stdout.split())
    # another date follows the published surface, and says so again
    again = run_json("score", "--at", "2026-01-15", "--cell", 20_000, "--home", visited)
    assert (again["model_version"], again["weights_learned"]) == (version, True)
    # what is learned next starts from the experts again
    assert run_json("model", "learn", "--at", DAY, "--home", visited)["base"] == geo.load_model().version


def test_learning_in_words(visited: Path, home: Path) -> None:
    words = " ".join(run("model", "learn", "--at", DAY, "--home", visited).stdout.split())
    assert "did better than the experts'" in words
    assert "establishments" in words
    assert all(name in words for name in ("AUC", "deviance", "found in"))
    assert "norrsyn score --model VERSION" in words
    kept = " ".join(run("model", "learn", "--at", DAY, "--save", "--home", visited).stdout.split())
    assert f"norrsyn score --model {DAY}-learned-" in kept
    refused = run("model", "learn", "--at", DAY, "--home", home, code=2).stderr
    assert "No weights can be learned" in refused


def test_what_cannot_be_done(home: Path, tmp_path: Path) -> None:
    assert "no model 'x'" in run("model", "show", "x", "--home", home, code=3).stderr
    assert "no model 'x'" in run("score", "--model", "x", "--home", home, code=3).stderr
    assert "is not a date" in run("model", "fit", "--at", "soon", "--home", home, code=2).stderr
    (tmp_path / "empty").mkdir()
    assert "holds no layers" in run("model", "fit", "--home", tmp_path / "empty", code=3).stderr
