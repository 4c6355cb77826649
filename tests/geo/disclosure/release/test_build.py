"""Releases: the same from the same, no number below ten, noise that cannot be averaged away, numbers that stay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.disclosure.release import (
    Built,
    Memory,
    Release,
    ReleaseCell,
    Scope,
    build_release,
    describe_withheld,
    find_finest,
    list_areas,
    order_circles,
    parse_cell_id,
    read_memory,
    read_release,
    select_rows,
    snap_area,
    write_memory,
    write_release,
)
from geo.disclosure.release.noise import draw_noise
from geo.errors import ConfigError, ParameterError, StoreError
from geo.layers.circles import select_visible_layers
from geo.reference import score_classes
from geo.risk.surface import RiskSurface
from tests.frames import make_frame, make_workplace, near_town
from tests.geo.disclosure.release.made import make_frames, make_surface

KEY = b"k" * 32
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
INNER = "joint-inspection"


@pytest.fixture(scope="module")
def frames() -> dict[str, gpd.GeoDataFrame]:
    return make_frames()


@pytest.fixture(scope="module")
def surface(frames: dict[str, gpd.GeoDataFrame]) -> RiskSurface:
    return make_surface(frames)


@pytest.fixture(scope="module")
def built(surface: RiskSurface) -> Built:
    return make(surface)


def make(surface: RiskSurface, circle: str = INNER, memories: Sequence[Memory] = (), **changes: object) -> Built:
    return build_release(surface, circle, KEY, memories, **{"now": NOW, **changes})


def count_inside(release: Release, frame: gpd.GeoDataFrame) -> dict[tuple[str, str, str], set[str]]:
    """Employers of each row of all workplaces by its drawn area."""
    return {
        key: set(frame["employer_id"][frame.geometry.within(area)])
        for key, area in list_areas(release).items()
        if key[:2] == ("workplaces", "all")
    }


class TestRows:
    def test_every_number_is_that_of_its_area_and_noise(
        self, built: Built, surface: RiskSurface, frames: dict[str, gpd.GeoDataFrame]
    ) -> None:
        inside = count_inside(built.release, frames["workplaces"])
        exact = make(surface, noise=False).release
        assert len(inside) > 5
        assert {row.cell.size_m for row in exact.rows} > {1000, 2000}
        for row, blurred in zip(exact.rows, built.release.rows, strict=True):
            assert abs(row.n_employers - blurred.n_employers) <= 3
            assert blurred.n_employers >= 10
            if row.key in inside:
                assert row.n_employers == len(inside[row.key]) >= 10
        assert built.release.rows != exact.rows

    def test_areas_of_a_layer_and_sector_do_not_overlap(self, built: Built) -> None:
        for part in {row.key[:2] for row in built.release.rows}:
            areas = [area for key, area in list_areas(built.release).items() if key[:2] == part]
            assert shapely.unary_union(areas).area == pytest.approx(sum(area.area for area in areas))

    def test_classes_are_those_of_the_mean_score_of_workplaces(
        self, built: Built, surface: RiskSurface, frames: dict[str, gpd.GeoDataFrame]
    ) -> None:
        areas = list_areas(built.release)
        breaks = [each.low for each in score_classes()[1:]]
        n_classes = 0
        for row in built.release.rows:
            if row.key[:2] != ("workplaces", "all"):
                assert row.score_class is None
                continue
            places = frames["workplaces"].geometry[frames["workplaces"].geometry.within(areas[row.key])]
            at_row, at_col = surface.grid.cell_at(places.x, places.y)
            scores = surface.score[at_row[at_row >= 0], at_col[at_row >= 0]]
            scores = scores[~np.isnan(scores)].astype(np.float64)
            if row.score_class is not None:
                n_classes += 1
                assert row.score_class == 1 + sum(scores.mean() >= low for low in breaks)
        assert n_classes > 5

    def test_a_circle_is_shown_what_it_may_see_and_squares_of_its_size(
        self, surface: RiskSurface, frames: dict[str, gpd.GeoDataFrame]
    ) -> None:
        release = make(surface, "public", noise=False).release
        seen = frames["workplaces"][frames["workplaces"]["circle"] == "public"]
        inside = count_inside(release, seen)
        rows = {row.key: row for row in release.rows if row.key in inside}
        assert rows
        assert {key: row.n_employers for key, row in rows.items()} == {k: len(who) for k, who in inside.items()}
        assert min(row.cell.size_m for row in release.rows) >= find_finest("public") == 8000
        # and coloured by that alone
        visible = make_surface(dict(select_visible_layers(surface.layers, "public").items()))
        assert [row.score_class for row in make(visible, "public").release.rows] == [
            row.score_class for row in release.rows
        ]

    def test_circles_of_coarse_squares_come_first(self) -> None:
        assert order_circles([INNER, "public", INNER, "municipality"]) == ("public", "municipality", INNER)
        with pytest.raises(ParameterError, match=r"'a'.*\n.*'b'"):
            order_circles(["a", INNER, "b"])

    def test_what_was_left_out_is_told_in_counts(self, built: Built) -> None:
        withheld = built.release.withheld
        n_employers = withheld.n_employers["workplaces"]
        assert withheld.n_in_no_cell["workplaces"] < 0.05 * n_employers
        assert withheld.refused["workplaces"]["too_few"] > 0
        said = [str(sentence) for sentence in describe_withheld(withheld)]
        told = n_employers - withheld.n_in_no_cell["workplaces"]
        assert f"Workplaces: {told} of {n_employers} employers are counted in some cell" in said

    def test_a_circle_that_sees_nothing_has_an_empty_release(self, frames: dict[str, gpd.GeoDataFrame]) -> None:
        surface = make_surface({"workplaces": frames["workplaces"].assign(circle=INNER)})
        release = make(surface, "public").release
        assert release.rows == ()
        assert "the circle may see no record" in str(describe_withheld(release.withheld)[0])
        assert read_memory(write_memory(make(surface, "public").memory)).shown.keys == ()

    @pytest.mark.parametrize("many", [{"n_firms": 1}, {"n_firms": 2}])
    def test_where_one_or_two_have_nearly_all_nothing_is_told(self, many: dict[str, int]) -> None:
        rows = [
            make_workplace(i, employer_id=f"SE-{i % many['n_firms'] if i < 90 else i}", **near_town(0, 0))
            for i in range(102)
        ]
        assert make(make_surface({"workplaces": make_frame(rows)})).release.rows == ()
        # by employees
        rows = [
            make_workplace(i, employer_id=f"SE-{i}", employees=1_000.0 if i < many["n_firms"] else 1.0)
            for i in range(20)
        ]
        release = make(make_surface({"workplaces": make_frame(rows)})).release
        assert release.rows == ()
        assert release.withheld.refused["workplaces"]["dominance"] > 0

    def test_sites_without_a_known_employer_are_employers_of_their_own(self) -> None:
        rows = [make_workplace(i, employer_id=None) for i in range(12)]
        release = make(make_surface({"workplaces": make_frame(rows)}), noise=False).release
        assert {row.n_employers for row in release.rows} == {12}


class TestTheSame:
    def test_equal_inputs_give_equal_rows(self, built: Built, frames: dict[str, gpd.GeoDataFrame]) -> None:
        shuffled = {name: frame.sample(frac=1.0, random_state=1) for name, frame in frames.items()}
        again = make(make_surface(shuffled))
        assert again.release.digest == built.release.digest
        assert again.release.release_id == built.release.release_id
        assert write_memory(again.memory) == write_memory(built.memory)

    def test_a_release_comes_back_from_json(self, built: Built) -> None:
        document = json.loads(json.dumps(write_release(built.release)))
        assert write_release(read_release(document)) == write_release(built.release)
        assert read_release(document).digest == built.release.digest == built.release.manifest["digest"]

    def test_a_memory_comes_back_from_bytes(self, built: Built) -> None:
        content = write_memory(built.memory)
        assert write_memory(read_memory(content)) == content
        assert read_memory(content).shown == built.memory.shown
        for broken in (b"", content[:-40], content[: len(content) // 2], b"PK" + content[2:100]):
            with pytest.raises(StoreError, match="release r1 left for audits cannot be read"):
                read_memory(broken, "r1")

    def test_no_memory_holds_an_id_or_a_place_finer_than_a_square(
        self, built: Built, frames: dict[str, gpd.GeoDataFrame]
    ) -> None:
        sites = read_memory(write_memory(built.memory)).sites
        assert not (sites.x % 1000).any()
        assert not (sites.y % 1000).any()
        assert not sites.record.any()
        other = build_release(make_surface(frames), INNER, b"o" * 32, now=NOW).memory.sites
        assert not set(sites.employer.tolist()) & set(other.employer.tolist())


class TestNoise:
    @settings(max_examples=50)
    @given(st.lists(st.integers(0, 2**64 - 1), max_size=8, unique=True), st.integers(0, 5), st.randoms())
    def test_the_same_records_have_the_same_noise(self, members: list[int], most: int, chance: object) -> None:
        shuffled = list(members)
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        drawn = [draw_noise(KEY, np.array(some, dtype=np.uint64), most) for some in (members, shuffled)]
        assert drawn[0] == drawn[1]
        assert abs(drawn[0]) <= most

    def test_its_mean_is_nothing_and_every_value_comes(self) -> None:
        drawn = np.array([draw_noise(KEY, np.array([i], dtype=np.uint64), 3) for i in range(4_000)])
        assert set(drawn.tolist()) == set(range(-3, 4))
        # five standard errors
        assert abs(drawn.mean()) < 5 * np.sqrt(1.5 / len(drawn))
        assert drawn.var() == pytest.approx(1.5, rel=0.12)

    def test_another_key_or_one_record_more_draws_anew(self) -> None:
        sets = [np.arange(i, i + 12, dtype=np.uint64) for i in range(300)]
        own = [draw_noise(KEY, some, 3) for some in sets]
        others = [draw_noise(b"o" * 32, some, 3) for some in sets]
        more = [draw_noise(KEY, np.append(some, np.uint64(9_999)), 3) for some in sets]
        for drawn in (others, more):
            assert 0.6 < np.mean([a != b for a, b in zip(own, drawn, strict=True)]) < 0.9
            assert abs(np.corrcoef(own, drawn)[0, 1]) < 0.3

    def test_releases_of_all_circles_that_see_the_same_say_the_same(self, frames: dict[str, gpd.GeoDataFrame]) -> None:
        surface = make_surface({"workplaces": frames["workplaces"].assign(circle="public")})
        memories: list[Memory] = []
        known: dict[tuple[object, ...], set[int]] = {}
        for circle in (INNER, "municipality", "public"):
            made = make(surface, circle, memories)
            areas = list_areas(made.release)
            for row in made.release.rows:
                known.setdefault((row.layer, row.sector, areas[row.key].wkb), set()).add(row.n_employers)
            memories.append(made.memory)
        assert all(len(numbers) == 1 for numbers in known.values())


class TestEarlier:
    def change(self, frames: dict[str, gpd.GeoDataFrame], n: int, **place: float) -> RiskSurface:
        """The region with so many new employers in the town."""
        new = make_frame([make_workplace(800 + i, employer_id=f"new-{i}", **near_town(**place)) for i in range(n)])
        return make_surface({**frames, "workplaces": gpd.GeoDataFrame(pd.concat([frames["workplaces"], new]))})

    @pytest.mark.parametrize(("n", "is_kept"), [(1, True), (9, True), (10, False), (30, False)])
    def test_a_number_stays_until_ten_have_come(
        self, built: Built, frames: dict[str, gpd.GeoDataFrame], n: int, is_kept: bool
    ) -> None:
        surface = self.change(frames, n, east_m=0, north_m=0)
        old = {row.key: row for row in built.release.rows}
        made = make(surface, memories=(built.memory,))
        cell = ReleaseCell(1000, 7_088_000, 758_000)
        row = next(row for row in made.release.rows if row.key == ("workplaces", "all", cell.cell_id))
        before = old[row.key]
        assert ((row.n_employers, row.score_class) == (before.n_employers, before.score_class)) == is_kept
        fresh = {row.key: row.n_employers for row in make(surface).release.rows}
        if not is_kept:
            assert row.n_employers == fresh[row.key]
        assert (made.release.withheld.n_kept > 0) == is_kept

    def test_a_number_does_not_creep(self, built: Built, frames: dict[str, gpd.GeoDataFrame]) -> None:
        """Six and six more: held against what the number stands for, not against the last release."""
        cell = ReleaseCell(1000, 7_088_000, 758_000)
        memories, numbers = [built.memory], []
        for n in (6, 12):
            made = make(self.change(frames, n, east_m=0, north_m=0), memories=memories)
            memories.append(read_memory(write_memory(made.memory)))
            numbers.append(next(r for r in made.release.rows if r.key == ("workplaces", "all", cell.cell_id)))
        old = next(row for row in built.release.rows if row.key == numbers[0].key)
        assert numbers[0].n_employers == old.n_employers
        # seen by the last release alone it would still be the old one
        assert numbers[1].n_employers >= old.n_employers + 12 - 6
        fresh = make(self.change(frames, 12, east_m=0, north_m=0))
        assert numbers[1].n_employers == next(r.n_employers for r in fresh.release.rows if r.key == numbers[1].key)

    def test_rows_that_are_merged_say_what_both_said(self) -> None:
        """To a circle of larger squares: still all those employers, but for one."""
        here = [make_workplace(i, employer_id=f"a-{i}", circle="public", **near_town(0, 0)) for i in range(10)]
        around = [
            make_workplace(100 + i, employer_id=f"b-{i}", circle="public", **near_town(1_000.0 * (i % 2), 1_000.0))
            for i in range(12)
        ]
        first = make(make_surface({"workplaces": make_frame([*here, *around])}))
        assert sorted(row.cell.size_m for row in first.release.rows if row.sector == "all") == [1000, 2000]
        surface = make_surface({"workplaces": make_frame([*here[1:], *around])})
        second = make(surface, "municipality", memories=(first.memory,))
        (at,) = [n for n, row in enumerate(second.release.rows) if row.sector == "all"]
        basis = second.memory.bases[at]
        assert len(basis) == 22
        assert second.release.rows[at].n_employers == 22 + draw_noise(KEY, basis, 3)
        assert second.release.rows[at].cell.size_m == 2000

    def test_a_row_stays_that_is_of_fewer_than_ten_today(self) -> None:
        """Twelve and then nine: who has both releases learns of no change."""
        rest = [
            make_workplace(100 + i, employer_id=f"b-{i}", **near_town(5_000.0 + 1_000 * (i % 3), 0)) for i in range(30)
        ]
        here = [make_workplace(i, employer_id=f"a-{i}", **near_town(0, 0)) for i in range(12)]
        built: list[Built] = []
        for n in (12, 9, 3, 2):
            surface = make_surface({"workplaces": make_frame([*here[:n], *rest])})
            built.append(make(surface, memories=[read_memory(write_memory(one.memory)) for one in built]))
        assert [one.release.rows == built[0].release.rows for one in built] == [True, True, True, False]
        assert [one.release.withheld.n_kept > 0 for one in built] == [False, True, True, False]

    def test_no_row_comes_with_one_employer(self) -> None:
        rest = [make_workplace(100 + i, employer_id=f"b-{i}", **near_town(5_000.0, 0)) for i in range(30)]
        here = [make_workplace(i, employer_id=f"a-{i}", **near_town(0, 0)) for i in range(18)]
        built: list[Built] = []
        for n in (9, 10, 18):
            surface = make_surface({"workplaces": make_frame([*here[:n], *rest])})
            built.append(make(surface, memories=[read_memory(write_memory(one.memory)) for one in built]))
        assert [one.release.rows == built[0].release.rows for one in built] == [True, True, True]
        said = [str(sentence) for sentence in describe_withheld(built[1].release.withheld)]
        assert "Workplaces: 18 squares are part of a larger one, or of none, as they were in an earlier release" in said

    def test_releases_made_with_another_key_cannot_be_held_against_these(
        self, built: Built, surface: RiskSurface
    ) -> None:
        with pytest.raises(ConfigError, match=r"release\.key"):
            build_release(surface, INNER, b"o" * 32, (built.memory,), now=NOW)

    def test_an_unknown_circle_is_refused(self, surface: RiskSurface) -> None:
        with pytest.raises(ParameterError, match=r"no sharing circle 'x'.*public"):
            make(surface, "x")

    def test_it_expires(self, built: Built) -> None:
        assert built.release.expires_at == NOW + timedelta(days=180)


class TestScope:
    def test_whole_and_by_sector_and_layer(self, built: Built) -> None:
        release = built.release
        assert select_rows(release, Scope()) == release.rows
        only = select_rows(release, Scope(sectors=("all",), layers=("workplaces",)))
        assert {row.key[:2] for row in only} == {("workplaces", "all")}

    def test_finer_rows_are_added_up_from_what_is_published(self, built: Built) -> None:
        coarse = select_rows(built.release, Scope(finest_m=8000))
        assert min(row.cell.size_m for row in coarse) == 8000
        for row in coarse:
            parts = [
                one for one in built.release.rows if one.key[:2] == row.key[:2] and one.cell.cover(8000) == row.cell
            ]
            assert row.n_employers == sum(one.n_employers for one in parts)
            classes = [one.score_class for one in parts if one.score_class]
            assert row.score_class is None if not classes else min(classes) <= row.score_class <= max(classes)

    def test_a_drawn_area_snaps_to_cells(self, built: Built) -> None:
        areas = list_areas(built.release)
        drawn = shapely.Point(758_600, 7_088_600).buffer(900)
        cells = snap_area(built.release, drawn)
        assert set(cells) == {key[2] for key, area in areas.items() if area.intersects(drawn)}
        rows = select_rows(built.release, Scope(area=cells))
        assert {row.cell.cell_id for row in rows} == set(cells)
        for broken in (shapely.Polygon(), shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), shapely.Point(0, 0)):
            with pytest.raises(ParameterError, match="area drawn"):
                snap_area(built.release, broken)

    @pytest.mark.parametrize("finest_m", [2000, 4000, 16000])
    def test_of_a_square_that_is_added_up_no_part_is_shown(self, built: Built, finest_m: int) -> None:
        """However little of it was drawn: else a row of 1 km would stand under the name of a larger square."""
        whole = {row.key: row for row in select_rows(built.release, Scope(finest_m=finest_m))}
        for cell in sorted(built.release.cells):
            for row in select_rows(built.release, Scope(area=(cell,), finest_m=finest_m)):
                assert row == whole[row.key]

    def test_what_a_release_does_not_have_is_told_at_once(self, built: Built, surface: RiskSurface) -> None:
        with pytest.raises(ParameterError) as failed:
            select_rows(built.release, Scope(("RES1000mN0E0",), ("x",), ("visits",), 1500))
        for word in ("area", "sectors", "layers", "finest_m"):
            assert f"{word}:" in str(failed.value)
        public = make(surface, "public").release
        with pytest.raises(ParameterError, match="cells of 8000 m or more"):
            select_rows(public, Scope(finest_m=4000))
        with pytest.raises(ParameterError, match="it holds no cell"):
            select_rows(built.release, Scope(area=()))

    @given(st.builds(Scope, st.none() | st.just(("RES1000mN0E0",)), st.none() | st.just(("all",))))
    def test_a_scope_comes_back_from_json(self, scope: Scope) -> None:
        assert Scope.from_dict(json.loads(json.dumps(scope.to_dict()))) == scope

    @given(st.integers(0, 8), st.integers(-100, 9_000), st.integers(-100, 1_000))
    def test_names_of_cells_come_back(self, level: int, north: int, east: int) -> None:
        size = 1000 << level
        cell = ReleaseCell(size, north * size, east * size)
        if max(abs(cell.northing), abs(cell.easting)) < 10**8:
            assert parse_cell_id(cell.cell_id) == cell

    @pytest.mark.parametrize(
        "text", ["", "RES3000mN0E0", "RES2000mN1000E0", "RES1000mN0E\u0660", "RES1000mN0E0 ", "RES999999999mN0E0"]
    )
    def test_other_names_are_refused(self, text: str) -> None:
        with pytest.raises(ParameterError, match="is no cell of a release"):
            parse_cell_id(text)
