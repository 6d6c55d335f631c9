"""Letters that somebody wants, and those that they do not: one click ends them; the changelog comes to who asked for it."""

import io
import re
from email.generator import BytesGenerator

from browser import Browser
from cast import ADA, CLEO, DAN
from crowd import at_once
from queued import make_due, work_off
from visitors import Visitor

from service import db
from service.db import database
from service.feedback import changelog, comments, mailings, merges, planning, privacy, questions, user_links, users, votes
from service.feedback.letters import Written
from service.feedback.notifications import without_secrets
from service.lib import mail, tokens
from service.web.guards import user_token

SUE = "sue@customer.example"
NEWEST = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
TOLD = "SELECT kind, to_email FROM letter WHERE kind = ANY(%(kinds)s) ORDER BY kind, to_email"
LINK = re.compile(r"http://127\.0\.0\.1:8000(/b/acme/letters/[\w.-]+)\?kind=(\w+)")
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PARTS = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


def told() -> list[tuple]:
    work_off()
    return db.rows(TOLD, kinds=list(mailings.KINDS))


def page_of(company, email=SUE) -> str:
    return f"/b/{company.workspace.slug}/letters/{mailings.token(company.workspace.id, email)}"


def wants(company, email=SUE) -> list[str]:
    found = mailings.of(company.workspace.id, email)
    return [kind for kind in mailings.KINDS if found.wants(kind)]


def one_click(client, address, body=ONE_CLICK, type=FORM):
    """What a mail program posts: from nowhere, with no cookie."""
    headers = {"Content-Type": type, "Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
    return client.simulate_post(address, body=body, headers=headers)


def publish(company, title="Version 2", posts=()) -> int:
    made = changelog.create(company.team, title, "Now in **dark**", posts=list(posts))
    return changelog.change(company.team, made.id, published_at=made.published_at or db.row("SELECT now()")[0]).id


# ── letters that one does not want ──────────────────────────────────────────────────────────────────────────────────


def test_case_70_every_letter_to_a_user_ends_in_a_link_that_one_click_follows(client, acme):
    number = acme.post(by=CLEO)
    planning.set_status(acme.team, number, "planned")
    questions.ask(acme.team, number, "On which device?")
    publish(acme, posts=[number])
    comments.create(acme.reader(DAN), number, "Me too")
    comments.create(acme.writer, number, "Soon", official=True)
    work_off(1)
    merges.merge(acme.team, number, acme.post("Night mode", by=DAN))
    work_off(1)
    make_due()
    mailings.subscribe(acme.workspace, CLEO["email"], "en")
    publish(acme)
    work_off()
    for kind, plain, html in db.rows("SELECT kind, text, html FROM letter WHERE to_email = 'cleo@customer.example'"):
        [(path, said)] = LINK.findall(plain)
        assert said == kind and f"{path}?kind={kind}" in html
        answer = one_click(client, f"{path}?kind={kind}")
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
        assert kind not in wants(acme, CLEO["email"])
    assert wants(acme, CLEO["email"]) == []


def test_case_70_a_letter_names_the_address_whole_in_its_headers():
    address = "https://feedback.acme.example/b/acme/letters/" + "x" * 300 + "?kind=shipped"
    letter, written = mail.message("a@x.example", SUE, "Ünïcode " * 20, "text", "<p>html", "<1@x>", address), io.BytesIO()
    BytesGenerator(written).flatten(letter, linesep="\r\n")
    assert f"\r\nList-Unsubscribe: <{address}>\r\nList-Unsubscribe-Post: {ONE_CLICK}\r\n".encode() in written.getvalue()
    assert max(len(line) for line in written.getvalue().splitlines() if b"Unsub" not in line) < 100
    assert "List-Unsubscribe" not in mail.message("a@x.example", SUE, "s", "t", "h", "<1@x>")


def test_case_70_one_click_ends_a_kind_or_all_whatever_it_is_sent_as_and_however_often(client, acme):
    address = page_of(acme)
    mailings.subscribe(acme.workspace, SUE, "en")
    answers = at_once(lambda _: one_click(client, f"{address}?kind=question"), 8)
    assert {answer.status_code for answer in answers} == {200}
    left = [kind for kind in mailings.KINDS if kind != "question"]
    assert wants(acme) == left
    assert one_click(client, f"{address}?kind=news").status_code == 200 and wants(acme) == left[:-1]
    assert one_click(client, address, PARTS, MULTIPART).status_code == 200 and wants(acme) == []
    assert wants(acme, CLEO["email"]) == list(mailings.ABOUT_POSTS)


def test_opening_the_page_changes_nothing_and_its_switches_do(client, acme):
    browser, address = Browser(client), page_of(acme)
    for _ in range(2):
        page = browser.open(f"{address}?kind=shipped")
        assert SUE in page.text and "Stop these e-mails" in page.text and page.headers["referrer-policy"] == "no-referrer"
        client.simulate_head(address)
    assert db.rows("SELECT FROM mailing") == []
    assert browser.send(address, do="choose", kind=["shipped", "news"]).status_code == 303
    assert wants(acme) == ["shipped", "news"]
    assert browser.send(f"{address}?kind=shipped", do="stop", kind="shipped").status_code == 303 and wants(acme) == ["news"]
    page = browser.open(f"{address}?kind=shipped").text
    assert "You get no more of these e-mails" in page and "You get just these e-mails" not in page, "said once"
    assert browser.send(address, do="stop").status_code == 303 and wants(acme) == []


def test_a_link_that_does_not_hold_says_so(client, acme, globex):
    token = mailings.token(acme.workspace.id, SUE)
    foreign = tokens.sign("guest", {"w": acme.workspace.id, "e": SUE})
    for path in (f"globex/letters/{token}", f"acme/letters/{token[:-1]}", f"acme/letters/{foreign}", "acme/letters/%ff"):
        for answer in (client.simulate_get(f"/b/{path}"), one_click(client, f"/b/{path}")):
            assert answer.status_code == 401 and "This link does not work" in answer.text, path
    for body, type in (("x" * 200_000, FORM), ("{}", "application/json"), ("--", MULTIPART), ("", "multipart/form-data")):
        assert one_click(client, page_of(acme), body, type).status_code in (400, 413, 415), type
    assert db.rows("SELECT FROM mailing") == []


def test_case_70_the_link_works_for_who_was_erased(client, acme):
    acme.user(CLEO)
    address = page_of(acme, CLEO["email"])
    privacy.erase(acme.team, CLEO["sub"])
    assert "checked" in client.simulate_get(address).text
    assert one_click(client, address).status_code == 200 and wants(acme, CLEO["email"]) == []


def test_who_is_muted_hears_nothing_of_that_kind_and_is_not_counted(acme, globex):
    number = acme.post(by=CLEO)
    votes.cast(acme.reader(DAN), number)
    for kind in ("status_changed", "question"):
        mailings.mute(acme.workspace, CLEO["email"].upper(), kind)
        mailings.mute(globex.workspace, DAN["email"], kind)
    planning.set_status(acme.team, number, "done")
    assert questions.ask(acme.team, number, "Why?") == 1
    publish(acme, posts=[number])
    cleo, dan = CLEO["email"], DAN["email"]
    assert told() == [("question", dan), ("shipped", cleo), ("shipped", dan), ("status_changed", dan)]


def test_what_was_sent_is_kept_without_its_link():
    said = f"x/letters/{'a' * 60}?kind=shipped and https://acme.example/letters/may"
    assert without_secrets(Written("s", said, "h")).text == "x/letters/…?kind=shipped and https://acme.example/letters/may"


# ── the changelog ───────────────────────────────────────────────────────────────────────────────────────────────────


def ask(browser, email=SUE) -> str:
    """Ask for the changelog; returns the address of the page in the letter."""
    browser.open("/b/acme/changelog")
    assert browser.send("/b/acme/changelog", do="subscribe", email=email).status_code == 303
    return f"/b/acme/subscribe/{user_links.arm(*db.row(NEWEST)).secret}"


def test_one_subscribes_by_a_link_in_a_letter_and_hears_of_each_entry_once(client, acme):
    browser = Browser(client)
    address = ask(browser)
    for _ in range(2):
        page = Browser(client).open(address)
        assert SUE in page.text and page.headers["referrer-policy"] == "no-referrer" and "news" not in wants(acme)
    for _ in range(2):
        assert Browser(client).send(address).status_code == 303
        assert "You are subscribed" in client.simulate_get(address).text
    publish(acme)
    publish(acme, "Version 3")
    assert told() == [("news", SUE)] * 2
    subject, plain, html = db.row("SELECT subject, text, html FROM letter WHERE kind = 'news' ORDER BY id LIMIT 1")
    assert subject == "New in Acme: Version 2" and "<strong>dark</strong>" in html and LINK.search(plain)[2] == "news"


def test_the_letters_are_in_the_language_in_which_one_asked(client, acme):
    browser = Browser(client)
    browser.open("/b/acme/changelog?lang=ar")
    assert Browser(client).send(ask(browser)).status_code == 303
    publish(acme)
    work_off()
    subject, html = db.row("SELECT subject, html FROM letter WHERE kind = 'news'")
    assert subject == "جديد Acme: Version 2" and '<html lang="ar" dir="rtl">' in html
    link = user_links.Armed("sign_in", SUE, "de", "x")
    assert "Bei Acme anmelden" in user_links.write(acme.workspace, link, "https://x.example/").text


def test_one_letter_an_address_and_entry_for_who_asked_for_it_and_subscribed(acme):
    number = acme.post(by=CLEO)
    for email in (CLEO["email"], SUE, "muted@customer.example"):
        mailings.subscribe(acme.workspace, email, "en")
    mailings.mute(acme.workspace, "muted@customer.example", "news")
    publish(acme, posts=[number])
    assert told() == [("news", SUE), ("shipped", CLEO["email"])]
    mailings.mute(acme.workspace, CLEO["email"], "shipped")
    publish(acme, "Version 3", posts=[number])
    assert told() == [("news", CLEO["email"]), ("news", SUE), ("news", SUE), ("shipped", CLEO["email"])]


def test_a_guest_subscribes_at_once_and_others_get_a_letter_that_asks(client, acme):
    guest = users.make(acme.workspace, "guest_sue", "guest", "Sue", SUE)
    sue = Visitor(client)
    sue.cookies["sayso-acme"] = user_token("visitor", acme.workspace, guest)
    sue.open("/b/acme/changelog")
    sue.do("/b/acme/changelog", "subscribe")
    assert "news" in wants(acme) and db.rows("SELECT FROM user_link") == []
    cleo = Visitor(client).be(acme)
    cleo.do("/b/acme/changelog", "subscribe", email=CLEO["email"])
    assert "news" not in wants(acme, CLEO["email"]) and len(db.rows("SELECT FROM user_link")) == 1


def test_nobody_is_flooded_and_nothing_tells_who_is_subscribed(client, acme):
    mailings.subscribe(acme.workspace, ADA, "en")
    answers = [Browser(client).send("/b/acme/changelog", do="subscribe", email=email) for email in (ADA, *[SUE] * 5)]
    assert len({(answer.status_code, answer.headers["location"]) for answer in answers}) == 1
    assert len(db.rows("SELECT FROM user_link WHERE email = %(sue)s", sue=SUE)) == 3
    refused = Browser(client).send("/b/acme/changelog", do="subscribe", email="nonsense")
    assert refused.status_code == 422 and "ada@example.com" in refused.text


def test_a_link_ends_after_a_week_and_holds_in_one_workspace_for_one_purpose(client, acme, globex):
    address = ask(Browser(client))
    secret = address.rpartition("/")[2]
    for path in (f"/b/globex/subscribe/{secret}", f"/b/acme/sign-in/{secret}", "/b/acme/subscribe/x"):
        assert client.simulate_get(path).status_code == Browser(client).send(path).status_code == 401, path
    database.execute_sql("UPDATE user_link SET created_at = now() - interval '8 days'")
    assert client.simulate_get(address).status_code == Browser(client).send(address).status_code == 401
    assert "news" not in wants(acme)
