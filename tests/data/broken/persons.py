"""Files that hold what Norrsyn never takes in: persons' numbers, names, origin, language."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geo.errors import SchemaError
from tests.data.broken.case import (
    HEAD,
    LULEA,
    SITE,
    UMEA,
    Case,
    feature,
    make_csv,
    make_frame,
    make_geojson,
    make_xlsx,
    put,
    write_frame,
)

__all__ = ["CASES"]

# number of a made-up person, as the tax agency shows how one is written, and ways to write it
_NUMBER = "8112289874"
_WRITTEN = (
    "811228-9874",
    "19811228-9874",
    "811228 9874",
    "81 12 28 - 98 74",
    "811228\u20139874",
    "811228-9874".translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
)
_PARTS = ("8112289874", "811228-9874", "9874")
_KEY = "ab" * 32
_EMPLOYERS = (*HEAD, "employer_id")
_PERSON_RULE = r"holds a personal identity number; Norrsyn scores places, never persons, so take it out"
# what stands in refused columns of these files and may not stand anywhere else
_TOLD = ("Anna Exempelsson", "Ruritania", "ruritanska", "anna@example.org", "hemlig anteckning")
_REFUSED = {
    "nationalitet": _TOLD[1],
    "Nationality": _TOLD[1],
    "FÖDELSELAND": _TOLD[1],
    "födelse land": _TOLD[1],
    "country of birth": _TOLD[1],
    "Medborgarskap (land)": _TOLD[1],
    "språk": _TOLD[2],
    "Mother-Tongue": _TOLD[2],
    "tolkspråk": _TOLD[2],
    "förnamn": _TOLD[0],
    "Efter Namn": _TOLD[0],
    "last_name": _TOLD[0],
    "ägarens namn": _TOLD[0],
    "kontaktperson": _TOLD[0],
    "E-post": _TOLD[3],
    "personnummer": "811228-9874",
    "pers.nr": "811228-9874",
    "etnicitet": _TOLD[1],
    "Religion": _TOLD[2],
}
_ROW = [*SITE, *_REFUSED.values()]


def _visit(**properties: object) -> dict[str, object]:
    return {
        **feature(),
        "properties": {"visit_id": "1", "visited_on": "2026-06-01", "outcome": "nothing_found", **properties},
    }


def _write_refused(path: Path) -> None:
    frame = make_frame(2, **{name: [value, value] for name, value in _REFUSED.items()})
    write_frame(path, frame)


def _write_index(path: Path) -> None:
    """A frame whose index is what must not be read."""
    frame = make_frame(2).set_index(pd.Index(["Anna Exempelsson"] * 2, name="efternamn"))
    write_frame(path, frame)


_NAMES_REFUSED = (
    r'"nationalitet": "tells nationality, origin or a proxy',
    r'"tolkspråk": "tells a language',
    r'"förnamn": "identifies a person',
)

_COLUMNS = [
    Case(
        "refused-columns.csv",
        make_csv(_ROW, head=(*HEAD, *_REFUSED)),
        accepted=1,
        notes=_NAMES_REFUSED,
        secrets=(*_TOLD, *_PARTS),
    ),
    Case(
        "refused-columns.xlsx",
        make_xlsx([*SITE[:3], 5, *UMEA, *_REFUSED.values()], head=(*HEAD, *_REFUSED)),
        accepted=1,
        notes=_NAMES_REFUSED,
        secrets=(*_TOLD, *_PARTS),
    ),
    Case(
        "refused-columns.geojson",
        make_geojson(feature(**_REFUSED)),
        accepted=1,
        notes=_NAMES_REFUSED,
        secrets=(*_TOLD, *_PARTS),
    ),
    *(
        Case(f"refused-columns.{ending}", _write_refused, accepted=2, notes=_NAMES_REFUSED, secrets=(*_TOLD, *_PARTS))
        for ending in ("gpkg", "fgb", "parquet")
    ),
    Case(
        "refused-index.parquet", _write_index, accepted=2, notes=(r'"efternamn": "identifies a person',), secrets=_TOLD
    ),
    Case(
        "refused-columns-in-bad-rows.csv",
        make_csv([*SITE[:3], "x", *SITE[4:], *_REFUSED.values()], ["2"], [*_ROW, _TOLD[0]], head=(*HEAD, *_REFUSED)),
        quarantined=3,
        rules={1: r"^employees: cannot be read as a number", 2: r"^: has 1 cell, but", 3: r"^: has 26 cells, but"},
        secrets=(*_TOLD, *_PARTS),
    ),
    Case(
        "refused-in-nested.geojson",
        make_geojson(feature(extra={"efternamn": _TOLD[0], "land": _TOLD[1]})),
        accepted=1,
        secrets=_TOLD,
    ),
    Case(
        "refused-in-some-nested.geojson",
        make_geojson(
            feature(extra={"efternamn": _TOLD[0]}), feature(workplace_id="2", extra="x", employees={"namn": _TOLD[0]})
        ),
        accepted=1,
        quarantined=1,
        rules={2: r"^employees: cannot be read as a number"},
        secrets=_TOLD,
    ),
    Case(
        "refused-and-renamed.csv",
        make_csv(_ROW, head=(*HEAD, *_REFUSED)),
        options={"rename": {"förnamn": "name"}},
        refused=r"--rename förnamn=…: .*(identifies a person|no column 'förnamn')",
        error=SchemaError,
        secrets=(*_TOLD, *_PARTS),
    ),
    Case(
        "refused-and-asked-for.csv",
        make_csv(_ROW, head=(*HEAD, *_REFUSED)),
        options={"where": {"nationalitet": "Borduria"}},
        refused=r"--where nationalitet=…: .*(tells nationality|no column 'nationalitet')",
        error=SchemaError,
        secrets=(*_TOLD, *_PARTS),
    ),
    Case(
        "free-text.geojson",
        make_geojson(_visit(anteckning=_TOLD[4], beskrivning=_TOLD[0])),
        layer="visits",
        accepted=1,
        notes=(r'"anteckning": "is free text, which may name people; use the coded columns"',),
        secrets=_TOLD,
    ),
    Case(
        "refused-header-only.csv",
        put("personnummer\n811228-9874\n"),
        refused=r"no columns say where its rows are",
        secrets=_PARTS,
    ),
    # a header that is a person's number because there is none
    Case(
        "number-as-a-header.csv",
        put("811228-9874,41.20,5\n811228-9874,41.20,5\n"),
        refused=r"header: 1 of 3 names of columns hold a personal identity number; put a header above the rows",
        error=SchemaError,
        secrets=_PARTS,
    ),
    Case(
        "number-as-a-column.csv",
        make_csv([*SITE, "x"], head=(*HEAD, "811228-9874")),
        refused=r"header: 1 of 7 names of columns hold a personal identity number; .*rename the columns",
        error=SchemaError,
        secrets=_PARTS,
    ),
    Case(
        "number-as-a-column.geojson",
        make_geojson(feature(**{"811228-9874": 1})),
        refused=r"header: 1 of 5 names of columns hold",
        error=SchemaError,
        secrets=_PARTS,
    ),
    Case("811228-9874.csv", make_csv(SITE), accepted=1, secrets=_PARTS),
    Case("811228-9874.xlsx", put(b""), refused=r"^\S+: is empty", secrets=_PARTS),
    Case(
        "number-as-a-repeated-column.csv",
        make_csv([*SITE, "x", "y"], head=(*HEAD, "811228-9874", "811228-9874")),
        refused=r"stands more than once",
        error=SchemaError,
        secrets=_PARTS,
    ),
]

_TEXTS = [
    Case(
        "number-in-a-name.csv",
        make_csv(
            *[[str(number), f"Firma {text} AB", *SITE[2:]] for number, text in enumerate(_WRITTEN, start=1)],
            ["9", *SITE[1:]],
        ),
        accepted=1,
        quarantined=len(_WRITTEN),
        rules=dict.fromkeys(range(1, len(_WRITTEN) + 1), rf"^name: {_PERSON_RULE}"),
        secrets=(*_WRITTEN, *_PARTS),
    ),
    Case(
        "number-between-letters.csv",
        make_csv(["1", "Firma AB811228-9874X", *SITE[2:]], ["ab811228-9874-4c1d-8a6e-3f2b1c0d9e8f", *SITE[1:]]),
        accepted=1,
        quarantined=1,
        rules={1: rf"^name: {_PERSON_RULE}"},
    ),
    Case(
        "number-as-an-id.csv",
        make_csv([_NUMBER, *SITE[1:]], SITE),
        accepted=1,
        quarantined=1,
        rules={1: rf"^workplace_id: {_PERSON_RULE}"},
        secrets=_PARTS,
    ),
    Case(
        "number-as-a-number.xlsx",
        make_xlsx([int(_NUMBER), *SITE[1:3], 5, *UMEA], [1, *SITE[1:3], 5, *UMEA]),
        accepted=1,
        quarantined=1,
        rules={1: rf"^workplace_id: {_PERSON_RULE}"},
        secrets=_PARTS,
    ),
    Case(
        "number-where-a-code-stands.csv",
        make_csv(
            ["1", "A", _NUMBER, 5, *UMEA],
            ["2", "B", "41.20", "811228-9874", *UMEA],
            ["3", "C", "41.20", 5, "811228-9874", 63.83],
        ),
        quarantined=3,
        rules={1: r"^sni: ", 2: r"^employees: ", 3: r"^geometry: "},
        secrets=_PARTS,
    ),
    Case(
        "number-where-a-day-stands.csv",
        make_csv([*SITE, "811228-9874"], head=(*HEAD, "active_from")),
        quarantined=1,
        rules={1: r"^active_from: cannot be read as a date"},
        secrets=_PARTS,
    ),
    Case(
        "number-where-a-wkt-stands.csv",
        make_csv(
            ["1", "41.20", 5, "811228-9874"],
            ["2", "41.20", 5, "POINT (759000 7088000)"],
            head=("workplace_id", "sni", "employees", "geometry"),
        ),
        options={"crs": "EPSG:3006"},
        accepted=1,
        quarantined=1,
        rules={1: r"^geometry: cannot be read as WKT"},
        secrets=_PARTS,
    ),
    Case(
        "number-in-an-unused-column.csv",
        make_csv([*SITE, "811228-9874"], ["2", "B", "x", 5, *LULEA, "811228-9874"], head=(*HEAD, "diverse")),
        accepted=1,
        quarantined=1,
        rules={2: r"^sni: unknown"},
        secrets=_PARTS,
    ),
    Case(
        "number-in-a-filter.csv",
        make_csv([*SITE, "811228-9874"], head=(*HEAD, "diverse")),
        options={"where": {"diverse": "x"}},
        refused=r"no row has diverse = 'x'\. Values there are:",
        error=SchemaError,
        secrets=_PARTS,
    ),
    Case(
        "number-as-a-place.csv",
        make_csv(
            ["1", "41.20", 5, "811228-9874", ""],
            ["2", "41.20", 5, "", "811228-9874"],
            head=("workplace_id", "sni", "employees", "postcode", "locality"),
        ),
        quarantined=2,
        rules={
            1: r"^geometry: .*is no postcode|not in the gazetteer",
            2: r"^geometry: locality .* is not in the gazetteer",
        },
        secrets=_PARTS,
    ),
    Case(
        "number-in-a-coded-word.csv",
        make_csv([*SITE, "811228-9874"], head=(*HEAD, "kind")),
        quarantined=1,
        rules={1: r"^kind: must be registered or temporary"},
        secrets=_PARTS,
    ),
    Case(
        "number-in-a-sheet-name.xlsx",
        make_xlsx([int(_NUMBER), *SITE[1:3], 5, *UMEA]),
        quarantined=1,
        rules={1: r"^workplace_id: "},
        secrets=_PARTS,
    ),
    Case(
        "number-in-a-made-id.geojson",
        make_geojson({**feature(), "properties": {"sni": "41.20", "employees": 5, "x": "811228-9874"}}),
        accepted=1,
        secrets=_PARTS,
    ),
    Case(
        "number-in-an-area.csv",
        make_csv(["811228-9874", "construction", 1], head=("area_id", "sector", "employees")),
        layer="sectors",
        quarantined=1,
        rules={1: r"^geometry: |^area_id: "},
        secrets=_PARTS,
    ),
]

_EMPLOYER_IDS = [
    Case(
        "employers.csv",
        make_csv(
            *[
                [str(number), *SITE[1:], text]
                for number, text in enumerate(
                    ("556016-0680", "165560160680", "SE556016068001", "5560160681", "12345", "1.6E+11", ""), start=1
                )
            ],
            head=_EMPLOYERS,
        ),
        accepted=5,
        quarantined=2,
        rules={
            4: r"^employer_id: has a wrong check digit, so that a digit is wrong; mend it or leave the cell empty",
            6: r"^employer_id: is a rounded number such as 1\.6E\+11",
        },
    ),
    Case(
        "sole-trader.csv",
        make_csv([*SITE, "811228-9874"], head=_EMPLOYERS),
        quarantined=1,
        rules={1: r"^employer_id: .*set a key so that it gets a pseudonym"},
        secrets=_PARTS,
    ),
    Case(
        "sole-trader-with-a-key.csv",
        make_csv([*SITE, "811228-9874"], ["2", *SITE[1:], "198112289874"], head=_EMPLOYERS),
        options={"pseudonym_key": _KEY},
        accepted=2,
        notes=(r'"rows_pseudonymised": 2',),
        secrets=_PARTS,
    ),
    Case(
        "sole-trader-with-a-wrong-digit.csv",
        make_csv([*SITE, "811228-9875"], head=_EMPLOYERS),
        options={"pseudonym_key": _KEY},
        quarantined=1,
        rules={
            1: r"^employer_id: reads as a personal identity number with a wrong check digit; mend it or leave the cell empty"
        },
        secrets=("811228-9875", "8112289875", "9875"),
    ),
    Case(
        "sole-trader-in-words.csv",
        make_csv([*SITE, "orgnr 811228-9874 (Anna)"], head=_EMPLOYERS),
        quarantined=1,
        rules={1: r"^employer_id: "},
        secrets=_PARTS,
    ),
    Case(
        "sole-trader-lost-zero.xlsx",
        make_xlsx([*SITE[:3], 5, *UMEA, 108124454], head=_EMPLOYERS),
        quarantined=1,
        rules={1: r"^employer_id: "},
        secrets=("108124454", "0108124454"),
    ),
]

CASES = (*_COLUMNS, *_TEXTS, *_EMPLOYER_IDS)
