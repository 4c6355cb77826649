"""A plan as a value: what it holds, how it goes from draft to closed, and what keeps it from being approved.

=============  =========================================================================
`value`        the plan, its stops, and what was done to it by whom
`checklist`    what must be ready for people who turn out to be victims
`moves`        from state to state, and what blocks a move
`now`          what is known now of the sites of a plan that is not approved yet
`outcomes`     what came of each stop, by agency
`layers`       what outcomes add to visits and findings
`retention`    how long outcomes are kept
`record`       a plan as JSON and back
=============  =========================================================================
"""

from geo.planning.plan.checklist import Answer, open_items
from geo.planning.plan.layers import find_dropped, make_findings, make_visits
from geo.planning.plan.moves import (
    answer_item,
    comment_plan,
    find_blocks,
    find_exclusion,
    justify_stop,
    move_plan,
    needs_reason,
    replace_request,
    replace_stops,
    require_draft,
)
from geo.planning.plan.now import SiteNow, count_days, is_new_visit, look_at_sites
from geo.planning.plan.outcomes import AgencyOutcome, Observation, StopOutcome, record_outcome
from geo.planning.plan.record import read_crew, read_plan, read_sentence, write_crew, write_plan, write_sentence
from geo.planning.plan.retention import drop_expired, last_day_of_keeping
from geo.planning.plan.value import Change, Plan, PlannedStop

__all__ = [
    "AgencyOutcome",
    "Answer",
    "Change",
    "Observation",
    "Plan",
    "PlannedStop",
    "SiteNow",
    "StopOutcome",
    "answer_item",
    "comment_plan",
    "count_days",
    "drop_expired",
    "find_blocks",
    "find_dropped",
    "find_exclusion",
    "is_new_visit",
    "justify_stop",
    "last_day_of_keeping",
    "look_at_sites",
    "make_findings",
    "make_visits",
    "move_plan",
    "needs_reason",
    "open_items",
    "read_crew",
    "read_plan",
    "read_sentence",
    "record_outcome",
    "replace_request",
    "replace_stops",
    "require_draft",
    "write_crew",
    "write_plan",
    "write_sentence",
]
