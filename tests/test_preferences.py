"""Which letters a member gets: chosen in the dashboard, or behind the link in each letter, and ended by one click."""

import pytest
from browser import Browser
from cast import ADA, BEN
from crowd import at_once
from test_mailings import FORM, MULTIPART, ONE_CLICK, PARTS, one_click

from service import db, words
from service.errors import Invalid, NotFound
from service.feedback import members, preferences, team
from service.feedback.preferences import Preferences
from service.lib import tokens

PAGE = "/app/acme/settings/letters"
BERLIN = {"new_posts": "daily", "digest": "daily", "time_zone": "Europe/Berlin", "locale": "de"}
CHANGED = "SELECT person_id, data FROM event WHERE type = 'member.updated' ORDER BY seq"
USUAL = Preferences("at_once", "weekly", "UTC", "en")


@pytest.fixture
def ben(acme):
    return members.person(BEN).id


def address(acme, person, kind="") -> str:
    return f"/letters/team/{preferences.token(acme.workspace.id, person)}" + (f"?kind={kind}" if kind else "")


def wants(acme, person) -> Preferences:
    return preferences.of(acme.workspace.id, person)


# ── in the dashboard ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_member_chooses_for_themselves(client, acme, ben):
    browser = Browser(client).sign_in(BEN)
    page = browser.open(PAGE)
    assert BEN in page.text and "Owners and admins change" not in page.text
    for _ in range(2):
        assert browser.send(PAGE, do="choose", **BERLIN).status_code == 303
        assert "Saved." in browser.open(PAGE).text
    assert wants(acme, ben) == Preferences(**BERLIN) and wants(acme, acme.owner.id) == USUAL
    [(person, data)] = db.rows(CHANGED)
    assert (person, data) == (ben, {"person": ben, "changed": ["new_posts", "digest", "time_zone", "locale"]})


@pytest.mark.parametrize("wrong", [
    {"new_posts": "often"}, {"digest": ""}, {"time_zone": "Europe/Atlantis"}, {"time_zone": "EST5EDT"}, {"locale": "tlh"},
    {"time_zone": "x" * 9000}, {"locale": "\ud800"},
])  # fmt: skip
def test_what_cannot_be_chosen_is_refused_beside_its_field(client, acme, wrong):
    with pytest.raises(Invalid) as refused:
        preferences.choose(acme.team, **{**BERLIN, **wrong})
    assert list(refused.value.fields) == list(wrong) and wants(acme, acme.owner.id) == USUAL
    sent = {name: value.encode("utf-8", "replace") for name, value in {**BERLIN, **wrong}.items()}
    page = Browser(client).sign_in(ADA)
    page.open(PAGE)
    answer = page.send(PAGE, do="choose", **sent)
    assert answer.status_code == 422 and "Please choose one." in answer.text


def test_the_zones_are_places_and_the_older_names_of_browsers(here):
    assert preferences.zones()[0] == "UTC" and len(preferences.zones()) > 400
    assert {"Europe/Berlin", "Asia/Kolkata", "Asia/Calcutta", "Pacific/Apia"} < set(preferences.zones())
    assert not {"EST", "posix/Europe/Berlin", "localtime", "Factory"} & set(preferences.zones())


def test_who_is_invited_speaks_and_lives_as_who_invites_them(acme):
    preferences.choose(acme.team, **BERLIN)
    gil, _ = team.invite(acme.team, "gil@acme.example")
    assert wants(acme, gil.id) == USUAL._replace(time_zone="Europe/Berlin", locale="de")


# ── behind the link in each letter ──────────────────────────────────────────────────────────────────────────────────


def test_the_link_opens_the_same_choices_without_signing_in(client, acme, ben):
    browser = Browser(client)
    for _ in range(2):
        page = browser.open(address(acme, ben, "digest"))
        assert page.status_code == 200 and BEN in page.text and "Stop these e-mails" in page.text
        assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
        client.simulate_head(address(acme, ben, "digest"))
    assert wants(acme, ben) == USUAL, "to open it changes nothing"
    assert browser.send(address(acme, ben), do="choose", **BERLIN).status_code == 303
    page = browser.open(address(acme, ben))
    assert wants(acme, ben) == Preferences(**BERLIN)
    assert 'lang="de"' in page.text and "Gespeichert." in page.text
    refused = browser.send(address(acme, ben), do="choose", **{**BERLIN, "digest": "yearly"})
    assert refused.status_code == 422 and "Bitte wählen Sie" in refused.text
    assert browser.send(address(acme, ben, "digest"), do="stop", kind="digest").status_code == 303
    assert words.chosen("de").stopped in browser.open(address(acme, ben, "digest")).text
    assert wants(acme, ben)[:2] == ("daily", "off")


def test_in_arabic_it_is_written_from_right_to_left(client, acme, ben):
    preferences.choose(acme.team._replace(person=ben), **{**BERLIN, "locale": "ar"})
    assert '<html lang="ar" dir="rtl">' in client.simulate_get(address(acme, ben)).text


def test_case_70_one_click_ends_a_kind_or_all_whatever_it_is_sent_as_and_however_often(client, acme, ben):
    for kind, left in (("digest", ("at_once", "off")), ("new_post", ("off", "off"))):
        answers = at_once(lambda _, kind=kind: one_click(client, address(acme, ben, kind)), 4)
        assert {(answer.status_code, "set-cookie" in answer.headers) for answer in answers} == {(200, False)}
        assert wants(acme, ben)[:2] == left
    assert len(db.rows(CHANGED)) == 2
    for kind, body, type in (("new_posts", PARTS, MULTIPART), ("", PARTS, MULTIPART), ("mention", ONE_CLICK, FORM)):
        preferences.choose(acme.team._replace(person=ben), **BERLIN)
        assert one_click(client, address(acme, ben, kind), body, type).status_code == 200
        assert wants(acme, ben)[:2] == (("off", "daily") if kind == "new_posts" else ("off", "off"))
    assert wants(acme, acme.owner.id) == USUAL


def test_case_70_one_click_is_answered_kindly_to_who_left_the_team_and_nothing_else_is(client, acme, ben):
    team.remove(acme.team, ben)
    for _ in range(2):
        answer = one_click(client, address(acme, ben, "digest"))
        assert answer.status_code == 200 and "not in the team any more" in answer.text
    page = client.simulate_get(address(acme, ben))
    assert page.status_code == 404 and BEN not in page.text
    assert Browser(client).send(address(acme, ben), do="choose", **BERLIN).status_code == 404
    with pytest.raises(NotFound):
        preferences.choose(acme.team._replace(person=ben), **BERLIN)


def test_a_link_that_does_not_hold_says_so(client, acme, globex, ben):
    token = preferences.token(acme.workspace.id, ben)
    foreign = tokens.sign("mailing", {"w": acme.workspace.id, "p": ben})
    for secret in (token[:-1], foreign, "%ff", "x" * 5000):
        for answer in (client.simulate_get(f"/letters/team/{secret}"), one_click(client, f"/letters/team/{secret}")):
            assert answer.status_code == 401 and "This link does not work" in answer.text, secret
    for body, type in (("x" * 200_000, FORM), ("{}", "application/json"), ("--", MULTIPART), ("", "multipart/form-data")):
        assert one_click(client, address(acme, ben), body, type).status_code in (400, 413, 415), type
    twice = client.simulate_get(address(acme, ben), query_string="kind=digest&kind=new_post")
    assert twice.status_code == 200 and wants(acme, ben) == USUAL
    elsewhere = f"/letters/team/{preferences.token(globex.workspace.id, ben)}"
    assert client.simulate_get(elsewhere).status_code == 404
