"""Share links for programs: made, approved, issued, extended and revoked, as on their pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.bodies import SmallBodyRoute
from api.errors import FieldsError, Problem, find_language, respond_to_change
from api.link_schemas import (
    ApproveRequest,
    ExtendRequest,
    IssuedAnswer,
    LinkAnswer,
    LinkRequest,
    LinksAnswer,
    RevokedAnswer,
    RevokeRequest,
)
from api.params import CurrentSnapshot, known_parameters_only
from api.routes.link_pages import LinkId, TheKeeper
from api.share.asking import AskedShare, FaultsError, default_day
from api.witness import TheWitness
from geo.errors import ChangedError
from geo.store.people.shares.life import Issued, RecipientTakenError
from geo.store.people.shares.links import Moment, ShareLink
from maps.pages.accounts import Fault

__all__ = ["router"]

router = APIRouter(
    prefix="/api/links", tags=["links"], dependencies=[Depends(known_parameters_only)], route_class=SmallBodyRoute
)
_CHANGED: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}


@router.get("", summary="Share links", response_model=LinksAnswer)
def get_links(
    keeper: TheKeeper,
    witness: TheWitness,
    state: Annotated[
        Literal["", "awaiting", "ready", "issued", "opened", "used-up", "expired", "revoked", "restored"],
        Query(description="How far they have come; all when left out"),
    ] = "",
) -> dict[str, Any]:
    """Links of circles that yours may see; administrators and auditors see all."""
    witness.see("links-viewed")
    links, unreadable = keeper.list()
    return {"links": [_describe(link) for link in links if state in {"", link.state}], "unreadable": unreadable}


@router.post("", summary="Make a share link", response_model=IssuedAnswer, status_code=201)
def post_link(request: Request, keeper: TheKeeper, snapshot: CurrentSnapshot, asked: LinkRequest) -> dict[str, Any]:
    """Make a link with all that limits it, or nothing; the answer alone has its address."""
    wanted = AskedShare(
        release_id=asked.release_id,
        area_kind=asked.area,
        counties=tuple(asked.counties),
        municipality=asked.municipality,
        polygon=asked.polygon,
        sectors=tuple(asked.sectors),
        layers=tuple(asked.layers),
        finest_m=str(asked.finest_m),
        recipient=asked.recipient,
        purpose=asked.purpose,
        basis=asked.basis,
        contact=asked.contact,
        lang=asked.lang,
        expires_on=asked.expires_on or default_day(keeper.now),
        password=asked.password,
        is_single_use=asked.is_single_use,
        max_openings="" if asked.max_openings is None else str(asked.max_openings),
    )
    try:
        return _tell(keeper, keeper.create(wanted, snapshot, replaces=asked.replaces))
    except FaultsError as error:
        raise _by_field(request, error) from error
    except RecipientTakenError as error:
        raise _by_field(request, FaultsError([Fault("recipient", "taken")])) from error


@router.post("/revoke", summary="Revoke all links of a recipient", response_model=RevokedAnswer)
def post_revoke_all(keeper: TheKeeper, asked: RevokeRequest) -> dict[str, Any]:
    """End every link of a recipient at once; the answer lists those that were not over already."""
    return {"links": [_describe(link) for link in keeper.revoke_recipient(asked.recipient)]}


@router.get("/{link_id}", summary="A share link", response_model=LinkAnswer)
def get_link(keeper: TheKeeper, witness: TheWitness, link_id: LinkId) -> dict[str, Any]:
    """One link, without anything that opens it."""
    link = keeper.find(link_id)
    witness.see("links-viewed", link.link_id)
    return _describe(link)


@router.post("/{link_id}/approve", summary="Approve a share link", response_model=LinkAnswer, responses=_CHANGED)
def post_approve(
    request: Request, keeper: TheKeeper, link_id: LinkId, asked: ApproveRequest
) -> dict[str, Any] | Response:
    """Approve a link that somebody else has made, having looked at what it shows."""
    try:
        return _describe(keeper.approve(link_id, has_looked=asked.has_looked))
    except FaultsError as error:
        raise _by_field(request, error) from error
    except ChangedError as error:
        return _respond_to_change(request, keeper, link_id, error)


@router.post("/{link_id}/issue", summary="Make a link's address", response_model=IssuedAnswer, responses=_CHANGED)
def post_issue(request: Request, keeper: TheKeeper, link_id: LinkId) -> dict[str, Any] | Response:
    """Make the address of a link that was approved; it is told this once."""
    try:
        return _tell(keeper, keeper.issue(link_id))
    except ChangedError as error:
        return _respond_to_change(request, keeper, link_id, error)


@router.post("/{link_id}/extend", summary="Extend a share link", response_model=LinkAnswer, responses=_CHANGED)
def post_extend(
    request: Request, keeper: TheKeeper, link_id: LinkId, asked: ExtendRequest
) -> dict[str, Any] | Response:
    """Let a link last longer, at most 90 days from now."""
    try:
        return _describe(keeper.extend(link_id, asked.expires_on))
    except FaultsError as error:
        raise _by_field(request, error) from error
    except ChangedError as error:
        return _respond_to_change(request, keeper, link_id, error)


@router.post("/{link_id}/revoke", summary="Revoke a share link", response_model=LinkAnswer)
def post_revoke(keeper: TheKeeper, link_id: LinkId) -> dict[str, Any]:
    """End a link at once, on every worker; one that is over already stays as it is."""
    return _describe(keeper.revoke(link_id)[0])


def _by_field(request: Request, error: FaultsError) -> FieldsError:
    return error.by_field(find_language(request))


def _respond_to_change(request: Request, keeper: TheKeeper, link_id: str, error: ChangedError) -> Response:
    return respond_to_change(request, error, LinkAnswer.model_validate(_describe(keeper.find(link_id))))


def _tell(keeper: TheKeeper, issued: Issued) -> dict[str, Any]:
    address = None if issued.token is None else keeper.make_address(issued)
    return {"link": _describe(issued.link), "address": address, "code": issued.code}


def _describe(link: ShareLink) -> dict[str, Any]:
    def tell(moment: Moment | None) -> dict[str, str] | None:
        return None if moment is None else {"at": _moment(moment.at), "by": moment.name}

    scope = link.scope
    return {
        "link_id": link.link_id,
        "state": link.state,
        "recipient": link.recipient,
        "purpose": link.purpose,
        "basis": link.basis,
        "circle": link.circle,
        "release_id": scope.release_id,
        "n_cells": None if scope.area is None else len(scope.area),
        "sectors": list(scope.sectors),
        "layers": list(scope.layers),
        "finest_m": scope.finest_m,
        "lang": link.lang,
        "contact": link.contact,
        "has_password": link.has_password,
        "is_single_use": link.is_single_use,
        "needs_approval": link.needs_approval,
        "max_openings": link.max_openings,
        "openings": link.openings,
        "views": link.views,
        "opened_at": None if link.opened_at is None else _moment(link.opened_at),
        "expires_at": _moment(link.expires_at),
        **{what: tell(getattr(link, what)) for what in ("created", "approved", "issued", "extended", "revoked")},
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
