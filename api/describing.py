"""Settings for people: each with its value, its default and what it is for, and of a secret only whether it is set."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from api.settings import Settings
from geo.store.address import describe_url, parse_url
from maps.pages.admin_settings import SettingLine

__all__ = ["list_settings"]

_DATABASE = "database_url"
# what a setting of tomorrow may be called that nobody has declared secret
_SOUNDS_SECRET = re.compile(r"secret|password|token|_key$")
# an attribute of a class's docstring: its name and type, then what it is, indented
_ATTRIBUTE = re.compile(r"^(\w+) : [^\n]*\n((?:    [^\n]*\n?)+)", re.MULTILINE)


def list_settings(settings: Settings) -> list[SettingLine]:
    """Every setting in its order; a database's address is shown without user, password and options."""
    words = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(inspect.getdoc(Settings) or "")}
    return [_describe(settings, name, info, words.get(name, "")) for name, info in Settings.model_fields.items()]


def _describe(settings: Settings, name: str, info: FieldInfo, description: str) -> SettingLine:
    value, default = getattr(settings, name), info.get_default(call_default_factory=True, validated_data={})
    is_secret = name != _DATABASE and ("SecretStr" in str(info.annotation) or _SOUNDS_SECRET.search(name) is not None)
    if name == _DATABASE and isinstance(value, SecretStr):
        value = describe_url(parse_url(value.get_secret_value()))
    return SettingLine(
        name,
        f"{Settings.model_config['env_prefix']}{name}".upper(),
        "" if is_secret else _write(value),
        "" if is_secret else _write(default),
        description,
        is_secret,
        value is not None and _write(value) != "",
        value == default,
    )


def _write(value: Any) -> str:
    """A value as an operator would write it."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)
