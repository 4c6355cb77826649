"""A plan taken to another state, by what is known of its sites at that moment."""

from __future__ import annotations

from api.errors import SaidError
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.planning.plan import Plan, find_blocks, look_at_sites, move_plan
from maps.plan_names import withhold_names

__all__ = ["move_known"]


def move_known(plan: Plan, to_state: str, *, by: str, at: str, reason: str, layers: Layers, lang: str) -> Plan:
    """The plan in another state; see `move_plan`.

    Parameters
    ----------
    plan : Plan
    to_state : code of ``plan_states``
    by, at : name of the user and ISO 8601 in UTC, for the history
    reason : code of ``plan_reasons``; empty for none
    layers : Layers of what whoever asks may see now
    lang : str, in which names are told to be withheld

    Raises
    ------
    SaidError
        What blocks the move, all of it.
    ParameterError
        There is no such move, or its reason is missing or unknown.
    """
    now = look_at_sites(plan, layers)
    try:
        return move_plan(plan, to_state, by=by, at=at, reason=reason, now=now)
    except ParameterError as error:
        blocks = find_blocks(plan, to_state, now)
        if not blocks or str(error) != "\n".join(map(str, blocks)):
            raise
        raise SaidError(find_blocks(withhold_names(lang, plan, layers), to_state, now)) from error
