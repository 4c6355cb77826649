"""The identity provider as the sign-in sees it: where to send a browser, and who it is that comes back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from api.oidc.errors import CANCELLED, EXPIRED, UNREACHABLE, ProviderError
from api.oidc.id_token import read_id_token
from api.oidc.metadata import Directory
from api.oidc.pending import Pending, make_key
from api.oidc.rules import AgencyRule, Rule, find_agency, find_roles
from api.oidc.transport import prepare_session
from api.turns import Turns

__all__ = ["Answer", "Provider"]

# who asks the provider waits for it; the rest of the server does not wait with them
_AT_ONCE, _WAITING = 4, 30
_MAX_PARAMETER = 4000
# error codes of RFC 6749 and OpenID Connect; anything else may be anything
_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Answer:
    """What a browser brings back from the provider: the parameters of the return's address, empty where missing."""

    state: str
    code: str
    error: str
    issuer: str


class Provider:
    """An identity provider by its settings.

    Parameters
    ----------
    issuer, client_id, client_secret, name, scopes : str
    roles : tuple of Rule
    agency : AgencyRule
    agencies : frozenset of str, those that there are
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        name: str,
        scopes: str,
        roles: tuple[Rule, ...],
        agency: AgencyRule,
        agencies: frozenset[str],
    ) -> None:
        self.issuer = issuer
        self.name = name
        self.key = make_key(client_secret)
        self.directory = Directory(issuer)
        self._client_id, self._client_secret, self._scopes = client_id, client_secret, scopes
        self._roles, self._agency, self._agencies = roles, agency, agencies
        self._turns = Turns(_AT_ONCE, _WAITING)

    def make_address(self, pending: Pending, redirect_uri: str) -> str:
        """Where to send a browser that wants to sign in.

        Raises
        ------
        ProviderError, BusyError
        """
        with self._turns.take():
            endpoints = self.directory.find_endpoints()
        with self._open_session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                endpoints.authorization, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
            )
        return str(address)

    def find_claims(
        self, pending: Pending | None, answer: Answer, redirect_uri: str, *, now: float
    ) -> Mapping[str, Any]:
        """Whom the provider vouches for.

        Parameters
        ----------
        pending : Pending, optional
            The sign-in that this browser has begun.
        answer : Answer
        redirect_uri : str, as it was given to the provider
        now : float, s since 1970

        Raises
        ------
        ProviderError, BusyError
        """
        if pending is None or not secrets.compare_digest(pending.state.encode(), answer.state.encode()):
            raise ProviderError(EXPIRED, "no sign-in of this browser fits the state")
        if answer.error:
            kind = answer.error if _CODE.fullmatch(answer.error) else "an unknown error"
            raise ProviderError(CANCELLED if kind == "access_denied" else UNREACHABLE, f"the provider says {kind}")
        if not 0 < len(answer.code) <= _MAX_PARAMETER:
            raise ProviderError(UNREACHABLE, "the provider sent no code")
        with self._turns.take():
            endpoints = self.directory.find_endpoints()
            if answer.issuer != self.issuer and (answer.issuer or endpoints.names_issuer):
                raise ProviderError(UNREACHABLE, "the answer is of another issuer")
            tokens = self._fetch_tokens(pending, answer.code, redirect_uri)
            return read_id_token(
                tokens["id_token"],
                self.directory,
                client_id=self._client_id,
                nonce=pending.nonce,
                access_token=tokens.get("access_token"),
                now=now,
            )

    def find_roles(self, claims: Mapping[str, Any]) -> tuple[frozenset[str], str | None]:
        """Roles and agency that the claims give; no role, or no agency, where they give none."""
        return find_roles(claims, self._roles), find_agency(claims, self._agency, self._agencies)

    def _open_session(self, redirect_uri: str, client_auth: str | None = None) -> OAuth2Session:
        session = OAuth2Session(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method=client_auth,
            scope=self._scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        prepare_session(session, self.issuer)
        return session

    def _fetch_tokens(self, pending: Pending, code: str, redirect_uri: str) -> Mapping[str, Any]:
        endpoints = self.directory.find_endpoints()
        try:
            with self._open_session(redirect_uri, endpoints.client_auth) as session:
                tokens = session.fetch_token(
                    endpoints.token, grant_type="authorization_code", code=code, code_verifier=pending.verifier
                )
        except OAuthError as error:
            kind = error.error if _CODE.fullmatch(str(error.error)) else "an unknown error"
            raise ProviderError(UNREACHABLE, f"the token endpoint says {kind}") from error
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(UNREACHABLE, f"the token endpoint: {type(error).__name__}") from error
        if not isinstance(tokens.get("id_token"), str):
            raise ProviderError(UNREACHABLE, "the token endpoint sends no ID token")
        found: Mapping[str, Any] = tokens
        return found
