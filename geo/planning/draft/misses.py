"""What does not hold on a route that somebody ordered by hand, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from geo.planning.crews import Crew, unmet_requirements
from geo.planning.daylight import find_light
from geo.planning.draft.places import sector_of_target
from geo.planning.routes import Miss, Route, Visit
from geo.planning.targets import Target
from geo.risk.words import Sentence, title_sentence

__all__ = ["clock", "tell_misses"]

_MINUTES_PER_DAY = 24 * 60


def clock(minute: int) -> str:
    """A minute of the day as the clock shows it; past midnight it says how many days later."""
    days, minute = divmod(minute, _MINUTES_PER_DAY)
    shown = f"{minute // 60:02d}:{minute % 60:02d}"
    return f"{shown} (+{days})" if days else shown


def tell_misses(
    crew: Crew, day: date, hours: tuple[int, int], targets: Sequence[Target], route: Route, misses: Sequence[Miss]
) -> Iterator[Sentence]:
    """A sentence for each thing that does not hold, in the order of the route.

    Parameters
    ----------
    crew, day, hours : of the route
    targets : by the positions of the problem's stops
    route : Route
    misses : of that route
    """
    visits = {visit.stop: visit for visit in route.visits}
    for miss in misses:
        if miss.stop is None:
            yield _tell_way_back(crew, day, hours, targets[route.visits[-1].stop], route, miss)
            continue
        target, visit = targets[miss.stop], visits[miss.stop]
        if miss.code == "no_road":
            yield Sentence(
                "No road leads to {title} from the place before it; how long that drive takes is an estimate.",
                {"title": target.title},
            )
        elif miss.code == "no_crew":
            for code in unmet_requirements(crew, target.layer, sector_of_target(target)):
                what = title_sentence("stop_requirements", "requirement", code)
                values = {"crew": crew.name, "title": target.title, "what": what}
                yield Sentence("Crew {crew} lacks the powers that {title} needs: {what}.", values)
        else:
            yield from _tell_late(day, hours, target, visit)


def _tell_late(day: date, hours: tuple[int, int], target: Target, visit: Visit) -> Iterator[Sentence]:
    """Dark, beyond the hours of the day, or both."""
    light = find_light(target.easting, target.northing, day)
    values = {"title": target.title, "day": day, "time": clock(visit.end)}
    if light.is_never:
        yield Sentence("It never becomes light at {title} on {day}.", {"title": target.title, "day": day})
    elif visit.end > light.end_minute:
        dark = {"dark": clock(light.end_minute)}
        yield Sentence(
            "At {title} on {day} the crew is done at {time}, and it is dark from {dark}.", {**values, **dark}
        )
    if visit.end > hours[1]:
        end = {"end": clock(hours[1])}
        yield Sentence(
            "At {title} on {day} the crew is done at {time}, after its day ends at {end}.", {**values, **end}
        )


def _tell_way_back(crew: Crew, day: date, hours: tuple[int, int], last: Target, route: Route, miss: Miss) -> Sentence:
    if miss.code == "no_road":
        return Sentence(
            "No road leads back from {title} to where crew {crew} begins; how long that drive takes is an estimate.",
            {"title": last.title, "crew": crew.name},
        )
    values = {"crew": crew.name, "day": day, "time": clock(route.return_minute), "end": clock(hours[1])}
    return Sentence("Crew {crew} is back at {time} on {day}, after its day ends at {end}.", values)
