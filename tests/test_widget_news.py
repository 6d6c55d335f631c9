"""The changelog in the widget: what is new to whom, page by page, with pictures, linked posts and reactions."""

from datetime import UTC, datetime, timedelta

import pytest
from calls import call, session
from cast import CLEO, DAN
from crowd import at_once
from queued import work_off
from round_trips import Counter
from uploads import png

from service import db
from service.db import database
from service.feedback import attachments, boards, changelog, edits
from service.feedback.news import COUNT, PAGE
from service.lib import tokens
from service.web.cursors import closed

SHAPE = {"id", "title", "text", "categories", "published_at", "posts", "reactions"}
NONE = [{"kind": kind, "count": 0, "mine": False} for kind in changelog.REACTIONS]
SEEN = 'SELECT news_seen_at, xmin::text FROM "user" WHERE external_id = %(id)s'
SCAN = "SELECT count(*) FROM event"


def publish(company, title: str = "Exports", days: float = 0, **more) -> int:
    """The id of an entry that was published so many days ago; negative: is to be."""
    return changelog.create(company.team, title, published_at=datetime.now(UTC) - timedelta(days=days), **more).id


def news(client, company, **more) -> list[dict]:
    answer = call(client, company, "news", **more)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def unread(client, company, who: str) -> list[int]:
    """As every answer that says so."""
    return [call(client, company, path, session=who).json["unread"] for path in ("opening", "session")]


def react(client, company, id: int, kind: str = "love", on: bool = True, **who):
    return call(client, company, f"news/{id}/reaction", kind=kind, on=on, **who)


@pytest.fixture
def cleo(client, acme):
    """The session of somebody whom we know for a month."""
    who = session(client, acme, CLEO)
    database.execute_sql("""UPDATE "user" SET first_seen_at = now() - interval '30 days'""")
    return who


# ── what is new ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_published_since_they_came_is_unread_until_they_look(client, acme, cleo):
    publish(acme, "Before their time", 40)
    publish(acme, "Old", 20)
    publish(acme, "New", 1)
    changelog.create(acme.team, "A draft")
    publish(acme, "Tomorrow", -1)
    assert unread(client, acme, cleo) == [2, 2]
    assert [entry["title"] for entry in news(client, acme, session=cleo)] == ["New", "Old", "Before their time"]
    assert unread(client, acme, cleo) == [0, 0]
    publish(acme, "Newer")
    assert unread(client, acme, cleo) == [1, 1]


def test_what_comes_at_its_moment_is_new_then(client, acme, cleo):
    publish(acme, "Old", 1)
    soon = publish(acme, "Soon", -1)
    news(client, acme, session=cleo)
    assert unread(client, acme, cleo) == [0, 0]
    database.execute_sql(f"UPDATE changelog_entry SET published_at = now() WHERE id = {soon}")
    assert unread(client, acme, cleo) == [1, 1]


def test_looking_again_writes_nothing_and_is_no_event(client, acme, cleo):
    publish(acme, days=1)
    happened = db.row(SCAN)
    news(client, acme, session=cleo)
    first = db.row(SEEN, id="cleo-7")
    news(client, acme, session=cleo)
    assert first[0] is not None and db.row(SEEN, id="cleo-7") == first
    assert db.row(SCAN) == happened


def test_a_later_page_and_the_news_of_another_mark_nothing(client, acme, globex, cleo):
    for day in range(12):
        publish(acme, f"Day {day}", day)
    cursor = call(client, acme, "news").json["next_cursor"]
    assert len(news(client, acme, session=cleo, cursor=cursor)) == 2
    news(client, acme, session=session(client, acme, DAN))
    news(client, globex, session=session(client, globex, CLEO))
    assert unread(client, acme, cleo) == [12, 12]


def test_the_count_stops_at_99_and_nobody_has_none(client, acme, cleo):
    database.execute_sql("""INSERT INTO changelog_entry (workspace_id, title, published_at)
                            SELECT id, 'x', now() FROM workspace, generate_series(1, 120)""")
    assert unread(client, acme, cleo) == [99, 99]
    assert unread(client, acme, None) == [0, 0]


def test_counting_and_a_page_read_the_index_from_the_newest(acme, cleo):
    """However many entries there are, those that are not new, or not on the page, are not looked at."""
    database.execute_sql("""INSERT INTO changelog_entry (workspace_id, title, published_at)
                            SELECT id, 'x', now() - n * interval '1 hour' FROM workspace, generate_series(1, 20000) n""")
    database.execute_sql('UPDATE "user" SET news_seen_at = now()')
    database.execute_sql("ANALYZE changelog_entry")
    reader = acme.reader(CLEO)
    place = {"before": datetime.now(UTC) - timedelta(days=300), "id": 1, "most": 11, "marks": False, "category": None}
    for sql, most in ((COUNT, 20), (PAGE, 120)):
        [[plan]] = db.row(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT json) {sql}", **reader.scope(), **place)
        assert "changelog_published" in str(plan)
        assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < most


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_has_all_that_the_widget_shows(client, acme):
    number = acme.post("Export")
    id = publish(acme, "Exports", categories=["New"], posts=[number], body="Now as **CSV**.")
    [entry] = news(client, acme)
    assert set(entry) == SHAPE and (entry["id"], entry["title"], entry["categories"]) == (id, "Exports", ["New"])
    assert entry["text"] == [["p", None, "Now as ", ["strong", None, "CSV"], "."]]
    assert entry["posts"] == [{"number": number, "title": "Export"}] and entry["reactions"] == NONE
    assert datetime.fromisoformat(entry["published_at"]).tzinfo


def test_every_entry_is_on_one_page_and_only_those_that_are_published(client, acme):
    for day in range(21):
        publish(acme, f"Day {day}", day // 2)  # some at the same moment, nearly
    database.execute_sql("UPDATE changelog_entry SET published_at = date_trunc('day', published_at)")
    changelog.create(acme.team, "A draft")
    publish(acme, "Tomorrow", -1)
    titles, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        answer = call(client, acme, "news", cursor=cursor).json
        titles, cursor, pages = titles + [entry["title"] for entry in answer["data"]], answer["next_cursor"], pages + 1
    assert pages == 3 and sorted(titles) == sorted(f"Day {day}" for day in range(21))


@pytest.mark.parametrize("cursor", ["x", "é", "bmV3c3wx", "bmV3c3wxfDI6", "bmV3c3wtMXwx", "A" * 999, "\x01"])
def test_a_bad_cursor_is_refused(client, acme, cursor):
    assert call(client, acme, "news", cursor=cursor).status_code == 400


def test_a_cursor_of_any_moment_is_taken(client, acme):
    publish(acme)
    for place in ((0, 0), (2**63 - 1, 2**63 - 1), (2**53, 1), (1, 2**62)):
        assert call(client, acme, "news", cursor=closed("news", place)).status_code == 200, place


def test_a_picture_comes_with_an_address_that_any_page_can_load(client, acme):
    own = attachments.put(acme.team, "shot.png", png()).id
    work_off()
    publish(acme, body=f"![A shot](file:{own}) ![none](file:99)")
    [[_, _, shown, name]] = news(client, acme)[0]["text"]
    assert shown[0] == "img" and shown[1]["alt"] == "A shot" and name == " none"
    assert shown[1]["src"].startswith("http://127.0.0.1:8000/files/")
    assert client.simulate_get(shown[1]["src"].removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_a_post_that_the_reader_may_not_see_is_not_named(client, acme, globex):
    shown, hidden, gone = (acme.post(title) for title in ("Shown", "Secret", "Gone"))
    boards.create(acme.team, "inner", "Inner", access="private")
    publish(acme, posts=[shown, hidden, gone])
    edits.change(acme.team, hidden, board="inner")
    edits.delete(acme.team, gone)
    for who in (None, session(client, acme, CLEO)):
        assert news(client, acme, session=who)[0]["posts"] == [{"number": shown, "title": "Shown"}]
    assert news(client, globex) == []


def test_a_page_costs_two_round_trips(client, acme, cleo):
    for day in range(12):
        publish(acme, f"Day {day}", day, posts=[acme.post(f"Wish {day}")])
    counted = {}
    with Counter().into(counted, "news"):
        news(client, acme, session=cleo)
    assert counted == {"news": 2}


# ── reactions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reaction_counts_once_and_can_be_taken_back(client, acme, cleo):
    id = publish(acme)
    react(client, acme, id, session=session(client, acme, DAN))
    counts = []
    for on in (True, True, False, False):
        said = react(client, acme, id, on=on, session=cleo).json["reactions"]
        assert [each["kind"] for each in said] == list(changelog.REACTIONS)
        counts.append((said[1]["count"], said[1]["mine"]))
        assert news(client, acme, session=cleo)[0]["reactions"] == said
    assert counts == [(2, True), (2, True), (1, False), (1, False)]


def test_the_first_reaction_makes_an_anonymous_user_and_looking_or_taking_back_none(client, acme):
    id = publish(acme)
    assert react(client, acme, id, on=False).json == {"reactions": NONE}
    assert news(client, acme) and db.row('SELECT count(*) FROM "user"') == (0,)
    token = react(client, acme, id, "celebrate").json["anonymous"]
    assert tokens.read("anonymous", token)
    again = react(client, acme, id, "celebrate", anonymous=token).json
    assert again["reactions"][2] == {"kind": "celebrate", "count": 1, "mine": True} and "anonymous" not in again
    assert news(client, acme)[0]["reactions"][2] == {"kind": "celebrate", "count": 1, "mine": False}


def test_there_is_nothing_to_react_to_before_it_is_published(client, acme, globex, cleo):
    draft, later = changelog.create(acme.team, "A draft").id, publish(acme, "Tomorrow", -1)
    foreign = publish(globex)
    for id in (draft, later, foreign, 99_999):
        for on, who in ((True, {"session": cleo}), (False, {"session": cleo}), (True, {}), (False, {})):
            answer = react(client, acme, id, on=on, **who)
            assert (answer.status_code, answer.json["detail"]) == (404, "There is no such entry."), (id, on)
    assert db.row("SELECT count(*) FROM changelog_reaction") == (0,)
    assert db.row("SELECT count(*) FROM \"user\" WHERE kind = 'anonymous'") == (0,)


def test_a_kind_that_is_none_and_a_blocked_user_are_refused(client, acme, cleo):
    id = publish(acme)
    for kind in ("hate", "", 1, None):
        answer = react(client, acme, id, kind, session=cleo)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "kind")
    database.execute_sql('UPDATE "user" SET blocked_at = now()')
    for answer in (react(client, acme, id, session=cleo), call(client, acme, "news", session=cleo)):
        assert (answer.status_code, answer.json["code"]) == (403, "blocked")


def test_twenty_reactions_of_one_user_at_once_count_once(client, acme, cleo):
    id = publish(acme)
    answers = at_once(lambda _: react(client, acme, id, session=cleo))
    assert {answer.status_code for answer in answers} == {200}
    assert news(client, acme)[0]["reactions"][1]["count"] == 1
