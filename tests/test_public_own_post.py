"""What a visitor does to a post on its page, and to one of their own."""

import re

import pytest
from cast import CLEO, DAN
from visitors import Visitor, after, said

from service import db
from service.feedback import followers, posts

PAGE = "/b/acme/posts/1"


@pytest.fixture
def post(acme):
    return acme.post("Dark mode", "For **night** owls")


@pytest.fixture
def cleo(client, acme):
    return Visitor(client).be(acme)


@pytest.fixture
def dan(client, acme):
    return Visitor(client).be(acme, DAN)


def test_votes_and_follows_are_given_and_taken_back_here(client, acme, post, dan):
    for deed, pressed in (("vote", "true"), ("vote", "true"), ("unvote", "false"), ("unvote", "false")):
        dan.do(PAGE, deed, number="1")
        button = re.search(r'class="votes"[^>]*aria-pressed="(\w+)"', after(dan).text)
        assert button[1] == pressed, deed
    for deed, following in (("follow", True), ("follow", True), ("unfollow", False), ("unfollow", False)):
        dan.do(PAGE, deed)
        assert followers.standing(acme.workspace.id, 1, "dan-8")[1] is following
        button = re.search(r'id="follow">.*</svg>(\w+)<', after(dan).text)
        assert button[1] == ("Following" if following else "Follow"), deed
    Visitor(client).do(PAGE, "unfollow")
    assert posts.find(acme.team, 1).votes == 1


def test_who_has_no_address_is_told_that_no_letters_come(client, acme, post, dan):
    nobody = Visitor(client)
    nobody.do(PAGE, "follow")
    assert "Sign in to get e-mails" in after(nobody).text
    dan.do(PAGE, "follow")
    assert "You will hear about this post." in after(dan).text


def test_ones_own_post_is_changed_and_deleted_within_its_time(client, acme, post, cleo, dan):
    assert dan.do(PAGE, "edit", title="Mine now", body="").status_code == 403
    page = cleo.do(PAGE, "edit", title=" ", body="Kept words")
    assert page.status_code == 422 and "Please write a short title first." in page.text
    assert "Kept words</textarea>" in page.text
    cleo.do(PAGE, "edit", title="Darker mode", body="For owls")
    assert "Your changes are saved." in after(cleo).text and "Darker mode" in said(cleo.page) and "edited" in said(cleo.page)
    assert dan.do(PAGE, "delete").status_code == 403
    db.changed("UPDATE workspace SET edit_minutes = 0")
    assert "The time to change this is over." in cleo.do(PAGE, "edit", title="Late", body="").text
    assert 'id="edit-post"' not in cleo.open(PAGE).text
    db.changed("UPDATE workspace SET edit_minutes = 60")
    cleo.do(PAGE, "delete")
    assert cleo.page.headers["location"] == "/b/acme" and cleo.open(PAGE).status_code == 404


def test_a_post_that_waits_is_its_authors_alone(client, acme, cleo):
    db.changed("UPDATE board SET approve_first = true")
    acme.post("Waiting")
    assert client.simulate_get(PAGE).status_code == 404
    page = cleo.open(PAGE)
    assert "waits for the team’s approval" in page.text and "og:image" not in page.text
    assert CLEO["email"] not in page.text
