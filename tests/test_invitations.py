"""The link in an invitation: who it lets in, how often, and until when."""

import re

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from proving import prove
from queued import work_off
from test_letters import server  # noqa: F401 (a fixture)

from service import db, installation
from service.errors import Conflict, NotFound, RateLimited
from service.feedback import invitations, letters, limits, members, sign_in, team, workspaces

GIL = "gil@acme.example"
LINK = re.compile(r"http://127\.0\.0\.1:8000(/app/join/[\w-]+/([\w-]{43}))")
KEPT = "SELECT coalesce(text, '') || coalesce(html, '') FROM letter WHERE kind = 'invitation'"
DONE = "SELECT type, person_id, data->>'email' FROM event WHERE type LIKE 'member.%%' ORDER BY seq"
WEEK_AGO = "UPDATE member SET invited_at = now() - interval '7 days 1 minute' WHERE joined_at IS NULL"


@pytest.fixture
def gil(acme):
    return team.invite(acme.team, GIL, "admin")[0]


def link(company, member) -> str:
    """The address in the letter, whose secret is made when it is written."""
    return f"/app/join/{company.workspace.slug}/{invitations.arm(company.workspace, member.email)}"


def joined(company) -> set[str]:
    return {member.email for member in team.of(company.team) if member.has_joined}


def test_the_link_of_the_letter_joins_and_signs_in_once(client, server, acme, gil):  # noqa: F811
    work_off()
    [(to, letter)] = server.received
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [(path, secret)] = LINK.findall(plain)
    assert to == [GIL] and path in html and "works once, for 7 days" in plain
    assert all(secret not in text for (text,) in db.rows(KEPT)), "what is kept lets nobody in"
    browser, late = Browser(client), Browser(client)
    late.open(path)
    page = browser.open(path)
    assert page.status_code == 200
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "Ada invites you to the team as an admin." in page.text and GIL in page.text
    assert GIL not in joined(acme), "to look is not to join: mail scanners look"
    sent = browser.send(path)
    assert (sent.status_code, sent.headers["location"]) == (303, "/app/acme/inbox")
    assert browser.open("/app/acme/settings/team").status_code == 200 and GIL in joined(acme)
    for page in (late.send(path), Browser(client).open(path), browser.open(path)):
        assert page.status_code == 401 and "was used or withdrawn, or is too old" in page.text
    assert [row for row in db.rows(DONE) if row[0] == "member.joined"] == [("member.joined", gil.id, GIL)]


def test_without_a_mail_server_the_link_is_on_the_terminal_and_nowhere_else(acme, gil, monkeypatch, capsys):
    monkeypatch.setattr(letters.sys.stdout, "isatty", lambda: True, raising=False)
    work_off()
    said = capsys.readouterr().out
    [(path, secret)] = LINK.findall(said)
    assert said.startswith(f"Invitation link for {GIL}: ")
    assert invitations.look("acme", secret).person.email == GIL
    [(kept,)] = db.rows(KEPT)
    assert secret not in kept and "/app/join/acme/…" in kept
    monkeypatch.setattr(letters.sys.stdout, "isatty", lambda: False, raising=False)
    invitations.send_again(acme.team, gil.id)
    work_off()
    assert capsys.readouterr().out == ""


def test_it_ends_after_a_week_when_it_is_withdrawn_and_when_they_came_another_way(client, acme, gil):
    path = link(acme, gil)
    db.changed(WEEK_AGO)
    assert Browser(client).open(path).status_code == 401
    ada = Browser(client).sign_in(ADA)
    assert "the link is too old" in ada.open("/app/acme/settings/team").text
    path = link(acme, gil)
    ada.send("/app/acme/settings/team", do="remove", person=gil.id)
    assert "was withdrawn" in ada.open("/app/acme/settings/team").text
    browser = Browser(client)
    assert browser.open(path).status_code == 401 and GIL not in joined(acme)
    path = link(acme, team.invite(acme.team, GIL)[0])
    gils = Browser(client).sign_in(GIL)
    gils.open("/app/new")
    gils.send("/app/new", join="acme")
    assert browser.open(path).status_code == 401 and GIL in joined(acme)
    assert "Open Sayso" in gils.open(path).text


def test_who_is_signed_in_as_somebody_else_is_told_and_asked(client, acme, gil):
    path = link(acme, gil)
    ben = Browser(client).sign_in(BEN)
    former = dict(ben.cookies)
    page = ben.open(path)
    assert f"You are signed in as <strong>{BEN}</strong>" in page.text and "Stay signed in" in page.text
    assert ben.send(path).status_code == 409 and GIL not in joined(acme), "a form of who was nobody yet"
    assert ben.send(path, instead="1").status_code == 303
    assert GIL in ben.open("/app/acme/inbox").text
    ben.cookies = former
    assert ben.open("/app/acme/inbox").headers["location"] == "/app/sign-in", "the session before is over"


def test_a_form_of_another_page_joins_nothing(client, acme, gil):
    path = link(acme, gil)
    browser = Browser(client)
    browser.open(path)
    assert browser.send(path, csrf="x").status_code == 403
    assert browser.send(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert GIL not in joined(acme)


@pytest.mark.parametrize("place", ["acme", "nowhere", "ACME", "%ff", "x" * 3000, "a%0d%0ab"])
@pytest.mark.parametrize("secret", ["x", "x" * 43, "%E2%82%AC", "%ff%fe", "'--"])
def test_a_link_of_nobodys_says_so_whatever_it_is(client, acme, gil, place, secret):
    assert Browser(client).open(f"/app/join/{place}/{secret}").status_code == 401


def test_an_invitation_is_sent_again_with_another_link(client, acme, gil):
    work_off()
    before = link(acme, gil)
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/settings/team")
    for _ in range(2):  # the button, twice
        assert ada.send("/app/acme/settings/team", do="again", person=gil.id).status_code == 303
        ada.open("/app/acme/settings/team")
    assert Browser(client).open(before).status_code == 401
    work_off()
    assert [row[0] for row in db.rows(DONE)].count("member.invited_again") == 1
    assert len(db.rows(KEPT)) == 2
    assert Browser(client).open(link(acme, gil)).status_code == 200


def test_a_letter_to_an_address_that_was_left_meanwhile_lets_nobody_in(acme, gil):
    work_off(rounds=1)
    db.changed("UPDATE person SET email = 'gil@new.example' WHERE id = %(gil)s", gil=gil.id)
    assert invitations.arm(acme.workspace, GIL) is None
    work_off()
    assert db.row("SELECT state FROM letter WHERE kind = 'invitation'") == ("withdrawn",)


def test_one_address_gets_only_so_many_and_who_joined_none(acme, globex, gil):
    with pytest.raises(RateLimited):
        for _ in range(limits.INVITED.most):
            invitations.arm(acme.workspace, GIL)
            invitations.send_again(acme.team, gil.id)
    with pytest.raises(Conflict):
        invitations.send_again(acme.team, members.person(BEN).id)
    for person in (members.person(EVE).id, 10**15):
        with pytest.raises(NotFound):
            invitations.send_again(acme.team, person)
    with pytest.raises(NotFound):
        invitations.send_again(globex.team, gil.id)


def test_case_25_a_letter_to_a_stranger_leads_nowhere_but_to_us(server, acme):  # noqa: F811
    name = "Win at https://evil.example/now or a@evil.example"
    eve = members.person("spam@evil.example", "Visit evil.example:80/x")
    theirs = members.found(name, eve)
    team.invite(acme.team._replace(workspace=workspaces.find(theirs.id), person=eve.id), "victim@corp.example")
    work_off()
    [(_, letter)] = server.received
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for said in (plain, html, letter["Subject"]):
        assert not re.search(r"evil\.example|https?://(?!127\.0\.0\.1:8000)", said), said
        assert "Win at" in said


def test_a_link_that_lay_in_a_mailbox_does_not_open_another_team(client, acme, globex):
    """Who is of a team already joins another as who is signed in, so that a letter of a week ago is no key to the first."""
    eve, _ = team.invite(acme.team, EVE)
    path, browser = link(acme, eve), Browser(client)
    assert "Sign in with that address first" in browser.open(path).text
    browser.open("/app/sign-in")  # a page with a form, whose token goes along
    assert browser.send(path).status_code == 401 and "sayso" not in browser.cookies
    browser.sign_in(EVE)
    before = dict(browser.cookies)
    browser.open(path)
    assert browser.send(path).headers["location"] == "/app/acme/inbox"
    assert EVE in joined(acme) and browser.cookies["sayso"] == before["sayso"]


def test_who_joined_by_a_link_proves_who_they_are_before_what_is_delicate(client, acme, gil):
    path, browser = link(acme, gil), Browser(client)
    browser.open(path)
    browser.send(path)
    browser.open("/app/acme/settings/keys")
    assert browser.send("/app/acme/settings/keys", do="make", name="ci", scopes="read", ends="").status_code == 403


def test_whoever_invites_learns_no_other_spelling_or_address_until_they_join(acme):
    members.person("Zoe.Quiet@x.example")
    zoe, _ = team.invite(acme.team, "zOE.qUIET@x.example")
    db.changed("UPDATE person SET email = 'zoe@home.example' WHERE id = %(id)s", id=zoe.id)
    assert team.find(acme.team, zoe.id).email == "zOE.qUIET@x.example"
    invitations.join(members.person("zoe@home.example"), "acme")
    assert team.find(acme.team, zoe.id).email == "zoe@home.example"


def test_a_page_that_somebody_has_them_open_does_not_make_them_join(client, acme, globex):
    """A link on a stranger's site to a page of a team that they are only asked into."""
    eve = Browser(client).sign_in(EVE)
    team.invite(acme.team, EVE)
    assert eve.open("/app/acme/inbox").status_code == 404 and EVE not in joined(acme)
    assert "Join Acme" in eve.open("/app/new").text and "acme" not in eve.open("/app/globex/inbox").text
    assert eve.send("/app/new", {"Origin": "https://evil.example"}, join="acme").status_code == 403
    for _ in range(2):
        eve.open("/app/new")
        assert eve.send("/app/new", join="acme").headers["location"] == "/app/acme/inbox"
    assert EVE in joined(acme)
    eve.open("/app/new")
    assert eve.send("/app/new", join="nowhere").status_code == 404


def test_who_moved_to_another_address_gets_no_letter_there_that_the_inviter_would_see(acme):
    zoe, _ = team.invite(acme.team, "zoe@old.example")
    db.changed("UPDATE person SET email = 'zoe@home.example' WHERE id = %(id)s", id=zoe.id)
    with pytest.raises(Conflict, match="left this address"):
        invitations.send_again(acme.team, zoe.id)
    work_off()
    assert db.rows("SELECT to_email FROM letter WHERE kind = 'invitation'") == []
    assert [each.name for each in invitations.pending(members.person("zoe@home.example"))] == ["Acme"]


def test_a_link_in_a_letter_does_not_sign_in_who_has_more_here(client, acme, globex):
    installation.check_keys()  # as a start does
    for email, has_more in (
        ("root@x.example", installation.appoint),
        ("sue@x.example", lambda _: sign_in.begin(members.person("sue@x.example"), sign_in.NOWHERE)),
        ("pia@x.example", lambda _: team.invite(globex.team, "pia@x.example", "admin")),
    ):  # fmt: skip
        has_more(members.person(email).id)
        path, browser = link(acme, team.invite(acme.team, email)[0]), Browser(client)
        assert "Sign in with that address first" in browser.open(path).text
        browser.open("/app/sign-in")
        assert browser.send(path).status_code == 401 and "sayso" not in browser.cookies


def test_however_an_address_is_spelled_it_gets_three_invitations_of_a_workspace_in_a_day(acme):
    for spelling in ("vic.tim@x.example", "victim+a@x.example", "v.i.c.t.i.m+b@x.example"):
        team.invite(acme.team, spelling)
    with pytest.raises(RateLimited):
        team.invite(acme.team, "victim+c@x.example")


def test_the_letter_goes_to_the_address_as_the_inviter_wrote_it(acme):
    members.person("Zoe.Quiet@x.example")
    team.invite(acme.team, "zOE.qUIET@x.example")
    work_off()
    assert db.rows("SELECT to_email FROM letter WHERE kind = 'invitation'") == [("zOE.qUIET@x.example",)]


def test_a_session_that_an_older_invitation_began_shows_who_it_is_before_it_joins_another(client, acme, globex, gil):
    path, browser = link(acme, gil), Browser(client)
    browser.open(path)
    assert browser.send(path).status_code == 303
    team.invite(globex.team, GIL, "admin")
    browser.open("/app/new")
    refused = browser.send("/app/new", join="globex")
    assert refused.status_code == 403 and "Is this you?" in refused.text and "Join Globex" in refused.text
    assert GIL not in joined(globex)
    prove(browser)
    browser.open("/app/new")
    assert browser.send("/app/new", join="globex").status_code == 303 and GIL in joined(globex)
