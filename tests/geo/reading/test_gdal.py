"""GDAL opens nothing that nobody named: no other file, no address, whoever imported it first."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.features
import shapely

from geo.errors import ConfigError, InputError
from geo.layers.registry import get_layer
from geo.reading import gdal, read_layer_file

# every attribute of a row that VRT makes GDAL read from another file
VRT = """<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{path}</SrcDataSource>
<SrcLayer>secret</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""


def test_only_the_allowed_drivers_are_left() -> None:
    assert set(pyogrio.list_drivers()) == gdal.ALLOWED_DRIVERS


@pytest.mark.parametrize("first", ["import pyogrio", "import geopandas", "import rasterio", "import geo"])
def test_whatever_is_imported_first(run_python: Callable[..., str], first: str) -> None:
    code = f"{first}\nimport geo.reading, pyogrio\nprint(sorted(pyogrio.list_drivers()))"
    assert run_python(code).strip() == str(sorted(gdal.ALLOWED_DRIVERS))


def test_shutting_the_doors_twice_leaves_them_shut() -> None:
    assert gdal.shut_doors() == frozenset()
    pyogrio._ogr._register_drivers()  # what GDAL does whenever it is asked to look for drivers again
    assert set(pyogrio.list_drivers()) == gdal.ALLOWED_DRIVERS


def test_nothing_is_read_where_the_doors_cannot_be_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyogrio that registers its drivers otherwise must not read files from outside unnoticed."""
    path = tmp_path / "sites.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(20.26, 63.83)], crs=4326).to_file(path, driver="GPKG")
    monkeypatch.setattr(pyogrio, "list_drivers", lambda: {"GPKG": "rw", "OGR_VRT": "r"})
    with pytest.raises(ConfigError, match=r"keeps drivers that Norrsyn does not allow \(OGR_VRT\)"):
        read_layer_file(path, get_layer("localities"))


def test_rasters_can_still_be_made() -> None:
    """rasterio has its own GDAL, which must keep what the grid and the exports need."""
    with rasterio.Env() as env:
        assert {"GTiff", "COG", "MEM"} <= set(env.drivers())
    burnt = rasterio.features.rasterize([(shapely.box(0, 0, 1, 1), 1)], out_shape=(2, 2))
    np.testing.assert_array_equal(burnt, [[1, 0], [0, 0]])


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Another file of the machine."""
    path = tmp_path / "secret.geojson"
    feature = {
        "type": "Feature",
        "properties": {"word": "hemlig"},
        "geometry": {"type": "Point", "coordinates": [20, 64]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "name": "secret", "features": [feature]}), "utf-8")
    return path


def test_vrt_would_read_another_file(run_python: Callable[..., str], secret: Path, tmp_path: Path) -> None:
    """The attack is real: with all drivers in place it works. Otherwise the next tests would show nothing."""
    (tmp_path / "innocent.geojson").write_text(VRT.format(path=secret), "utf-8")
    code = "import pyogrio, sys\nprint(pyogrio.read_dataframe(sys.argv[1])['word'][0])"
    assert run_python(code, tmp_path / "innocent.geojson").strip() == "hemlig"


@pytest.mark.parametrize("ending", ["geojson", "json", "gpkg", "csv"])
def test_vrt_is_refused_whatever_its_name(secret: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"innocent.{ending}"
    path.write_text(VRT.format(path=secret), "utf-8")
    with pytest.raises(InputError, match=r"innocent.*it holds XML.*other files") as caught:
        read_layer_file(path, get_layer("localities"), rename={"word": "name"})
    assert "hemlig" not in str(caught.value)


def test_vrt_is_not_read_even_by_geopandas(secret: Path, tmp_path: Path) -> None:
    """The reader's sniffing is not the only door: GDAL itself has forgotten how."""
    path = tmp_path / "innocent.geojson"
    path.write_text(VRT.format(path=secret), "utf-8")
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_dataframe(path)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the requests that reached it."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"EPSG:3006")

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/crs", requests
    server.shutdown()
    server.server_close()
    thread.join()


def linked(address: str, where: str) -> bytes:
    crs = {"type": "link", "properties": {"href": address}}
    geometry: dict[str, object] = {"type": "Point", "coordinates": [20.26, 63.83]}
    feature = {"type": "Feature", "properties": {"locality_id": "1", "name": "Umeå"}, "geometry": geometry}
    document: dict[str, object] = {"type": "FeatureCollection"}
    {"top": document, "feature": feature, "geometry": geometry}[where]["crs"] = crs
    return json.dumps({**document, "features": [feature]}).encode()


def test_gdal_would_follow_a_crs_that_is_a_link(
    run_python: Callable[..., str], listener: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack is real, even with nothing but GDAL's GeoJSON driver."""
    monkeypatch.setenv("no_proxy", "*")
    address, requests = listener
    (tmp_path / "linked.geojson").write_bytes(linked(address, "top"))
    run_python("import pyogrio, sys\npyogrio.read_dataframe(sys.argv[1])", tmp_path / "linked.geojson")
    assert requests


@pytest.mark.parametrize("where", ["top", "feature", "geometry"])
def test_no_address_is_followed(listener: tuple[str, list[str]], tmp_path: Path, where: str) -> None:
    address, requests = listener
    path = tmp_path / "linked.geojson"
    path.write_bytes(linked(address, where))
    reading = read_layer_file(path, get_layer("localities"), crs="EPSG:4326")
    assert reading.frame["name"].tolist() == ["Umeå"]
    assert requests == []


def test_gdal_reaches_no_network(
    listener: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    address, requests = listener
    path = tmp_path / "linked.geojson"
    path.write_bytes(linked(address, "top"))
    assert pyogrio.read_dataframe(path).crs == "EPSG:4326"
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_info(address)
    assert requests == []


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://example.org/x.geojson", "/vsizip/x.zip", "http://example.org/x.geojson", "s3://x/y.csv"]
)
def test_addresses_and_virtual_paths_are_no_files(path: str) -> None:
    with pytest.raises(InputError, match=r"no file of this machine.*[Dd]ownload"):
        read_layer_file(path, get_layer("workplaces"))
