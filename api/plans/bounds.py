"""How many plans there may be, and how large one may become."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from api.plan_requests import PlanRequest
from geo.errors import ParameterError
from geo.planning.plan import Plan, write_plan

__all__ = ["MOST_OPEN", "check_room", "check_size", "find_size_failures"]

MOST_DAYS, MOST_CREWS, MOST_SHIFTS = 14, 20, 60
MOST_OPEN, MOST_PLANS = 200, 5_000
MOST_BYTES, MOST_COMMENTS = 4_000_000, 500
_ENDED = frozenset({"closed", "cancelled"})


def find_size_failures(asked: PlanRequest) -> Iterator[str]:
    """What is larger than one plan can be."""
    n_days, n_crews = len(asked.days), len(asked.crews)
    if n_days > MOST_DAYS:
        yield f"A plan has at most {MOST_DAYS} days, not {n_days}; make several plans."
    if n_crews > MOST_CREWS:
        yield f"A plan has at most {MOST_CREWS} crews, not {n_crews}; make several plans."
    if n_days * n_crews > MOST_SHIFTS:
        yield (
            f"{n_crews} crews on {n_days} days are {n_days * n_crews} routes, and a plan has at most {MOST_SHIFTS}; "
            "make several plans."
        )


def check_room(n_by_state: Mapping[str, int]) -> None:
    """Refuse one plan more where there are as many as are kept.

    Raises
    ------
    ParameterError
    """
    n_all, n_open = sum(n_by_state.values()), sum(n for state, n in n_by_state.items() if state not in _ENDED)
    if n_open >= MOST_OPEN:
        message = f"There are {n_open} plans that are neither closed nor cancelled, as many as there may be; end some."
        raise ParameterError(message)
    if n_all >= MOST_PLANS:
        message = f"There are {n_all:,} plans, as many as are kept; ask whoever runs the server."
        raise ParameterError(message)


def check_size(plan: Plan) -> Plan:
    """The plan, unless it has become larger than one may be.

    Raises
    ------
    ParameterError
    """
    n_comments = sum(change.what == "comment" for change in plan.history)
    if n_comments > MOST_COMMENTS:
        message = f"The plan has {n_comments - 1} comments, as many as one may have."
        raise ParameterError(message)
    n_bytes = len(json.dumps(write_plan(plan)))
    if n_bytes > MOST_BYTES:
        message = (
            f"The plan has grown to {n_bytes // 1_000:,} kB, and at most {MOST_BYTES // 1_000:,} are kept of one; "
            "take out stops, or make a new plan."
        )
        raise ParameterError(message)
    return plan
