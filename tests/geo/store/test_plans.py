"""Plans in the store: nobody overwrites another's change, and outcomes reach the layers, corrections too."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import geo
from geo.errors import ChangedError, NotFoundError, ParameterError, StoreError
from geo.planning.plan import (
    AgencyOutcome,
    Answer,
    Observation,
    StopOutcome,
    answer_item,
    last_day_of_keeping,
    move_plan,
    replace_stops,
    write_plan,
)
from geo.reference.tables import read_columns
from geo.store.database import close_databases, write_store
from geo.store.files import Provenance, backup, erase_expired, import_frames, load_layers, restore
from geo.store.history import list_imports, rollback
from geo.store.ingest import Order, import_files
from geo.store.plans import StoredPlan, change_plan, find_plan, list_plans, list_versions, save_outcome, save_plan
from geo.store.tables import PLANS
from tests.databases import fresh_schema
from tests.geo.planning.plan.made import DAYS, WHO, complete, make_plan, make_stop
from tests.geo.planning.plan.test_outcomes import FOUND, NOTHING
from tests.geo.store.test_retention import find_in_files

pytestmark = pytest.mark.usefixtures("database")
CLOSED = StopOutcome("workplaces", "w1", DAYS[0], "closed", outcome="")


def approved(home: Path, *stops: Any) -> StoredPlan:
    stored = save_plan(home, complete(make_plan(*(stops or (make_stop(),)))), by="planner")
    for state in ("ready", "approved"):
        stored = change_plan(home, stored.plan.plan_id, stored.version, lambda p, to=state: move_plan(p, to, **WHO))
    return stored


def test_a_plan_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    stored = save_plan(tmp_path, make_plan(make_stop(), manifest={"seed": 7}), by="planner")
    found = find_plan(tmp_path, stored.plan.plan_id)
    assert write_plan(found.plan) == write_plan(stored.plan)
    assert (found.version, found.made_at) == (1, stored.made_at)
    assert [(change.what, change.by) for change in found.plan.history] == [("made", "planner")]


def test_two_plans_of_one_name_are_two(tmp_path: Path) -> None:
    first, second = (save_plan(tmp_path, make_plan(), by="planner") for _ in range(2))
    assert first.plan.plan_id != second.plan.plan_id
    assert {one.plan.plan_id for one in list_plans(tmp_path)} == {first.plan.plan_id, second.plan.plan_id}


def test_where_there_is_no_store_there_are_no_plans(tmp_path: Path) -> None:
    assert list_plans(tmp_path) == ()
    with pytest.raises(NotFoundError, match="p1"):
        find_plan(tmp_path, "p1")


@pytest.mark.parametrize("plan_id", ["\x00", "\ud800", "p\n1"])
def test_what_can_be_no_id_is_no_plan(tmp_path: Path, plan_id: str) -> None:
    save_plan(tmp_path, make_plan(), by="planner")
    with pytest.raises(NotFoundError, match="There is no plan"):
        find_plan(tmp_path, plan_id)


def test_of_two_who_change_a_plan_at_once_the_second_is_told(tmp_path: Path) -> None:
    stored = save_plan(tmp_path, make_plan(make_stop()), by="planner")
    plan_id = stored.plan.plan_id
    mine = change_plan(tmp_path, plan_id, 1, lambda plan: replace_stops(plan, [make_stop("w2")], **WHO))
    with pytest.raises(ChangedError) as refused:
        change_plan(tmp_path, plan_id, 1, lambda plan: replace_stops(plan, [make_stop("w3")], **WHO))
    assert refused.value.current.version == mine.version == 2
    assert [stop.record_id for stop in find_plan(tmp_path, plan_id).plan.stops] == ["w2"]


def test_a_change_that_is_refused_leaves_the_plan(tmp_path: Path) -> None:
    stored = save_plan(tmp_path, make_plan(make_stop()), by="planner")
    with pytest.raises(ParameterError, match="cannot become closed"):
        change_plan(tmp_path, stored.plan.plan_id, 1, lambda plan: move_plan(plan, "closed", **WHO))
    assert find_plan(tmp_path, stored.plan.plan_id).version == 1


def test_what_a_plan_lacks_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as refused:
        save_plan(tmp_path, replace(make_plan(), name=" ", crews=()), by="planner")
    assert str(refused.value).split("\n") == ["A plan needs a name.", "A plan needs a crew."]


def test_another_circle_sees_no_plan(tmp_path: Path) -> None:
    stored = save_plan(tmp_path, make_plan(), by="planner")
    assert list_plans(tmp_path, "municipality") == ()
    with pytest.raises(NotFoundError):
        find_plan(tmp_path, stored.plan.plan_id, "municipality")
    with pytest.raises(NotFoundError):
        change_plan(tmp_path, stored.plan.plan_id, 1, lambda plan: plan, circle="municipality")


def test_an_outcome_is_a_visit_and_its_observations_are_findings(tmp_path: Path) -> None:
    stored = approved(tmp_path)
    changed = save_outcome(tmp_path, stored.plan.plan_id, stored.version, FOUND, by="planner")
    layers = load_layers(tmp_path)
    assert changed.plan.state == "under_way"
    assert layers["visits"]["outcome"].tolist() == ["trafficking_indicator"]
    assert len(layers["findings"]) == 3
    (entry,) = list_imports(tmp_path, "findings")
    assert (entry.provenance.importer, entry.provenance.legal_basis) == ("planner", "Law 2024:307")


def test_an_outcome_leaves_all_other_records(tmp_path: Path) -> None:
    other = approved(tmp_path, make_stop("w9"))
    save_outcome(tmp_path, other.plan.plan_id, other.version, replace(FOUND, record_id="w9"), by="planner")
    before = load_layers(tmp_path)
    stored = approved(tmp_path)
    stored = save_outcome(tmp_path, stored.plan.plan_id, stored.version, FOUND, by="planner")
    save_outcome(tmp_path, stored.plan.plan_id, stored.version, CLOSED, by="planner")
    after = load_layers(tmp_path)
    for name in ("visits", "findings"):
        assert after[name].equals(before[name])


def test_a_trial_of_an_import_says_how_many_records_of_plans_stay(tmp_path: Path) -> None:
    stored = approved(tmp_path / "home")
    save_outcome(tmp_path / "home", stored.plan.plan_id, stored.version, FOUND, by="planner")
    path = tmp_path / "register.csv"
    path.write_text("visit_id,visited_on,outcome,easting,northing\nv1,2026-06-01,nothing_found,758600,7088600\n")
    before = load_layers(tmp_path / "home").fingerprint
    for dry_run in (True, False):
        done = import_files(tmp_path / "home", Order((str(path),), "visits", dry_run=dry_run))
        assert (done.of_plans, done.to_dict()["of_plans"]) == (1, 1)
        assert (load_layers(tmp_path / "home").fingerprint == before) == dry_run
        if dry_run:
            assert done.changes == {"added": 1, "changed": 0, "gone": 0, "unchanged": 1}


@pytest.mark.parametrize(("name", "key"), [("visits", "visit_id"), ("findings", "finding_id")])
def test_importing_a_register_leaves_what_plans_recorded(tmp_path: Path, name: str, key: str) -> None:
    stored = approved(tmp_path)
    save_outcome(tmp_path, stored.plan.plan_id, stored.version, FOUND, by="planner")
    recorded = load_layers(tmp_path)[name]
    for row in ("old", "new"):
        done = import_frames(tmp_path, name, [recorded.iloc[:1].assign(**{key: row})], Provenance("register"))
        assert done.of_plans == len(recorded)
        assert (done.added, done.gone) == (1, int(row == "new"))
    assert sorted(load_layers(tmp_path)[name][key]) == sorted([*recorded[key], "new"])


def test_a_correction_takes_out_what_was_said_in_error(tmp_path: Path) -> None:
    stored = approved(tmp_path)
    plan_id = stored.plan.plan_id
    stored = save_outcome(tmp_path, plan_id, stored.version, FOUND, by="planner")
    stored = save_outcome(tmp_path, plan_id, stored.version, NOTHING, by="planner")
    layers = load_layers(tmp_path)
    assert layers["visits"]["outcome"].tolist() == ["nothing_found"]
    assert len(layers["findings"]) == 0
    stored = save_outcome(tmp_path, plan_id, stored.version, CLOSED, by="planner")
    layers = load_layers(tmp_path)
    assert len(layers["visits"]) == 0
    stored = save_outcome(tmp_path, plan_id, stored.version, FOUND, by="planner")
    layers = load_layers(tmp_path)
    assert (len(layers["visits"]), len(layers["findings"])) == (1, 3)
    assert len(stored.plan.outcomes["workplaces", "w1"]) == 4


def test_a_correction_after_a_roll_back_of_the_layer(tmp_path: Path) -> None:
    stored = approved(tmp_path)
    plan_id = stored.plan.plan_id
    stored = save_outcome(tmp_path, plan_id, stored.version, FOUND, by="planner")
    stored = save_outcome(tmp_path, plan_id, stored.version, CLOSED, by="planner")
    rollback(tmp_path, "visits", 1)
    stored = save_outcome(tmp_path, plan_id, stored.version, CLOSED, by="planner")
    layers = load_layers(tmp_path)
    assert len(layers["visits"]) == 0


def test_an_outcome_that_does_not_fit_reaches_nothing(tmp_path: Path) -> None:
    stored = approved(tmp_path)
    with pytest.raises(ParameterError, match="fine"):
        save_outcome(tmp_path, stored.plan.plan_id, stored.version, replace(NOTHING, outcome="fine"), by="planner")
    with pytest.raises(ChangedError):
        save_outcome(tmp_path, stored.plan.plan_id, 1, NOTHING, by="planner")
    layers = load_layers(tmp_path)
    assert len(layers["visits"]) == 0
    assert find_plan(tmp_path, stored.plan.plan_id).version == stored.version


def test_the_outcome_changes_the_next_score_where_it_should(tmp_path: Path) -> None:
    stored = approved(tmp_path)
    grid = geo.Grid(739_000, 7_068_000, 1_000, 40, 40)
    day = DAYS[1]
    before = geo.score(load_layers(tmp_path), grid, at=day)
    save_outcome(tmp_path, stored.plan.plan_id, stored.version, FOUND, by="planner")
    after = geo.score(load_layers(tmp_path), grid, at=day)
    rate = after.components["findings"] - before.components["findings"]
    row, col = grid.cell_at([759_000.0], [7_088_000.0])
    assert rate[row[0], col[0]] > 0
    assert rate[0, 0] == 0


def test_plans_are_in_backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    stored = save_plan(tmp_path / "a", make_plan(make_stop(), manifest={"seed": 7}), by="planner")
    ready = Answer(is_ready=True)
    change_plan(tmp_path / "a", stored.plan.plan_id, 1, lambda p: answer_item(p, "exit_accommodation", ready, **WHO))
    kept = find_plan(tmp_path / "a", stored.plan.plan_id)
    backup(tmp_path / "a", tmp_path / "b.zip")
    close_databases()
    with nullcontext("") if database == "sqlite" else fresh_schema() as address:
        if address:
            monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        restore(tmp_path / "b.zip", tmp_path / "c")
        found = find_plan(tmp_path / "c", stored.plan.plan_id)
        close_databases()
    assert (write_plan(found.plan), found.version) == (write_plan(kept.plan), 2)


def test_a_document_that_does_not_fit_is_told(tmp_path: Path) -> None:
    stored = save_plan(tmp_path, make_plan(), by="planner")
    with write_store(tmp_path) as connection:
        connection.execute(PLANS.update().values(document={"format": 9}))
    with pytest.raises(StoreError, match="format 9"):
        find_plan(tmp_path, stored.plan.plan_id)


def test_outcomes_are_erased_from_plan_and_layers_and_from_the_bytes_on_the_disk(tmp_path: Path, database: str) -> None:
    stored = approved(tmp_path, make_stop("w1"), make_stop("w2", on=DAYS[1]))
    plan_id, told = stored.plan.plan_id, "restriction_of_movement"
    secret = replace(FOUND, agencies=(AgencyOutcome("polismyndigheten", frozenset(), (Observation(told, "S"),)),))
    stored = save_outcome(tmp_path, plan_id, stored.version, secret, by="planner")
    # the correction is what counts, and what it corrected must go as well
    stored = save_outcome(tmp_path, plan_id, stored.version, replace(secret, outcome="ban"), by="planner")
    later = replace(NOTHING, record_id="w2", on=DAYS[1])
    stored = save_outcome(tmp_path, plan_id, stored.version, later, by="planner")
    last_day = last_day_of_keeping(DAYS[0])

    assert database != "sqlite" or find_in_files(tmp_path, told)
    # the last day itself belongs to the period
    assert erase_expired(tmp_path, last_day) == ()
    done = {one.layer: one for one in erase_expired(tmp_path, last_day + timedelta(days=1))}

    left = find_plan(tmp_path, plan_id)
    assert [(key, len(records)) for key, records in left.plan.outcomes.items()] == [(("workplaces", "w2"), 1)]
    assert done["plans"].versions == 2
    assert left.version == stored.version + 1
    assert (left.plan.history[-1].what, left.plan.history[-1].by) == ("erased", "retention")
    assert len(load_layers(tmp_path)["findings"]) == 0
    if database == "sqlite":
        close_databases()
        assert find_in_files(tmp_path, told) == []

    erase_expired(tmp_path, last_day_of_keeping(DAYS[1]) + timedelta(days=1))
    assert find_plan(tmp_path, plan_id).plan.outcomes == {}
    assert len(load_layers(tmp_path)["visits"]) == 0


@pytest.mark.parametrize("sort", ["days", "name", "state"])
def test_plans_are_listed_a_page_at_a_time(tmp_path: Path, sort: Any) -> None:
    states = [str(state) for (state,) in read_columns("plan_states", "state")]
    names = ("b", "A", "c", "B", "a", "ö", "Z")
    for k, name in enumerate(names):
        days = tuple(day + timedelta(days=k % 3) for day in DAYS)
        save_plan(tmp_path, replace(make_plan(), name=name, days=days, state=states[k * 5 % len(states)]), by="planner")
    save_plan(tmp_path, replace(make_plan(), name="elsewhere", circle="municipality"), by="planner")
    whole = list_plans(tmp_path, sort=sort)
    pages = [list_plans(tmp_path, sort=sort, limit=3, offset=k) for k in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [one.plan.plan_id for page in pages for one in page] == [one.plan.plan_id for one in whole]
    keys = {
        "days": lambda _: (),
        "name": lambda plan: plan.name.lower(),
        "state": lambda plan: states.index(plan.state),
    }
    shown = [(keys[sort](one.plan), -min(one.plan.days).toordinal()) for one in whole]
    if sort != "name":
        assert shown == sorted(shown)
    else:
        # how a database sorts letters beyond z is its own
        plain = [key for key, _ in shown if key.isascii()]
        assert plain == sorted(plain)
    assert sorted(list_versions(tmp_path)) == sorted((one.plan.plan_id, one.version) for one in whole)
