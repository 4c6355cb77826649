"""Whatever a user can type, call, set or read off the map is in docs/, and docs/ names nothing that is gone."""

import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

# Typer's own, the same in every program.
EVERY_PROGRAM_HAS = {"--help", "--install-completion", "--show-completion"}
HTTP_VERBS = {"get", "put", "post", "delete", "patch"}


def read_page(name: str) -> str:
    path = DOCS / name
    assert path.is_file(), f"docs/{name} is missing"
    return path.read_text("utf-8")


def find_section(page: str, words: str) -> str:
    """Text from the first heading that holds the words to the next heading of the same or a higher level."""
    found = re.search(rf"^(#+)[^\n]*(?<![\w-]){re.escape(words)}(?![\w-])[^\n]*$", page, re.MULTILINE)
    if found is None:
        return ""
    rest = page[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def names(text: str, word: str) -> bool:
    """Whether the text holds the word in code marks, alone or with more beside it."""
    return re.search(rf"`[^`\n]*(?<![\w-]){re.escape(word)}(?![\w-])[^`\n]*`", text) is not None


def read_table(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_columns(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


# ---- command line ----------------------------------------------------------------------------------------------


def list_commands() -> dict[str, list[str]]:
    """Long options of each command; one within a group is named with it."""
    from api.cli import app

    return dict(walk_commands(get_command(app), ""))


def walk_commands(group: Any, before: str) -> Iterator[tuple[str, list[str]]]:
    for name, command in group.commands.items():
        if not command.hidden:
            options = [option for one in command.params for option in one.opts if option.startswith("--")]
            yield f"{before}{name}", options
            if hasattr(command, "commands"):
                yield from walk_commands(command, f"{before}{name} ")


def test_every_command_and_option_has_its_words() -> None:
    page = read_page("cli.md")
    missing = []
    for command, options in list_commands().items():
        section = find_section(page, f"norrsyn {command}")
        if not section.strip():
            missing.append(f"a heading `norrsyn {command}` with text below it")
        missing += [
            f"{option} under `norrsyn {command}`"
            for option in options
            if option not in EVERY_PROGRAM_HAS and not re.search(rf"(?<![\w-]){option}(?![\w-])", section)
        ]
    assert missing == []


def test_docs_name_no_command_that_is_gone() -> None:
    known = set(list_commands())
    pages = {path: path.read_text("utf-8") for path in [ROOT / "README.md", *DOCS.rglob("*.md")]}
    written = {
        (path.relative_to(ROOT).as_posix(), name_command(words, known))
        for path, text in pages.items()
        for words in re.findall(r"(?:^\s*\$? ?|`)norrsyn ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text, re.MULTILINE)
    }
    assert {(path, command) for path, command in written if command not in known} == set()


def name_command(words: str, known: set[str]) -> str:
    """The command that words begin with: what follows is its first argument, unless the command is a group."""
    first, _, second = words.partition(" ")
    is_group = any(name.startswith(f"{first} ") for name in known)
    return words if second and is_group else first


def test_a_command_that_is_gone_from_a_group_is_found() -> None:
    known = {"layers", "layers list", "demo"}
    assert name_command("layers list", known) in known
    assert name_command("layers lost", known) not in known
    assert name_command("demo region", known) in known


# ---- HTTP ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    from api import create_app
    from api.settings import Settings

    return create_app(Settings(home=tmp_path_factory.mktemp("home")))


def list_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route, mounted applications as GET."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            yield method, route.path_format or route.path


def test_every_route_has_its_words(app: FastAPI) -> None:
    page = read_page("api.md")
    missing = [f"{method} {path}" for method, path in list_routes(app) if not names(page, f"{method} {path}")]
    assert missing == []


def test_every_parameter_of_a_route_has_its_words(app: FastAPI) -> None:
    page = read_page("api.md")
    missing = [
        f"{parameter['name']} of {path}"
        for path, operations in app.openapi()["paths"].items()
        for verb, operation in operations.items()
        if verb in HTTP_VERBS
        for parameter in operation.get("parameters", [])
        if not names(page, parameter["name"]) and f"{{{parameter['name']}}}" not in page
    ]
    assert missing == []


def test_every_operation_says_what_it_does(app: FastAPI) -> None:
    """The OpenAPI page is documentation too."""
    silent = [
        f"{verb} {path}"
        for path, operations in app.openapi()["paths"].items()
        for verb, operation in operations.items()
        if verb in HTTP_VERBS and not (operation.get("summary") and operation.get("description"))
    ]
    assert silent == []


# ---- settings, layers, components, tables, dependencies --------------------------------------------------------


def test_every_setting_has_its_words() -> None:
    from api.settings import Settings

    page = read_page("settings.md")
    prefix = Settings.model_config["env_prefix"]
    missing = [name for field in Settings.model_fields if not names(page, name := f"{prefix}{field}".upper())]
    assert prefix == "NORRSYN_"
    assert missing == []


def test_every_variable_of_the_test_suite_has_its_words() -> None:
    text = (ROOT / "conftest.py").read_text("utf-8")
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [name for name in re.findall(r"NORRSYN_[A-Z_]+", text) if not names(page, name)] == []


def test_every_layer_and_its_columns_have_their_words() -> None:
    from geo.layers.registry import LAYERS

    page = read_page("layers.md")
    missing = []
    for layer in LAYERS.values():
        section = find_section(page, layer.name)
        if not section.strip():
            missing.append(f"a heading `{layer.name}` with text below it")
        missing += [f"{column} under `{layer.name}`" for column in layer.schema.columns if not names(section, column)]
    assert missing == []


def test_every_component_has_its_words() -> None:
    page = read_page("model.md")
    components = [row["component"] for row in read_table("model_components")]
    assert components
    assert [name for name in components if not names(page, name)] == []


def test_every_parameter_of_the_model_has_its_words() -> None:
    page = read_page("model.md")
    assert [row["name"] for row in read_table("model_parameters") if not names(page, row["name"])] == []


def test_every_reference_table_and_its_columns_have_their_words() -> None:
    page = read_page("reference.md")
    tables = sorted((ROOT / "data" / "reference").glob("*.csv"))
    missing = []
    for path in tables:
        section = find_section(page, path.stem)
        if not section.strip():
            missing.append(f"a heading `{path.stem}` with text below it")
        missing += [f"{column} under `{path.stem}`" for column in read_columns(path) if not names(section, column)]
    assert tables
    assert missing == []


def test_every_dependency_has_its_reason_and_every_reason_its_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    declared = {re.match(r"[a-z0-9-]+", requirement)[0] for requirement in requirements}
    explained = set(re.findall(r"^\| `([a-z0-9-]+)`", read_page("dependencies.md"), re.MULTILINE))
    assert explained == declared


# ---- links -----------------------------------------------------------------------------------------------------


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
