"""Stops that explore: drawn before routing from the sites with exposure, each with the same chance.

What they find tells of all those sites, whatever the priority says of them, and of no others
(docs/adr/0018-inspections-in-proportion.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.planning.targets.result import Candidates
from geo.planning.targets.sites import SiteKey
from geo.risk.drawing import draw_alike
from geo.risk.simulate.policies import policy_parameters

__all__ = ["Exploration", "draw_exploration"]

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Exploration:
    """Exploration stops, and what is needed to learn from them without bias.

    Attributes
    ----------
    keys : sites drawn, by key; mandatory for the optimiser
    drawn : (n,) bool, the same among the candidates
    propensity : (n,) float64, each candidate's probability of being drawn before anything was; 0 outside the frame
    in_frame : (n,) bool, candidates that could be drawn: with exposure, reachable, not pinned
    chance : float, the propensity of every site of the frame
    n_stops : int, stops of the plan, pinned ones among them
    n_pinned : int, stops that are taken already
    share, expected : float, share of the stops that is to explore, and how many stops that is on average; fewer than
        share · n_stops where pinned stops leave no room or the frame has no more sites
    seed : int
    frame_sha256 : of the keys of the frame, so that a replay can tell whether it is the same
    """

    keys: tuple[SiteKey, ...]
    drawn: NDArray[np.bool_]
    propensity: NDArray[np.float64]
    in_frame: NDArray[np.bool_]
    chance: float
    n_stops: int
    n_pinned: int
    share: float
    expected: float
    seed: int
    frame_sha256: str

    @property
    def n_frame(self) -> int:
        """How many sites could be drawn."""
        return int(np.count_nonzero(self.in_frame))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; one number stands for the propensity of every site of the frame."""
        names = ("chance", "n_stops", "n_pinned", "share", "expected", "seed", "n_frame", "frame_sha256")
        return {"keys": [list(key) for key in self.keys], **{name: getattr(self, name) for name in names}}


def draw_exploration(
    candidates: Candidates,
    n_stops: int,
    seed: int,
    *,
    share: float | None = None,
    unreachable: Iterable[SiteKey] = (),
) -> Exploration:
    """Draw the stops that explore, before the route is planned.

    Parameters
    ----------
    candidates : Candidates
        Of `find_targets`: excluded sites are not among them, so nothing is claimed of those. Pinned ones are visited
        anyway, not by chance, and are left out of the frame too.
    n_stops : int, >= 0
        Stops that the plan has room for, pinned ones among them.
    seed : int, >= 0
        Equal seeds draw equal sites.
    share : float, from 0 to 1, optional
        Share of the stops. Default: ``exploration_share`` of the table ``policy_parameters``, 15 %.
    unreachable : keys of candidates that no crew can reach, optional

    Returns
    -------
    Exploration
        The number of stops is rounded at random, so that its mean is the share.

    Raises
    ------
    ParameterError
        Names everything that cannot be used.

    Source: Madow (1949) for the draw; Horvitz & Thompson (1952) for what the propensities are for
    """
    part = policy_parameters()["exploration_share"] if share is None else share
    lost = _check(candidates, n_stops, seed, part, unreachable)
    in_frame = (candidates.exposure > 0) & ~candidates.is_pinned & ~lost
    frame = np.flatnonzero(in_frame)
    n_pinned = int(np.count_nonzero(candidates.is_pinned))
    room = max(0, min(n_stops - n_pinned, len(frame)))
    each = np.ones(len(frame))
    stops, chances = draw_alike(each, part * n_stops, np.random.default_rng(seed), most=room)
    drawn, propensity = np.zeros(len(candidates), dtype=bool), np.zeros(len(candidates))
    drawn[frame[stops > 0]] = True
    propensity[frame] = chances
    return Exploration(
        keys=tuple(candidates.key(at) for at in np.flatnonzero(drawn).tolist()),
        drawn=drawn,
        propensity=propensity,
        in_frame=in_frame,
        chance=float(chances[0]) if len(frame) else 0.0,
        n_stops=int(n_stops),
        n_pinned=n_pinned,
        share=float(part),
        expected=float(chances.sum()),
        seed=int(seed),
        frame_sha256=_hash_keys([candidates.key(at) for at in frame.tolist()]),
    )


def _check(candidates: Any, n_stops: Any, seed: Any, share: Any, unreachable: Any) -> NDArray[np.bool_]:
    """Which candidates are out of reach, or every failure in one message."""
    failures = []
    for name, value in (("n_stops", n_stops), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            failures.append(f"{name} must be a whole number of 0 or more, got {value!r}")
    if isinstance(share, bool) or not isinstance(share, (int, float, np.number)) or not 0 <= share <= 1:
        failures.append(f"share must be a number from 0 to 1, got {share!r}")
    lost = np.zeros(0, dtype=bool)
    if isinstance(candidates, Candidates):
        lost = np.zeros(len(candidates), dtype=bool)
        at = {candidates.key(position): position for position in range(len(candidates))}
        named = list(unreachable)
        unknown = [key for key in named if key not in at]
        if unknown:
            shown = ", ".join(map(repr, unknown[:_SHOWN]))
            failures.append(f"unreachable: {len(unknown)} of them are no candidates ({shown}); leave them out")
        lost[[at[key] for key in named if key in at]] = True
    else:
        failures.append(f"candidates must be those of find_targets, got {type(candidates).__name__}")
    if failures:
        message = f"No stops can be drawn: {'; '.join(failures)}."
        raise ParameterError(message)
    return lost


def _hash_keys(keys: list[SiteKey]) -> str:
    return hashlib.sha256("\x1e".join("\x1f".join(key) for key in keys).encode()).hexdigest()
