"""Cells: why each has its score."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from api.params import CurrentSnapshot, LanguageParameter, OneSurface, Point, known_parameters_only
from api.schemas import CellPanel
from api.service import Snapshot
from api.surfaces import ServedSurface
from api.witness import TheWitness, Witness
from geo.errors import NotFoundError
from maps.nearby_answers import describe_panel

__all__ = ["router"]

router = APIRouter(prefix="/api/cells", tags=["cells"], dependencies=[Depends(known_parameters_only)])


@router.get("/at", summary="The cell at a point", response_model=CellPanel)
def explain_point(
    snapshot: CurrentSnapshot,
    served: OneSurface,
    point: Point,
    witness: TheWitness,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Why the cell around a point has its score: `easting` and `northing`, or `lon` and `lat`."""
    grid = served.surface.grid
    row, col = grid.cell_at([point[0]], [point[1]])
    if row[0] < 0:
        message = (
            f"easting {point[0]:.0f}, northing {point[1]:.0f} lies off the grid (easting {grid.x_min:.0f}–"
            f"{grid.x_max:.0f}, northing {grid.y_min:.0f}–{grid.y_max:.0f}); choose a place in Region Nord."
        )
        raise NotFoundError(message)
    return _describe_panel(lang, snapshot, served, grid.cell_id(int(row[0]), int(col[0])), witness)


@router.get("/{cell_id}", summary="A cell", response_model=CellPanel)
def explain_cell(
    snapshot: CurrentSnapshot,
    served: OneSurface,
    cell_id: Annotated[str, Path(description="INSPIRE id, SCB id, or `r<row>c<col>` on a grid that is not aligned")],
    witness: TheWitness,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Why a cell has its score: in words, in points by component that add up to it, and by the records behind them."""
    return _describe_panel(lang, snapshot, served, cell_id, witness)


def _describe_panel(
    lang: str, snapshot: Snapshot, served: ServedSurface, cell_id: str, witness: Witness
) -> dict[str, Any]:
    panel = describe_panel(lang, served.surface, served.names, snapshot.layers, cell_id)
    witness.see("cell-viewed", f"cells/{panel['cell_id']}")
    return panel
