"""The records, which the attacker never has: they say what a find is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd

from tests.oracles import is_active, sector_of
from tests.promises.attacking.seen import ALL, FINEST_M, SEES, Place, Published

K = 10
MAX_SHARE = 0.85


@dataclass(frozen=True)
class Record:
    """A site on the day of scoring. Sites without a known employer are employers of their own."""

    record_id: str
    layer: str
    sector: str
    circle: str
    employer: str
    size: float = field(compare=False)
    place: Place = (0, 0)


def read_records(layers: Mapping[str, gpd.GeoDataFrame], day: date) -> list[Record]:
    """Every site that is active on a day."""
    found = []
    for layer, name, size in (
        ("workplaces", "workplace_id", "employees"),
        ("accommodation", "accommodation_id", "beds"),
    ):
        if layer not in layers:
            continue
        frame = layers[layer]
        places = zip(frame.geometry.x, frame.geometry.y, strict=True)
        for row, (easting, northing) in zip(frame.drop(columns="geometry").to_dict("records"), places, strict=True):
            if not is_active(row, day):
                continue
            employer = row.get("employer_id")
            known = isinstance(employer, str) and employer
            found.append(
                Record(
                    row[name],
                    layer,
                    sector_of(row) if layer == "workplaces" else ALL,
                    row["circle"],
                    f"employer {employer}" if known else f"{layer} {row[name]}",
                    float(row[size]),
                    (int(easting // FINEST_M) * FINEST_M, int(northing // FINEST_M) * FINEST_M),
                )
            )
    return found


def count_employers(records: Iterable[Record]) -> int:
    return len({record.employer for record in records})


def is_dominated(records: Iterable[Record]) -> bool:
    """Whether one or two employers have more of the employees or beds than the rules allow."""
    sizes: dict[str, float] = defaultdict(float)
    for record in records:
        sizes[record.employer] += record.size
    return sum(sorted(sizes.values())[-2:]) > MAX_SHARE * sum(sizes.values())


def is_unsafe(records: Sequence[Record]) -> bool:
    """Whether a group may not be told of."""
    return bool(records) and (count_employers(records) < K or is_dominated(records))


def count_rows(release: Published, records: Sequence[Record]) -> Mapping[object, list[Record]]:
    """Records that each row counts, by its key."""
    counted: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        if record.circle not in SEES[release.circle]:
            continue
        for sector in {record.sector, ALL}:
            square = release.find_square(record.layer, sector, record.place)
            if square is not None:
                counted[record.layer, sector, square].append(record)
    return counted
