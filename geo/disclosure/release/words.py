"""What coordinators are told of what a release does not tell; counts only."""

from __future__ import annotations

from geo.disclosure.release.rows import LAYERS, Withheld
from geo.risk.words import Sentence

__all__ = ["describe_withheld"]

_TITLES = {"workplaces": Sentence("Workplaces"), "accommodation": Sentence("Accommodation")}
_REASONS = {
    "too_few": "{layer}: {n} squares have too few employers and are part of a larger one, or of none",
    "dominance": "{layer}: {n} squares are nearly all of one or two employers and are part of a larger one, or of none",
    "audit": "{layer}: {n} squares are part of a larger one, or of none, since others could be worked out from them",
    "earlier": "{layer}: {n} squares are part of a larger one, or of none, as they were in an earlier release",
}


def describe_withheld(withheld: Withheld) -> tuple[Sentence, ...]:
    """Sentences about a release's coverage and what was left out, for coordinators only."""
    said = []
    for layer in LAYERS:
        n, missing = withheld.n_employers.get(layer, 0), withheld.n_in_no_cell.get(layer, 0)
        values = {"layer": _TITLES[layer], "n": n - missing, "total": n}
        if not n:
            said.append(Sentence("{layer}: the circle may see no record", {"layer": _TITLES[layer]}))
            continue
        said.append(Sentence("{layer}: {n} of {total} employers are counted in some cell", values))
        counts = withheld.refused.get(layer, {})
        said += [
            Sentence(template, {"layer": _TITLES[layer], "n": counts[reason]})
            for reason, template in _REASONS.items()
            if counts.get(reason)
        ]
    if withheld.n_kept:
        said.append(
            Sentence(
                "{n} rows keep the number of an earlier release, since few employers have changed there",
                {"n": withheld.n_kept},
            )
        )
    return tuple(said)
