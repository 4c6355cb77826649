"""Learned weights beside the experts', with what speaks for them, as frames, text and HTML."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from geo.risk.model import Model

__all__ = ["LEGEND", "LearnedWeights"]

# Components whose φ moves by less at the visited places are called hardly known.
_HARDLY = 0.15
_DIGITS = 6
LEGEND = "In brackets: 90 % of draws of places. AUC and top quarter: higher is better."
_TITLES = {
    "deviance": "deviance, lower is better",
    "auc": "AUC",
    "found_in_top": "found in top quarter",
}


@dataclass(frozen=True, eq=False)
class LearnedWeights:
    """Weights learned from visits, beside the experts'; nothing uses them before it is asked to.

    Attributes
    ----------
    model : Model
        `base` with the learned weights, a version of its own, and an ``origin`` that says so; `base` itself where
        `kept_because` is not empty.
    base : Model, with the experts' weights
    at : date, the last day that was learned from
    penalty : float, how strongly the weights are drawn to the experts' proportions; infinite: wholly
    kept_because : str, why the experts' weights stay; empty where others were learned
    n_visits, n_with_findings : int, visits learned from
    n_left_out : int, visits whose place is known too roughly, or lies outside the region's grid
    report : DataFrame, by component
        ``expert`` and ``learned`` weights of one sum; ``standard_error`` of the learned ones, over draws of places at
        one penalty; ``mean`` and ``spread`` (standard deviation) of φ at the visits.
    performance : DataFrame, by measure, as `geo.risk.learned.performance.compare_performance` gives it
        On the visits of every fold but the first, each predicted from what was known before its fold.
    predictions : DataFrame, one row per visit of every fold
        ``visit_id, visited_on, fold, cutoff, scored_on, expert_score, learned_score, expert_rate, learned_rate, effort,
        found``; in the first fold both are the experts'.
    """

    model: Model
    base: Model
    at: date
    penalty: float
    kept_because: str
    n_visits: int
    n_with_findings: int
    n_left_out: int
    report: pd.DataFrame
    performance: pd.DataFrame
    predictions: pd.DataFrame

    @property
    def weights(self) -> dict[str, float]:
        """Weight by component; their sum is that of the experts'."""
        return {str(name): float(weight) for name, weight in self.report["learned"].items()}

    @property
    def is_better(self) -> bool:
        """Whether the learned weights predict later visits better by more than chance: 90 % of draws say so."""
        return not self.kept_because and bool(self.performance["difference_high"]["deviance"] < 0)

    def sentences(self) -> tuple[str, ...]:
        """What came of it, in words."""
        left_out = (
            f"; {self.n_left_out:,} were left out, their place is not known well enough" if self.n_left_out else ""
        )
        said = [
            f"Learned from {self.n_visits:,} visits up to {self.at}, {self.n_with_findings:,} of them with "
            f"findings{left_out}."
        ]
        n_tested = int((self.predictions["fold"] > 1).sum())
        if self.kept_because:
            said.append(f"The weights of {self.base.version} stay: {self.kept_because}.")
        elif self.is_better:
            said.append(f"On {n_tested:,} later visits the learned weights did better than the experts'.")
        else:
            said.append(
                f"On {n_tested:,} later visits the two cannot be told apart: chance alone makes such differences."
            )
        flat = [str(name) for name, spread in self.report["spread"].items() if spread < _HARDLY]
        if flat:
            said.append(
                f"Hardly different between the places visited: {', '.join(flat)}. What these weigh elsewhere, visits "
                "do not say."
            )
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the predictions, JSON-able; None for what is not known or infinite."""
        plain = ("kept_because", "n_visits", "n_with_findings", "n_left_out", "is_better")
        return {
            "version": self.model.version,
            "base": self.base.version,
            "at": self.at.isoformat(),
            "penalty": _plain(self.penalty),
            **{name: getattr(self, name) for name in plain},
            "report": _list_rows(self.report),
            "performance": _list_rows(self.performance),
        }

    def to_text(self) -> str:
        """Both tables and what came of it, in plain text."""
        tables = (_align(head, rows) for head, rows in self.tables())
        return "\n\n".join(["\n".join(self.sentences()), *tables, LEGEND])

    def tables(self) -> tuple[tuple[tuple[str, ...], list[tuple[str, ...]]], ...]:
        """Heads and rows of the two tables, in words and figures as people read them."""
        weights: list[tuple[str, ...]] = [
            (
                str(row.Index),
                f"{row.expert:.3f}",
                f"{row.learned:.3f}",
                "" if self.kept_because else f"± {row.standard_error:.3f}",
                f"{row.mean:.2f}",
                f"{row.spread:.2f}",
            )
            for row in self.report.itertuples()
        ]
        tested: list[tuple[str, ...]] = [
            (_TITLES[str(row.Index)], *(_interval(row, name) for name in ("expert", "learned", "difference")))
            for row in self.performance.itertuples()
        ]
        return (
            (("component", "expert", "learned", "standard error", "mean at visits", "spread"), weights),
            (("on later visits", "expert", "learned", "difference"), tested),
        )

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(' '.join(self.sentences()))}</p>"]
        for head, rows in self.tables():
            lines = [_html_row("th", head), *(_html_row("td", row) for row in rows)]
            parts.append(f"<table>{''.join(lines)}</table>")
        return "".join([*parts, f"<p>{LEGEND}</p>"])


def _plain(value: float) -> float | None:
    return round(float(value), _DIGITS) if math.isfinite(value) else None


def _list_rows(frame: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    rows = frame.to_dict("index")
    return {str(key): {str(name): _plain(value) for name, value in row.items()} for key, row in rows.items()}


def _interval(row: object, name: str) -> str:
    value, low, high = (getattr(row, f"{name}{end}") for end in ("", "_low", "_high"))
    if not math.isfinite(value):
        return "not known"
    sign = "+" if name == "difference" else ""
    return f"{value:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def _align(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        first, *others = (
            cell.ljust(w) if not i else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join((first, *others)).rstrip())
    return "\n".join(lines)


def _html_row(tag: str, cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
