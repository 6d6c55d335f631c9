"""As whom a link in a letter signs in: who shows most that the address is theirs, and nobody whom a thief gave it."""

import re

import pytest
from cast import CLEO
from queued import work_off
from visitors import Visitor

from service import db, jobs, retention
from service.feedback import blocking, identity_secrets, planning, posts, user_links, users
from service.feedback.readers import Reader
from service.web.guards import user_token

ME = "/b/acme/me"
NEWEST = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"


@pytest.fixture
def sue(client, acme):
    return Visitor(client)


def name_on(browser) -> str:
    """Whom this browser's page is about; empty when it is sent to sign in."""
    page = browser.open(ME)
    return re.search(r"<h1[^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</h1>", page.text)[1] if page.status_code == 200 else ""


def by_link(browser) -> str:
    """Sign in by a link to Cleo's address; returns who that makes of one."""
    browser.send("/b/acme/sign-in", do="ask", email=CLEO["email"])
    path = f"/b/acme/sign-in/{user_links.arm(*db.row(NEWEST)).secret}"
    browser.open(path)
    assert browser.send(path).status_code == 303
    return name_on(browser)


def test_a_stranger_whose_post_the_owner_confirmed_does_not_stand_before_the_owner(sue, acme, client):
    acme.user(CLEO)
    mallory = Visitor(client)
    user = users.make(acme.workspace, "guest_x", "guest", "Mallory", CLEO["email"])
    mallory.cookies["sayso-acme"] = user_token("visitor", acme.workspace, user)
    assert name_on(mallory) == "Mallory"
    assert by_link(sue) == "Cleo" and name_on(mallory) == ""  # who may choose that address' letters no longer


def test_who_is_blocked_after_they_became_a_guest_by_a_link_is_known_by_their_network(sue, acme, client):
    assert by_link(sue) == "My page"
    [(guest, has_tag)] = db.rows("""SELECT external_id, network_tag IS NOT NULL FROM "user" WHERE kind = 'guest'""")
    assert has_tag
    blocking.block(acme.team, guest)
    Visitor(client).do("/b/acme/posts/new", "write", title="The same person without a name")
    assert db.rows("SELECT held_because FROM post") == [("network",)]
    page = Visitor(client).open("/b/acme")
    assert "The same person without a name" not in page.text


def test_the_network_of_whom_the_product_names_is_not_kept(sue, acme):
    acme.user(CLEO)
    assert by_link(sue) == "Cleo" and db.rows('SELECT count(network_tag) FROM "user"') == [(0,)]


# ── by an address that a secret told ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(acme):
    """Cleo's address as the secret `k` of Acme's server told it; returns k."""
    identity_secrets.trade(acme.workspace, acme.token())
    return acme.secret[0]


def rotate(acme) -> None:
    acme.__dict__["secret"] = identity_secrets.make(acme.team, "1")


def test_who_came_by_a_link_is_signed_out_with_the_secret_that_told_their_address(sue, acme, told):
    assert by_link(sue) == "Cleo"
    sue.do(ME, "language", language="de")  # a cookie that is made anew still names the secret
    rotate(acme)
    assert name_on(sue) == "Cleo"
    identity_secrets.end(acme.team, told)
    assert name_on(sue) == ""


def test_an_address_that_an_ended_secret_told_is_a_guests(sue, acme, told):
    rotate(acme)
    identity_secrets.trade(acme.workspace, acme.token(email=None))  # says nothing of addresses, so it changes nothing
    identity_secrets.end(acme.team, told)
    assert by_link(sue) == "My page"


def test_it_is_the_users_again_as_soon_as_a_secret_that_holds_tells_it(sue, acme, told):
    rotate(acme)
    identity_secrets.end(acme.team, told)
    identity_secrets.trade(acme.workspace, acme.token())
    assert by_link(sue) == "Cleo"


def test_an_address_that_a_program_told_is_believed_whatever_becomes_of_secrets(sue, acme, told):
    users.put(acme.team, CLEO["sub"], email=CLEO["email"])
    assert by_link(sue) == "Cleo"
    identity_secrets.end(acme.team, told)
    assert name_on(sue) == "Cleo"
    users.put(acme.team, CLEO["sub"], name="Cleo 2")
    assert by_link(sue) == "Cleo 2"


@pytest.mark.parametrize("days", [3, 31])  # its row is there yet, or is not
def test_a_planned_rotation_makes_nobody_a_stranger(sue, acme, told, days):
    rotate(acme)
    db.changed(f"UPDATE identity_secret SET ends_at = now() - interval '{days} days' WHERE ends_at IS NOT NULL")
    jobs.enqueue(retention.PRUNE)
    work_off()
    assert (told in [each.kid for each in identity_secrets.of(acme.team)]) is (days == 3)
    assert by_link(sue) == "Cleo"


def test_the_time_for_which_rows_are_kept_gives_no_ended_secret_its_word_back(sue, acme, told):
    identity_secrets.end(acme.team, told)
    db.changed("UPDATE identity_secret SET created_at = now() - interval '9 years', ends_at = now() - interval '8 years'")
    jobs.enqueue(retention.PRUNE)
    work_off()
    assert by_link(sue) == "My page"


def test_a_secret_that_was_ended_elsewhere_says_nothing_of_users_here(sue, acme, globex, told):
    db.changed("UPDATE workspace SET revoked_kids = ARRAY[%(kid)s] WHERE slug = 'globex'", kid=told)
    assert by_link(sue) == "Cleo"


def test_no_letter_goes_to_an_address_that_an_ended_secret_told(client, acme):
    cleo = acme.user(CLEO)
    acme.token(CLEO)  # there is a secret from here on
    db.changed("UPDATE \"user\" SET email_kid = (SELECT kid FROM identity_secret LIMIT 1)")
    number = posts.create(Reader(acme.workspace, cleo.id), "Dark mode")
    identity_secrets.end(acme.team, db.row("SELECT kid FROM identity_secret LIMIT 1")[0])
    planning.set_status(acme.team, number, "planned")
    work_off()
    assert db.rows("SELECT to_email FROM letter WHERE kind = 'status_changed'") == []
