"""What came of a stop, by agency: a visit that found nothing is recorded as easily as one that found something.

A record is never changed: a correction is a later record of the same stop, and all of them are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from geo.errors import NotFoundError, ParameterError
from geo.planning.crews import Crew
from geo.planning.daylight import LOCAL_TIME
from geo.planning.plan.value import APPROVED, CANCELLED, CLOSED, UNDER_WAY, Change, Plan, PlannedStop
from geo.reference import find_checks
from geo.reference.tables import read_columns

__all__ = ["CLOSED_PLACE", "NOT_REACHED", "VISITED", "AgencyOutcome", "Observation", "StopOutcome", "record_outcome"]

# Whether somebody was there at all; only a visit is inspection effort.
VISITED, NOT_REACHED, CLOSED_PLACE = "visited", "not_reached", "closed"
_RESULTS = (VISITED, NOT_REACHED, CLOSED_PLACE)
NOTHING_FOUND = "nothing_found"


@dataclass(frozen=True)
class Observation:
    """A coded indicator that an agency observed.

    Attributes
    ----------
    indicator : code of ``indicators``
    grade : code of ``finding_grades``
    source : code of ``finding_sources``
    verification : code of ``finding_verifications``
    persons_band : band of ``persons_bands``: how many it concerns, never who
    """

    indicator: str
    grade: str
    source: str = "observed"
    verification: str = "unverified"
    persons_band: str = "0"


@dataclass(frozen=True)
class AgencyOutcome:
    """What one agency did and saw at a stop.

    Attributes
    ----------
    agency : code of ``agencies``
    checks : codes of ``capabilities`` that it made
    observations : nothing found where there are none
    """

    agency: str
    checks: frozenset[str] = frozenset()
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class StopOutcome:
    """What came of a stop.

    Attributes
    ----------
    layer, record_id : of the site
    on : date of the visit
    result : `VISITED`, `NOT_REACHED` or `CLOSED_PLACE`
    outcome : code of ``visit_outcomes``, the gravest; empty where nobody was there
    persons_met : band of ``persons_bands``
    agencies : what each did; none where nobody was there
    """

    layer: str
    record_id: str
    on: date
    result: str = VISITED
    outcome: str = NOTHING_FOUND
    persons_met: str = "0"
    agencies: tuple[AgencyOutcome, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells sites apart."""
        return self.layer, self.record_id


def record_outcome(plan: Plan, outcome: StopOutcome, *, by: str, at: str, today: date | None = None) -> Plan:
    """The plan with an outcome, or with a correction of one; an approved plan is under way from then on.

    Parameters
    ----------
    plan : Plan
    outcome : StopOutcome
    by, at : name of the user and ISO 8601 in UTC, for the history
    today : the last day that an outcome may be of; left out, today in Sweden

    Raises
    ------
    NotFoundError
        The plan has no stop there.
    ParameterError
        The plan is not approved, or the outcome does not fit: all of it.
    """
    stop = plan.find_stop(outcome.key)
    if stop is None:
        message = f"The plan has no stop at {outcome.layer} {outcome.record_id}."
        raise NotFoundError(message)
    corrects = outcome.key in plan.outcomes
    may = (APPROVED, UNDER_WAY, CLOSED, CANCELLED) if corrects else (APPROVED, UNDER_WAY)
    failures = list(_find_failures(plan, stop, outcome, today or datetime.now(LOCAL_TIME).date()))
    if plan.state not in may:
        failures.insert(0, f"Outcomes belong to a plan that is approved or under way, and this one is {plan.state}.")
    if failures:
        raise ParameterError("\n".join(failures))
    known = plan.outcomes.get(outcome.key, ())
    changed = replace(
        plan,
        state=UNDER_WAY if plan.state == APPROVED else plan.state,
        outcomes={**plan.outcomes, outcome.key: (*known, outcome)},
    )
    what = "corrected" if corrects else "outcome"
    return replace(changed, history=(*plan.history, Change(at, by, what, "/".join(outcome.key))))


def _find_failures(plan: Plan, stop: PlannedStop, outcome: StopOutcome, today: date) -> Iterator[str]:
    """What does not fit, a line each."""
    if outcome.result not in _RESULTS:
        yield f"result: {outcome.result!r} is none of {', '.join(_RESULTS)}."
    if outcome.on < plan.days[0]:
        yield f"on: {outcome.on} is before the plan's first day, {plan.days[0]}."
    if outcome.on > today:
        yield f"on: {outcome.on} is after today, {today}; record what came of a stop once its day has come."
    yield from _check_code("persons_met", outcome.persons_met, "persons_bands", "band")
    if outcome.result != VISITED:
        if outcome.outcome or outcome.agencies or outcome.persons_met != "0":
            yield f"A stop that is {outcome.result} has no outcome, no persons met and no agencies; leave them out."
        return
    yield from _check_code("outcome", outcome.outcome, "visit_outcomes", "outcome")
    crew = plan.find_crew(stop.crew)
    names = [one.agency for one in outcome.agencies]
    # of a crew that was sent where none of its own has a check to make, whoever took part will do
    able = {check.agency for check in find_checks(stop.layer, stop.sector)}
    of_use = able & crew.on_site if crew is not None else set[str]()
    if not names or (of_use and of_use.isdisjoint(names)):
        yield "agencies: a visit has at least one agency that was there."
    for agency in sorted({name for name in names if names.count(name) > 1}):
        yield f"agencies: {agency} stands more than once; put what it did together."
    saw = any(one.observations for one in outcome.agencies)
    if saw and outcome.outcome == NOTHING_FOUND:
        yield f"outcome: {NOTHING_FOUND}, but there are observations; choose what was found, or leave them out."
    if not saw and outcome.outcome in _find_graver():
        yield f"outcome: {outcome.outcome} needs at least one observation; add what was seen, or say {NOTHING_FOUND}."
    for one in outcome.agencies:
        yield from _find_agency_failures(stop, one, crew)


def _find_graver() -> set[str]:
    """Outcomes graver than nothing found: without an observation they would be effort that came to nothing."""
    ranks = dict(read_columns("visit_outcomes", "outcome", "rank"))
    return {str(code) for code, rank in ranks.items() if rank > ranks[NOTHING_FOUND]}


def _find_agency_failures(stop: PlannedStop, one: AgencyOutcome, crew: Crew | None) -> Iterator[str]:
    able = {check.code for check in find_checks(stop.layer, stop.sector) if check.agency == one.agency}
    if not able:
        yield f"{one.agency}: there is no such agency, or it has no check to make at this site."
        return
    if crew is not None and one.agency not in (taking_part := crew.on_site | crew.on_call | crew.remote):
        yield f"{one.agency}: it takes no part in crew {crew.name}; these do: {', '.join(sorted(taking_part))}."
    for check in sorted(one.checks - able):
        yield f"{one.agency}: {check} is none of the checks that it may make here: {', '.join(sorted(able))}."
    for k, seen in enumerate(one.observations, start=1):
        where = f"{one.agency}, observation {k}"
        yield from _check_code(f"{where}, indicator", seen.indicator, "indicators", "indicator")
        yield from _check_code(f"{where}, grade", seen.grade, "finding_grades", "grade")
        yield from _check_code(f"{where}, source", seen.source, "finding_sources", "finding_source")
        yield from _check_code(f"{where}, verification", seen.verification, "finding_verifications", "verification")
        yield from _check_code(f"{where}, persons_band", seen.persons_band, "persons_bands", "band")


def _check_code(where: str, code: str, table: str, column: str) -> Iterator[str]:
    known = [str(value) for (value,) in read_columns(table, column)]
    if code not in known:
        yield f"{where}: {code!r} is none of {', '.join(known)}."
