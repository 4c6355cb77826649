"""From a surface, crews and days to a draft of a plan: targets, stops that explore, drive times, daylight, routes.

============  ==========================================================================
`request`     what a planner asks for, checked
`record`      that as JSON and back
`draw`        stops that explore
`seasons`     when a site has anybody to visit
`places`      targets and depots as the numbers that routes are planned from
`prepare`     all numbers that routes are planned from
`make`        the draft
`manifest`    what says why these sites on these days
`again`       a draft made anew with something changed
`arrange`     the times of an order that a planner made by hand, and what does not hold
============  ==========================================================================
"""

from geo.planning.draft.again import draft_again, draft_changed, pinned_in
from geo.planning.draft.arrange import Arrangement, arrange_stops
from geo.planning.draft.make import Draft, draft_plan
from geo.planning.draft.record import read_request, request_of, write_request
from geo.planning.draft.request import DraftRequest

__all__ = [
    "Arrangement",
    "Draft",
    "DraftRequest",
    "arrange_stops",
    "draft_again",
    "draft_changed",
    "draft_plan",
    "pinned_in",
    "read_request",
    "request_of",
    "write_request",
]
