"""From a surface, crews and days to a draft of a plan: targets, stops that explore, drive times, daylight, routes.

============  ==========================================================================
`request`     what a planner asks for, checked
`places`      targets and depots as the numbers that routes are planned from
`make`        the draft, with the manifest that says why these sites on these days
============  ==========================================================================
"""

from geo.planning.draft.make import Draft, draft_plan
from geo.planning.draft.request import DraftRequest

__all__ = ["Draft", "DraftRequest", "draft_plan"]
