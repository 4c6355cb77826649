"""How good a plan of routes is after ten seconds: kept instances, beside the best plans known and plain OR-Tools."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from planning.instances import INSTANCES, hash_problem, make_problem
from planning.plain_routing import search_plan
from rows import Row, at_most
from session import Session

from geo.planning.routes import Limits, plan_routes

__all__ = ["planning_rows"]

BEST = Path(__file__).parent / "planning" / "best_known.json"
SECONDS = 10.0
TIME_BAR, GAP_BAR = at_most(SECONDS), at_most(5.0)


def planning_rows(session: Session) -> Iterator[Row]:
    """Time and gap of each instance; the routing library has the whole of the time."""
    known = json.loads(BEST.read_text("utf-8"))
    plan_routes(make_problem("town"), Limits(labels=1, price_rounds=1))  # compiles
    for name in list(INSTANCES)[:2] if session.quick else INSTANCES:
        problem = make_problem(name)
        best = known[name]
        if hash_problem(problem) != best["instance"]:
            yield Row("plan of routes", name, note="not run: not the instance of best_known.json")
            continue
        start, start_cpu = time.perf_counter(), time.process_time()
        answer = plan_routes(problem, Limits(wall_clock_s=SECONDS))
        seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
        case = f"{name}: {len(problem.stops)} stops, {len(problem.shifts)} shifts"
        ended = f", stopped by {answer.stopped_by}" if answer.stopped_by else ""
        yield Row(
            "plan of routes, time",
            case,
            threads="1",
            ours_s=seconds,
            figure=seconds,
            unit="s",
            bar=TIME_BAR,
            note=f"{cpu:.2g} s of processor; {answer.method}{ended}; own gap {100 * answer.gap:.2g} %",
        )
        plain = search_plan(problem, SECONDS)
        behind = "no plan" if plain is None else f"{_percent_below(plain, best['objective']):.2g} % below"
        yield Row(
            "plan of routes, below the best known",
            case,
            threads="1",
            other=f"OR-Tools routing: {behind}",
            other_s=SECONDS,
            figure=_percent_below(answer.objective, best["objective"]),
            unit="%",
            bar=GAP_BAR,
            note=f"best known {best['objective']} ({best['how']}; bound {best['bound']})",
        )


def _percent_below(objective: float, best: float) -> float:
    return max(0.0, round(100 * (best - objective) / best, 3))
