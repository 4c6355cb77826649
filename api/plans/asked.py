"""From what a request says to what the library plans by; whatever cannot be used is told all at once."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import shapely

from api.errors import FieldsError
from api.params import is_latitude_first
from api.plan_requests import (
    CrewRequest,
    DepotRequest,
    ExclusionRequest,
    FilterRequest,
    LockRequest,
    OutcomeRequest,
    PlanRequest,
    RoutesRequest,
    SiteRequest,
)
from api.plans.bounds import find_size_failures
from api.plans.fields import find_field
from geo.errors import NorrsynError, ParameterError
from geo.layers.bundle import Layers
from geo.planning.crews import Crew
from geo.planning.draft import DraftRequest
from geo.planning.draft.request import check_request
from geo.planning.plan import AgencyOutcome, Observation, StopOutcome
from geo.planning.plan.outcomes import NOTHING_FOUND, VISITED
from geo.planning.targets import SiteKey, TargetFilter, find_targets
from geo.risk.area import parse_area
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import Uncertainty
from geo.store.people.texts import find_text_fault, tidy_text
from maps.degrees import to_metres

__all__ = [
    "check_everything",
    "name_fields",
    "read_exclusions",
    "read_keys",
    "read_locks",
    "read_outcome",
    "read_plan_request",
    "read_routes",
]

_MOST_NAME, _MOST_CREW_NAME = 200, 100
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
_LON_MOST, _LAT_MOST = 180.0, 90.0
_SEEDS = 2**31
_NOWHERE = (math.nan, math.nan)


def read_plan_request(
    asked: PlanRequest, surface: RiskSurface, layers: Layers, circle: str, uncertainty: Uncertainty | None
) -> DraftRequest:
    """The request, as the library takes it.

    Parameters
    ----------
    asked : PlanRequest
    surface : RiskSurface that the sites are chosen on
    layers : Layers of what the circle may see
    circle : sharing circle of whoever asks
    uncertainty : Uncertainty of the surface, where the filter asks for it

    Raises
    ------
    ParameterError
        A line for everything that cannot be planned.
    """
    failures = [*_find_name_failures(asked), *find_size_failures(asked), *_find_day_failures(asked.days)]
    area, faults = _read_area(asked.filter, surface)
    failures += faults
    crews = tuple(_read_crew(crew, failures) for crew in asked.crews)
    given: dict[str, Any] = {} if asked.hours is None else {"hours": tuple(asked.hours)}
    request = DraftRequest(
        name=tidy_text(asked.name),
        days=tuple(sorted(asked.days)),
        crews=crews,
        chosen=_read_filter(asked.filter, area),
        pinned=read_keys(asked.pinned),
        excluded=read_exclusions(asked.excluded),
        n_candidates=asked.n_candidates,
        explores=asked.explores,
        seed=secrets.randbelow(_SEEDS) if asked.seed is None else asked.seed,
        circle=circle,
        **given,
    )
    check_everything(request, surface, layers, uncertainty, failures)
    return request


@contextmanager
def name_fields(asked: PlanRequest) -> Iterator[None]:
    """Tell by field what the library refuses.

    Raises
    ------
    FieldsError
    """
    try:
        yield
    except ParameterError as error:
        if type(error) is not ParameterError:
            raise
        raise FieldsError((find_field(line, asked), line) for line in str(error).split("\n")) from error


def check_everything(
    request: DraftRequest,
    surface: RiskSurface,
    layers: Layers,
    uncertainty: Uncertainty | None,
    failures: Iterable[str] = (),
) -> None:
    """Refuse what no plan can be made for, what is wrong with the choice of sites along with the rest.

    Raises
    ------
    ParameterError
        A line for each of `failures`, and for everything that the library cannot use.
    """
    found = [*failures, *_list_failures(lambda: check_request(request, surface.region))]
    if found:
        options: dict[str, Any] = {"pinned": request.mandatory, "excluded": request.excluded}
        chosen, sure = request.chosen, uncertainty
        found += _list_failures(lambda: find_targets(surface, layers, 1, chosen=chosen, uncertainty=sure, **options))
        raise ParameterError("\n".join(found))


def read_keys(sites: Iterable[SiteRequest]) -> tuple[SiteKey, ...]:
    """Keys of sites, each once."""
    return tuple(dict.fromkeys(site.key for site in sites))


def read_exclusions(sites: Iterable[ExclusionRequest]) -> dict[SiteKey, str]:
    """Key of a site to the code of its reason."""
    return {site.key: site.reason for site in sites}


def read_locks(sites: Iterable[LockRequest]) -> dict[SiteKey, tuple[str, date]]:
    """Key of a site to the crew and the day that it is fixed to."""
    return {site.key: (tidy_text(site.crew), site.on) for site in sites}


def read_routes(asked: RoutesRequest) -> dict[tuple[str, date], tuple[SiteKey, ...]]:
    """Crew and day to sites in the order wanted.

    Raises
    ------
    ParameterError
        A crew and a day stand twice.
    """
    routes: dict[tuple[str, date], tuple[SiteKey, ...]] = {}
    failures = []
    for route in asked.routes:
        shift = tidy_text(route.crew), route.on
        if shift in routes:
            failures.append(f"Crew {shift[0]!r} stands twice on {route.on}; put its stops together.")
        routes[shift] = tuple(site.key for site in route.stops)
    if failures:
        raise ParameterError("\n".join(failures))
    return routes


def read_outcome(asked: OutcomeRequest) -> StopOutcome:
    """What came of a stop, as the library takes it."""
    outcome = asked.outcome
    if outcome is None:
        outcome = NOTHING_FOUND if asked.result == VISITED else ""
    return StopOutcome(
        layer=asked.layer,
        record_id=asked.record_id,
        on=asked.on,
        result=asked.result,
        outcome=outcome,
        persons_met=asked.persons_met,
        agencies=tuple(
            AgencyOutcome(
                one.agency,
                frozenset(one.checks),
                tuple(Observation(**seen.model_dump()) for seen in one.observations),
            )
            for one in asked.agencies
        ),
    )


def _list_failures(check: Any) -> list[str]:
    try:
        check()
    except ParameterError as error:
        return str(error).split("\n")
    return []


def _find_name_failures(asked: PlanRequest) -> Iterator[str]:
    name = tidy_text(asked.name)
    # that it is empty is told by the library
    if name and (fault := find_text_fault(name, _MOST_NAME)):
        yield f"The plan's name {fault}."
    for crew in asked.crews:
        called = tidy_text(crew.name)
        if called and (fault := find_text_fault(called, _MOST_CREW_NAME)):
            yield f"The name of a crew {fault}."


def _find_day_failures(days: Sequence[date]) -> Iterator[str]:
    for day in days:
        if not _FIRST_DAY <= day <= _LAST_DAY:
            yield f"A plan's days lie between {_FIRST_DAY} and {_LAST_DAY}, not on {day}."


def _read_area(chosen: FilterRequest, surface: RiskSurface) -> tuple[shapely.Geometry | None, list[str]]:
    if chosen.area is None:
        return None, []
    try:
        return parse_area(chosen.area, surface.region, surface.grid).polygon, []
    except NorrsynError as error:
        return None, [str(error)]


def _read_crew(asked: CrewRequest, failures: list[str]) -> Crew:
    name = tidy_text(asked.name)
    return Crew(
        name=name,
        people=asked.people,
        car_seats=tuple(asked.car_seats),
        depot=_read_depot(name, asked.depot, failures),
        on_call=frozenset(asked.on_call),
        remote=frozenset(asked.remote),
    )


def _read_depot(name: str, depot: Sequence[float] | DepotRequest | None, failures: list[str]) -> tuple[float, float]:
    if depot is None:
        return _NOWHERE
    if not isinstance(depot, DepotRequest):
        easting, northing = depot
        return float(easting), float(northing)
    if is_latitude_first(depot.lon, depot.lat):
        failures.append(f"Crew {name!r}: lon and lat of the depot are swapped.")
        return to_metres(depot.lat, depot.lon)
    if abs(depot.lon) > _LON_MOST or abs(depot.lat) > _LAT_MOST:
        return _NOWHERE
    return to_metres(depot.lon, depot.lat)


def _read_filter(asked: FilterRequest, area: shapely.Geometry | None) -> TargetFilter:
    return TargetFilter(
        sectors=frozenset(asked.sectors),
        counties=frozenset(asked.counties),
        municipalities=frozenset(asked.municipalities),
        layers=frozenset(asked.layers),
        min_days_since_visit=asked.min_days_since_visit,
        area=area,
        agencies=frozenset(asked.agencies),
        certainty=asked.min_certainty,
    )
