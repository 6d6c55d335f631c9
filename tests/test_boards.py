"""Boards: for everyone, for members only, or for the users of some segments."""

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong

from service import db
from service.db import database
from service.feedback import boards, edits, lists, posts, similar

LABS = {"key": "labs", "name": "Labs", "description": "What may come", "access": "private", "segments": [],
        "approve_first": False}  # fmt: skip
SEGMENT = "INSERT INTO segment (workspace_id, key, name) VALUES (%(workspace)s, %(key)s, %(key)s)"
IN_SEGMENT = """
INSERT INTO segment_user
SELECT workspace_id, id, %(user)s FROM segment WHERE workspace_id = %(workspace)s AND key = %(key)s"""
STANDING = """
SELECT p.number, b.key FROM post p JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
 WHERE p.workspace_id = %(workspace)s ORDER BY p.number"""


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


def segment(company, key: str, *people: dict) -> None:
    """A segment with these users in it."""
    db.changed(SEGMENT, workspace=company.workspace.id, key=key)
    for claims in people:
        db.changed(IN_SEGMENT, workspace=company.workspace.id, key=key, user=company.user(claims).id)


def standing(company) -> dict[int, str]:
    """Post → board, of deleted ones too."""
    return dict(db.rows(STANDING, workspace=company.workspace.id))


def keys(api) -> list[str]:
    return [board["key"] for board in api.get("/boards").json["data"]]


# ── a board ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_board_is_made_changed_and_taken_away(api):
    made = api.post("/boards", **LABS)
    assert (made.status_code, made.headers["location"], made.json) == (201, "/api/v1/boards/labs", LABS)
    assert keys(api) == ["features", "bugs", "labs"]
    api.post("/boards", key="first", name="First", position=0)
    assert keys(api)[0] == "first"
    changed = api.patch("/boards/labs", name=" The  labs ", description="", access="public", position=0,
                        approve_first=True)  # fmt: skip
    assert changed.json == LABS | {"name": "The labs", "description": "", "access": "public", "approve_first": True}
    assert api.get("/boards/labs").json == changed.json
    assert api.delete("/boards/labs").status_code == 204
    assert api.delete("/boards/labs").status_code == 404
    assert api.events() == ["board.created", "board.created", "board.updated", "board.deleted"]


def test_a_change_that_changes_nothing_is_no_event(api, acme):
    segment(acme, "pro")
    api.post("/boards", **LABS | {"access": "segments", "segments": ["pro"]}, position=4)
    api.patch("/boards/labs", name="Labs", access="segments", segments=["pro", "pro"], position=4)
    api.patch("/boards/labs")
    assert api.events() == ["board.created"]
    api.patch("/boards/labs", position=5)
    assert api.events() == ["board.created", "board.updated"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "Labs"}, "key"),
        ({"key": "a--b"}, "key"),
        ({"key": "bugs"}, "key"),
        ({"name": "\t"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"description": "x" * 501}, "description"),
        ({"access": "secret"}, "access"),
        ({"access": "segments"}, "segments"),
        ({"segments": ["nobody"]}, "segments"),
        ({"position": 40_000}, "position"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(api, fields, field):
    assert wrong(api.post("/boards", **LABS | fields)) == {field}
    if field != "key":
        assert wrong(api.patch("/boards/bugs", **fields)) == {field}
    assert (keys(api), api.events()) == (["features", "bugs"], [])


def test_of_many_who_make_the_same_board_one_succeeds(acme, api):
    made = at_once(lambda _: boards.create(acme.team, "labs", "Labs"), 8)
    assert sum(isinstance(each, boards.Board) for each in made) == 1
    assert api.events() == ["board.created"]


# ── its end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_posts_of_a_board_move_with_one_event_when_it_goes(api, acme):
    for title in ("One", "Two", "Gone"):
        acme.post(title, board="bugs")
    edits.delete(acme.team, 3)
    refused = api.delete("/boards/bugs")
    assert (refused.status_code, refused.json["code"]) == (409, "in_use")
    before = len(api.events())
    assert api.delete("/boards/bugs", into="features").status_code == 204
    assert standing(acme) == dict.fromkeys((1, 2, 3), "features")
    assert api.events()[before:] == ["board.deleted"]
    assert api.get("/events", type="board.deleted").json["data"][0]["data"] == {"key": "bugs", "into": "features"}


@pytest.mark.parametrize("into", ["bugs", "nowhere", "Ünfug"])
def test_posts_can_only_move_into_another_board_that_there_is(api, acme, into):
    number = acme.post(board="bugs")
    assert wrong(api.delete("/boards/bugs", into=into)) == {"into"}
    assert standing(acme) == {number: "bugs"}
    assert wrong(api.delete("/boards/bugs", inot="features")) == {"inot"}


def test_the_fields_of_a_board_go_with_it_and_so_do_their_values_wherever_the_posts_are(api):
    api.post("/fields", key="page", name="Page", type="text", board="bugs")
    api.post("/fields", key="seats", name="Seats", type="number")
    for title in ("Stays", "Moved before"):
        api.post("/posts", title=title, board="bugs", fields={"page": "/a", "seats": 3})
    api.patch("/posts/2", board="features")
    api.delete("/boards/bugs", into="features")
    assert [field["key"] for field in api.get("/fields").json["data"]] == ["seats"]
    assert [post["fields"] for post in api.get("/posts").json["data"]] == [{"seats": 3}, {"seats": 3}]


def test_posts_that_are_written_and_moved_meanwhile_are_not_lost(acme, here):
    boards.create(acme.team, "labs", "Labs", position=0)
    reader = acme.reader()
    early = [posts.create(reader, f"Early {n}", board="features") for n in range(20)]

    def work(n: int):
        if n == 5:
            return boards.delete(acme.team, "labs", into="features")
        if n % 4:
            return edits.change(acme.team, early[n], board="labs")
        return posts.create(reader, f"Wish {n}", board="labs")

    outcomes = at_once(work, 20)
    assert outcomes[5] is None
    assert {type(each).__name__ for each in outcomes} <= {"NoneType", "int", "Invalid", "Conflict"}, outcomes
    assert set(standing(acme).values()) == {"features"}


# ── who sees it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sees(client, company, mine: str | None, number: int, board: str = "labs") -> set[str]:
    """Where someone on a customer's site finds the board and its post “Quantum leap”."""
    opened = call(client, company, "opening", session=mine).json
    found = {"boards"} if board in [each["key"] for each in opened["boards"]] else set()
    ways = {
        "opening": opened["posts"]["data"],
        "list": call(client, company, "list", session=mine).json["data"],
        "filter": call(client, company, "list", session=mine, board=board).json["data"],
        "search": call(client, company, "list", session=mine, q="quantum").json["data"],
        "similar": [hit["post"] for hit in call(client, company, "similar", session=mine, text="Quantum leap").json["data"]],
    }
    found |= {way for way, cards in ways.items() if number in [card["number"] for card in cards]}
    found |= {"post"} if call(client, company, f"posts/{number}", session=mine).status_code == 200 else set()
    return found


EVERYWHERE = {"boards", "opening", "list", "filter", "search", "similar", "post"}


def test_a_private_board_is_for_members_only(client, api, acme):
    api.post("/boards", **LABS)
    number = api.post("/posts", title="Quantum leap", board="labs").json["number"]
    mine = session(client, acme)
    assert sees(client, acme, mine, number) == sees(client, acme, None, number) == set()
    assert wrong(call(client, acme, "posts", session=mine, title="t", board="labs")) == {"board"}
    assert "labs" not in call(client, acme, "posts", session=mine, title="t", board="nowhere").text
    assert call(client, acme, f"posts/{number}/vote", session=mine, voted=True).status_code == 404
    assert client.simulate_get(f"/b/acme/posts/{number}").status_code == 404
    assert "Labs" not in client.simulate_get("/b/acme").text
    assert [post["number"] for post in api.get("/posts", board="labs").json["data"]] == [number]
    api.patch("/boards/labs", access="public")
    assert sees(client, acme, mine, number) == sees(client, acme, None, number) == EVERYWHERE


def test_a_board_for_segments_is_for_their_users_only(client, api, acme):
    segment(acme, "pro", CLEO), segment(acme, "beta"), acme.user(DAN)
    made = api.post("/boards", **LABS | {"access": "segments", "segments": ["pro", "beta"]})
    assert (made.status_code, made.json["segments"]) == (201, ["beta", "pro"])
    number = api.post("/posts", title="Quantum leap", board="labs").json["number"]
    cleo, dan = session(client, acme, CLEO), session(client, acme, DAN)
    assert sees(client, acme, cleo, number) == EVERYWHERE
    assert sees(client, acme, dan, number) == sees(client, acme, None, number) == set()
    assert call(client, acme, "posts", session=cleo, title="Mine", board="labs").status_code == 201
    assert wrong(call(client, acme, "posts", session=dan, title="Mine", board="labs")) == {"board"}
    voted = [call(client, acme, f"posts/{number}/vote", session=who, voted=True).status_code for who in (cleo, dan)]
    assert voted == [200, 404]


def test_who_does_not_see_a_board_does_not_even_count_its_posts(api, acme):
    segment(acme, "pro", CLEO)
    api.post("/boards", **LABS | {"access": "segments", "segments": ["pro"]})
    number = api.post("/posts", title="Quantum leap", board="labs").json["number"]
    api.post("/posts", title="Dark mode")
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    assert [lists.counts(who)["open"] for who in (acme.team, cleo, dan)] == [2, 2, 1]
    assert [post.number for post in lists.page(dan, board="labs").posts] == []
    assert [[hit.post.number for hit in similar.find(who, "Quantum leap")] for who in (cleo, dan)] == [[number], []]


def test_a_segment_that_is_no_longer_admitted_is_out_at_once(client, api, acme):
    segment(acme, "pro", CLEO), segment(acme, "beta", DAN)
    api.post("/boards", **LABS | {"access": "segments", "segments": ["pro"]})
    number = api.post("/posts", title="Quantum leap", board="labs").json["number"]
    assert api.patch("/boards/labs", segments=["beta"]).json["segments"] == ["beta"]
    cleo, dan = session(client, acme, CLEO), session(client, acme, DAN)
    assert sees(client, acme, cleo, number) == set()
    assert sees(client, acme, dan, number) == EVERYWHERE
    assert wrong(api.patch("/boards/labs", segments=[])) == {"segments"}
    assert wrong(api.patch("/boards/labs", segments=["beta", "nobody"])) == {"segments"}
    database.execute_sql("DELETE FROM segment WHERE key = 'beta'")
    assert sees(client, acme, dan, number) == set()
    assert api.patch("/boards/labs", name="Labs 2").status_code == 200


def test_another_workspaces_boards_and_segments_are_as_good_as_none(client, api, acme, globex):
    api.post("/boards", **LABS)
    segment(acme, "pro", CLEO)
    theirs = Program(client, globex)
    for answer in (theirs.get("/boards/labs"), theirs.patch("/boards/labs", name="Ours"), theirs.delete("/boards/labs")):
        assert answer.status_code == 404
    globex.post()
    assert wrong(theirs.delete("/boards/features", into="labs")) == {"into"}
    assert wrong(theirs.post("/boards", **LABS | {"access": "segments", "segments": ["pro"]})) == {"segments"}
    assert api.get("/boards/labs").json == LABS


def test_without_a_key_there_is_nothing(client, api):
    for method, path in (("GET", "/boards"), ("POST", "/boards"), ("GET", "/boards/bugs"), ("PATCH", "/boards/bugs"),
                         ("DELETE", "/boards/bugs")):  # fmt: skip
        assert client.simulate_request(method, f"/api/v1{path}").status_code == 401
