"""What somebody tried on the public face, and what came of it."""

import re

import pytest
from cast import CLEO, DAN
from visitors import Visitor

from service.errors import Invalid, RateLimited
from service.feedback import blocking, brand, comments, limits, posts, users
from service.feedback.readers import Reader
from service.lib import tokens
from service.web.guards import user_token

DRAFT = "0123456789abcdef" * 2


def write(visitor, title: str = "Ink on paper", **more):
    return visitor.do("/b/acme/posts/new", "write", title=title, board="features", submission=DRAFT, **more)


def who(visitor) -> int:
    return tokens.read("visitor", visitor.cookies["sayso-acme"])["u"]


def test_who_was_blocked_or_signed_out_everywhere_does_not_come_back_by_a_draft(client, acme):
    first = Visitor(client)
    assert write(first).status_code == 303
    again = Visitor(client)
    assert write(again).status_code == 303 and who(again) == who(first)  # the answer was lost: sent once more, it is theirs
    author = posts.find(acme.team, 1).author_id
    blocking.block(acme.team, author)
    blocking.unblock(acme.team, author)
    other = Visitor(client)
    write(other)
    assert who(other) != who(first)


def test_a_blocked_user_does_nothing(client, acme):
    acme.post("Dark mode", by=DAN)
    cleo = Visitor(client).be(acme)
    blocking.block(acme.team, CLEO["sub"])
    for version in (0, 1, 2, 3):  # whatever their cookie says
        user = acme_user(acme)._replace(session_version=version)
        cleo.cookies["sayso-acme"] = user_token("visitor", acme.workspace, user)
        cleo.do("/b/acme/me", "erase", sure="1")
        cleo.do("/b/acme/me", "name", name="Somebody")
        answer = cleo.do("/b/acme/posts/1", "comment", body="I am back")
        assert answer.status_code in (303, 403)
    assert users.profile(acme.workspace, CLEO["sub"]).is_blocked
    assert [each.author_id for each in comments.of(acme.team, 1) if each.author_id == CLEO["sub"]] == []


def acme_user(acme):
    return users.find(acme.workspace, CLEO["sub"])


def test_what_the_team_says_of_somebody_is_not_in_their_own_export(client, acme):
    acme.user({**DAN, "traits": {"churn_risk": 0.9}})
    acme.post("Exports", by=DAN)
    said = Visitor(client).be(acme, {**DAN, "traits": {"churn_risk": 0.9}}).open("/b/acme/me/export")
    assert said.status_code == 200 and "Exports" in said.text and DAN["email"] in said.text
    assert not any(word in said.text for word in ("churn_risk", "4900", '"Team"'))


def shown(client, path: str) -> tuple[str, str]:
    """A page and its name, without the moment that its forms are from."""
    page = client.simulate_get(path)
    return page.headers["etag"], re.sub(r'name="began" value="[^"]+"', "", page.text)


def test_what_is_said_inside_the_team_moves_nothing_that_others_see(client, acme):
    acme.post("Dark mode")
    comments.create(acme.writer, 1, "For everyone")
    before = [shown(client, path) for path in ("/b/acme/posts/1", "/b/acme")]
    heard = client.simulate_get("/b/acme/ticket").json["stream_url"].partition("after=")[2]
    comments.create(acme.writer, 1, "Between us", internal=True)
    assert [shown(client, path) for path in ("/b/acme/posts/1", "/b/acme")] == before
    assert client.simulate_get("/b/acme/ticket").json["stream_url"].partition("after=")[2] == heard


def test_a_form_of_a_page_without_an_origin_is_taken_only_where_we_send_none(client, acme):
    acme.post("Dark mode")
    answer = Visitor(client).do("/b/acme", "vote", {"Origin": "null"}, number="1")
    assert (answer.status_code, answer.cookies, posts.find(Reader(acme.workspace), 1).votes) == (403, {}, 1)


@pytest.mark.parametrize("slug", ["state", "browser", "notice", "language", "sign-in"])
def test_no_address_is_called_like_something_of_ours(acme, slug):
    with pytest.raises(Invalid):
        brand.set_slug(acme.team, slug)


def test_a_workspace_orders_only_so_many_certificates(acme):
    with pytest.raises(RateLimited):
        for number in range(99):
            brand.set_domain(acme.team, f"feedback{number}.acme.example", "https://sayso.example")
    assert number == limits.DOMAINS.most


def test_many_slashes_lead_to_no_other_host(client, acme):
    for path in ("//evil.example", "/b/acme//", "///b/acme"):
        answer = client.simulate_post(
            path, body="do=vote&number=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert not answer.headers.get("location", "/").startswith("//")
