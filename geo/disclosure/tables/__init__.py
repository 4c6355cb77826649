"""Tables of counts that can be shared: few firms are not shown, and cannot be worked out from what is.

====================  ==================================================================
`cells`               records to cells: what each counts, and how few firms are behind it
`audit`               which cells follow from those that are shown
`protect`             which cells stay empty
====================  ==================================================================
"""

from geo.disclosure.tables.audit import find_derivable, find_determined
from geo.disclosure.tables.cells import Cell, CellKey, Cells, Rule, TablePlan, count_cells, disclosure_rule
from geo.disclosure.tables.protect import Protected, protect_tables

__all__ = [
    "Cell",
    "CellKey",
    "Cells",
    "Protected",
    "Rule",
    "TablePlan",
    "count_cells",
    "disclosure_rule",
    "find_derivable",
    "find_determined",
    "protect_tables",
]
