"""Modules to one classic script."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import ConfigError
from maps.bundle import bundle_modules
from maps.pages.base import STATIC_FOLDER


def write(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source, "utf-8")
    return folder


def test_what_is_imported_comes_first_and_once(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        main='import { b } from "./b.js";\nimport { c } from "./c.js";\nwindow.found = [b(), c];\n',
        b='import { c } from "./c.js";\nexport async function unused() {}\nexport function b() { return c; }\n',
        c="export const c = 3;\nexport class D {}\n",
    )
    script = bundle_modules(folder, "main.js")
    assert [script.count(f'modules["{name}.js"] = ') for name in "cb"] == [1, 1]
    assert script.index('modules["c.js"] =') < script.index('modules["b.js"] =') < script.index('modules["main.js"] =')
    assert "return { c, D };" in script
    assert not any(line.startswith(("import", "export")) for line in script.splitlines())


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"main": 'import { a } from "./gone.js";\n'}, "gone.js is missing"),
        (
            {"main": 'import { a } from "./a.js";\n', "a": 'import { m } from "./main.js";\nexport const a = 1;\n'},
            "circle",
        ),
        ({"main": 'import all from "./a.js";\n', "a": ""}, "cannot be bundled"),
        ({"main": "export default 3;\n"}, "cannot be bundled"),
        ({"main": "export { x };\n"}, "cannot be bundled"),
    ],
)
def test_what_it_cannot_join_it_refuses(tmp_path: Path, modules: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        bundle_modules(write(tmp_path, **modules), "main.js")


@pytest.mark.parametrize("entry", sorted(path.name for path in (STATIC_FOLDER / "js").glob("*.js")))
def test_all_our_modules_can_be_joined(entry: str) -> None:
    assert "</script" not in bundle_modules(STATIC_FOLDER / "js", entry)
