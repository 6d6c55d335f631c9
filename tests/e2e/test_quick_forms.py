"""Forms that are sent without a new page: who is quicker than the server, or than a colleague, loses nothing."""

import pytest
from cast import Company
from installation import until
from playwright.sync_api import expect

from service import db
from service.db import database
from service.feedback import general, members, tags

QUINN = "quinn@quick.example"
POSTS = 4
TAGGED = "SELECT post_number FROM post_tag WHERE workspace_id = %(workspace)s ORDER BY post_number"
FACTS = """
SELECT s.key, count(l) FROM post p JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id
  LEFT JOIN letter l ON l.workspace_id = p.workspace_id AND l.kind = 'status_changed'
 WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s GROUP BY s.key"""
# what a page hears on its stream; and how little patience it has with its first question
HEARING = """{
  const Stream = EventSource;
  window.heard = [];
  window.EventSource = class extends Stream {
    addEventListener(type, listener) {
      super.addEventListener(type, (event) => { listener(event); heard.push(type); });
    }
  };
}"""
IMPATIENT = """{
  const wait = AbortSignal.timeout.bind(AbortSignal);
  let asked = 0;
  AbortSignal.timeout = (usual) => wait(asked++ ? usual : 1500);
}"""


@pytest.fixture
def company(sayso):
    """A workspace of Quinn's own in the running installation, with a few posts."""
    db.start(sayso.database_url, connections=2)
    db.connect()
    quinn = members.person(QUINN, "Quinn")
    made = Company(members.found("Quick", quinn), quinn)
    tags.create(made.team, "slow", "Slow")
    for number in range(1, POSTS + 1):
        made.post(f"Wish {number}", by={"sub": f"user-{number}", "email": f"user-{number}@quick-customer.example"})
    yield made
    db.discard()
    database.close_all()


@pytest.fixture
def desk(browser, sayso, company, watched):
    """Opens a page of this workspace."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = watched(context.new_page())
    page.goto(sayso.command("sign-in", QUINN).strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/app/**")

    def open(path: str, script: str = ""):
        page.add_init_script(script)
        page.goto(f"{sayso.base_url}/app/{company.workspace.slug}/{path}")
        return page

    yield open
    context.close()


class Held:
    """Forms of a page that are on their way until they are let go."""

    def __init__(self, page):
        self.page, self.routes, self.is_over = page, [], False
        page.route("**/app/**", self.hold)

    def hold(self, route):
        if route.request.method == "POST" and not self.is_over:
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self):
        until(lambda: self.page.evaluate("1") and self.routes)  # routes are heard of while one asks the page something

    def let_go(self):
        self.is_over = True
        for route in self.routes:
            route.continue_()


def begin(page, key: str, typed: str) -> None:
    """Open the list of this key, and type."""
    page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type(typed)


def tagged(company) -> list[int]:
    return [number for (number,) in db.rows(TAGGED, workspace=company.workspace.id)]


def test_a_second_key_is_heard_while_the_first_is_under_way(desk, company, complaints):
    page = desk("inbox")
    held, row = Held(page), page.locator(f"#post-{POSTS}")
    page.keyboard.press("j")
    begin(page, "s", "plan")
    page.keyboard.press("Enter")
    held.wait()
    begin(page, "t", "slo")
    held.let_go()
    expect(row).to_contain_text("Planned")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Slow")
    assert tagged(company) == [POSTS]
    assert complaints == []


def test_a_list_is_for_the_post_that_it_was_opened_for(desk, company, complaints):
    page = desk("inbox?status=open")
    held = Held(page)
    page.keyboard.press("j")
    begin(page, "s", "plan")
    page.keyboard.press("Enter")
    held.wait()
    begin(page, "t", "slo")
    held.let_go()
    expect(page.locator(f"#post-{POSTS}")).to_have_count(0)  # it is planned now, and so not in this list
    page.keyboard.press("Enter")
    expect(page.get_by_text("Slow").first).to_be_attached()
    until(lambda: tagged(company) == [POSTS])
    expect(page.locator(f"#post-{POSTS - 1} a").first).to_be_focused()
    assert complaints == []


def test_a_letter_that_is_not_wanted_is_not_sent_however_quick_one_is(desk, company, complaints):
    page = desk("inbox")
    held, row = Held(page), page.locator(f"#post-{POSTS}")
    page.keyboard.press("j")
    begin(page, "t", "slo")
    page.keyboard.press("Enter")
    held.wait()
    begin(page, "s", "plan")
    page.get_by_role("dialog").get_by_label("Tell the voters by e-mail").uncheck()
    held.let_go()
    expect(row).to_contain_text("Slow")
    page.get_by_role("dialog").get_by_role("option", name="Planned", exact=True).click()
    expect(row).to_contain_text("Planned")
    assert db.row(FACTS, workspace=company.workspace.id, number=POSTS) == ("planned", 0)
    assert complaints == []


def test_on_the_page_of_a_post_a_second_key_is_heard_too(desk, complaints):
    page = desk("posts/1")
    held = Held(page)
    begin(page, "s", "plan")
    page.keyboard.press("Enter")
    held.wait()
    begin(page, "s", "prog")
    held.let_go()
    expect(page.locator("[data-live=title]")).to_contain_text("Planned")
    page.keyboard.press("Enter")
    expect(page.locator("[data-live=title]")).to_contain_text("In progress")
    assert complaints == []


def test_an_answer_that_never_comes_stops_nothing(desk, company, complaints):
    page = desk("posts/1", IMPATIENT)
    held = Held(page)
    page.get_by_label("Write a comment").fill("Are you there?")
    page.get_by_role("button", name="Add comment").click()
    held.wait()
    company.post("Something new", by={"sub": "user-1"})
    expect(page.get_by_role("status").filter(has_text="did not answer in time")).to_be_visible()
    expect(page.get_by_label("Write a comment")).to_have_value("Are you there?")
    held.is_over = True
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator("[data-live=comments]")).to_contain_text("Are you there?")
    expect(page.get_by_label("Write a comment")).to_have_value("")
    assert complaints == []


def test_what_a_form_did_is_asked_for_once(desk, company, complaints):
    page = desk("inbox", HEARING)
    asked = []
    page.on("request", lambda request: asked.append(request.method) if request.url.endswith("/inbox") else None)
    page.clock.install()
    page.keyboard.press("j")
    begin(page, "s", "plan")
    page.keyboard.press("Enter")
    expect(page.locator(f"#post-{POSTS}")).to_contain_text("Planned")
    until(lambda: page.evaluate("heard.includes('post.status_changed')"))
    page.clock.run_for(2000)
    company.post("What a user writes", by={"sub": "user-1"})
    until(lambda: page.evaluate("heard.includes('post.created')"))
    page.clock.run_for(2000)
    expect(page.get_by_role("button", name="1 new post")).to_be_visible()
    assert asked == ["POST", "GET"]
    assert complaints == []


def test_one_box_ticks_all_and_says_how_many(desk, company, complaints):
    page = desk("inbox")
    every, words = page.get_by_role("checkbox", name="Select all"), page.locator("[data-count]")
    every.check()
    expect(words).to_have_text(f"{POSTS} selected")
    page.get_by_role("checkbox", name="Select #2:").uncheck()
    expect(every).not_to_be_checked()
    page.get_by_role("checkbox", name="Select #2:").check()
    expect(every).to_be_checked()
    page.get_by_label("Tag", exact=True).last.select_option("slow")
    page.get_by_role("button", name="Add").click()
    expect(words).to_have_text("With the selected posts")
    expect(every).not_to_be_checked()
    assert tagged(company) == list(range(1, POSTS + 1))
    assert complaints == []


def test_settings_that_another_member_saves_meanwhile_are_seen_and_not_overwritten(desk, company, complaints):
    page = desk("settings/general")
    name, minutes = page.locator("main [name=name]"), page.locator("main [name=edit_minutes]")
    name.fill("Mine")
    general.change(company.team, edit_minutes=77)
    expect(minutes).to_have_value("77")
    expect(name).to_have_value("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(name).to_have_value("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="The settings were saved.")).to_be_visible()
    assert general.of(company.team)[::2] == ("Mine", 77)
    assert [said for said in complaints if "409" not in said] == []
