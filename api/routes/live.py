"""What the sliders and the charts beside the map are drawn from: a year of scores, and how scores are spread."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator

from api.filters import CellsShownInAreas
from api.live_schemas import DistributionAnswer, SeasonAnswer
from api.params import (
    AtParameter,
    CountyParameter,
    CurrentSnapshot,
    LanguageParameter,
    OneSurface,
    SectorsParameter,
    TheService,
    known_parameters_only,
)
from api.seasons import describe_season
from geo.risk.scoring import parse_day, parse_sectors
from maps.distribution import describe_distribution

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["surfaces"], dependencies=[Depends(known_parameters_only)])

MunicipalityParameter = Annotated[
    str | None,
    Query(description="Municipality code; all when left out", examples=["2482"], max_length=20),
    BeforeValidator(lambda code: code or None),
]
CellParameter = Annotated[
    str | None,
    Query(description="A cell to place among those shown: INSPIRE or SCB id", max_length=100),
    BeforeValidator(lambda cell: cell or None),
]


@router.get("/season", summary="A year of scores", response_model=SeasonAnswer)
def get_season(
    service: TheService,
    snapshot: CurrentSnapshot,
    served: OneSurface,
    at: AtParameter = None,
    sector: SectorsParameter = None,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Every month of a year, on its fifteenth: cells by class, the highest score, and each sector's season.

    Year, sectors and weights are those of the surface; `at` chooses another year, `sector` other sectors.
    """
    year = (served.surface.at if at is None else parse_day(at)).year
    sectors = served.surface.sectors if sector is None else parse_sectors(sector)
    grid, months = service.find_year(snapshot, served, year, sectors)
    return {"surface": served.id, "year": year, "cell_m": grid.cell_m, **describe_season(lang, months, sectors)}


@router.get("/distribution", summary="How scores are spread", response_model=DistributionAnswer)
def get_distribution(
    served: OneSurface,
    shown: CellsShownInAreas,
    county: CountyParameter = None,
    municipality: MunicipalityParameter = None,
    cell_id: CellParameter = None,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Ranked cells by score, by class and by state, in an area or in all; and how many stand below a chosen cell.

    With a filter only ranked cells that it shows are counted; 503 until it is known how sure the scores are, where it
    asks for that.
    """
    return describe_distribution(lang, served.surface, county, municipality, cell_id, shown, served.area_spreads)
