"""Searching everything: the page, and the list below Ctrl K, which is asked for at every keystroke."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, CLEO, DAN, EVE
from round_trips import Counter

SEARCH = "/app/acme/search"


@pytest.fixture
def ada(client, acme):
    acme.post("Dark mode")
    acme.post("Export to CSV", by=DAN)
    return Browser(client).sign_in(ADA)


def hits(browser, q: str) -> list[str]:
    page = browser.open(SEARCH, query_string=f"q={q}")
    assert page.status_code == 200
    main = page.text.partition("<main")[2]
    return [unescape(each) for each in re.findall(r'href="/app/acme/((?:posts|users)/[^"]+)"', main)]


@pytest.mark.parametrize("q, found", [
    ("dark", ["posts/1"]), ("%232", ["posts/2"]), ("2", ["posts/2"]), ("cle", ["users/cleo-7"]), ("dan-8", ["users/dan-8"]),
    ("dan%40customer", ["users/dan-8"]), ("xyzzy", []), ("%25", []),
])  # fmt: skip
def test_posts_and_users_are_found_by_what_they_are_called(ada, q, found):
    assert hits(ada, q) == found


def test_another_workspace_is_not_searched(client, ada, globex):
    eve = Browser(client).sign_in(EVE)
    page = eve.open("/app/globex/search", query_string="q=dark")
    assert "Dark mode" not in page.text and CLEO["name"] not in eve.open("/app/globex/search", query_string="q=cleo").text
    assert eve.open(SEARCH).status_code == 404


def test_a_keystroke_does_not_count_what_only_the_frame_of_a_page_shows(client, ada):
    ada.open(SEARCH, query_string="q=dark")
    counted = {}
    for name, headers in (("page", {}), ("keystroke", {"Sayso-Quick": "1"})):
        with Counter().into(counted, name):
            client.simulate_get(SEARCH, query_string="q=dark", headers={**ada.headers(), **headers})
    assert counted["keystroke"] == counted["page"] - 3  # what the posts say, what waits for approval, the first steps left
