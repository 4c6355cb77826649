"""A share link as somebody asks for it, in a form or by a program: all that is wrong with it, or the link to be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import shapely

from api.auth.passwords import MAX_PASSWORD, MIN_PASSWORD, find_fault
from api.errors import FieldsError
from api.service import Service, Snapshot
from geo.disclosure.release.build import find_finest
from geo.disclosure.release.partition import LARGEST_M
from geo.disclosure.release.rows import ALL_SECTORS, LAYERS, Release
from geo.disclosure.release.scope import Scope, select_rows, snap_area
from geo.errors import InputError, NotFoundError, ParameterError
from geo.layers.circles import VISIBLE
from geo.reference import county_names, municipality_names, read_table
from geo.region import region_grid
from geo.risk.area.drawn import parse_area
from geo.store.people.shares.life import MAX_OPENINGS, MAX_TEXT
from geo.store.people.shares.links import (
    DAY_S,
    DEFAULT_LASTS_S,
    MAX_LASTS_S,
    NewShare,
    ShareScope,
    find_approval_limit,
)
from geo.store.people.shares.readable import AREA_KINDS
from geo.store.people.texts import find_text_fault, tidy_text
from geo.store.people.users import User
from geo.store.releases import list_releases, load_release
from maps.i18n import LANGUAGES, SWEDEN
from maps.pages.accounts import Fault
from maps.pages.links import say_link_faults
from maps.permalinks import read_corners

__all__ = [
    "AskedShare",
    "FaultsError",
    "check_asked",
    "choose_expiry",
    "default_day",
    "find_day_fault",
    "list_open_releases",
    "read_area_text",
]

_MOST_RELEASES = 20
_NUMBER = re.compile(r"[0-9]{1,6}")
# of a telephone number; within an agency they are as short as that
_LEAST_DIGITS = 4


class FaultsError(ParameterError):
    """What is wrong with what was asked for, by field.

    Attributes
    ----------
    faults : tuple of Fault
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(words for _, words in say_link_faults("en", self.faults)["faults"]))

    def by_field(self, lang: str) -> FieldsError:
        """The same for programs, with words in a language."""
        return FieldsError(say_link_faults(lang, self.faults)["faults"])


@dataclass(frozen=True)
class AskedShare:
    """A link as it is asked for, unchecked.

    Attributes
    ----------
    release_id : str
    area_kind : str, one of `AREA_KINDS`
    counties : codes, where the kind is ``counties``
    municipality : code, where it is ``municipality``
    polygon : GeoJSON, where it is ``drawn``; None for one that cannot be read
    sectors, layers : codes
    finest_m : str, m
    recipient, purpose, basis, contact, lang : str
    expires_on : str, YYYY-MM-DD, its last day in Sweden
    password : str, empty for none
    is_single_use : bool
    max_openings : str, empty for any number
    """

    release_id: str
    area_kind: str
    counties: tuple[str, ...]
    municipality: str
    polygon: Mapping[str, Any] | None
    sectors: tuple[str, ...]
    layers: tuple[str, ...]
    finest_m: str
    recipient: str
    purpose: str
    basis: str
    contact: str
    lang: str
    expires_on: str
    password: str
    is_single_use: bool
    max_openings: str


def list_open_releases(service: Service, circle: str, now: float) -> list[Release]:
    """Releases that somebody of a circle may share, the newest first, at most twenty."""
    home, at = service.settings.home, datetime.fromtimestamp(now, UTC)
    found: list[Release] = []
    for summary in list_releases(home, now=at):
        if summary.is_open and summary.circle in VISIBLE[circle] and len(found) < _MOST_RELEASES:
            try:
                found.append(load_release(home, summary.release_id, now=at))
            except NotFoundError:
                # deleted just now
                continue
    return found


def check_asked(
    service: Service, snapshot: Snapshot, user: User, asked: AskedShare, *, now: float
) -> tuple[NewShare, str]:
    """The link to be, as yet without the hash of its password; and the password.

    Raises
    ------
    FaultsError
        All that is wrong.
    """
    asked = replace(asked, sectors=tuple(dict.fromkeys(asked.sectors)), layers=tuple(dict.fromkeys(asked.layers)))
    release = next(
        (each for each in list_open_releases(service, user.circle, now) if each.release_id == asked.release_id), None
    )
    area, area_faults = _find_area(asked, release, snapshot)
    scope_faults = _find_scope_faults(asked, release)
    faults = [] if release is not None else [Fault("release", "missing")]
    faults += [*area_faults, *scope_faults, *_find_text_faults(asked)]
    if asked.lang not in LANGUAGES:
        faults.append(Fault("lang", "unknown"))
    faults += [*_find_limit_faults(asked), *_find_basis_fault(asked, release)]
    faults += find_day_fault(asked.expires_on, now, None if release is None else release.expires_at.timestamp())
    if release is None:
        raise FaultsError(faults)
    scope = None
    if not (area_faults or scope_faults):
        scope = ShareScope(release.release_id, area, asked.sectors, asked.layers, int(asked.finest_m))
        if not select_rows(release, Scope(area, asked.sectors, asked.layers, scope.finest_m)):
            faults.append(Fault("area", "nothing"))
    if faults or scope is None:
        raise FaultsError(faults)
    new = NewShare(
        recipient=asked.recipient,
        purpose=asked.purpose,
        contact=asked.contact,
        basis=asked.basis,
        circle=release.circle,
        scope=scope,
        area_asked=_describe_area(asked),
        lang=asked.lang,
        expires_at=choose_expiry(asked.expires_on, now, release.expires_at.timestamp()),
        needs_approval=scope.finest_m < find_approval_limit(),
        is_single_use=asked.is_single_use,
        max_openings=int(asked.max_openings) if asked.max_openings else None,
    )
    return new, asked.password


# ---- texts and limits


def _find_text_faults(asked: AskedShare) -> list[Fault]:
    faults = []
    for field, most in MAX_TEXT.items():
        text = tidy_text(getattr(asked, field))
        if not text:
            faults.append(Fault(field, "missing"))
        elif len(text) > most:
            faults.append(Fault(field, "long", most))
        elif find_text_fault(text, most):
            faults.append(Fault(field, "unseen"))
        elif field == "contact" and not _can_be_asked(text):
            faults.append(Fault(field, "unreachable"))
    return faults


def _can_be_asked(contact: str) -> bool:
    """Whether it may hold a telephone number or an e-mail address."""
    return "@" in contact or sum(each.isdecimal() for each in contact) >= _LEAST_DIGITS


def _find_limit_faults(asked: AskedShare) -> list[Fault]:
    faults = []
    if asked.password and (word := find_fault(asked.password, asked.recipient)):
        faults.append(Fault("password", word, {"short": MIN_PASSWORD, "long": MAX_PASSWORD}.get(word, 0)))
    times = asked.max_openings
    if times and not (_NUMBER.fullmatch(times) and 1 <= int(times) <= MAX_OPENINGS):
        faults.append(Fault("max_openings", "number", MAX_OPENINGS))
    elif asked.is_single_use and times not in {"", "1"}:
        faults.append(Fault("max_openings", "single"))
    return faults


def _find_basis_fault(asked: AskedShare, release: Release | None) -> list[Fault]:
    bases = read_table("sharing_bases")
    known = dict(zip(bases["basis"], bases["circle"], strict=True))
    if asked.basis not in known:
        return [Fault("basis", "missing")]
    return [] if release is None or known[asked.basis] == release.circle else [Fault("basis", "other-circle")]


# ---- how long


def find_day_fault(text: str, now: float, last: float | None = None) -> list[Fault]:
    """What is wrong with the last day of a link, which may be no later than its release's last moment (s)."""
    day = _read_day(text)
    if day is None:
        return [Fault("expires_on", "unreadable")]
    today = datetime.fromtimestamp(now, SWEDEN).date()
    if day < today:
        return [Fault("expires_on", "past")]
    if day > today + timedelta(seconds=MAX_LASTS_S):
        return [Fault("expires_on", "far", int(MAX_LASTS_S / DAY_S))]
    if last is not None and day > datetime.fromtimestamp(last, SWEDEN).date():
        return [Fault("expires_on", "after-release")]
    return []


def choose_expiry(text: str, now: float, last: float) -> float:
    """The end of a day in Sweden, s, or 90 days from now, or the end of the release, whichever comes first."""
    day = _read_day(text)
    if day is None:
        raise FaultsError([Fault("expires_on", "unreadable")])
    end = datetime.combine(day + timedelta(days=1), time(), SWEDEN).timestamp()
    return min(end, now + MAX_LASTS_S, last)


def default_day(now: float, last: float | None = None) -> str:
    """The day that a link lasts to unless another is chosen."""
    end = now + DEFAULT_LASTS_S if last is None else min(now + DEFAULT_LASTS_S, last)
    return datetime.fromtimestamp(end, SWEDEN).date().isoformat()


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


# ---- what is shown


def _find_scope_faults(asked: AskedShare, release: Release | None) -> list[Fault]:
    """Of the scope, as far as it can be told without a release where there is none."""
    faults = []
    known = {ALL_SECTORS, *read_table("sectors")["sector"]}
    told = known if release is None else {ALL_SECTORS, *(row.sector for row in release.rows)}
    if not asked.sectors or not known.issuperset(asked.sectors):
        faults.append(Fault("sectors", "missing"))
    # no cell of theirs has enough employers: what is chosen and not there must not be taken for shown
    elif untold := [code for code in asked.sectors if code not in told]:
        faults.append(Fault("sectors", "untold", codes=tuple(untold)))
    if not asked.layers or not set(asked.layers) <= set(LAYERS):
        faults.append(Fault("layers", "missing"))
    elif "accommodation" in asked.layers and asked.sectors and ALL_SECTORS not in asked.sectors:
        faults.append(Fault("sectors", "needs-all"))
    least = 0 if release is None else max(release.finest_m, find_finest(release.circle))
    size = int(asked.finest_m) if _NUMBER.fullmatch(asked.finest_m) else 0
    times, rest = divmod(size, 1000)
    if times < 1 or rest or times & (times - 1) or size > LARGEST_M:
        faults.append(Fault("finest_m", "unknown"))
    elif size < least:
        faults.append(Fault("finest_m", "fine", least // 1000))
    return faults


def _find_area(
    asked: AskedShare, release: Release | None, snapshot: Snapshot
) -> tuple[tuple[str, ...] | None, list[Fault]]:
    # the form without scripts, and a program, may say two things: the wider one must not win
    has_parts = {
        "counties": bool(asked.counties),
        "municipality": bool(asked.municipality),
        "drawn": asked.polygon is not None,
    }
    if asked.area_kind in AREA_KINDS and any(has and kind != asked.area_kind for kind, has in has_parts.items()):
        return None, [Fault("area", "two")]
    if asked.area_kind == "all":
        return None, []
    shape, fault = _find_shape(asked, snapshot)
    if shape is None:
        return None, [fault]
    if release is None:
        return None, []
    try:
        return snap_area(release, shape), []
    except ParameterError:
        return None, [Fault("area", "nothing")]


def _find_shape(asked: AskedShare, snapshot: Snapshot) -> tuple[shapely.Geometry | None, Fault]:
    """The area that is asked for, EPSG:3006; None where the fault tells what is wrong with it."""
    if asked.area_kind == "drawn":
        try:
            return parse_area(asked.polygon or {}, snapshot.region, region_grid()).polygon, Fault("", "")
        except InputError:
            return None, Fault("area", "drawn")
        except NotFoundError:
            return None, Fault("area", "nothing")
    if asked.area_kind not in AREA_KINDS:
        return None, Fault("area", "missing")
    codes = snapshot.region.municipalities["municipality"]
    if asked.area_kind == "counties":
        is_known = bool(asked.counties) and set(asked.counties) <= set(county_names())
        chosen, fault = codes.str[:2].isin(asked.counties), Fault("counties", "missing")
    else:
        is_known = asked.municipality in municipality_names()
        chosen, fault = codes == asked.municipality, Fault("municipality", "missing")
    return (_unite(snapshot.region.municipalities, chosen) if is_known else None), fault


def _unite(municipalities: Any, chosen: Any) -> shapely.Geometry:
    return shapely.union_all(np.asarray(municipalities.geometry[chosen]))


def _describe_area(asked: AskedShare) -> dict[str, Any]:
    if asked.area_kind == "counties":
        return {"kind": "counties", "codes": sorted(asked.counties)}
    if asked.area_kind == "municipality":
        return {"kind": "municipality", "codes": [asked.municipality]}
    return {"kind": asked.area_kind}


def read_area_text(text: str) -> dict[str, Any] | None:
    """A drawn area as the map's address has it, as GeoJSON; None for what is none."""
    try:
        corners = read_corners(text)
    except ValueError:
        return None
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]}
