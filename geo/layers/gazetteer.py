"""Gazetteer: names of places and where they are, for records that come with a postcode or a property, not coordinates.

Columns
-------
place_id : text
place_kind : text, property, postcode, locality, municipality or county
key : text, the name: five digits of a postcode, a property designation, a locality, a municipality's code or name
municipality_code : text, 4-digit code, may be empty; tells localities of one name apart
extent_m : number, radius in metres within which the place lies; may be empty
circle, synthetic : see `geo.layers.base.common_columns`
geometry : point or polygon, EPSG:3006
"""

from __future__ import annotations

import re
import unicodedata

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa

from geo.layers.base import Layer, common_columns, number, one_of, text
from geo.layers.failures import Failure, fail_where

__all__ = ["LAYER", "PLACE_KINDS", "SCHEMA", "normalise_key", "normalise_keys"]

# the best first
PLACE_KINDS = ("property", "postcode", "locality", "municipality", "county")
_POSTCODE = re.compile(r"(?:se?[ -]*)?(\d{3}) ?(\d{2})")
_APART = re.compile(r"[\s\-\u2010-\u2015_,./]+")

SCHEMA = pa.DataFrameSchema(
    {
        "place_id": text("The source's own id"),
        "place_kind": text(
            "Kind of place", pa.Check.isin(PLACE_KINDS, error=f"must be one of {', '.join(PLACE_KINDS)}")
        ),
        "key": text("Postcode, property designation or name"),
        "municipality_code": text(
            "4-digit municipality code; tells places of one name apart",
            one_of("municipalities", "municipality", "municipality of Region Nord"),
            nullable=True,
            required=False,
        ),
        "extent_m": number("Radius within which the place lies, m", nullable=True, required=False),
        **common_columns(),
    }
)


def normalise_key(place_kind: str, key: object) -> str:
    """One spelling for every way to write a place.

    Parameters
    ----------
    place_kind : one of `PLACE_KINDS`
    key : text or number

    Returns
    -------
    str
        ``""`` where the text is none: a postcode without five digits, or nothing at all. Postcodes are five digits
        (``S-931 31``, ``93131`` and the number 93131 are one); names are without case, accents and doubled blanks; a
        property designation has its block and unit parted by a colon without blanks around it.

    Examples
    --------
    >>> normalise_key("postcode", "SE-931 31"), normalise_key("property", "Umeå  Stöcksjö 3 : 12")
    ('93131', 'umea stocksjo 3:12')
    """
    if key is None or key != key:  # noqa: PLR0124  NaN differs from itself
        return ""
    written = str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)
    words = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", written).casefold())
    plain = "".join(letter for letter in words if not unicodedata.combining(letter)).strip()
    if place_kind == "postcode":
        match = _POSTCODE.fullmatch(" ".join(plain.split()))
        return match[1] + match[2] if match else ""
    if place_kind == "property":
        plain = re.sub(r"\s*:\s*", ":", plain)
        return re.sub(r"[\s_,]+", " ", plain.replace(">", ":")).strip()
    return _APART.sub(" ", plain).strip()


def normalise_keys(place_kind: str, keys: pd.Series) -> pd.Series:
    """`normalise_key` for a column, each text once.

    Returns
    -------
    (n,) Series of str, the index that of `keys`
    """
    codes, texts = pd.factorize(keys.astype(object), use_na_sentinel=True)
    plain = [*(normalise_key(place_kind, each) for each in texts), ""]
    return pd.Series([plain[code] for code in codes.tolist()], index=keys.index, dtype=object)


def _check_keys(frame: gpd.GeoDataFrame) -> list[Failure]:
    is_postcode = (frame["place_kind"] == "postcode").to_numpy(dtype=bool)
    bad = is_postcode.copy()
    bad[is_postcode] = (normalise_keys("postcode", frame.loc[is_postcode, "key"]) == "").to_numpy(dtype=bool)
    return fail_where("key", "is no postcode", "write five digits, such as 93131", bad, frame["key"])


LAYER = Layer(
    name="gazetteer",
    title="Gazetteer",
    id_columns=("place_id",),
    geometry_types=frozenset({"Point", "Polygon", "MultiPolygon"}),
    schema=SCHEMA,
    rules=_check_keys,
)
