"""Plans on the command line: from a draft to a closed one, refused with all that is wrong, and replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geo.layers.circles import INNER_CIRCLE
from geo.planning.plan.outcomes import NOTHING_FOUND
from geo.reference import read_table
from geo.reference.tables import read_columns
from geo.store.files import Provenance, load_layers, save_layers
from geo.store.people.events import list_events
from geo.store.plans import change_plan, find_plan, list_plans
from tests.api.test_cli import fail_json, run, run_json

CREW = {
    "name": "north",
    "people": {"arbetsmiljoverket": 6, "polismyndigheten": 5},
    "car_seats": [5, 5, 4],
    "depot": [758_000, 7_087_000],
}
TOML = """
name = "Week 30"
days = [2026-07-20, 2026-07-21]
seed = 7
explores = false

[[crews]]
name = "north"
people = {arbetsmiljoverket = 6, polismyndigheten = 5}
car_seats = [5, 5, 4]
depot = {lon = 20.26, lat = 63.83}
"""


@pytest.fixture
def crew(tmp_path: Path) -> Path:
    path = tmp_path / "crew.json"
    path.write_text(json.dumps(CREW), encoding="utf-8")
    return path


@pytest.fixture
def drafted(home: Path, crew: Path) -> dict[str, Any]:
    options = ("--name", "Week 30", "--day", "2026-07-20", "--day", "2026-07-21", "--crew", crew, "--seed", "3")
    return run_json("plan", "draft", *options, "--home", home)


def stops_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [stop for route in plan["routes"] for stop in route["stops"]]


def key_of(stop: dict[str, Any]) -> str:
    return f"{stop['layer']}/{stop['record_id']}"


def happened(home: Path) -> set[str]:
    return {one.what for one in list_events(home)[1]}


def check_at(stop: dict[str, Any]) -> str:
    """A check that somebody of the crew may make there."""
    agency = next(one for one in stop["agencies"] if one["attendance"] == "on_site")
    return f"{agency['agency']}={agency['checks'][0]['check']}"


@pytest.mark.long
def test_a_draft_from_options_is_kept_and_replays(home: Path, drafted: dict[str, Any]) -> None:
    stored = find_plan(home, drafted["plan_id"])
    assert stops_of(drafted)
    assert [(stop["layer"], stop["record_id"]) for stop in stops_of(drafted)] == [
        stop.key for stop in sorted(stored.plan.stops, key=lambda stop: (stop.on, stop.order))
    ]
    assert drafted["state"] == "draft"
    assert stored.plan.manifest["request"]["seed"] == 3
    assert "plan-made" in happened(home)
    again = run_json("replay", drafted["plan_id"], "--home", home)
    assert again["is_same"]
    assert again["differences"] == []
    assert again["n_stops"] == len(stops_of(drafted))
    listed = run_json("plan", "list", "--home", home)["plans"]
    assert [one["plan_id"] for one in listed] == [drafted["plan_id"]]
    assert run_json("plan", "show", drafted["plan_id"], "--home", home) == drafted


def test_a_draft_from_a_file_and_options_that_go_before_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "week.toml").write_text(TOML, encoding="utf-8")
    told = run_json("plan", "draft", tmp_path / "week.toml", "--hours", "07:30-16:00", "--home", home)
    assert (told["name"], told["hours"], told["days"]) == ("Week 30", [450, 960], ["2026-07-20", "2026-07-21"])
    assert told["crews"][0]["depot"]["lon"] == pytest.approx(20.26)
    other = run_json(
        "plan", "draft", tmp_path / "week.toml", "--name", "Other", "--day", "2026-07-22", "--seed", "9",
        "--pin", "workplaces/w001", "--layer", "workplaces", "--not-visited-for", "1", "--candidates", "3",
        "--home", home,
    )  # fmt: skip
    assert (other["name"], other["days"]) == ("Other", ["2026-07-22"])
    request = find_plan(home, other["plan_id"]).plan.manifest["request"]
    assert (request["seed"], request["pinned"], request["n_candidates"]) == (9, [["workplaces", "w001"]], 3)
    assert (request["filter"]["layers"], request["filter"]["min_days_since_visit"]) == (["workplaces"], 1)
    assert request["explores"] is False


def test_a_draft_is_made_anew_from_something_else(home: Path, drafted: dict[str, Any]) -> None:
    options = ("--change", drafted["plan_id"], "--day", "2026-07-22", "--hours", "08:00-15:00", "--county", "24")
    told = run_json("plan", "draft", *options, "--home", home)
    assert (told["plan_id"], told["version"], told["name"]) == (drafted["plan_id"], 2, "Week 30")
    assert (told["days"], told["hours"]) == (["2026-07-22"], [480, 900])
    assert [crew["name"] for crew in told["crews"]] == [crew["name"] for crew in drafted["crews"]]
    request = find_plan(home, drafted["plan_id"]).plan.manifest["request"]
    assert (request["seed"], request["filter"]["counties"]) == (3, ["24"])
    assert run_json("replay", drafted["plan_id"], "--home", home)["is_same"]
    fail_json("plan", "draft", *options, "--if-version", "1", "--home", home, code=2)
    alone = fail_json("plan", "draft", "--if-version", "1", "--home", home, code=2)
    assert "--change" in alone["detail"]
    run_json("plan", "move", drafted["plan_id"], "cancelled", "--reason", "weather", "--home", home)
    assert "cancelled" in fail_json("plan", "draft", *options, "--home", home, code=2)["detail"]


@pytest.mark.long
def test_optimised_anew_and_in_an_order_of_one_s_own(home: Path, drafted: dict[str, Any], tmp_path: Path) -> None:
    plan_id, reason = drafted["plan_id"], str(read_table("exclusion_reasons")["reason"].iloc[0])
    first, *rest = stops_of(drafted)
    options = ("--lock", f"{key_of(first)}=north@2026-07-21", "--exclude", f"{key_of(rest[0])}={reason}")
    told = run_json("plan", "optimise", plan_id, *options, "--home", home)
    moved = next(stop for stop in stops_of(told) if key_of(stop) == key_of(first))
    assert (moved["on"], told["version"]) == ("2026-07-21", 2)
    assert key_of(rest[0]) not in {key_of(stop) for stop in stops_of(told)}
    assert [f"{one['layer']}/{one['record_id']}" for one in told["exclusions"]] == [key_of(rest[0])]
    told = run_json("plan", "optimise", plan_id, "--unlock", key_of(first), "--allow", key_of(rest[0]), "--home", home)
    assert [key_of(stop) for stop in stops_of(told)] == [key_of(stop) for stop in stops_of(drafted)]
    assert told["locks"] == told["exclusions"] == []
    routes = [
        {
            "crew": route["crew"],
            "on": route["on"],
            "stops": [{"layer": stop["layer"], "record_id": stop["record_id"]} for stop in route["stops"][::-1]],
        }
        for route in told["routes"]
    ]
    (tmp_path / "routes.json").write_text(json.dumps({"routes": routes}), encoding="utf-8")
    arranged = run_json("plan", "arrange", plan_id, tmp_path / "routes.json", "--home", home)
    for before, after in zip(told["routes"], arranged["routes"], strict=True):
        assert [key_of(stop) for stop in after["stops"]] == [key_of(stop) for stop in before["stops"][::-1]]
    assert arranged["optimised"] is None
    again = run_json("replay", plan_id, "--home", home)
    assert again["is_same"]
    assert again["is_arranged"]
    text = run("plan", "show", plan_id, "--home", home, "--lang", "sv").stdout
    assert "Utkast" in text


@pytest.mark.long
def test_from_draft_to_closed_and_into_the_layers(home: Path, drafted: dict[str, Any]) -> None:
    plan_id, where = drafted["plan_id"], ("--home", home)
    stops = stops_of(drafted)
    n_visits = len(load_layers(home)["visits"])
    run_json("plan", "move", plan_id, "ready", *where)
    blocked = fail_json("plan", "move", plan_id, "approved", *where, code=2)["detail"]
    assert blocked.count("Not ready") == len(read_table("support_checklist"))
    for item, detail in read_columns("support_checklist", "item", "detail"):
        languages = ("--language", "th") if detail == "languages" else ()
        told = run_json("plan", "check", plan_id, item, *languages, *where)
    told = run_json("plan", "check", plan_id, "coordinator_on_call", "--not-ready", *where)
    assert told["blocks"]["approved"]
    run_json("plan", "check", plan_id, "coordinator_on_call", *where)
    for stop in stops:
        if stop["needs_reason"]:
            run_json("plan", "justify", plan_id, key_of(stop), "new_information", *where)
    told = run_json("plan", "comment", plan_id, "weather", "--about", key_of(stops[0]), *where)
    assert told["history"][-1]["about"] == key_of(stops[0])
    assert run_json("plan", "move", plan_id, "approved", *where)["state"] == "approved"
    saw = "polismyndigheten=very_long_hours:S:observed:unverified:1-4"
    told = run_json(
        "plan", "outcome", plan_id, key_of(stops[0]), "--outcome", "deficiency", "--persons", "1-4",
        "--check", check_at(stops[0]), "--saw", saw, *where,
    )  # fmt: skip
    record = next(stop for stop in stops_of(told) if key_of(stop) == key_of(stops[0]))["outcome"]
    assert record["outcome"] == "deficiency"
    assert "polismyndigheten" in {one["agency"] for one in record["agencies"]}
    for stop in stops[1:]:
        told = run_json("plan", "outcome", plan_id, key_of(stop), "--check", check_at(stop), *where)
        assert find_plan(home, plan_id).plan.outcomes[stop["layer"], stop["record_id"]][-1].outcome == NOTHING_FOUND
    assert len(load_layers(home)["visits"]) == n_visits + len(stops)
    assert run_json("plan", "move", plan_id, "closed", *where)["state"] == "closed"
    assert {"plan-approved", "plan-outcome", "plan-closed"} <= happened(home)
    again = run_json("replay", plan_id, *where)
    assert again["is_same"]
    assert any("visits" in note for note in again["notes"])
    fail_json("plan", "optimise", plan_id, *where, code=2)


@pytest.mark.long
def test_a_replay_that_differs_ends_with_1_and_names_it(home: Path, drafted: dict[str, Any]) -> None:
    stored = list_plans(home)[0]
    manifest = {**stored.plan.manifest, "n_candidates": 99}
    change_plan(home, stored.plan.plan_id, 1, lambda plan: replace(plan, manifest=manifest))
    assert "99 sites could be chosen from" in run("replay", drafted["plan_id"], "--home", home, code=1).stdout
    told = json.loads(run("replay", drafted["plan_id"], "--lang", "sv", "--json", "--home", home, code=1).stdout)
    assert not told["is_same"]
    assert told["differences"][0].startswith("Då kunde man välja bland 99")


def test_what_cannot_be_planned_is_told_all_at_once(home: Path, tmp_path: Path) -> None:
    bad = {**CREW, "car_seats": [0], "depot": [900_000, 7_087_000], "people": {"nobody": 4}}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps([bad]), encoding="utf-8")
    told = fail_json(
        "plan", "draft", "--name", "W", "--day", "2026-07-20", "--crew", path, "--hours", "17:00-08:00",
        "--candidates", "5000", "--pin", "workplaces/nowhere", "--home", home, code=2,
    )["detail"]  # fmt: skip
    for words in ("17:00 to 08:00", "5000", "'nobody'", "at least one seat", "at sea or outside", "nowhere"):
        assert words in told, words
    told = fail_json("plan", "draft", "--home", home, code=2)["detail"]
    assert "name" in told


def test_files_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    for name, content, words in [
        ("a.json", "{", "cannot be read"),
        ("a.toml", "= 3", "cannot be read"),
        ("a.json", '{"name": NaN}', "cannot be read"),
        ("a.json", "[]", "must hold an object"),
        ("a.txt", "{}", "must end in .json or .toml"),
        ("a.json", '{"name": "W", "colour": 3, "days": ["soon"], "seed": -1}', "colour"),
    ]:
        (tmp_path / name).write_text(content, encoding="utf-8")
        told = fail_json("plan", "draft", tmp_path / name, "--home", home, code=2)["detail"]
        assert words in told
    assert "days.0" in told
    assert "seed" in told
    fail_json("plan", "draft", tmp_path / "none.json", "--home", home, code=3)


def test_what_is_typed_wrong(home: Path, drafted: dict[str, Any]) -> None:
    plan_id, where = drafted["plan_id"], ("--home", home)
    stop = key_of(stops_of(drafted)[0])
    for arguments, words, code in [
        (("show", "none"), "no plan 'none'", 3),
        (("optimise", plan_id, "--lock", "workplaces/w001"), "crew@YYYY-MM-DD", 2),
        (("optimise", plan_id, "--lock", "workplaces/w001=north@2026-02-30"), "crew@YYYY-MM-DD", 2),
        (("optimise", plan_id, "--unpin", "workplaces/w001"), "is none of them", 2),
        (("optimise", plan_id, "--lock", f"{stop}=nobody@2026-07-20"), "'nobody'", 2),
        (("optimise", plan_id, "--pin", stop, "--if-version", "9"), "version 1 by now, not 9", 2),
        (("move", plan_id, "closed"), "cannot become closed", 2),
        (("check", plan_id, "nothing"), "no item 'nothing'", 3),
        (("justify", plan_id, stop, "because"), "'because' is none", 2),
        (("comment", plan_id, "weather", "--about", "workplaces/nowhere"), "no stop at", 3),
        (("outcome", plan_id, "workplaces/nowhere"), "no stop at", 3),
        (("outcome", plan_id, stop, "--saw", "polismyndigheten=x"), "agency=indicator:grade", 2),
        (("outcome", plan_id, stop), "approved", 2),
        (("draft", "--hours", "8-17"), "08:00-17:00", 2),
    ]:
        assert words in fail_json("plan", *arguments, *where, code=code)["detail"], arguments
    assert find_plan(home, plan_id).version == 1


def test_before_there_is_any(tmp_path: Path, home: Path) -> None:
    assert "no plans yet" in run("plan", "list", "--home", home).stdout
    (tmp_path / "empty").mkdir()
    fail_json("replay", "p1", "--home", tmp_path / "empty", code=3)


def test_drive_times_that_fell_back_are_told(home: Path, crew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORRSYN_OSRM_URL", "http://127.0.0.1:9")
    told = run_json("plan", "draft", "--name", "W", "--day", "2026-07-20", "--crew", crew, "--home", home)
    assert told["drive"]["provider"] == "estimate"
    assert any("fell back" in note for note in told["drive"]["notes"])
    assert run_json("replay", told["plan_id"], "--home", home)["is_same"]


class TestLanguage:
    @pytest.mark.long
    def test_a_plan_is_told_in_swedish(self, home: Path, drafted: dict[str, Any]) -> None:
        where, plan_id = ("--home", home, "--lang", "sv"), drafted["plan_id"]
        shown = run("plan", "show", plan_id, *where).stdout
        for words in ("Utkast", "min på vägen", "inte klart", "körtid", "nyckel"):
            assert words in shown, words
        assert "not ready" in run("plan", "show", plan_id, "--home", home).stdout
        listed = run("plan", "list", *where).stdout
        assert "arbetslag" in listed
        assert "detsamma" in run("replay", plan_id, *where).stdout
        assert "Arbetsställen och boenden för" in run("targets", "--n", "2", *where).stdout

    def test_errors_are_told_in_swedish(self, home: Path, drafted: dict[str, Any], tmp_path: Path) -> None:
        where, plan_id = ("--home", home, "--lang", "sv"), drafted["plan_id"]
        said = run("plan", "move", plan_id, "closed", *where, code=2).stderr
        assert said.startswith("Fel: En plan")
        assert "Hindrar approved: Inte klart" in run("plan", "move", plan_id, "ready", *where).stdout
        blocked = fail_json("plan", "move", plan_id, "approved", *where, code=2)["detail"]
        assert blocked.count("Inte klart: ") == len(read_table("support_checklist"))
        for words, arguments, code in (
            ("har inte formen layer/id", ("plan", "justify", plan_id, "w1", "new_tip"), 2),
            ("har inte formen 08:00-17:00", ("plan", "draft", "--hours", "x"), 2),
            ("vid det här laget version 2, inte 9", ("plan", "comment", plan_id, "weather", "--if-version", "9"), 2),
            ("Det finns ingen plan 'nothing'", ("plan", "show", "nothing"), 3),
            ("none.json finns inte", ("plan", "draft", tmp_path / "none.json"), 3),
            ("Kretsen 'x' finns inte", ("plan", "list", "--circle", "x"), 2),
            ("name: måste anges", ("plan", "draft"), 2),
            ("har inte formen layer/id", ("targets", "--pin", "w1"), 2),
        ):
            assert words in fail_json(*arguments, *where, code=code)["detail"], words
        fail = fail_json("plan", "show", plan_id, "--home", home, "--lang", "xx", code=2)
        assert "There is no language 'xx'" in fail["detail"]


class TestCircle:
    def test_a_plan_of_another_circle_rests_on_what_that_may_see(self, home: Path, crew: Path) -> None:
        frames = {name: frame.copy() for name, frame in load_layers(home).items() if len(frame) and "circle" in frame}
        work = frames["workplaces"]
        work["circle"] = ["municipality" if k % 2 else INNER_CIRCLE for k in range(len(work))]
        for name in frames.keys() - {"workplaces"}:
            frames[name]["circle"] = "municipality"
        save_layers(home, {name: (frame, Provenance("again")) for name, frame in frames.items()})
        hidden = set(work.loc[work["circle"] == INNER_CIRCLE, "workplace_id"])
        run("score", "--at", "2026-07-15", "--home", home)
        where = ("--home", home, "--circle", "municipality")
        options = ("--name", "Kommunens", "--day", "2026-07-20", "--crew", crew, "--candidates", "40", "--seed", "3")
        plan = run_json("plan", "draft", *options, *where)
        plan_id = plan["plan_id"]
        stored = find_plan(home, plan_id, "municipality").plan
        assert stored.circle == "municipality"
        told = {one["record_id"] for one in (*stops_of(plan), *plan["candidates"])}
        assert told
        assert not (told | {record for _, record, _ in stored.manifest["candidates"]}) & hidden
        # what the inner circle has is not what this one plans by, and theirs stay apart
        assert run_json("plan", "list", "--home", home)["plans"] == []
        fail_json("plan", "show", plan_id, "--home", home, code=3)
        assert run_json("plan", "show", plan_id, *where) == plan
        again = run_json("plan", "optimise", plan_id, *where)
        assert [key_of(stop) for stop in stops_of(again)] == [key_of(stop) for stop in stops_of(plan)]
        pinned = ("--pin", f"workplaces/{min(hidden)}")
        assert "there is no site" in fail_json("plan", "draft", *options, *pinned, *where, code=2)["detail"]
        assert run_json("plan", "move", plan_id, "ready", *where)["state"] == "ready"
        run("plan", "export", plan_id, "--out", home / "plan.csv", *where)
