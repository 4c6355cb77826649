"""What the API answers, as types: the contract that pages, scripts and OpenAPI share.

``lon`` and ``lat`` are degrees in WGS84; ``easting`` and ``northing`` are metres in EPSG:3006.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "BaseMapData",
    "CellAnswer",
    "CellPanel",
    "FiltersAnswer",
    "Health",
    "LayersAnswer",
    "Me",
    "NearestAnswer",
    "PlacesAnswer",
    "SearchAnswer",
    "SitePanel",
    "SitesAnswer",
    "SurfaceInfo",
    "SurfacesAnswer",
    "TableAnswer",
    "TablesAnswer",
    "TopAnswer",
]

Lon = Annotated[float, Field(description="Degrees, WGS84", ge=-180, le=180)]
Lat = Annotated[float, Field(description="Degrees, WGS84", ge=-90, le=90)]
Easting = Annotated[float, Field(description="Metres, EPSG:3006")]
Northing = Annotated[float, Field(description="Metres, EPSG:3006")]
Box = Annotated[list[float], Field(description="West, south, east, north: degrees, WGS84", min_length=4, max_length=4)]
Points = Annotated[dict[str, float], Field(description="Points by component; they add up to the score")]
State = Literal["outside", "nothing_known", "never_inspected", "inspected"]


class Answer(BaseModel):
    """Base of every answer: no field beyond those declared."""

    model_config = ConfigDict(extra="forbid")


class CodeName(Answer):
    """A code and what it is called."""

    code: str
    name: str


class ClassName(Answer):
    """The class that a score is shown in."""

    code: str
    name: str
    colour: str = Field(pattern="^#[0-9A-F]{6}$")


class ClassCount(ClassName):
    """A class, its breaks and how many cells it has."""

    low: float
    high: float
    n_cells: int


class StateCounts(Answer):
    """Cells by what is known of them."""

    nothing_known: int
    never_inspected: int
    inspected: int


class Comparison(Answer):
    """Likeness to a plain map of where people work; null where too little is ranked."""

    rank_correlation: float | None = Field(description="Spearman's rank correlation with employee density")
    top20_overlap: float | None = Field(description="Share of the 20 highest cells that both have in common")


class LayerInfo(Answer):
    """A layer that a surface was scored from, or that the data folder holds."""

    name: str
    title: str
    rows: int
    added_at: str | None = Field(description="When it was put into the data folder, ISO 8601")
    source: str | None = Field(description="Name of the file it came from, or how it was made")
    synthetic: bool


class SurfaceInfo(Answer):
    """A scored surface in figures."""

    id: str
    at: date = Field(description="Scoring date")
    sectors: list[str] | None = Field(description="Sector groups that count; null for all")
    created: str | None = Field(description="When it was scored, ISO 8601")
    model_version: str
    synthetic: bool
    cell_m: float
    crs: str
    n_scored: int = Field(description="Cells that are ranked and drawn")
    bounds: Box
    classes: list[ClassCount]
    states: StateCounts
    comparison: Comparison
    layers: list[LayerInfo]
    weights: dict[str, float]
    is_published: bool = Field(description="Whether it is what everybody of your circle sees at first")
    is_newer: bool = Field(description="Whether it rests on newer data than the published one")
    is_stale: bool = Field(
        description="Whether records have changed since it was scored, so that it cannot say which of them weigh"
    )
    changed_weights: dict[str, list[float]] = Field(
        description="Component to its points in the published model and here, on the scale of `weight`"
    )
    rests_on: str | None = Field(description="Which records it rests on, in words; null where these are all")


class SurfacesAnswer(Answer):
    """Surfaces that can be asked for by id."""

    current: str | None
    surfaces: list[SurfaceInfo]


class DriverInfo(Answer):
    """A record behind a component's value at a place."""

    id: str
    layer: str
    title: str
    distance_m: float
    share: float = Field(description="Part of the component's value that this record makes, 0 to 1")
    spread_m: float = Field(description="Radius around the position within which the record lies; 0 where it is exact")
    lon: Lon
    lat: Lat


class ComponentInfo(Answer):
    """One component of one cell."""

    name: str
    title: str
    points: float
    max_points: float
    value: float
    unit: str
    reference_level: float
    weight: float
    drivers: list[DriverInfo]


class CellAnswer(Answer):
    """Why a cell has its score."""

    cell_id: str
    scb_id: str | None
    surface: str
    easting: Easting
    northing: Northing
    lon: Lon
    lat: Lat
    bounds: list[list[float]] = Field(description="Corners as [lat, lon], from the south-west counter-clockwise")
    municipality: str
    municipality_code: str
    county: str
    place: str
    score: float
    class_: ClassName | None = Field(alias="class", description="null where nothing is drawn")
    state: State
    rank: int | None
    n_ranked: int
    reasons: list[str]
    contributions: Points
    components: list[ComponentInfo]


class VisitInfo(Answer):
    """A visit near a cell."""

    id: str
    on: date
    outcome: CodeName = Field(description="`nothing_found` too")
    agencies: list[CodeName]
    distance_m: float = Field(description="From the cell's centre")


class NearEstablishmentInfo(Answer):
    """An establishment near a cell, in its phase on the scoring date."""

    id: str
    layer: Literal["establishments"]
    title: str
    phase: CodeName
    next_phase: CodeName | None = Field(description="null where none is known")
    months_to_next: int | None = Field(description="Whole months from the scoring date until then")
    distance_m: float = Field(description="From the cell's centre to its nearest point")
    lon: Lon
    lat: Lat


class CellPanel(CellAnswer):
    """Why a cell has its score, and what stands and has happened near it."""

    n_visits: int = Field(description="Visits in the cell or within 2 km of its centre, up to the scoring date")
    visits: list[VisitInfo] = Field(description="The last 50 of them, the last first")
    establishments: list[NearEstablishmentInfo] = Field(description="At most five within 50 km, the nearest first")


class Glance(Answer):
    """What a ranked cell is known by at a glance."""

    rank: int = Field(description="Among all of the region")
    rank_shown: int = Field(description="Among those that the filter shows")
    certainty: CodeName | None = Field(
        description="How sure it is to be among the 20 highest cells; null until it has been computed"
    )
    main_component: CodeName = Field(description="The component that gives most points, of those that records make")
    main_sector: CodeName | None = Field(description="The sector group that gives most points; null where none does")
    days_since_visit: int | None = Field(
        description="From the last visit in the cell or within 2 km to the scoring date; null where none is known"
    )


class TopCell(Glance):
    """A cell in the ranking."""

    cell_id: str
    score: float
    class_: ClassName = Field(alias="class")
    state: State
    municipality: str
    municipality_code: str
    county: str
    easting: Easting
    northing: Northing
    lon: Lon
    lat: Lat
    contributions: Points


class TopAnswer(Answer):
    """The highest cells."""

    surface: str
    cells: list[TopCell]


class PeakInfo(Answer):
    """The highest cell of a place that a filter does not show."""

    cell_id: str
    score: float
    state: State


class PlaceInfo(Glance):
    """Neighbouring top cells as one place, told by its highest cell; with a filter, by the highest that it shows."""

    place_id: str
    name: str
    municipality: str
    municipality_code: str
    county: str
    score: float
    class_: ClassName = Field(alias="class")
    n_cells: int
    peak_cell_id: str = Field(description="The cell that it is told by")
    peak: PeakInfo | None = Field(description="Its highest cell, where the filter does not show that")
    easting: Easting
    northing: Northing
    lon: Lon
    lat: Lat
    bounds: Box
    reason: str = Field(description="The weightiest reason")
    reasons: list[str]
    state: State
    contributions: Points


class PlacesAnswer(Answer):
    """The highest places."""

    surface: str
    places: list[PlaceInfo]


class MunicipalityName(CodeName):
    """A municipality and its county."""

    county: str


class FiltersAnswer(Answer):
    """The values that each parameter of a filter takes."""

    county: list[CodeName]
    municipality: list[MunicipalityName]
    state: list[CodeName]
    agency: list[CodeName] = Field(description="Agencies with powers on site")
    certainty: list[CodeName] = Field(description="The surest first")
    min_class: list[CodeName] = Field(description="The lowest first")


class SiteInfo(Answer):
    """A workplace, an accommodation or an establishment; where it is asked for, a past visit or a finding."""

    id: str
    layer: str
    lon: Lon
    lat: Lat
    title: str
    sector: str | None = Field(description="Title of the sector group; null for housing")
    sector_code: str | None
    size: float
    size_unit: str = Field(description="Empty for visits and findings")
    kind: str = Field(
        description="Registered or temporary; title of the housing type, of the phase, of a visit's outcome, of the "
        "indicator"
    )
    on: date | None = Field(description="Day of the visit or of the observation; null for what stands there")
    agencies: list[str] = Field(description="Titles of the agencies at the visit, or of that which made the finding")
    position: str | None = Field(description="How roughly the position is known, in words; null where it is exact")
    spread_m: float = Field(description="Radius around the position within which the site lies; 0 where it is exact")
    synthetic: bool


class FieldInfo(Answer):
    """A field of a record, in words."""

    name: str
    label: str
    value: str


class SitePanel(Answer):
    """A record that stands at a place."""

    id: str
    layer: str
    layer_title: str
    title: str
    lon: Lon
    lat: Lat
    cell_id: str | None = Field(description="The cell around it; null where it lies off the grid")
    synthetic: bool
    groups: list[list[FieldInfo]] = Field(description="One list; an establishment has one for each phase")
    visits: list[VisitInfo] = Field(description="Visits to it, or within 100 m that name no other site; the last first")


class SiteGroup(Answer):
    """Sites of a layer near each other."""

    layer: str
    n: int
    lon: Lon = Field(description="Degrees, WGS84: the middle of the group")
    lat: Lat = Field(description="Degrees, WGS84: the middle of the group")
    bounds: Box


class SitesAnswer(Answer):
    """Sites in a window."""

    total: int
    truncated: bool
    sites: list[SiteInfo]
    groups: list[SiteGroup] = Field(description="Sites that `group_m` puts together; empty without it")


class NearSite(SiteInfo):
    """A site and how far it is."""

    distance_m: float


class NearestAnswer(Answer):
    """The sites nearest to a point, nearest first."""

    sites: list[NearSite]


class SearchHit(Answer):
    """A place found."""

    name: str
    kind: Literal["locality", "municipality", "county", "cell", "coordinates"]
    detail: str
    lon: Lon
    lat: Lat
    bounds: Box | None
    cell_id: str | None


class SearchAnswer(Answer):
    """Places found, the likeliest first."""

    results: list[SearchHit]


class LocalityName(Answer):
    """A named place."""

    name: str
    population: int
    lon: Lon
    lat: Lat


class BaseMapData(Answer):
    """Borders and place names that the map is drawn on."""

    counties: dict[str, Any] = Field(description="GeoJSON FeatureCollection with properties code and name")
    municipalities: dict[str, Any] = Field(description="GeoJSON FeatureCollection with properties code and name")
    localities: list[LocalityName]


class TableName(Answer):
    """A reference table."""

    table: str
    rows: int
    columns: list[str]


class TablesAnswer(Answer):
    """The reference tables that there are."""

    tables: list[TableName]


class TableAnswer(Answer):
    """A reference table, whole."""

    table: str
    columns: list[str]
    rows: list[dict[str, str | float | int | bool | None]]


class LayersAnswer(Answer):
    """What the data folder holds."""

    layers: list[LayerInfo]


class Health(Answer):
    """Whether the service can answer; nothing of the data, because everybody may ask."""

    status: Literal["ok"]
    is_scored: bool = Field(description="Whether there is a published surface")
    version: str
    problem: str | None = Field(description="Why the newest state of the data folder is not served, if it is not")


class Me(Answer):
    """Whoever is signed in."""

    user_id: str
    name: str
    agency: str = Field(description="Code in the reference table agencies")
    circle: str = Field(description="Code in the reference table circles: what may be seen")
    roles: list[Literal["planner", "analyst", "coordinator", "admin", "auditor"]]
