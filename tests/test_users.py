"""Users as the team knows them: found, told of by programs, and each change of them told once."""

import threading
from contextlib import contextmanager

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong
from queued import threads

from service import db
from service.db import database
from service.errors import Forbidden
from service.feedback import users

SHAPE = {
    "id", "kind", "email", "name", "avatar", "traits", "company", "segments", "blocked", "first_seen_at", "last_seen_at",
}  # fmt: skip
INITECH = {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}
EVERYTHING = {
    "email": "fay@customer.example", "name": "Fay", "avatar": "https://customer.example/fay.png",
    "traits": {"role": "chef", "seats": 3, "rate": 0.5, "beta": True}, "company": INITECH, "segments": ["beta"],
}  # fmt: skip


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def changes(api) -> list[list[str]]:
    return [event["data"]["changed"] for event in api.get("/events", type="user.identified").json["data"]]


def test_a_user_is_shown_with_all_that_their_token_said(api, acme):
    acme.user({**DAN, "traits": {"role": "chef"}, "segments": ["beta"], "avatar": "https://x.example/" + "y" * 300})
    dan = api.get("/users/dan-8").json
    assert set(dan) == SHAPE
    assert (dan["id"], dan["kind"], dan["email"], dan["name"]) == ("dan-8", "identified", "dan@customer.example", "Dan")
    assert (dan["company"], dan["traits"], dan["segments"], dan["blocked"]) == (INITECH, {"role": "chef"}, ["beta"], False)
    assert dan["avatar"].endswith("yyy") and dan["first_seen_at"].endswith("Z")


def test_a_program_tells_what_a_token_could(api, acme):
    made = api.put("/users/fay", **EVERYTHING).json
    assert made | EVERYTHING == made and made["kind"] == "identified"
    assert api.get("/users/fay").json == made
    assert changes(api) == [["email", "name", "avatar", "traits", "segments", "company"]]


def test_what_is_left_out_stays_and_the_same_again_is_no_change(api):
    api.put("/users/fay", **EVERYTHING)
    assert api.put("/users/fay", name="Fay B.").json["email"] == EVERYTHING["email"]
    api.put("/users/fay", **EVERYTHING)
    api.put("/users/fay")
    assert changes(api)[1:] == [["name"], ["name"]]
    assert api.put("/users/fay", company={"id": "initech", "mrr": 1}).json["company"] == INITECH | {"mrr": 1}
    assert changes(api)[-1] == ["company"]


def test_null_empties_what_is_known_of_a_user(api, acme):
    api.post("/segments", key="big", name="Big", rules=[{"field": "company.mrr", "op": "at_least", "value": 1}])
    assert "big" in api.put("/users/fay", **EVERYTHING).json["segments"]
    emptied = dict.fromkeys(EVERYTHING)
    for _ in range(2):
        fay = api.put("/users/fay", **emptied).json
        assert {field: fay[field] for field in EVERYTHING} == {**emptied, "name": "", "traits": {}, "segments": []}
    assert changes(api)[1:] == [["email", "name", "avatar", "traits", "segments", "company"]]
    assert api.put("/users/new", **emptied).json["name"] == ""
    api.put("/users/fay", company=INITECH)
    assert api.put("/users/fay", company={"id": "initech", "name": None}).json["company"] == INITECH | {"name": ""}


def test_who_is_new_is_answered_with_their_place(api):
    made, again = (api.put("/users/fay%20%C3%A9", name="Fay") for _ in range(2))
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/users/fay%20%C3%A9")
    assert (again.status_code, again.headers.get("location")) == (200, None)
    assert again.json == made.json and api.get("/users/fay%20%C3%A9").json == made.json


def test_someone_for_whom_others_act_is_not_seen_and_not_held(api, acme):
    number = acme.post()
    db.changed('UPDATE "user" SET last_seen_at = \'2020-01-01\'')
    with held_row("SELECT FROM \"user\" WHERE external_id = 'cleo-7' FOR NO KEY UPDATE"):
        assert api.put(f"/posts/{number}/votes/cleo-7").status_code == 204
        assert api.post("/posts", title="More", author="cleo-7").status_code == 201
    assert api.get("/users/cleo-7").json["last_seen_at"].startswith("2020-01-01")
    assert at_once_made(acme) == 1


def at_once_made(acme) -> int:
    return len(set(at_once(lambda _: users.by_external_id(acme.workspace, "gus").id)))


@contextmanager
def held_row(statement: str):
    """Somebody else's transaction, which has just run this."""
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with database.atomic():
            db.changed(statement)
            begun.set()
            end.wait(10)

    with threads(1) as pool:
        holding = pool.submit(hold)
        assert begun.wait(10)
        try:
            yield
        finally:
            end.set()
            holding.result()


def test_nothing_is_done_on_behalf_of_someone_who_is_blocked(api, acme):
    number = acme.post(by=DAN)
    acme.user(CLEO)
    db.changed("UPDATE \"user\" SET blocked_at = now() WHERE external_id = 'cleo-7'")
    for answer in (
        api.put(f"/posts/{number}/votes/cleo-7"), api.put(f"/posts/{number}/followers/cleo-7"),
        api.post("/posts", title="Spam", author="cleo-7"),
        api.post(f"/posts/{number}/comments", body="Spam", author="cleo-7"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (409, "blocked")
    assert api.events() == ["post.created"]


def test_a_token_is_traded_often_and_told_once(client, api, acme):
    for _ in range(3):
        call(client, acme, "session", user_token=acme.token())
    call(client, acme, "session", user_token=acme.token(locale="fr"))
    call(client, acme, "session", user_token=acme.token({"sub": "cleo-7"}))
    assert changes(api) == [["email", "name"], ["locale"]]
    [first, _] = api.get("/events", type="user.identified").json["data"]
    assert first["actor"] == {"kind": "user", "id": "cleo-7", "name": "Cleo"}


def test_what_an_event_says_of_a_user_names_nobody(api, acme):
    api.put("/users/fay", **EVERYTHING)
    acme.user(DAN)
    for (data,) in db.rows("SELECT data::text FROM event"):
        assert not [word for word in ("Fay", "fay", "chef", "Dan", "dan-8", "customer") if word in data]
    assert db.rows("SELECT DISTINCT public FROM event") == [(False,)]


def test_someone_who_is_blocked_is_refused_and_can_still_be_told_of(api, acme):
    acme.user(CLEO)
    database.execute_sql('UPDATE "user" SET blocked_at = now()')
    with pytest.raises(Forbidden):
        acme.user({**CLEO, "name": "Other"})
    assert changes(api) == [["email", "name"]]
    told = api.put("/users/cleo-7", name="Cleo K.").json
    assert (told["name"], told["blocked"]) == ("Cleo K.", True)


def test_users_are_found_by_a_part_of_their_name_address_or_id(api, acme):
    for claims in (CLEO, DAN, {"sub": "50%_off\\", "name": "Zoë"}):
        acme.user(claims)
    for q, ids in [
        ("CLE", ["cleo-7"]), ("customer.example", ["cleo-7", "dan-8"]), ("n-8", ["dan-8"]), ("%", ["50%_off\\"]),
        ("_", ["50%_off\\"]), ("\\", ["50%_off\\"]), ("ZOË", ["50%_off\\"]), ("nobody", []), (" ", None),
    ]:  # fmt: skip
        found = [user["id"] for user in api.get("/users", q=q).json["data"]]
        assert found == (ids if ids is not None else ["cleo-7", "dan-8", "50%_off\\"]), q
    assert [user["id"] for user in api.get("/users", company="initech").json["data"]] == ["dan-8"]
    assert api.get("/users", company="none").json["data"] == []


def test_users_are_listed_a_page_at_a_time(api, acme):
    for number in range(5):
        acme.user({"sub": f"u{number}"})
    first = api.get("/users", limit=3).json
    rest = api.get("/users", limit=3, cursor=first["next_cursor"]).json
    assert [user["id"] for user in first["data"] + rest["data"]] == ["u0", "u1", "u2", "u3", "u4"]
    assert rest["next_cursor"] is None
    assert wrong(api.get("/users", limit=0)) == {"limit"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"name": "x" * 201}, "name"),
        ({"name": 7}, "name"),
        ({"avatar": "javascript:alert(1)"}, "avatar"),
        ({"avatar": "https://x/" + "x" * 2000}, "avatar"),
        ({"traits": {"a": {"b": 1}}}, "traits"),
        ({"traits": {"a": "x" * 8001}}, "traits"),
        ({"traits": []}, "traits"),
        ({"company": {"name": "Initech"}}, "id"),
        ({"company": {"id": ""}}, "company.id"),
        ({"company": {"id": "c", "name": "x" * 201}}, "company.name"),
        ({"company": {"id": "c", "mrr": -1}}, "company"),
        ({"segments": ["x" * 81]}, "segments"),
        ({"segments": ["x"] * 51}, "segments"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    assert wrong(api.put("/users/fay", **fields)) == {field}
    assert api.get("/users").json["data"] == [] and api.get("/companies").json["data"] == []


@pytest.mark.parametrize("id", ["anon_x", "guest_x", "sayso-member-1", "sayso-", "x" * 256, "%20x", "a%0Ab", "%E2%80%AEx"])
def test_an_id_that_cannot_be_one_of_theirs_is_refused(api, acme, id):
    users.make_anonymous(acme.workspace)
    assert wrong(api.put(f"/users/{id}", name="Fay")) == {"id"}
    assert api.get(f"/users/{id}").status_code == 404


def test_not_even_an_anonymous_user_who_is_there_is_given_a_name(client, api, acme):
    call(client, acme, "posts", title="Dark mode")
    [anonymous] = api.get("/users").json["data"]
    assert (anonymous["kind"], anonymous["name"], anonymous["email"]) == ("anonymous", "", None)
    assert wrong(api.put(f"/users/{anonymous['id']}", name="Fay")) == {"id"}


def test_text_is_kept_as_people_see_it_and_numbers_as_they_are(api):
    traits = {" a\u200b ": "Cafe\u0301\u202e", "n": 2**53 + 1, "f": 0.25}
    told = api.put("/users/fay", name=" F\u0007ay ", traits=traits, segments=["b", "", "b"]).json
    assert (told["name"], told["segments"]) == ("Fay", ["b"])
    assert told["traits"] == {"a": "Café", "n": 2**53 + 1, "f": 0.25}
    assert api.put("/users/fay", name="").json["name"] == ""


def test_only_the_team_of_its_workspace_finds_a_user(client, api, acme, globex):
    acme.user(CLEO)
    theirs = Program(client, globex)
    assert theirs.get("/users").json["data"] == []
    for path in ("/users/cleo-7", "/users/cleo-7/export"):
        assert theirs.get(path).status_code == 404
        assert client.simulate_get(f"/api/v1{path}").status_code == 401
    assert theirs.put("/users/cleo-7").json["email"] is None  # one of their own, of the same id
    assert api.get("/users/cleo-7").json["email"] == CLEO["email"]


def test_a_session_goes_on_when_a_program_tells_of_its_user(client, api, acme):
    known = session(client, acme)
    api.put("/users/cleo-7", name="Cleo K.")
    assert call(client, acme, "opening", session=known).json["user"]["name"] == "Cleo K."
