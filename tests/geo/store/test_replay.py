"""A plan replays to itself whatever has changed since, and what cannot be the same is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import geo
from geo.errors import NotFoundError, StoreError
from geo.layers.circles import select_visible_layers
from geo.planning.draft import arrange_stops, draft_again, draft_plan
from geo.planning.drive import DriveMatrix, EstimatedDrive
from geo.planning.plan import Plan, replace_stops
from geo.planning.routes import Limits
from geo.reference import read_table
from geo.risk.surface import RiskSurface
from geo.store.database import write_store
from geo.store.files import Provenance, load_layers, save_layers, save_surface
from geo.store.plans import StoredPlan, change_plan, find_plan, save_plan
from geo.store.replay import Replay, replay_plan
from geo.store.tables import SURFACES
from tests.frames import GRID, SCORING_DAY
from tests.geo.planning.draft.test_draft import DAYS, FULL, ask, make_layers

WHO: dict[str, Any] = {"by": "planner", "at": "2026-07-15T08:00:00+00:00"}
SOURCE = Provenance("test", legal_basis="test")
Key = tuple[str, str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    save_layers(tmp_path, {name: (frame, SOURCE) for name, frame in make_layers().items() if len(frame)})
    save_surface(tmp_path, score(tmp_path))
    return tmp_path


def score(home: Path) -> RiskSurface:
    return geo.score(load_layers(home), GRID, at=SCORING_DAY)


def keep(home: Path, **changes: Any) -> StoredPlan:
    given = {"explores": True, "seed": 3, "days": DAYS, **changes}
    return save_plan(home, draft_plan(score(home), ask(**given)).plan, by="planner")


def change_workplaces(home: Path) -> None:
    """Other records than those that the plan was made from; the sites are still there."""
    frame = load_layers(home)["workplaces"].assign(employees=lambda rows: rows["employees"] * 3)
    save_layers(home, {"workplaces": (frame, SOURCE)})


def told(replay: Replay) -> str:
    return "\n".join(map(str, replay.differences))


def test_a_plan_replays_to_itself(home: Path) -> None:
    stored = keep(home)
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert replay.is_same
    assert not replay.stopped_by_clock
    assert replay.n_stops == len(stored.plan.stops) > 0
    assert replay.notes == ()


def test_records_that_changed_since_are_read_as_they_were(home: Path) -> None:
    stored = keep(home)
    change_workplaces(home)
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert [str(note) for note in replay.notes] == ["The layer workplaces has changed since; it was read as it was."]


def test_a_plan_on_a_surface_older_than_its_layers_replays(home: Path) -> None:
    surface = score(home)
    change_workplaces(home)
    stale = geo.load_surface(home, surface.id)
    assert stale.stale_layers
    stored = save_plan(home, draft_plan(stale, ask(days=DAYS)).plan, by="planner")
    assert replay_plan(home, stored.plan.plan_id).differences == ()


def test_a_surface_that_is_no_longer_kept_is_scored_again(home: Path) -> None:
    stored = keep(home)
    with write_store(home) as connection:
        connection.execute(SURFACES.delete())
    change_workplaces(home)
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert any("was scored again" in str(note) for note in replay.notes)


def test_what_a_circle_sees_replays_for_it_and_for_nobody_else(home: Path) -> None:
    layers = select_visible_layers(load_layers(home), "municipality")
    surface = geo.score(layers, GRID, at=SCORING_DAY)
    stored = save_plan(home, draft_plan(surface, ask(circle="municipality")).plan, by="planner")
    assert replay_plan(home, stored.plan.plan_id, circle="municipality").differences == ()
    with pytest.raises(NotFoundError):
        replay_plan(home, stored.plan.plan_id)


def test_erased_history_is_told(home: Path) -> None:
    stored = keep(home)
    manifest = {**stored.plan.manifest, "layers": {**stored.plan.manifest["layers"], "visits": "0" * 64}}
    tampered = change_plan(home, stored.plan.plan_id, 1, lambda plan: replace(plan, manifest=manifest))
    replay = replay_plan(home, tampered.plan.plan_id)
    assert (
        told(replay) == "The layer visits is no longer kept as it was then: records were erased, or it was made anew."
    )


def orders_of(plan: Plan) -> dict[tuple[str, date], list[Key]]:
    orders: dict[tuple[str, date], list[Key]] = defaultdict(list)
    for stop in plan.stops:
        orders[stop.crew, stop.on].append(stop.key)
    return dict(orders)


def optimise(home: Path, stored: StoredPlan, **changes: Any) -> StoredPlan:
    again = draft_again(score(home), stored.plan, **changes).plan
    return change_plan(
        home,
        stored.plan.plan_id,
        stored.version,
        lambda plan: replace_stops(plan, again.stops, manifest=again.manifest, **WHO),
    )


def arrange(home: Path, stored: StoredPlan, orders: Any) -> StoredPlan:
    made = arrange_stops(score(home), stored.plan, orders)
    return change_plan(
        home,
        stored.plan.plan_id,
        stored.version,
        lambda plan: replace_stops(plan, made.stops, manifest=made.manifest, **WHO),
    )


def test_optimised_again_and_ordered_by_hand_it_replays(home: Path) -> None:
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    stored = keep(home)
    stored = optimise(
        home, stored, pinned=[("workplaces", "w006")], excluded={("workplaces", "w001"): reason},
        locks={("workplaces", "w002"): ("full", DAYS[1])},
    )  # fmt: skip
    assert replay_plan(home, stored.plan.plan_id).differences == ()
    # records change between the draft and the order made by hand
    change_workplaces(home)
    orders = {shift: sites[::-1] for shift, sites in orders_of(stored.plan).items()}
    gone = orders["full", DAYS[0]].pop()
    stored = arrange(home, stored, orders)
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert replay.is_arranged
    orders["full", DAYS[1]].append(gone)
    stored = arrange(home, stored, orders)
    assert replay_plan(home, stored.plan.plan_id).differences == ()


def test_a_plan_that_the_clock_stopped_is_read_and_checked(home: Path) -> None:
    plan = draft_plan(score(home), ask(days=DAYS), limits=Limits(wall_clock_s=1e-9)).plan
    assert plan.manifest["solution"]["stopped_by"] == "clock"
    stored = save_plan(home, plan, by="planner")
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert replay.stopped_by_clock
    assert any("read and checked" in str(note) for note in replay.notes)
    for solution, words in [
        ({**plan.manifest["solution"], "objective": plan.manifest["solution"]["objective"] + 1e-6}, "were worth"),
        ({**plan.manifest["solution"], "routes": [[0, 0], []]}, "visit one twice"),
        ({**plan.manifest["solution"], "routes": [list(range(7)), []]}, "cannot be driven"),
        ({**plan.manifest["solution"], "routes": [[99], []]}, "not of these crews"),
    ]:
        version = find_version(home, stored)
        change_plan(home, stored.plan.plan_id, version, lambda p, s=solution: with_manifest(p, solution=s))
        assert words in told(replay_plan(home, stored.plan.plan_id)), words


def find_version(home: Path, stored: StoredPlan) -> int:
    return find_plan(home, stored.plan.plan_id).version


def with_manifest(plan: Plan, **changes: Any) -> Plan:
    return replace(plan, manifest={**plan.manifest, **changes})


def tamperings(plan: Plan) -> Iterator[tuple[dict[str, Any], str]]:
    manifest = plan.manifest
    (layer, site, priority), *rest = manifest["candidates"]
    draw = manifest["exploration"]
    yield {"candidates": [[layer, site, priority + 1e-9], *rest]}, "The priority of"
    yield {"candidates": rest}, "Candidates now, and none then"
    yield (
        {"candidates": [*manifest["candidates"], ["workplaces", "x", 1.0]]},
        "Candidates then, and none now: workplaces/x",
    )
    yield {"candidates": [*rest, manifest["candidates"][0]]}, "in another order"
    yield {"n_candidates": 99}, "99 sites could be chosen from then"
    yield {"excluded": [["workplaces", "w001", "sheltered_housing"]]}, "Exclusions differ"
    yield {"exploration": {**draw, "chance": 0.5}}, "The chance of being drawn was 0.5"
    yield {"exploration": {**draw, "frame_sha256": "0"}}, "could be drawn are not the same"
    yield {"exploration": {**draw, "seed": 9}}, "made with other values: seed"
    yield {"problem_sha256": "0"}, "The numbers that routes are planned from"
    yield {"solution": {**manifest["solution"], "objective": 1.0}}, "The same routes were worth 1.0 points"
    yield {"solution": {**manifest["solution"], "routes": [[], []]}}, "The optimiser's routes differ"
    yield {"solution": {**manifest["solution"], "bound": 1e6}}, "could be at most was 1000000.0"
    yield {"drive": {**manifest["drive"], "n_places": 3}}, "The drive times are not the same"
    yield {"request": {**manifest["request"], "hours": [480, 700]}}, "The numbers that routes are planned from"
    yield {"request": {**manifest["request"], "days": ["2026-07-20"]}}, "Days or crews"
    yield {"request": {**manifest["request"], "seed": 99}}, "made with other values: seed"


def test_whatever_is_not_the_same_is_named(home: Path) -> None:
    stored = keep(home)
    plan, version = stored.plan, stored.version
    for changes, words in tamperings(plan):
        given = {**plan.manifest, **changes}
        version = change_plan(home, plan.plan_id, version, lambda p, m=given: replace(p, manifest=m)).version
        assert words in told(replay_plan(home, plan.plan_id)), words
    stops = [replace(stop, end_minute=stop.end_minute + 1) for stop in plan.stops[1:]]
    change_plan(home, plan.plan_id, version, lambda p: replace(p, manifest=plan.manifest, stops=tuple(stops)))
    said = told(replay_plan(home, plan.plan_id))
    assert f"A stop now, and none then: {plan.stops[0].title}" in said
    assert f"The stop at {plan.stops[1].title} differs in: end_minute" in said


def test_a_justification_is_no_difference(home: Path) -> None:
    stored = keep(home)
    stops = tuple(replace(stop, revisit_reason="new_information") for stop in stored.plan.stops)
    change_plan(home, stored.plan.plan_id, 1, lambda plan: replace(plan, stops=stops))
    assert replay_plan(home, stored.plan.plan_id).is_same


class Server:
    """A routing server that answers otherwise each time."""

    n = 0

    def drive(self, easting: Any, northing: Any) -> DriveMatrix:
        self.n += 1
        minutes = EstimatedDrive.from_reference().drive(easting, northing).minutes * (1 + 0.1 * self.n)
        return DriveMatrix(minutes, minutes, "osrm")


def test_a_routing_server_is_not_asked_again(home: Path) -> None:
    server = Server()
    surface = score(home)
    stored = save_plan(home, draft_plan(surface, ask(days=DAYS), drive=server).plan, by="planner")
    replay = replay_plan(home, stored.plan.plan_id)
    assert replay.differences == ()
    assert any("it was not asked again" in str(note) for note in replay.notes)
    made = arrange_stops(surface, stored.plan, orders_of(stored.plan), drive=server)
    change_plan(
        home, stored.plan.plan_id, 1, lambda plan: replace_stops(plan, made.stops, manifest=made.manifest, **WHO)
    )
    assert replay_plan(home, stored.plan.plan_id).differences == ()


def test_an_older_plan_is_refused(home: Path) -> None:
    stored = keep(home)
    without = {name: value for name, value in stored.plan.manifest.items() if name != "request"}
    change_plan(home, stored.plan.plan_id, 1, lambda plan: replace(plan, manifest=without))
    with pytest.raises(StoreError, match="before plans kept that"):
        replay_plan(home, stored.plan.plan_id)


def test_crews_are_those_of_the_request(home: Path) -> None:
    stored = keep(home)
    crews = (replace(FULL, car_seats=(9, 9)),)
    change_plan(home, stored.plan.plan_id, 1, lambda plan: replace(plan, crews=crews))
    assert "Days or crews" in told(replay_plan(home, stored.plan.plan_id))
