"""Every row of a file is accounted for, whatever it holds and in whatever order."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.bundle import content_hash
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import validate
from geo.reading import Reading, Report, read_layer_file
from tests.frames import make_accommodation, make_establishment, make_finding, make_visit, make_workplace
from tests.geo.reading.conftest import LULEA, SKANE, UMEA

Write = Callable[..., Path]
SITE = {"sni": "41.20", "employees": 3}

# few of each, so that rows repeat
row_values = st.fixed_dictionaries(
    {
        "place": st.sampled_from([UMEA, LULEA, SKANE]),
        "status": st.sampled_from(["on", "off", ""]),
        "name": st.sampled_from(["", "Bro", "V&auml;g"]),
        "employees": st.integers(0, 2),
    }
)
rows_of_a_file = st.lists(row_values, min_size=1, max_size=12)
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write_rows(write_geojson: Write, rows: list[dict[str, Any]]) -> Path:
    return write_geojson([(row["place"], {k: row[k] for k in row if k != "place"} | {"sni": "41.20"}) for row in rows])


def count_rows(report: Report) -> int:
    return (
        report.rows_skipped
        + report.rows_filtered_out
        + report.rows_duplicate
        + report.rows_quarantined
        + report.rows_accepted
    )


class TestAccounting:
    @quick
    @given(rows=rows_of_a_file, skip=st.sets(st.integers(1, 12), max_size=3))
    def test_rows_add_up_as_counted_by_hand(
        self, write_geojson: Write, workplaces: Layer, rows: list[dict[str, Any]], skip: set[int]
    ) -> None:
        skip = {number for number in skip if number <= len(rows)}
        left = [row for number, row in enumerate(rows, start=1) if number not in skip]
        asked = [row for row in left if row["status"] == "on"]
        different = {(row["place"], row["name"], row["employees"]) for row in asked}
        wanted = {values for values in different if values[0] != SKANE}
        path = write_rows(write_geojson, rows)
        with nullcontext() if wanted else pytest.raises(InputError, match=r"no row has|outside Region Nord"):
            reading = read_layer_file(path, workplaces, where={"status": "on"}, skip_rows=skip)
        if not wanted:
            return
        report = reading.report
        assert report.rows_read == len(rows) == count_rows(report)
        assert report.rows_skipped == len(skip)
        assert report.rows_filtered_out == len(left) - len(asked)
        assert report.rows_duplicate == len(asked) - len(different)
        assert report.rows_quarantined == report.rows_outside_region == len(different) - len(wanted)
        assert report.rows_accepted == len(wanted) == len(reading.frame)

    @pytest.mark.long
    @quick
    @given(rows=rows_of_a_file, data=st.data())
    def test_order_of_rows_does_not_matter(
        self, write_geojson: Write, workplaces: Layer, rows: list[dict[str, Any]], data: st.DataObject
    ) -> None:
        rows = [*rows, {"place": UMEA, "status": "on", "name": "", "employees": 7}]
        shuffled = data.draw(st.permutations(rows))
        first = read_layer_file(write_rows(write_geojson, rows), workplaces)
        second = read_layer_file(write_rows(write_geojson, shuffled), workplaces)
        assert content_hash(first.frame) == content_hash(second.frame)

    def test_reading_again_changes_nothing(self, write_geojson: Write, workplaces: Layer) -> None:
        path = write_geojson([(UMEA, SITE), (LULEA, SITE), (SKANE, SITE), (UMEA, SITE)])
        first, second = read_layer_file(path, workplaces), read_layer_file(path, workplaces)
        assert first.report == second.report
        pd.testing.assert_frame_equal(first.frame, second.frame)

    def test_what_is_read_is_what_the_layer_accepts(self, write_geojson: Write, workplaces: Layer) -> None:
        frame = read_layer_file(write_geojson([(UMEA, SITE), (LULEA, SITE)]), workplaces).frame
        pd.testing.assert_frame_equal(frame, validate(workplaces, frame))


class TestIds:
    def test_the_files_own_ids_stay(self, write_geojson: Write, workplaces: Layer) -> None:
        reading = read_layer_file(write_geojson([(UMEA, SITE | {"workplace_id": "0012"})]), workplaces)
        assert reading.frame["workplace_id"].tolist() == ["0012"]
        assert not reading.report.made_ids

    def test_made_ids_depend_on_the_row_alone(self, write_geojson: Write, workplaces: Layer) -> None:
        def ids(*features: Any, **options: Any) -> list[str]:
            reading = read_layer_file(write_geojson(features), workplaces, **options)
            assert reading.report.made_ids
            return reading.frame["workplace_id"].tolist()

        alone = ids((UMEA, SITE))
        assert alone[0].startswith("workplaces-")
        assert set(alone) < set(ids((LULEA, SITE), (UMEA, SITE)))
        assert alone == ids((UMEA, dict(reversed(SITE.items()))))
        assert alone == ids((UMEA, SITE), set_values={"kind": "temporary"})
        assert alone != ids((UMEA, SITE | {"employees": 4}))
        assert alone != ids(((UMEA[0], UMEA[1] + 1e-9), SITE))
        assert alone != ids((UMEA, SITE | {"unused": "x"}))

    def test_rows_that_differ_only_in_an_unused_column_both_stay(self, write_geojson: Write, workplaces: Layer) -> None:
        """Two restaurants in one house are two, although the layer's columns cannot tell them apart."""
        path = write_geojson([(UMEA, SITE | {"object": 1}), (UMEA, SITE | {"object": 2}), (UMEA, SITE | {"object": 2})])
        report = read_layer_file(path, workplaces).report
        assert (report.rows_duplicate, report.rows_accepted) == (1, 2)

    def test_rows_of_one_id_that_differ_only_in_an_unused_column_are_one(
        self, write_geojson: Write, workplaces: Layer
    ) -> None:
        rows = [(UMEA, SITE | {"workplace_id": "1", "object": number}) for number in (1, 2)]
        report = read_layer_file(write_geojson(rows), workplaces).report
        assert (report.rows_duplicate, report.rows_accepted) == (1, 1)

    def test_one_id_for_two_different_rows_is_an_error(self, write_geojson: Write, workplaces: Layer) -> None:
        rows = [(place, SITE | {"workplace_id": "1"}) for place in (UMEA, LULEA)]
        with pytest.raises(SchemaError, match=r"the same id stands on several rows.* — row 1, 2"):
            read_layer_file(write_geojson(rows), workplaces)

    @pytest.mark.parametrize("name", ["borders", "sectors"])
    def test_codes_of_areas_are_never_made_up(self, write_geojson: Write, name: str) -> None:
        with pytest.raises(SchemaError, match=r"(municipality|area_id): the column is missing[^$]*--rename old=new"):
            read_layer_file(write_geojson([(UMEA, {"name": "Umeå"})]), get_layer(name))

    def test_rows_outside_the_region_wait_in_quarantine(self, write_geojson: Write, workplaces: Layer) -> None:
        """A row that is not wanted anyway need not be right."""
        many = [(UMEA, SITE), *((SKANE, SITE | {"employees": number, "sni": "x"}) for number in range(50))]
        report = read_layer_file(write_geojson(many), workplaces).report
        assert (report.rows_quarantined, report.rows_outside_region) == (50, 50)
        (rule,) = report.broken_rules
        assert (rule.n_rows, rule.rows) == (50, (2, 3, 4, 5, 6))


class TestCsv:
    def test_codes_keep_their_zeros_and_blank_cells_are_empty(self, write_csv: Write, workplaces: Layer) -> None:
        path = write_csv(
            ["workplace_id", "name", "sni", "employees", "active_to", "lon", "lat"],
            ["00012", " ", "0230", "1e1", "2026-07-01", *UMEA],
            ["00013", 'A "B", C', "01.13", "2.5", "", *LULEA],
        )
        frame = read_layer_file(path, workplaces).frame
        assert frame["workplace_id"].tolist() == ["00012", "00013"]
        assert frame["sni"].tolist() == ["0230", "01.13"]
        assert frame["employees"].tolist() == [10, 2.5]
        assert frame["name"].isna().tolist() == [True, False]
        assert frame["active_to"].isna().tolist() == [False, True]

    def test_windows_text_is_read_and_noted(self, tmp_path: Path, workplaces: Layer) -> None:
        (tmp_path / "a.csv").write_bytes("name;sni;employees;lon;lat\nÅsele såg;16.10;4;20.26;63.83\n".encode("cp1252"))
        reading = read_layer_file(tmp_path / "a.csv", workplaces)
        assert reading.frame["name"].tolist() == ["Åsele såg"]
        assert reading.report.notes == ("The text was read as Windows-1252, because it is not UTF-8.",)

    def test_byte_order_mark_and_blank_lines(self, tmp_path: Path, workplaces: Layer) -> None:
        text = "\ufeff\r\nsni,employees,lon,lat\r\n,,,\r\n16.10,4,20.26,63.83\r\n\r\n"
        (tmp_path / "a.csv").write_bytes(text.encode())
        assert read_layer_file(tmp_path / "a.csv", workplaces).report.rows_read == 1

    def test_every_crooked_row_is_named(self, tmp_path: Path, workplaces: Layer) -> None:
        (tmp_path / "a.csv").write_text(
            "sni,employees,lon,lat\n41.20,2,20.26,63.83\n1,2\n1,2,3,4,5\n1\n1,2\n", encoding="utf-8"
        )
        report = read_layer_file(tmp_path / "a.csv", workplaces).report
        assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (5, 1, 4)
        told = {rule.say() for rule in report.broken_rules if not rule.column}
        assert told == {
            "has 2 cells, but the header has 4; check its quotation marks — row 2, 5",
            "has 5 cells, but the header has 4; check its quotation marks — row 3",
            "has 1 cell, but the header has 4; check its quotation marks — row 4",
        }

    def test_a_header_without_names_is_refused(self, tmp_path: Path, workplaces: Layer) -> None:
        (tmp_path / "a.csv").write_text("sni,,employees,sni\n1,2,3,4\n1,2\n")
        with pytest.raises(SchemaError) as caught:
            read_layer_file(tmp_path / "a.csv", workplaces)
        assert caught.value.failures == (
            "header: column 2 has no name; name it",
            "header: sni stands more than once; keep one",
        )

    def test_a_border_in_one_cell(self, write_csv: Write) -> None:
        ring = ", ".join(f"{759_000 + i % 2 * 0.001} {7_088_000 + i / 100}" for i in range(20_000))
        polygon = f"POLYGON (({ring}, 760000 7088100, 759000 7088000))"
        path = write_csv(["area_id", "sector", "employees", "geometry"], ["2480", "construction", 1, polygon])
        assert len(polygon) > 400_000
        assert read_layer_file(path, get_layer("sectors"), crs="EPSG:3006").report.rows_accepted == 1


class TestGeoJson:
    def test_members_that_are_no_features_are_named(self, tmp_path: Path, workplaces: Layer) -> None:
        good = {"type": "Feature", "properties": SITE, "geometry": {"type": "Point", "coordinates": UMEA}}
        features = [good, 1, {"type": "Point"}, good | {"properties": [1]}, good | {"geometry": "POINT (1 2)"}, None]
        (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        report = read_layer_file(tmp_path / "a.geojson", workplaces).report
        assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (6, 1, 5)
        told = {rule.say() for rule in report.broken_rules if not rule.column}
        assert told == {
            "is not a GeoJSON feature; mend or leave it out — row 2, 3, 6",
            "has properties that are no object; mend or leave it out — row 4",
            "has a geometry that is no object; mend or leave it out — row 5",
        }

    def test_values_keep_their_kind(self, write_geojson: Write, workplaces: Layer) -> None:
        rows = [
            (
                UMEA,
                {
                    "workplace_id": 17,
                    "sni": "02.300",
                    "employees": "12",
                    "synthetic": True,
                    "active_from": "2026-01-31",
                },
            ),
            (LULEA, {"workplace_id": "x", "sni": "02.300", "employees": 0.5, "active_from": None}),
        ]
        frame = read_layer_file(write_geojson(rows), workplaces).frame
        assert frame["workplace_id"].tolist() == ["17", "x"]
        assert frame["employees"].tolist() == [12, 0.5]
        assert frame["synthetic"].tolist() == [True, False]
        assert frame["active_from"].tolist() == [pd.Timestamp("2026-01-31"), pd.NaT]

    def test_three_dimensions_become_two(self, write_geojson: Write, workplaces: Layer) -> None:
        frame = read_layer_file(write_geojson([((*UMEA, 12.0), SITE)]), workplaces).frame
        assert not frame.geometry.has_z.any()


ROWS = {
    "workplaces": [make_workplace(1), make_workplace(2, active_from="2026-01-01", name=None)],
    "accommodation": [make_accommodation(1), make_accommodation(2, active_to="2026-12-31")],
    "visits": [make_visit(1, agencies="arbetsmiljoverket+skatteverket"), make_visit(2)],
    "findings": [make_finding(1, retain_until="2030-01-01"), make_finding(2)],
    "establishments": [make_establishment(1, active_from="2026-01-01"), make_establishment(2)],
    "localities": [make_workplace(1, locality_id="1", name="Umeå") | {"population": 12.0}],
}


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "csv"])
@pytest.mark.parametrize("name", ROWS)
def test_every_layer_of_points_comes_through_every_format(tmp_path: Path, name: str, ending: str) -> None:
    """A layer written by geopandas and read back is the same layer."""
    import geopandas as gpd  # noqa: PLC0415

    layer = LAYERS[name]
    rows = pd.DataFrame(ROWS[name])
    points = gpd.points_from_xy(rows.pop("easting"), rows.pop("northing"), crs=3006)
    frame = gpd.GeoDataFrame(rows[rows.columns.intersection(layer.columns)], geometry=points)
    expected = validate(layer, frame)
    path = tmp_path / f"{name}.{ending}"
    if ending == "csv":
        expected.drop(columns="geometry").assign(easting=expected.geometry.x, northing=expected.geometry.y).to_csv(
            path, index=False
        )
    else:
        options = {"RFC7946": "NO", "COORDINATE_PRECISION": 9} if ending == "geojson" else {}
        expected.to_file(path, driver={"geojson": "GeoJSON", "gpkg": "GPKG"}[ending], **options)
    reading = read_layer_file(path, layer)
    assert content_hash(reading.frame) == content_hash(expected)


def test_reading_says_what_it_returns() -> None:
    assert {"frame", "report"} <= set(Reading.__annotations__)
