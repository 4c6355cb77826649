"""Who may check what where: agencies, how they attend, and the checks that a stop needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from geo.reference.tables import read_columns, read_table

__all__ = ["Check", "Requirement", "find_checks", "find_requirements"]

_ANY = "any"
# Accommodation is lodging, and a home for whoever lives there; it has no sector.
_SITE_KINDS = {"workplaces": ("workplace",), "accommodation": ("home", "temporary_lodging")}


@dataclass(frozen=True)
class Check:
    """A check that an agency may make at a site.

    Attributes
    ----------
    agency : code of ``agencies``
    attendance : code of ``attendances``, how the agency takes part
    code : code of the check
    """

    agency: str
    attendance: str
    code: str


@dataclass(frozen=True)
class Requirement:
    """What somebody must be able to check at a stop, lest the drive is wasted.

    Attributes
    ----------
    code : str
    checks : codes of checks, any of which will do
    is_on_site : whether it takes somebody at the place
    """

    code: str
    checks: frozenset[str]
    is_on_site: bool


@lru_cache(maxsize=256)
def find_checks(layer: str, sector: str) -> tuple[Check, ...]:
    """Every check that some agency may make at a site, in the order of the table ``capabilities``.

    Parameters
    ----------
    layer : ``workplaces`` or ``accommodation``
    sector : sector group, ``""`` for accommodation

    Notes
    -----
    A row that says that a check does not apply takes it away from the sites that it names.
    """
    sectors, kinds = {_ANY, sector}, {_ANY, *_SITE_KINDS[layer]}
    columns = ("agency", "attendance", "check", "applies", "sector", "site_kind")
    rows = [row for row in read_columns("capabilities", *columns) if row[4] in sectors and row[5] in kinds]
    refused = {(agency, check) for agency, _, check, applies, *_ in rows if not applies}
    # a check stands once for each of the sectors and kinds that it applies to
    named = dict.fromkeys((agency, attendance, check) for agency, attendance, check, *_ in rows)
    return tuple(Check(*one) for one in named if (one[0], one[2]) not in refused)


@lru_cache(maxsize=256)
def find_requirements(layer: str, sector: str) -> tuple[Requirement, ...]:
    """What a stop at a site needs, in the order of the table ``stop_requirements``.

    Parameters
    ----------
    layer : ``workplaces`` or ``accommodation``
    sector : sector group, ``""`` for accommodation
    """
    rows = read_table("stop_requirements")
    rows = rows[(rows["layer"] == layer) & rows["sector"].isin([_ANY, sector])]
    return tuple(
        Requirement(str(code), frozenset(some["check"]), (some["presence"] == "on_site").any().item())
        for code, some in rows.groupby("requirement", sort=False)
    )
