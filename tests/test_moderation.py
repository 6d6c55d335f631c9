"""Posts that wait for the team: who sees them, how they come in or go, and that nobody else can tell that they are there."""


import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from program import Program, wrong
from queued import work_off

from service import db, events
from service.errors import Conflict, Forbidden, NotFound
from service.feedback import actions, activity, boards, edits, lists, merges, moderation, posts, similar, votes

WORDS = "Secret spam offer"
SENT = "SELECT subject, text FROM letter WHERE kind = 'new_post' ORDER BY id LIMIT 1"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


@pytest.fixture
def held(acme) -> int:
    """A post of Cleo's that waits."""
    boards.change(acme.team, "features", approve_first=True)
    number = acme.post(WORDS)
    work_off()
    return number


def told(acme) -> list[tuple]:
    return [(each.type, each.public) for each in activity.news({acme.workspace.id: 0}, 100)[acme.workspace.id] if each.post]


# ── what waits ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_users_write_on_a_board_that_approves_first_waits(api, acme, held):
    by_program = api.post("/posts", title="By a program", author="dan-8").json["number"]
    by_team = posts.create(acme.writer, "By the team")
    elsewhere = acme.post("Crash", board="bugs")
    assert [post.number for post in moderation.held(acme.team, 9)] == [held]
    assert {post.number for post in lists.page(acme.reader(DAN)).posts} == {by_program, by_team, elsewhere}


def test_case_80_nobody_else_can_tell_that_it_is_there(client, api, acme, held):
    dan = acme.reader(DAN)
    for token in (None, session(client, acme, DAN)):
        for path, more in (("opening", {}), ("list", {}), ("list", {"sort": "new", "q": "secret"}), ("list", {"mine": True}),
                           ("list", {"board": "features", "status": "open"}), ("similar", {"text": WORDS})):  # fmt: skip
            assert WORDS not in call(client, acme, path, session=token, **more).text, (path, more)
        for path, more in ((f"posts/{held}", {}), (f"posts/{held}/vote", {"voted": True})):
            lost = call(client, acme, path.replace(str(held), "999999"), session=token, **more)
            found = call(client, acme, path, session=token, **more)
            assert (found.status_code, found.json["detail"]) == (404, lost.json["detail"].replace("999999", str(held)))
    for path in ("/b/acme", "/b/acme/changelog", f"/b/acme/posts/{held}"):
        page = client.simulate_get(path)
        assert WORDS not in page.text and page.status_code == (404 if "posts" in path else 200)
    for path in ("/posts?author=cleo-7", "/posts?q=secret", "/posts?sort=mrr", "/similar?text=secret+spam+offer"):
        path, _, query = path.partition("?")
        answer = api.client.simulate_get(f"/api/v1{path}", query_string=query, headers=acme.bearer())
        assert answer.json["data"] == [], path
    assert lists.counts(dan)["open"] == lists.counts(acme.team)["open"] == 0
    for attempt in (votes.cast, posts.find, posts.hold, edits.delete):
        with pytest.raises(NotFound):
            attempt(dan, held)
    assert api.put(f"/posts/{held}/votes/dan-8").status_code == 204  # the team may, on their behalf
    assert posts.find(acme.team, held).votes == 2


def test_no_open_page_of_a_user_hears_of_it_until_it_is_approved(acme, held):
    votes.withdraw(acme.reader(CLEO), held)
    edits.change(acme.reader(CLEO), held, body="More")
    assert told(acme) == [("post.created", False), ("vote.deleted", False), ("post.updated", False)]
    moderation.approve(acme.team, [held])
    assert told(acme)[-1] == ("post.approved", True) and told(acme)[0] == ("post.created", False)


def test_its_author_and_the_team_read_it_by_its_number_and_the_author_in_their_own_list(client, api, acme, held):
    cleo = session(client, acme, CLEO)
    mine = call(client, acme, "list", session=cleo, mine=True).json["data"]
    assert [(post["number"], post["held"]) for post in mine] == [(held, True)]
    assert call(client, acme, "list", session=cleo).json["data"] == []
    assert call(client, acme, f"posts/{held}", session=cleo).json["post"]["held"] is True
    assert api.get(f"/posts/{held}").json["title"] == WORDS
    assert posts.find(acme.team, held).held and similar.find(acme.team, WORDS) == []


def test_the_team_is_written_to_and_the_event_says_that_it_waits(api, acme, held):
    [event] = [each for each in api.get("/events").json["data"] if each["type"] == "post.created"]
    assert event["data"] == {"held": True}
    subject, words = db.row(SENT)
    assert subject == f"Waits for approval: post #{held}: {WORDS}"
    assert "until you approve or decline it" in words and "/app/acme/moderation" in words


# ── in and out ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_approved_is_a_post_like_any_other_and_twice_is_once(api, acme, held):
    for _ in range(2):
        moderation.approve(acme.team, [held])
    assert api.events()[-1] == "post.approved" and api.events().count("post.approved") == 1
    assert [post.number for post in lists.page(acme.reader(DAN)).posts] == [held]
    assert [hit.post.number for hit in similar.find(acme.reader(DAN), WORDS)] == [held]
    assert moderation.waiting(acme.team) == 0 and votes.cast(acme.reader(DAN), held) == 2


def test_what_was_approved_cannot_be_reworded_by_its_author_into_what_was_not(acme, held):
    author = acme.reader(CLEO)
    edits.change(author, held, body="Better words, while it waits.")
    moderation.approve(acme.team, [held])
    with pytest.raises(Forbidden, match="let this post in"):
        edits.change(author, held, title="Buy my pills")
    edits.change(acme.team, held, title="The team may")


def test_what_is_declined_is_deleted_and_waits_again_when_it_is_restored(api, acme, held):
    for _ in range(2):
        moderation.decline(acme.team, [held])
    assert api.events().count("post.deleted") == 1 and not any(public for _, public in told(acme))
    assert moderation.held(acme.team, 9) == [] and moderation.waiting(acme.team) == 0
    [gone] = moderation.deleted(acme.team, 9)
    assert (gone.number, gone.deleted_by, gone.by_team, gone.author_name) == (held, "Ada", True, "Cleo")
    assert moderation.approve(acme.team, [held]) == 0
    edits.restore(acme.team, held)
    assert moderation.waiting(acme.team) == 1 and lists.page(acme.reader(DAN)).posts == []


def test_of_two_who_decide_at_once_one_does(acme, held):
    approved, declined = at_once(lambda n: (moderation.approve, moderation.decline)[n](acme.team, [held, 999]), 2)
    assert (approved, declined is None) in ((1, True), (0, False))


def test_declining_is_taken_back_as_any_action(acme, held):
    action = moderation.decline(acme.team, [held])
    assert actions.undo(acme.team, action.id).undone == 1 and moderation.waiting(acme.team) == 1


def test_declining_can_block_the_author_in_the_same_breath(client, api, acme, held):
    cleo = session(client, acme, CLEO)
    for _ in range(2):
        moderation.decline(acme.team, [held], block=True)
    assert api.events()[-2:] == ["user.blocked", "post.deleted"]
    assert [user.external_id for user in moderation.blocked(acme.team, 9)] == ["cleo-7"]
    assert call(client, acme, "posts", session=cleo, title="More").json["code"] == "blocked"
    with pytest.raises(Forbidden):
        acme.user(CLEO)


def test_an_erased_author_leaves_a_post_that_can_still_be_declined(api, acme, held):
    api.delete("/users/cleo-7")
    [post] = moderation.held(acme.team, 9)
    assert (post.author_id, post.author_name) == (None, None)
    moderation.decline(acme.team, [held], block=True)
    assert moderation.blocked(acme.team, 9) == []


def test_what_waits_is_merged_with_nothing(api, acme, held):
    other = api.post("/posts", title="Dark mode").json["number"]
    for one, into in ((held, other), (other, held)):
        with pytest.raises(Conflict, match="waits for approval"):
            merges.merge(acme.team, one, into)


def test_the_lists_are_read_a_page_at_a_time_and_the_badge_counts_to_99(acme, held):
    db.changed("INSERT INTO post (workspace_id, number, board_id, status_id, title, held_at, created_at) SELECT "
               "workspace_id, n, board_id, status_id, 'Spam ' || n, held_at, now() FROM post, generate_series(100, 250) n "
               "WHERE number = 1")  # fmt: skip
    assert moderation.waiting(acme.team) == 99
    first = moderation.held(acme.team, 100)
    rest = moderation.held(acme.team, 100, (first[-1].at, first[-1].number))
    numbers = [post.number for post in first + rest]
    assert len(numbers) == len(set(numbers)) == 152


def test_a_board_says_that_it_approves_first(api, acme):
    assert api.get("/boards/bugs").json["approve_first"] is False
    for _ in range(2):
        assert api.patch("/boards/bugs", approve_first=True).json["approve_first"] is True
    assert api.patch("/boards/bugs", name="Faults").json["approve_first"] is True
    made = api.post("/boards", key="labs", name="Labs", approve_first=True)
    assert made.json["approve_first"] is True and wrong(api.patch("/boards/bugs", approve_first="yes")) == {"approve_first"}
    assert api.events() == ["board.updated", "board.updated", "board.created"]
    assert "post.approved" in events.TYPES
