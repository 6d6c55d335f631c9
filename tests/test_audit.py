"""The audit log: what it says of what was done, who reads it, and that its length makes nobody wait."""

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, EVE

from service import db
from service.feedback import audit, blocking, boards, general, keys, members, privacy, statuses, team
from service.feedback.audit import Entry
from service.web.dashboard.settings import audit as page_of_it
from service.web.dashboard.settings import audit_words

AUDIT = "/app/acme/settings/audit"
SHEET = f"{AUDIT}.csv"
GIL = "gil@acme.example"
MANY = """
INSERT INTO event (workspace_id, seq, type, public, person_id, data)
SELECT %(workspace)s, n, (ARRAY['vote.created', 'post.updated', 'member.signed_in', 'key.created'])[1 + n %% 4], false,
       CASE n %% 4 WHEN 2 THEN %(person)s END, '{}' FROM generate_series(1000, 101000) n"""
PLAN = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {audit.LIST}"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def lines(page) -> list[str]:
    """What the log says, without the time."""
    found = re.findall(r"<p>(<strong>.*?)</p>", page.text)
    return [unescape(re.sub(r"<[^>]+>", "", each)) for each in found]


def done(acme) -> None:
    """One of several kinds."""
    gil, _ = team.invite(acme.team, GIL)
    members.join(acme.workspace.id, members.person(GIL), "member")
    team.set_role(acme.team, gil.id, "admin")
    made, _ = keys.make(acme.team, "ci", ["read", "write"])
    keys.end(acme.team, made.id)
    boards.create(acme.team, "ideas", "Ideas")
    boards.delete(acme.team, "ideas", into="bugs")
    general.change(acme.team, name="Acme 2", edit_minutes=5)
    blocking.block(acme.team, acme.user().external_id)
    statuses.create(acme.team, "later", "Later", "open", "#123456")
    team.remove(acme.team, gil.id)


def test_it_says_in_sentences_what_was_done_and_names_the_thing(ada, acme):
    done(acme)
    said = [line for line in lines(ada.open(AUDIT)) if "signed in" not in line]
    assert [re.sub(r"sk_[\w-]+", "sk_…", line) for line in said] == [
        f"Ada removed {GIL} from the team", "Ada made the status “later”", "Ada blocked the user Cleo",
        "Ada changed the name and how long users may edit", "Ada deleted the board “ideas”; its posts went to “bugs”",
        "Ada made the board “ideas”", "Ada ended the API key “ci” (sk_……)",
        "Ada made the API key “ci” (sk_……) with the scopes read and write", f"Ada made {GIL} an admin instead of a member",
        f"{GIL} joined the team as a member", f"Ada invited {GIL} as a member",
    ]  # fmt: skip


def test_who_withdraws_leaves_or_is_called_otherwise_is_told_apart(ada, acme):
    gil, _ = team.invite(acme.team, GIL, "admin")
    team.remove(acme.team, gil.id)
    ben = acme.team._replace(person=members.person(BEN).id)
    team.rename(ben, "Benjamin")
    team.set_role(acme.team, ben.person, "owner")
    team.remove(ben, ben.person)
    said = lines(ada.open(AUDIT))
    assert "Benjamin left the team" in said and "Benjamin changed their name" in said
    assert f"Ada withdrew the invitation of {GIL}" in said
    page = ada.open(f"{AUDIT}?who={ben.person}")
    assert "Benjamin (left)" in page.text and set(lines(page)) == {"Benjamin left the team", "Benjamin changed their name"}


def test_who_signed_out_everywhere_is_told_from_whose_sessions_the_team_ended(ada, acme):
    cleo = acme.user()
    blocking.sign_out(acme.reader(CLEO), cleo.external_id)
    blocking.sign_out(acme.team, cleo.external_id)
    said = lines(ada.open(f"{AUDIT}?what=users"))
    assert said == ["Ada ended the sessions of the user Cleo", "The user Cleo signed out everywhere"]
    privacy.erase(acme.team, cleo.external_id)
    assert lines(ada.open(f"{AUDIT}?what=users"))[1:] == [
        "Ada ended the sessions of the user who was erased since", "A user signed out everywhere"]  # fmt: skip


def test_of_who_left_it_knows_the_address_that_they_had_then(ada, acme):
    ben = members.person(BEN)
    statuses.create(acme.team._replace(person=ben.id), "soon", "Soon", "open", "#123456")
    team.remove(acme.team, ben.id)
    db.changed("UPDATE person SET email = 'ben@home.example' WHERE id = %(id)s", id=ben.id)
    assert BEN in ada.open(SHEET).text and "ben@home.example" not in ada.open(SHEET).text


def test_it_is_looked_through_by_kind_and_by_who_did_it(ada, acme):
    done(acme)
    ben = acme.team._replace(person=members.person(BEN).id)
    statuses.create(ben, "soon", "Soon", "open", "#123456")
    assert all("API key" in line for line in lines(ada.open(f"{AUDIT}?what=keys")))
    assert lines(ada.open(f"{AUDIT}?who={ben.person}&what=settings")) == ["Ben made the status “soon”"]
    page = ada.open(f"{AUDIT}?who={ben.person}&what=webhooks")
    assert lines(page) == [] and "Nothing of this kind" in page.text
    for wrong in ("what=nothing", "who=x", "who=-1e3", f"who={'9' * 30}", "cursor=x", "who=%E2%82%AC"):
        assert ada.open(f"{AUDIT}?{wrong}").status_code in (200, 400, 422), wrong
        assert ada.open(f"{SHEET}?{wrong}").status_code in (200, 400, 422), wrong


def test_earlier_ones_stand_on_the_next_page_each_once(ada, acme, monkeypatch):
    monkeypatch.setattr(page_of_it, "PAGE", 4)
    done(acme)
    found, address = [], "?what=settings"
    while address:
        page = ada.open(AUDIT + address)
        found += lines(page)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = following and unescape(following[1])
    assert len(found) == len(set(found)) == 4
    assert found == lines(ada.open(f"{AUDIT}?what=settings"))


def test_it_is_a_file_for_spreadsheets_too(ada, acme):
    done(acme)
    keys.make(acme.team, "=cmd()", ["read"])
    answer = ada.open(f"{SHEET}?what=keys")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "acme-audit-log" in answer.headers["content-disposition"]
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header == page_of_it.HEADER
    assert [row[5] for row in rows] == ["key.created", "key.deleted", "key.created"]
    assert [row[2:4] for row in rows] == [["Ada", ADA]] * 3 and "=cmd()" in rows[0][4] and rows[0][4][0] != "="


def test_only_owners_and_admins_of_this_workspace_read_it(client, ada, acme, globex):
    done(acme)
    for who, status in ((BEN, 403), (EVE, 404)):
        browser = Browser(client).sign_in(who)
        for address in (AUDIT, SHEET):
            answer = browser.open(address)
            assert answer.status_code == status and GIL not in answer.text, (who, address)
    assert "/settings/audit" not in Browser(client).sign_in(BEN).open("/app/acme/settings/team").text
    assert Browser(client).open(AUDIT).headers["location"] == "/app/sign-in"
    assert "acme" not in "".join(lines(Browser(client).sign_in(EVE).open("/app/globex/settings/audit"))).lower()


def test_every_kind_of_event_in_it_has_a_sentence_whatever_it_knows():
    assert set(audit_words.SAID) == set(audit.types())
    for type in audit.types():
        for data in ({}, {"key": None, "changed": [], "role": "boss", "scopes": [], "email": "{0.__class__}", "into": "x"}):
            entry = Entry(1, type, datetime.now(UTC), data, None, "", "", None, "")
            assert audit_words.said(entry) and entry.actor and "<class" not in audit_words.said(entry)
    assert set(page_of_it.NAMES) == set(audit.GROUPS)


def test_a_long_history_makes_nobody_wait(acme):
    db.changed(MANY, workspace=acme.workspace.id, person=acme.owner.id)
    db.changed("ANALYZE event")
    place = {"workspace": acme.workspace.id, "before": 60_000, "most": 51, "types": audit.types()}
    for person in (None, acme.owner.id):
        [[[plan]]] = [db.rows(PLAN, person=person, **place)[0]]
        assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 3000, plan
    assert len(audit.page(acme.team, 51, before=60_000)) == 51
