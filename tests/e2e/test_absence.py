"""When the service, or a part of it, does not come: the page is as it was, and nobody is left in front of a dead button."""

import re

import pytest
from playwright.sync_api import expect

WISH = "Remember my hourly rate"


@pytest.fixture
def page(browser, watched):
    context = browser.new_context()
    page = watched(context.new_page())
    page.set_default_timeout(10_000)
    yield page
    context.close()


def opened(page, site):
    page.goto(site.url)
    page.get_by_role("button", name="Feedback", exact=True).click()
    title = page.get_by_label("What is on your mind?")
    expect(title).to_be_focused()
    return title


def unexpected(complaints) -> list[str]:
    """What a page complained about, but for the words on a request that failed: the browser's own, and our warning."""
    return [said for said in complaints if not re.match("Failed to load resource|sayso:|TypeError: Failed to fetch", said)]


def test_a_blocked_script_leaves_a_link_that_works(page, site, complaints):
    page.route("**/w.js*", lambda route: route.abort("blockedbyclient"))
    page.goto(site.url)
    assert page.evaluate("typeof sayso") == "undefined"
    expect(page.get_by_role("button", name="Feedback")).to_have_count(0)
    page.get_by_role("link", name="Ideas").click()
    expect(page).to_have_url(re.compile(r"/b/tidewater$"))
    expect(page.get_by_role("link", name="Recurring invoices")).to_be_visible()
    assert unexpected(complaints) == []


def test_a_blocked_panel_leaves_a_link_that_works(page, site, complaints):
    page.route("**/w/**", lambda route: route.abort("blockedbyclient"))
    page.goto(site.url)
    page.get_by_role("link", name="Ideas").click()
    expect(page).to_have_url(re.compile(r"/b/tidewater$"))
    assert unexpected(complaints) == []


def test_a_panel_that_did_not_come_is_asked_for_again(page, site, complaints):
    page.route("**/w/**", lambda route: route.abort("connectionreset"), times=1)
    page.goto(site.url)
    assert page.evaluate("sayso.open().catch((problem) => problem.code)") == "unavailable"
    page.get_by_role("button", name="Feedback", exact=True).click()
    expect(page.get_by_label("What is on your mind?")).to_be_focused()
    assert unexpected(complaints) == []


def test_a_service_that_is_down_says_so_and_keeps_the_words(page, site, complaints):
    page.route("**/api/widget/**", lambda route: route.abort("connectionrefused"))
    title = opened(page, site)
    page.keyboard.type(WISH)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your text is still here.")).to_be_visible()
    expect(title).to_have_value(WISH)
    page.get_by_role("tab", name="Posts", exact=True).click()
    expect(page.get_by_text("We could not reach the server.").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Search").fill("The page itself goes on.")
    expect(page.get_by_label("Search")).to_have_value("The page itself goes on.")

    page.unroute("**/api/widget/**")
    page.get_by_role("button", name="Feedback", exact=True).click()
    page.get_by_role("tab", name="New post").click()
    expect(title).to_have_value(WISH)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=WISH)).to_be_visible()
    assert unexpected(complaints) == []


@pytest.mark.parametrize("answer", [
    {"status": 502, "body": "<h1>Bad gateway</h1>", "content_type": "text/html"},
    {"status": 200, "body": "<h1>Sign in to the hotel's network</h1>", "content_type": "text/html"},
    {"status": 200, "body": "null", "content_type": "application/json"},
    {"status": 503, "body": '{"status": 503}', "content_type": "application/problem+json"},
], ids=["gateway", "hotel", "nothing", "problem"])  # fmt: skip
def test_whatever_stands_between_us_and_the_service_answers(page, site, complaints, answer):
    page.route("**/api/widget/**", lambda route: route.fulfill(**answer, headers={"Access-Control-Allow-Origin": "*"}))
    title = opened(page, site)
    page.keyboard.type(WISH)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your text is still here.")).to_be_visible()
    expect(title).to_have_value(WISH)
    assert unexpected(complaints) == []


def test_a_blocked_script_is_no_secret_to_who_imported_the_module(page, site, complaints):
    site.PAGE, site.POLICY = "<!doctype html><title>A bundle</title>", "script-src {base}; connect-src {base}"
    page.route("**/w.js*", lambda route: route.abort("blockedbyclient"))
    page.goto(site.url)
    assert page.evaluate(f"""async () => {{
      const {{ default: sayso, load }} = await import("{site.base}/w.mjs");
      const refused = await Promise.all([load({{ key: "k" }}), sayso.open()].map((one) => one.catch(({{ code }}) => code)));
      return [...refused, document.querySelectorAll("script").length, sayso.isOpen()];
    }}""") == ["unavailable", "unavailable", 0, False]  # fmt: skip
    page.unroute("**/w.js*")
    page.evaluate(f"import('{site.base}/w.mjs').then(({{ load }}) => load({{ key: '{site.key}' }}))")
    expect(page.get_by_role("button", name="Feedback", exact=True)).to_be_visible()
    assert unexpected(complaints) == []


def test_a_module_that_is_mounted_twice_in_a_row_survives_a_blocked_script(page, site, complaints):
    """As React does in its strict mode; what becomes of the first tag is nothing to the second."""
    site.PAGE, site.POLICY = "<!doctype html><title>A bundle</title>", "script-src {base}; connect-src {base} {stream}"
    page.route("**/w.js*", lambda route: route.abort("blockedbyclient"))
    page.goto(site.url)
    page.evaluate(f"""async () => {{
      const {{ default: sayso, load }} = await import("{site.base}/w.mjs");
      const mount = (name) => {{
        sayso.on("ready", () => heard.push(name));
        return load({{ key: "{site.key}" }}).then(() => "there", ({{ code }}) => code);
      }};
      window.heard = [];
      window.mountTwice = async (between) => {{
        const first = mount("first"), tag = document.querySelector("script");
        sayso.destroy();
        const second = mount("second");
        between(tag);
        return [await first, await second, document.querySelectorAll("script").length, ...heard];
      }};
    }}""")
    assert page.evaluate("mountTwice(() => {})") == ["unavailable", "unavailable", 0]
    page.unroute("**/w.js*")
    failing = "mountTwice((tag) => tag.dispatchEvent(new Event('error')))"
    assert page.evaluate(failing) == ["unavailable", "there", 1, "second"]
    expect(page.get_by_role("button", name="Feedback", exact=True)).to_be_visible()
    assert unexpected(complaints) == []


def test_a_panel_that_the_page_removed_comes_back_with_the_words(page, site, complaints):
    title = opened(page, site)
    page.keyboard.type(WISH)
    page.evaluate("for (const one of [...document.documentElement.children]) if (one.shadowRoot) one.remove()")
    expect(title).to_have_count(0)
    page.evaluate("sayso.open('new')")
    expect(title).to_be_focused()
    expect(title).to_have_value(WISH)
    page.keyboard.press("Escape")
    assert complaints == []


def test_nothing_of_it_is_printed(page, site):
    page.goto(site.url)
    launcher = page.get_by_role("button", name="Feedback", exact=True)
    expect(launcher).to_be_visible()
    page.emulate_media(media="print")
    expect(launcher).to_be_hidden()
    page.emulate_media(media="screen")
    launcher.click()
    expect(page.get_by_role("tab", name="New post")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("tab", name="New post")).to_be_hidden()
