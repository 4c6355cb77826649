"""Files that nobody here made: the ones the guide reads, with what is known of them."""

from pathlib import Path

import pytest
import shapely

import geo
from geo.errors import GeometryError
from geo.layers.base import Layer
from geo.layers.registry import get_layer
from geo.reading import read_layer_file
from geo.region import COUNTY_CODES, load_region, packaged_municipalities

ROADS = "trafikverket_vagprojekt_2017_se.geojson"


@pytest.fixture(scope="session")
def files(shared_data: Path) -> Path:
    return shared_data / "swe"


def test_road_projects_under_construction_are_temporary_workplaces(files: Path, workplaces: Layer) -> None:
    reading = read_layer_file(
        files / ROADS,
        workplaces,
        where={"Status": "Byggande pågår"},
        rename={"Name": "name"},
        set_values={"kind": "temporary", "sni": "42.11", "employees": 40},
    )
    report = reading.report
    assert (report.rows_read, report.rows_filtered_out) == (663, 558)
    assert (report.rows_duplicate, report.rows_quarantined, report.rows_accepted) == (0, 82, 23)
    assert report.made_ids
    assert report.unused_columns == ("URL", "Type", "Status", "Description", "kom_namn", "kommun_kod")
    assert reading.frame["workplace_id"].is_unique
    assert "Väg 363, Bro över Puckdalen" in set(reading.frame["name"])
    assert not reading.frame["name"].str.contains("&", na=False).any()


def test_rows_of_the_north_are_those_whose_municipality_says_so(files: Path, workplaces: Layer) -> None:
    """The file's own municipality codes are the oracle: which rows are kept is decided by coordinates alone."""
    import json  # noqa: PLC0415

    features = json.loads((files / ROADS).read_text("utf-8"))["features"]
    codes = [
        str(each["properties"]["kommun_kod"]) for each in features if each["properties"]["Status"] == "Byggande pågår"
    ]
    northern = sum(code[:2] in COUNTY_CODES for code in codes)
    report = read_layer_file(
        files / ROADS,
        workplaces,
        where={"Status": "Byggande pågår"},
        set_values={"sni": "42.11", "employees": 40},
    ).report
    # 15 km beyond the border belong to the region as well
    assert northern <= report.rows_accepted <= northern + 3


def test_planned_road_projects_are_establishments(files: Path) -> None:
    """Row 118 lies in the Indian Ocean: it is named and waits in quarantine, and the rest is read."""
    layer = get_layer("establishments")
    options = {
        "where": {"Status": "Planering pågår"},
        "rename": {"Name": "name"},
        "set_values": {"phase": "announced", "workforce": 30, "sector": "construction"},
    }
    with pytest.raises(GeometryError, match="lies outside Sweden; check the coordinates — row 118"):
        read_layer_file(files / ROADS, layer, strict=True, **options)
    report = read_layer_file(files / ROADS, layer, **options).report
    assert (report.rows_read, report.rows_filtered_out, report.rows_duplicate) == (663, 150, 0)
    assert (report.rows_accepted, report.rows_quarantined, report.rows_outside_region) == (140, 373, 372)
    assert [rule.rows for rule in report.broken_rules if rule.rule == "lies outside Sweden"] == [(118,)]


def test_localities(files: Path) -> None:
    reading = read_layer_file(
        files / "tatorter_norr_2020.geojson",
        get_layer("localities"),
        rename={"code": "locality_id", "pop": "population"},
    )
    assert reading.report.rows_accepted == 283
    umea = reading.frame.set_index("name").loc["Umeå"]
    assert umea["population"] > 80_000
    assert load_region().municipality_at([umea.geometry.x], [umea.geometry.y]).tolist() == ["2480"]


def test_borders_replace_the_packaged_ones(files: Path) -> None:
    reading = read_layer_file(
        files / "kommuner_norr_okfse.geojson",
        get_layer("borders"),
        rename={"id": "municipality", "kom_namn": "name"},
    )
    assert (reading.report.rows_accepted, reading.report.rows_repaired) == (44, 0)
    region = load_region(reading.frame)
    grid = geo.region_grid(5_000)
    packaged = load_region().mask(grid)
    assert (region.mask(grid) & packaged).sum() > 0.99 * packaged.sum()
    ours = packaged_municipalities().set_index("municipality").geometry
    theirs = reading.frame.set_index("municipality").geometry.loc[ours.index]
    shared = shapely.area(shapely.intersection(ours.to_numpy(), theirs.to_numpy())) / ours.area.to_numpy()
    assert shared.min() > 0.9, "the same municipality under each code"


def test_a_table_of_postcodes_is_read_by_its_columns(files: Path) -> None:
    reading = read_layer_file(files / "postnummer_norr_geonames.csv", get_layer("localities"), rename={"ort": "name"})
    report = reading.report
    assert report.rows_read == 2283
    assert report.rows_duplicate + report.rows_outside_region + report.rows_accepted == 2283
    assert report.rows_accepted > 2_200


def test_a_table_without_coordinates_says_what_it_lacks(files: Path) -> None:
    with pytest.raises(GeometryError, match="no columns say where its rows are"):
        read_layer_file(files / "postnummer_kommun_norr_cc0.csv", get_layer("localities"))
