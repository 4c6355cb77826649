"""A plan goes from draft to closed by the moves of the table, and past no block."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geo.errors import NotFoundError, ParameterError
from geo.planning.plan import (
    Answer,
    StopOutcome,
    answer_item,
    comment_plan,
    find_blocks,
    justify_stop,
    move_plan,
    needs_reason,
    open_items,
    replace_request,
    replace_stops,
)
from geo.reference import read_table
from tests.geo.planning.plan.made import CREW, DAYS, WHO, complete, make_plan, make_stop

STATES = read_table("plan_states")["state"].tolist()
MOVES = {
    (row["from_state"], row["to_state"]): row["needs_reason"] for row in read_table("plan_moves").to_dict("records")
}


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_only_the_moves_of_the_table_are_made(before: str, after: str) -> None:
    stop = make_stop()
    missed = StopOutcome(*stop.key, DAYS[0], "not_reached", outcome="")
    plan = replace(complete(make_plan(stop)), state=before, outcomes={stop.key: (missed,)})
    if (before, after) not in MOVES:
        with pytest.raises(ParameterError, match=f"is {before} cannot become {after}"):
            move_plan(plan, after, reason="weather", **WHO)
        return
    if MOVES[before, after]:
        with pytest.raises(ParameterError, match="none is given"):
            move_plan(plan, after, **WHO)
    moved = move_plan(plan, after, reason="weather" if MOVES[before, after] else "", **WHO)
    assert moved.state == after
    assert plan.state == before
    assert (moved.history[-1].what, moved.history[-1].about, moved.history[-1].by) == ("moved", after, "planner")


def test_every_state_but_the_first_is_reached_and_the_last_ones_end_it() -> None:
    assert {after for _, after in MOVES} == set(STATES)
    assert set(STATES) - {before for before, _ in MOVES} == {"closed", "cancelled"}


def test_approval_is_blocked_by_each_open_item_of_the_checklist() -> None:
    plan = move_plan(make_plan(make_stop()), "ready", **WHO)
    items = read_table("support_checklist")
    assert open_items(plan.checklist) == tuple(items["item"])
    with pytest.raises(ParameterError) as refused:
        move_plan(plan, "approved", **WHO)
    assert str(refused.value).split("\n") == [f"Not ready: {title}." for title in items["title"]]
    done = complete(plan)
    for item in items["item"]:
        missing = answer_item(done, item, Answer(is_ready=False), **WHO)
        with pytest.raises(ParameterError, match="Not ready"):
            move_plan(missing, "approved", **WHO)
    assert move_plan(done, "approved", **WHO).state == "approved"


@pytest.mark.parametrize(("days", "words"), [(0, "on the day of this stop"), (1, "the day before this stop")])
def test_a_visit_of_the_same_day_or_the_day_before_is_called_so(days: int, words: str) -> None:
    plan = complete(move_plan(make_plan(make_stop(days_since_visit=days)), "ready", **WHO))
    (block,) = find_blocks(plan, "approved")
    assert str(block) == f"Place w1 was visited {words}; say why it is visited again."


def test_approval_is_blocked_by_a_site_visited_lately_until_it_is_justified() -> None:
    lately = make_stop("w2", days_since_visit=40, order=2)
    plan = complete(move_plan(make_plan(make_stop(days_since_visit=365), lately), "ready", **WHO))
    assert [str(block) for block in find_blocks(plan, "approved")] == [
        "Place w2 was visited 40 days before this stop; say why it is visited again."
    ]
    with pytest.raises(ParameterError, match="use follow_up"):
        justify_stop(plan, lately.key, "weather", **WHO)
    with pytest.raises(NotFoundError, match="w3"):
        justify_stop(plan, ("workplaces", "w3"), "follow_up", **WHO)
    justified = justify_stop(plan, lately.key, "follow_up", **WHO)
    assert move_plan(justified, "approved", **WHO).state == "approved"
    assert justified.history[-1].reason == "follow_up"


@pytest.mark.parametrize("of_request", [True, False])
def test_approval_is_blocked_by_a_site_that_the_plan_excludes(*, of_request: bool) -> None:
    excluded = {"excluded": [["workplaces", "w2", "ongoing_investigation"]]}
    stop, out = make_stop(), make_stop("w2", order=2)
    manifest = {"request": excluded, "excluded": []} if of_request else excluded
    draft = make_plan(stop, out, manifest=manifest)
    assert [needs_reason(draft, one) for one in (stop, out)] == [False, True]
    plan = complete(move_plan(draft, "ready", **WHO))
    (block,) = find_blocks(plan, "approved")
    assert str(block) == (
        "Place w2 is excluded (Ongoing investigation); take it out, lift the exclusion, or say why it is visited."
    )
    with pytest.raises(ParameterError, match="Place w2 is excluded"):
        move_plan(plan, "approved", **WHO)
    told = justify_stop(plan, out.key, "new_tip", **WHO)
    assert find_blocks(told, "approved") == ()
    assert find_blocks(complete(replace_stops(draft, [stop], **WHO)), "approved") == ()
    assert find_blocks(complete(replace_stops(draft, [stop, out], manifest={}, **WHO)), "approved") == ()


def test_a_plan_without_stops_is_not_put_up_for_approval() -> None:
    with pytest.raises(ParameterError, match="no stops"):
        move_plan(make_plan(), "ready", **WHO)


def test_stops_are_changed_in_a_draft_only_and_all_that_is_wrong_is_told() -> None:
    plan = make_plan(make_stop())
    bad = [make_stop(crew="south"), make_stop(on=DAYS[1].replace(day=28))]
    with pytest.raises(ParameterError) as refused:
        replace_stops(plan, bad, **WHO)
    assert len(str(refused.value).split("\n")) == 3
    with pytest.raises(ParameterError, match="must be draft"):
        replace_stops(move_plan(plan, "ready", **WHO), [make_stop()], **WHO)


def test_a_justification_stays_with_its_site_when_stops_change() -> None:
    plan = justify_stop(make_plan(make_stop(days_since_visit=3)), ("workplaces", "w1"), "new_tip", **WHO)
    changed = replace_stops(plan, [make_stop("w2"), make_stop(days_since_visit=3, order=2)], **WHO)
    assert [stop.revisit_reason for stop in changed.stops] == ["", "new_tip"]


@pytest.mark.parametrize(
    ("item", "answer", "named"),
    [
        ("interpreters", Answer(is_ready=True), "at least one"),
        ("interpreters", Answer(is_ready=True, languages=frozenset({"xx", "th"})), "xx"),
        ("exit_accommodation", Answer(is_ready=True, languages=frozenset({"th"})), "asks for no languages"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(item: str, answer: Answer, named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        answer_item(make_plan(make_stop()), item, answer, **WHO)


def test_what_is_not_on_the_checklist_is_not_answered() -> None:
    with pytest.raises(NotFoundError, match="interpreters"):
        answer_item(make_plan(), "coffee", Answer(is_ready=True), **WHO)


def test_comments_are_codes() -> None:
    plan = comment_plan(make_plan(), "safety", about="workplaces/w1", **WHO)
    assert (plan.history[-1].what, plan.history[-1].reason) == ("comment", "safety")
    with pytest.raises(ParameterError, match="coded reason"):
        comment_plan(plan, "call Olle", **WHO)


def test_a_draft_takes_over_another_request_and_keeps_what_is_its_own() -> None:
    plan = complete(make_plan(make_stop(revisit_reason="follow_up"), make_stop("w2")))
    other = replace(CREW, name="south")
    drafted = replace(
        make_plan(make_stop("w3", crew="south"), make_stop(crew="south", arrive_minute=600, order=2)),
        name="Week 31",
        days=DAYS[1:],
        crews=(other,),
        manifest={"seed": 3},
    )
    changed = replace_request(plan, drafted, **WHO)
    assert (changed.name, changed.days, changed.crews, dict(changed.manifest)) == (
        "Week 31",
        DAYS[1:],
        (other,),
        {"seed": 3},
    )
    assert [(stop.record_id, stop.revisit_reason) for stop in changed.stops] == [("w3", ""), ("w1", "follow_up")]
    assert changed.checklist == plan.checklist
    assert [change.what for change in changed.history] == [*(one.what for one in plan.history), "redrafted"]
    with pytest.raises(ParameterError, match="change its stops"):
        replace_request(replace(plan, state="ready"), drafted, **WHO)


def test_a_plan_without_stops_of_made_up_sites_is_made_up() -> None:
    assert make_plan(manifest={"surface_manifest": {"synthetic": True}}).is_synthetic
    assert make_plan(make_stop(synthetic=True)).is_synthetic
    assert not make_plan(make_stop(), manifest={"surface_manifest": {"synthetic": False}}).is_synthetic
