"""Settings from the environment: ``NORRSYN_HOME``, ``NORRSYN_PORT`` and the rest, checked all at once."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.oidc.rules import parse_agency, parse_rules
from geo.errors import ConfigError
from geo.reading.employers import MIN_KEY_BYTES
from geo.reference import read_table
from geo.store.address import parse_url
from geo.store.people.emptied import LEAST_DAYS
from geo.store.people.users import ROLES
from maps.safe_text import check_tile_url

__all__ = ["Settings", "find_unknown_variables", "load_settings"]

_PREFIX = "NORRSYN_"
# Variables of the test suite, which share the prefix.
_OTHERS = ("NORRSYN_REQUIRE_", "NORRSYN_TEST_", "NORRSYN_CHROMIUM")
# What is secret, or may hold a password, is never repeated.
_SECRETS = frozenset({"database_url", "pseudonym_key", "release_key", "oidc_client_secret"})
# all of them, or none
_INCOMPLETE = "incomplete"
_OIDC = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name", "oidc_roles", "oidc_agency")
_ISSUER = re.compile(r"(https://[^\s?#/]+|http://127\.0\.0\.1(:\d{1,5})?)(/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,300}")
_OSRM = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]{1,300}(/[A-Za-z0-9._~/-]{0,200})?")
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")


class Settings(BaseSettings):
    """Everything an operator may set; each field is ``NORRSYN_<NAME>`` in the environment.

    Attributes
    ----------
    home : Path
        Data folder.
    database_url : SecretStr, optional
        Address of the PostgreSQL (or SQLite) database that keeps the layers, read by `geo.store`. None: a file in the
        data folder.
    port : int
        Port of ``norrsyn serve``, 0 for any free one.
    cell_m : float, m, optional
        Cell size of surfaces scored on demand; that of the published surface when left out.
    surface_cache : int
        How many surfaces, beside the published one, are kept in memory.
    surface_cache_mb : int, MB
        How much memory they may take together; the newest one always stays.
    score_workers : int
        How many surfaces are scored at the same time; beside them, as many what-ifs and the like are answered.
    score_queue : int
        How many more of each may wait for their turn; beyond that the server answers 503.
    check_seconds : float, s
        How often, at most, a request looks whether the data folder has changed.
    basemap_url : str, optional
        Address of an online base map, with ``{z}``, ``{x}`` and ``{y}``. None: wholly offline.
    basemap_attribution : str
        Whom to credit for it, plain text.
    osrm_url : str, optional
        Address of an OSRM server of one's own that drive times of plans are asked from. None: no request leaves.
    pseudonym_key : str, optional
        Key that sole traders' numbers are hashed with at import; never shown. None: the one in the data folder.
    release_key : str, optional
        Key that noise in what maps share is drawn with; never shown. None: the one in the data folder.
    allow_uploads : bool
        Whether files may be imported over HTTP, by whoever has a role for it.
    allow_offline : bool
        Whether areas of the map and plans may be saved in browsers for work without a network.
    allowed_hosts : str
        Names, parted by commas, that requests may ask for beside those of this machine.
    upload_mb : int, MiB
        How large one upload may be, all its files together.
    import_queue : int
        How many uploaded imports may wait while one runs; beyond that the server answers 503.
    accessibility_contact : str
        Whom to tell what does not work for a reader, plain text on the page about accessibility.
    public_url : str, optional
        Address that people reach the server by, for the links that it prints; None: that of this machine.
    session_idle_minutes : int, min
        After how long a session that nobody uses ends.
    session_hours : int, h
        After how long a session ends however much it is used.
    trusted_proxies : str
        Addresses or networks, parted by commas, of proxies whose ``X-Forwarded-For`` is believed.
    audit_days : int, days
        How long who did what, to what and on which basis stands in the log, and whom a link was for after it ended;
        then `norrsyn db erase` empties it. Not below `geo.store.people.emptied.LEAST_DAYS`.
    controller : str
        Which agency is responsible for what is kept of recipients of links, plain text on their pages.
    oidc_issuer : str, optional
        An identity provider (OpenID Connect) that people may sign in through. This and the next five: all, or none.
    oidc_client_id : str
        What it calls Norrsyn.
    oidc_client_secret : str, optional
        What Norrsyn shows it; never shown to anybody else.
    oidc_name : str
        Words of the button that leads there.
    oidc_roles : str
        Which value of which claim gives which role, read by `api.oidc.rules.parse_rules`.
    oidc_agency : str
        Agency of those who come that way, read by `api.oidc.rules.parse_agency`.
    oidc_scopes : str
        Scopes that are asked for.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    home: Path = Path("norrsyn-data")
    database_url: SecretStr | None = None
    port: int = Field(default=8000, ge=0, le=65535)
    cell_m: float | None = Field(default=None, ge=50, le=50_000)
    surface_cache: int = Field(default=8, ge=1, le=1000)
    surface_cache_mb: int = Field(default=1000, ge=1)
    score_workers: int = Field(default=1, ge=1, le=64)
    score_queue: int = Field(default=16, ge=0, le=1000)
    check_seconds: float = Field(default=1.0, ge=0, le=3600, allow_inf_nan=False)
    basemap_url: str | None = None
    basemap_attribution: str = Field(default="", validate_default=True)
    osrm_url: str | None = None
    pseudonym_key: SecretStr | None = None
    release_key: SecretStr | None = None
    allow_uploads: bool = True
    allow_offline: bool = True
    allowed_hosts: str = ""
    upload_mb: int = Field(default=256, ge=1, le=4096)
    import_queue: int = Field(default=4, ge=0, le=100)
    accessibility_contact: str = Field(default="", max_length=300)
    public_url: str | None = None
    session_idle_minutes: int = Field(default=30, ge=1, le=7 * 24 * 60)
    session_hours: int = Field(default=12, ge=1, le=30 * 24)
    trusted_proxies: str = ""
    audit_days: int = Field(default=730, ge=LEAST_DAYS, le=36_500)
    controller: str = Field(default="", max_length=300)
    oidc_issuer: str | None = None
    oidc_client_id: str = Field(default="", max_length=300)
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = Field(default="", max_length=80)
    oidc_roles: str = ""
    oidc_agency: str = ""
    # last, because it looks whether the others are complete
    oidc_scopes: str = Field(default="openid profile", validate_default=True)

    @field_validator(
        "cell_m",
        "basemap_url",
        "database_url",
        "osrm_url",
        "pseudonym_key",
        "release_key",
        "public_url",
        "oidc_issuer",
        "oidc_client_secret",
        mode="before",
    )
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("home", "allow_uploads", "allow_offline", mode="before")
    @classmethod
    def _blank_is_default(cls, value: Any, info: ValidationInfo) -> Any:
        # an empty path would be the folder that the command is run in
        is_blank = isinstance(value, str) and not value.strip()
        return cls.model_fields[str(info.field_name)].default if is_blank else value

    @field_validator("home")
    @classmethod
    def _check_home(cls, home: Path) -> Path:
        home = home.expanduser()
        if home.exists() and not home.is_dir():
            message = "this is a file; name a folder"
            raise ValueError(message)
        return home

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            try:
                parse_url(url.get_secret_value())
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return url

    @field_validator("basemap_url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None:
            try:
                check_tile_url(url)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return url

    @field_validator("osrm_url")
    @classmethod
    def _check_osrm(cls, url: str | None) -> str | None:
        if url is not None and _OSRM.fullmatch(url) is None:
            message = "write the address of the routing server, such as http://osrm.example:5000, without a name or key"
            raise ValueError(message)
        return None if url is None else url.rstrip("/")

    @field_validator("pseudonym_key", "release_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value().strip().encode()) < MIN_KEY_BYTES:
            message = f"must have {MIN_KEY_BYTES} characters or more; make one with: openssl rand -hex 32"
            raise ValueError(message)
        return key

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: str) -> str:
        names = [name.strip().lower() for name in hosts.split(",") if name.strip()]
        wrong = [name for name in names if not _HOST_NAME.fullmatch(name)]
        if wrong:
            message = f"{', '.join(wrong)}: write names such as norrsyn.example, without scheme, port or star"
            raise ValueError(message)
        return ",".join(names)

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str | None) -> str | None:
        if url is not None and _ORIGIN.fullmatch(url.rstrip("/")) is None:
            message = "write the scheme and the name, such as https://norrsyn.example, and nothing after it"
            raise ValueError(message)
        return None if url is None else url.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, text: str) -> str:
        try:
            return ",".join(str(ip_network(part.strip())) for part in text.split(",") if part.strip())
        except ValueError as error:
            message = f"write addresses or networks such as 10.0.0.1 or 10.0.0.0/24 ({error})"
            raise ValueError(message) from error

    @field_validator("basemap_attribution")
    @classmethod
    def _check_attribution(cls, attribution: str, info: ValidationInfo) -> str:
        if info.data.get("basemap_url") is not None and not attribution.strip():
            message = "say whom to credit for the online base map"
            raise ValueError(message)
        return attribution.strip()

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, issuer: str | None) -> str | None:
        if issuer is not None and (_ISSUER.fullmatch(issuer) is None or "@" in issuer):
            message = "write the issuer's address as the provider writes it, beginning with https://"
            raise ValueError(message)
        return issuer

    @field_validator("oidc_client_id", "oidc_name", "oidc_roles", "oidc_agency")
    @classmethod
    def _strip(cls, text: str) -> str:
        return text.strip()

    @field_validator("oidc_roles")
    @classmethod
    def _check_roles(cls, text: str) -> str:
        if text:
            parse_rules(text, ROLES)
        return text

    @field_validator("oidc_agency")
    @classmethod
    def _check_agency(cls, text: str) -> str:
        if text:
            parse_agency(text, tuple(read_table("agencies")["agency"]))
        return text

    @field_validator("oidc_scopes")
    @classmethod
    def _check_provider(cls, scopes: str, info: ValidationInfo) -> str:
        wanted = scopes.split()
        if "openid" not in wanted:
            message = "the scope openid must be among them"
            raise ValueError(message)
        # what could not be used has been told already, and is not there
        given = {name: info.data[name] for name in _OIDC if name in info.data}
        missing = [f"{_PREFIX}{name.upper()}" for name, value in given.items() if not value]
        if missing and len(missing) < len(_OIDC):
            message = "Signing in through a provider (NORRSYN_OIDC_…) needs all of its settings; missing: {missing}"
            raise PydanticCustomError(_INCOMPLETE, message, {"missing": ", ".join(missing)})
        return " ".join(wanted)

    @field_validator("accessibility_contact", "controller")
    @classmethod
    def _strip_contact(cls, contact: str) -> str:
        return contact.strip()

    @property
    def host_names(self) -> frozenset[str]:
        """The names of `allowed_hosts`."""
        return frozenset(filter(None, self.allowed_hosts.split(",")))


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, some replaced; None leaves the environment's.

    Raises
    ------
    ConfigError
        Naming every setting that cannot be used.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        failures = [_describe(failure) for failure in error.errors(include_url=False)]
    message = "\n".join(["Settings cannot be used:", *(f"  - {failure}" for failure in failures)])
    raise ConfigError(message)


def find_unknown_variables() -> list[str]:
    """Names in the environment that look like settings and are none: most likely misspelled."""
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields}
    return [
        name
        for name in sorted(os.environ)
        if name.startswith(_PREFIX) and name.upper() not in known and not name.startswith(_OTHERS)
    ]


def _describe(failure: Any) -> str:
    if failure["type"] == _INCOMPLETE:
        # of several settings, not of the one that was looked at last
        return str(failure["msg"])
    name = f"{_PREFIX}{'_'.join(map(str, failure['loc'])).upper()}"
    message = f"{name}: {failure['msg'].removeprefix('Value error, ').removeprefix(f'{name} ')}"
    secret = any(str(field) in _SECRETS for field in failure["loc"])
    return message if secret else f"{message}, got {failure['input']!r}"
