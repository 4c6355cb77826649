"""Files that Norrsyn exported, recognised when they come back.

Every row of an export says so in a column of its own, because the column stays when the file is copied, edited and
saved by other programs, and the dictionary beside it does not. What the column says of a row is believed for the text
of that row and no more: everything that is checked in other files is checked in these.
"""

from __future__ import annotations

import pandas as pd

from geo.reading.formulas import restore_formula

__all__ = ["AS_IT_IS", "ESCAPED", "EXPORT_MARK", "is_export", "restore_export"]

EXPORT_MARK = "norrsyn_export"
# values of the column: text was made harmless for spreadsheets, or stands as it is in the layer
ESCAPED, AS_IT_IS = "text-escaped", "text-as-it-is"


def is_export(columns: pd.DataFrame) -> bool:
    """Whether a table has the mark of an export."""
    return EXPORT_MARK in columns.columns


def restore_export(columns: pd.DataFrame) -> pd.DataFrame:
    """The rows of an export with their text as it was in the layer; any other table as it is.

    Parameters
    ----------
    columns : DataFrame of objects, as they stand in the file

    Returns
    -------
    DataFrame of objects; the mark stays, and says of the rows that were restored that they are
    """
    if not is_export(columns):
        return columns
    escaped = (columns[EXPORT_MARK] == ESCAPED).to_numpy(dtype=bool)
    if not escaped.any():
        return columns
    restored = {
        name: [
            restore_formula(cell) if was_escaped and isinstance(cell, str) else cell
            for cell, was_escaped in zip(columns[name], escaped, strict=True)
        ]
        for name in columns.columns
    }
    restored[EXPORT_MARK] = [
        AS_IT_IS if was_escaped else cell for cell, was_escaped in zip(columns[EXPORT_MARK], escaped, strict=True)
    ]
    return pd.DataFrame(restored, index=columns.index, dtype=object)
