"""Which stops each crew visits in which order: numbers in, numbers out.

A `Problem` goes into `plan_routes`, and out comes an `Answer`, or an `InfeasibleError` that names what breaks it.
"""

from geo.planning.routes.answer import Answer, InfeasibleError, Reason, Route, Visit
from geo.planning.routes.following import Miss, drive_route, follow_route
from geo.planning.routes.limits import Limits
from geo.planning.routes.optimise import plan_routes
from geo.planning.routes.problem import Problem, Shift, Stop, default_minute_cost

__all__ = [
    "Answer",
    "InfeasibleError",
    "Limits",
    "Miss",
    "Problem",
    "Reason",
    "Route",
    "Shift",
    "Stop",
    "Visit",
    "default_minute_cost",
    "drive_route",
    "follow_route",
    "plan_routes",
]
