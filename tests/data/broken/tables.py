"""Files whose header, rows, letters or values are not what a layer takes."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl

from geo.errors import SchemaError
from tests.data.broken.case import (
    HEAD,
    LULEA,
    SITE,
    UMEA,
    Case,
    Make,
    feature,
    make_csv,
    make_geojson,
    make_xlsx,
    put,
)

__all__ = ["CASES"]

_HEAD = ",".join(HEAD)
_ROW = ",".join(SITE)


def _with(column: str, *values: object, xlsx: bool = False) -> Make:
    """Rows that differ in one column, beside the ones that every layer of workplaces has."""
    head = (*HEAD, column) if column not in HEAD else HEAD
    rows = []
    for number, value in enumerate(values, start=1):
        row: dict[str, object] = {**dict(zip(HEAD, SITE, strict=True)), "workplace_id": str(number), column: value}
        if xlsx:
            row |= {"employees": row["employees"], "lon": UMEA[0], "lat": UMEA[1]}
        rows.append([row[name] for name in head])
    return (make_xlsx if xlsx else make_csv)(*rows, head=head)


def _errors(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    if sheet is None:
        raise AssertionError
    sheet.append(list(HEAD))
    sheet.append(["1", "#N/A", "41.20", 5, *UMEA])
    sheet.append(["2", "Firma B", "41.20", "#REF!", *LULEA])
    for row, column in ((2, 2), (3, 4)):
        sheet.cell(row, column).data_type = "e"
    book.save(path)


_HEADERS = [
    Case("no-columns-of-ours.csv", put("a;b;c\n1;2;3\n"), refused=r"no columns say where its rows are"),
    Case(
        "missing-columns.csv",
        put("name,lon,lat\nFirma A,20.26,63.83\n"),
        refused=r"cannot be read into layer workplaces; columns are missing\..*sni: the column is missing; it holds: .*employees: the column is missing.*--rename old=new",
        error=SchemaError,
    ),
    Case(
        "repeated-header.csv",
        put(f"{_HEAD},sni\n{_ROW},x\n"),
        refused=r"the header cannot be used.*header: sni stands more than once; keep one",
        error=SchemaError,
    ),
    Case(
        "repeated-header.xlsx",
        make_xlsx([*SITE, "x"], head=(*HEAD, "sni")),
        refused=r"header: sni stands more than once; keep one",
        error=SchemaError,
    ),
    Case(
        "unnamed-column.csv",
        put(f"{_HEAD},\n{_ROW},x\n"),
        refused=r"header: column 7 has no name; name it",
        error=SchemaError,
    ),
    Case("unnamed-empty-column.csv", put(f"{_HEAD},,\n{_ROW},,\n"), accepted=1),
    Case(
        "unnamed-column.xlsx",
        make_xlsx([*SITE, "x"], head=(*HEAD, None)),
        accepted=1,
        notes=(r"Columns without a name were left out: G",),
    ),
    Case(
        "no-header.csv", put(f"{_ROW}\n{_ROW}\n"), refused=r"no columns say where its rows are.*The file has 1, Firma A"
    ),
    Case(
        "title-above.csv",
        put(f"Arbetsställen 2026\n{_HEAD}\n{_ROW}\n"),
        refused=r"The file has Arbetsställen 2026; .*a title above it must go",
    ),
    Case("title-above.xlsx", make_xlsx(HEAD, SITE, head=("Arbetsställen 2026",)), accepted=1),
    Case(
        "swedish-header.csv",
        put(
            "CFAR;Företagsnamn;SNI-kod;Antal anställda;Öst (SWEREF);Nord (SWEREF)\n12345678;Firma A;41200;5;759000;7088000\n"
        ),
        options={"rename": {"Öst (SWEREF)": "easting", "Nord (SWEREF)": "northing"}},
        accepted=1,
    ),
    Case("header-in-capitals.csv", put(f"{_HEAD.upper()}\n{_ROW}\n"), accepted=1),
    Case("header-with-blanks.csv", put(f"{_HEAD.replace(',', ' , ')}\n{_ROW}\n"), accepted=1),
]

_ROWS = [
    Case(
        "ragged.csv",
        put(f"{_HEAD}\n{_ROW}\n1,2\n{_ROW},7\n,,,,,\n\n3\n"),
        accepted=1,
        quarantined=3,
        rules={
            2: r"^: has 2 cells, but the header has 6; check its quotation marks",
            3: r"^: has 7 cells",
            4: r"^: has 1 cell, but",
        },
    ),
    Case("twice.csv", put(f"{_HEAD}\n{_ROW}\n{_ROW}\n{_ROW}\n"), accepted=1, duplicate=2),
    Case("twice.geojson", make_geojson(feature(), feature()), accepted=1, duplicate=1),
    Case(
        "twice-without-ids.csv",
        put("sni,employees,lon,lat\n41.20,5,20.26,63.83\n41.20,5,20.26,63.83\n"),
        accepted=1,
        duplicate=1,
    ),
    Case(
        "id-twice-near.csv",
        make_csv(SITE, [*SITE[:3], 6, *UMEA]),
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"^workplace_id: the same id stands on several rows; give each record its own"),
    ),
    Case(
        "id-twice-far.csv",
        make_csv(*[[number, *SITE[1:]] for number in range(200)], ["0", *SITE[1:3], 6, *UMEA]),
        options={"rows_at_once": 7},
        accepted=199,
        quarantined=2,
        rules=dict.fromkeys((1, 201), r"the same id stands on several rows"),
    ),
    Case(
        "id-with-blanks-twice.csv",
        make_csv(SITE, [" 1 ", *SITE[1:3], 6, *UMEA]),
        quarantined=2,
        rules=dict.fromkeys((1, 2), r"the same id stands on several rows"),
    ),
    Case(
        "no-id-in-a-row.csv",
        make_csv(SITE, ["", *SITE[1:]], [" ", *SITE[1:3], 6, *UMEA]),
        accepted=1,
        quarantined=2,
        rules=dict.fromkeys((2, 3), r"^workplace_id: must not be empty; fill it in"),
    ),
    Case(
        "not-features.geojson",
        make_geojson(feature(), None, 1, "x", [], {"type": "Point"}, {**feature(), "properties": [1]}),
        accepted=1,
        quarantined=6,
        rules={
            **dict.fromkeys(range(2, 7), r"^: is not a GeoJSON feature; mend or leave it out"),
            7: r"^: has properties that are no object",
        },
    ),
    Case(
        "keys-twice.geojson",
        put(
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"workplace_id": "1", "sni": "41.20", "employees": 5, "employees": 6}, "geometry": {"type": "Point", "coordinates": [20.26, 63.83]}}]}'
        ),
        accepted=1,
    ),
    Case(
        "features-twice.geojson",
        put('{"type": "FeatureCollection", "features": [1, 2], "features": [' + json.dumps(feature()) + "]}"),
        accepted=1,
    ),
    Case(
        "columns-in-some-rows.geojson",
        make_geojson(
            feature(),
            {**feature(), "properties": {"workplace_id": "2", "sni": "41.20"}},
            {**feature(), "properties": None},
        ),
        accepted=1,
        quarantined=2,
        rules={2: r"^employees: must not be empty; fill it in", 3: r"^sni: must not be empty"},
    ),
    Case(
        "nested-values.geojson",
        make_geojson(feature(sni={"kod": "41.20"})),
        refused=r"sni: the column is missing.*Columns of lists, objects or bytes are not read; give plain values in sni\.",
        error=SchemaError,
    ),
]

_LETTERS = [
    Case("told-delimiter.csv", put(f"sep=;\n{_HEAD.replace(',', ';')}\n{_ROW.replace(',', ';')}\n"), accepted=1),
    Case(
        "semicolons-and-commas.csv",
        put("workplace_id;name;sni;employees;easting;northing\n1;Firma A, B;41.20;1 234,5;759000,25;7088000,75\n"),
        accepted=1,
        notes=(r"decimal comma or parted thousands were read as such: employees, easting, northing",),
    ),
    Case("tabs.tsv", put(f"{_HEAD}\n{_ROW}\n".replace(",", "\t")), accepted=1),
    Case("bars.txt", put(f"{_HEAD}\n{_ROW}\n".replace(",", "|")), accepted=1),
    Case("mark.csv", put(b"\xef\xbb\xbf" + f"{_HEAD}\n{_ROW}\n".encode()), accepted=1),
    Case(
        "windows.csv",
        put(f"{_HEAD}\n1,Åsele såg,41.20,5,20.26,63.83\n".encode("cp1252")),
        accepted=1,
        notes=(r"read as Windows-1252, because it is not UTF-8",),
    ),
    Case(
        "wide-letters.csv",
        put(f"{_HEAD}\n{_ROW}\n".encode("utf-16")),
        accepted=1,
        notes=(r"The text was read as UTF-16",),
    ),
    Case(
        "wide-letters-cut.csv",
        put(f"{_HEAD}\n{_ROW}\n".encode("utf-16")[:-1]),
        refused=r"is no whole UTF-16 text; save it as UTF-8",
    ),
    Case(
        "wide-letters-unmarked.csv",
        put(f"{_HEAD}\n{_ROW}\n".encode("utf-16-le")),
        refused=r"but it holds binary data; save it as UTF-8 if it is text",
    ),
    Case(
        "two-encodings.csv",
        put(f"{_HEAD}\n1,Åsele,41.20,5,20.26,63.83\n".encode() + "2,Åre,41.20,5,20.27,63.83\n".encode("cp1252")),
        accepted=2,
        notes=(r"read as Windows-1252, because it is not UTF-8",),
    ),
    Case(
        "no-encoding.csv",
        put(f"{_HEAD}\n1,\x81\x8d,41.20,5,20.26,63.83\n".encode("latin-1")),
        refused=r"is neither UTF-8 nor Windows-1252 text \(byte \d+\); save it as UTF-8",
    ),
    Case(
        "mark.geojson",
        put(b"\xef\xbb\xbf" + json.dumps({"type": "FeatureCollection", "features": [feature()]}).encode()),
        accepted=1,
    ),
    Case(
        "wide-letters.geojson",
        put(json.dumps({"type": "FeatureCollection", "features": [feature()]}).encode("utf-16")),
        refused=r"but it holds UTF-16 text; save it as UTF-8",
    ),
    Case(
        "one-feature-a-line.geojson",
        put(json.dumps(feature()) + "\n" + json.dumps(feature()) + "\n"),
        refused=r"is not JSON: line 2, column 1.*; export it again",
    ),
    Case(
        "nul.csv",
        put(f"{_HEAD}\n1,Firma\0A,41.20,5,20.26,63.83\n"),
        refused=r"but it holds binary data; save it as UTF-8 if",
    ),
    Case("nul.geojson", make_geojson(feature(name="Firma\0A", workplace_id="1\0")), accepted=1),
    Case(
        "surrogates.geojson",
        put(
            json.dumps({"type": "FeatureCollection", "features": [feature(name="Firma X")]}).replace(
                "Firma X", "Firma \\ud800 \\udfff"
            )
        ),
        accepted=1,
    ),
    Case(
        "surrogate-in-a-column.geojson",
        put(json.dumps({"type": "FeatureCollection", "features": [feature(X=1)]}).replace('"X"', '"\\ud800"')),
        accepted=1,
    ),
    Case("returns.csv", put(f"{_HEAD}\r{_ROW}\r"), accepted=1),
    Case("lines-in-cells.csv", put(f'{_HEAD}\n1,"Firma\nA",41.20,5,20.26,63.83\n'), accepted=1),
]

_HARMFUL = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    '=HYPERLINK("http://127.0.0.1/")',
    "@SUM(A1)",
    "+46",
    "-1",
    "\x1b[2J",
    "\u202eBA",
    "Firma\u2066A",
    "'; DROP TABLE workplaces; --",
    "../../x",
    "😀",
    "A" * 200_000,
]

_VALUES = [
    Case("harmful-names.csv", _with("name", *_HARMFUL), accepted=len(_HARMFUL)),
    Case(
        "harmful-names.geojson",
        make_geojson(*[feature(name=name, workplace_id=str(number)) for number, name in enumerate(_HARMFUL)]),
        accepted=len(_HARMFUL),
    ),
    Case("harmful-names.xlsx", _with("name", "<b>", "=1+1", "'=1+1", "😀", xlsx=True), accepted=4),
    Case(
        "harmful-codes.csv",
        _with("sni", "<script>alert(1)</script>", "=41.20", "{{ 7 * 7 }}", "41.20\u202e"),
        accepted=1,
        quarantined=3,
        rules=dict.fromkeys((1, 2, 3), r"^sni: unknown industry code; use 2 to 5 digits"),
    ),
    Case(
        "error-values.xlsx",
        _errors,
        accepted=1,
        quarantined=1,
        rules={2: r"^employees: must not be empty"},
        notes=(r"Cells with an error value \(#N/A, #REF!\) were read as empty",),
    ),
    Case(
        "numbers.csv",
        _with(
            "employees",
            "5",
            "-1",
            "1e12",
            "inf",
            "nan",
            "många",
            "5 st",
            "1,5",
            "1 000",
            "0x10",
            "",
            "5.0",
            "1e999",
            "\u0665",
        ),
        accepted=2,
        quarantined=12,
        rules={
            2: r"^employees: must be 0 or more; check the number",
            3: r"^employees: must be at most 200000",
            4: r"^employees: must be a finite number",
            5: r"^employees: cannot be read as a number",
            **dict.fromkeys(
                (6, 7, 8, 9, 10), r"^employees: cannot be read as a number; write digits with a decimal point"
            ),
            11: r"^employees: must not be empty",
            13: r"^employees: must be a finite number",
            14: r"^employees: cannot be read as a number",
        },
    ),
    Case(
        "numbers.geojson",
        make_geojson(
            *[
                feature(employees=value, workplace_id=str(number))
                for number, value in enumerate((5, -1, 1e12, True, "5", [5], None), start=1)
            ]
        ),
        accepted=2,
        quarantined=5,
        rules={
            2: r"^employees: must be 0 or more",
            3: r"^employees: must be at most",
            4: r"^employees: cannot be read as a number; .* <True>",
            6: r"^employees: cannot be read as a number; .* <'\[…\]'>",
            7: r"^employees: must not be empty",
        },
        notes=(r"Lists and objects in employees were read as \[…\]",),
    ),
    Case(
        "huge-whole-numbers.geojson",
        make_geojson(feature(employees=10**40), feature(workplace_id=10**40, employees=1)),
        accepted=1,
        quarantined=1,
        rules={1: r"^employees: must be at most 200000"},
    ),
    Case(
        "dates.csv",
        _with(
            "active_from",
            "2026-07-15",
            "2026-07-15T08:00:00Z",
            "15/7 2026",
            "15.7.2026",
            "15 juli 2026",
            "20260715",
            "2026-13-45",
            "juli",
            "44000",
            "0001-01-01",
            "2026-07-15 00:00",
            "1900-02-29",
        ),
        accepted=4,
        quarantined=8,
        rules=dict.fromkeys(
            (3, 4, 5, 6, 7, 8, 9, 12), r"^active_from: cannot be read as a date \(YYYY-MM-DD\); write it as 2026-07-15"
        ),
    ),
    Case(
        "backwards.csv",
        make_csv([*SITE, "2026-07-15", "2026-07-01"], head=(*HEAD, "active_from", "active_to")),
        quarantined=1,
        rules={1: r"^active_to: before active_from; check the dates"},
    ),
    Case(
        "flags.csv",
        _with("synthetic", "ja", "nej", "TRUE", "0", "", "kanske", "2"),
        accepted=5,
        quarantined=2,
        rules=dict.fromkeys((6, 7), r"^synthetic: cannot be read as yes or no; write yes or no"),
    ),
    Case(
        "codes.csv",
        _with("circle", "joint-inspection", "everybody", ""),
        accepted=2,
        quarantined=1,
        rules={2: r"^circle: unknown sharing circle; use one of "},
    ),
    Case(
        "lost-zeros.xlsx",
        _with("sni", "02.30", 2300, 230, 41.2, "41.20", xlsx=True),
        accepted=2,
        quarantined=3,
        rules=dict.fromkeys(
            (2, 3, 4), r"^sni: is a number, not a code; a number may have lost its leading 0, so give the code as text"
        ),
    ),
    Case(
        "unknown-industry.csv",
        _with("sni", "41.20", "04.10", "00", "4", "412000", "A", "41.2O", ""),
        accepted=1,
        quarantined=7,
        rules={
            **dict.fromkeys(range(2, 8), r"^sni: unknown industry code; use 2 to 5 digits of SNI 2007 or 2025"),
            8: r"^sni: must not be empty; fill it in",
        },
    ),
    Case(
        "unknown-kind.csv",
        _with("kind", "permanent", "tillfällig", "flygande"),
        accepted=2,
        quarantined=1,
        rules={3: r"^kind: must be registered or temporary; mend the value <flygande>"},
    ),
    Case(
        "options-for-another-file.csv",
        put(f"{_HEAD}\n{_ROW}\n"),
        options={"rename": {"nowhere": "sni"}, "set_values": {"colour": "red"}, "where": {"status": "on"}},
        refused=r"the options do not fit the file.*--rename.*nowhere.*--where|--where.*status.*--set colour",
        error=SchemaError,
    ),
    Case(
        "rows-not-there.csv",
        put(f"{_HEAD}\n{_ROW}\n"),
        options={"skip_rows": [1, 99]},
        refused=r"--skip-row 99: the file has rows 1 to 1",
        error=SchemaError,
    ),
    Case(
        "nothing-asked-for.csv",
        _with("status", "på", "av"),
        options={"where": {"status": "vet ej"}},
        refused=r"no row has status = 'vet ej'\. Values there are:",
        error=SchemaError,
    ),
    Case(
        "untold-id-types.geojson",
        make_geojson(
            *[feature(workplace_id=value, employees=number) for number, value in enumerate((1, "1", 1.0, "01", True))]
        ),
        quarantined=3,
        accepted=2,
        rules=dict.fromkeys((1, 2, 3), r"the same id stands on several rows"),
    ),
]

CASES = (*_HEADERS, *_ROWS, *_LETTERS, *_VALUES)
