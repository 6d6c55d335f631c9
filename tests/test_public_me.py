"""A user's own page: what is theirs, what they are called and told, their data, and the ways out."""

import json

import pytest
from browser import Browser
from cast import ADA, CLEO, DAN
from queued import work_off

from service import db
from service.db import database
from service.feedback import boards, followers, mailings, members, users, votes
from service.web.board import me
from service.web.guards import user_token

SUE = "sue@customer.example"
ERASED = """SELECT (SELECT count(*) FROM "user" WHERE email <> '' AND kind <> 'member'), (SELECT count(*) FROM mailing),
                   (SELECT count(*) FROM user_link), (SELECT count(*) FROM vote), (SELECT count(*) FROM post)"""


class Person(Browser):
    """Somebody at a board, as the cookie says who it gave to them."""

    def be(self, company, user):
        self.cookies[f"sayso-{company.workspace.slug}"] = user_token("visitor", company.workspace, user)
        return self

    def do(self, deed: str, show: str = "letters", **fields):
        return self.send(f"/b/acme/me?show={show}", do=deed, **fields)


@pytest.fixture
def sue(client, acme):
    """A guest at Acme's board."""
    return Person(client).be(acme, users.make(acme.workspace, "guest_sue", "guest", "Sue", SUE))


@pytest.fixture
def cleo(client, acme):
    return Person(client).be(acme, acme.user(CLEO))


def test_one_finds_what_one_wrote_voted_for_and_follows_and_nothing_else(cleo, acme):
    boards.change(acme.team, "bugs", approve_first=True)
    acme.post("Mine")
    acme.post("Mine, held", board="bugs")
    acme.post("Dan's", by=DAN)
    votes.cast(acme.reader(), 3)
    acme.post("Dan's other", by=DAN)
    followers.follow(acme.reader(), 4)
    acme.post("Secret", board="bugs", by=DAN)
    found = {what: [title for title in ("Mine</a>", "Mine, held", "Dan&#39;s</a>", "Dan&#39;s other", "Secret")
                    if title in cleo.open(f"/b/acme/me?show={what}").text] for what in me.LISTS}  # fmt: skip
    assert found["posts"] == ["Mine</a>", "Mine, held"] and "waits for approval" in cleo.open("/b/acme/me").text
    assert found["votes"] == ["Mine</a>", "Mine, held", "Dan&#39;s</a>"]
    assert found["follows"] == ["Mine</a>", "Mine, held", "Dan&#39;s</a>", "Dan&#39;s other"]
    assert cleo.page.headers["cache-control"] == "no-store"
    boards.change(acme.team, "features", access="private")
    assert "Dan&#39;s" not in cleo.open("/b/acme/me?show=votes").text


def test_lists_go_on_page_by_page(cleo, acme, monkeypatch):
    monkeypatch.setattr(me, "PAGE", 2)
    for number in range(5):
        acme.post(f"Wish {number}")
    database.execute_sql("UPDATE post SET deleted_at = now() WHERE number = 3")
    seen, path = [], "/b/acme/me"
    while path:
        page = cleo.open(path).text
        seen += [number for number in range(5) if f"Wish {number}" in page]
        more = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in page else ""
        path = f"/b/acme/me{more.replace('&amp;', '&')}" if more else ""
    assert sorted(seen) == [0, 1, 3, 4]
    for query in ("cursor=x", "show=votes&cursor=cG9zdHN8Mw", "show=posts&show=votes"):
        assert cleo.open(f"/b/acme/me?{query}").status_code in (400, 422), query
        assert "cursor" not in cleo.page.text.split("<main")[1].split("</main")[0], query  # no English of developers
    assert "Wish 4" in cleo.open("/b/acme/me?show=nothing").text


def test_who_is_nobody_is_sent_to_sign_in_and_comes_back(client, acme):
    nobody = Person(client)
    assert nobody.open("/b/acme/me?show=votes").headers["location"] == "/b/acme/sign-in?to=%2Fme%3Fshow%3Dvotes"
    assert nobody.do("erase", sure="1").status_code == 303 and nobody.open("/b/acme/me/export").status_code == 303
    assert db.rows("""SELECT FROM "user" WHERE kind = 'anonymous'""") == []


def test_somebody_anonymous_sees_what_is_theirs_and_is_offered_to_sign_in(client, acme):
    acme.post("Dark mode")
    visitor = Person(client)
    visitor.send("/b/acme", do="vote", number="1")
    page = visitor.open("/b/acme/me?show=votes").text
    assert "Dark mode" in page and "You are here without a name" in page and "/b/acme/sign-in?to=%2Fme" in page
    assert 'name="kind"' not in visitor.open("/b/acme/me?show=letters").text
    assert visitor.do("letters", kind="news").status_code == 303 and db.rows("SELECT FROM mailing") == []
    assert visitor.do("name", name="Sue").status_code == 403 and db.rows("""SELECT FROM "user" WHERE name = 'Sue'""") == []


def test_one_is_nobody_at_another_workspace(sue, globex):
    sue.cookies["sayso-globex"] = sue.cookies["sayso-acme"]
    assert sue.open("/b/globex/me").status_code == 303


# ── name and letters ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_guest_is_called_what_they_say_unless_it_is_the_teams(sue, acme):
    for name, status in (("Sue the Great", 303), ("Sue the Great", 303), ("", 303), ("x" * 81, 422), ("ACME support", 422)):
        assert sue.do("name", name=name).status_code == status, name
    db.changed("UPDATE person SET name = 'Ada Okafor'")
    assert "look like one of the Acme team" in sue.do("name", name="ada  okafor").text
    assert db.row("""SELECT name FROM "user" WHERE kind = 'guest'""") == ("",)
    assert db.row("SELECT count(*) FROM event WHERE type = 'user.identified'") == (2,)


def test_whom_the_product_names_keeps_that_name(cleo):
    assert "come from" in cleo.open("/b/acme/me?show=letters").text
    refused = cleo.do("name", name="Other")
    assert refused.status_code == 403 and "Your name is changed" not in refused.text
    assert "Cleo" in cleo.open("/b/acme/me").text


def test_a_guest_chooses_which_letters_they_get(sue, acme):
    assert "checked" in sue.open("/b/acme/me?show=letters").text
    sue.do("letters", kind=["question", "news"])
    assert mailings.of(acme.workspace.id, SUE) == (
        ["status_changed", "answer", "reply", "merged", "shipped"], True, "en")  # fmt: skip
    sue.do("letters")
    assert mailings.of(acme.workspace.id, SUE) == (list(mailings.ABOUT_POSTS), False, "en")


def test_case_72_whom_the_product_names_confirms_the_address_before_news_go_there(cleo, acme):
    cleo.do("letters", kind=list(mailings.KINDS))
    assert mailings.of(acme.workspace.id, CLEO["email"]) == ([], False, "en")
    assert db.rows("SELECT purpose, email FROM user_link") == [("subscribe", CLEO["email"])]


# ── the ways out ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_15_signing_out_is_for_this_browser_or_for_all(sue, client):
    copy = Person(client)
    copy.cookies = dict(sue.cookies)
    answer = sue.do("sign_out")
    assert (answer.status_code, answer.headers["location"], answer.headers["clear-site-data"]) == (303, "/b/acme", '"cache"')
    assert "sayso-acme" not in sue.cookies and "You are signed out." in sue.open("/b/acme").text
    assert copy.open("/b/acme/me").status_code == 200
    copy.do("sign_out", everywhere="1")
    copy.cookies = dict(sue.cookies) | {"sayso-acme": "x"}
    assert copy.open("/b/acme/me").status_code == 303


def test_one_takes_all_ones_data_along_but_not_every_minute(cleo, acme):
    acme.post("Hers")
    mailings.choose(acme.workspace, CLEO["email"], ["news"], "de")
    cleo.send("/b/acme/sign-in", do="ask", email=CLEO["email"])
    answer = cleo.open("/b/acme/me/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="acme.json"'
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == ("no-store", "application/json")
    found = json.loads(answer.text)
    assert found["posts"][0]["title"] == "Hers"
    assert found["mailings"][0]["muted"] == list(mailings.ABOUT_POSTS)
    assert [link["purpose"] for link in found["links"]] == ["sign_in"]
    assert [cleo.open("/b/acme/me/export").status_code for _ in range(5)] == [200] * 4 + [429]


def test_one_erases_oneself_after_saying_so(sue, acme):
    acme.post("Dan's", by=DAN)
    sue.send("/b/acme", do="vote", number="1")
    mailings.choose(acme.workspace, SUE, ["news"], "en")
    sue.send("/b/acme/sign-in", do="ask", email=SUE)
    work_off()
    assert "Please tick this box first" in sue.do("erase").text and sue.page.status_code == 422
    answer = sue.do("erase", sure="1")
    assert answer.headers["location"] == "/b/acme/me/erased" and "sayso-acme" not in sue.cookies
    assert "Your data is erased" in sue.open("/b/acme/me/erased").text
    assert db.row(ERASED) == (1, 0, 0, 1, 1)
    assert db.row("SELECT user_id, person_id FROM event WHERE type = 'user.erased'") == (None, None)


def test_what_an_address_wants_stays_while_somebody_else_has_it(sue, acme):
    users.make(acme.workspace, "guest_too", "guest", "", SUE)
    mailings.mute(acme.workspace, SUE)
    sue.do("erase", sure="1")
    assert mailings.of(acme.workspace.id, SUE).muted == list(mailings.ABOUT_POSTS)


def test_a_member_is_not_erased_by_a_click(client, acme):
    ada = Person(client).be(acme, users.of_member(acme.workspace, members.person(ADA)))
    assert "You are on the team of Acme" in ada.do("erase", sure="1").text and ada.page.status_code == 409


def test_a_form_of_another_site_is_refused(sue):
    answer = sue.send("/b/acme/me", headers={"Sec-Fetch-Site": "cross-site"}, do="erase", sure="1")
    assert answer.status_code == 403 and db.row(ERASED)[0] == 1
