"""Crews: joint teams of several agencies in several cars, and which stops are worth their drive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, compress
from types import MappingProxyType

import numpy as np
import shapely

from geo.errors import ParameterError
from geo.reference import find_checks, find_requirements, planning_parameters, read_table
from geo.reference.tables import read_columns
from geo.region import Region
from geo.risk.words import Sentence

__all__ = ["Crew", "check_crews", "note_crews", "unmet_requirements"]

_WAYS = ("on_site", "on_call", "remote")


@dataclass(frozen=True)
class Crew:
    """A joint team. It goes to a stop together; who takes part from afar takes no seat.

    Attributes
    ----------
    name : str, tells crews apart
    people : agency to how many of its people ride along, each >= 1
    car_seats : seats of each car, the driver's included
    depot : easting and northing, m, EPSG:3006, where a day begins and ends: a police station or an office
    on_call : agencies within reach by telephone all day
    remote : agencies that take part from their desks
    """

    name: str
    people: Mapping[str, int]
    car_seats: tuple[int, ...]
    depot: tuple[float, float]
    on_call: frozenset[str] = frozenset()
    remote: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "people", MappingProxyType(dict(self.people)))

    @property
    def on_site(self) -> frozenset[str]:
        """Agencies that ride along."""
        return frozenset(self.people)

    @property
    def n_people(self) -> int:
        """How many people ride along."""
        return sum(self.people.values())


def check_crews(crews: Sequence[Crew], region: Region) -> None:
    """Refuse crews that cannot be sent.

    Raises
    ------
    ParameterError
        There is no crew, two have one name, an agency is unknown or may not take part in that way or takes part twice,
        nobody rides along, there are fewer seats than people, or a depot lies at sea or outside the region. The message
        names them all.
    """
    failures = [] if crews else ["There is no crew; a plan needs at least one."]
    names = Counter(crew.name for crew in crews)
    failures += [f"{n} crews are called {name!r}; give each a name of its own." for name, n in names.items() if n > 1]
    failures += chain.from_iterable(_find_failures(crew, region) for crew in crews)
    if failures:
        raise ParameterError("\n".join(failures))


def note_crews(crews: Sequence[Crew]) -> tuple[Sentence, ...]:
    """What is unusual about crews, though they may be sent: teams smaller or larger than joint inspections have."""
    values = planning_parameters()
    low, high = int(values["team_min"]), int(values["team_max"])
    unusual = "Crew {crew} has {n} people on site; a joint inspection usually has {low} to {high}."
    alone = "Crew {crew} has one person on site; a joint inspection usually has {low} to {high}."
    return tuple(
        Sentence(alone, {"crew": crew.name, "low": low, "high": high})
        if crew.n_people == 1
        else Sentence(unusual, {"crew": crew.name, "n": crew.n_people, "low": low, "high": high})
        for crew in crews
        if not low <= crew.n_people <= high
    )


def unmet_requirements(crew: Crew, layer: str, sector: str) -> tuple[str, ...]:
    """What a crew could not check at a site and should: codes of ``stop_requirements``; none where the stop is of use.

    Parameters
    ----------
    crew : Crew
    layer : ``workplaces`` or ``accommodation``
    sector : sector group, ``""`` for accommodation
    """
    checks = find_checks(layer, sector)
    near = {check.code for check in checks if check.agency in crew.on_site}
    far = {check.code for check in checks if check.agency in crew.on_call | crew.remote}
    return tuple(
        requirement.code
        for requirement in find_requirements(layer, sector)
        if not requirement.checks & (near if requirement.is_on_site else near | far)
    )


def _find_failures(crew: Crew, region: Region) -> Iterator[str]:
    """What is wrong with one crew, a line each."""
    who = f"Crew {crew.name!r}"
    if not crew.name.strip():
        yield "A crew has no name; give it one."
    parts = {"on_site": crew.on_site, "on_call": crew.on_call, "remote": crew.remote}
    for agency in sorted(frozenset().union(*parts.values())):
        ways = [way for way in _WAYS if agency in parts[way]]
        allowed = _ways_of().get(agency)
        if allowed is None:
            yield f"{who}: there is no agency {agency!r}; known are {', '.join(sorted(_ways_of()))}."
            continue
        if len(ways) > 1:
            yield f"{who}: {agency} takes part in more than one way ({', '.join(ways)}); choose one."
        for way in ways:
            if way not in allowed:
                can = " or ".join(one for one in _WAYS if one in allowed)
                yield f"{who}: {agency} may not be {way}; {f'it may be {can}' if can else 'it takes no part'}."
    if not crew.people:
        yield f"{who}: nobody rides along; name at least one agency with people on site."
    for agency, n in crew.people.items():
        if n < 1:
            yield f"{who}: {agency} has {n} people; give at least 1, or leave the agency out."
    if any(seats < 1 for seats in crew.car_seats) or not crew.car_seats:
        yield f"{who}: every car needs at least one seat; the cars have {list(crew.car_seats)}."
    elif sum(crew.car_seats) < crew.n_people:
        seats = "1 seat" if sum(crew.car_seats) == 1 else f"{sum(crew.car_seats)} seats"
        yield f"{who}: {crew.n_people} people and {seats}; add a car, or leave people out."
    yield from _find_depot_failures(who, crew.depot, region)


def _find_depot_failures(who: str, depot: tuple[float, float], region: Region) -> Iterator[str]:
    if not np.isfinite(depot).all():
        yield f"{who}: the depot has no finite coordinates; give easting and northing in metres, EPSG:3006."
        return
    off_m = planning_parameters()["depot_off_m"]
    away_m = shapely.distance(region.counties.geometry.to_numpy(), shapely.Point(depot)).min()
    if away_m > off_m:
        yield (
            f"{who}: the depot, easting {depot[0]:.0f}, northing {depot[1]:.0f}, lies {away_m / 1000:.0f} km from the "
            "land of Region Nord, at sea or outside; give the place where the day begins."
        )


@lru_cache(maxsize=1)
def _ways_of() -> Mapping[str, frozenset[str]]:
    """Agency to the ways in which it may take part."""
    columns = (f"may_be_{way}" for way in _WAYS)
    flags = {code: set(compress(_WAYS, yes)) for code, *yes in read_columns("attendances", "attendance", *columns)}
    ways: dict[str, set[str]] = {agency: set() for agency in read_table("agencies")["agency"]}
    for agency, attendance in read_columns("capabilities", "agency", "attendance"):
        ways[agency] |= flags[attendance]
    return MappingProxyType({agency: frozenset(some) for agency, some in ways.items()})
