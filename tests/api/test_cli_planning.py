"""The command line lists the sites that the library finds, and refuses what it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.planning.targets import find_targets
from geo.reference import read_table
from geo.risk.surface import RiskSurface
from tests.api.test_cli import fail_json, run, run_json


def test_json_holds_the_library_s_targets(made_home: Path, published: RiskSurface) -> None:
    answer = run_json("targets", "--n", "5", "--home", made_home)
    expected = find_targets(published, n=5)
    assert [(one["layer"], one["record_id"]) for one in answer["targets"]] == [one.key for one in expected.targets]
    assert [one["priority"] for one in answer["targets"]] == [one.priority for one in expected.targets]
    assert answer["surface"] == published.id
    assert answer["n_candidates"] == len(expected.candidates)


def test_filters_pins_and_exclusions(made_home: Path, published: RiskSurface) -> None:
    first, second, *_ = find_targets(published, n=5).targets
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    answer = run_json(
        "targets", "--home", made_home, "--layer", "accommodation",
        "--pin", "/".join(second.key), "--exclude", f"{'/'.join(first.key)}={reason}",
    )  # fmt: skip
    assert answer["excluded"] == [
        {"layer": first.layer, "record_id": first.record_id, "title": first.title, "reason": reason}
    ]
    assert answer["targets"][0]["record_id"] == second.record_id
    assert answer["targets"][0]["is_pinned"]
    assert {one["layer"] for one in answer["targets"][1:]} <= {"accommodation"}


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_in_words(made_home: Path, published: RiskSurface, lang: str) -> None:
    first = find_targets(published, n=1).targets[0]
    text = run("targets", "--n", "3", "--lang", lang, "--home", made_home).stdout
    assert first.record_id in text
    assert published.id in text


def test_what_cannot_be_used_is_told(made_home: Path) -> None:
    assert "layer/id" in fail_json("targets", "--pin", "w1", "--home", made_home, code=2)["detail"]
    assert "nowhere" in fail_json("targets", "--pin", "workplaces/nowhere", "--home", made_home, code=2)["detail"]
    assert "99" in fail_json("targets", "--county", "99", "--home", made_home, code=2)["detail"]


def test_before_a_score(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    fail_json("targets", "--home", tmp_path / "home", code=3)
