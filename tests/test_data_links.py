"""A link to one's own data: made by the team or a program, or asked for from a letter; it shows, hands out and erases."""

import json
import re
from html import unescape

import pytest
from browser import Browser
from calls import call
from cast import ADA, BEN, CLEO, DAN
from mailboxes import Mailbox, sent_by
from program import Program
from proving import let_time_go_by
from queued import work_off
from visitors import Visitor

from service import db, words
from service.errors import NotFound
from service.feedback import blocking, data_links, keys, mailings, members, remains, users

HOME = "http://127.0.0.1:8000"
ANONYMOUS = {"sub": "nia-9"}


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def link(company, external_id=CLEO["sub"]) -> str:
    """The path of a link."""
    made = data_links.make(company.team, external_id, HOME)
    assert made.url.startswith(f"{HOME}/b/{company.workspace.slug}/data/")
    return made.url.removeprefix(HOME)


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def mailbox(here):
    box = Mailbox()
    with sent_by(here, box):
        yield box


# ── what is behind it ───────────────────────────────────────────────────────────────────────────────────────────────


def test_it_shows_what_it_is_and_nobody_keeps_or_lists_the_page(client, acme):
    acme.post(by=CLEO)
    page = client.simulate_get(link(acme))
    assert page.status_code == 200 and "What Acme keeps about you" in texts(page) and "Cleo" in texts(page)
    assert "has it can see and erase" in texts(page) and 'content="noindex"' in page.text
    assert page.headers["cache-control"] == "no-store" and page.headers["referrer-policy"] == "no-referrer"
    assert users.find(acme.workspace, "cleo-7"), "opening it changes nothing"


def test_it_hands_out_what_their_own_page_does(client, acme):
    acme.post("Mine", "My words", by={**CLEO, "traits": {"secret": "of the team"}})
    file = Visitor(client).send(link(acme), do="export")
    assert file.status_code == 200 and 'filename="acme.json"' in file.headers["content-disposition"]
    said = json.loads(file.text)
    assert said["posts"][0]["body"] == "My words" and said["user"]["traits"] == {} and said["user"]["email"] == CLEO["email"]


def test_who_ticks_the_box_is_erased_and_the_link_ends(client, acme):
    acme.post(by=CLEO)
    visitor, address = Visitor(client), link(acme)
    page = visitor.send(address, do="erase")
    assert page.status_code == 422 and "Please tick this box first." in texts(page) and users.find(acme.workspace, "cleo-7")
    done = visitor.send(address, do="erase", sure="1")
    assert (done.status_code, done.headers["location"]) == (303, "/b/acme/me/erased")
    with pytest.raises(NotFound):
        users.find(acme.workspace, "cleo-7")
    again = visitor.send(address, do="erase", sure="1")
    assert again.status_code == 401 and "This link no longer works" in texts(again)
    assert client.simulate_get(address).status_code == 401


@pytest.mark.parametrize("tag", sorted(words.catalogues()))
def test_it_speaks_their_language_and_says_what_stays(client, acme, tag):
    acme.user(CLEO)
    said = words.catalogues()[tag]
    page = unescape(client.simulate_get(link(acme), params={"lang": tag}).text)
    assert said.dataLinkHint in page and said.eraseGoes in page and said.eraseStays in page
    remains.change(acme.team, posts=False, votes=True)
    page = unescape(client.simulate_get(link(acme), params={"lang": tag}).text)
    assert said.eraseGoesButVotes in page and said.erasePostsGo in page and said.eraseVotesStay in page


def test_who_was_blocked_gets_at_their_data_too(client, acme):
    acme.user(CLEO)
    blocking.block(acme.team, "cleo-7")
    address = link(acme)
    assert client.simulate_get(address).status_code == 200
    assert Visitor(client).send(address, do="erase", sure="1").status_code == 303


def test_somebody_without_an_address_has_data_too(client, acme):
    acme.post(by=ANONYMOUS)
    assert "nia-9" in texts(client.simulate_get(link(acme, "nia-9")))
    anonymous = call(client, acme, "posts/1/vote", voted=True).json["anonymous"]
    [name] = db.row("""SELECT external_id FROM "user" WHERE kind = 'anonymous'""")
    assert anonymous and client.simulate_get(link(acme, name)).status_code == 200


def test_it_ends_when_they_are_signed_out_everywhere(client, acme):
    acme.user(CLEO)
    address = link(acme)
    blocking.sign_out(acme.team, "cleo-7")
    assert client.simulate_get(address).status_code == 401 and client.simulate_get(link(acme)).status_code == 200


def test_it_ends_after_a_week(client, acme, monkeypatch):
    acme.user(CLEO)
    address = link(acme)
    monkeypatch.setitem(data_links.tokens.LIFETIME, "data", -120)
    assert client.simulate_get(address).status_code == 401


def test_of_another_workspace_or_changed_it_is_none(client, acme, globex):
    acme.user(CLEO)
    globex.user(DAN)
    address = link(acme)
    assert client.simulate_get(address.replace("/b/acme/", "/b/globex/")).status_code == 404
    visitor = Visitor(client)
    assert visitor.send(address.replace("/b/acme/", "/b/globex/"), do="erase", sure="1").status_code == 404
    for wrong in ("x", "a.b.c", address.rpartition("/")[2][:-4] + "AAAA", mailings.token(acme.workspace.id, CLEO["email"])):
        page = client.simulate_get(f"/b/acme/data/{wrong}")
        assert page.status_code == 401 and "This link no longer works" in texts(page)
    assert users.find(acme.workspace, "cleo-7")


def test_neither_does_a_form_do_what_the_page_does_not_offer(client, acme):
    acme.user(CLEO)
    assert Visitor(client).send(link(acme), do="everything", sure="1").status_code == 422
    assert users.find(acme.workspace, "cleo-7")


def test_files_are_made_for_them_five_times_an_hour(client, acme):
    acme.user(CLEO)
    visitor, address = Visitor(client), link(acme)
    assert [visitor.send(address, do="export").status_code for _ in range(6)] == [200] * 5 + [429]


def test_who_is_of_the_team_is_told_whom_to_ask(client, acme):
    ben = users.of_member(acme.workspace, members.person(BEN))
    page = Visitor(client).send(link(acme, ben.external_id), do="erase", sure="1")
    assert page.status_code == 409 and "You are on the team of Acme" in texts(page)


# ── how one comes by it ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_makes_one_for_its_own_pages(client, api, acme):
    acme.user(CLEO)
    made = api.post("/users/cleo-7/data-link")
    assert made.status_code == 200 and set(made.json) == {"url", "expires_at"}
    assert client.simulate_get(made.json["url"].removeprefix(HOME)).status_code == 200
    assert api.post("/users/nobody/data-link").status_code == 404


def test_only_an_admins_key_makes_one_and_only_of_its_workspace(client, acme, globex):
    acme.user(CLEO)
    writer = {"Authorization": f"Bearer {keys.create(acme.workspace, acme.owner, 'w', ('read', 'write'))}"}
    assert client.simulate_post("/api/v1/users/cleo-7/data-link", headers=writer).json["code"] == "scope_missing"
    assert client.simulate_post("/api/v1/users/cleo-7/data-link").status_code == 401
    assert Program(client, globex).post("/users/cleo-7/data-link").status_code == 404


def test_an_admin_makes_one_on_the_users_page_and_sees_it_once(client, ada, acme):
    acme.user(CLEO)
    ada.open("/app/acme/users/cleo-7")
    page = unescape(ada.send("/app/acme/users/cleo-7", do="link").text)
    found = re.search(rf"{HOME}(/b/acme/data/[\w.-]+)", page)[1]
    assert client.simulate_get(found).status_code == 200
    assert "/data/" not in ada.open("/app/acme/users/cleo-7").text
    let_time_go_by()
    page = ada.send("/app/acme/users/cleo-7", do="link")
    assert page.status_code == 403 and "Is this you?" in page.text and "/data/" not in page.text
    ben = Browser(client).sign_in(BEN)
    ben.open("/app/acme/users/cleo-7")
    assert ben.send("/app/acme/users/cleo-7", do="link").status_code == 403


def test_from_behind_a_letter_one_asks_for_it_by_letter(client, acme, mailbox):
    acme.user(CLEO)
    visitor = Visitor(client)
    address = f"/b/acme/letters/{mailings.token(acme.workspace.id, CLEO['email'])}"
    assert "Send me a link to my data" in texts(visitor.open(address))
    assert visitor.send(address, do="data").status_code == 303
    assert "/data/" not in visitor.open(address).text, "whoever has a letter that was passed on has not the data"
    work_off()
    [(to, letter)] = mailbox.received
    assert to == [CLEO["email"]] and letter["Subject"] == "Your data at Acme"
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    found = re.search(r"(/b/acme/data/[\w.-]+)", plain)[1]
    assert client.simulate_get(found).status_code == 200 and found in html
    assert "data/" not in str(db.rows("SELECT text FROM letter")) + str(db.rows("SELECT args FROM job"))


def test_an_address_that_nobody_has_gets_none_and_many_a_day_are_too_many(client, acme, mailbox):
    acme.user(CLEO)
    visitor = Visitor(client)
    for email, times in (("nobody@x.example", 1), (CLEO["email"], 6)):
        for _ in range(times):
            address = f"/b/acme/letters/{mailings.token(acme.workspace.id, email)}"
            assert visitor.send(address, do="data").status_code == 303
    work_off()
    assert mailbox.readers() == [CLEO["email"]] * 3


def test_who_was_erased_meanwhile_gets_no_letter(client, acme, mailbox):
    acme.user(CLEO)
    visitor = Visitor(client)
    visitor.send(f"/b/acme/letters/{mailings.token(acme.workspace.id, CLEO['email'])}", do="data")
    visitor.send(link(acme), do="erase", sure="1")
    work_off()
    assert mailbox.received == [] and db.rows("SELECT count(*) FROM job_dead") == [(0,)]
