"""What looks like spam waits for the team, unseen by others; whoever wrote it is answered like anybody whose post waits."""

import pytest
from calls import call, session, shown_at
from cast import CLEO
from queued import work_off
from visitors import Visitor, said

from service import db
from service.feedback import comments, endpoints, held_comments, lists, moderation, posts, spam, workspaces
from service.feedback.spam import Signals, links
from service.lib import tokens

NEW = "/b/acme/posts/new"
WISH = "Please let us export the invoices of a whole year at once"
URLS = "https://one.example https://two.example www.three.example [four](//four.example)"


@pytest.fixture
def nobody(client):
    return Visitor(client)


def because() -> list[str | None]:
    """Why each of the posts waits, None where it does not."""
    found = db.rows("SELECT held_at, held_because FROM post ORDER BY workspace_id, number")
    return [why if at else None for at, why in found]


def write(nobody, title: str = WISH, **fields):
    return nobody.do(NEW, "write", title=title, **fields)


def seen(acme) -> list[int]:
    return [post.number for post in lists.page(acme.reader()).posts]


def test_a_person_s_post_is_there_at_once_and_a_program_s_waits(client, acme, nobody):
    for each, fields in enumerate(({}, {"homepage": "https://x.example"}, {"began": ""}, {"began": "forged"},
                                   {"began": shown_at(acme, 1)}, {"began": shown_at(acme, 8 * tokens.DAY)},
                                   {"body": URLS})):  # fmt: skip
        write(Visitor(client), f"A wish of its own, number {each * 7919:x}", **fields)
    assert because() == [None, "trap", "quick", "quick", "quick", "quick", "links"] and seen(acme) == [1]


def test_the_moment_of_another_workspace_s_form_counts_for_nothing(client, acme, globex, nobody):
    write(nobody, began=shown_at(globex))
    assert because() == ["quick"]


def test_who_waits_is_told_so_and_sees_it(acme, nobody):
    assert write(nobody, homepage="x").status_code == 303
    page = nobody.open("/b/acme/posts/1")
    assert page.status_code == 200 and "team" in said(page) and WISH in page.text
    assert Visitor(nobody.client).open("/b/acme/posts/1").status_code == 404


def test_the_form_carries_when_it_was_shown_and_a_field_that_nobody_sees(acme, nobody):
    page = nobody.open(NEW).text
    began = page.partition('name="began" value="')[2].partition('"')[0]
    assert tokens.read("form", began)["w"] == acme.workspace.id
    assert '<div class="vh" aria-hidden="true"><input name="homepage" tabindex="-1" autocomplete="off"></div>' in page
    write(nobody, "", began=began)  # refused: sent again, it is the form of before
    assert began in nobody.page.text


def test_a_page_that_is_the_same_is_not_sent_again_though_its_moment_is_another(client, acme):
    acme.post()
    first = client.simulate_get("/b/acme/posts/1")
    again = client.simulate_get("/b/acme/posts/1", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_widget_says_when_its_form_was_shown(client, acme):
    form = call(client, acme, "opening").json["form"]
    assert tokens.read("form", form)["w"] == acme.workspace.id
    answer = call(client, acme, "posts", title=WISH, form=form)  # no person is that quick
    assert answer.status_code == 201 and answer.json["post"]["held"] and because() == ["quick"]
    call(client, acme, "posts", title="Another wish, of the next visitor", trap="x")
    call(client, acme, "posts", title="And a third one, which is a person's")
    assert because() == ["quick", "trap", None]


def test_of_whom_the_customer_vouches_for_only_the_words_count(client, acme):
    cleo = session(client, acme, CLEO)
    for title, more in ((WISH, {"form": "forged", "trap": "x"}), ("Many links", {"body": URLS}),
                        ("Too many", {"body": "https://x.example/a " * 11}), (f"{WISH}!", {})):  # fmt: skip
        call(client, acme, "posts", session=cleo, title=title, **more)
    assert because() == [None, None, "links", "repeat"]


def test_the_team_and_its_programs_are_never_asked(acme):
    for signals in (None, Signals("x", "forged")):
        posts.create(acme.writer, WISH, URLS, signals=signals)
    assert spam.why(acme.reader(member=True), URLS * 9, Signals("x")) is None and because() == [None, None]


def test_nearly_the_same_again_waits_also_from_another_browser_of_one_network(client, acme, globex):
    write(Visitor(client))
    write(Visitor(client), "please LET us export  the invoices of a whole year at once, now!")
    write(Visitor(client), "Something else that nobody has said before")
    Visitor(client).do("/b/globex/posts/new", "write", title=WISH)  # another workspace knows nothing of it
    assert because() == [None, "repeat", None, None]


def test_what_is_short_may_be_said_twice(acme, nobody):
    for _ in range(3):
        write(nobody, "Dark mode")
    assert because() == [None, None, "repeat"]


def test_a_known_user_may_say_what_is_short_wherever_they_like(acme):
    reader = acme.reader()
    said = [comments.create(reader, acme.post(f"Wish {each}"), words, signals=Signals())
            for each, words in enumerate(("+1", "+1", "+1", "👍", "🎉", "👍", "👍"))]  # fmt: skip
    assert held_comments.page(acme.team, 9) == [] and len(said) == 7


def test_signs_are_words_too(acme, nobody):
    for words in ("👍", "🎉", "❤️", "😀😀", "?"):
        write(nobody, words)
    assert because() == [None] * 5


def test_sent_twice_a_draft_is_one_post_and_no_repeat(acme, nobody):
    draft = "a-random-name-of-a-draft-0123456789"
    for _ in range(2):
        write(nobody, submission=draft)
    assert because() == [None]


def test_a_team_that_does_not_want_it_lets_everything_in(acme, nobody):
    moderation.hold_suspects(acme.team, False)
    moderation.hold_suspects(acme.team, False)
    assert not workspaces.find(acme.workspace.id).holds_suspects
    write(nobody, homepage="x", body=URLS, began="")
    assert because() == [None]
    changed = db.rows("SELECT data->>'changed' FROM event WHERE type = 'workspace.updated'")
    assert changed == [('["holds_suspects"]',)]


def test_a_careful_board_s_posts_wait_anyway_and_a_suspect_says_why(acme, nobody, client):
    db.changed("UPDATE board SET approve_first = true")
    write(nobody)
    write(Visitor(client), "Another one of which something is suspicious", homepage="x")
    assert because() == ["board", "trap"]
    assert [post.because for post in moderation.held(acme.team, 9)] == ["board", "trap"]


def test_suspects_are_no_letters_at_once(acme, nobody, client):
    db.changed("UPDATE member SET new_posts = 'at_once'")
    write(nobody, homepage="x")
    write(Visitor(client), "What a person has to say about it")
    work_off()
    told = db.rows("SELECT DISTINCT e.post_number FROM letter l JOIN event e ON e.seq = l.event_seq")
    assert told == [(2,)]


def test_what_the_team_let_in_its_author_does_not_change_any_more(client, acme):
    made = call(client, acme, "posts", title=WISH, trap="x").json
    moderation.approve(acme.team, [1])
    assert seen(acme) == [1]
    answer = call(client, acme, "posts/1/edit", anonymous=made["anonymous"], title="Buy", body=URLS)
    assert (answer.status_code, answer.json["code"]) == (403, "approved")


def test_words_that_become_full_of_links_later_wait_from_then_on(client, acme):
    made = call(client, acme, "posts", title=WISH).json
    assert seen(acme) == [1]
    answer = call(client, acme, "posts/1/edit", anonymous=made["anonymous"], title=WISH, body=URLS)
    assert answer.status_code == 200 and because() == ["links"] and seen(acme) == []


@pytest.mark.parametrize(("words", "count"), [
    ("See https://a.example and http://b.example", 2), ("[a](https://a.example) [b](/b)", 2),
    ("www.a.example,www.b.example", 2), ("HTTPS://A.EXAMPLE", 1), ("https\uff1a\uff0f\uff0fa.example", 1),
    ("https://a.example/https://b.example", 2), ("No link: see www", 0),
    ("<http:a.example> <https:/b.example/c>", 2), ("[a][1] [b][1]\n\n[1]: http:a.example", 2),
    ("[a](http:\\\\a.example)", 1), ("<mailto:a@b.example> <c@d.example>", 2),
    ("~~~\n<http:a.example>", 1), ("[[[[[[[[[[[[[[[[[[[[\n<http:a.example>", 1),
])  # fmt: skip
def test_links_are_counted_however_they_are_written(words, count):
    assert links(words) == count


def test_endpoints_hear_of_a_suspect_when_it_is_let_in(acme):
    endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"])
    reader = acme.reader()
    suspect = posts.create(reader, WISH, URLS * 4, signals=Signals())
    work_off()
    assert db.row("SELECT count(*) FROM delivery") == (0,)
    moderation.approve(acme.team, [suspect])
    work_off()
    [(body,)] = db.rows("SELECT body FROM delivery")
    assert body and "held" not in body and "suspect" not in body
