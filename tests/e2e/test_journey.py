"""The whole way, as it happens: a user says something on a customer's site, the team answers, the user hears of it."""

import time
from contextlib import closing

import jwt
import psycopg2
import pytest
from installation import until
from playwright.sync_api import expect

from service.feedback.letters import SEND

ROBIN = {"sub": "robin-1", "name": "Robin Marsh", "email": "robin@studio.example"}
LETTERS_ARE_DUE = "UPDATE job SET run_at = now() WHERE kind = %s AND run_at > now()"
WISH = "Remember my hourly rate for each client"
TRACES = """
SELECT (SELECT count(*) FROM event e
         WHERE e.workspace_id = p.workspace_id AND post_number = number AND type = 'post.created'),
       (SELECT count(*) FROM post_embedding e WHERE e.workspace_id = p.workspace_id AND post_number = number),
       (SELECT count(*) FROM letter l JOIN event e ON e.workspace_id = l.workspace_id AND e.seq = l.event_seq
         WHERE e.workspace_id = p.workspace_id AND e.post_number = number AND l.state = 'sent')
  FROM post p WHERE title = %s"""


def user_token(demo: dict) -> str:
    now = int(time.time())
    claims = {**ROBIN, "iss": demo["workspace_id"], "aud": "sayso", "iat": now, "exp": now + 600}
    return jwt.encode(claims, demo["identity_secret"], algorithm="HS256", headers={"kid": demo["identity_kid"]})


@pytest.fixture
def dashboard(browser, sayso, watched):
    """The team's inbox, signed in by a link."""
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(sayso.command("sign-in", "demo@sayso.example").strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    yield page
    context.close()


def test_feedback_flows_from_a_tag_to_the_team_and_back(browser, sayso, site, dashboard, letters, watched, complaints):
    site.attributes = f' data-user-token="{user_token(sayso.demo)}"'
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)

    # similar posts appear while typing words that share none with the match
    page.get_by_role("button", name="Feedback").click()
    page.get_by_label("What is on your mind?").fill("night theme")
    vote = page.get_by_role("button", name="Vote for this instead: Dark mode, 36 votes")
    expect(vote).to_be_visible()
    vote.click()
    expect(page.get_by_role("button", name="Vote for “Dark mode”, 37 votes")).to_have_attribute("aria-pressed", "true")

    # a new post
    page.get_by_role("tab", name="New post").click()
    page.get_by_label("What is on your mind?").fill(WISH)
    page.get_by_label("Details").fill("I type it in **every time**.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you!").first).to_be_visible()
    expect(page.get_by_role("heading", name=WISH)).to_be_visible()

    # the open dashboard says so without a reload, and moves nothing until it is asked to
    dashboard.get_by_role("button", name="1 new post").click()
    wish = dashboard.get_by_role("link", name=WISH)
    expect(wish).to_be_visible()

    # the team gets a letter; row, event and vector are there, once each
    letter = letters.to("demo@sayso.example", WISH)
    assert ROBIN["name"] in letter.get_body(("plain",)).get_content()
    assert traces(sayso) == (1, 1, 1)

    # a status, with a note
    wish.click()
    dashboard.get_by_label("Status").select_option(label="Planned")
    dashboard.get_by_role("textbox", name="Note").fill("Next month, together with templates.")
    dashboard.get_by_role("button", name="Save status").click()
    expect(dashboard.get_by_text("Next month, together with templates.")).to_be_visible()

    # the open widget shows it, live; the author's letter follows when the time for undoing is over
    expect(page.get_by_text("Planned")).to_be_visible()
    end_the_time_for_undoing(sayso)
    answer = letters.to(ROBIN["email"], "Planned")
    assert "Next month, together with templates." in answer.get_body(("plain",)).get_content()
    assert "Next month, together with templates." in answer.get_body(("html",)).get_content()

    assert complaints == []
    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    context.close()


def end_the_time_for_undoing(sayso) -> None:
    def ended():
        with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(LETTERS_ARE_DUE, [SEND])
            return cursor.rowcount

    until(ended)


def traces(sayso) -> tuple:
    """How many events, vectors and sent letters the wish has, as soon as all are there."""
    with psycopg2.connect(sayso.database_url) as connection, connection.cursor() as cursor:
        for _ in range(100):
            cursor.execute(TRACES, [WISH])
            found = cursor.fetchone()
            if all(found):
                break
            time.sleep(0.1)
    connection.close()
    return found


def test_an_anonymous_user_leaves_nothing_behind_until_they_act(browser, sayso, site, watched, complaints):
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)
    page.get_by_role("link", name="Ideas").click()
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    assert page.evaluate("localStorage.length") == 0

    button = page.get_by_role("button", name="Vote for “Recurring invoices”")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    until(lambda: page.evaluate("localStorage.length"))
    assert page.evaluate("Object.keys(localStorage)") == [f"sayso:{sayso.demo['widget_key']}"]

    page.reload()
    page.get_by_role("link", name="Ideas").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert (complaints, context.cookies()) == ([], [])
    context.close()


def test_words_are_kept_when_sending_fails_and_arrive_once_when_it_works_again(browser, sayso, site, watched):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()
    page.get_by_label("What is on your mind?").fill("Undo a deleted invoice")
    context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your text is still here.")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.get_by_label("What is on your mind?")).to_be_hidden()
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_have_value("Undo a deleted invoice")

    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Thank you!").first).to_be_visible()
    context.close()


def test_the_demo_page_carries_the_widget_under_its_strict_policy(browser, sayso, watched, complaints):
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(sayso.demo["demo_page"])
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    assert complaints == []
    context.close()


def test_a_picture_in_somebodys_comment_cannot_pose_as_our_script(browser, sayso, site, watched, complaints):
    picture = '<img name="currentScript" src="http://evil.example/w.js" data-key="x">'
    site.before = picture + '<form id="sayso"><input name="q"></form>'
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    assert [said for said in complaints if "evil.example" not in said] == []
    context.close()
