"""Ways of sharing that do not hold: each link leaves out what is too small, and looks at no other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tests.promises.attacking.seen import ALL, SEES, Published, Row, Square
from tests.promises.attacking.truth import K, Record, count_employers

Counted = dict[tuple[str, str, Square], list[Record]]


def count_squares(records: Sequence[Record], circle: str, size_m: int) -> Counted:
    """Records of every square of a size, by layer and sector, and of all sectors."""
    counted: Counted = defaultdict(list)
    for record in records:
        if record.circle in SEES[circle]:
            easting, northing = (corner // size_m * size_m for corner in record.place)
            for sector in {record.sector, ALL}:
                counted[record.layer, sector, (size_m, easting, northing)].append(record)
    return counted


def share_by_itself(number: int, records: Sequence[Record], circle: str, size_m: int) -> Published:
    """A link with squares of one size: what has fewer than k employers is left out, and nothing else."""
    counted = count_squares(records, circle, size_m)
    rows = (
        Row(number, layer, sector, square, count_employers(found))
        for (layer, sector, square), found in sorted(counted.items())
        if count_employers(found) >= K
    )
    return Published(circle, tuple(rows))
