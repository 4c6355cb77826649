"""The demo region, made once for all tests that look at it."""

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest

from geo.demo import Demo, make_demo

AT = date(2026, 7, 15)


@pytest.fixture(scope="session")
def demo() -> Demo:
    return make_demo(at=AT)


@pytest.fixture(scope="session")
def other_demo() -> Demo:
    return make_demo(7, at=AT)


@pytest.fixture(scope="session")
def registered(demo: Demo) -> gpd.GeoDataFrame:
    workplaces = demo.layers["workplaces"]
    return workplaces[workplaces["kind"] == "registered"]


@pytest.fixture(scope="session")
def sites(demo: Demo) -> pd.DataFrame:
    """Everything that can be visited, by id."""
    frames = [
        demo.layers[layer].rename(columns={id_column: "site_id", size: "size"}).assign(site_layer=layer)
        for layer, id_column, size in (
            ("workplaces", "workplace_id", "employees"),
            ("accommodation", "accommodation_id", "beds"),
        )
    ]
    columns = ["site_id", "site_layer", "size", "active_from", "active_to", "geometry"]
    return pd.concat([frame[columns] for frame in frames]).set_index("site_id")
