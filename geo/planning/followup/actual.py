"""Of one plan: what was expected, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geo.planning.followup.results import StopResult, read_results, select_visited
from geo.planning.followup.tally import Tally, tally
from geo.planning.plan import Plan
from geo.planning.plan.value import EXPLORATION
from geo.risk.words import Sentence, Tenths

__all__ = ["ExpectedAgainstActual", "expected_against_actual"]


@dataclass(frozen=True)
class ExpectedAgainstActual:
    """Expected beside found, of the stops of a plan that were visited.

    Attributes
    ----------
    chosen : Tally of stops that were chosen or pinned
    explored : Tally of stops that were drawn by lot
    n_not_reached, n_closed : int, stops that nobody came to, and places that were closed
    n_not_recorded : int, stops without an outcome yet
    n_not_expected : int, visits planned before plans said what they expect
    results : every stop with what came of it, in the plan's order
    """

    chosen: Tally
    explored: Tally
    n_not_reached: int
    n_closed: int
    n_not_recorded: int
    n_not_expected: int
    results: tuple[StopResult, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The same in words."""
        said = (
            (
                self.chosen.n,
                Sentence(
                    "Of {n} visits to stops that were chosen or pinned, {found} found something; expected were "
                    "{expected}, by chance {low} to {high}.",
                    _values(self.chosen),
                ),
            ),
            (
                self.explored.n,
                Sentence(
                    "Of {n} visits to stops that were drawn by lot, {found} found something; expected were "
                    "{expected}, by chance {low} to {high}.",
                    _values(self.explored),
                ),
            ),
            (self.n_not_reached, Sentence("Stops that were not reached: {n}.", {"n": self.n_not_reached})),
            (self.n_closed, Sentence("Places that were closed: {n}.", {"n": self.n_closed})),
            (self.n_not_recorded, Sentence("Stops without an outcome yet: {n}.", {"n": self.n_not_recorded})),
            (
                self.n_not_expected,
                Sentence("Visits planned before plans said what they expect: {n}.", {"n": self.n_not_expected}),
            ),
        )
        return tuple(one for n, one in said if n)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, without the stops."""
        counts = {name: value for name, value in vars(self).items() if name.startswith("n_")}
        return {"chosen": self.chosen.to_dict(), "explored": self.explored.to_dict(), **counts}


def expected_against_actual(plan: Plan) -> ExpectedAgainstActual:
    """Hold what a plan expected against what its visits found.

    Stops that nobody came to tell nothing of what is there: they are counted, and left out of what is expected.
    """
    results = read_results(plan)
    visited, counts = select_visited(results)
    drawn = [one.stop.how == EXPLORATION for one in visited]
    return ExpectedAgainstActual(
        chosen=tally(one for one, by_lot in zip(visited, drawn, strict=True) if not by_lot),
        explored=tally(one for one, by_lot in zip(visited, drawn, strict=True) if by_lot),
        n_not_reached=counts["not_reached"],
        n_closed=counts["closed"],
        n_not_recorded=counts["not_recorded"],
        n_not_expected=counts["not_expected"],
        results=results,
    )


def _values(one: Tally) -> dict[str, Any]:
    return {"n": one.n, "found": one.found, "expected": Tenths(one.expected), "low": one.low, "high": one.high}
