"""Reports: every tip that was heard, as the authorities write it down."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import SWEREF99_TM
from geo.demo.assumptions import read_assumptions
from geo.demo.sites import Sites
from geo.demo.tips import Tips

__all__ = ["reports_frame"]

_RETAINED_YEARS = 3
_MONTH_DAYS = 30
# The same for true and false ones: who only reads the report cannot tell them apart.
_SOURCES = {"tip": 0.7, "referral": 0.12, "support": 0.1, "other": 0.08}
_CORROBORATED = 0.15


def reports_frame(rng: np.random.Generator, sites: Sites, tips: Tips, at: date) -> gpd.GeoDataFrame:
    """Tips as the layer has them; those past retention are gone already.

    Parameters
    ----------
    rng : Generator
    sites : Sites
    tips : Tips
    at : date

    Returns
    -------
    GeoDataFrame, EPSG:3006
    """
    codes = read_assumptions("finding_codes").query("outcome == 'tip'")
    chance = codes["probability"].to_numpy(dtype=np.float64)
    names, shares = list(_SOURCES), list(_SOURCES.values())
    n = len(tips.site)
    days_ago = -_MONTH_DAYS * tips.month + rng.integers(0, _MONTH_DAYS, n)
    frame = pd.DataFrame(
        {
            "site": tips.site,
            "reported_on": (np.datetime64(at, "D") - days_ago).astype("datetime64[us]"),
            "source": rng.choice(np.array(names, dtype=object), n, p=shares),
            "indicator": rng.choice(codes["indicator"].to_numpy(dtype=object), n, p=chance / chance.sum()),
            "verification": np.where(rng.random(n) < _CORROBORATED, "corroborated", "unverified"),
        }
    )
    frame["retain_until"] = frame["reported_on"] + pd.DateOffset(years=_RETAINED_YEARS)
    frame = frame[frame["retain_until"] >= pd.Timestamp(at)]
    frame = frame.sort_values(["reported_on", "site", "indicator", "source"], kind="stable", ignore_index=True)
    site = frame.pop("site").to_numpy(dtype=np.int64)
    return gpd.GeoDataFrame(
        frame.assign(
            report_id=[f"demo-r{number:05d}" for number in range(1, len(frame) + 1)],
            site_id=pd.Series(sites.ids[site], dtype="str"),
            sector=pd.Series(sites.sector[site], dtype="str"),
            circle="joint-inspection",
            synthetic=True,
        ),
        geometry=gpd.points_from_xy(sites.xy[site, 0], sites.xy[site, 1]),
        crs=SWEREF99_TM,
    )
