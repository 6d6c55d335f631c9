"""Letters to the team: who gets one, in which language, what it says, and how one is left alone."""

import re

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO
from queued import work_off
from test_letters import server  # noqa: F401 (a fixture)
from test_mailings import one_click

from service import db, events, words
from service.feedback import boards, comments, endpoints, members, notifications, preferences, team, team_letters
from service.feedback.letters import Written
from service.feedback.notifications import without_secrets

LETTERS = "SELECT to_email, kind, subject, text, html, state FROM letter WHERE kind = ANY(%(kinds)s) ORDER BY id"
LINK = re.compile(r"http://127\.0\.0\.1:8000(/letters/team/[\w.-]+)\?kind=(\w+)")
FAILING = "UPDATE endpoint SET failing_since = '2026-03-28T23:30Z', state = %(state)s"


def choose(acme, email: str, **changed) -> None:
    person = members.person(email).id
    wanted = preferences.of(acme.workspace.id, person)._replace(**changed)
    preferences.choose(acme.team._replace(person=person), **wanted._asdict())


def told(*kinds) -> list[tuple]:
    work_off()
    return db.rows(LETTERS, kinds=list(kinds))


def test_a_new_post_is_told_at_once_to_who_wants_that_in_their_language(acme):
    choose(acme, BEN, locale="de")
    acme.post("Dark mode", "My **eyes** <hurt>")
    [(to, _, subject, _, _, _), (ben, _, german, plain, html, _)] = told("new_post")
    assert (to, subject, ben, german) == (ADA, "New post #1: Dark mode", BEN, "Neuer Beitrag #1: Dark mode")
    assert "Cleo schreibt in Acme:" in plain and "<hurt>" in plain and "&lt;hurt&gt;" in html and 'lang="de"' in html
    for wish in ("daily", "off"):
        choose(acme, BEN, new_posts=wish)
        acme.post(f"For Ada, as Ben has {wish}")
    assert [row[0] for row in told("new_post")] == [ADA, BEN, ADA, ADA]


def test_who_has_not_come_yet_or_left_gets_none(acme):
    team.invite(acme.team, "gil@acme.example")
    acme.post()
    work_off(rounds=1)
    team.remove(acme.team, members.person(BEN).id)
    assert {(row[0], row[5]) for row in told("new_post")} == {(ADA, "kept"), (BEN, "withdrawn")}


def test_one_that_waits_leads_to_moderation_in_every_language(acme):
    boards.change(acme.team, "features", approve_first=True)
    for tag in words.catalogues():
        choose(acme, ADA, locale=tag)
        acme.post(f"Held {tag}")
        *_, (_, _, subject, plain, html, _) = [row for row in told("new_post") if row[0] == ADA]
        assert f"Held {tag}" in subject and "/app/acme/moderation" in plain and f'dir="{words.chosen(tag).dir}"' in html
        assert words.chosen(tag).teamHeldNote in plain


def test_case_70_each_ends_in_a_link_that_one_click_follows_where_it_ends_something(client, server, acme):  # noqa: F811
    number = acme.post(by=CLEO)
    work_off()
    [letter] = [letter for to, letter in server.received if to == [BEN]]
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [(path, kind)] = LINK.findall(plain)
    assert kind == "new_post" and f"{path}?kind={kind}" in html
    assert letter["List-Unsubscribe"] == f"<http://127.0.0.1:8000{path}?kind=new_post>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert one_click(client, f"{path}?kind={kind}").status_code == 200
    assert preferences.of(acme.workspace.id, members.person(BEN).id).new_posts == "off"
    kept = "".join(db.row("SELECT text, html FROM letter WHERE to_email = %(ben)s", ben=BEN))
    assert path not in kept and "/letters/team/…" in kept, "what was sent is kept without its secret"
    comments.create(acme.writer, number, "Look, @Ben", internal=True)
    work_off()
    to, letter = server.received[-1]
    assert (to, letter["Subject"], letter["List-Unsubscribe"]) == ([BEN], "Ada mentions you: Dark mode", None)
    plain = letter.get_body(("plain",)).get_content()
    assert "An internal note" in plain and LINK.search(plain)[2] == "mention", "nothing to end, and yet the way to choose"


def test_what_was_sent_is_kept_without_its_link():
    said = f"x/letters/team/{'a' * 60}?kind=digest"
    assert without_secrets(Written("s", said, "h")).text == "x/letters/team/…?kind=digest"


# ── webhooks ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def endpoint(acme, here):
    endpoints.start(here)
    made, _ = endpoints.create(acme.team, "https://hooks.acme.example/sayso?key=secret", ["post.created"])
    return made


def fails(acme, endpoint, type: str, state: str, reason="The server answered 500.") -> None:
    db.changed(FAILING, state=state)
    data = {"endpoint": endpoint.id, "host": endpoint.host, "reason": reason}
    events.record(type, acme.workspace.id, data=data)


def test_who_runs_the_workspace_hears_that_a_webhook_fails_by_their_own_clock(acme, endpoint):
    choose(acme, ADA, locale="de", time_zone="Europe/Berlin")
    fails(acme, endpoint, "endpoint.failing", "active", "The server answered <500>.")
    [(to, _, subject, plain, html, _)] = told(team_letters.FAILING)
    assert (to, subject) == (ADA, "Ein Webhook von Acme schlägt fehl: hooks.acme.example #1"), "Ben is a member"
    assert "Seit 29. März 2026, 00:30 ist dort nichts mehr angekommen." in plain and "The server answered <500>." in plain
    assert f"/app/acme/settings/webhooks/{endpoint.id}" in plain and "&lt;500&gt;" in html
    assert "key=secret" not in plain + html
    [(_, kind)] = LINK.findall(plain)
    assert kind == team_letters.FAILING


def test_they_hear_that_it_is_switched_off_and_why(acme, endpoint):
    fails(acme, endpoint, "endpoint.failed", "failed")
    [(_, _, subject, plain, _, _)] = told(team_letters.FAILED)
    assert subject == "A webhook of Acme is switched off: hooks.acme.example #1"
    assert "The server answered 500." in plain and "switch it on there" in plain
    assert "Nothing has got through to it since March 28, 2026, 11:30" in plain
    fails(acme, endpoint, "endpoint.failed", "gone", "The server answered 410.")
    *_, (_, _, _, plain, _, _) = told(team_letters.FAILED)
    assert "gone for good (410)" in plain and "since" not in plain


def test_what_is_over_when_the_letter_is_written_is_not_told(acme, endpoint):
    fails(acme, endpoint, "endpoint.failing", "paused")
    work_off()
    fails(acme, endpoint, "endpoint.failed", "active")
    work_off()
    endpoints.delete(acme.team, endpoint.id)
    events.record("endpoint.failed", acme.workspace.id, data={"endpoint": endpoint.id, "host": "x", "reason": "y"})
    assert {row[5] for row in told(team_letters.FAILING, team_letters.FAILED)} == {"withdrawn"}


# ── the way in ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_speaks_the_language_of_who_invites(acme):
    choose(acme, ADA, locale="fr")
    team.invite(acme.team, "gil@acme.example", "admin")
    [(to, _, subject, plain, _, _)] = told("invitation")
    assert (to, subject) == ("gil@acme.example", "Ada vous invite à rejoindre Acme")
    assert "administrateur" in plain and "/app/join/acme/" in plain and "Rejoindre l’équipe" in plain


def test_the_letter_to_sign_in_speaks_the_language_of_the_browser(client, server):  # noqa: F811
    for language, subject in (("ja, en;q=0.5", "サインイン用リンク"), ("tlh", "Your sign-in link")):
        browser = Browser(client)
        browser.open("/app/sign-in")
        browser.send("/app/sign-in", {"Accept-Language": language}, email=ADA)
        work_off()
        assert server.received[-1][1]["Subject"] == subject


def test_a_flood_of_posts_is_no_flood_of_letters(acme, monkeypatch):
    monkeypatch.setattr(team_letters, "ABOUT_A_POST", team_letters.ABOUT_A_POST.replace("< 20", "< 3"))
    for _ in range(5):
        acme.post()
        db.changed("UPDATE \"user\" SET kind = 'anonymous' WHERE external_id = 'cleo-7'")
        work_off()
    assert [row[0] for row in told("new_post")] == [ADA, BEN] * 3


def test_a_flood_of_mentions_is_no_flood_of_letters(acme, monkeypatch):
    monkeypatch.setattr(notifications, "TO_THE_MENTIONED", notifications.TO_THE_MENTIONED.replace("< 20", "< 3"))
    number, stranger = acme.post(), acme.reader()
    db.changed("UPDATE \"user\" SET kind = 'anonymous'")
    for each in range(5):
        comments.create(stranger, number, f"@Ada, for the {each}. time")
        work_off()
    assert [row[0] for row in told("mention")] == [ADA] * 3
