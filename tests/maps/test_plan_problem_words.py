"""Every text by which a plan is refused has Swedish: what the code says, and not only what is listed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import api
import geo
from geo.errors import NorrsynError
from geo.planning.crews import Crew, check_crews
from geo.planning.draft.request import DraftRequest, check_request
from geo.planning.plan import (
    AgencyOutcome,
    Answer,
    Observation,
    StopOutcome,
    answer_item,
    comment_plan,
    justify_stop,
    move_plan,
    record_outcome,
    replace_stops,
)
from geo.planning.targets import TargetFilter, find_targets
from geo.region import load_region
from geo.risk.surface import RiskSurface
from maps.i18n import catalogue
from maps.plan_problem_words import TEMPLATES
from maps.problem_words import say_problem
from tests.geo.planning.plan.made import CREW, DAYS, WHO, complete, make_plan, make_stop
from tests.maps.test_problem_words import list_raised

GAP = re.compile(r"\{(\w+)\}")
GEO, API = Path(str(geo.__file__)).parent, Path(str(api.__file__)).parent
RAISED = sorted(
    {
        (path.name, text)
        for path in (
            *(GEO / "planning" / "plan" / f"{name}.py" for name in ("checklist", "moves", "outcomes")),
            *(API / "plans" / f"{name}.py" for name in ("asked", "bounds")),
            GEO / "store" / "plans.py",
            API / "routes" / "plans.py",
        )
        for text in list_raised(path)
    }
)


@pytest.mark.parametrize("text", TEMPLATES)
def test_every_template_has_swedish_and_is_recognised(text: str) -> None:
    assert text in catalogue("sv")
    known = {"inner_fault": "is empty; give at least one letter, digit or sign"}
    gaps = {name: "draft" if name.startswith(("inner", "each")) else "7" for name in GAP.findall(text)}
    said = say_problem("sv", text.format_map({name: known.get(name, value) for name, value in gaps.items()}))
    assert said
    assert not GAP.search(said)


@pytest.mark.parametrize(("name", "text"), RAISED)
def test_what_the_code_raises_is_known(name: str, text: str) -> None:
    # what stands where a text is made of another one
    text = text.replace(
        "Nobody can a ring has no area while the plan is 7", "Nobody can change its stops while the plan is draft"
    )
    text = text.replace("it must be 7.", "it must be draft or ready.").replace(
        "A plan needs a 7.", "A plan needs a day."
    )
    text = re.sub(r"(that is|this one is|cannot become|become) 7", r"\1 draft", text)
    text = text.replace("draft; 7.", "draft; it ends there.").replace("and 7; use", "and none is given; use")
    assert say_problem("sv", text), f"{name} says {text!r}, which has no Swedish (maps/plan_problem_words.py)"


def refuse(function: Any, *args: Any, **more: Any) -> list[str]:
    with pytest.raises(NorrsynError) as caught:
        function(*args, **more)
    return str(caught.value).split("\n")


def test_crews_and_requests_are_refused_in_swedish() -> None:
    region = load_region()
    bad = [
        Crew("", {}, (), (float("nan"), 0.0)),
        Crew("A; B", {"skatteverket": 0, "nobody": 3}, (0,), (1_200_000.0, 7_000_000.0), remote=frozenset({"iom"})),
        Crew(
            "C", {"polismyndigheten": 9}, (4,), CREW.depot, frozenset({"polismyndigheten"}), frozenset({"skatteverket"})
        ),
        Crew("C", {"migrationsverket": 9}, (9,), CREW.depot),
    ]
    request = DraftRequest(
        " ", (), tuple(bad), locks={("workplaces", "w1"): ("D", date(2026, 1, 1))}, n_candidates=5_000, hours=(900, 400)
    )
    lines = [*refuse(check_crews, (), region), *refuse(check_request, request, region)]
    assert len(lines) > 15
    for line in lines:
        said = say_problem("sv", line)
        assert said, line
        assert said != line


def test_choices_are_refused_in_swedish(surface: RiskSurface) -> None:
    chosen = TargetFilter(
        frozenset({"x"}), frozenset({"99"}), frozenset({"9999"}), frozenset({"roads"}), -1, None, frozenset({"iom"})
    )
    key = ("workplaces", "nowhere")
    (line,) = refuse(find_targets, surface, chosen=chosen, pinned=[key], excluded={key: "because"})
    said = say_problem("sv", line)
    assert said is not None
    assert "use one of" not in said
    assert said.count("; ") >= line.count("; ")


def test_moves_and_outcomes_are_refused_in_swedish() -> None:
    draft, stop = make_plan(make_stop()), make_stop()
    ready = move_plan(complete(draft), "ready", **WHO)
    approved = move_plan(ready, "approved", **WHO)
    seen = Observation("nothing", "X", "guessed", "maybe", "7")
    odd = (
        AgencyOutcome("iom"),
        AgencyOutcome("polismyndigheten", frozenset({"dance"}), (seen,)),
        AgencyOutcome("skatteverket"),
    )
    twice = (AgencyOutcome("nobody"), AgencyOutcome("nobody"))
    site = {"layer": "workplaces", "record_id": "w1"}
    lines = [
        *refuse(move_plan, draft, "closed", **WHO),
        *refuse(move_plan, draft, "sold", **WHO),
        *refuse(move_plan, draft, "cancelled", **WHO),
        *refuse(move_plan, draft, "cancelled", reason="x", **WHO),
        *refuse(move_plan, make_plan(), "ready", **WHO),
        *refuse(replace_stops, ready, [], **WHO),
        *refuse(replace_stops, draft, [stop, stop, make_stop("w2", crew="x", on=date(2020, 1, 1))], **WHO),
        *refuse(answer_item, draft, "coffee", Answer(is_ready=True), **WHO),
        *refuse(answer_item, draft, "interpreters", Answer(is_ready=True), **WHO),
        *refuse(answer_item, draft, "interpreters", Answer(True, frozenset({"xx"})), **WHO),
        *refuse(answer_item, draft, "coordinator_on_call", Answer(True, frozenset({"th"})), **WHO),
        *refuse(answer_item, approved, "interpreters", Answer(is_ready=False), **WHO),
        *refuse(justify_stop, approved, stop.key, "new_tip", **WHO),
        *refuse(justify_stop, draft, ("workplaces", "w9"), "new_tip", **WHO),
        *refuse(comment_plan, draft, "Anna", **WHO),
        *refuse(record_outcome, draft, StopOutcome(**site, on=DAYS[0], agencies=odd), **WHO),
        *refuse(record_outcome, approved, StopOutcome(**site, on=date(2020, 1, 1), outcome="x", agencies=twice), **WHO),
        *refuse(record_outcome, approved, StopOutcome(**site, on=date(9999, 1, 1), outcome="ban"), **WHO),
        *refuse(record_outcome, approved, StopOutcome(**site, on=DAYS[0], result="not_reached"), **WHO),
        *refuse(record_outcome, approved, StopOutcome(**site, on=DAYS[0], result="asleep", persons_met="9"), **WHO),
        *refuse(record_outcome, approved, StopOutcome(**site, on=DAYS[0]), **WHO),
    ]
    for line in lines:
        assert say_problem("sv", line), line
