"""What would follow if something changed: the change, the surface after it, and where the two differ."""

from geo.risk.what_if.changes import (
    AddAccommodation,
    AddEstablishment,
    Change,
    CloseSite,
    SetPhase,
    WithdrawSector,
)
from geo.risk.what_if.outcome import CellDifference, WhatIf
from geo.risk.what_if.run import list_quarters, what_if, what_if_by_quarter

__all__ = [
    "AddAccommodation",
    "AddEstablishment",
    "CellDifference",
    "Change",
    "CloseSite",
    "SetPhase",
    "WhatIf",
    "WithdrawSector",
    "list_quarters",
    "what_if",
    "what_if_by_quarter",
]
