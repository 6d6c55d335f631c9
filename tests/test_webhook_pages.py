"""Settings → Webhooks: endpoints, and what was delivered to them, as owners and admins see and change them."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, EVE

from service import db, jobs
from service.feedback import deliveries, endpoints, segments
from service.handlers import HANDLERS
from service.web.dashboard.settings import webhook_words

HOOKS = "/app/acme/settings/webhooks"
NOWHERE = "https://hooks.invalid/sayso?key=hush"
NEW = {"do": "create", "format": "standard", "url": NOWHERE, "types": ["post.created", "vote.created"]}
ATTEMPT = """
INSERT INTO delivery_attempt (workspace_id, delivery_id, number, milliseconds, status, reason, answer)
VALUES (%(workspace)s, %(id)s, %(number)s, 1234, %(status)s, %(reason)s, %(answer)s)"""
BECOME = "UPDATE delivery SET state = %(state)s, attempts = %(attempts)s, body = %(body)s WHERE id = %(id)s"
EVENTS = "SELECT type FROM event WHERE workspace_id = %(workspace)s AND type ~ '^(endpoint|webhook)' ORDER BY seq"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def send(browser, path: str, **fields):
    """Open the page and send one of its forms."""
    browser.open(path)
    return browser.send(path, **fields)


def endpoint(company, **more) -> endpoints.Endpoint:
    return endpoints.create(company.team, NOWHERE, more.pop("types", ["post.created"]), **more)[0]


def page_of(made) -> str:
    return f"{HOOKS}/{made.id}"


def delivery(company, made, state: str = "waiting", answer: str | None = None, body: str | None = None) -> int:
    """Something that was told to an endpoint and what came of it; returns its id."""
    company.post("Dark mode")
    [found] = [each for each in told(company, made) if each.state == "waiting"][:1]
    if state != "waiting":
        db.changed(BECOME, id=found.id, state=state, attempts=1, body=body)
        is_good = state == "delivered"
        db.changed(ATTEMPT, workspace=company.workspace.id, id=found.id, number=1, status=200 if is_good else 500,
                   reason=None if is_good else "It answered 500.", answer=answer)  # fmt: skip
    return found.id


def told(company, made) -> list:
    """What an endpoint is told, once the events so far were followed up and before anything is sent."""
    for job in jobs.claim("tests", 100, 60):
        HANDLERS[job.kind](job)
        if not job.completed:
            job.complete()
    return deliveries.of(company.team, made.id)


# ── endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_endpoint_is_added_and_its_secret_shown_this_once(ada, acme):
    assert "No endpoints yet" in texts(ada.open(HOOKS))
    page = send(ada, HOOKS, **NEW, votes="10", board="bugs")
    [secret] = re.findall(r'id="secret">(whsec_[\w+/=]+)<', unescape(page.text))
    assert len(secret) == 6 + 44
    [made] = endpoints.of(acme.team)
    assert (made.url, made.types) == (NOWHERE, ["post.created", "vote.created"])
    assert made.conditions == {"board": "bugs", "votes": 10}
    shown = ada.open(HOOKS)
    assert "whsec_" not in shown.text and "hush" not in shown.text
    assert "hooks.invalid" in shown.text and "new posts, votes · only board Bugs" not in shown.text
    for words in ("Your own system", "new posts, votes", "only board Bugs", "only from 10 votes", "Active", "nothing sent"):
        assert words in texts(shown), words


def test_for_a_chat_no_secret_is_shown(ada, acme):
    page = send(ada, HOOKS, **{**NEW, "format": "slack"})
    assert f"hooks.invalid #{endpoints.of(acme.team)[0].id} was added" in texts(page) and "whsec_" not in page.text
    assert 'value="rotate"' not in ada.open(page_of(endpoints.of(acme.team)[0])).text


@pytest.mark.parametrize(("wrong", "field"), [
    ({"url": ""}, "url"), ({"url": "http://example.com/"}, "url"), ({"url": "https://127.0.0.1/"}, "url"),
    ({"url": "x" * 10_000}, "url"), ({"types": []}, "types"), ({"types": "post.exploded"}, "types"),
    ({"votes": "many"}, "votes"), ({"votes": "-1"}, "votes"), ({"votes": "99999999"}, "conditions"),
    ({"board": "none"}, "conditions"), ({"segment": "\ud800"}, "conditions"), ({"format": "fax"}, "format"),
])  # fmt: skip
def test_what_cannot_be_added_is_named_and_what_was_typed_is_kept(ada, acme, wrong, field):
    said = {**NEW, "votes": "7", **wrong}
    page = send(ada, HOOKS, **{name: value.encode("utf-8", "replace") if value == "\ud800" else value
                               for name, value in said.items()})  # fmt: skip
    assert page.status_code == 422 and f'id="{field}-error"' in page.text
    assert 'value="7"' in page.text or "votes" in wrong
    assert endpoints.of(acme.team) == []


def test_an_endpoint_is_changed_paused_switched_on_and_taken_away(ada, acme):
    segments.create(acme.team, "big", "Big ones", [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    made = endpoint(acme)
    page = ada.open(page_of(made))
    assert NOWHERE in unescape(page.text) and "Active" in texts(page)
    seen = re.search(r'name="seen" value="(\w+)"', page.text)[1]
    change = {"do": "change", "seen": seen, "url": "https://other.invalid/", "types": "post.merged", "segment": "big"}
    assert ada.send(page_of(made), **change).status_code == 303
    now = endpoints.find(acme.team, made.id)
    assert (now.host, now.types, now.conditions) == ("other.invalid", ["post.merged"], {"segment": "big"})
    assert "Only when users in Big ones" in texts(ada.open(page_of(made)))
    assert ada.send(page_of(made), **{**change, "types": "user.erased"}).status_code == 409
    for does, state in (("pause", "paused"), ("pause", "paused"), ("resume", "active")):
        assert send(ada, page_of(made), do=does).status_code == 303
        assert endpoints.find(acme.team, made.id).state == state
    assert send(ada, page_of(made), do="delete").headers["location"] == HOOKS
    assert ada.open(page_of(made)).status_code == 404 and endpoints.of(acme.team) == []


def test_a_new_secret_is_shown_once_with_until_when_the_old_one_signs(ada, acme):
    made = endpoint(acme)
    assert "whsec_" in send(ada, page_of(made), do="rotate").text
    page = ada.open(page_of(made))
    assert "whsec_" not in page.text and "The former one signs too; it ends in 23 h" in texts(page)


def test_why_an_endpoint_hears_nothing_is_said(ada, acme):
    made = endpoint(acme)
    for state, failing, words in (
        ("active", "now() - interval '3 hours'", "It first failed 3 h ago, and nothing got through since."),
        ("gone", "NULL", "It answered “410 Gone”"),
        ("failed", "now() - interval '5 days'", "Nothing got through for five days"),
    ):  # fmt: skip
        db.changed(f"UPDATE endpoint SET state = %(state)s, failing_since = {failing}", state=state)
        assert words in texts(ada.open(HOOKS)) and words in texts(ada.open(page_of(made))), state
    assert send(ada, page_of(made), do="test").status_code == 409
    assert "switch it on first" in texts(ada.page)


def test_endpoints_at_one_host_are_told_apart(ada, acme):
    for made in (endpoint(acme), endpoint(acme)):
        assert f"hooks.invalid #{made.id}" in texts(ada.open(HOOKS))
        assert f"<h1>hooks.invalid #{made.id}</h1>" in ada.open(page_of(made)).text


def test_every_type_and_format_has_its_words():
    offered = [type for _, types in webhook_words.TYPES for type in types]
    assert sorted([*offered, "webhook.test"]) == sorted(endpoints.TYPES) == sorted(webhook_words.SHORT)
    assert set(webhook_words.FORMAT_NAMES) == set(endpoints.FORMATS)
    assert set(webhook_words.DELIVERY_STATES) == set(deliveries.STATES)
    assert webhook_words.types_in_words(offered) == "everything"
    assert webhook_words.types_in_words(offered[:6]) == "new posts, changed posts, statuses and 3 more"


# ── deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_test_is_logged_with_what_came_of_it(ada, acme):
    made = endpoint(acme)
    assert send(ada, page_of(made), do="test").status_code == 303
    told(acme, made)
    page = ada.open(page_of(made))
    assert "webhook.test" in page.text and "Waiting" in texts(page) and "data-soon" in page.text


def test_a_delivery_shows_what_was_sent_and_what_was_answered(ada, acme):
    made = endpoint(acme)
    body = '{"type":"post.created","data":{"post":{"title":"Ä"}}}'
    id = delivery(acme, made, "failed", "<script>alert(1)</script>\x01\u202e", body)
    assert "Failed" in texts(ada.open(page_of(made)))
    page = ada.open(f"{page_of(made)}/deliveries/{id}")
    for words in (f"POST {NOWHERE}", f"webhook-id: msg_{acme.workspace.id}_{id}", "attempt 1", "1,234 ms", "500",
                  "It answered 500.", '"title": "Ä"', "<script>alert(1)</script>"):  # fmt: skip
        assert words in unescape(page.text), words
    assert "<script>alert(1)" not in page.text


def test_deliveries_are_filtered_and_paged(ada, acme):
    made = endpoint(acme)
    ids = [delivery(acme, made, state) for state in ("delivered", "failed", "failed")]
    for state, shown in (("failed", ids[1:]), ("delivered", ids[:1]), ("waiting", [])):
        page = ada.open(page_of(made), params={"state": state})
        assert sorted({int(id) for id in re.findall(r"/deliveries/(\d+)", page.text)}) == shown
    for number in range(30):
        acme.post(f"Post {number}")
    told(acme, made)
    seen, address = [], page_of(made)
    while address:
        page = ada.open(address).text
        seen += re.findall(r"/deliveries/(\d+)", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following and page_of(made) + unescape(following[1]).partition("#")[0]
    assert len(seen) == len(set(seen)) > 25 and seen == sorted(seen, key=int, reverse=True)
    for wrong in ({"state": "lost"}, {"cursor": "zzz"}, {"state": ["failed", "waiting"]}):
        assert ada.open(page_of(made), params=wrong).status_code in (400, 422), wrong


@pytest.mark.parametrize("from_its_page", [True, False])
def test_a_delivery_is_sent_again(ada, acme, from_its_page):
    made = endpoint(acme)
    id = delivery(acme, made, "failed")
    path = f"{page_of(made)}/deliveries/{id}" if from_its_page else page_of(made)
    for _ in range(2):
        assert send(ada, path, do="again", delivery=id).status_code == 303
        assert deliveries.find(acme.team, made.id, id)[0].state == "waiting"
    db.changed("UPDATE endpoint SET state = 'paused'")
    assert send(ada, path, do="again", delivery=id).status_code == 409
    for wrong, status in (("x", 422), ("", 422), ("999", 404)):
        assert send(ada, page_of(made), do="again", delivery=wrong).status_code in (status, 409)


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_plain_members_see_that_there_are_endpoints_and_neither_address_nor_log(client, acme):
    made = endpoint(acme)
    id = delivery(acme, made, "delivered")
    ben = Browser(client).sign_in(BEN)
    page = ben.open(HOOKS)
    assert "hooks.invalid" in page.text and "hush" not in page.text and f"webhooks/{made.id}" not in page.text
    for path in (page_of(made), f"{page_of(made)}/deliveries/{id}"):
        assert ben.open(path).status_code == 403
        for does in ("delete", "rotate", "again"):
            ben.open(HOOKS)
            assert ben.send(path, do=does).status_code == 403
    ben.open(HOOKS)
    assert ben.send(HOOKS, **NEW).status_code == 403 and len(endpoints.of(acme.team)) == 1


def test_another_workspaces_endpoints_are_not_there(client, ada, acme, globex):
    made = endpoint(globex)
    id = delivery(globex, made)
    assert "hooks.invalid" not in ada.open(HOOKS).text
    for path in (page_of(made), f"{page_of(made)}/deliveries/{id}", f"{page_of(endpoint(acme))}/deliveries/{id}"):
        assert ada.open(path).status_code == 404
        for does in ("again", "test", "delete", "rotate", "pause"):
            ada.open(HOOKS)
            assert ada.send(path, do=does, delivery=id).status_code in (400, 404), (path, does)
    assert endpoints.find(globex.team, made.id).state == "active"
    assert Browser(client).sign_in(EVE).open(HOOKS).status_code == 404
    assert client.simulate_get(HOOKS).status_code == 303


def test_nothing_is_recorded_when_nothing_changes(ada, acme):
    made = endpoint(acme)
    for does in ("resume", "resume"):
        send(ada, page_of(made), do=does)
    assert db.rows(EVENTS, workspace=acme.workspace.id) == [("endpoint.created",)]
