"""Look for the best plan of each instance for long, and keep it in ``best_known.json`` where it is better.

``python benchmarks/planning/find_best.py [NAME ...]``, some minutes for each instance that is not solved exactly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from geo.planning.routes import Limits, plan_routes
from planning.instances import INSTANCES, hash_problem, make_problem
from planning.plain_routing import search_plan

BEST = Path(__file__).with_name("best_known.json")
LONG = Limits(labels=10_000_000, price_rounds=40, choice_work=8.0, wall_clock_s=3600.0)
ROUTING_S = 60.0


def main() -> None:
    """Each instance in turn."""
    known = json.loads(BEST.read_text("utf-8")) if BEST.exists() else {}
    for name in sys.argv[1:] or INSTANCES:
        problem = make_problem(name)
        made = hash_problem(problem)
        answer = plan_routes(problem, LONG)
        found = {"instance": made, "objective": round(answer.objective, 4), "bound": round(answer.bound, 4)}
        if answer.gap == 0:
            found["how"] = "exact: proven best"
        else:
            found["how"] = "search: plan_routes with long limits"
            routed = search_plan(problem, ROUTING_S)
            if routed is not None and routed > answer.objective:
                found |= {"objective": round(routed, 4), "how": f"search: routing library for {ROUTING_S:.0f} s"}
        old = known.get(name)
        if old is not None and old["instance"] == made:
            found["bound"] = min(found["bound"], old["bound"])
            if old["objective"] >= found["objective"] and answer.gap > 0:
                found |= {"objective": old["objective"], "how": old["how"]}
        known[name] = found
        print(name, found, flush=True)
        BEST.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
