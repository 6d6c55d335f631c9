"""The team: who is let in, as what, and that a workspace always has an owner."""

from dataclasses import dataclass

import pytest
from browser import Browser
from cast import ADA, BEN
from crowd import at_once
from program import Program, wrong

from service import db
from service.errors import Conflict
from service.feedback import keys, members, planning, posts, team


@dataclass
class Key:
    """An API key of a member, in the place of their company in a Program."""

    company: object
    person: members.Person

    def bearer(self) -> dict[str, str]:
        made = keys.create(self.company.workspace, self.person, "of a member")
        return {"Authorization": f"Bearer {made}"}


DAY = "SELECT type, person_id, data FROM event WHERE workspace_id = %(workspace)s ORDER BY seq"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


@pytest.fixture
def ben(acme):
    return members.person(BEN).id


def test_the_team_is_listed_in_the_order_in_which_they_joined(api, acme, ben):
    found = api.get("/members").json
    assert [(each["email"], each["role"]) for each in found["data"]] == [(ADA, "owner"), (BEN, "member")]
    assert found["next_cursor"] is None
    assert api.get(f"/members/{ben}").json == found["data"][1]
    assert set(found["data"][1]) == {"id", "email", "name", "role", "created_at"}


def test_whoever_is_let_in_can_sign_in_and_see_the_workspace(client, api, acme):
    made = api.post("/members", email=" Gil@Acme.Example ", role="admin")
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/members/{made.json['id']}")
    assert (made.json["email"], made.json["role"]) == ("Gil@acme.example", "admin")
    gil = Browser(client).sign_in("gil@acme.example")
    assert gil.open("/app/acme/inbox").status_code == 404, "to open a page is not to join"
    assert gil.open("/app/").headers["location"] == "/app/new" and "Join Acme" in gil.open("/app/new").text
    assert gil.send("/app/new", join="acme").headers["location"] == "/app/acme/inbox"
    assert gil.open("/app/acme/inbox").status_code == 200
    first, second, *_ = db.rows(DAY, workspace=acme.workspace.id)
    about = {"person": made.json["id"], "role": "admin", "email": "Gil@acme.example"}
    assert first == ("member.added", acme.owner.id, about) and second == ("member.joined", made.json["id"], about)


def test_who_is_in_keeps_their_role(api, ben):
    for email in (BEN, BEN.upper()):
        again = api.post("/members", email=email)
        assert (again.status_code, again.json["id"], again.json["role"]) == (200, ben, "member")
        assert "location" not in again.headers
        other = api.post("/members", email=email, role="owner")
        assert (other.status_code, other.json["code"]) == (409, "already_member")
    assert api.get(f"/members/{ben}").json["role"] == "member" and api.events() == []


def test_a_name_is_told_by_its_owner_who_joins_and_not_by_an_address(client, api, acme):
    members.person("kim@corp.example", "Kim Known-Elsewhere")
    kim = api.post("/members", email="kim@corp.example").json["id"]
    assert api.get(f"/members/{kim}").json["name"] == "" and "Kim" not in api.get("/members").text
    browser = Browser(client).sign_in("kim@corp.example")
    assert api.get(f"/members/{kim}").json["name"] == ""
    browser.open("/app/new")
    browser.send("/app/new", join="acme")
    assert api.get(f"/members/{kim}").json["name"] == "Kim Known-Elsewhere"
    assert api.get(f"/members/{acme.owner.id}").json["name"] == "Ada"


def test_only_an_owners_key_makes_or_unmakes_owners(client, api, acme, ben):
    api.patch(f"/members/{ben}", role="admin")
    admin = Program(client, Key(acme, members.person(BEN)))
    for answer in (
        admin.post("/members", email="gil@acme.example", role="owner"), admin.patch(f"/members/{ben}", role="owner"),
        admin.patch(f"/members/{acme.owner.id}", role="member"), admin.delete(f"/members/{acme.owner.id}"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (403, "owners_only")
    assert [(each["email"], each["role"]) for each in api.get("/members").json["data"]] == [(ADA, "owner"), (BEN, "admin")]
    assert admin.post("/members", email="gil@acme.example", role="admin").status_code == 201
    assert api.patch(f"/members/{ben}", role="owner").status_code == 200
    assert admin.patch(f"/members/{acme.owner.id}", role="member").status_code == 200


def test_a_role_is_changed_once(api, ben):
    for _ in range(2):
        assert api.patch(f"/members/{ben}", role="admin").json["role"] == "admin"
    assert api.events() == ["member.updated"]


def test_who_is_removed_is_out_with_their_keys_and_their_tasks(client, api, acme, ben):
    number, person = acme.post(), members.person(BEN)
    theirs = {"Authorization": f"Bearer {keys.create(acme.workspace, person, 'ben')}"}
    planning.assign(acme.team, number, ben)
    browser = Browser(client).sign_in(BEN)
    assert client.simulate_get("/api/v1/posts", headers=theirs).status_code == 200
    assert api.delete(f"/members/{ben}").status_code == 204
    assert api.delete(f"/members/{ben}").status_code == 404
    assert client.simulate_get("/api/v1/posts", headers=theirs).status_code == 401
    assert posts.find(acme.team, number).assignee_id is None
    assert browser.open("/app/acme/inbox").status_code == 404
    assert api.events()[-1] == "member.removed"


def test_the_last_owner_can_neither_go_nor_step_down(client, api, acme, ben):
    ada = acme.owner.id
    for answer in (api.delete(f"/members/{ada}"), api.patch(f"/members/{ada}", role="member")):
        assert (answer.status_code, answer.json["code"]) == (409, "last_owner")
    assert api.patch(f"/members/{ada}", role="owner").status_code == 200
    api.patch(f"/members/{ben}", role="owner")
    assert api.patch(f"/members/{ada}", role="member").json["role"] == "member"
    assert Program(client, Key(acme, members.person(BEN))).delete(f"/members/{ben}").json["code"] == "last_owner"


def test_an_owner_who_was_only_invited_is_none(client, api, acme):
    invited = api.post("/members", email="gil@acme.example", role="owner").json["id"]
    assert api.delete(f"/members/{acme.owner.id}").json["code"] == "last_owner"
    assert api.delete(f"/members/{invited}").status_code == 204


def test_owners_who_remove_each_other_at_once_leave_one(acme):
    others = [members.person(f"o{number}@acme.example") for number in range(5)]
    for each in others:
        members.add(acme.workspace, each, "owner")
    owners = [acme.owner.id, *(each.id for each in others)]
    verbs = (team.remove, lambda reader, person: team.set_role(reader, person, "member"))

    def unmake(number: int):
        """The next one, and then oneself."""
        acting = acme.team._replace(person=owners[number])
        verbs[number % 2](acting, owners[(number + 1) % len(owners)])
        verbs[number % 2](acting, owners[number])

    done = at_once(unmake, len(owners))
    assert {type(each).__name__ for each in done} <= {"NoneType", "NotFound", "Forbidden", "Conflict"}
    assert {each.code for each in done if isinstance(each, Conflict)} <= {"last_owner"}
    assert [member.role for member in team.of(acme.team)].count("owner") == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "email"), ({"email": "gil"}, "email"), ({"email": "a@b\n.example"}, "email"), ({"email": 7}, "email"),
        ({"email": "gil@acme.example", "role": "boss"}, "role"), ({"email": "gil@acme.example", "role": None}, "role"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    assert wrong(api.post("/members", **fields)) == {field}
    assert len(api.get("/members").json["data"]) == 2


def test_only_an_admins_key_changes_the_team(client, acme, ben):
    writer = {"Authorization": f"Bearer {keys.create(acme.workspace, acme.owner, 'w', ('read', 'write'))}"}
    assert client.simulate_get("/api/v1/members", headers=writer).status_code == 200
    for method, path in (("POST", ""), ("PATCH", f"/{ben}"), ("DELETE", f"/{ben}")):
        answer = client.simulate_request(method, f"/api/v1/members{path}", json={"role": "owner"}, headers=writer)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
        assert client.simulate_request(method, f"/api/v1/members{path}", json={}).status_code == 401


def test_a_member_of_another_team_is_not_found(client, acme, globex, ben):
    theirs = Program(client, globex)
    for answer in (
        theirs.get(f"/members/{ben}"), theirs.patch(f"/members/{ben}", role="admin"), theirs.delete(f"/members/{ben}"),
        theirs.delete(f"/members/{acme.owner.id}"), theirs.get("/members/999999999"), theirs.get("/members/x"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert [member["email"] for member in theirs.get("/members").json["data"]] == ["eve@globex.example"]
