"""Companies: told by tokens and by programs, each fact on its own."""

import pytest
from cast import DAN
from crowd import at_once
from program import Program, wrong

from service import db
from service.feedback import companies, users

INITECH = {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def test_a_company_is_known_by_what_is_told_of_it(api):
    assert api.put("/companies/initech", name=" Initech ", plan="Team").json == INITECH | {"mrr": 0}
    assert api.put("/companies/initech", mrr=4900).json == INITECH
    assert api.put("/companies/initech", mrr=4900, name="Initech").json == INITECH
    assert api.get("/companies/initech").json == INITECH
    told = [event["data"] for event in api.get("/events").json["data"]]
    assert told == [{"company": "initech", "changed": ["name", "plan"]}, {"company": "initech", "changed": ["mrr"]}]
    assert api.events() == ["company.created", "company.updated"]


def test_one_of_which_nothing_is_told_is_known_all_the_same(api):
    assert api.put("/companies/new").json == {"id": "new", "name": "", "plan": "", "mrr": 0}
    api.put("/companies/new")
    assert api.events() == ["company.created"]


def test_null_empties_and_what_is_new_is_answered_with_its_place(api):
    facts = {name: INITECH[name] for name in ("name", "plan", "mrr")}
    made, again = (api.put("/companies/initech", **facts) for _ in range(2))
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/companies/initech")
    assert (again.status_code, again.headers.get("location")) == (200, None)
    assert api.put("/companies/initech", plan=None).json == INITECH | {"plan": ""}
    assert api.put("/companies/initech", **dict.fromkeys(facts)).json == {"id": "initech", "name": "", "plan": "", "mrr": 0}


def test_a_token_tells_the_same_and_forgets_nothing(api, acme):
    acme.user(DAN)
    acme.user({**DAN, "company": {"id": "initech", "plan": "Business"}})
    assert api.get("/companies/initech").json == INITECH | {"plan": "Business"}
    events = api.get("/events", type="user.identified").json["data"]
    assert [event["data"]["changed"] for event in events] == [["email", "name", "company"], ["company"]]
    acme.user({**DAN, "company": {"id": "initech", "mrr": -1}})
    assert len(api.events(type="user.identified")) == 2


def test_companies_are_listed_a_page_at_a_time(api):
    for number in range(5):
        api.put(f"/companies/c{number}")
    first = api.get("/companies", limit=3).json
    rest = api.get("/companies", limit=3, cursor=first["next_cursor"]).json
    assert [company["id"] for company in first["data"] + rest["data"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert rest["next_cursor"] is None
    assert api.get("/companies", cursor="x").status_code == 400


@pytest.mark.parametrize(
    ("id", "fields", "field"),
    [
        ("c", {"name": "x" * 201}, "name"),
        ("c", {"plan": "x" * 201}, "plan"),
        ("c", {"plan": 7}, "plan"),
        ("c", {"mrr": -1}, "mrr"),
        ("c", {"mrr": 10**15}, "mrr"),
        ("c", {"mrr": 10**400}, "mrr"),
        ("c", {"mrr": 9.5}, "mrr"),
        ("x" * 256, {}, "id"),
        ("%20", {}, "id"),
        ("a%0Ab", {}, "id"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, id, fields, field):
    assert wrong(api.put(f"/companies/{id}", **fields)) == {field}
    assert api.get("/companies").json["data"] == [] and api.events() == []


def test_only_the_team_of_its_workspace_finds_a_company(client, api, globex):
    api.put("/companies/initech", **{name: INITECH[name] for name in ("name", "plan", "mrr")})
    theirs = Program(client, globex)
    assert theirs.get("/companies").json["data"] == []
    assert theirs.get("/companies/initech").status_code == 404
    assert theirs.put("/companies/initech").json["name"] == ""  # one of their own, of the same id
    assert api.get("/companies/initech").json == INITECH
    assert api.get("/companies/%FF%FE").status_code == 404
    for path in ("/companies", "/companies/initech"):
        assert client.simulate_get(f"/api/v1{path}").status_code == 401
    assert client.simulate_put("/api/v1/companies/initech", json={}).status_code == 401


def test_facts_that_are_told_at_once_are_all_kept(acme):
    facts = [{"name": "Initech"}, {"plan": "Team"}, {"mrr": 4900}]
    at_once(lambda number: companies.put(acme.team, "initech", **facts[number % 3]), 12)
    assert companies.find(acme.team, "initech")[1:] == ("initech", "Initech", "Team", 4900)
    assert db.rows("SELECT type, count(*) FROM event WHERE type = 'company.created' GROUP BY 1") == [("company.created", 1)]


def test_users_of_one_company_who_arrive_at_once_are_all_in_it(acme):
    done = at_once(lambda number: users.identify(acme.workspace, {**DAN, "sub": f"u{number}"}))
    assert {user.external_id for user in done} == {f"u{number}" for number in range(20)}
    assert db.row('SELECT count(DISTINCT company_id), count(company_id) FROM "user"') == (1, 20)
