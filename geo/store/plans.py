"""Plans kept in the store: two who change one at once do not overwrite each other, and outcomes reach the layers.

A plan is read, changed as a value, and written only where its version is still the one that was read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from geo.errors import ChangedError, NotFoundError, ParameterError
from geo.layers import findings, visits
from geo.layers.circles import INNER_CIRCLE
from geo.planning.plan import (
    Change,
    Plan,
    StopOutcome,
    find_dropped,
    last_day_of_keeping,
    make_findings,
    make_visits,
    read_plan,
    record_outcome,
    write_plan,
)
from geo.reference.tables import read_columns
from geo.store.database import read_store, write_store
from geo.store.home import StrPath
from geo.store.importing import import_into
from geo.store.provenance import Provenance
from geo.store.tables import PLANS

__all__ = [
    "PlanOrder",
    "StoredPlan",
    "change_plan",
    "count_plans",
    "find_plan",
    "list_plans",
    "list_versions",
    "save_outcome",
    "save_plan",
]

PlanOrder = Literal["days", "name", "state"]

# what joint inspections may be planned, carried out and followed up by
LEGAL_BASIS = "Law 2024:307"


@dataclass(frozen=True)
class StoredPlan:
    """A plan as it stands in the store.

    Attributes
    ----------
    plan : Plan
    version : int, which every change counts up
    made_at, changed_at : str, ISO 8601 in UTC
    """

    plan: Plan
    version: int
    made_at: str
    changed_at: str


def save_plan(home: StrPath | None, plan: Plan, *, by: str) -> StoredPlan:
    """Keep a new plan, under an id of its own.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    plan : Plan, whose id and history are written anew
    by : str, name of the user who made it

    Raises
    ------
    ParameterError
        The plan has no name, no day or no crew: all of it.
    StoreError
    """
    needed = {"name": plan.name.strip(), "day": plan.days, "crew": plan.crews}
    missing = [what for what, there in needed.items() if not there]
    if missing:
        raise ParameterError("\n".join(f"A plan needs a {what}." for what in missing))
    now = _now()
    made = replace(plan, plan_id=uuid.uuid4().hex, history=(Change(now, by, "made"),))
    with write_store(home) as connection:
        connection.execute(PLANS.insert(), {"made_at": now, **_row(made, 1, now)})
    return StoredPlan(made, 1, now, now)


def list_plans(
    home: StrPath | None,
    circle: str = INNER_CIRCLE,
    *,
    limit: int | None = None,
    offset: int = 0,
    sort: PlanOrder = "days",
    without: Collection[str] = (),
) -> tuple[StoredPlan, ...]:
    """Plans of a sharing circle; so many of them at most are read.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    circle : str
    limit : int, how many at most; None for all
    offset : int, how many of the first ones are left out
    sort : ``days``: the one whose first day comes last first; ``name``; or ``state``, in the order of ``plan_states``;
        plans alike in that by their days
    without : codes of ``plan_states``, whose plans are left out

    Raises
    ------
    StoreError
    """
    states = {str(state): position for position, (state,) in enumerate(read_columns("plan_states", "state"))}
    first: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
        "days": (),
        "name": (sa.func.lower(PLANS.c.name), PLANS.c.name),
        "state": (sa.case(states, value=PLANS.c.state, else_=len(states)),),
    }
    order = (*first[sort], PLANS.c.first_day.desc(), PLANS.c.made_at.desc(), PLANS.c.plan_id)
    with read_store(home) as connection:
        if connection is None:
            return ()
        chosen = sa.select(PLANS).where(PLANS.c.circle == circle, PLANS.c.state.not_in(without))
        rows = connection.execute(chosen.order_by(*order).limit(limit).offset(offset))
        return tuple(_read(row) for row in rows)


def count_plans(home: StrPath | None, circle: str = INNER_CIRCLE) -> dict[str, int]:
    """How many plans a sharing circle has, by state, without reading them.

    Raises
    ------
    StoreError
    """
    ask = sa.select(PLANS.c.state, sa.func.count()).where(PLANS.c.circle == circle).group_by(PLANS.c.state)
    with read_store(home) as connection:
        return {} if connection is None else {state: int(n) for state, n in connection.execute(ask)}


def list_versions(home: StrPath | None, circle: str = INNER_CIRCLE) -> tuple[tuple[str, int], ...]:
    """Id and version of every plan of a sharing circle, which tell whether any has changed, without reading them.

    Raises
    ------
    StoreError
    """
    ask = sa.select(PLANS.c.plan_id, PLANS.c.version).where(PLANS.c.circle == circle).order_by(PLANS.c.plan_id)
    with read_store(home) as connection:
        return () if connection is None else tuple((str(one), int(n)) for one, n in connection.execute(ask))


def find_plan(home: StrPath | None, plan_id: str, circle: str = INNER_CIRCLE) -> StoredPlan:
    """The plan of that id, where the circle may see it.

    Raises
    ------
    NotFoundError, StoreError
    """
    with read_store(home) as connection:
        return _find(connection, plan_id, circle)


def change_plan(
    home: StrPath | None, plan_id: str, version: int, change: Callable[[Plan], Plan], *, circle: str = INNER_CIRCLE
) -> StoredPlan:
    """Do something to a plan, unless somebody else has meanwhile.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    plan_id : str
    version : int, of the plan that the change was thought for
    change : from the plan to what it becomes; what it raises leaves the plan as it is
    circle : sharing circle of whoever asks

    Raises
    ------
    ChangedError
        The plan has another version now: it is in `current`, as a `StoredPlan`.
    NotFoundError, ParameterError, StoreError
    """
    with write_store(home) as connection:
        return _change(connection, plan_id, version, change, circle)


def save_outcome(
    home: StrPath | None, plan_id: str, version: int, outcome: StopOutcome, *, by: str, circle: str = INNER_CIRCLE
) -> StoredPlan:
    """Record what came of a stop: in the plan, and in the layers of visits and findings, both or neither.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    plan_id : str
    version : int, of the plan that the outcome was written for
    outcome : StopOutcome; one for a stop that has one already corrects it
    by : str, name of the user
    circle : sharing circle of whoever asks

    Raises
    ------
    ChangedError, NotFoundError, ParameterError, StoreError
    """
    with write_store(home) as connection:
        changed = _change(
            connection, plan_id, version, lambda plan: record_outcome(plan, outcome, by=by, at=_now()), circle
        )
        note = f"outcomes of the plan, version {changed.version}"
        # a layer's record goes when the import that brought it says so: as long as the plan's last visit
        last = max(one[-1].on for one in changed.plan.outcomes.values())
        source = Provenance(
            f"plan {plan_id}",
            note=note,
            importer=by,
            legal_basis=LEGAL_BASIS,
            retain_until=last_day_of_keeping(last).isoformat(),
        )
        gone_visits, gone_findings = find_dropped(changed.plan)
        import_into(connection, visits.LAYER, [make_visits(changed.plan)], source, mode="add", gone=gone_visits)
        import_into(connection, findings.LAYER, [make_findings(changed.plan)], source, mode="add", gone=gone_findings)
        return changed


def _change(
    connection: sa.Connection, plan_id: str, version: int, change: Callable[[Plan], Plan], circle: str
) -> StoredPlan:
    stored = _find(connection, plan_id, circle)
    if stored.version != version:
        message = "Somebody else has changed this plan since it was read; look at it anew, then do it again if it fits."
        raise ChangedError(message, stored)
    now = _now()
    changed = change(stored.plan)
    connection.execute(
        PLANS.update().where(PLANS.c.plan_id == plan_id, PLANS.c.version == version), _row(changed, version + 1, now)
    )
    return StoredPlan(changed, version + 1, stored.made_at, now)


def _find(connection: sa.Connection | None, plan_id: str, circle: str) -> StoredPlan:
    chosen = sa.select(PLANS).where(PLANS.c.plan_id == plan_id, PLANS.c.circle == circle)
    # a database may refuse to be asked for text that cannot be printed, which no id is
    row = None if connection is None or not plan_id.isprintable() else connection.execute(chosen).first()
    if row is None:
        message = f"There is no plan {plan_id!r}; list the plans to see which there are."
        raise NotFoundError(message)
    return _read(row)


def _read(row: sa.Row[tuple[object, ...]]) -> StoredPlan:
    return StoredPlan(read_plan(row.document), row.version, row.made_at, row.changed_at)


def _row(plan: Plan, version: int, now: str) -> dict[str, object]:
    return {
        "plan_id": plan.plan_id,
        "version": version,
        "name": plan.name,
        "state": plan.state,
        "circle": plan.circle,
        "first_day": min(plan.days),
        "changed_at": now,
        "document": write_plan(plan),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
