"""A small identity provider on this machine: it signs in whoever it is told to, and checks what a real one checks."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.browsing import find_free_port, run_server

__all__ = ["CLIENT", "SECRET", "FakeProvider", "encode", "run_provider"]

CLIENT = "norrsyn-test"
SECRET = "the client's secret, which stands nowhere"  # noqa: S105


def encode(data: bytes | Mapping[str, Any]) -> str:
    """Base64url as tokens write it."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Key:
    """A key pair of the provider."""

    kid: str
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def public(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        n, e = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": encode(n), "e": encode(e)}

    @property
    def pem(self) -> bytes:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, kind)

    def sign(self, text: bytes) -> bytes:
        return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class FakeProvider:
    """What the provider does next; tests set it.

    ``claims`` replaces claims of the ID token (None: leaves one out), ``forge`` the whole token, ``answers`` the
    answer of an address, ``error`` what it sends the browser back with.
    """

    issuer: str
    keys: list[Key] = field(default_factory=lambda: [Key("first")])
    user: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    forge: Callable[[FakeProvider, dict[str, Any]], str] | None = None
    answers: dict[str, Response] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    names_issuer: str | None = None
    reuses_codes: bool = False
    asked: list[str] = field(default_factory=list)
    begun: list[dict[str, str]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discover(self, _: Request) -> Response:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": self.names_issuer is not None,
        }
        return JSONResponse(found | self.metadata)

    def list_keys(self, _: Request) -> Response:
        # a secret among the keys, and a kind of key that nobody knows
        odd = [{"kty": "oct", "kid": "oct", "k": encode(b"k" * 32)}, {"kty": "QC", "kid": "qubits"}]
        return JSONResponse({"keys": [*odd, *(key.public for key in self.keys)]})

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.begun.append(asked)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        assert asked["tenant"] == "1"
        back = {"state": asked["state"]}
        if self.error:
            back |= {"error": self.error, "error_description": "<b>of theirs</b>"}
        else:
            back["code"] = secrets.token_urlsafe(16)
            self._codes[back["code"]] = asked
        if self.names_issuer is not None:
            back["iss"] = self.names_issuer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def give_tokens(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.forms.append(form)
        basic = request.headers.get("authorization", "").removeprefix("Basic ")
        told = base64.b64decode(basic).decode() if basic else f"{form.get('client_id')}:{form.get('client_secret')}"
        if told != f"{CLIENT}:{SECRET}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = (self._codes.get if self.reuses_codes else self._codes.pop)(form["code"], None)
        challenge = encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant", "error_description": form["code"]}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "s-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        claims |= self.user | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.sign(claims) if self.forge is None else self.forge(self, claims)
        return JSONResponse({"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """An ID token signed with the newest key."""
        key = self.keys[-1]
        text = f"{encode({'alg': 'RS256', 'kid': key.kid, 'typ': 'JWT'} | header)}.{encode(claims)}"
        return f"{text}.{encode(key.sign(text.encode()))}"

    def sign_with_secret(self, claims: dict[str, Any], secret: bytes, **header: Any) -> str:
        """An ID token signed with a shared secret."""
        text = f"{encode({'alg': 'HS256', 'kid': self.keys[-1].kid} | header)}.{encode(claims)}"
        mac = hmac.HMAC(secret, hashes.SHA256())
        mac.update(text.encode())
        return f"{text}.{encode(mac.finalize())}"

    def application(self) -> Starlette:
        def serve(path: str, endpoint: Callable[..., Any], methods: list[str]) -> Route:
            async def answer(request: Request) -> Response:
                self.asked.append(path)
                if path in self.answers:
                    return self.answers[path]
                found = endpoint(request)
                return found if isinstance(found, Response) else await found

            return Route(path, answer, methods=methods)

        return Starlette(
            routes=[
                serve("/.well-known/openid-configuration", self.discover, ["GET"]),
                serve("/keys", self.list_keys, ["GET"]),
                serve("/authorize", self.authorize, ["GET"]),
                serve("/token", self.give_tokens, ["POST"]),
            ]
        )


@contextmanager
def run_provider() -> Iterator[FakeProvider]:
    """A provider that listens on a port of this machine."""
    port = find_free_port()
    provider = FakeProvider(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(provider.application(), host="127.0.0.1", port=port, log_level="error")
    with run_server(uvicorn.Server(config)):
        yield provider
