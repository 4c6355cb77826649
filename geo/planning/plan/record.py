"""A plan as JSON and back, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from geo.errors import StoreError
from geo.planning.crews import Crew
from geo.planning.plan.checklist import Answer
from geo.planning.plan.outcomes import AgencyOutcome, Observation, StopOutcome
from geo.planning.plan.value import Change, Plan, PlannedStop, StopKey
from geo.risk.words import Sentence, Tenths

__all__ = ["read_crew", "read_plan", "read_sentence", "write_crew", "write_plan", "write_sentence"]

_FORMAT = 1


def write_plan(plan: Plan) -> dict[str, Any]:
    """A plan as plain values that JSON knows."""
    return {
        "format": _FORMAT,
        "plan_id": plan.plan_id,
        "name": plan.name,
        "days": [day.isoformat() for day in plan.days],
        "crews": [write_crew(crew) for crew in plan.crews],
        "stops": [_write_stop(stop) for stop in plan.stops],
        "state": plan.state,
        "checklist": {
            item: {"is_ready": answer.is_ready, "languages": sorted(answer.languages)}
            for item, answer in plan.checklist.items()
        },
        "manifest": dict(plan.manifest),
        "outcomes": [_write_outcome(one) for several in plan.outcomes.values() for one in several],
        "history": [asdict(change) for change in plan.history],
        "circle": plan.circle,
    }


def read_plan(record: Mapping[str, Any]) -> Plan:
    """The plan that `write_plan` wrote.

    Raises
    ------
    StoreError
        It is none, or of a later format.
    """
    if record.get("format") != _FORMAT:
        message = (
            f"This plan has the format {record.get('format')!r}, and this version reads {_FORMAT}; update Norrsyn."
        )
        raise StoreError(message)
    try:
        return Plan(
            plan_id=record["plan_id"],
            name=record["name"],
            days=tuple(date.fromisoformat(day) for day in record["days"]),
            crews=tuple(read_crew(crew) for crew in record["crews"]),
            stops=tuple(_read_stop(stop) for stop in record["stops"]),
            state=record["state"],
            checklist={
                item: Answer(answer["is_ready"], frozenset(answer["languages"]))
                for item, answer in record["checklist"].items()
            },
            manifest=record["manifest"],
            outcomes=_read_outcomes(record["outcomes"]),
            history=tuple(Change(**change) for change in record["history"]),
            circle=record["circle"],
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"A stored plan cannot be read ({type(error).__name__}: {error}); restore it from a backup."
        raise StoreError(message) from error


def _write_stop(stop: PlannedStop) -> dict[str, Any]:
    written = {name: getattr(stop, name) for name in PlannedStop.__dataclass_fields__}
    return {**written, "on": stop.on.isoformat(), "reasons": [write_sentence(reason) for reason in stop.reasons]}


def _read_stop(record: Mapping[str, Any]) -> PlannedStop:
    reasons = tuple(read_sentence(reason) for reason in record["reasons"])
    return PlannedStop(**{**record, "on": date.fromisoformat(record["on"]), "reasons": reasons})


def _write_outcome(outcome: StopOutcome) -> dict[str, Any]:
    agencies = [{**asdict(one), "checks": sorted(one.checks)} for one in outcome.agencies]
    return {**asdict(outcome), "on": outcome.on.isoformat(), "agencies": agencies}


def _read_outcomes(records: Sequence[Mapping[str, Any]]) -> dict[StopKey, tuple[StopOutcome, ...]]:
    """Site to what was recorded of it, in the order in which it was."""
    outcomes: dict[StopKey, tuple[StopOutcome, ...]] = {}
    for record in records:
        agencies = tuple(
            AgencyOutcome(
                one["agency"], frozenset(one["checks"]), tuple(Observation(**seen) for seen in one["observations"])
            )
            for one in record["agencies"]
        )
        outcome = StopOutcome(**{**record, "on": date.fromisoformat(record["on"]), "agencies": agencies})
        outcomes[outcome.key] = (*outcomes.get(outcome.key, ()), outcome)
    return outcomes


def write_crew(crew: Crew) -> dict[str, Any]:
    """A crew as plain values that JSON knows."""
    return {
        "name": crew.name,
        "people": dict(crew.people),
        "car_seats": list(crew.car_seats),
        "depot": list(crew.depot),
        "on_call": sorted(crew.on_call),
        "remote": sorted(crew.remote),
    }


def read_crew(record: Mapping[str, Any]) -> Crew:
    """The crew that `write_crew` wrote."""
    return Crew(
        name=record["name"],
        people=record["people"],
        car_seats=tuple(record["car_seats"]),
        depot=tuple(record["depot"]),
        on_call=frozenset(record["on_call"]),
        remote=frozenset(record["remote"]),
    )


def write_sentence(sentence: Sentence) -> dict[str, Any]:
    """Its template and values; a value that is itself a sentence, a day or in tenths says so."""
    return {"template": sentence.template, "values": {name: _write_value(v) for name, v in sentence.values.items()}}


def read_sentence(record: Mapping[str, Any]) -> Sentence:
    """The sentence that `write_sentence` wrote."""
    template = record["template"]
    return Sentence(template, {name: _read_value(value) for name, value in record["values"].items()})


def _write_value(value: Any) -> Any:
    if isinstance(value, Sentence):
        return {"sentence": write_sentence(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"tenths": float(value)} if isinstance(value, Tenths) else value


def _read_value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "tenths" in value:
        return Tenths(value["tenths"])
    return read_sentence(value["sentence"]) if "sentence" in value else date.fromisoformat(value["date"])
