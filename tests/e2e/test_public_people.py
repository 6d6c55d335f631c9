"""People on the public face, in a browser: they sign in, choose their letters, subscribe and go, with or without scripts."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import people
import pytest
from playwright.sync_api import expect

HOME = "/b/tidewater"


@pytest.fixture
def somebody(browser, sayso, watched):
    """Opens a page of the board in a browser of its own."""
    contexts = []
    assert sayso.demo["workspace"] in HOME  # which is made when it is first asked for

    def somebody(path: str = "", **how):
        contexts.append(browser.new_context(base_url=sayso.base_url, **how))
        page = watched(contexts[-1].new_page())
        page.goto(HOME + path)
        return page

    yield somebody
    for context in contexts:
        context.close()


@pytest.fixture
def product(sayso):
    """The customer's own page that signs its users in to the board, on another site."""

    class Product(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = {name: said[0] for name, said in parse_qs(urlsplit(self.path).query).items()}
            back = urlencode({"token": people.token(sayso.demo, people.ROBIN), "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['return_to']}?{back}")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Product)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    change = "UPDATE workspace SET sign_in_url = %s WHERE slug = 'tidewater' RETURNING id"
    people.rows(sayso, change, f"http://localhost:{server.server_port}/sign-in")
    yield
    people.rows(sayso, change, None)
    server.shutdown()
    server.server_close()


def link_in(letter) -> str:
    return re.search(r"https?://\S+", letter.get_body(("plain",)).get_content())[0]


def sign_in(page, letters, email: str) -> None:
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading")).to_have_text("Check your inbox")
    page.goto(link_in(letters.to(email, "Sign in to Tidewater")))
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()


def test_without_scripts_one_signs_in_chooses_letters_and_leaves(somebody, letters, complaints):
    page = somebody(java_script_enabled=False)
    sign_in(page, letters, "nora@people.example")
    page.get_by_role("link", name="My page").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Name").fill("Nora")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nora")
    page.get_by_label("When something that I asked for has shipped").uncheck()
    page.get_by_label("Everything that is new").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("You get just these e-mails.")).to_be_visible()
    expect(page.get_by_label("When something that I asked for has shipped")).not_to_be_checked()
    expect(page.get_by_label("Everything that is new")).to_be_checked()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert complaints == []


def test_one_subscribes_gets_a_letter_and_stops_it_with_one_click(somebody, letters, sayso, complaints):
    page, email = somebody("/changelog"), "ida@people.example"
    page.get_by_text("Hear what is new").click()
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("status")).to_contain_text(f"link that we sent to {email}")
    elsewhere = somebody()
    elsewhere.goto(link_in(letters.to(email, "Hear what is new")))
    elsewhere.get_by_role("button", name="Subscribe").click()
    expect(elsewhere.get_by_role("heading")).to_have_text("You are subscribed")
    people.team(
        sayso, "POST", "changelog", title="Tides by the hour", body="At *last*.", published_at="2026-01-01T00:00:00Z"
    )
    letter = letters.to(email, "New in Tidewater: Tides by the hour")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    elsewhere.goto(letter["List-Unsubscribe"].strip("<>"))
    elsewhere.get_by_role("button", name="Stop these e-mails").click()
    expect(elsewhere.get_by_text("You get no more of these e-mails.")).to_be_visible()
    expect(elsewhere.get_by_label("Everything that is new")).not_to_be_checked()
    assert complaints == []


@pytest.mark.usefixtures("product")
def test_the_product_signs_its_user_in_and_they_are_where_they_were(somebody, complaints):
    page = somebody("/sign-in?to=/roadmap")
    page.get_by_role("link", name="Continue with Tidewater").click()
    expect(page).to_have_url(re.compile("/b/tidewater/roadmap$"))
    expect(page.get_by_role("link", name="Robin Marsh")).to_be_visible()
    assert complaints == []


def test_one_erases_oneself_and_is_nobody(somebody, letters, complaints):
    page = somebody()
    sign_in(page, letters, "otto@people.example")
    page.goto(f"{HOME}/me?show=letters")
    page.get_by_text("Erase my data").first.click()
    page.get_by_label("I understand that this cannot be undone.").check()
    page.get_by_role("button", name="Erase my data").click()
    expect(page.get_by_role("heading")).to_have_text("Your data is erased")
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert complaints == []
