"""Releases: rows that may be shared on a map, audited together with every release that still counts.

====================  ==================================================================
`rows`                a release as a value: squares, rows, and what was left out
`scope`               what a link shows of a release
`sites`               records as they are counted: keyed hashes, squares, sectors, circles
`safety`              whether a group of records may be told of
`partition`           squares for rows, from the finest up
`labels`              which row each place belongs to
`span`                sums that follow from other sums
`audit`               groups that may not be told of and follow from rows, whoever chose them
`small_sums`          groups of few employers among everything that follows
`dominated_sums`      groups of many employers of which one or two have nearly all
`earlier`             keeping to what was shared before
`status`              squares that stay rows or none until many employers have changed
`choosing`            squares that pass the audit
`noise`               noise on numbers, the same for the same records
`classes`             classes of the score
`build`               making a release
`memory`              what a release leaves for later audits
`words`               what coordinators are told of what was left out
====================  ==================================================================
"""

from geo.disclosure.release.build import (
    Built,
    Parameters,
    build_release,
    find_finest,
    order_circles,
    release_parameters,
)
from geo.disclosure.release.memory import Memory, read_memory, write_memory
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
from geo.disclosure.release.words import describe_withheld

__all__ = [
    "ALL_SECTORS",
    "BASE_M",
    "LAYERS",
    "Built",
    "Memory",
    "Parameters",
    "Release",
    "ReleaseCell",
    "ReleaseRow",
    "Scope",
    "Withheld",
    "build_release",
    "check_scope",
    "describe_withheld",
    "digest_rows",
    "find_finest",
    "list_areas",
    "order_circles",
    "parse_cell_id",
    "read_memory",
    "read_release",
    "release_parameters",
    "select_rows",
    "snap_area",
    "write_memory",
    "write_release",
]
