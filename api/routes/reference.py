"""What the score takes as given: reference tables, layers, and the borders of the base map."""

from __future__ import annotations

import math
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from api.caching import respond_cached
from api.params import CurrentSnapshot, LanguageParameter, known_parameters_only
from api.schemas import BaseMapData, LayersAnswer, TableAnswer, TablesAnswer
from geo.reference import list_tables, read_table
from maps.answers import describe_layers

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["reference"], dependencies=[Depends(known_parameters_only)])


@router.get("/reference", summary="Reference tables", response_model=TablesAnswer)
def list_reference() -> dict[str, Any]:
    """The tables that everything taken as given stands in, each row with its source."""
    tables = [(name, read_table(name)) for name in list_tables()]
    return {"tables": [{"table": name, "rows": len(table), "columns": list(table.columns)} for name, table in tables]}


@router.get("/reference/{table}", summary="A reference table", response_model=TableAnswer)
def get_reference(table: Annotated[str, Path(description="Name of the table")]) -> dict[str, Any]:
    """A reference table, whole; an empty cell is null."""
    frame = read_table(table)
    rows = [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
    return {"table": table, "columns": list(frame.columns), "rows": rows}


@router.get("/layers", summary="Layers", response_model=LayersAnswer)
def list_layers(snapshot: CurrentSnapshot, lang: LanguageParameter = "en") -> dict[str, Any]:
    """What the data folder holds: every layer, the empty ones too, with rows, age and source."""
    return {"layers": describe_layers(lang, snapshot.layers, snapshot.sources)}


@router.get("/basemap", summary="Base map", response_class=Response, responses={200: {"model": BaseMapData}})
def get_basemap(request: Request, snapshot: CurrentSnapshot) -> Response:
    """Counties, municipalities and place names to draw the map on, so that it needs no other server."""
    return respond_cached(request, snapshot.basemap, "application/json")


def _plain(value: Any) -> str | float | int | bool | None:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, str):
        return value or None
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    plain: float | int | bool = value
    return plain
