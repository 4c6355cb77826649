"""Files of temporary workplaces: their columns are known, and every assumption is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.errors import NotFoundError
from geo.layers.registry import LAYERS, get_layer
from geo.reading.columns import COORDINATES
from geo.reading.editions import tell_sni_version
from geo.reading.shapes import apply_shape, get_shape, import_shapes, split_ids, to_points
from geo.reading.synonyms import KEYS, match_columns
from geo.reference import read_table, refused_reason, sectors_of

ROOT = Path(__file__).resolve().parents[3]
TABLE = read_table("import_shapes")
COLUMNS = read_table("import_shape_columns")


def read(shape_name: str, rows: dict[str, list[object]]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows with their columns matched and the shape applied."""
    shape = get_shape(shape_name)
    match = match_columns(get_layer("workplaces"), rows, {}, has_geometry=True, synonyms=shape.synonyms)
    return apply_shape(shape, pd.DataFrame(rows, dtype=object).rename(columns=match.renamed))


# ---- the tables ------------------------------------------------------------------------------------------------


def test_the_columns_exist_and_none_is_refused() -> None:
    known = {*LAYERS["workplaces"].schema.columns, *KEYS, *(name for names in COORDINATES for name in names)}
    assert set(COLUMNS["column"]) <= known
    assert [name for name in COLUMNS["synonym"] if refused_reason(name, "workplaces")] == []


@pytest.mark.parametrize("name", sorted(import_shapes()))
def test_the_assumed_industry_is_a_risk_sector_in_both_editions(name: str) -> None:
    shape = get_shape(name)
    assert set(sectors_of([shape.sni["2007"], shape.sni["2025"]], ["2007", "2025"])) <= {"construction", "green"}
    for version, code in shape.sni.items():
        assert tell_sni_version(pd.Series([code], dtype=object), version)[0].tolist() == [version]


def test_what_is_assumed_says_so() -> None:
    assert TABLE["source"].str.contains("working assumption").all()


def test_an_unknown_shape_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"no shape 'road_work'.*felling_notice.*did you mean 'road_works'"):
        get_shape("road_work")


# ---- fellings --------------------------------------------------------------------------------------------------


def test_a_felling_notification_becomes_a_temporary_workplace() -> None:
    """Columns as the source has them; six weeks after the notice, for five years."""
    frame, notes = read(
        "felling_notice",
        {
            "Lannr": ["24"], "Kommunnr": ["2480"], "Beteckn": ["A 1-2026"], "Avverktyp": ["Föryngringsavverkning"],
            "Skogstyp": ["Barrskog"], "Inkomdatum": ["2026-01-01T00:00:00"], "AnmaldHa": [3.2],
        },
    )  # fmt: skip
    row = frame.iloc[0]
    assert row[["workplace_id", "kind", "sni", "sni_version", "employees", "active_from", "active_to"]].tolist() == [
        "A 1-2026", "temporary", "02400", "2007", 0.05, "2026-02-12", "2031-01-01",
    ]  # fmt: skip
    assert notes == (
        "kind: temporary, as in every felling notification",
        "sni: 1 row(s) state no industry and got 02400, an assumption",
        "employees: 1 row(s) state none and got 0.05, an assumption",
        "active_from: 42 days after the day in the file",
        "active_to: 1 row(s) state no end and got 1826 days after the day in the file",
    )
    area = shapely.box(759_000, 7_088_000, 759_400, 7_088_200)
    points, said = to_points(np.array([area], dtype=object))
    assert said == ("geometry: 1 area(s) or line(s) became a point inside them, as a workplace is a point",)
    known = [column for column in frame.columns if column in LAYERS["workplaces"].schema.columns]
    checked = geo.validate(LAYERS["workplaces"], gpd.GeoDataFrame(frame[known], geometry=points, crs=3006))
    assert checked["active_to"].iloc[0] == pd.Timestamp("2031-01-01")


@pytest.mark.parametrize(
    "day",
    ["2026-01-01", "2026-01-01 13:45:00", "2026-01-01T23:59:59.123+02:00", date(2026, 1, 1),
     datetime(2026, 1, 1, 12, tzinfo=UTC), pd.Timestamp("2026-01-01"), 1767225600000, 1767225600000.0],
)  # fmt: skip
def test_days_are_read_in_every_form(day: object) -> None:
    frame, _ = read("felling_notice", {"Inkomdatum": [day]})
    assert frame["active_from"].tolist() == ["2026-02-12"]


@pytest.mark.parametrize("day", [None, "", "2026-13-01", "i vår", 20260101, 2026, float("nan"), True, pd.NaT])
def test_what_is_no_day_stays_for_the_layers_rules(day: object) -> None:
    frame, notes = read("felling_notice", {"Inkomdatum": [day]})
    assert frame["active_from"].iloc[0] is day or frame["active_from"].isna().iloc[0]
    assert frame["active_to"].isna().all()
    assert not any(note.startswith("active") for note in notes)


# ---- the others ------------------------------------------------------------------------------------------------


def test_a_notice_of_a_building_site_keeps_what_it_says() -> None:
    frame, notes = read(
        "construction_notice",
        {
            "Typ av projekt": ["Nybyggnad av skola", "Motorväg"],
            "Planerat datum för arbetets början": ["2026-03-01", "2026-04-01"],
            "Slutdatum": ["2027-03-01", None],
            "Uppskattat högsta antal arbetstagare": [45, None],
            "SNI": [None, "42.11"],
        },
    )
    assert frame["name"].tolist() == ["Nybyggnad av skola", "Motorväg"]
    assert frame["employees"].tolist() == [45, 20.0]
    assert frame["sni"].tolist() == ["41200", "42.11"]
    assert frame["sni_version"].tolist() == ["2007", None]
    assert frame["active_from"].tolist() == ["2026-03-01", "2026-04-01"]
    assert frame["active_to"].tolist() == ["2027-03-01", "2026-12-27"]
    assert [note.split(":")[0] for note in notes] == ["kind", "sni", "employees", "active_to"]


def test_road_works_are_read_as_the_open_data_have_them() -> None:
    shape = get_shape("road_works")
    names = ["Id", "Header", "StartTime", "EndTime", "RoadNumber", "Geometry.SWEREF99TM"]
    match = match_columns(get_layer("workplaces"), names, {}, synonyms=shape.synonyms)
    assert dict(match.renamed) == {
        "Id": "workplace_id", "Header": "name", "StartTime": "active_from", "EndTime": "active_to",
        "Geometry.SWEREF99TM": "geometry",
    }  # fmt: skip


def test_a_posting_site_never_reads_whose_country_it_is() -> None:
    shape = get_shape("posting_site")
    names = ["Antal utstationerade", "Hemvist", "Arbetsgivarens land", "Avsändarland", "Kontaktperson"]
    match = match_columns(get_layer("workplaces"), names, {}, synonyms=shape.synonyms)
    assert dict(match.renamed) == {"Antal utstationerade": "employees"}
    assert all(refused_reason(name, "workplaces") for name in names[1:])


def test_what_the_user_sets_is_not_assumed() -> None:
    shape = get_shape("road_works")
    frame = pd.DataFrame({"active_from": ["2026-05-01"], "active_to": [None]}, dtype=object)
    taken = {"kind", "sni", "employees", "active_to"}
    out, notes = apply_shape(shape, frame, taken=taken)
    assert out.columns.tolist() == ["active_from", "active_to"]
    assert out["active_to"].tolist() == [None]
    assert notes == ()


def test_the_assumed_industry_follows_the_edition_of_the_file() -> None:
    frame = pd.DataFrame({"sni": [None, "41000"], "sni_version": [None, "2025"]}, dtype=object)
    out, _ = apply_shape(get_shape("construction_notice"), frame, sni_version="2025")
    assert out["sni"].tolist() == ["41000", "41000"]
    assert out["sni_version"].tolist() == ["2025", "2025"]


# ---- areas -----------------------------------------------------------------------------------------------------


@given(st.integers(3, 12), st.floats(1.0, 5000.0), st.integers(0, 1000))
def test_the_point_lies_inside_the_area(n_corners: int, size_m: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(n_corners)) * 2 * np.pi
    radius = size_m * (0.1 + rng.random(n_corners))
    area = shapely.Polygon(np.column_stack([759_000 + radius * np.cos(angle), 7_088_000 + radius * np.sin(angle)]))
    (point,), _ = to_points(np.array([area], dtype=object))
    assert point.geom_type == "Point"
    assert shapely.distance(point, shapely.make_valid(area)) < 1e-6


def test_points_and_missing_shapes_stay() -> None:
    given_shapes = np.array(
        [shapely.Point(1, 2), None, shapely.Polygon(), shapely.LineString([(0, 0), (2, 0)])], dtype=object
    )
    points, notes = to_points(given_shapes)
    assert points[0] is given_shapes[0]
    assert points[1] is None
    assert points[2].is_empty
    assert points[3].distance(given_shapes[3]) == 0
    assert len(notes) == 1
    assert to_points(given_shapes[:3])[1] == ()


def test_a_shape_that_is_not_valid_gets_a_point_too() -> None:
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    (point,), _ = to_points(np.array([bow_tie], dtype=object))
    assert shapely.make_valid(bow_tie).buffer(1e-9).contains(point)


@given(st.permutations(range(5)))
def test_places_of_one_notice_get_ids_that_do_not_depend_on_the_order(order: list[int]) -> None:
    ids = pd.Series(["A", "A", "B", None, "A"], dtype=object)
    shapes = np.array([shapely.Point(i % 4, 0) for i in range(5)], dtype=object)
    whole, notes = split_ids(ids, shapes)
    assert notes == ("workplace_id: 3 row(s) are places of notices with several; each got an id of its own",)
    assert whole.iloc[2:4].tolist() == ["B", None]
    assert whole[0] != whole[1]
    assert whole[0] == whole[4]
    turned, _ = split_ids(ids.iloc[order].reset_index(drop=True), shapes[order])
    assert turned.tolist() == whole.iloc[order].tolist()
    assert split_ids(ids.iloc[2:4], shapes[2:4])[1] == ()


# ---- the page --------------------------------------------------------------------------------------------------


def render_shapes() -> str:
    lines = [
        "| shape | file | columns | industry | persons | first day | last day |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in TABLE.itertuples():
        names = COLUMNS[COLUMNS["shape"] == row.shape]
        columns = "; ".join(
            f"`{column}`: {', '.join(f'`{name}`' for name in group['synonym'])}"
            for column, group in names.groupby("column", sort=False)
        )
        first = f"{row.lead_days} days later" if row.lead_days else "that day"
        lines.append(
            f"| `{row.shape}` | {row.title} ({row.title_sv}) | {columns} | {row.sni_2007} | {row.employees:g} | "
            f"{first} | {row.valid_days} days later |"
        )
    return "\n".join(lines)


def test_the_page_lists_the_shapes() -> None:
    page = (ROOT / "docs" / "columns.md").read_text("utf-8")
    assert render_shapes() in page, f"this must stand in docs/columns.md:\n\n{render_shapes()}\n"
