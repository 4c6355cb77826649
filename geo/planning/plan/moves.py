"""From state to state, and what blocks a move. Each gives a new plan whose history says what was done by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from geo.errors import NotFoundError, ParameterError
from geo.planning.plan.checklist import Answer, check_answer, open_items
from geo.planning.plan.now import ENDED, REMOVED, THERE, SiteNow, count_days, is_new_visit
from geo.planning.plan.value import APPROVED, CLOSED, DRAFT, READY, Change, Plan, PlannedStop, StopKey
from geo.reference import planning_parameters
from geo.reference.tables import read_columns
from geo.risk.words import Sentence, title_sentence

__all__ = [
    "answer_item",
    "comment_plan",
    "find_blocks",
    "find_exclusion",
    "justify_stop",
    "move_plan",
    "needs_reason",
    "replace_request",
    "replace_stops",
    "require_draft",
]

_NOTHING_NEW: Mapping[StopKey, SiteNow] = MappingProxyType({})

# stops, crews and days stand still once somebody is asked to approve them; what supports them may still be answered
_OPEN_STATES = (DRAFT, READY)


def find_blocks(plan: Plan, to_state: str, now: Mapping[StopKey, SiteNow] = _NOTHING_NEW) -> tuple[Sentence, ...]:
    """What keeps a plan from a state, apart from the way there; none where it may go.

    Nothing is put up for approval without stops, and nothing is approved before the checklist for victims' support is
    complete and every stop at a site visited lately, that is no longer on record, or that the plan itself excludes, is
    justified. Nothing is closed before every stop has an outcome.

    Parameters
    ----------
    plan : Plan
    to_state : code of ``plan_states``
    now : what the records say of the stops' sites now, as `look_at_sites` gives it; left out, what the plan says
    """
    if to_state == CLOSED:
        missing = (stop for stop in plan.stops if stop.key not in plan.outcomes)
        return tuple(Sentence("{title} has no outcome yet.", {"title": stop.title}) for stop in missing)
    if to_state not in {READY, APPROVED}:
        return ()
    blocks = [] if plan.stops else [Sentence("The plan has no stops.")]
    if to_state == APPROVED:
        blocks += [
            Sentence("Not ready: {item}.", {"item": title_sentence("support_checklist", "item", item)})
            for item in open_items(plan.checklist)
        ]
        blocks += _find_unjustified(plan, now)
    return tuple(blocks)


def find_exclusion(plan: Plan, key: StopKey) -> str:
    """Code of the reason for which the plan's own request leaves a site out; empty where it does not."""
    asked = plan.manifest.get("request") or plan.manifest
    return next((str(reason) for layer, record, reason in asked.get("excluded", ()) if (layer, record) == key), "")


def needs_reason(plan: Plan, stop: PlannedStop, now: Mapping[StopKey, SiteNow] = _NOTHING_NEW) -> bool:
    """Whether a stop needs a coded reason before approval.

    It was visited lately, or is no longer on record, by what is known `now`, or the plan excludes its site.
    """
    is_there = stop.key not in now or now[stop.key].presence == THERE
    return _is_lately(count_days(plan, stop, now)) or not is_there or bool(find_exclusion(plan, stop.key))


def move_plan(
    plan: Plan,
    to_state: str,
    *,
    by: str,
    at: str,
    reason: str = "",
    now: Mapping[StopKey, SiteNow] = _NOTHING_NEW,
) -> Plan:
    """The plan in another state.

    Parameters
    ----------
    plan : Plan
    to_state : code of ``plan_states``
    by, at : name of the user and ISO 8601 in UTC, for the history
    reason : code of ``plan_reasons``, where the move needs one
    now : what the records say of the stops' sites now, as `look_at_sites` gives it; left out, what the plan says

    Raises
    ------
    ParameterError
        That move is not one of ``plan_moves``, its reason is missing or unknown, or something blocks it: all of it.
    """
    moves = {
        (a, b): bool(needs) for a, b, needs in read_columns("plan_moves", "from_state", "to_state", "needs_reason")
    }
    if (plan.state, to_state) not in moves:
        ways = ", ".join(b for a, b in moves if a == plan.state)
        could = f"it can become {ways}" if ways else "it ends there"
        message = f"A plan that is {plan.state} cannot become {to_state}; {could}."
        raise ParameterError(message)
    if moves[plan.state, to_state] or reason:
        _check_reason(reason, "move")
    blocks = find_blocks(plan, to_state, now)
    if blocks:
        raise ParameterError("\n".join(map(str, blocks)))
    return _note(replace(plan, state=to_state), Change(at, by, "moved", to_state, reason))


def replace_stops(
    plan: Plan, stops: Sequence[PlannedStop], *, by: str, at: str, manifest: Mapping[str, Any] | None = None
) -> Plan:
    """The plan with other stops; justifications of sites that stay are kept.

    Parameters
    ----------
    plan : Plan, a draft
    stops : all of them, with their crew, day and order
    by, at : name of the user and ISO 8601 in UTC, for the history
    manifest : what these stops follow from, as `draft_again` and `arrange_stops` give it; left out, the plan's own

    Raises
    ------
    ParameterError
        The plan is no draft, a site stands twice, or a stop has an unknown crew or a day that is not the plan's.
    """
    require_draft(plan)
    crews, sites = {crew.name for crew in plan.crews}, Counter(stop.key for stop in stops)
    failures = [
        f"{layer} {record} stands {n} times; visit a site once." for (layer, record), n in sites.items() if n > 1
    ]
    failures += [
        f"{stop.layer} {stop.record_id}: there is no crew {stop.crew!r}." for stop in stops if stop.crew not in crews
    ]
    failures += [
        f"{stop.layer} {stop.record_id}: {stop.on} is no day of the plan." for stop in stops if stop.on not in plan.days
    ]
    if failures:
        raise ParameterError("\n".join(failures))
    changed = replace(plan, stops=_justify(plan, stops), manifest=plan.manifest if manifest is None else manifest)
    return _note(changed, Change(at, by, _name_change(manifest)))


def replace_request(plan: Plan, drafted: Plan, *, by: str, at: str) -> Plan:
    """The plan with the name, days, crews and stops of another draft of it; justifications of sites that stay are kept.

    Parameters
    ----------
    plan : Plan, a draft
    drafted : Plan, as `draft_changed` gives it
    by, at : name of the user and ISO 8601 in UTC, for the history

    Raises
    ------
    ParameterError
        The plan is no draft.
    """
    require_draft(plan)
    changed = replace(
        plan,
        name=drafted.name,
        days=drafted.days,
        crews=drafted.crews,
        stops=_justify(plan, drafted.stops),
        manifest=drafted.manifest,
    )
    return _note(changed, Change(at, by, "redrafted"))


def _justify(plan: Plan, stops: Sequence[PlannedStop]) -> tuple[PlannedStop, ...]:
    """Stops in their order, each with the reason that the plan gave for its site."""
    before = {stop.key: stop.revisit_reason for stop in plan.stops}
    kept = (replace(s, revisit_reason=s.revisit_reason or before.get(s.key, "")) for s in stops)
    return tuple(sorted(kept, key=lambda stop: (stop.on, stop.crew, stop.order)))


def _name_change(manifest: Mapping[str, Any] | None) -> str:
    """What the history calls new stops: of an order by hand, of routes planned anew, or of none that is known."""
    if manifest is None:
        return "stops"
    return "arranged" if manifest.get("arranged") else "optimised"


def require_draft(plan: Plan) -> None:
    """Refuse to change the stops of a plan that is no draft, before anything is computed for it.

    Raises
    ------
    ParameterError
    """
    _require(plan, (DRAFT,), "change its stops")


def answer_item(plan: Plan, item: str, answer: Answer, *, by: str, at: str) -> Plan:
    """The plan with an item of the checklist answered.

    Raises
    ------
    NotFoundError, ParameterError
    """
    _require(plan, _OPEN_STATES, "answer its checklist")
    check_answer(item, answer)
    return _note(replace(plan, checklist={**plan.checklist, item: answer}), Change(at, by, "checklist", item))


def justify_stop(plan: Plan, key: StopKey, reason: str, *, by: str, at: str) -> Plan:
    """The plan with a reason why a site that was visited lately, or is excluded, is visited all the same.

    Raises
    ------
    NotFoundError
        The plan has no stop there.
    ParameterError
    """
    _require(plan, _OPEN_STATES, "justify its stops")
    _check_reason(reason, "revisit")
    if plan.find_stop(key) is None:
        message = f"The plan has no stop at {key[0]} {key[1]}."
        raise NotFoundError(message)
    stops = tuple(replace(stop, revisit_reason=reason) if stop.key == key else stop for stop in plan.stops)
    return _note(replace(plan, stops=stops), Change(at, by, "justified", "/".join(key), reason))


def comment_plan(plan: Plan, reason: str, *, by: str, at: str, about: str = "") -> Plan:
    """The plan with a coded comment; there is no free text, in which names could stand.

    Raises
    ------
    ParameterError
    """
    _check_reason(reason, "move", "revisit")
    return _note(plan, Change(at, by, "comment", about, reason))


def _find_unjustified(plan: Plan, now: Mapping[StopKey, SiteNow]) -> Iterator[Sentence]:
    for stop in plan.stops:
        if stop.revisit_reason:
            continue
        known = now.get(stop.key, SiteNow())
        days, values = count_days(plan, stop, now), {"title": stop.title}
        if _is_lately(days) and is_new_visit(plan, stop, now):
            text = "{title} was visited on {day}, after it was chosen; say why it is visited again."
            yield Sentence(text, {**values, "day": known.last_visit})
        elif _is_lately(days) and days is not None:
            yield _say_lately(stop.title, max(days, 0))
        if known.presence == REMOVED:
            yield Sentence("{title} is no longer on record; take it out, or say why it is visited.", values)
        if known.presence == ENDED:
            text = "{title} has ended by {day}, as the records say; take it out, or say why it is visited."
            yield Sentence(text, {**values, "day": stop.on})
        if code := find_exclusion(plan, stop.key):
            why = title_sentence("exclusion_reasons", "reason", code)
            text = "{title} is excluded ({reason}); take it out, lift the exclusion, or say why it is visited."
            yield Sentence(text, {**values, "reason": why})


def _say_lately(title: str, days: int) -> Sentence:
    if days == 0:
        return Sentence("{title} was visited on the day of this stop; say why it is visited again.", {"title": title})
    if days == 1:
        return Sentence("{title} was visited the day before this stop; say why it is visited again.", {"title": title})
    text = "{title} was visited {days} days before this stop; say why it is visited again."
    return Sentence(text, {"title": title, "days": days})


def _is_lately(days_since_visit: int | None) -> bool:
    return days_since_visit is not None and days_since_visit < int(planning_parameters()["revisit_days"])


def _require(plan: Plan, states: Sequence[str], what: str) -> None:
    if plan.state not in states:
        message = f"Nobody can {what} while the plan is {plan.state}; it must be {' or '.join(states)}."
        raise ParameterError(message)


def _check_reason(reason: str, *uses: str) -> None:
    known = [code for code, use in read_columns("plan_reasons", "reason", "use") if use in uses]
    if reason not in known:
        given = f"{reason!r} is none" if reason else "none is given"
        message = f"A coded reason is needed and {given}; use {', '.join(known)}."
        raise ParameterError(message)


def _note(plan: Plan, change: Change) -> Plan:
    return replace(plan, history=(*plan.history, change))
