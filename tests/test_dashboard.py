"""The dashboard as Ada's team uses it, and as everyone else does not see it."""

import re
from html import unescape

import pytest
from browser import FORM, Browser
from cast import ADA, CLEO, DAN, EVE
from queued import work_off

from service import db
from service.db import database
from service.feedback import members, planning, votes, workspaces

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    """What stands on a page, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# ── a new workspace ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_name_makes_a_workspace_and_leads_to_the_first_steps(ada):
    ada.open("/app/new")
    answer = ada.send("/app/new", name="Fern & Söhne")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/fern-sohne/start")
    page = ada.open("/app/fern-sohne/settings")
    assert "Fern & Söhne" in texts(page) and "The list is empty" in texts(page)
    assert ada.open("/app/").headers["location"] == "/app/fern-sohne/inbox"


def test_a_bad_name_is_shown_again_with_the_reason_beside_it(ada):
    for name in ("", "   ", "x" * 81):
        ada.open("/app/new")
        page = ada.send("/app/new", name=name)
        assert page.status_code == 422
        assert 'aria-describedby="name-error"' in page.text and f'value="{name}"' in page.text


def test_two_workspaces_of_one_name_have_two_addresses(ada):
    slugs = set()
    for name in ("Acme", "ACME!", "日本", "sign in"):
        ada.open("/app/new")
        slugs.add(ada.send("/app/new", name=name).headers["location"].split("/")[2])
    assert len(slugs) == 4 and not slugs & ({"acme"} | workspaces.RESERVED_SLUGS)
    assert all(slug.isascii() for slug in slugs)


# ── inbox and post ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_was_meddled_with_gets_a_readable_page(ada):
    for query, status in (("sort=x", 422), ("cursor=x", 400), ("sort=new&sort=top", 422), ("sort=&status=&q=&cursor=", 200)):
        page = ada.open("/app/acme/inbox", query_string=query)
        assert page.status_code == status and page.text.startswith("<!doctype html>"), query


def test_a_post_shows_its_voters_history_and_the_like(ada, acme):
    number = acme.post("Dark mode", "For **night** owls", by=DAN)
    acme.post("Dark mode for the phone")
    votes.cast(acme.reader(CLEO), number)
    planning.set_status(acme.team, number, "planned", "In spring")
    work_off()
    page = ada.open(f"/app/acme/posts/{number}", params={"similar": "yes"})
    assert "<strong>night</strong>" in page.text
    for words in ("2 voters", "Team", "In spring", "Ada set the status to", "Similar posts", "Dark mode for the phone"):
        assert words in texts(page), words


def test_a_status_is_set_by_a_form(ada, acme):
    number = acme.post()
    ada.open(f"/app/acme/posts/{number}")
    answer = ada.send(f"/app/acme/posts/{number}", do="status", was="open", status="started", note="Now", notify="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/app/acme/posts/{number}")
    assert "In progress" in texts(ada.open(f"/app/acme/posts/{number}"))
    assert db.row("SELECT data->>'notify' FROM event ORDER BY seq DESC LIMIT 1") == ("true",)


def test_a_bad_status_form_keeps_what_was_typed(ada, acme):
    number = acme.post()
    for fields in ({"status": "nowhere", "note": "Typed text"}, {"status": "done", "note": "Typed text" + "x" * 5000}):
        ada.open(f"/app/acme/posts/{number}")
        page = ada.send(f"/app/acme/posts/{number}", do="status", was="open", **fields)
        assert page.status_code == 422 and "Typed text" in page.text and 'class="error"' in page.text


# ── letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_outbox_shows_letters_in_a_frame_that_can_do_nothing(ada, acme):
    acme.post(HOSTILE)
    work_off()
    page = ada.open("/app/acme/outbox")
    assert ADA in texts(page) and "New post #1" in texts(page) and HOSTILE not in page.text
    number = re.search(r'href="/app/acme/outbox/(\d+)"', page.text)[1]
    assert HOSTILE in texts(ada.open(f"/app/acme/outbox/{number}"))
    frame = ada.open(f"/app/acme/outbox/{number}/html")
    assert "sandbox" in frame.headers["content-security-policy"] and HOSTILE not in frame.text


def test_a_page_asks_for_a_fresh_ticket(ada):
    assert ada.open("/app/acme/ticket").json["stream_url"].startswith("http://127.0.0.1:8001/stream?ticket=")


# ── who may see ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_56_a_letter_of_another_workspace_is_not_found(client, acme, globex):
    acme.post()
    work_off()
    [(letter,)] = db.rows("SELECT id FROM letter WHERE to_email = %(email)s", email=ADA)
    eve = Browser(client).sign_in(EVE)
    for path in (f"/app/globex/outbox/{letter}", f"/app/globex/outbox/{letter}/html", "/app/globex/posts/1"):
        assert eve.open(path).status_code == 404


def test_case_19_a_form_cannot_say_who_or_where(ada, acme, globex):
    ada.open("/app/new")
    ada.send(
        "/app/new", name="Mine", workspace_id=globex.workspace.id, role="owner", person_id=globex.owner.id, slug="globex"
    )
    assert [place.slug for place in members.places(acme.owner)] == ["mine", "acme"]
    assert [place.slug for place in members.places(globex.owner)] == ["globex"]


def test_case_23_no_address_leads_away_from_us(ada):
    for path in (
        "/app/%2F%2Fevil.example",
        "/app/%5C%5Cevil.example",
        "/app/https:%2F%2Fevil",
        "/app/%0d%0aSet-Cookie:%20a=b",
        "/app/%09",
    ):
        answer = ada.open(path)
        assert answer.headers.get("location", "/app/").startswith("/app/"), path
        assert "set-cookie" not in answer.headers


def test_case_6_a_form_is_a_form_and_nothing_else(ada, client):
    for kind in (None, "application/json", "text/plain", "multipart/form-data; boundary=x"):
        headers = {**ada.headers(), **({"Content-Type": kind} if kind else {})}
        assert client.simulate_post("/app/new", body="name=x", headers=headers).status_code == 415
    gzip = {**ada.headers(), "Content-Type": FORM, "Content-Encoding": "gzip"}
    assert client.simulate_post("/app/new", body="name=x", headers=gzip).status_code == 415


def test_case_28_names_are_text_wherever_they_stand(ada, acme):
    database.execute_sql("UPDATE workspace SET name = %s WHERE slug = 'acme'", (HOSTILE,))
    database.execute_sql("UPDATE person SET name = %s", (HOSTILE,))
    acme.post(HOSTILE, HOSTILE, by={**CLEO, "name": HOSTILE}, meta={HOSTILE: HOSTILE})
    for path in ("inbox", "posts/1", "settings", "outbox", f"inbox?q={HOSTILE}"):
        page = ada.open(f"/app/acme/{path.split('?')[0]}", params={"q": HOSTILE, "status": HOSTILE} if "?" in path else {})
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
