"""The admin's pages: users, surfaces, jobs, settings and the log, and what must never stand on them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import geo
from api import create_app
from api.describing import list_settings
from api.settings import Settings
from geo.grid import Grid
from geo.store.files import find_current, list_surfaces, load_layers, save_surface
from geo.store.people.appending import unguard_events
from geo.store.people.database import write_people
from geo.store.people.events import list_events, note_event
from geo.store.people.log_files import verify_file
from geo.store.people.management import By
from geo.store.people.shares.life import create_share
from geo.store.people.tables import SHARE_LINKS
from geo.store.people.users import ROLES, StoredUser, find_user
from geo.store.people.verifying import verify_log
from maps.pages.admin_settings import describe_setting
from tests.accounts import PASSWORD, cheap_passwords, enter, make_account
from tests.api.made import BASE_URL, HOSTILE, import_workplaces
from tests.frames import GRID, SCORING_DAY
from tests.shares import make_new

FORM = {"origin": BASE_URL}
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
LINK = re.compile(r'id="new-link" type="text" value="([^"]+)"')
PLACE = {"agency": "skatteverket", "circle": "own"}
NAMES = [
    "Åsa Öberg",
    "بو بن علي",
    "שרה כהן",
    "👩‍🚒 Bo",
    HOSTILE,
    "\"><script>alert('1')</script>",
    "{% raw %}",
    "' OR 1=1 --",
]


@pytest.fixture
def app(home: Path) -> Any:
    return create_app(Settings(home=home, check_seconds=0), passwords=cheap_passwords())


@pytest.fixture
def admin(app: Any, home: Path) -> Any:
    """Signed in with the role alone; the name can also sign in with a password."""
    make_account(home, "Admin", ["admin"], password=PASSWORD)
    with enter(app, "Admin", ["admin"], base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield client


def send(client: TestClient, path: str, token: str | None = None, **fields: str) -> Any:
    token = TOKEN.search(client.get("/admin/users").text)[1] if token is None else token  # type: ignore[index]
    return client.post(path, data={"form_token": token, **fields}, headers=FORM, follow_redirects=False)


def known(home: Path, name: str) -> StoredUser:
    found = find_user(home, name)
    assert found is not None
    return found


def tell(home: Path) -> list[str]:
    return [each.what for each in reversed(list_events(home)[1])]


class TestUsers:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """Users need no layers."""
        return tmp_path / "home"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_user_of_any_name_is_taken_in_and_chooses_a_password(
        self, app: Any, admin: TestClient, home: Path, name: str
    ) -> None:
        response = send(admin, "/admin/users", name=name, **PLACE, **{"role-planner": "1", "role-auditor": "1"})
        assert response.status_code == 200
        (address,) = LINK.findall(response.text)
        assert address.startswith(f"{BASE_URL}/welcome/")
        user = known(home, name)
        assert (user.roles, user.agency, user.circle) == ({"planner", "auditor"}, "skatteverket", "joint-inspection")
        for page in ("/admin/users", f"/admin/users/{user.user_id}", "/admin/audit"):
            text = admin.get(page).text
            assert "<script>alert" not in text
            assert "<img src=x" not in text
            assert address not in text
        with TestClient(app, base_url=BASE_URL) as visitor:
            (token,) = TOKEN.findall(visitor.get(address).text)
            fields = {"form_token": token, "password": PASSWORD, "again": PASSWORD}
            assert visitor.post(address, data=fields, headers=FORM, follow_redirects=False).status_code == 303
            assert visitor.get("/api/me").json()["name"] == user.name

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("x" * 10_000, "högst"),
            ("😀" * 5_000, "högst"),
            ("  ", "Skriv namnet"),
            ("Bo\u202egnaB", "inte syns"),
            ("ADMIN", "redan en användare"),
        ],
    )
    def test_a_name_that_cannot_be_kept_is_refused_in_words(
        self, admin: TestClient, home: Path, name: str, words: str
    ) -> None:
        before = tell(home)
        response = send(admin, "/admin/users", name=name, **PLACE)
        assert response.status_code == 422
        assert words in response.text
        assert LINK.search(response.text) is None
        assert tell(home) == before

    def test_everything_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost(self, admin: TestClient) -> None:
        response = send(admin, "/admin/users", name="", agency="mi5", circle="all", **{"role-analyst": "1"})
        for words in ("Skriv namnet", "Välj myndigheten", "Välj delningskrets"):
            assert words in response.text
        assert 'name="role-analyst" value="1" checked' in response.text
        assert 'name="role-admin" value="1" checked' not in response.text

    def test_other_roles_end_the_sessions(self, app: Any, admin: TestClient, home: Path) -> None:
        bo = enter(app, "Bo", ["planner"], base_url=BASE_URL)
        path = f"/admin/users/{known(home, 'Bo').user_id}"
        same = {"do": "change", "agency": "polismyndigheten", "circle": "joint-inspection", "role-planner": "1"}
        assert send(admin, path, **same).headers["location"].endswith("done=same")
        assert bo.get("/api/me").status_code == 200
        response = send(admin, path, **{**same, "circle": "municipality", "role-analyst": "1"})
        assert response.headers["location"] == f"{path}?lang=sv&done=changed"
        assert bo.get("/api/me").status_code == 401
        assert known(home, "Bo").circle == "municipality"
        assert "utloggad överallt" in admin.get(response.headers["location"]).text

    def test_a_form_of_a_session_that_ended_comes_back_as_it_was_filled_in(
        self, app: Any, admin: TestClient, home: Path
    ) -> None:
        enter(app, "Bo", ["planner"], base_url=BASE_URL)
        path = f"/admin/users/{known(home, 'Bo').user_id}"
        chosen = {"agency": "arbetsmiljoverket", "circle": "municipality", "role-auditor": "1"}
        response = send(admin, path, "of another session", do="change", **chosen)
        assert response.status_code == 422
        for value in (
            '"arbetsmiljoverket" selected',
            '"municipality" selected',
            'name="role-auditor" value="1" checked',
        ):
            assert value in response.text
        assert 'name="role-planner" value="1" checked' not in response.text
        assert known(home, "Bo").roles == {"planner"}

    def test_disable_enable_link_and_sessions(self, app: Any, admin: TestClient, home: Path) -> None:
        bo = enter(app, "Bo", ["planner"], base_url=BASE_URL)
        path = f"/admin/users/{known(home, 'Bo').user_id}"
        assert send(admin, path, do="disable").status_code == 303
        assert bo.get("/api/me").status_code == 401
        refused = send(admin, path, do="link")
        assert refused.status_code == 422
        assert "Släpp först in" in refused.text
        assert send(admin, path, do="enable").status_code == 303
        made = send(admin, path, do="link")
        assert LINK.search(made.text) is not None
        bo = enter(app, "Bo", ["planner"], base_url=BASE_URL)
        assert send(admin, path, do="sessions").status_code == 303
        assert bo.get("/api/me").status_code == 401
        assert tell(home)[-4:] == ["user-disabled", "user-enabled", "link-made", "sessions-ended"]

    def test_the_last_admin_stays(self, admin: TestClient, home: Path) -> None:
        me = known(home, "Admin").user_id
        refused = [
            send(admin, f"/admin/users/{me}", do="disable"),
            send(admin, f"/admin/users/{me}", do="change", **PLACE, **{"role-planner": "1"}),
        ]
        for response in refused:
            assert response.status_code == 422
            assert "den enda administratör som kan logga in" in response.text
        assert known(home, "Admin").roles == {"admin"}
        make_account(home, "Cecilia", ["admin"], password=PASSWORD)
        assert send(admin, f"/admin/users/{me}", do="disable").status_code == 303
        assert admin.get("/admin").status_code == 401

    @pytest.mark.parametrize("token", ["", "0" * 64, "å"])
    def test_a_form_without_its_token_changes_nothing(self, admin: TestClient, home: Path, token: str) -> None:
        bo = make_account(home, "Bo", ["planner"])
        before = tell(home)
        for do in ("", "change", "disable", "enable", "link", "sessions"):
            path = f"/admin/users/{bo}" if do else "/admin/users"
            response = send(admin, path, token, name="Ny", do=do, **PLACE)
            assert response.status_code == 422, do
            assert "Inget är ändrat" in response.text
        assert tell(home) == before
        assert find_user(home, "Ny") is None

    def test_another_sites_form_is_refused(self, admin: TestClient) -> None:
        response = admin.post("/admin/users", data={"name": "Ny"}, headers={"origin": "https://elsewhere.example"})
        assert response.status_code == 403

    @pytest.mark.parametrize("user_id", ["nobody", "0" * 10_000, "..%2Fusers", "%00"])
    def test_nobody_of_that_id(self, admin: TestClient, user_id: str) -> None:
        token = TOKEN.search(admin.get("/admin/users").text)[1]  # type: ignore[index]
        for do in ("change", "disable", "link"):
            response = send(admin, f"/admin/users/{user_id}", token, do=do, **PLACE)
            assert response.status_code == 404, do
        assert admin.get(f"/admin/users/{user_id}").status_code == 404


class TestSurfaces:
    @pytest.fixture
    def other(self, home: Path) -> str:
        """Another surface, saved and not published."""
        return save_surface(home, geo.score(load_layers(home), GRID, at="2026-11-11"))

    def ask(self, admin: TestClient, surface_id: str) -> dict[str, str]:
        text = admin.get(f"/admin/surfaces/{surface_id}/publish").text
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))

    def publish(self, admin: TestClient, surface_id: str, **fields: str) -> Any:
        form = {**self.ask(admin, surface_id), **fields}
        path = f"/admin/surfaces/{surface_id}/publish"
        return admin.post(path, data=form, headers=FORM, follow_redirects=False)

    def test_publish_and_go_back_under_an_open_map(self, app: Any, admin: TestClient, home: Path, other: str) -> None:
        first = find_current(home)
        assert first is not None
        reader = enter(app, "Bo", ["planner"], base_url=BASE_URL)
        tile = f"/tiles/{first}/8/142/68.png"
        before = reader.get(tile).content
        assert "Publicera den här riskytan?" in admin.get(f"/admin/surfaces/{other}/publish").text
        response = self.publish(admin, other)
        assert (response.status_code, find_current(home)) == (303, other)
        assert "Publicerad." in admin.get(response.headers["location"]).text
        # a map that is open goes on with what it shows; who opens one now sees the other
        assert reader.get(tile).content == before
        assert reader.get(f"/api/surfaces/{first}").status_code == 200
        assert reader.get("/api/surfaces/current").json()["id"] == other
        assert "Gå tillbaka till den här riskytan?" in admin.get(f"/admin/surfaces/{first}/publish").text
        assert self.publish(admin, first).status_code == 303
        assert find_current(home) == first
        assert reader.get(f"/api/surfaces/{other}").status_code == 200
        about = [each.about for each in list_events(home)[1] if each.what == "surface-published"]
        assert about == [f"{other} → {first}", f"{first} → {other}"]

    def test_somebody_else_has_published_meanwhile(self, admin: TestClient, home: Path, other: str) -> None:
        first = find_current(home)
        response = self.publish(admin, other, published=other)
        assert response.status_code == 422
        assert "publicerats under tiden" in response.text
        assert find_current(home) == first

    def test_a_form_without_its_token_publishes_nothing(self, admin: TestClient, home: Path, other: str) -> None:
        first = find_current(home)
        assert self.publish(admin, other, form_token="").status_code == 422
        assert find_current(home) == first

    def test_a_damaged_surface_is_not_published(self, admin: TestClient, home: Path, other: str) -> None:
        (home / "surfaces" / other / "score.npy").write_bytes(b"not a raster")
        page = admin.get("/admin/surfaces")
        assert page.status_code == 200
        first = find_current(home)
        assert self.publish(admin, other).status_code == 422
        assert find_current(home) == first

    @pytest.mark.parametrize("surface_id", ["0123456789abcdef", "..%2F..%2Fetc", "x" * 10_000])
    def test_a_surface_that_is_gone(self, admin: TestClient, home: Path, surface_id: str) -> None:
        path = f"/admin/surfaces/{surface_id}/publish"
        assert admin.get(path).status_code == 404
        form = self.ask(admin, list_surfaces(home)[0].id)
        assert admin.post(path, data=form, headers=FORM).status_code in {404, 422}

    def test_each_has_its_manifest(self, admin: TestClient, home: Path, other: str) -> None:
        text = admin.get("/admin/surfaces?lang=en").text
        assert text.count("<summary>Manifest</summary>") == len(list_surfaces(home)) == 2
        assert other in text
        assert "Published</span>" in text

    def test_only_those_who_may_see_all_records(self, app: Any, admin: TestClient, home: Path) -> None:
        surface_id = find_current(home)
        narrow = enter(app, "Kommun", ["admin", "auditor"], circle="municipality", base_url=BASE_URL)
        for path in ("/admin/surfaces", f"/admin/surfaces/{surface_id}/publish", "/admin/jobs"):
            assert narrow.get(path).status_code == 403
        imported = import_workplaces(enter(app, "All", base_url=BASE_URL))
        assert imported["status"] == "done"
        for what in ("surface-scored", "surface-published", "surface-exported"):
            note_event(home, None, what, surface_id, now=1.8e9)
        for path in ("/admin", "/admin/audit", "/audit"):
            assert "arbetsställen.csv" not in narrow.get(path).text
            assert surface_id not in narrow.get(path).text
        assert "arbetsställen.csv" in admin.get("/admin").text
        assert surface_id in admin.get("/audit").text


class TestOverviewAndJobs:
    def test_what_is_published_and_whether_it_is_stale(self, app: Any, admin: TestClient, home: Path) -> None:
        text = admin.get("/admin?lang=en").text
        assert str(find_current(home)) in text
        assert "Up to date with the layers" in text
        job = import_workplaces(enter(app, "Bo", ["analyst"], base_url=BASE_URL))
        text = admin.get("/admin?lang=en").text
        assert "Out of date" in text
        jobs = admin.get("/admin/jobs?lang=en").text
        assert f"/import/jobs/{job['id']}" in jobs
        assert "arbetsställen.csv" in jobs
        log = admin.get("/audit?lang=en").text
        assert "Sent files to be imported" in log

    def test_before_there_is_anything(self, serve: Callable[..., TestClient], tmp_path: Path) -> None:
        client = serve(tmp_path / "none")
        for path in ("/admin", "/admin/surfaces", "/admin/jobs", "/admin/settings", "/admin/audit", "/admin/users"):
            for lang in ("sv", "en"):
                response = client.get(f"{path}?lang={lang}")
                assert response.status_code == 200, path
                assert response.headers["cache-control"] == "no-store"

    def test_what_is_wrong_with_the_data_folder(
        self, app: Any, admin: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.state.service, "_refresh", lambda _: None)
        app.state.service.problem = "norrsyn.sqlite <is> gone"
        assert "norrsyn.sqlite &lt;is&gt; gone" in admin.get("/admin").text

    def test_the_menu_leads_there_for_admins_alone(self, app: Any, admin: TestClient) -> None:
        assert 'href="admin?lang=sv"' in admin.get("/admin").text
        planner = enter(app, "Bo", ["planner"], base_url=BASE_URL)
        assert "admin?lang" not in planner.get("/").text
        auditor = enter(app, "Cecilia", ["auditor"], base_url=BASE_URL).get("/audit").text
        assert 'href="audit?lang=sv"' in auditor
        assert "admin-nav" not in auditor


class TestSettings:
    SECRET = "postgresql://anna:hemlighet@db.example:5432/norrsyn?password=hemlighet2"  # noqa: S105
    KEY = "k" * 16 + "nyckel" + "k" * 16

    def test_every_setting_is_told_and_nothing_secret(self) -> None:
        settings = Settings(database_url=self.SECRET, pseudonym_key=self.KEY, port=8123)  # type: ignore[arg-type]
        lines = {each.name: each for each in list_settings(settings)}
        assert set(lines) == set(Settings.model_fields)
        assert all(each.description for each in lines.values())
        assert lines["database_url"].value == "postgresql://db.example:5432/norrsyn"
        assert (lines["pseudonym_key"].value, lines["pseudonym_key"].is_set) == ("", True)
        assert (lines["port"].value, lines["port"].default, lines["port"].is_default) == ("8123", "8000", False)
        everything = repr(lines)
        for secret in ("hemlighet", "anna", self.KEY, "nyckel"):
            assert secret not in everything

    def test_whatever_is_secret_is_masked_by_its_type(self) -> None:
        for name, info in Settings.model_fields.items():
            (line,) = [each for each in list_settings(Settings()) if each.name == name]
            assert line.secret is ("SecretStr" in str(info.annotation) and name != "database_url"), name

    def test_words_are_of_settings_that_there_are(self) -> None:
        assert describe_setting("sv", "port") != describe_setting("en", "port") != ""
        assert describe_setting("sv", "nothing") == ""
        assert [name for name in Settings.model_fields if not describe_setting("sv", name)] == []

    def test_the_page(self, serve: Callable[..., TestClient], home: Path) -> None:
        client = serve(home, pseudonym_key=self.KEY, allowed_hosts="norrsyn.example")
        for lang, said in (("sv", "angiven, visas inte"), ("en", "set, and not shown")):
            text = client.get(f"/admin/settings?lang={lang}").text
            assert said in text
            assert "norrsyn.example" in text
            assert self.KEY not in text
            for name in Settings.model_fields:
                assert f"NORRSYN_{name.upper()}" in text


class TestAudit:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """Users need no layers."""
        return tmp_path / "home"

    def test_signing_in_and_out_and_failures(self, app: Any, admin: TestClient, home: Path) -> None:
        with TestClient(app, base_url=BASE_URL, follow_redirects=False) as visitor:
            for password in ("fel lösenord här", "fel lösenord igen"):
                visitor.post("/sign-in", data={"name": HOSTILE, "password": password}, headers=FORM)
            visitor.post("/sign-in", data={"name": "Admin", "password": PASSWORD}, headers=FORM)
            visitor.post("/sign-out", headers=FORM)
        assert tell(home) == ["signed-in", "signed-out"]
        text = admin.get("/admin/audit?lang=en").text
        assert re.search(r"Attempts</dt><dd>2<", text)
        for secret in ("fel lösenord", PASSWORD, "onerror"):
            assert secret not in text

    def test_page_by_page(self, admin: TestClient, home: Path) -> None:
        for number in range(101):
            note_event(home, known(home, "Admin").user_id, "sessions-ended", str(number), now=1.8e9 + number)
        cell = ">Signed a user out everywhere</td>"
        first = admin.get("/audit?lang=en&what=sessions-ended").text
        assert first.count(cell) == 100
        (before,) = re.findall(r"before=(\d+)", first)
        rest = admin.get(f"/audit?lang=en&what=sessions-ended&before={before}").text
        assert rest.count(cell) == 1
        assert "before=" not in rest

    def test_who_what_and_when(self, admin: TestClient, home: Path) -> None:
        note_event(home, None, "site-viewed", "workplaces/77", now=1.8e9, name="Åsa <b>", basis="planner; public")
        note_event(home, None, "site-viewed", "workplaces/78", now=1.8e9 + 86_400, name="Bo")

        def ask(**wanted: str) -> list[str]:
            return re.findall(r"<bdi>workplaces/(\d+)</bdi>", admin.get("/audit", params={"lang": "en", **wanted}).text)

        assert ask() == ["78", "77"]
        assert ask(what="site-viewed", who="åsa") in ([], ["77"])
        assert ask(who="Bo") == ask(thing="78") == ask(**{"from": "2027-01-16"}) == ["78"]
        assert ask(to="2027-01-15") == ["77"]
        assert ask(what="plan-viewed") == ask(who="x" * 200) == ask(thing="\0") == []
        # what is no kind or no day counts as none, and a day is told
        assert ask(what="borrowed") == ["78", "77"]
        wrong = admin.get("/audit?lang=en&from=2027-13-99&to=x").text
        assert wrong.count("Give a date as year, month and day.") == 2
        assert "planner; public" in wrong
        assert "<b>" not in wrong

    def test_another_circle_is_not_told_which_records(self, app: Any, admin: TestClient, home: Path) -> None:
        note_event(home, None, "site-viewed", "findings/F77", now=1.8e9, name="Bo")
        narrow = enter(app, "Kommun", ["admin", "auditor"], circle="municipality", base_url=BASE_URL)
        assert "F77" in admin.get("/audit").text
        for query in ("", "?thing=F77"):
            text = narrow.get(f"/audit{query}").text
            assert "findings/F77" not in text
            assert (">Bo<" in text) is not bool(query)
        assert narrow.get("/audit/events.csv").status_code == 403

    def test_it_verifies_when_asked(self, admin: TestClient, home: Path) -> None:
        assert "Head of the log" not in admin.get("/audit?lang=en").text
        head = verify_log(home).head.hash
        good = admin.get("/audit?lang=en&check=1").text
        assert head in good
        assert tell(home)[-1] == "audit-verified"
        with write_people(home) as connection:
            unguard_events(connection)
            connection.execute(sa.text("UPDATE events SET user_name = 'Bo' WHERE event_id = 1"))
        for lang, words in (
            ("en", "salt of event 1 is not what was noted"),
            ("sv", "händelse 1 är inte det som antecknades"),
        ):
            assert words in admin.get(f"/admin/audit?lang={lang}&check=1").text
        assert list_events(home, limit=1)[1][0].about == "1: content"

    def test_it_names_share_links_that_are_not_as_it_left_them(self, admin: TestClient, home: Path) -> None:
        now = time.time()
        link = create_share(home, make_new(now), By("u1", now, "Anna"), among={"joint-inspection"}).link
        page = admin.get("/audit?lang=en&check=1").text
        assert "Share links are not" not in page
        # people read what it shows, machines the hash
        assert "; sectors all; layers workplaces<" in page
        assert "; terms " not in page
        assert "; terms " in admin.get("/audit/events.csv").text
        with write_people(home) as connection:
            connection.execute(SHARE_LINKS.update().values(expires_at=now + 80 * 86_400))
        for lang, words in (
            ("en", (f"Share link {link.link_id} is not as event", "Share links are not as the log left them")),
            ("sv", (f"Delningslänk {link.link_id} är inte som händelse", "inte som loggen lämnade dem")),
        ):
            page = unescape(admin.get(f"/audit?lang={lang}&check=1").text)
            assert all(each in page for each in words)
        assert list_events(home, limit=1)[1][0].about == f"share link {link.link_id}: changed"

    def test_it_tells_of_what_was_emptied(self, admin: TestClient, home: Path) -> None:
        nothing = "salt = NULL, user_id = NULL, user_name = '', about = '', basis = ''"
        emptied = f"UPDATE events SET {nothing} WHERE event_id <= :last"  # noqa: S608
        note_event(home, None, "signed-in", now=time.time(), name="Bo")
        last = verify_log(home).head.number
        with write_people(home) as connection:
            connection.execute(sa.text(emptied), {"last": last})
        note_event(home, None, "audit-emptied", f"1–{last}; 730 days", now=time.time(), name="cli:root")
        found = verify_log(home).fault
        assert found is not None
        assert found.early is not None
        n, first = found.early.n, found.number
        page = unescape(admin.get("/audit?lang=sv&check=1").text)
        assert re.search(rf"Händelse {first} tömdes efter \d+ dagar, men skulle ha behållits i 730\. .*: {n}\.", page)
        page = unescape(admin.get("/audit?lang=en&check=1").text)
        assert re.search(rf"Event {first} was emptied after \d+ days, and had to be kept for 730\. .*: {n}\.", page)

    def test_a_file_of_it_verifies_elsewhere(self, admin: TestClient, home: Path, tmp_path: Path) -> None:
        note_event(home, None, "user-added", "=1+1", now=1.7e9, name="-Bo")
        answer = admin.get("/audit/events.csv")
        assert answer.headers["cache-control"] == "no-store"
        (tmp_path / "log.csv").write_bytes(answer.content)
        verdict = verify_file(tmp_path / "log.csv")
        assert (verdict.fault, verdict.head) == (None, verify_log(home).head)
        assert tell(home)[-1] == "audit-exported"
        assert ",'=1+1," in answer.text
        assert admin.get("/audit/events.csv?from=2023-11-14&to=2023-11-14").text.count("\r\n") == 2
        assert admin.get("/audit/events.csv?from=x").status_code == 422
        assert admin.get("/audit/events.csv?kind=x").status_code == 422

    @pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 40])
    def test_a_number_that_is_none(self, admin: TestClient, before: str) -> None:
        assert admin.get(f"/audit?before={before}").status_code == 422


def test_all_roles_can_be_given(admin: TestClient) -> None:
    text = admin.get("/admin/users").text
    assert set(re.findall(r'name="role-(\w+)"', text)) == set(ROLES)


def test_the_made_home_is_what_the_tests_think(home: Path) -> None:
    (surface,) = list_surfaces(home)
    assert surface.manifest["at"] == str(SCORING_DAY)
    assert Grid(**surface.manifest["grid"]) == GRID
