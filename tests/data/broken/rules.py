"""Files whose rows break the rules of a layer, name places that nobody knows, or come back from quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import shapely

from geo.errors import SchemaError
from geo.reading.quarantine import QuarantinedRow, RowFailure, write_quarantine_csv
from geo.region import load_region
from tests.data.broken.case import HEAD, SITE, UMEA, Case, Make, make_csv, put

__all__ = ["CASES"]

_AREAS = ("area_id", "level", "sector", "employees")
_PHASES = ("establishment_id", "phase", "workforce", "active_from", "active_to", "easting", "northing")
_NAMED = ("workplace_id", "sni", "employees", "postcode", "locality", "municipality")
_PLACE = (759_000, 7_088_000)


def _borders(n_left_out: int, *, twice: bool = False) -> Make:
    def make(path: Path) -> None:
        frame = load_region().municipalities[["municipality", "name", "geometry"]].iloc[n_left_out:]
        if twice:
            more = frame.iloc[:1].assign(geometry=frame.geometry.iloc[:1].buffer(-1000))
            frame = gpd.GeoDataFrame(gpd.pd.concat([frame, more]), crs=frame.crs)
        frame = frame.assign(geometry=shapely.simplify(frame.geometry.to_numpy(), 5_000))
        frame.to_file(path)

    return make


def _fed_back(*rows: tuple[int, Sequence[str]]) -> Make:
    """A quarantine file as it is written for people to mend."""

    def make(path: Path) -> None:
        failure = RowFailure("sni", "x", "unknown industry code", "use 2 to 5 digits")
        written = [
            QuarantinedRow("sites.csv", row, (failure,), dict(zip(HEAD, cells, strict=True))) for row, cells in rows
        ]
        write_quarantine_csv(path, written, HEAD, "import-1")

    return make


_SECTORS = [
    Case(
        "unknown-area.csv",
        make_csv(
            ["2480", "", "construction", 5],
            ["2481", "", "construction", 5],
            ["9999", "", "construction", 5],
            ["", "", "construction", 5],
            ["Umeå kommun", "", "forestry", 5],
            head=_AREAS,
        ),
        layer="sectors",
        accepted=3,
        quarantined=2,
        rules={
            3: r"^geometry: names a municipality that is not known, '9999'; nearest are|there are",
            4: r"^geometry: names no municipality; fill in its code",
        },
    ),
    Case(
        "two-levels.csv",
        make_csv(["2480", "municipality", "construction", 5], ["24", "county", "construction", 50], head=_AREAS),
        layer="sectors",
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"^level: .*"),
    ),
    Case(
        "unknown-level.csv",
        make_csv(["2480", "municipality", "construction", 5], ["x", "parish", "construction", 50], head=_AREAS),
        layer="sectors",
        accepted=1,
        quarantined=1,
        rules={2: (r"^geometry: has no shape; |^level: must be one of",)},
    ),
    Case(
        "deso-unknown.csv",
        make_csv(["2480A0010", "deso", "construction", 5], head=_AREAS),
        layer="sectors",
        quarantined=1,
        rules={
            1: r"^geometry: has no shape; Areas of kind 'deso' cannot be drawn without a table of polygons; import their polygons first"
        },
    ),
    Case(
        "odd-grid-cells.csv",
        make_csv(
            ["CRS3006RES1000mN7088000E759000", "scb_grid", "construction", 5],
            ["759000", "scb_grid", "construction", 5],
            ["0000000000000", "scb_grid", "construction", 5],
            head=_AREAS,
        ),
        layer="sectors",
        accepted=1,
        quarantined=2,
        rules={
            2: r"^geometry: names a grid cell outside Sweden",
            3: r"^geometry: names a grid cell outside Sweden; an id is easting",
        },
    ),
    Case(
        "unknown-sector.csv",
        make_csv(["2480", "", "construction", 5], ["2482", "", "rymdfart", 5], head=_AREAS),
        layer="sectors",
        accepted=1,
        quarantined=1,
        rules={2: r"^sector: unknown sector group; use one of "},
    ),
    Case(
        "area-twice.csv",
        make_csv(
            ["2480", "", "construction", 5],
            ["2480", "", "construction", 6],
            ["2480", "", "construction", 6],
            head=_AREAS,
        ),
        layer="sectors",
        quarantined=2,
        duplicate=1,
        rules=dict.fromkeys((1, 2), r"^area_id \+ sector: the same id stands on several rows"),
    ),
]

_ESTABLISHMENTS = [
    Case(
        "overlapping-phases.csv",
        make_csv(
            ["p", "construction", 100, "2026-01-01", "2026-06-30", *_PLACE],
            ["p", "operation", 50, "2026-06-01", "", *_PLACE],
            ["q", "construction", 1, "2026-01-01", "", *_PLACE],
            head=_PHASES,
        ),
        layer="establishments",
        accepted=2,
        quarantined=1,
        rules={2: r"^active_from: phases of one establishment overlap; end one before the next begins <p>"},
    ),
    Case(
        "odd-phases.csv",
        make_csv(["p", "dreaming", -1, "2026-06-30", "2026-01-01", *_PLACE], head=_PHASES),
        layer="establishments",
        quarantined=1,
        rules={
            1: (
                r"^phase: unknown phase; use one of",
                r"^workforce: must be 0 or more",
                r"^active_to: before active_from; check the dates",
            )
        },
    ),
    Case(
        "phase-twice.csv",
        make_csv(["p", "construction", 100, "", "", *_PLACE], ["p", "construction", 90, "", "", *_PLACE], head=_PHASES),
        layer="establishments",
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"^establishment_id \+ active_from: the same id stands on several rows"),
    ),
]

_BORDERS = [
    Case(
        "one-border-missing.gpkg",
        _borders(1),
        layer="borders",
        refused=r"^one-border-missing\.gpkg: the rows do not fit together in layer borders.*municipality: borders replace all 44 at once; add those missing: \d{4}",
        error=SchemaError,
    ),
    Case(
        "one-border-twice.gpkg",
        _borders(0, twice=True),
        layer="borders",
        refused=r"borders replace all 44 at once; add those missing: \d{4}",
        error=SchemaError,
    ),
    Case(
        "border-of-another-place.csv",
        make_csv(
            ["0180", "POLYGON ((674000 6580000, 675000 6580000, 675000 6581000, 674000 6580000))"],
            head=("municipality", "geometry"),
        ),
        layer="borders",
        options={"crs": "EPSG:3006"},
        quarantined=1,
        rules={1: r"^geometry: lies more than 15 km outside Region Nord"},
    ),
]

_PLACES = [
    Case(
        "named-places.csv",
        make_csv(
            ["1", "41.20", 5, "", "", "Umeå"],
            ["2", "41.20", 5, "", "", "2480"],
            ["3", "41.20", 5, "99999", "", ""],
            ["4", "41.20", 5, "123", "", ""],
            ["5", "41.20", 5, "", "Atlantis", ""],
            ["6", "41.20", 5, "", "", "Atlantis"],
            ["7", "41.20", 5, "", "", ""],
            ["8", "41.20", 5, "", "Umeå", "Kiruna"],
            head=_NAMED,
        ),
        accepted=3,
        quarantined=5,
        rules={
            3: r"^geometry: postcode '99999' is not in the gazetteer; give coordinates, or import a gazetteer",
            4: r"^geometry: '123' is no postcode; write five digits",
            5: r"^geometry: locality 'Atlantis' is not in the gazetteer",
            6: r"^geometry: municipality 'Atlantis' is not in the gazetteer",
            7: r"^geometry: names no place; give coordinates, a postcode or a locality",
        },
        notes=(
            r"placed by the gazetteer: 3 by municipality",
            r"1 of them have a more precise name that the gazetteer does not know, or knows elsewhere",
        ),
    ),
    Case(
        "a-name-of-two-places.csv",
        make_csv(["1", "41.20", 5, "", "Nyland", ""], ["2", "41.20", 5, "", "Nyland", "Kramfors"], head=_NAMED),
        accepted=1,
        quarantined=1,
        rules={1: r"^geometry: locality 'Nyland' may be in .*Kramfors.*; give its municipality"},
    ),
    Case(
        "some-without-places.csv",
        make_csv(
            [*SITE, "Umeå"],
            ["2", "B", "41.20", 5, "", "", "Umeå"],
            ["3", "C", "41.20", 5, "", "", ""],
            ["4", "D", "41.20", 5, "x", "", "Umeå"],
            head=(*HEAD, "municipality"),
        ),
        accepted=2,
        quarantined=2,
        rules={3: r"^geometry: names no place; give coordinates", 4: r"lon 'x' is no finite number"},
    ),
]

_VISITS = [
    Case(
        "odd-visits.csv",
        make_csv(
            ["1", "2026-06-01", "nothing_found", "polisen+skatteverket", *UMEA],
            ["2", "1/6", "nothing_found", "", *UMEA],
            ["3", "2026-06-01", "tea", "kgb", *UMEA],
            head=("visit_id", "visited_on", "outcome", "agencies", "lon", "lat"),
        ),
        layer="visits",
        accepted=1,
        quarantined=2,
        rules={
            2: r"^visited_on: cannot be read as a date",
            3: (r"^outcome: unknown outcome; use one of", r"^agencies: unknown agency; use "),
        },
    ),
    Case(
        "odd-findings.csv",
        make_csv(
            ["1", "2026-06-01", "none-such", "weak-ish", "heard", "1000", *UMEA],
            head=("finding_id", "observed_on", "indicator", "grade", "source", "persons_band", "lon", "lat"),
        ),
        layer="findings",
        quarantined=1,
        rules={
            1: (
                r"^indicator: unknown indicator",
                r"^grade: unknown grade",
                r"^source: unknown source of the observation",
            )
        },
    ),
    Case(
        "odd-beds.csv",
        make_csv(["1", "barn", -4, *UMEA], head=("accommodation_id", "housing_type", "beds", "lon", "lat")),
        layer="accommodation",
        quarantined=1,
        rules={1: (r"^housing_type: unknown housing type; use one of", r"^beds: must be 0 or more")},
    ),
    Case(
        "odd-roads.csv",
        make_csv(
            ["1", "motorway-ish", 500, "LINESTRING (759000 7088000, 759100 7088000)"],
            ["2", "", 50, "POINT (759000 7088000)"],
            head=("road_id", "road_class", "speed_kmh", "geometry"),
        ),
        layer="roads",
        options={"crs": "EPSG:3006"},
        quarantined=2,
        rules={
            1: (r"^road_class: unknown class of road", r"^speed_kmh: must be at most 120 km/h"),
            2: (r"^geometry: must be LineString or MultiLineString", r"^road_class: must not be empty"),
        },
    ),
]

_QUARANTINES = [
    Case(
        "fed-back-unmended.csv",
        _fed_back((7, ["1", "Firma A", "x", "5", *map(str, UMEA)]), (9, ["2", "=Firma B", "y", "5", *map(str, UMEA)])),
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"^sni: unknown industry code"),
    ),
    Case("fed-back-mended.csv", _fed_back((7, SITE), (9, ["2", "=Firma B", *SITE[2:]])), accepted=2),
    Case(
        "fed-back-masked.csv",
        _fed_back((7, ["1", "Firma ••••••-••••", *SITE[2:]]), (8, ["2", *SITE[1:]])),
        accepted=1,
        quarantined=1,
        rules={1: r"^name: holds a blotted-out identity number; write something else, or leave the cell empty"},
    ),
    Case(
        "fed-back-in-part.csv",
        put("norrsyn_rule,norrsyn_remedy," + ",".join(HEAD) + "\nx,y," + ",".join(SITE) + "\n"),
        accepted=1,
    ),
    Case(
        "fed-back-to-another-layer.csv",
        _fed_back((7, SITE)),
        layer="accommodation",
        refused=r"cannot be read into layer accommodation; columns are missing",
        error=SchemaError,
    ),
]

CASES = (*_SECTORS, *_ESTABLISHMENTS, *_BORDERS, *_PLACES, *_VISITS, *_QUARANTINES)
