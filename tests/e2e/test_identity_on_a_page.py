"""Who somebody is on a customer's page: by a token in the tag, an address that gives one, or a function; or nobody yet."""

import time
from contextlib import closing

import jwt
import psycopg2
import pytest
from installation import until
from playwright.sync_api import expect

NOW = int(time.time())
SESSION = "/api/widget/session"
NAMES = ("robin", "maya", "nora")
PEOPLE = {name: {"sub": f"{name}-1", "name": name.title(), "email": f"{name}@studio.example"} for name in NAMES}


@pytest.fixture
def token(sayso):
    """Makes what the customer's server signs about one of these people."""

    def token(name: str, **changed) -> str:
        now = int(time.time())
        claims = {**PEOPLE[name], "iss": sayso.demo["workspace_id"], "aud": "sayso", "iat": now, "exp": now + 600, **changed}
        return jwt.encode(claims, sayso.demo["identity_secret"], algorithm="HS256")

    return token


@pytest.fixture
def page(browser, site, watched):
    context = browser.new_context()
    page = watched(context.new_page())
    page.sessions = []
    page.on("request", lambda request: request.url.endswith(SESSION) and page.sessions.append(request))
    yield page
    assert (context.cookies(), page.evaluate("sessionStorage.length")) == ([], 0)
    context.close()


def opened(page, site):
    page.goto(site.url)
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()


def test_a_token_in_the_tag_is_somebody_and_is_kept_nowhere(page, site, token, complaints):
    site.attributes = f' data-user-token="{token("robin")}"'
    opened(page, site)
    expect(page.get_by_text("Posting as Robin")).to_be_visible()
    assert (complaints, page.evaluate("localStorage.length")) == ([], 0)


def test_an_address_that_gives_a_token_is_asked_when_the_panel_opens_and_not_before(page, site, token, complaints):
    asked = []
    site.answers["/token"] = lambda: asked.append(1) or {"token": token("maya")}
    site.attributes = ' data-token-url="/token"'
    page.goto(site.url)
    expect(page.get_by_role("button", name="Feedback")).to_be_visible()
    assert asked == []
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_text("Posting as Maya")).to_be_visible()
    assert (len(asked), complaints) == (1, [])


def test_an_address_where_nobody_is_signed_in_leaves_one_anonymous(page, site, complaints):
    site.answers["/token"] = lambda: {"token": None}
    site.attributes = ' data-token-url="/token"'
    opened(page, site)
    expect(page.get_by_text("Posting anonymously")).to_be_visible()
    assert complaints == []


def test_identify_resolves_to_the_user_and_the_open_panel_learns_it(page, site, token, complaints):
    opened(page, site)
    page.get_by_label("What is on your mind?").fill("Half a thought")
    user = page.evaluate("token => sayso.identify(() => Promise.resolve(token))", token("robin"))
    assert (user["name"], user["kind"]) == ("Robin", "identified")
    expect(page.get_by_text("Posting as Robin")).to_be_visible()
    expect(page.get_by_label("What is on your mind?")).to_have_value("Half a thought")
    page.evaluate("sayso.logout()")
    expect(page.get_by_text("Posting anonymously")).to_be_visible()
    expect(page.get_by_label("What is on your mind?")).to_have_value("Half a thought")
    assert complaints == []


def test_what_one_did_before_identify_is_theirs_after_it_and_on_every_device(page, browser, site, token, complaints):
    opened(page, site)
    page.evaluate("sayso.open('list')")
    vote = page.get_by_role("button", name="Vote for").first
    vote.click()
    until(lambda: page.evaluate("localStorage.length"))  # the vote has been counted
    page.evaluate("token => sayso.identify(token)", token("nora"))
    other = browser.new_context()
    elsewhere = other.new_page()
    opened(elsewhere, site)
    elsewhere.evaluate("token => sayso.identify(token)", token("nora"))
    elsewhere.evaluate("sayso.open('list')")
    voted = elsewhere.get_by_role("button", name="Vote for", pressed=True)
    expect(voted).to_have_count(1)
    assert voted.get_attribute("aria-label") == vote.get_attribute("aria-label")
    other.close()
    assert complaints == []


@pytest.mark.parametrize(("changed", "code"), [({"iat": NOW - 900, "exp": NOW - 300}, "token_expired"),
                                               ({"aud": "else"}, "token_invalid")])  # fmt: skip
def test_identify_rejects_with_a_code_and_does_not_throw_into_the_page(page, site, token, changed, code):
    page.goto(site.url)
    page.evaluate("document.addEventListener('sayso:error', event => window.heard = event.detail.code)")
    said = page.evaluate("token => sayso.identify(token).catch(problem => problem.code)", token("robin", **changed))
    assert (said, page.evaluate("heard")) == (code, code)


def test_sessions_that_end_are_renewed_once_for_all_who_wait(page, site, sayso, token, complaints):
    opened(page, site)
    page.evaluate("token => sayso.identify(async () => token)", token("robin"))
    expect(page.get_by_text("Posting as Robin")).to_be_visible()
    page.evaluate("sayso.open('list')")
    expect(page.get_by_role("button", name="Vote for").first).to_be_visible()
    end_sessions(sayso, PEOPLE["robin"]["sub"])
    before = len(page.sessions)
    # three requests find out at the same time
    page.evaluate("sayso.open('list'); sayso.open('roadmap'); sayso.open('post:1')")
    expect(page.get_by_role("link", name="Open on the board")).to_be_visible()
    vote = page.get_by_role("button", name="Vote for").first
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    assert len(page.sessions) == before + 1
    assert [said for said in complaints if "401" not in said] == []
    assert page.evaluate("localStorage.length") == 0


def end_sessions(sayso, user: str) -> None:
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute('UPDATE "user" SET session_version = session_version + 1 WHERE external_id = %s', [user])


def test_one_who_is_known_has_the_news_counted_before_they_open_anything(page, site, token, complaints):
    site.before = "<p>News: <b data-sayso-badge></b></p>"
    site.attributes = f' data-user-token="{token("maya")}"'
    page.add_init_script("document.addEventListener('sayso:unread', event => window.told = [event.detail])")
    page.goto(site.url)
    page.evaluate("window.told || new Promise(done => document.addEventListener('sayso:unread', () => done()))")
    assert (len(page.sessions), page.evaluate("[sayso.unread()]")) == (1, page.evaluate("told"))
    assert complaints == []


def test_without_an_account_nothing_is_asked_before_the_first_look(page, site, complaints):
    page.goto(site.url)
    page.evaluate("sayso.ready")
    assert (page.sessions, page.evaluate("sayso.unread()"), complaints) == ([], 0, [])
