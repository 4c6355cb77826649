"""The shortlist: cells and sites that a user has put aside to choose from, seen by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from api.bodies import SmallBodyRoute
from api.errors import Problem, respond_to_change
from api.params import CurrentSnapshot, LanguageParameter, OneSurface, TheService, known_parameters_only
from api.saved_schemas import EntryAnswer, EntryChange, EntryRequest, ShortlistAnswer
from api.service import Snapshot
from api.surfaces import ServedSurface
from api.viewers import TheUserName
from api.witness import TheWitness, Witness
from geo.errors import ChangedError, NotFoundError
from geo.store.people.shortlist import CELLS, Entry, add_entry, change_entry, list_entries, remove_entry
from maps.record_names import ID_COLUMNS
from maps.shortlist_answers import describe_entries

__all__ = ["router"]

router = APIRouter(
    prefix="/api/shortlist", tags=["saved"], dependencies=[Depends(known_parameters_only)], route_class=SmallBodyRoute
)

EntryId = Annotated[str, Path(description="Id of an entry of yours")]


@dataclass(frozen=True)
class Teller:
    """Tells of entries; records that it names are noted as looked at."""

    lang: str
    snapshot: Snapshot
    served: ServedSurface
    witness: Witness

    def tell(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """Entries in words, in their order."""
        layers, names = self.snapshot.layers, self.snapshot.names
        told = describe_entries(self.lang, self.served.surface, layers, names, entries)
        named = [entry for entry, one in zip(entries, told, strict=True) if entry.layer != CELLS and one["is_there"]]
        self.witness.see_all("site-viewed", [f"{entry.layer}/{entry.record_id}" for entry in named])
        return told

    def tell_one(self, entry: Entry) -> dict[str, Any]:
        """An entry in words."""
        (told,) = self.tell([entry])
        return told


def get_teller(
    snapshot: CurrentSnapshot, served: OneSurface, witness: TheWitness, lang: LanguageParameter = "en"
) -> Teller:
    """Whoever tells of the entries of a request."""
    return Teller(lang, snapshot, served, witness)


TheTeller = Annotated[Teller, Depends(get_teller)]


@router.get("", summary="The shortlist", response_model=ShortlistAnswer)
def get_shortlist(
    service: TheService,
    user: TheUserName,
    teller: TheTeller,
) -> dict[str, Any]:
    """Your shortlist in its order, each entry with the score of its cell on the surface.

    A record that is gone, or that your circle may not see, is told of by `is_there: false` alone.
    """
    return {"entries": teller.tell(list_entries(service.settings.home, user))}


@router.post(
    "",
    summary="Put on the shortlist",
    response_model=EntryAnswer,
    responses={201: {"model": EntryAnswer, "description": "It is new there"}},
)
def post_entry(
    request: Request,
    response: Response,
    service: TheService,
    user: TheUserName,
    teller: TheTeller,
    asked: EntryRequest,
) -> dict[str, Any]:
    """Put a cell or a site at the end of your shortlist (201); one that is on it already stays as it is (200)."""
    layer, record_id = _find(teller, asked)
    now = float(request.app.state.accounts.clock())
    entry, is_new = add_entry(service.settings.home, user, layer, record_id, note=asked.note, now=now)
    response.status_code = 201 if is_new else 200
    return teller.tell_one(entry)


@router.put(
    "/{entry_id}",
    summary="Move an entry, or change its note",
    response_model=EntryAnswer,
    responses={409: {"model": Problem}},
)
def put_entry(
    request: Request,
    service: TheService,
    user: TheUserName,
    teller: TheTeller,
    entry_id: EntryId,
    asked: EntryChange,
) -> dict[str, Any] | Response:
    """Move an entry of yours to another position, or change its note.

    One that was removed meanwhile is 404, and a note that is another by now 409.
    """
    changes = {"position": None if asked.position is None else asked.position - 1, "version": asked.version}
    try:
        entry = change_entry(service.settings.home, user, entry_id, note=asked.note, **changes)
    except ChangedError as error:
        return respond_to_change(request, error, EntryAnswer.model_validate(teller.tell_one(error.current)))
    return teller.tell_one(entry)


@router.delete("/{entry_id}", summary="Take off the shortlist", status_code=204)
def delete_entry(service: TheService, user: TheUserName, entry_id: EntryId) -> None:
    """Take an entry off your shortlist; one that was removed meanwhile is 404."""
    remove_entry(service.settings.home, user, entry_id)


def _find(teller: Teller, asked: EntryRequest) -> tuple[str, str]:
    """Layer and id of what is asked for, which must be there for whoever asks."""
    if asked.cell_id is not None:
        grid = teller.served.surface.grid
        # one cell may be named in several ways
        cell_id = grid.cell_id(*grid.parse_cell_id(asked.cell_id))
        teller.served.surface.explain(cell_id)
        return CELLS, cell_id
    layer, record_id = str(asked.layer), str(asked.record_id)
    if not (teller.snapshot.layers[layer][ID_COLUMNS[layer]] == record_id).any():
        message = f"There is no such record in {layer} any more; reload the page."
        raise NotFoundError(message)
    return layer, record_id
