"""Writing a post in the widget: what is alike, questions of the workspace, where to answer, and words that are not lost."""

import re
from contextlib import closing

import psycopg2
import pytest
from axe_playwright_python.sync_playwright import Axe
from people import team
from playwright.sync_api import expect
from test_journey import user_token

FIELDS = [
    {"key": "area", "name": "Part of the product", "type": "select", "required": True, "options": ["Invoices", "Reports"]},
    {"key": "people", "name": "People affected", "type": "number"},
    {"key": "blocks", "name": "It stops my work", "type": "checkbox", "board": "bugs"},
]
ASK = "UPDATE workspace SET ask_email = %s"
TITLE = "What is on your mind?"


@pytest.fixture
def api(sayso):
    """Asks the API as the team's program."""

    return lambda method, path, **body: team(sayso, method, path, **body)


@pytest.fixture
def questions(api):
    for field in FIELDS:
        api("POST", "fields", **field)
    yield
    for field in FIELDS:
        api("DELETE", f"fields/{field['key']}")


@pytest.fixture
def asks(sayso):
    """Lets the workspace ask people without an account for their address; no longer, when the test is over."""

    def asks(how: str):
        with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(ASK, [how])

    yield asks
    asks("no")


@pytest.fixture
def page(browser, site, watched):
    context = browser.new_context()
    page = watched(context.new_page())
    page.goto(site.url)
    yield page
    context.close()


def open_form(page) -> None:
    page.get_by_role("button", name="Feedback", exact=True).click()
    expect(page.get_by_role("button", name="Attach")).to_be_visible()


def send(page) -> None:
    page.get_by_role("button", name="Send").click()


def thanked(page):
    return expect(page.get_by_text("Thank you!").first).to_be_visible()


def newest(api) -> dict:
    return api("GET", "posts?sort=new&limit=1")["data"][0]


def test_a_vote_takes_the_place_of_a_post_and_what_was_typed_stays(page, complaints):
    open_form(page)
    page.get_by_label(TITLE).fill("overdue reminder by text message")
    page.get_by_role("button", name="Vote for this instead").first.click()
    expect(page.get_by_text("Your vote is counted.").first).to_be_visible()
    page.get_by_role("tab", name="New post").click()
    expect(page.get_by_label(TITLE)).to_have_value("overdue reminder by text message")
    assert complaints == []


def test_while_one_types_few_questions_are_asked_and_a_slow_answer_never_covers_a_newer_one(page, complaints):
    asked = []

    def hold(route):
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.route("**/api/widget/similar", hold)
    open_form(page)
    title, like_it = page.get_by_label(TITLE), page.get_by_role("button", name="Vote for this instead")
    title.press_sequentially("overdue reminder", delay=20)
    page.wait_for_timeout(1_000)  # longer than the pause that somebody makes who still types
    assert len(asked) == 1
    title.fill("night theme")
    expect(like_it.first).to_have_accessible_name(re.compile("Dark mode"))
    names = [each.get_attribute("aria-label") for each in like_it.all()]
    with page.expect_response("**/api/widget/similar") as answer:
        asked[0].continue_()
    assert answer.value.finished() is None and "reminder" in answer.value.text().lower()
    page.wait_for_timeout(300)
    assert [each.get_attribute("aria-label") for each in like_it.all()] == names and 1 <= len(names) <= 5
    assert complaints == []


def test_the_questions_of_a_board_are_asked_checked_kept_and_sent(page, questions, api, complaints):
    open_form(page)
    page.get_by_label(TITLE).fill("Totals per currency")
    expect(page.get_by_label("It stops my work")).to_be_hidden()
    page.get_by_label("People affected").fill("12")
    send(page)
    area = page.get_by_label("Part of the product required")
    expect(area).to_be_focused()
    expect(area).to_have_accessible_description("Please fill this in.")
    area.select_option("Reports")
    expect(page.get_by_text("Please fill this in.")).to_be_hidden()
    page.get_by_label("Board").select_option("bugs")
    page.get_by_label("It stops my work").check()
    expect(area).to_have_value("Reports")
    send(page)
    thanked(page)
    post = newest(api)
    assert post["fields"] == {"area": "Reports", "people": 12, "blocks": True} and post["board"] == "bugs"
    page.get_by_role("tab", name="New post").click()
    expect(page.get_by_label("People affected")).to_have_value("")
    assert complaints == []


def test_what_the_server_finds_wrong_stands_beside_its_field(page, questions):
    open_form(page)
    page.get_by_label(TITLE).fill("A number that nobody counts to")
    page.get_by_label("Part of the product").select_option("Reports")
    people = page.get_by_label("People affected")
    people.fill("1e18")
    send(page)
    expect(people).to_be_focused()
    expect(people).to_have_accessible_description(re.compile("must be a number"))
    people.fill("1")
    send(page)
    thanked(page)


def test_who_has_no_account_may_leave_an_address(page, asks, letters, complaints):
    asks("optional")
    open_form(page)
    email = page.get_by_label("E-mail")
    expect(email).to_have_attribute("autocomplete", "email")
    expect(email).to_have_accessible_description("To hear back. We send you a link to confirm it.")
    page.get_by_label(TITLE).fill("Letters on paper")
    email.fill("gwen")
    send(page)
    expect(email).to_be_focused()
    expect(page.get_by_text("Please write your e-mail address, like ada@example.com.")).to_be_visible()
    email.fill("gwen@guest.example")
    page.get_by_label("Name").fill("Gwen")
    send(page)
    expect(page.get_by_text("please open the link that we sent to gwen@guest.example").first).to_be_visible()
    assert letters.to("gwen@guest.example", "Confirm")
    assert complaints == []


def test_where_an_address_is_required_it_is_asked_for_and_never_of_who_has_an_account(page, asks, sayso):
    asks("required")
    open_form(page)
    page.get_by_label(TITLE).fill("No names, please")
    send(page)
    expect(page.get_by_label("E-mail required")).to_be_focused()
    expect(page.get_by_text("Posting anonymously")).to_be_hidden()
    page.evaluate("(token) => sayso.identify(token)", user_token(sayso.demo))
    expect(page.get_by_text("Posting as Robin Marsh")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_hidden()
    send(page)
    thanked(page)


def test_a_draft_outlives_closing_other_views_signing_in_and_another_language(page, questions, sayso, complaints):
    open_form(page)
    page.get_by_label(TITLE).fill("Half a thought")
    page.get_by_label("Details").fill("and its other half")
    page.get_by_label("Board").select_option("bugs")
    page.get_by_label("Part of the product").select_option("Invoices")
    page.get_by_label("It stops my work").check()
    page.get_by_label("Details").press("Escape")
    page.get_by_role("button", name="Feedback", exact=True).click()
    page.get_by_role("tab", name="Roadmap").click()
    page.get_by_role("tab", name="New post").click()
    page.evaluate("(token) => sayso.identify(token)", user_token(sayso.demo))
    expect(page.get_by_text("Posting as Robin Marsh")).to_be_visible()
    page.evaluate("sayso.set({ locale: 'de' })")
    expect(page.locator("dialog[lang=de]")).to_be_visible()
    expect(page.get_by_label("Part of the product")).to_have_value("Invoices")
    expect(page.get_by_label("It stops my work")).to_be_checked()
    values = [page.locator(f"[name={name}]").input_value() for name in ("title", "body", "board")]
    assert values == ["Half a thought", "and its other half", "bugs"]
    assert complaints == []


def test_a_question_that_is_gone_takes_only_its_own_answer_along(page, questions, api):
    open_form(page)
    page.get_by_label(TITLE).fill("One question less")
    page.get_by_label("Part of the product").select_option("Reports")
    page.get_by_label("People affected").fill("3")
    api("DELETE", "fields/people")
    send(page)
    expect(page.get_by_text("There is no such field on this board")).to_be_visible()
    expect(page.get_by_label("People affected")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    thanked(page)
    assert newest(api)["fields"] == {"area": "Reports"}
    api("POST", "fields", **FIELDS[1])


def test_who_comes_after_somebody_does_not_find_their_address(page, asks, sayso):
    asks("optional")
    open_form(page)
    page.get_by_label(TITLE).fill("Left on a shared computer")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.evaluate("(token) => sayso.identify(token)", user_token(sayso.demo))
    expect(page.get_by_text("Posting as Robin Marsh")).to_be_visible()
    page.evaluate("sayso.logout()")
    expect(page.get_by_label("E-mail")).to_have_value("")
    expect(page.get_by_label(TITLE)).to_have_value("Left on a shared computer")


def test_what_a_page_suggests_fills_only_what_the_writer_left_alone(page, complaints):
    page.evaluate("sayso.open('new', { title: 'Export failed', body: 'Report 7', board: 'bugs' })")
    expect(page.get_by_label(TITLE)).to_have_value("Export failed")
    expect(page.get_by_label("Board")).to_have_value("bugs")
    page.get_by_label(TITLE).fill("My own words")
    page.evaluate("sayso.open('new', { title: 'Import failed', body: 'Report 8', board: 'features' })")
    expect(page.get_by_label("Details")).to_have_value("Report 8")
    expect(page.get_by_label(TITLE)).to_have_value("My own words")
    expect(page.get_by_label("Board")).to_have_value("features")
    assert complaints == []


def test_nothing_that_a_page_adds_keeps_words_from_arriving(page, api, complaints):
    big = {"cart": {"items": [1, 2]}, "big": 1e300, "seats": 4}
    page.evaluate("(meta) => sayso.set({ meta })", big)
    open_form(page)
    page.get_by_label(TITLE).fill("With a cart")
    page.keyboard.press("Control+Enter")
    thanked(page)
    meta = newest(api)["meta"]
    assert (meta["cart"], meta["seats"], meta["url"]) == ('{"items":[1,2]}', 4, page.url)
    assert complaints == []
    page.evaluate("() => { const meta = { text: 'é'.repeat(2000) }; meta.self = meta; sayso.set({ meta }); }")
    page.get_by_role("tab", name="New post").click()
    page.get_by_label(TITLE).fill("With a maze")
    send(page)
    thanked(page)
    assert newest(api)["meta"]["url"] == page.url and ["meta was left out" in said for said in complaints] == [True]


def test_a_post_that_waits_says_so(page, api):
    api("PATCH", "boards/features", approve_first=True)
    open_form(page)
    page.get_by_label(TITLE).fill("Please let me in")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Details")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your post waits for the team’s approval").first).to_be_visible()
    api("PATCH", "boards/features", approve_first=False)


def test_the_bare_form_works_where_the_rest_of_it_does_not_come(page):
    page.route("**/form.js", lambda route: route.abort())
    page.get_by_role("button", name="Feedback", exact=True).click()
    send(page)
    expect(page.get_by_text("Please write a short title first.")).to_be_visible()
    page.get_by_label(TITLE).fill("Only the bare form")
    send(page)
    thanked(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(page, questions, asks, scheme):
    asks("optional")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_form(page)
    page.get_by_label(TITLE).fill("night theme")
    expect(page.get_by_role("button", name="Vote for this instead").first).to_be_visible()
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
    page.locator("input[type=file]").set_input_files([file, {**file, "name": "a.mov", "mimeType": "video/quicktime"}])
    page.get_by_label("E-mail").fill("nobody")
    send(page)
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    found = Axe().run(page, context="#sayso-panel", options={"resultTypes": ["violations"]}).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
