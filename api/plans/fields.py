"""Which field of a request each failure is about, so that a form can say it beside that field."""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.plan_requests import PlanRequest
from geo.store.people.texts import tidy_text

__all__ = ["find_field"]

# the beginnings of what the library says, and the fields that this is about
_BEGINNINGS = (
    ("A plan needs a name.", "name"),
    ("The plan's name ", "name"),
    ("A plan needs at least one day", "days"),
    ("A plan's days ", "days"),
    ("Hours must ", "hours"),
    ("Routes are planned among ", "n_candidates"),
    ("There is no crew;", "crews"),
    ("The area ", "filter.area"),
    ("lon and lat are swapped", "filter.area"),
)
_MOST = re.compile(r"A plan has at most \d+ (days|crews),")
_CREWS = re.compile(r"\d+ crews (are called|on) ")
# what is said of one crew; the rest is about who takes part
_OF_CREW = ((" seat", "car_seats"), ("the depot", "depot"))
_OF_CHOICE = (
    ("pinned: ", "pinned"),
    ("excluded: ", "excluded"),
    ("exclusion", "excluded"),
    ("pinned and excluded", "excluded"),
)
_CHOICE = "No targets can be chosen: "


def find_field(line: str, asked: PlanRequest) -> str:
    """The field, with dots and positions such as ``crews.0.depot``; empty where it is none alone.

    Parameters
    ----------
    line : what is wrong, in English
    asked : PlanRequest in which it is
    """
    for beginning, field in _BEGINNINGS:
        if line.startswith(beginning):
            return field
    if (most := _MOST.match(line)) is not None:
        return most[1]
    if _CREWS.match(line):
        return "crews"
    if line.startswith(_CHOICE):
        return _find_choice(line)
    names = [tidy_text(crew.name) for crew in asked.crews]
    if line.startswith(("A crew has no name", "The name of a crew")):
        worst = [k for k, name in enumerate(names) if not name] or [names.index(max(names, key=len))]
        return f"crews.{worst[0]}.name"
    return _find_crew(line, names)


def _find_crew(line: str, names: Sequence[str]) -> str:
    for k, name in enumerate(names):
        if line.startswith(f"Crew {name!r}: "):
            part = next((field for words, field in _OF_CREW if words in line), "people")
            return f"crews.{k}.{part}"
    return ""


def _find_choice(line: str) -> str:
    named = [field for words, field in _OF_CHOICE if words in line]
    return named[0] if named else "filter"
