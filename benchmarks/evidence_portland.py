"""Back-test on Portland's auto thefts: 29 rolling one-month forecasts."""

from __future__ import annotations

from pathlib import Path

from evidence_section import DataMissingError, Section

__all__ = ["build_section"]


def build_section(data: Path) -> Section:
    """Score the models month by month.

    Parameters
    ----------
    data : folder of the public data

    Raises
    ------
    DataMissingError
    """
    message = f"the back-test is not there yet ({data})"
    raise DataMissingError(message)
