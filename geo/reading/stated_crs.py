"""What a file says its coordinates are in, taken from WKT, PROJJSON or a code alone."""

from __future__ import annotations

import re
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError as ProjCRSError

__all__ = ["read_stated_crs"]

# a PROJ string could name files of the machine (+init, +nadgrids), and a plain name is looked up by likeness
_CODE_OR_WKT = re.compile(r"\s*(?:[A-Za-z]+:[A-Za-z0-9]+\Z|[A-Z][A-Z_0-9]+\s*\[)")


def read_stated_crs(described: Any) -> tuple[CRS | None, str]:
    """The CRS that a file states.

    Parameters
    ----------
    described : str (a code or WKT), dict (PROJJSON), or None where the file states none

    Returns
    -------
    CRS or None, and why what is stated cannot be used
    """
    if not described:
        return None, ""
    unknown = "it names a coordinate reference system that PROJ does not know"
    if not isinstance(described, dict) and not (isinstance(described, str) and _CODE_OR_WKT.match(described)):
        return None, unknown
    try:
        return CRS.from_user_input(described), ""
    except (ProjCRSError, TypeError, ValueError, RecursionError):
        return None, unknown
