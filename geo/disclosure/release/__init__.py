"""Releases: rows that may be shared on a map, audited together with every release that still counts.

====================  ==================================================================
`rows`                a release as a value: squares, rows, and what was left out
`scope`               what a link shows of a release
====================  ==================================================================
"""

from geo.disclosure.release.rows import (
    ALL_SECTORS,
    BASE_M,
    LAYERS,
    Release,
    ReleaseCell,
    ReleaseRow,
    Withheld,
    digest_rows,
    list_areas,
    parse_cell_id,
    read_release,
    write_release,
)
from geo.disclosure.release.scope import Scope, check_scope, select_rows, snap_area

__all__ = [
    "ALL_SECTORS",
    "BASE_M",
    "LAYERS",
    "Release",
    "ReleaseCell",
    "ReleaseRow",
    "Scope",
    "Withheld",
    "check_scope",
    "digest_rows",
    "list_areas",
    "parse_cell_id",
    "read_release",
    "select_rows",
    "snap_area",
    "write_release",
]
