"""The command line: what it prints where, and with which exit code."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import rasterio
from distributed import Client, LocalCluster
from typer.main import get_command
from typer.testing import CliRunner, Result

import geo
from api.cli import app
from geo.region import region_grid
from geo.risk.surface import RiskSurface
from geo.store.files import Provenance, load_demo_truth, load_layers, load_surface, save_layer, save_layers
from tests.api.made import HOSTILE, fill_home
from tests.frames import make_frame, make_workplace, small_frames

COMMANDS = (
    "demo", "import", "score", "top", "explain", "map", "export", "targets", "replay", "picture", "serve",
    "layers", "layers list", "layers history", "layers diff", "layers rollback", "layers export",
    "layers duplicates", "layers decide",
    "plan", "plan draft", "plan optimise", "plan arrange", "plan list", "plan show",
    "plan move", "plan check", "plan justify", "plan comment", "plan outcome", "plan export",
    "release", "release build", "release audit", "release list", "release delete",
    "model", "model fit", "model learn", "model show", "model compare",
    "db", "db upgrade", "db check", "db backup", "db restore", "db erase",
    "users", "users add", "users list", "users roles", "users reset", "users disable",
    "audit", "audit verify", "audit head", "audit export",
)  # fmt: skip


def walk_commands(group: Any, before: str = "") -> dict[str, Any]:
    """Every command by its name, one within a group with the group's before it."""
    found = {}
    for name, command in group.commands.items():
        found[f"{before}{name}"] = command
        if hasattr(command, "commands"):
            found |= walk_commands(command, f"{before}{name} ")
    return found


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither settings nor data of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "PORT", "CELL_M", "BASEMAP_URL"):
        monkeypatch.delenv(f"NORRSYN_{name}", raising=False)


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    assert "Traceback" not in result.stderr
    return result


def run_json(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.stderr == ""
    return json.loads(result.stdout, parse_constant=pytest.fail)


def fail_json(*arguments: object, code: int) -> dict[str, Any]:
    result = run(*arguments, "--json", code=code)
    assert result.stdout == ""
    problem = json.loads(result.stderr)
    assert problem["exit_code"] == code
    return problem


class TestHelp:
    def test_commands_are_these(self) -> None:
        assert tuple(walk_commands(get_command(app))) == COMMANDS
        for name in COMMANDS:
            *group, last = name.split()
            assert last in run(*group, "--help").stdout

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_teaches_with_an_example(self, name: str) -> None:
        text = run(*name.split(), "--help").stdout
        assert "Examples" in text
        assert f"norrsyn {name}" in text

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_option_has_its_words(self, name: str) -> None:
        for parameter in walk_commands(get_command(app))[name].params:
            assert getattr(parameter, "help", None), parameter.name

    def test_examples_name_options_that_exist(self) -> None:
        for name, command in walk_commands(get_command(app)).items():
            # the examples of a group are those of its commands
            several = [command, *getattr(command, "commands", {}).values()]
            known = {option for each in several for parameter in each.params for option in parameter.opts}
            used = {word for word in command.epilog.replace("[", " ").split() if word.startswith("--")}
            assert used <= known, name

    def test_examples_name_a_model_that_exists(self) -> None:
        said = " ".join(command.epilog or "" for command in walk_commands(get_command(app)).values())
        named = set(re.findall(r"model (?:show|compare) (\d\S*?)(?=[\s`\[]|$)", said))
        assert named == {geo.load_model().version}

    def test_version(self) -> None:
        assert run("--version").stdout.strip()

    def test_nothing_asked_shows_the_help(self) -> None:
        assert "demo" in CliRunner().invoke(app, []).output


class TestScore:
    def test_it_saves_publishes_and_says_so(self, home: Path) -> None:
        answer = run_json("score", "--at", "2026-01-15", "--cell", "5000", "--home", home)
        surface = load_surface(home)
        expected = geo.score(load_layers(home), region_grid(5000), "2026-01-15")
        assert answer["id"] == answer["surface"] == surface.id == expected.id
        assert answer["published"] is True
        assert answer["n_scored"] == int(surface.ranked.sum()) == sum(one["n_cells"] for one in answer["classes"])
        assert answer["comparison"] == surface.manifest["comparison"]
        assert set(answer["seconds"]) == {"load", "score", "save"}

    def test_sectors_and_weights(self, home: Path) -> None:
        answer = run_json(
            *("score", "--at", "2026-07-15", "--cell", "5000", "--home", home),
            *("--sector", "construction", "--sector", "green", "--weight", "findings=0", "--weight", "workplaces=0.5"),
        )
        assert answer["sectors"] == ["construction", "green"]
        assert (answer["weights"]["findings"], answer["weights"]["workplaces"]) == (0, 0.5)

    def test_in_words(self, home: Path) -> None:
        text = run("score", "--at", "2026-07-15", "--cell", "5000", "--home", home).stdout
        assert "where people work" in text
        assert "never inspected" in text
        assert load_surface(home).id in text

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--at", "tomorrow"], "YYYY-MM-DD"),
            (["--cell", "1"], "50 to 50 000"),
            (["--cell", "nan"], "50 to 50 000"),
            (["--sector", "mining"], "mining"),
            (["--weight", "luck=1"], "luck"),
            (["--weight", "findings=many"], "not a number"),
            (["--weight", "findings"], "name=value"),
            (["--weight", "findings=1", "--weight", "findings=2"], "twice"),
            (["--weight", "findings=-1"], "from 0 to"),
        ],
    )
    def test_bad_input_changes_nothing(
        self, home: Path, published: RiskSurface, arguments: list[str], words: str
    ) -> None:
        problem = fail_json("score", "--home", home, *arguments, code=2)
        assert words in problem["detail"]
        assert load_surface(home).id == published.id

    def test_on_a_cluster(self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        @contextmanager
        def open_client(where: str) -> Iterator[Client]:
            asked.append(where)
            with (
                LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as cluster,
                Client(cluster) as client,
            ):
                yield client

        monkeypatch.setattr("geo.scale.scoring.open_client", open_client)
        done = run(
            *("score", "--at", "2026-01-15", "--cell", "5000", "--home", home),
            *("--dask", "tcp://far:1", "--dask-folder", tmp_path, "--json"),
        )
        assert asked == ["tcp://far:1"]
        assert json.loads(done.stdout)["id"] == geo.score(load_layers(home), region_grid(5000), "2026-01-15").id
        assert "bytes" in done.stderr
        assert not list(tmp_path.glob(".part-dask-*"))

    def test_a_cluster_that_is_none(self, home: Path) -> None:
        problem = fail_json("score", "--home", home, "--dask", "far", code=2)
        assert "write local, or a scheduler's address" in problem["detail"]

    def test_nothing_to_score(self, tmp_path: Path) -> None:
        assert "norrsyn demo" in fail_json("score", "--home", tmp_path / "none", code=3)["detail"]
        (tmp_path / "empty").mkdir()
        assert "norrsyn demo" in fail_json("score", "--home", tmp_path / "empty", code=3)["detail"]


class TestTop:
    def test_json_is_a_list_of_cells(self, made_home: Path, published: RiskSurface) -> None:
        cells = run_json("top", "--n", "7", "--home", made_home)
        assert [one["cell_id"] for one in cells] == list(published.top(7)["cell_id"])
        for one in cells:
            assert math.fsum(one["contributions"].values()) == pytest.approx(one["score"], abs=1e-9)
            assert one["municipality"]
        assert {"rank", "cell_id", "score", "municipality", "municipality_code", "contributions"} <= set(cells[0])

    def test_in_words(self, made_home: Path, published: RiskSurface) -> None:
        text = run("top", "--n", "3", "--home", made_home).stdout
        assert published.top(1)["cell_id"][0] in text

    def test_county(self, made_home: Path) -> None:
        assert run_json("top", "--county", "25", "--home", made_home) == []
        assert "22, 23, 24, 25" in fail_json("top", "--county", "99", "--home", made_home, code=2)["detail"]

    def test_before_a_score(self, tmp_path: Path) -> None:
        for command in (["top"], ["explain", "7580007088000"], ["map", "a.html"], ["export", "a.tif"]):
            assert "norrsyn score" in fail_json(*command, "--home", _layers_only(tmp_path), code=3)["detail"]

    def test_home_from_the_environment(self, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_HOME", str(made_home))
        assert len(run_json("top", "--n", "2")) == 2


class TestExplain:
    @pytest.mark.long
    def test_json_is_what_the_api_answers(self, made_home: Path, client: Any, published: RiskSurface) -> None:
        cell_id = published.top(1)["cell_id"][0]
        for lang in ("sv", "en"):
            answer = run_json("explain", cell_id, "--lang", lang, "--home", made_home)
            assert answer == client.get(f"/api/cells/{cell_id}?lang={lang}").json()

    def test_in_words(self, made_home: Path, published: RiskSurface) -> None:
        cell_id = published.top(1)["cell_id"][0]
        text = run("explain", cell_id, "--home", made_home).stdout
        assert "Score" in text
        for reason in published.explain(cell_id).reasons:
            assert str(reason)[:25] in text

    def test_ids(self, made_home: Path) -> None:
        assert fail_json("explain", "nonsense", "--home", made_home, code=2)["type"].endswith(":parameter")
        assert fail_json("explain", "5000007000000", "--home", made_home, code=3)["type"].endswith(":not-found")
        assert "sv, en" in fail_json("explain", "7580007088000", "--lang", "de", "--home", made_home, code=2)["detail"]

    def test_markup_and_terminal_commands_in_names_are_shown(self, tmp_path: Path) -> None:
        frames = small_frames()
        evil = "[bold red]\x1b[2J\x07\u202e" + HOSTILE
        frames["workplaces"] = make_frame([make_workplace(1, name=evil, employees=500.0)])
        surface = fill_home(tmp_path, frames)
        row, col = (int(v[0]) for v in surface.grid.cell_at([758_600], [7_088_600]))
        text = run("explain", surface.grid.cell_id(row, col), "--home", tmp_path).stdout
        assert "[bold red]" in text
        assert "\x1b[2J" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


class TestFiles:
    def test_map_is_one_page_without_records(self, made_home: Path, tmp_path: Path) -> None:
        answer = run_json("map", tmp_path / "m.html", "--home", made_home)
        page = (tmp_path / "m.html").read_text("utf-8")
        assert answer["bytes"] == len(page.encode())
        assert "Content-Security-Policy" in page
        assert '<html lang="sv"' in page
        assert "Firma" not in page
        assert "<img src=x" not in page

    @pytest.mark.parametrize("name", ["s.tif", "s.gpkg", "s.parquet"])
    def test_exports_hold_the_scores(self, made_home: Path, tmp_path: Path, published: RiskSurface, name: str) -> None:
        run_json("export", tmp_path / name, "--home", made_home)
        best = float(published.score[published.state > 0].max())
        if name.endswith(".tif"):
            with rasterio.open(tmp_path / name) as raster:
                assert raster.count == 8
                assert float(raster.read(1)[published.state > 0].max()) == best
                assert json.loads(raster.tags()["manifest"]) == json.loads(json.dumps(dict(published.manifest)))
        else:
            read = gpd.read_parquet if name.endswith(".parquet") else gpd.read_file
            frame = read(tmp_path / name)
            assert len(frame) == int((published.state > 0).sum())
            assert float(frame["score"].max()) == pytest.approx(best)
        assert [path.name for path in tmp_path.iterdir()] == [name]

    @pytest.mark.parametrize("words", [("map", "m.html"), ("export", "s.tif"), ("export", "s.gpkg")])
    def test_other_users_of_the_machine_cannot_read_them(
        self, made_home: Path, tmp_path: Path, words: tuple[str, str]
    ) -> None:
        run_json(words[0], tmp_path / words[1], "--home", made_home)
        assert (tmp_path / words[1]).stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("command", "ending"), [("map", "html"), ("export", "tif"), ("export", "gpkg"), ("export", "parquet")]
    )
    def test_files_that_cannot_be_written(self, made_home: Path, tmp_path: Path, command: str, ending: str) -> None:
        assert "end in" in fail_json(command, tmp_path / "a.docx", "--home", made_home, code=2)["detail"]
        problem = fail_json(command, tmp_path / "nowhere" / f"a.{ending}", "--home", made_home, code=4)
        assert f"a.{ending} cannot be written: there is no folder" in problem["detail"]
        assert list(tmp_path.iterdir()) == []


class TestImport:
    ROAD = ("--rename", "namn=name", "--set", "sni=42110", "--set", "employees=40")

    @pytest.fixture
    def roads(self, tmp_path: Path) -> Path:
        frame = make_frame(
            [
                {"namn": "E4", "status": "Byggande", "easting": 758_000, "northing": 7_088_000},
                {"namn": "E12", "status": "Planerad", "easting": 759_000, "northing": 7_089_000},
            ]
        )
        frame.to_crs(4326).to_file(tmp_path / "roads.geojson", driver="GeoJSON")
        return tmp_path / "roads.geojson"

    @pytest.fixture
    def sites(self, tmp_path: Path) -> Path:
        path = tmp_path / "sites.csv"
        rows = ["1;Firma A;41200;5;758000;7088000", "2;Firma B;41200;fem;758000;7088000", "3;=1+1;99999;1;758000;1"]
        path.write_text("\n".join(["cfar;benämning;sni;antal anställda;easting;northing", *rows]), encoding="utf-8")
        return path

    def test_a_file_becomes_a_layer(self, roads: Path, tmp_path: Path) -> None:
        home = tmp_path / "home"
        done = run_json(
            *("import", "workplaces", roads, "--home", home, "--where", "status=Byggande", *self.ROAD),
            *("--set", "kind=temporary", "--licence", "CC0", "--legal-basis", "2024:307"),
        )
        (report,) = done["files"]
        assert (report["rows_read"], report["rows_in"], report["rows_accepted"]) == (2, 1, 1)
        assert done["imported"]["added"] == 1
        assert done["quarantine"] is None
        layers = load_layers(home)
        assert layers["workplaces"]["name"].tolist() == ["E4"]
        assert layers["workplaces"]["employees"].tolist() == [40.0]
        assert (layers.provenance["workplaces"].licence, layers.provenance["workplaces"].legal_basis) == (
            "CC0",
            "2024:307",
        )

    def test_in_words(self, sites: Path, tmp_path: Path) -> None:
        home = tmp_path / "h"
        text = run("import", "workplaces", sites, "--home", home).stdout
        for words in (
            "sites.csv: 3 rows for workplaces",
            "1 accepted",
            "2 in quarantine",
            "employees: cannot be read as a number (got 'fem'); write digits with a decimal point",
            "benämning → name",
            "1 added, 0 changed, 0 gone, 0 unchanged",
            str(home / "quarantine" / "workplaces-1.csv"),
        ):
            assert words in " ".join(text.split()) or words in text.replace("\n", ""), text
        assert oct((home / "quarantine" / "workplaces-1.csv").stat().st_mode)[-3:] == "600"

    def test_a_mended_quarantine_file_joins_what_is_there(self, sites: Path, tmp_path: Path) -> None:
        home = tmp_path / "h"
        kept = Path(run_json("import", "workplaces", sites, "--home", home)["quarantine"])
        text = kept.read_text("utf-8-sig")
        assert "'=1+1" in text
        kept.write_text(text.replace(",fem,", ",5,").replace(",99999,1,758000,1", ",41200,1,758000,7088000"), "utf-8")
        done = run_json("import", "workplaces", kept, "--home", home)
        assert done["repairs"] == 1
        assert (done["imported"]["added"], done["imported"]["gone"], done["imported"]["changed"]) == (2, 0, 0)
        frame = load_layers(home)["workplaces"]
        assert frame["workplace_id"].tolist() == ["1", "2", "3"]
        assert frame["name"].tolist()[2] == "=1+1"

    def test_dry_runs_and_strict_ones_change_nothing(self, sites: Path, home: Path, tmp_path: Path) -> None:
        before = load_layers(home).hashes
        done = run_json("import", "workplaces", sites, "--home", home, "--dry-run", "--quarantine", tmp_path / "q.csv")
        assert done["imported"] is None
        assert "Firma B" in (tmp_path / "q.csv").read_text("utf-8-sig")
        assert (
            "2 of 3 rows break"
            in fail_json("import", "workplaces", sites, "--home", home, "--strict", code=2)["detail"]
        )
        assert load_layers(home).hashes == before

    def test_the_same_again_is_nothing_new(self, roads: Path, tmp_path: Path) -> None:
        command = ("import", "workplaces", roads, "--home", tmp_path / "h", *self.ROAD)
        first, second = run_json(*command)["imported"], run_json(*command)["imported"]
        assert (first["is_new"], second["is_new"]) == (True, False)
        assert second["snapshot"] == first["snapshot"]
        assert "nothing changed; 2 records are there already" in run(*command).stdout

    def test_a_mapping_file_says_what_options_would(self, roads: Path, tmp_path: Path) -> None:
        mapping, home = tmp_path / "roads.toml", tmp_path / "h"
        run("import", "workplaces", roads, "--home", home, "--write-mapping", mapping)
        assert "namn" in mapping.read_text("utf-8")
        assert fail_json("import", "workplaces", roads, "--home", home, "--write-mapping", mapping, code=2)
        mapping.write_text('[columns]\nnamn = "name"\n[set]\nsni = "42110"\nemployees = 40\n', encoding="utf-8")
        run("import", "workplaces", roads, "--home", home, "--mapping", mapping)
        assert load_layers(home)["workplaces"]["name"].tolist() != []

    def test_what_is_wrong_is_told_and_nothing_is_changed(self, roads: Path, home: Path) -> None:
        before = load_layers(home).hashes
        assert "layers are" in fail_json("import", "railways", roads, "--home", home, code=3)["detail"]
        assert "name=value" in fail_json("import", "workplaces", roads, "--home", home, "--set", "x", code=2)["detail"]
        assert fail_json("import", "workplaces", "nowhere.csv", "--home", home, code=2)
        result = run(
            *("import", "workplaces", roads, "--home", home, "--rename", "namn=name", "--set", "sni=XX"),
            *("--set", "employees=-1"),
            code=1,
        )
        assert "sni: unknown industry code" in result.stdout
        assert "No row was taken over" in result.stderr
        assert load_layers(home).hashes == before


class TestLayers:
    def test_json(self, made_home: Path, published: RiskSurface) -> None:
        answer = run_json("layers", "--home", made_home)
        rows = {one["name"]: one["rows"] for one in answer["layers"]}
        assert rows == {name: len(frame) for name, frame in published.layers.items()}
        (surface,) = answer["surfaces"]
        assert (surface["id"], surface["published"], surface["cell_m"]) == (published.id, True, 2000)

    def test_in_words(self, made_home: Path, tmp_path: Path) -> None:
        assert "published" in run("layers", "--home", made_home).stdout
        assert "norrsyn score" in run("layers", "--home", _layers_only(tmp_path)).stdout

    def test_no_folder(self, tmp_path: Path) -> None:
        assert fail_json("layers", "--home", tmp_path / "none", code=3)

    def test_pairs_are_listed_until_they_are_decided(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        rows = [make_workplace(number, name=f"Hotell {word}") for number, word in enumerate(("Älven", "Alven AB"), 1)]
        save_layer(home, "workplaces", make_frame(rows), Provenance("two.csv"))
        before = load_layers(home).hashes
        (pair,) = run_json("layers", "duplicates", "workplaces", "--home", home)["pairs"]
        assert (pair["id"], pair["other_id"], pair["why"]) == ("w001", "w002", "equal names, 0 m apart")
        assert "norrsyn layers decide workplaces" in run("layers", "duplicates", "workplaces", "--home", home).stdout
        words = run("layers", "decide", "workplaces", "w002", "w001", "same", "--home", home).stdout
        assert "one place under two ids" in words
        answer = run_json("layers", "duplicates", "workplaces", "--home", home)
        assert answer["pairs"] == []
        assert [(one["id"], one["other_id"], one["verdict"]) for one in answer["decisions"]] == [
            ("w001", "w002", "same")
        ]
        assert "same (" in run("layers", "duplicates", "workplaces", "--all", "--home", home).stdout
        assert load_layers(home).hashes == before
        said = run_json("layers", "decide", "workplaces", "w001", "w002", "different", "--home", home)
        assert (said["verdict"], said["other_layer"]) == ("different", "workplaces")
        assert run_json("layers", "duplicates", "workplaces", "--with", "accommodation", "--home", home)["pairs"] == []
        fail_json("layers", "decide", "workplaces", "w001", "none", "same", "--home", home, code=3)
        fail_json("layers", "decide", "workplaces", "w001", "w002", "perhaps", "--home", home, code=2)
        fail_json("layers", "duplicates", "roads", "--home", home, code=2)

    def test_an_export_says_what_is_in_it_and_is_read_again(self, tmp_path: Path) -> None:
        home, out = _layers_only(tmp_path), tmp_path / "out.csv"
        before = load_layers(home).hashes["workplaces"]
        answer = run_json("layers", "export", "workplaces", out, "--home", home)
        assert answer["dictionary"] == str(tmp_path / "out.dictionary.csv")
        assert (answer["content_sha256"], answer["circle"], answer["rows_left_out"]) == (before, None, 0)
        run("import", "workplaces", out, "--home", home)
        assert load_layers(home).hashes["workplaces"] == before
        assert "is there already" in fail_json("layers", "export", "workplaces", out, "--home", home, code=2)["detail"]
        words = run("layers", "export", "workplaces", out, "--snapshot", "1", "--replace", "--home", home).stdout
        assert "records of every circle" in words
        assert "Not public: for circle joint-inspection" in words
        options = ("--circle", "public", "--home", home)
        assert "No record" in fail_json("layers", "export", "visits", tmp_path / "v.gpkg", *options, code=3)["detail"]


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    answer = run_json("demo", "--seed", "7", "--home", home)
    assert answer["seed"] == 7
    assert answer["layers"]["workplaces"] > 50_000
    return home


class TestDemo:
    @pytest.mark.long
    def test_every_record_is_synthetic_and_the_truth_is_apart(self, demo_home: Path) -> None:
        layers = load_layers(demo_home)
        assert all(layers[name]["synthetic"].all() for name in ("workplaces", "accommodation", "visits", "findings"))
        truth, manifest = load_demo_truth(demo_home)
        assert len(truth) > 0
        assert manifest["seed"] == 7

    @pytest.mark.long
    def test_again_gives_the_same(self, demo_home: Path) -> None:
        before = load_layers(demo_home).hashes
        run_json("demo", "--seed", "7", "--home", demo_home)
        assert load_layers(demo_home).hashes == before

    def test_layers_of_ones_own_are_not_replaced_unawares(self, home: Path) -> None:
        before = load_layers(home).hashes
        problem = fail_json("demo", "--home", home, code=4)
        assert "--replace" in problem["detail"]
        assert load_layers(home).hashes == before


class TestErrors:
    """The table of docs/cli.md."""

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["top", "--n", "0"], 2),
            (["top", "--nonsense"], 2),
            (["nonsense"], 2),
            (["demo", "--seed", "-1"], 2),
            (["explain"], 2),
            (["explain", "abc", "--home", "{home}"], 2),
            (["top", "--home", "{none}"], 3),
            (["explain", "5000007000000", "--home", "{home}"], 3),
            (["import", "railways", "x.csv"], 3),
            (["layers", "--home", "{broken}"], 4),
            (["top", "--home", "{broken}"], 4),
            (["demo", "--home", "{home}"], 4),
            (["top", "--home", "{file}"], 4),
        ],
    )
    def test_exit_codes(self, home: Path, tmp_path: Path, arguments: list[str], code: int) -> None:
        broken = fill_broken(tmp_path / "broken")
        file = tmp_path / "file"
        file.touch()
        places = {"home": home, "none": tmp_path / "none", "broken": broken, "file": file}
        result = run(*(one.format(**places) for one in arguments), code=code)
        assert result.stdout == ""
        assert result.stderr

    def test_settings_are_named_all_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_PORT", "high")
        monkeypatch.setenv("NORRSYN_CELL_M", "3")
        detail = fail_json("top", code=4)["detail"]
        assert "NORRSYN_PORT" in detail
        assert "NORRSYN_CELL_M" in detail

    def test_the_unforeseen_is_said_without_a_traceback(self, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            message = "the moon is in the way"
            raise ArithmeticError(message)

        monkeypatch.setattr(RiskSurface, "top", fail)
        problem = fail_json("top", "--home", made_home, code=1)
        assert "ArithmeticError" in problem["detail"]
        assert "the moon is in the way" in problem["detail"]
        assert problem["type"] == "urn:norrsyn:problem:unexpected"

    def test_a_file_name_is_no_markup_for_the_terminal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        result = run("import", "workplaces", "[bold]/[/red].csv", "--home", tmp_path / "home", code=2)
        assert "red].csv' cannot be read" in result.stderr

    def test_interrupted(self, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(RiskSurface, "top", interrupt)
        run("top", "--home", made_home, code=130)

    def test_a_surface_older_than_its_layers_is_said(self, home: Path) -> None:
        save_layer(home, "workplaces", make_frame([make_workplace(1)]), Provenance("one.csv"))
        result = run("top", "--home", home, "--n", "1")
        assert "norrsyn score" in result.stderr
        assert "workplaces" in result.stderr


def fill_broken(home: Path) -> Path:
    (home / "layers").mkdir(parents=True)
    (home / "layers" / "current.json").write_text("{ half")
    (home / "surfaces").mkdir()
    (home / "surfaces" / "current").write_text("nonsense\n")
    return home


def _layers_only(tmp_path: Path) -> Path:
    home = tmp_path / "layers-only"
    save_layers(home, {name: (frame, Provenance(name)) for name, frame in small_frames().items()})
    return home
