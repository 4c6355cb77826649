"""Yearly pictures made once, and kept for as long as neither records nor plans change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.snapshots import Snapshot
from geo.planning.followup import CalibrationReport, calibration_report
from geo.planning.yearly import Period, Picture, draw_picture
from geo.recent import Recent
from geo.store.plans import list_plans, list_versions

__all__ = ["PictureShelf", "YearPage"]

_KEPT = 16


@dataclass(frozen=True, eq=False)
class YearPage:
    """What a page of a period shows.

    Attributes
    ----------
    picture : Picture
    report : CalibrationReport
    """

    picture: Picture
    report: CalibrationReport


class PictureShelf:
    """Pictures by records, plans and period."""

    def __init__(self) -> None:
        self._made: Recent[tuple[object, ...], YearPage] = Recent(_KEPT)

    def get(self, home: Path, snapshot: Snapshot, period: Period) -> YearPage:
        """The picture of a period for the circle of a snapshot."""
        # plans themselves are read only where one of them is new or has changed
        key = (snapshot.fingerprint, snapshot.circle, period, list_versions(home, snapshot.circle))
        known = self._made.get(key)
        if known is not None:
            return known
        some = [stored.plan for stored in list_plans(home, snapshot.circle)]
        page = YearPage(draw_picture(snapshot.layers, period, some), calibration_report(some))
        return self._made.put(key, page)
