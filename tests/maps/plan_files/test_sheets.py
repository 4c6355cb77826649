"""What files tell of a plan beside its stops: problems, notes, ways back, and who can check what."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from geo.planning.crews import Crew
from geo.planning.drive import EstimatedDrive
from geo.planning.plan import Plan, write_sentence
from geo.reference import find_checks
from geo.risk.words import Sentence
from maps.plan_files.sheets import lay_out
from tests.geo.planning.plan.made import DAYS, complete, make_stop
from tests.maps.plan_files.made import NORTH, make_plan


def change_manifest(plan: Plan, **changes: Any) -> Plan:
    return replace(plan, manifest={**plan.manifest, **changes})


def find_back(plan: Plan) -> int:
    """Minutes from the first crew's last stop of the first day to its depot, by the library."""
    crew = plan.crews[0]
    last = max((s for s in plan.stops if (s.crew, s.on) == (crew.name, DAYS[0])), key=lambda stop: stop.order)
    ways = EstimatedDrive.from_reference().minutes_between(
        [last.easting], [last.northing], [crew.depot[0]], [crew.depot[1]]
    )
    return math.ceil(ways.item())


class TestWayBack:
    def test_is_estimated_where_the_plan_does_not_keep_it(self) -> None:
        plan = make_plan(titles=tuple("abcd"))
        shift = lay_out(plan, "en").shifts[0]
        last = shift.stops[-1].stop
        assert shift.back_minutes == find_back(plan) > 0
        assert shift.return_minute == last.end_minute + shift.back_minutes
        first = shift.stops[0].stop
        assert shift.depart_minute == first.arrive_minute - first.drive_minutes

    def test_is_said_to_be_an_estimate_beside_other_drive_times(self) -> None:
        plan = make_plan(titles=tuple("ab"))
        told = "The drives back to the depots are estimates from distance as the crow flies."
        assert told not in lay_out(plan, "en").notes
        assert told in lay_out(change_manifest(plan, drive={"provider": "osrm", "notes": []}), "en").notes

    def test_is_the_plan_s_where_it_keeps_it(self) -> None:
        plan = make_plan(titles=tuple("ab"))
        kept = {"crew": "north", "on": DAYS[0].isoformat(), "depart_minute": 441, "return_minute": 777}
        plan = change_manifest(plan, shifts=[{**kept, "drive_minutes": 50}], drive={"provider": "osrm", "notes": []})
        shift = lay_out(plan, "en").shifts[0]
        assert (shift.depart_minute, shift.return_minute) == (441, 777)
        assert shift.back_minutes == 777 - shift.stops[-1].stop.end_minute
        assert not shift.is_back_estimated


class TestProblems:
    late = Sentence("{title} was drawn by lot, and no road leads there.", {"title": "Åre"})

    @pytest.mark.parametrize(
        ("lang", "said"),
        [
            ("sv", "Åre lottades fram, men ingen väg leder dit."),
            ("en", "Åre was drawn by lot, and no road leads there."),
        ],
    )
    def test_of_an_order_by_hand_are_told_in_the_reader_s_words(self, lang: str, said: str) -> None:
        plan = change_manifest(make_plan(), arranged={"problems": [write_sentence(self.late)]})
        assert said in lay_out(plan, lang).problems
        assert said in lay_out(change_manifest(make_plan(), notes=[write_sentence(self.late)]), lang).notes

    def test_what_keeps_it_from_approval_is_told_until_it_is_approved(self) -> None:
        lately = make_stop(crew="north", days_since_visit=3, title="Lately")
        plan = replace(make_plan(), stops=(lately,))
        (problem,) = lay_out(plan, "en").problems
        assert "Lately" in problem
        # the checklist is shown as it is
        assert lay_out(complete(plan), "en").problems == (problem,)
        assert lay_out(replace(plan, state="approved"), "en").problems == ()
        justified = replace(plan, stops=(replace(lately, revisit_reason="new_tip"),))
        assert lay_out(justified, "en").problems == ()
        assert lay_out(justified, "sv").stops[0].why == "Nytt tips eller ny anmälan"

    def test_a_crew_without_powers_is_told_at_the_stop(self) -> None:
        weak = Crew("north", {"arbetsmiljoverket": 10}, (5, 5), NORTH.depot)
        home = make_stop(layer="accommodation", sector="", crew="north")
        sheet = lay_out(replace(make_plan(), crews=(weak,), stops=(home,)), "sv").stops[0]
        assert any("Boendeförhållanden" in one for one in sheet.problems)
        assert sheet.agencies == ()

    def test_a_plan_stopped_by_the_clock_says_so(self) -> None:
        told = "The wall clock stopped the planning of routes: there may be better ones."
        assert told in lay_out(change_manifest(make_plan(), solution={"stopped_by": "clock"}), "en").notes
        assert told not in lay_out(change_manifest(make_plan(), solution={"stopped_by": None}), "en").notes

    def test_nothing_is_told_twice(self) -> None:
        note = "Drive times are estimates from distance as the crow flies, not from roads."
        assert lay_out(change_manifest(make_plan(), notes=[note, note]), "en").notes == (note,)


class TestAgencies:
    @pytest.mark.parametrize("layer", ["workplaces", "accommodation"])
    def test_are_those_of_the_crew_that_have_checks_there(self, layer: str) -> None:
        sector = "construction" if layer == "workplaces" else ""
        plan = replace(make_plan(), stops=(make_stop(layer=layer, sector=sector, crew="south"),))
        crew = plan.crews[1]
        expected = {
            agency: sum(check.agency == agency for check in find_checks(layer, sector))
            for agency in crew.on_site | crew.on_call | crew.remote
        }
        (sheet,) = lay_out(plan, "en").stops
        assert {one.agency: len(one.checks) for one in sheet.agencies} == {a: n for a, n in expected.items() if n}
        ways = {one.agency: one.attendance for one in sheet.agencies}
        assert ways["polismyndigheten"] == "On site"
        assert ways["regional_coordinator"] == "Within reach by telephone"
        assert ways["migrationsverket"] == "From the desk"


@pytest.mark.parametrize(
    ("propensity", "said"),
    [(0.0123, "1,2 %"), (0.000234, "0,023 %"), (0.5, "50 %"), (1.0, "100 %"), (1e-9, "0,000000 %")],
)
def test_a_chance_has_two_digits_that_say_something(propensity: float, said: str) -> None:
    stop = make_stop(crew="north", how="exploration", propensity=propensity)
    (sheet,) = lay_out(replace(make_plan(), stops=(stop,)), "sv").stops
    assert said in sheet.how


def test_numbers_run_through_days_and_crews() -> None:
    sheets = lay_out(make_plan(titles=tuple("abcdefgh")), "sv")
    assert [sheet.number for sheet in sheets.stops] == list(range(1, 9))
    order = [(shift.on, shift.name) for shift in sheets.shifts]
    assert order == [(day, crew) for day in DAYS for crew in ("north", "south")]
