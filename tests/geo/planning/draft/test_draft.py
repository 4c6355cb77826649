"""A draft holds what must be visited, keeps to hours, light and powers, and comes out the same again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.crews import Crew
from geo.planning.daylight import find_light
from geo.planning.draft import Draft, DraftRequest, draft_plan
from geo.planning.draft.places import find_out_of_reach, service_minutes
from geo.planning.drive import DriveMatrix, EstimatedDrive, FirstThatAnswers, OsrmDrive
from geo.planning.plan import write_plan
from geo.planning.routes import InfeasibleError
from geo.planning.targets import find_targets
from geo.reference import read_table
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_visit, make_workplace, near_town

UMEA = (758_000.0, 7_087_000.0)
DAYS = (date(2026, 7, 20), date(2026, 7, 21))
FULL = Crew("full", {"arbetsmiljoverket": 6, "polismyndigheten": 5}, (5, 5, 4), UMEA)
# of use at workplaces with the police beside it only, and nowhere where people live
NO_HOMES = Crew("no-homes", {"arbetsmiljoverket": 8, "regional_coordinator": 2}, (5, 5), UMEA)


def make_layers() -> Layers:
    work = [
        make_workplace(i, sni=sni, employees=employees, **near_town(dx, dy))
        for i, (sni, employees, dx, dy) in enumerate(
            [
                ("41200", 40.0, 0, 0),
                ("55101", 12.0, 2_000, 1_000),
                ("81210", 8.0, -4_000, 2_000),
                ("41200", 220.0, 9_000, -6_000),
                ("55101", 5.0, 15_000, 12_000),
                ("41200", 3.0, -12_000, -9_000),
            ],
            1,
        )
    ]
    homes = [make_accommodation(1, housing_type="industrial_premises", beds=12.0, **near_town(500, 400))]
    visits = [make_visit(1, site_id=work[0]["workplace_id"], visited_on="2026-06-01")]
    return Layers(
        {name: make_frame(rows) for name, rows in (("workplaces", work), ("accommodation", homes), ("visits", visits))}
    )


@pytest.fixture(scope="module")
def surface() -> RiskSurface:
    return geo.score(make_layers(), GRID, at=SCORING_DAY)


def ask(*crews: Crew, **changes: Any) -> DraftRequest:
    given: dict[str, Any] = {
        "name": "Week 30",
        "days": DAYS[:1],
        "crews": crews or (FULL,),
        "explores": False,
        **changes,
    }
    return DraftRequest(**given)


def check_clock(draft: Draft, request: DraftRequest) -> None:
    """Every stop within hours and light, and after the one before and the drive from it, by a clock of our own."""
    assert len({stop.key for stop in draft.plan.stops}) == len(draft.plan.stops)
    start, end = request.hours
    for day in request.days:
        for crew in request.crews:
            clock, place = start, crew.depot
            mine = [stop for stop in draft.plan.stops if (stop.on, stop.crew) == (day, crew.name)]
            for order, stop in enumerate(mine, start=1):
                here = (stop.easting, stop.northing)
                light = find_light(*here, day)
                drive = minutes(place, here)
                assert stop.order == order
                assert stop.drive_minutes >= drive - 1e-6
                assert stop.start_minute >= max(clock + drive - 1e-6, light.start_minute)
                assert stop.end_minute <= min(end, light.end_minute)
                clock, place = stop.end_minute, here
            assert clock + minutes(place, crew.depot) <= end + 1


def minutes(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(EstimatedDrive.from_reference().drive(*np.array([a, b]).T).minutes[0, 1])


def test_a_draft_keeps_to_hours_and_light_and_says_why(surface: RiskSurface) -> None:
    request = ask(days=DAYS)
    draft = draft_plan(surface, request)
    check_clock(draft, request)
    assert draft.plan.state == "draft"
    assert not any(stop.synthetic for stop in draft.plan.stops)
    assert {stop.key for stop in draft.plan.stops} == {target.key for target in draft.targets.targets}
    assert all(stop.reasons for stop in draft.plan.stops)
    chances = {target.key: target.find_chance for target in draft.targets.targets}
    assert {stop.key: stop.expected for stop in draft.plan.stops} == chances
    visited = next(stop for stop in draft.plan.stops if stop.days_since_visit is not None)
    assert visited.days_since_visit == (SCORING_DAY - date(2026, 6, 1)).days
    assert any("estimates" in str(note) for note in draft.notes)


def test_the_same_request_gives_the_same_plan_and_its_manifest_is_plain(surface: RiskSurface) -> None:
    first, second = (draft_plan(surface, ask(explores=True, seed=7)) for _ in range(2))
    assert write_plan(first.plan) == write_plan(second.plan)
    manifest = json.loads(json.dumps(write_plan(first.plan), allow_nan=False))["manifest"]
    assert manifest["surface"] == surface.id
    assert manifest["exploration"]["seed"] == 7
    assert manifest["drive"]["provider"] == "estimate"
    assert manifest["solution"]["stopped_by"] is None
    other = draft_plan(surface, ask(explores=True, seed=8, hours=(480, 900)))
    assert other.plan.manifest["problem_sha256"] != manifest["problem_sha256"]


def test_what_is_pinned_is_visited_and_what_is_locked_is_where_it_is_locked(surface: RiskSurface) -> None:
    second = replace(FULL, name="second")
    locks = {("workplaces", "w005"): ("second", DAYS[1])}
    request = ask(FULL, second, days=DAYS, pinned=(("workplaces", "w006"),), locks=locks, n_candidates=3)
    draft = draft_plan(surface, request)
    check_clock(draft, request)
    by_key = {stop.key: stop for stop in draft.plan.stops}
    assert by_key["workplaces", "w006"].how == by_key["workplaces", "w005"].how == "pinned"
    assert (by_key["workplaces", "w005"].crew, by_key["workplaces", "w005"].on) == ("second", DAYS[1])


def test_a_crew_goes_where_it_is_of_use_only(surface: RiskSurface) -> None:
    draft = draft_plan(surface, ask(NO_HOMES))
    assert draft.plan.stops
    assert {stop.layer for stop in draft.plan.stops} == {"workplaces"}
    with pytest.raises(InfeasibleError, match="No crew may go to stop"):
        draft_plan(surface, ask(NO_HOMES, pinned=(("accommodation", "a001"),)))


def test_in_midwinter_all_stops_lie_in_the_twilight(surface: RiskSurface) -> None:
    request = ask(days=(date(2026, 12, 21),))
    draft = draft_plan(surface, request)
    check_clock(draft, request)
    assert draft.plan.stops
    assert min(stop.start_minute for stop in draft.plan.stops) > 8 * 60


def test_an_excluded_site_is_left_out_with_its_reason(surface: RiskSurface) -> None:
    reason = str(read_table("exclusion_reasons")["reason"].iloc[0])
    draft = draft_plan(surface, ask(days=DAYS, excluded={("workplaces", "w001"): reason}))
    assert ("workplaces", "w001") not in {stop.key for stop in draft.plan.stops}
    assert draft.plan.manifest["excluded"] == [["workplaces", "w001", reason]]


def test_stops_that_explore_are_in_the_plan_with_their_chance(surface: RiskSurface) -> None:
    drafts = [draft_plan(surface, ask(explores=True, seed=seed, days=DAYS, n_candidates=1)) for seed in range(8)]
    drawn = [stop for draft in drafts for stop in draft.plan.stops if stop.how == "exploration"]
    assert drawn
    for draft in drafts:
        log = draft.plan.manifest["exploration"]
        mine = [stop for stop in draft.plan.stops if stop.how == "exploration"]
        assert sorted([list(stop.key) for stop in mine]) == sorted(log["keys"])
        assert all(stop.propensity == log["chance"] for stop in mine)


def test_a_lot_that_asks_for_too_much_does_not_break_the_plan(surface: RiskSurface) -> None:
    # a day in which the pinned site's visit just fits
    pinned = ("workplaces", "w004")
    alone = next(stop for stop in draft_plan(surface, ask(pinned=(pinned,))).plan.stops if stop.key == pinned)
    start = alone.arrive_minute - alone.drive_minutes
    hours = (start, alone.end_minute + alone.drive_minutes + 5)
    seen = 0
    for seed in range(12):
        request = ask(explores=True, seed=seed, hours=hours, pinned=(pinned,))
        draft = draft_plan(surface, request)
        check_clock(draft, request)
        visited, log = {stop.key for stop in draft.plan.stops}, draft.plan.manifest["exploration"]
        drawn, unfit = ({(layer, site) for layer, site in log[name]} for name in ("keys", "unfit"))
        assert pinned in visited
        assert drawn - visited == unfit
        assert sum("cannot be visited beside" in str(note) for note in draft.notes) == len(unfit)
        again = draft_plan(surface, request).plan
        assert write_plan(again) == write_plan(draft.plan)
        seen += len(unfit)
    assert seen
    with pytest.raises(InfeasibleError):
        draft_plan(surface, ask(explores=True, hours=hours, pinned=(pinned, ("workplaces", "w005"))))


class Cut:
    """A world in which no road leads to some places."""

    def __init__(self, *lost: tuple[float, float]) -> None:
        self.lost = lost

    def drive(self, easting: Any, northing: Any) -> DriveMatrix:
        answer = EstimatedDrive.from_reference().drive(easting, northing)
        cut = np.array([place in self.lost for place in zip(easting, northing, strict=True)])
        minutes = np.where(cut[:, None] | cut[None, :], np.inf, answer.minutes)
        np.fill_diagonal(minutes, 0.0)
        return DriveMatrix(minutes, minutes, "roads")


def test_a_site_without_a_road_breaks_the_plan_if_it_must_be_visited_and_leaves_it_if_it_was_drawn(
    surface: RiskSurface,
) -> None:
    target = next(one for one in find_targets(surface, n=20).targets if one.key == ("workplaces", "w005"))
    cut = Cut((target.easting, target.northing))
    with pytest.raises(InfeasibleError, match="No road leads to stop") as refused:
        draft_plan(surface, ask(pinned=(target.key,)), drive=cut)
    assert target.title in str(refused.value)
    plain = draft_plan(surface, ask(), drive=cut)
    assert target.key not in {stop.key for stop in plain.plan.stops}
    for seed in range(40):
        draft = draft_plan(surface, ask(explores=True, seed=seed, days=DAYS, n_candidates=1), drive=cut)
        if list(target.key) in draft.plan.manifest["exploration"]["keys"]:
            assert draft.plan.manifest["exploration"]["removed"] == [list(target.key)]
            assert any("drawn by lot" in str(note) for note in draft.notes)
            return
    pytest.fail("the site was never drawn")


def test_a_routing_server_that_is_away_is_told(surface: RiskSurface) -> None:
    away = OsrmDrive("http://127.0.0.1:9", n_retries=0)
    draft = draft_plan(surface, ask(), drive=FirstThatAnswers((away, EstimatedDrive.from_reference())))
    assert any("fell back" in str(note) for note in draft.notes)
    assert draft.plan.manifest["drive"]["provider"] == "estimate"


def test_what_cannot_be_asked_for_is_told_at_once(surface: RiskSurface) -> None:
    bad = ask(
        replace(FULL, car_seats=(2,)),
        name=" ",
        days=(DAYS[0], DAYS[0]),
        hours=(900, 480),
        n_candidates=5_000,
        locks={("workplaces", "w001"): ("nobody", DAYS[1])},
    )
    with pytest.raises(ParameterError) as refused:
        draft_plan(surface, bad)
    told = str(refused.value).split("\n")
    for words in (
        "needs a name",
        "each day once",
        "15:00 to 08:00",
        "5000",
        "'nobody'",
        "no day of this plan",
        "seats",
    ):
        assert sum(words in line for line in told) == 1, words


def test_candidates_farther_than_a_day_s_drive_are_out_of_reach(surface: RiskSurface) -> None:
    found = find_targets(surface, n=20)
    assert find_out_of_reach(found.candidates, ask()) == []
    short = ask(hours=(480, 480 + service_minutes(0) + 1))
    assert 0 < len(find_out_of_reach(found.candidates, short)) <= len(found.candidates)


@pytest.mark.parametrize(("size", "expected"), [(0, 60), (9.9, 60), (10, 90), (199, 120), (200, 180), (9_000, 180)])
def test_larger_sites_take_longer(size: float, expected: int) -> None:
    assert service_minutes(size) == expected


def test_stops_of_a_made_up_region_are_made_up() -> None:
    layers = make_layers()
    layers["workplaces"]["synthetic"] = True
    made_up = Layers({"workplaces": layers["workplaces"]})
    plan = draft_plan(geo.score(made_up, GRID, at=SCORING_DAY), ask(circle="municipality")).plan
    assert plan.stops
    assert all(stop.synthetic for stop in plan.stops)
    assert plan.circle == "municipality"
