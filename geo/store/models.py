"""Frozen versions of the model, kept beside that of the reference tables; none is ever changed or taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.risk.model import Model, load_model
from geo.store.database import read_store, write_store
from geo.store.home import StrPath
from geo.store.ledger import find_importer
from geo.store.tables import MODELS

__all__ = ["StoredModel", "find_model", "list_models", "save_model"]


@dataclass(frozen=True)
class StoredModel:
    """A frozen version.

    Attributes
    ----------
    model : Model
    frozen_at : str, ISO 8601 in UTC; empty for the version of the reference tables
    frozen_by : str, likewise
    """

    model: Model
    frozen_at: str = ""
    frozen_by: str = ""


def save_model(home: StrPath | None, model: Model, *, frozen_by: str = "") -> StoredModel:
    """Keep a version of the model; one that is there already stays as it is.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    model : Model
    frozen_by : str; left out, the name of whoever runs this

    Raises
    ------
    ParameterError
        Another model has that version.
    StoreError
        The store cannot be written to.
    """
    with write_store(home) as connection:
        known = connection.execute(sa.select(MODELS).where(MODELS.c.version == model.version)).first()
        if known is None and model.version != load_model().version:
            stored = StoredModel(
                model, datetime.now(UTC).isoformat(timespec="microseconds"), frozen_by or find_importer()
            )
            row = {"version": model.version, "frozen_at": stored.frozen_at, "frozen_by": stored.frozen_by}
            connection.execute(MODELS.insert(), {**row, "document": model.to_dict()})
            return stored
    found = StoredModel(load_model()) if known is None else _read(known)
    if found.model.digest != model.digest:
        message = f"Version {model.version} is another model already; give this one a version of its own."
        raise ParameterError(message)
    return found


def list_models(home: StrPath | None = None) -> tuple[StoredModel, ...]:
    """Every version: that of the reference tables first, then the others, the oldest first.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    try:
        with read_store(home) as connection:
            found = None if connection is None else connection.execute(sa.select(MODELS).order_by(MODELS.c.frozen_at))
            rows = [] if found is None else found.all()
    except NotFoundError:
        # without a data folder there is still the version that comes with the program
        rows = []
    return (StoredModel(load_model()), *map(_read, rows))


def find_model(home: StrPath | None, version: str) -> StoredModel:
    """A version of the model.

    Raises
    ------
    NotFoundError
        There is no such version.
    StoreError
        The store cannot be read.
    """
    known = {each.model.version: each for each in list_models(home)}
    if version not in known:
        message = f"There is no model {version!r}; there are {', '.join(known)}."
        raise NotFoundError(message)
    return known[version]


def _read(row: Any) -> StoredModel:
    document: Mapping[str, Any] = row.document
    try:
        model = Model.from_dict(document)
    except (KeyError, TypeError, ValueError) as error:
        message = f"Model {row.version} does not fit this version of Norrsyn ({type(error).__name__}: {error})."
        raise StoreError(message) from error
    return StoredModel(model, row.frozen_at, row.frozen_by)
