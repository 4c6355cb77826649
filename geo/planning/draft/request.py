"""What a planner asks for: who goes when, which sites may be chosen, which must be, and which must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from geo.errors import ParameterError
from geo.layers.circles import INNER_CIRCLE
from geo.planning.crews import Crew, check_crews
from geo.planning.daylight import ALL_DAY
from geo.planning.targets import SiteKey, TargetFilter
from geo.reference import planning_parameters
from geo.region import Region

__all__ = ["DraftRequest", "check_request"]

_MAX_CANDIDATES = 200


def _hours() -> tuple[int, int]:
    values = planning_parameters()
    return int(values["day_start_minute"]), int(values["day_end_minute"])


@dataclass(frozen=True)
class DraftRequest:
    """A plan as it is asked for.

    Attributes
    ----------
    name : str
    days : at least one
    crews : at least one
    chosen : which sites may be chosen
    pinned : keys of sites that must be visited
    excluded : key of a site to the code of a reason in ``exclusion_reasons``
    locks : key of a site to the name of the crew and the day that it is fixed to; it must then be visited
    n_candidates : int, so many of the highest targets are routed among; 1 to 200
    hours : minutes after local midnight when a crew may leave and must be back
    explores : whether some stops are drawn by lot
    seed : int, >= 0, of that draw
    circle : sharing circle whose records the plan rests on
    """

    name: str
    days: tuple[date, ...]
    crews: tuple[Crew, ...]
    chosen: TargetFilter = field(default_factory=TargetFilter)
    pinned: tuple[SiteKey, ...] = ()
    excluded: Mapping[SiteKey, str] = field(default_factory=dict)
    locks: Mapping[SiteKey, tuple[str, date]] = field(default_factory=dict)
    n_candidates: int = 40
    hours: tuple[int, int] = field(default_factory=_hours)
    explores: bool = True
    seed: int = 0
    circle: str = INNER_CIRCLE

    def __post_init__(self) -> None:
        for name in ("excluded", "locks"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def mandatory(self) -> tuple[SiteKey, ...]:
        """Sites that must be visited: the pinned, and those fixed to a crew and a day."""
        return tuple(dict.fromkeys((*self.pinned, *self.locks)))


def check_request(request: DraftRequest, region: Region) -> None:
    """Refuse what no plan can be made for, all of it at once.

    Raises
    ------
    ParameterError
    """
    start, end = request.hours
    names = {crew.name for crew in request.crews}
    failures = [] if request.name.strip() else ["A plan needs a name."]
    if not request.days or len(set(request.days)) != len(request.days):
        failures.append("A plan needs at least one day, and each day once.")
    if not 0 <= start < end <= ALL_DAY:
        failures.append(f"Hours must begin before they end, within a day; they are {_clock(start)} to {_clock(end)}.")
    if not 1 <= request.n_candidates <= _MAX_CANDIDATES:
        most = f"1 to {_MAX_CANDIDATES} candidates, not {request.n_candidates}"
        failures.append(f"Routes are planned among {most}; narrow the filter instead.")
    for (layer, record), (crew, day) in request.locks.items():
        if crew not in names:
            failures.append(f"{layer} {record} is fixed to the crew {crew!r}, which is none of this plan.")
        if day not in request.days:
            failures.append(f"{layer} {record} is fixed to {day}, which is no day of this plan.")
    try:
        check_crews(request.crews, region)
    except ParameterError as error:
        failures.append(str(error))
    if failures:
        raise ParameterError("\n".join(failures))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
