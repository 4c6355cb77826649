"""Pages of plans: all of them, the form for a new one, and one plan with its routes, checks and outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup

from geo.planning.plan import Plan
from geo.reference import county_names, planning_parameters, read_table
from maps.i18n import format_date, translate
from maps.pages.base import Query, render_page
from maps.plan_files import FORMS
from maps.plan_files.stamp import say_classification
from maps.skeleton import Skeleton

__all__ = ["ListedPlan", "PlansPage", "render_new_plan_page", "render_plan_page", "render_plans_page"]

Choice = tuple[str, str]

# People of a usual joint team, to begin with; sums to what the presentation of the region's coordinator calls usual.
_USUAL_PEOPLE: Final = MappingProxyType({"arbetsmiljoverket": 4, "polismyndigheten": 5, "skatteverket": 2})
# Long words break there on a narrow screen.
_JOINTS: Final = ("myndigheten", "förmedlingen", "kassan", "koordinator", "handel")
_USUAL_FAR: Final = MappingProxyType({"regional_coordinator": "on_call", "migrationsverket": "remote"})
USUAL_SEATS: Final = "5, 5, 5"


@dataclass(frozen=True)
class ListedPlan:
    """A plan in the list of all of them.

    Attributes
    ----------
    plan_id, name, state : str
    days : dates, in order
    n_crews, n_stops, n_outcomes : int
    synthetic : bool, whether any of its sites is made up
    """

    plan_id: str
    name: str
    state: str
    days: Sequence[date]
    n_crews: int
    n_stops: int
    n_outcomes: int
    synthetic: bool = False


@dataclass(frozen=True)
class PlansPage:
    """Which plans of a list are shown.

    Attributes
    ----------
    n_plans : int, all that there are, without the cancelled ones where these are not shown
    offset : int, how many come before
    at_a_time : int, how many are shown at most
    n_cancelled : int
    has_cancelled : bool, whether the cancelled ones are among them
    """

    n_plans: int
    offset: int
    at_a_time: int
    n_cancelled: int = 0
    has_cancelled: bool = False

    @property
    def following(self) -> int | None:
        """Where the next ones begin; None where there are none."""
        following = self.offset + self.at_a_time
        return following if following < self.n_plans else None

    @property
    def preceding(self) -> int | None:
        """Where those before begin; None for the first ones."""
        return max(0, min(self.offset, self.n_plans) - self.at_a_time) if self.offset else None


@dataclass(frozen=True)
class AgencyRow:
    """An agency in the form for a crew: how it may take part, and how it does unless somebody says otherwise."""

    agency: str
    title: str
    on_site: bool
    ways: tuple[Choice, ...]
    people: int
    way: str


def render_plans_page(
    lang: str, plans: Sequence[ListedPlan], shown: PlansPage, *, may_plan: bool, sort: str = "", query: Query = ()
) -> str:
    """Render the list of plans, served at ``/plans``.

    Parameters
    ----------
    lang : str
    plans : sequence of ListedPlan, in the order asked for
    shown : PlansPage, which of all plans these are
    may_plan : bool
        Whether the page leads to the form for a new one.
    sort : {"", "name", "state"}
        What they are sorted by; by days when empty.
    query : pairs of str

    Returns
    -------
    str
    """
    states = _titles(lang, "plan_states", "state")
    lines = [
        {"plan": one, "days": say_days(lang, one.days), "state": states.get(one.state, one.state)} for one in plans
    ]
    return render_page(
        "plans.html",
        lang,
        "",
        query,
        plans=lines,
        shown=shown,
        may_plan=may_plan,
        sort=sort,
        synthetic=any(plan.synthetic for plan in plans),
    )


def render_new_plan_page(
    lang: str, skeleton: Skeleton, *, plan: Plan | None = None, synthetic: bool = False, query: Query = ()
) -> str:
    """Render the form for a new plan, served at ``/plans/new``, or at ``/plans/new?plan=…`` that of a draft.

    Parameters
    ----------
    lang : str
    skeleton : Skeleton
        Map on which depots are chosen.
    plan : Plan, optional
        What is to be changed; its script fetches what was asked for.
    synthetic : bool
        Whether the sites to choose from are made up.
    query : pairs of str
        The request's query: sites and filter that the form begins with, read by the page's script.

    Returns
    -------
    str
    """
    values = planning_parameters()
    return render_page(
        "plan_new.html",
        lang,
        "../",
        query,
        synthetic=synthetic,
        plan=plan,
        skeleton_html=Markup(skeleton.html),  # noqa: S704  our own constant output, not data
        agencies=_list_agencies(lang),
        sectors=_risk_sectors(lang),
        counties=[(code, name) for code, name in county_names().items()],
        municipalities=[(str(row.municipality), str(row.name)) for row in _rows("municipalities")],
        powers=[(row.agency, row.title.replace("\N{SOFT HYPHEN}", "")) for row in _list_agencies(lang) if row.on_site],
        certainty=_certainty(lang),
        exclusions=list(_titles(lang, "exclusion_reasons", "reason").items()),
        usual_seats=USUAL_SEATS,
        start=_clock(int(values["day_start_minute"])),
        end=_clock(int(values["day_end_minute"])),
    )


def render_plan_page(
    lang: str,
    skeleton: Skeleton,
    plan: Plan,
    *,
    may_change: bool = False,
    can_save: bool = False,
    query: Query = (),
) -> str:
    """Render a plan's page, served at ``/plans/{plan_id}``; its script fetches the plan and draws it.

    Parameters
    ----------
    lang : str
    skeleton : Skeleton
    plan : Plan
        Its name, who may see it, and whether any of its sites is made up.
    may_change : bool
    can_save : bool
        Whether it may be saved for work without a network.
    query : pairs of str

    Returns
    -------
    str
    """
    reasons = [(str(row.reason), _title(lang, row), str(row.use)) for row in _rows("plan_reasons")]
    languages = _titles(lang, "interpreter_languages", "language").items()
    choices = {
        "sector": list(_titles(lang, "sectors", "sector").items()),
        "revisit": [(code, title) for code, title, use in reasons if use == "revisit"],
        "move": [(code, title) for code, title, use in reasons if use == "move"],
        "exclusion": list(_titles(lang, "exclusion_reasons", "reason").items()),
        "language": sorted(languages, key=lambda one: one[1].casefold()),
        "outcome": list(_titles(lang, "visit_outcomes", "outcome").items()),
        "indicator": list(_titles(lang, "indicators", "indicator").items()),
        "indicator_grade": [(str(row.indicator), str(row.grade)) for row in _rows("indicators")],
        "grade": list(_titles(lang, "finding_grades", "grade").items()),
        "source": list(_titles(lang, "finding_sources", "finding_source").items()),
        "verification": list(_titles(lang, "finding_verifications", "verification").items()),
        "band": [(str(row.band), str(row.band).replace("-", "–")) for row in _rows("persons_bands")],
    }
    return render_page(
        "plan.html",
        lang,
        "../",
        query,
        synthetic=plan.is_synthetic,
        skeleton_html=Markup(skeleton.html),  # noqa: S704  our own constant output, not data
        plan_id=plan.plan_id,
        plan_name=plan.name,
        may_change=may_change,
        classification=say_classification(plan, lang),
        can_save=can_save,
        choices=choices,
        files=[(name, form.say(lang)) for name, form in FORMS.items()],
    )


def say_days(lang: str, days: Sequence[date]) -> str:
    """Days of a plan: one, or the first and the last."""
    first, last = format_date(lang, days[0]), format_date(lang, days[-1])
    return first if first == last else translate(lang, "{first} to {last}", first=first, last=last)


def _rows(table: str) -> Iterable[Any]:
    return read_table(table).itertuples(index=False)


def _title(lang: str, row: Any) -> str:
    return str(row.title_sv if lang == "sv" else row.title)


def _titles(lang: str, table: str, code: str) -> dict[str, str]:
    """Code to title in a language, in the table's order."""
    return {str(getattr(row, code)): _title(lang, row) for row in _rows(table)}


def _risk_sectors(lang: str) -> list[Choice]:
    return [(str(row.sector), _title(lang, row)) for row in _rows("sectors") if row.risk_weight > 0]


def _certainty(lang: str) -> list[Choice]:
    """Classes that narrow anything: the last has all of the cells."""
    rows = list(_rows("certainty_classes"))[:-1]
    return [(str(row.certainty), str(row.name_sv if lang == "sv" else row.name)) for row in rows]


def _list_agencies(lang: str) -> list[AgencyRow]:
    """Agencies that may take part at all, those that may ride along first, in the table's order."""
    attendance = {str(row.agency): str(row.attendance) for row in _rows("capabilities")}
    may = {str(row.attendance): row for row in _rows("attendances")}
    found = []
    for row in _rows("agencies"):
        agency = str(row.agency)
        if agency not in attendance:
            continue
        how = may[attendance[agency]]
        ways = []
        if how.may_be_on_call:
            ways.append(("on_call", translate(lang, "On call")))
        if how.may_be_remote:
            ways.append(("remote", translate(lang, "Remote")))
        if not how.may_be_on_site and not ways:
            continue
        usual = _USUAL_PEOPLE.get(agency, 0), _USUAL_FAR.get(agency, "")
        found.append(AgencyRow(agency, _hyphenate(_title(lang, row)), bool(how.may_be_on_site), tuple(ways), *usual))
    return sorted(found, key=lambda one: not one.on_site)


def _hyphenate(title: str) -> str:
    """A title with soft hyphens."""
    for joint in _JOINTS:
        title = title.replace(joint, f"\N{SOFT HYPHEN}{joint}").replace(" \N{SOFT HYPHEN}", " ")
    return title


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
