"""The page that shows what this server is set to; nothing secret reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maps.i18n import translate
from maps.pages.base import Query, render_page

__all__ = ["SettingLine", "render_settings_page"]


@dataclass(frozen=True)
class SettingLine:
    """A setting.

    Attributes
    ----------
    name : str, of the field
    variable : str, of the environment
    value, default : str, as an operator would write them; empty for none
    description : str, English
    secret : bool, whether only that it is set may be shown; ``value`` is empty then
    is_set : bool, whether it has a value
    is_default : bool
    """

    name: str
    variable: str
    value: str
    default: str
    description: str
    secret: bool
    is_set: bool
    is_default: bool


def render_settings_page(lang: str, settings: Iterable[SettingLine], *, query: Query = ()) -> str:
    """Render every setting, served at ``/admin/settings``."""
    lines = []
    for each in settings:
        said = describe_setting(lang, each.name)
        lines.append(
            {
                "variable": each.variable,
                "value": each.value,
                "default": each.default,
                "description": said or each.description,
                "lang": lang if said else "en",
                "secret": each.secret,
                "is_set": each.is_set,
                "is_default": each.is_default,
            }
        )
    return render_page("admin_settings.html", lang, "../", query, here="settings", settings=lines, synthetic=False)


def describe_setting(lang: str, name: str) -> str:
    """What a setting is for; empty for one that has no words here."""
    said = {
        "home": translate(lang, "Data folder."),
        "database_url": translate(lang, "Database that keeps the layers. Without it: a file in the data folder."),
        "port": translate(lang, "Port of norrsyn serve; 0 for any free one."),
        "cell_m": translate(
            lang, "Cell size, in metres, of surfaces scored on demand. Without it: that of the published surface."
        ),
        "surface_cache": translate(lang, "How many surfaces, beside the published one, are kept in memory."),
        "surface_cache_mb": translate(lang, "How many megabytes these may take together."),
        "score_workers": translate(lang, "How many surfaces are scored at the same time."),
        "score_queue": translate(lang, "How many more may wait to be scored; whoever comes then is asked to wait."),
        "check_seconds": translate(lang, "How often, at most, it is looked whether the data folder has changed."),
        "basemap_url": translate(lang, "Address of an online base map. Without it: wholly offline."),
        "basemap_attribution": translate(lang, "Whom to credit for the online base map."),
        "osrm_url": translate(
            lang, "Address of a routing server (OSRM) of one's own for drive times. Without it: roads or an estimate."
        ),
        "pseudonym_key": translate(
            lang, "Key that sole traders' numbers are hashed with. Without it: the one in the data folder."
        ),
        "release_key": translate(
            lang, "Key that noise in what maps share is drawn with. Without it: the one in the data folder."
        ),
        "allow_offline": translate(
            lang, "Whether areas and plans may be saved in browsers for work without a network."
        ),
        "allow_uploads": translate(lang, "Whether files may be imported over the web."),
        "allowed_hosts": translate(lang, "Names that requests may ask for beside those of this machine."),
        "upload_mb": translate(lang, "How many MiB one upload may have, all its files together."),
        "import_queue": translate(lang, "How many imports may wait while one runs."),
        "audit_days": translate(
            lang,
            "For how many days who did and saw what is kept in the audit log, and whom a link was for after its end.",
        ),
        "controller": translate(lang, "Agency that is responsible for what is kept about recipients of share links."),
        "accessibility_contact": translate(lang, "Whom to tell what does not work for a reader."),
        "public_url": translate(lang, "Address that people reach the server by. Without it: that of this machine."),
        "session_idle_minutes": translate(lang, "After how many minutes a session that nobody uses ends."),
        "session_hours": translate(lang, "After how many hours a session ends however much it is used."),
        "trusted_proxies": translate(lang, "Proxies whose X-Forwarded-For is believed."),
        "oidc_issuer": translate(lang, "Identity provider that people may sign in through. Without it: by name only."),
        "oidc_client_id": translate(lang, "What the identity provider calls Norrsyn."),
        "oidc_client_secret": translate(lang, "Secret that Norrsyn shows the identity provider."),
        "oidc_name": translate(lang, "Words of the button that leads to the identity provider."),
        "oidc_roles": translate(lang, "Which value of which claim of the identity provider gives which role."),
        "oidc_agency": translate(
            lang, "Agency of those who come through the identity provider, or which claim says it."
        ),
        "oidc_scopes": translate(lang, "Scopes that the identity provider is asked for."),
    }
    return said.get(name, "")
