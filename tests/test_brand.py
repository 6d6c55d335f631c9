"""The settings of the brand: logo, colour, address, domain, and what they change on the public pages."""

import dataclasses
import random
import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from browser import Browser
from cast import ADA, BEN
from falcon.testing import TestClient
from PIL import Image

from service import db
from service.errors import Conflict, Invalid
from service.feedback import brand, workspaces
from service.feedback.versions import version
from service.web.app import create_app

BRAND = "/app/acme/settings/brand"
EVENTS = "SELECT data->'changed' FROM event WHERE workspace_id = %(workspace)s AND type = 'workspace.updated' ORDER BY seq"


@pytest.fixture
def ada(client, acme):
    browser = Browser(client).sign_in(ADA)
    browser.open(BRAND)
    return browser


def picture(size=(600, 300), kind="PNG", colour="#0b667f") -> bytes:
    content = BytesIO()
    Image.new("RGB", size, colour).save(content, kind)
    return content.getvalue()


def upload(browser, data: bytes | None, **changed):
    """Send the form with the logo, as a browser does without a script."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.page.text)[1]
    fields = {"csrf": csrf, "do": "logo", **changed}
    start = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    parts = [start.format(name).encode() + value.encode() + b"\r\n" for name, value in fields.items()]
    if data is not None:
        parts.append(start.format('file"; filename="a.png').encode() + data + b"\r\n")
    headers = {**browser.headers(), "Content-Type": "multipart/form-data; boundary=x"}
    return browser.keep(browser.client.simulate_post(BRAND, body=b"".join(parts) + b"--x--\r\n", headers=headers))


def save(browser, does: str, **fields):
    """Send one of the page's forms."""
    browser.open(BRAND)
    return browser.send(BRAND, do=does, **fields)


def changes(company) -> list[list[str]]:
    return [row[0] for row in db.rows(EVENTS, workspace=company.workspace.id)]


# ── logo ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_logo_is_sent_without_a_script_and_shown_small_and_square(ada, acme, client, kind):
    for _ in range(2):
        assert upload(ada, picture(kind=kind)).status_code == 303
        ada.open(BRAND)
    assert changes(acme) == [["logo"]]
    address = re.search(r'<img src="(/b/acme/logo\?v=[0-9a-f]{20})"', client.simulate_get("/b/acme").text)[1]
    answer = client.simulate_get(address)
    kept = Image.open(BytesIO(answer.content))
    assert (answer.headers["content-type"], kept.format, kept.size) == ("image/png", "PNG", (240, 240))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in answer.headers["content-security-policy"] and answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert client.simulate_get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert "immutable" not in client.simulate_get("/b/acme/logo").headers["cache-control"]


@pytest.mark.parametrize("data", [None, b"", b"<svg onload=alert(1)>", picture()[:60], b"\x89PNG\r\n\x1a\n" + b"x" * 500,
                                  picture() + b"\0" * (1 << 20)], ids=range(6))  # fmt: skip
def test_what_is_no_small_picture_is_refused_in_the_page(ada, acme, data):
    page = upload(ada, data)
    assert page.status_code in (413, 422) and "<!doctype html>" in page.text
    assert workspaces.by_slug("acme").logo is None and changes(acme) == []


def test_noise_fits_its_table_too(acme):
    brand.set_logo(acme.team, brand.drawn(noise()))
    assert len(brand.logo_at("acme").data) < 262_144


def noise() -> bytes:
    content = BytesIO()
    Image.frombytes("RGBA", (256, 256), random.Random(1).randbytes(256 * 256 * 4)).save(content, "PNG")
    return content.getvalue()


def test_a_logo_is_removed_once_and_one_that_is_another_by_now_is_not(ada, acme, client):
    upload(ada, picture())
    ada.open(BRAND)
    seen = version(workspaces.by_slug("acme").logo)
    brand.set_logo(acme.team, brand.drawn(picture(colour="#ff0000")))
    assert save(ada, "unlogo", seen=seen).status_code == 409
    for _ in range(2):
        ada.open(BRAND)
        assert save(ada, "unlogo").status_code == 303
    assert changes(acme) == [["logo"], ["logo"], ["logo"]]
    assert client.simulate_get("/b/acme/logo").status_code == 404
    assert "/logo?v=" not in client.simulate_get("/b/acme").text


def test_a_logo_needs_the_page_that_it_is_sent_from_and_an_admin(ada, acme, client, globex):
    assert upload(ada, picture(), csrf="forged").status_code == 403
    ben = Browser(client).sign_in(BEN)
    ben.open("/app/acme/inbox")
    assert upload(ben, picture()).status_code == 403
    assert workspaces.by_slug("acme").logo is None
    for path in ("/b/globex/logo", "/b/nowhere/logo", "/b/acme.example/logo", "/b/%ff/logo"):
        assert client.simulate_get(path).status_code == 404, path


def test_logos_in_a_row_are_too_many_at_once(ada, acme):
    answers = {upload(ada, b"").status_code for _ in range(21)}  # in two minutes at most
    assert answers == {422, 429} and workspaces.by_slug("acme").logo is None


# ── colour ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accent_is_typed_or_picked_and_shown_readable(ada, acme, client):
    picked = {"accent": "#ff0000", "was": "#ff0000", "picked": "#00ff00"}
    for fields, kept in (({"accent": " #FFD800 "}, "#ffd800"), ({"accent": "f00"}, "#ff0000"), (picked, "#00ff00"),
                         ({"accent": ""}, None)):  # fmt: skip
        assert save(ada, "accent", **fields).status_code == 303
        assert workspaces.by_slug("acme").accent == kept
        page = client.simulate_get("/b/acme")
        assert ("<style>:root{--accent:" in page.text) == bool(kept)
        assert ("'sha256-" in page.headers["content-security-policy"]) == bool(kept)
    assert changes(acme) == [["accent"]] * 4


def test_a_colour_is_tried_without_being_saved(ada, acme):
    page = save(ada, "try", accent="#ffd800", headers={"Sayso-Quick": "1"})
    pattern = r'<strong>(Light|Dark)</strong> <code>(#\w{6})</code> <span class="soft">contrast ([\d.]+) : 1'
    shown = re.findall(pattern, page.text)
    assert [name for name, *_ in shown] == ["Light", "Dark"] and shown[1][1] == "#ffd800" != shown[0][1]
    assert all(float(contrast) >= 4.5 for *_, contrast in shown)
    assert save(ada, "try", accent="#ffd", headers={"Sayso-Quick": "1"}).status_code == 200
    assert save(ada, "try", accent="no", headers={"Sayso-Quick": "1"}).status_code == 200
    assert workspaces.by_slug("acme").accent is None


@pytest.mark.parametrize("wrong", ["red", "#12", "#1234567", "#0b667f;}", "</style><script>", "#0b667f\0x", "＃０b667f"])
def test_what_is_no_colour_never_gets_into_a_stylesheet(ada, acme, wrong):
    page = save(ada, "accent", accent=wrong)
    assert page.status_code == 422 and 'id="accent-error"' in page.text
    assert workspaces.by_slug("acme").accent is None


# ── address ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_address_leads_there_from_the_old_one_with_everything_behind_it(ada, acme, client):
    acme.post("Dark mode")
    moved = save(ada, "slug", slug=" Acme-Labs ", seen=version("acme"))
    assert (moved.status_code, moved.headers["location"]) == (303, "/app/acme-labs/settings/brand")
    for path, there in (("/b/acme", "/b/acme-labs"), ("/b/acme/posts/1?lang=de", "/b/acme-labs/posts/1?lang=de")):
        answer = client.simulate_get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, there)
    assert "Dark mode" in client.simulate_get("/b/acme-labs/posts/1").text
    assert brand.set_slug(acme.team, "acme-labs") == "acme-labs" and changes(acme) == [["slug"]]


@pytest.mark.parametrize("rest", ["/sign-in/%0d%0aX:1", "/letters/%E6%97%A5", "/letters/a%20b%3Fc", "/roadmap?board=%C3%A9"])
def test_whatever_follows_an_old_address_is_kept_as_it_was_written(acme, client, rest):
    brand.set_slug(acme.team, "acme-labs")
    moved = client.simulate_get("/b/acme" + rest)
    assert moved.status_code == 308 and moved.headers["location"] == "/b/acme-labs" + rest.replace("%0d%0aX:", "%0D%0AX%3A")


def test_an_own_former_address_can_be_taken_back_and_no_one_elses(acme, globex):
    brand.set_slug(acme.team, "acme-labs")
    with pytest.raises(Invalid):
        brand.set_slug(globex.team, "acme")
    assert workspaces.create("Acme").slug.startswith("acme-")
    assert brand.set_slug(acme.team, "acme") == "acme"
    assert brand.of(acme.team).former_slugs == ["acme-labs"]


@pytest.mark.parametrize("wrong", ["", "a", "-a", "a--b", "ä", "a.b", "a/b", "x" * 41, "new", "settings", "language",
                                   "globex"])  # fmt: skip
def test_an_address_that_cannot_be_is_refused(ada, acme, globex, wrong):
    page = save(ada, "slug", slug=wrong)
    assert page.status_code == 422 and 'id="slug-error"' in page.text
    assert workspaces.find(acme.workspace.id).slug == "acme"


def test_two_who_want_one_address_at_once_do_not_both_get_it(acme, globex):
    def want(company):
        with db.connected():
            try:
                return brand.set_slug(company.team, "best")
            except Invalid:
                return None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(want, [acme, globex]), key=str) == [None, "best"]


def test_an_address_that_another_changed_meanwhile_is_not_overwritten_unseen(ada, acme):
    brand.set_slug(acme.team, "first")
    with pytest.raises(Conflict):
        brand.set_slug(acme.team, "second", seen=version("acme"))


def test_the_oldest_of_many_addresses_is_given_up(acme):
    for number in range(brand.MOST_FORMER + 2):
        brand.set_slug(acme.team, f"name-{number}")
    assert brand.of(acme.team).former_slugs[0] == "name-1" and len(brand.of(acme.team).former_slugs) == brand.MOST_FORMER


# ── what else there is ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_that_signs_users_in_is_one_of_theirs(ada, acme):
    for said in ("https://app.acme.example/in?from=board", "http://localhost:3000/in", ""):
        assert save(ada, "sign_in_url", sign_in_url=said).status_code == 303
        assert workspaces.by_slug("acme").sign_in_url == (said or None)
    for wrong in ("http://app.acme.example", "javascript:alert(1)", "//evil.example", "https://", "https://a@b.example",
                  "https://a.example/#x", "https://a.example/\\", "https://[::1", "https://a.example:0",
                  "https://a.example/" + "x" * 600):  # fmt: skip
        assert save(ada, "sign_in_url", sign_in_url=wrong).status_code == 422, wrong
    assert workspaces.by_slug("acme").sign_in_url is None


def test_search_engines_are_asked_to_stay_away(ada, acme, client):
    assert "noindex" not in client.simulate_get("/b/acme").text
    for _ in range(2):
        assert save(ada, "index").status_code == 303
    assert '<meta name="robots" content="noindex">' in client.simulate_get("/b/acme").text
    assert save(ada, "index", is_indexed="1").status_code == 303 and changes(acme) == [["is_indexed"]] * 2


def test_the_badge_is_there_on_the_free_plan_and_where_there_are_plans(client, settings, acme):
    billed = TestClient(create_app(dataclasses.replace(settings, stripe_secret_key="sk_test")))  # noqa: S106
    assert "Runs on Sayso" in billed.simulate_get("/b/acme").text
    assert "Runs on Sayso" not in client.simulate_get("/b/acme").text
    db.changed("UPDATE workspace SET plan = 'pro' WHERE id = %(workspace)s", workspace=acme.workspace.id)
    assert "Runs on Sayso" not in billed.simulate_get("/b/acme").text


def test_another_workspace_keeps_its_own(acme, globex):
    brand.set_accent(acme.team, "#ff0000")
    brand.set_logo(acme.team, brand.drawn(picture()))
    assert brand.of(globex.team) == ("globex", [], None, None, None, None, None, True)
