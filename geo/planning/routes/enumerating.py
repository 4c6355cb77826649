"""All routes of a day: which sets of stops one crew can visit, and the least driving for each.

Routes grow stop by stop, all of one length at a time. Of routes with the same stops and the same last one, none is kept
that ends service no earlier than another and has driven no less: whatever follows is at least as good after the other.

Source: Desrochers & Soumis (1988), labels for the shortest path with time windows; Feillet et al. (2004), with sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.planning.routes.limits import Budget
from geo.planning.routes.problem import NO_ROAD, Problem

__all__ = ["Day", "Guide", "RouteList", "enumerate_routes", "list_all_routes", "look_at_days"]

_WORD = 64
_AT_ONCE = 2**17


@dataclass(frozen=True, eq=False)
class Day:
    """The m stops that one crew could visit on its day, each by itself.

    Attributes
    ----------
    shifts : positions in the problem of all shifts for which this is the same
    stops : (m,) int64, positions in the problem
    go : (m, m) int64, drive minutes between them
    first, back : (m,) int64, drive minutes from the start and to the end
    early, late : (m,) int64, minutes of the day between which service may begin so that the crew is back in time
    service : (m,) int64, minutes
    orders : (p, 2) int64, pairs of positions among the m: both in a route, in this order, or neither
    start_minute, end_minute : int
    """

    shifts: tuple[int, ...]
    stops: NDArray[np.int64]
    go: NDArray[np.int64]
    first: NDArray[np.int64]
    back: NDArray[np.int64]
    early: NDArray[np.int64]
    late: NDArray[np.int64]
    service: NDArray[np.int64]
    orders: NDArray[np.int64]
    start_minute: int
    end_minute: int

    def __len__(self) -> int:
        return len(self.stops)

    def without(self, is_taken: NDArray[np.bool_]) -> Day:
        """The same with fewer stops: (n_stops,) bool, those that are gone; of a pair both or neither."""
        left = np.flatnonzero(~is_taken[self.stops])
        position = np.cumsum(~is_taken[self.stops]) - 1
        is_kept = np.isin(self.orders[:, 0], left)
        return replace(
            self,
            **{name: getattr(self, name)[left] for name in ("stops", "first", "back", "early", "late", "service")},
            go=self.go[np.ix_(left, left)],
            orders=position[self.orders[is_kept]],
        )


@dataclass(frozen=True, eq=False)
class RouteList:
    """k routes.

    Attributes
    ----------
    day : (k,) int64, position among the days
    stops : (k, length) int16, positions in the problem in the order of the visits, then -1
    drive : (k,) int64, drive minutes, the way back included
    """

    day: NDArray[np.int64]
    stops: NDArray[np.int16]
    drive: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.day)

    def __getitem__(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> RouteList:
        return RouteList(self.day[which], self.stops[which], self.drive[which])

    @classmethod
    def join(cls, parts: list[RouteList]) -> RouteList:
        """All routes of several lists, in their order."""
        length = max((part.stops.shape[1] for part in parts), default=0)
        return cls(
            np.concatenate([np.empty(0, np.int64), *(part.day for part in parts)]),
            np.concatenate([np.empty((0, length), np.int16), *(_widen(part.stops, length) for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.drive for part in parts)]),
        )


@dataclass(frozen=True, eq=False)
class Guide:
    """What tells routes that can lead to something from those that cannot.

    Attributes
    ----------
    worth : (m,) float64, of a visit
    minute_cost : float, of a minute's drive
    best : (m, minutes) float64, at most so much can be added after service at a stop ends at a minute of the shift
    next_stop : (m, minutes) int64, the next stop with which that much may be reached; -1 for the way back
    second : (m, minutes) float64, the same without that next stop
    at_least : float, routes that cannot be worth as much are left
    width : int or None, at most so many routes of one length go on, those that can be worth most
    """

    worth: NDArray[np.float64]
    minute_cost: float
    best: NDArray[np.float64]
    next_stop: NDArray[np.int64]
    second: NDArray[np.float64]
    at_least: float
    width: int | None = None


@dataclass(frozen=True, eq=False)
class _Labels:
    """Routes of one length that have not driven back yet."""

    visited: NDArray[np.uint64]
    stops: NDArray[np.int16]
    end: NDArray[np.int64]
    drive: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.end)

    def __getitem__(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> _Labels:
        return _Labels(self.visited[which], self.stops[which], self.end[which], self.drive[which])


def look_at_days(problem: Problem) -> tuple[Day, ...]:
    """What crews could visit on their days; shifts for which that is the same stand together."""
    days: dict[tuple[object, ...], Day] = {}
    for shift in range(len(problem.shifts)):
        day = _look_at_day(problem, shift)
        content = tuple(value.tobytes() if isinstance(value, np.ndarray) else value for value in vars(day).values())
        # all but the shifts
        same = days.setdefault(content[1:], day)
        if same is not day:
            days[content[1:]] = replace(same, shifts=(*same.shifts, shift))
    return tuple(days.values())


def _look_at_day(problem: Problem, shift: int) -> Day:
    """Each stop by itself, with its partners where it has any."""
    day = problem.shifts[shift]
    place = np.array([stop.place for stop in problem.stops], dtype=np.int64)
    service = np.array([stop.service_minutes for stop in problem.stops], dtype=np.int64)
    first, back = problem.minutes[day.start_place, place], problem.minutes[place, day.end_place]
    early = np.maximum(problem.earliest[:, shift], day.start_minute + first)
    late = np.minimum(problem.latest[:, shift], day.end_minute - back - service)
    is_free = np.array([stop.fixed_shift in {None, shift} for stop in problem.stops], dtype=np.bool_)
    can = problem.may_visit[:, shift] & is_free & (early <= late)
    # who lacks a partner here goes too, and then who lacks that one
    for _ in problem.orders:
        for a, b in problem.orders:
            can[[a, b]] &= can[a] & can[b]
    stops = np.flatnonzero(can)
    position = np.cumsum(can) - 1
    pairs = [(position[a], position[b]) for a, b in problem.orders if can[a]]
    return Day(
        (shift,),
        stops,
        problem.minutes[np.ix_(place[stops], place[stops])],
        first[stops],
        back[stops],
        early[stops],
        late[stops],
        service[stops],
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        day.start_minute,
        day.end_minute,
    )


def enumerate_routes(
    day: Day, number: int, budget: Budget, guide: Guide | None = None, *, keep_part: bool = True
) -> RouteList:
    """For each set of stops that the crew can visit, the route with the least driving.

    Parameters
    ----------
    day : Day
    number : int, its position among the days
    budget : Budget, one label of work for each route that is kept; where it runs out, ``budget.is_left`` says so, and
        the list is not complete
    guide : Guide or None for all routes
    keep_part : bool, whether a list that is not complete is of use; where it is not, no time goes into ordering it
    """
    words = -(-max(len(day), 1) // _WORD)
    labels = _Labels(
        np.zeros((1, words), dtype=np.uint64),
        np.empty((1, 0), dtype=np.int16),
        np.array([day.start_minute], dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )
    found = []
    while len(labels) and len(day) and budget.is_left:
        parts = []
        for part in _split(labels, len(day)):
            parts.append(_drop_dominated(_extend(day, part, guide)))
            budget.spend(len(parts[-1]))
            if not budget.is_left:
                break
        if not (keep_part or budget.is_left):
            break
        labels = _drop_dominated(_join(parts))
        if guide is not None and guide.width is not None and len(labels) > guide.width:
            ceiling = _ceiling(day, labels, guide)
            labels = labels[np.sort(np.argsort(-ceiling, kind="stable")[: guide.width])]
        found.append(_drive_back(day, number, labels))
    return RouteList.join(found)


def list_all_routes(days: tuple[Day, ...], budget: Budget) -> RouteList | None:
    """All routes of all days; None where they are more than the budget."""
    lists = []
    for number, day in enumerate(days):
        lists.append(enumerate_routes(day, number, budget, keep_part=False))
        if not budget.is_left:
            return None
    return RouteList.join(lists)


def _split(labels: _Labels, m: int) -> Iterator[_Labels]:
    step = max(1, _AT_ONCE // m)
    for begin in range(0, len(labels), step):
        yield labels[np.arange(begin, min(begin + step, len(labels)))]


def _join(parts: list[_Labels]) -> _Labels:
    return _Labels(
        np.concatenate([part.visited for part in parts]),
        np.concatenate([part.stops for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.drive for part in parts]),
    )


def _bits(m: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The word and the bit of each of m stops."""
    position = np.arange(m)
    return position // _WORD, np.uint64(1) << (position % _WORD).astype(np.uint64)


def _extend(day: Day, labels: _Labels, guide: Guide | None) -> _Labels:
    """Every route by every stop that can follow."""
    word, bit = _bits(len(day))
    is_first = labels.stops.shape[1] == 0
    go = np.broadcast_to(day.first, (len(labels), len(day))) if is_first else day.go[labels.stops[:, -1]]
    start = np.maximum(labels.end[:, None] + go, day.early)
    can = (start <= day.late) & ((labels.visited[:, word] & bit) == 0)
    for a, b in day.orders:
        can[:, b] &= (labels.visited[:, word[a]] & bit[a]) != 0
    route, stop = np.nonzero(can)
    visited = labels.visited[route]
    visited[np.arange(len(route)), word[stop]] |= bit[stop]
    longer = _Labels(
        visited,
        np.column_stack([labels.stops[route], stop.astype(np.int16)]),
        start[route, stop] + day.service[stop],
        labels.drive[route] + go[route, stop],
    )
    return longer if guide is None else longer[_ceiling(day, longer, guide) >= guide.at_least]


def _ceiling(day: Day, labels: _Labels, guide: Guide) -> NDArray[np.float64]:
    """What a route can be worth at most, however it goes on."""
    word, bit = _bits(len(day))
    last, minute = labels.stops[:, -1], labels.end - day.start_minute
    following = guide.next_stop[last, minute]
    was_visited = (labels.visited[np.arange(len(labels)), word[following]] & bit[following]) != 0
    more = np.where((following >= 0) & was_visited, guide.second[last, minute], guide.best[last, minute])
    ceiling: NDArray[np.float64] = guide.worth[labels.stops].sum(axis=1) - guide.minute_cost * labels.drive + more
    return ceiling


def _drop_dominated(labels: _Labels) -> _Labels:
    if not len(labels):
        return labels
    last = labels.stops[:, -1]
    labels = labels[np.lexsort((labels.drive, labels.end, last, *labels.visited.T))]
    last = labels.stops[:, -1]
    is_new = np.r_[True, (labels.visited[1:] != labels.visited[:-1]).any(axis=1) | (last[1:] != last[:-1])]
    # the least drive so far within each group: groups are a whole NO_ROAD apart
    drive = labels.drive - np.cumsum(is_new) * NO_ROAD
    least = np.minimum.accumulate(drive)
    return labels[np.r_[True, drive[1:] < least[:-1]]]


def _drive_back(day: Day, number: int, labels: _Labels) -> RouteList:
    """The best whole route for each set of stops."""
    word, bit = _bits(len(day))
    for a, b in day.orders:
        labels = labels[((labels.visited[:, word[a]] & bit[a]) != 0) == ((labels.visited[:, word[b]] & bit[b]) != 0)]
    drive = labels.drive + day.back[labels.stops[:, -1]]
    order = np.lexsort((labels.end, drive, *labels.visited.T))
    visited = labels.visited[order]
    is_best = np.r_[np.ones(min(len(order), 1), dtype=np.bool_), (visited[1:] != visited[:-1]).any(axis=1)]
    best = order[is_best]
    return RouteList(np.full(len(best), number), day.stops[labels.stops[best]].astype(np.int16), drive[best])


def _widen(stops: NDArray[np.int16], length: int) -> NDArray[np.int16]:
    return np.pad(stops, ((0, 0), (0, length - stops.shape[1])), constant_values=-1)
