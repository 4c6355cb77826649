"""The identity provider that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.oidc.rules import parse_agency, parse_rules
from api.settings import Settings
from geo.reference import read_table
from geo.store.people.users import ROLES

if TYPE_CHECKING:
    from api.oidc.provider import Provider

__all__ = ["make_provider"]


def make_provider(settings: Settings) -> Provider | None:
    """The provider of the settings; None where they name none."""
    if settings.oidc_issuer is None or settings.oidc_client_secret is None:
        return None
    from api.oidc.provider import Provider  # noqa: PLC0415  its packages are loaded where there is a provider only

    agencies = tuple(map(str, read_table("agencies")["agency"]))
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.oidc_name,
        settings.oidc_scopes,
        parse_rules(settings.oidc_roles, ROLES),
        parse_agency(settings.oidc_agency, agencies),
        frozenset(agencies),
    )
