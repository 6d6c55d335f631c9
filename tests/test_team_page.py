"""The team's page: inviting by letter, changing roles, and taking people out."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from queued import work_off

from service import db, events
from service.errors import RateLimited
from service.feedback import activity, limits, members, team, team_letters, users

TEAM = "/app/acme/settings/team"
ACCOUNT = "/app/acme/settings/account"
LETTERS = "SELECT to_email, subject, text, html FROM letter WHERE kind = 'invitation' ORDER BY id"
GIL = "gil@acme.example"


@pytest.fixture
def ada(client, acme):
    browser = Browser(client).sign_in(ADA)
    browser.open(TEAM)
    return browser


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def roles(company) -> dict[str, str]:
    return {member.email: member.role for member in team.of(company.team)}


def test_whoever_is_invited_gets_a_letter_signs_in_and_is_in(client, ada, acme):
    sent = ada.send(TEAM, do="invite", email=GIL, role="admin")
    assert sent.status_code == 303 and "waiting since" in texts(ada.open(TEAM))
    work_off()
    [(to, subject, text, html)] = db.rows(LETTERS)
    assert (to, subject) == (GIL, "Ada invites you to Acme")
    assert "http://127.0.0.1:8000/app/join/acme/…" in text and "You come as an admin." in text
    assert 'href="http://127.0.0.1:8000/app/join/acme/…"' in html and "You come as an admin." in html
    gil = Browser(client).sign_in(GIL)
    gil.open("/app/new")
    gil.send("/app/new", join="acme")
    assert gil.open(TEAM).status_code == 200
    assert "waiting since" not in texts(ada.open(TEAM))


def test_a_member_says_what_they_are_called_and_users_read_it_everywhere(client, acme, globex):
    gil = members.person(GIL)
    for company in (acme, globex):
        members.add(company.workspace, gil)
        users.of_member(company.workspace, gil)
    browser = Browser(client).sign_in(GIL)
    assert "settings/account" in browser.open(TEAM).text
    browser.open(ACCOUNT)
    assert browser.send(ACCOUNT, do="rename", name="  Gil   Gomez ").status_code == 303
    page = browser.open(ACCOUNT)
    assert "Your name was saved." in texts(page) and 'value="Gil Gomez"' in page.text
    assert {users.of_member(company.workspace, gil).name for company in (acme, globex)} == {"Gil Gomez"}
    browser.send(ACCOUNT, do="rename", name="Gil Gomez")
    changed = "SELECT data, person_id FROM event WHERE type = 'member.updated'"
    assert db.rows(changed) == [({"person": gil.id, "changed": ["name"]}, gil.id)]


@pytest.mark.parametrize("name", ["", " ", "\u200b", "x" * 81])
def test_what_is_no_name_is_refused_and_kept(ada, acme, name):
    page = ada.send(ACCOUNT, do="rename", name=name)
    assert page.status_code == 422 and "Write your name, 1–80 characters." in texts(page) and name in page.text
    assert members.person(ADA).name == "Ada"


def test_an_invitation_is_sent_once_and_not_to_who_was_removed_meanwhile(ada, acme):
    for _ in range(2):
        ada.open(TEAM)
        ada.send(TEAM, do="invite", email=GIL, role="member")
    [gil] = [member for member in team.of(acme.team) if member.email == GIL]
    team.remove(acme.team, gil.id)
    work_off()
    assert [row[:2] for row in db.rows(LETTERS)] == []


def test_one_who_was_removed_before_the_letter_was_written_gets_none(ada, acme):
    gil, _ = team.invite(acme.team, GIL)
    team_letters.invite(activity.find(acme.workspace.id, events.latest(acme.workspace.id)))
    team.remove(acme.team, gil.id)
    work_off()
    assert db.rows("SELECT to_email, state, text FROM letter") == [(GIL, "withdrawn", None)]


def test_a_member_who_is_in_already_gets_no_letter(ada, acme):
    page = ada.send(TEAM, do="invite", email=BEN, role="admin")
    assert page.status_code == 409
    assert "They are in the team already, as member" in texts(page) and f'value="{BEN}"' in page.text
    work_off()
    assert db.rows(LETTERS) == []


@pytest.mark.parametrize("wrong", ["", "ben", "a@b@c", "x" * 300 + "@a.example", "\0", "a@b.example\nBcc: c@d.example"])
def test_what_is_no_address_is_refused_and_kept(ada, acme, wrong):
    page = ada.send(TEAM, do="invite", email=wrong, role="member")
    assert page.status_code == 422 and 'id="email-error"' in page.text
    assert len(team.of(acme.team)) == 2


def test_a_role_is_changed_and_someone_is_taken_out(ada, acme):
    ben = members.person(BEN).id
    ada.send(TEAM, do="role", person=ben, role="admin")
    assert roles(acme)[BEN] == "admin" and f"{BEN} Admin" in texts(ada.open(TEAM))
    assert ada.send(TEAM, do="remove", person=ben).status_code == 303
    assert BEN not in roles(acme)
    ada.open(TEAM)
    assert ada.send(TEAM, do="remove", person=ben).status_code == 404


def test_power_is_given_and_taken_by_who_has_shown_lately_who_they_are(ada, acme):
    ben = members.person(BEN).id
    db.changed("UPDATE session SET proved_at = now() - interval '11 minutes'")
    for does in ({"do": "role", "person": ben, "role": "owner"}, {"do": "remove", "person": ben},
                 {"do": "invite", "email": GIL, "role": "admin"}):  # fmt: skip
        page = ada.send(TEAM, **does)
        assert page.status_code == 403 and f'value="{does.get("email", ben)}"' in page.text
    assert roles(acme) == {ADA: "owner", BEN: "member"}
    assert ada.send(TEAM, do="invite", email=GIL, role="member").status_code == 303
    assert roles(acme)[GIL] == "member"


def test_the_last_owner_stays_and_is_told_why(ada, acme):
    for fields in ({"do": "role", "role": "member"}, {"do": "remove"}):
        page = ada.send(TEAM, person=acme.owner.id, **fields)
        assert page.status_code == 409 and "This is the last owner; make someone else an owner first." in texts(page)
    assert roles(acme)[ADA] == "owner"


def test_who_leaves_is_led_out(ada, acme):
    ben = members.person(BEN).id
    team.set_role(acme.team, ben, "owner")
    sent = ada.send(TEAM, do="remove", person=acme.owner.id)
    assert (sent.status_code, sent.headers["location"]) == (303, "/app")
    assert ada.open(TEAM).status_code == 404


def test_an_admin_makes_no_owners_and_unmakes_none(client, acme):
    team.set_role(acme.team, members.person(BEN).id, "admin")
    ben = Browser(client).sign_in(BEN)
    page = ben.open(TEAM)
    assert '<option value="owner"' not in page.text and f'name="person" value="{acme.owner.id}"' not in page.text
    assert ben.send(TEAM, do="role", person=acme.owner.id, role="member").status_code == 403
    ben.open(TEAM)
    assert ben.send(TEAM, do="invite", email=GIL, role="owner").status_code == 403
    assert roles(acme) == {ADA: "owner", BEN: "admin"}


def test_nobody_of_another_workspace_is_changed_or_shown(ada, acme, globex):
    assert EVE not in ada.open(TEAM).text
    for does in ("role", "remove"):
        for person in (globex.owner.id, "", "x", "9" * 30):
            ada.open(TEAM)
            assert ada.send(TEAM, do=does, person=person, role="member").status_code == 404
    assert roles(globex) == {EVE: "owner"}


def test_one_workspace_cannot_send_letters_without_end(acme):
    with pytest.raises(RateLimited):
        for number in range(limits.INVITATIONS.most + 1):
            team.invite(acme.team, f"someone-{number}@acme.example")
    assert len(team.of(acme.team)) == limits.INVITATIONS.most + 2
