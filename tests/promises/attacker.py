"""An attacker who has every link to every release that counts, and nothing else.

Written from the promise ("Disclosure control"), not from the code: what is published, where a square lies, that it is
less the finer ones within it, the rules (k, dominance, how far noise goes), that no count is below 0, and that most
records stay where they are. The records only judge what was found. See `tests.promises.attacking` for the parts.

A *recovery* is a group of places, sectors, layers and circles

- of 1…k−1 employers, or of more of which one or two have nearly everything, that is a sum of published rows: whatever
  noise its number has (`recover_by_sums`);
- that the numbers, as far as noise lets them speak, prove to hold 1…k−1 employers (`recover_by_bounds`);
- whose number changed between two releases when fewer than k employers did (`compare_releases`).
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracles import read_reference
from tests.promises.attacking.bounds import find_by_bounds
from tests.promises.attacking.seen import Published, Row
from tests.promises.attacking.sums import Recovery, Sums
from tests.promises.attacking.truth import Record, count_employers

SECTORS = tuple(row["sector"] for row in read_reference("sectors"))
# how far noise may move a number is public
NOISE = next(int(row["value"]) for row in read_reference("disclosure_parameters") if row["name"] == "noise_most")


def recover_by_sums(releases: Sequence[Published], records: Sequence[Record], every: int = 1) -> list[Recovery]:
    """Groups that follow by adding and subtracting rows, with the number that follows for them.

    Of pairs of parts whose employers could dominate a group, each `every`-th is looked at.
    """
    sums = Sums(releases, records, SECTORS)
    return [*sums.find_small(), *sums.find_dominated(every)]


def recover_small(releases: Sequence[Published], records: Sequence[Record]) -> list[Recovery]:
    """Those of them that have 1…k−1 employers."""
    return list(Sums(releases, records, SECTORS).find_small())


def recover_by_bounds(releases: Sequence[Published], records: Sequence[Record], noise: int = NOISE) -> list[Recovery]:
    """Groups that are proved to hold 1…k−1 employers."""
    return list(find_by_bounds(Sums(releases, records, SECTORS), noise))


def keep_right(found: Sequence[Recovery]) -> list[Recovery]:
    """Those whose number is the right one: of rows without noise, what is left when older numbers are kept to."""
    return [recovery for recovery in found if recovery.number == count_employers(recovery.records)]


def compare_releases(before: Published, after: Published) -> list[str]:
    """All that differs between two releases for one circle, in words."""
    gone = [f"gone: {row.key}, {row.n}" for row in before.rows if row.key not in after.numbers]
    come = [f"new: {row.key}, {row.n}" for row in after.rows if row.key not in before.numbers]
    changed = [
        f"changed: {row.key}, {_tell(row)} to {_tell(after.numbers[row.key])}"
        for row in before.rows
        if row.key in after.numbers and _tell(row) != _tell(after.numbers[row.key])
    ]
    return gone + come + changed


def _tell(row: Row) -> tuple[int, int | None]:
    return row.n, row.score_class
