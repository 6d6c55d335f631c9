"""Who leaves the team of a workspace, of their own accord, on the page of their account."""

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from crowd import at_once
from proving import let_time_go_by

from service import db
from service.feedback import keys, members, planning, posts, team

ACCOUNT = "/app/acme/settings/account"
GONE = "SELECT person_id, data FROM event WHERE type = 'member.removed'"


def roles(company) -> dict[str, str]:
    return {member.email: member.role for member in team.of(company.team)}


def test_a_plain_member_leaves_the_team_and_what_was_theirs_there_ends(client, acme):
    ben, browser = members.person(BEN), Browser(client).sign_in(BEN)
    theirs = acme.team._replace(person=ben.id)
    key = {"Authorization": f"Bearer {keys.create(acme.workspace, ben, 'import')}"}
    assert client.simulate_get("/api/v1/posts", headers=key).status_code == 200
    number = acme.post()
    planning.assign(theirs, number, ben.id)
    page = browser.open(ACCOUNT).text
    assert "To come back you need a new invitation." in page and "API keys that you made there end" in page
    answer = browser.send(ACCOUNT, do="leave")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/")
    assert browser.open("/app/").headers["location"] == "/app/new"
    assert "You are no longer in the team of Acme." in browser.open("/app/new").text
    assert roles(acme) == {ADA: "owner"} and browser.open("/app/acme/inbox").status_code == 404
    assert client.simulate_get("/api/v1/posts", headers=key).status_code == 401
    assert posts.find(acme.team, number).assignee_id is None
    assert db.rows(GONE) == [(ben.id, {"person": ben.id, "role": "member", "email": BEN, "joined": True})]
    team.invite(acme.team, BEN)
    assert browser.open("/app/acme/inbox").status_code == 404, "asked in again, they have not come yet"


def test_who_leaves_one_team_stays_in_the_others_and_twice_is_once(client, acme, globex):
    ben, browser = members.person(BEN), Browser(client).sign_in(BEN)
    members.add(globex.workspace, ben)
    browser.open(ACCOUNT)
    assert browser.send(ACCOUNT, {"Sayso-Quick": "1"}, do="leave").headers["sayso-go"] == "/app/"
    assert "You are no longer in the team of Acme." in browser.open(browser.open("/app/").headers["location"]).text
    browser.open("/app/globex/settings/account")
    assert browser.send(ACCOUNT, do="leave").status_code == 404
    assert BEN not in roles(acme) and BEN in roles(globex) and browser.open("/app/globex/inbox").status_code == 200


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_owners_and_admins_leave_as_well_while_an_owner_is_left(client, acme, role):
    team.set_role(acme.team, members.person(BEN).id, role)
    browser = Browser(client).sign_in(BEN)
    browser.open(ACCOUNT)
    assert browser.send(ACCOUNT, do="leave", person=acme.owner.id).status_code == 303
    assert roles(acme) == {ADA: "owner"}, "whoever a form names, it is oneself who leaves"


def test_the_last_owner_stays_and_reads_why_where_they_wanted_to_leave(client, acme):
    ada = Browser(client).sign_in(ADA)
    ada.open(ACCOUNT)
    page = ada.send(ACCOUNT, do="leave")
    said = page.text.partition('id="leave"')[2]
    assert page.status_code == 409 and "This is the last owner; make someone else an owner first." in said
    assert '<details class="act" id="leaving" open>' in said and roles(acme)[ADA] == "owner"


def test_of_two_owners_who_leave_at_once_one_stays(client, acme):
    team.set_role(acme.team, members.person(BEN).id, "owner")
    browsers = [Browser(client).sign_in(email) for email in (ADA, BEN)]
    for browser in browsers:
        browser.open(ACCOUNT)
    codes = at_once(lambda number: browsers[number].send(ACCOUNT, do="leave").status_code, 2)
    assert sorted(codes) == [303, 409] and list(roles(acme).values()) == ["owner"]


def test_nobody_leaves_without_a_session_a_form_of_ours_a_fresh_proof_or_a_team(client, acme, globex):
    ben, eve = Browser(client).sign_in(BEN), Browser(client).sign_in(EVE)
    assert Browser(client).send(ACCOUNT, do="leave").headers["location"] == "/app/sign-in"
    eve.open("/app/globex/settings/account")
    assert eve.send(ACCOUNT, do="leave").status_code == 404
    ben.open(ACCOUNT)
    assert ben.send(ACCOUNT, do="leave", csrf="x").status_code == 403
    let_time_go_by()
    ben.open(ACCOUNT)
    page = ben.send(ACCOUNT, do="leave")
    assert page.status_code == 403 and 'action="/app/prove"' in page.text
    assert roles(acme) == {ADA: "owner", BEN: "member"} and roles(globex) == {EVE: "owner"}
