"""Our ES modules as one classic script, for a file that is opened without a server.

A browser does not load modules from ``file://``. Our modules keep to three forms (one-line named imports, exported
declarations, no default exports), so putting them into one script needs no tool: each becomes a function that is run
once and returns what it exports.
"""

from __future__ import annotations

import re
from pathlib import Path

from geo.errors import ConfigError

__all__ = ["bundle_modules"]

_IMPORT = re.compile(r'^import \{ (?P<names>[^}]+) \} from "\./(?P<module>[a-z0-9_]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<what>(?:async )?function|class|const) (?P<name>[A-Za-z_$][\w$]*)", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def bundle_modules(folder: Path, entry: str) -> str:
    """Join a module and all that it imports into one classic script.

    Parameters
    ----------
    folder : Path
        Where the modules are.
    entry : str
        File name of the module to run.

    Returns
    -------
    str, runs on its own in strict mode

    Raises
    ------
    ConfigError
        A module is missing, imports itself in a circle, or has an import or export of another form.
    """
    order: list[str] = []
    sources: dict[str, str] = {}
    _collect(folder, entry, order, sources, ())
    parts = [_as_function(name, sources[name]) for name in order]
    return '(() => {\n"use strict";\nconst modules = {};\n' + "\n".join(parts) + "\n})();\n"


def _collect(folder: Path, name: str, order: list[str], sources: dict[str, str], above: tuple[str, ...]) -> None:
    if name in above:
        message = f"The modules {' → '.join((*above, name))} import each other in a circle."
        raise ConfigError(message)
    if name in sources:
        return
    path = folder / name
    if not path.is_file():
        message = f"The module {name} is missing in {folder}."
        raise ConfigError(message)
    sources[name] = path.read_text("utf-8")
    for match in _IMPORT.finditer(sources[name]):
        _collect(folder, match["module"], order, sources, (*above, name))
    order.append(name)


def _as_function(name: str, source: str) -> str:
    exported = [match["name"] for match in _EXPORT.finditer(source)]
    body = _IMPORT.sub(lambda match: f'const {{ {match["names"]} }} = modules["{match["module"]}"];', source)
    body = _EXPORT.sub(lambda match: f"{match['what']} {match['name']}", body)
    unknown = _UNKNOWN.search(body)
    if unknown is not None:
        message = f"{name} has a line that cannot be bundled: {unknown.group()!r}."
        raise ConfigError(message)
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exported)} }};\n}})();'
