"""The key in the snippet is made anew without a gap, and former ones are ended when no page has them any more."""

import pytest
from browser import Browser
from calls import call
from cast import ADA, BEN, EVE
from crowd import at_once

from service import db
from service.errors import Conflict
from service.feedback import widget_keys, workspaces

INSTALL = "/app/acme/settings"
EVENTS = "SELECT type, data FROM event WHERE type LIKE 'widget_key.%%' ORDER BY seq"
SEEN = "SELECT former_key_seen_at > now() - interval '5 seconds' FROM workspace WHERE slug = 'acme'"
STALE = "UPDATE session SET proved_at = now() - interval '11 minutes'"


def opens(client, acme, key: str) -> int:
    return call(client, acme, "opening", key=key).status_code


def test_a_new_key_leaves_the_former_ones_until_they_are_ended(client, acme, globex):
    keys = [acme.widget_key, widget_keys.rotate(acme.team), widget_keys.rotate(acme.team)]
    assert len(set(keys)) == 3 and [opens(client, acme, key) for key in keys] == [200] * 3
    assert widget_keys.end_former(acme.team) == 2 and widget_keys.end_former(acme.team) == 0
    assert [opens(client, acme, key) for key in keys] == [401, 401, 200]
    assert call(client, acme, "opening", key=keys[0]).json["code"] == "key_revoked"
    assert opens(client, globex, globex.widget_key) == 200
    assert db.rows(EVENTS) == [("widget_key.rotated", {"generation": 2}), ("widget_key.rotated", {"generation": 3}),
                               ("widget_key.ended", {"before": 3})]  # fmt: skip


def test_two_members_who_look_at_the_same_page_make_one_key(acme):
    made = at_once(lambda _: widget_keys.rotate(acme.team, 1), 8)
    assert sum(isinstance(each, Conflict) for each in made) == 7
    with pytest.raises(Conflict):
        widget_keys.end_former(acme.team, 1)
    assert workspaces.find(acme.workspace.id).key_generation == 2


def test_a_page_with_a_former_key_is_noted_at_most_once_an_hour(client, acme):
    former, newest = acme.widget_key, widget_keys.rotate(acme.team)
    opens(client, acme, newest)
    assert db.row(SEEN) == (None,)
    opens(client, acme, former)
    assert db.row(SEEN) == (True,)
    for ago, is_noted in (("50 minutes", False), ("61 minutes", True)):
        db.changed(f"UPDATE workspace SET former_key_seen_at = now() - interval '{ago}' WHERE slug = 'acme'")
        opens(client, acme, former)
        assert db.row(SEEN) == (is_noted,)
    widget_keys.end_former(acme.team)
    opens(client, acme, former)
    assert db.row(SEEN) == (None,)


def test_the_install_page_offers_both_and_says_when_a_former_one_was_seen(client, acme):
    ada, former = Browser(client).sign_in(ADA), acme.widget_key
    assert "One key works" in ada.open(INSTALL).text
    assert ada.send(INSTALL, do="rotate", seen="1").status_code == 303
    page = ada.open(INSTALL).text
    newest = workspaces.widget_key(workspaces.find(acme.workspace.id))
    assert newest in page and former not in page and "No page has come with one yet" in page
    opens(client, acme, former)
    assert "A page last came with one" in ada.open(INSTALL).text
    for fields in ({"do": "rotate", "seen": "1"}, {"do": "end", "seen": "1"}, {"do": "end"}, {"do": "end", "seen": "x\0"}):
        assert ada.send(INSTALL, **fields).status_code == 409  # what it was made for is no longer so
    assert ada.send(INSTALL, do="end", seen="2").status_code == 303 and "Only the newest" in ada.open(INSTALL).text
    assert ada.send(INSTALL, do="end", seen="2").status_code == 303 and "no former key left" in ada.open(INSTALL).text
    assert opens(client, acme, former) == 401


def test_case_16_a_key_is_changed_only_by_admins_who_lately_proved_who_they_are(client, acme, globex):
    ada = Browser(client).sign_in(ADA)
    for email, home, status in ((BEN, INSTALL, 403), (EVE, "/app/globex/settings", 404)):
        browser = Browser(client).sign_in(email)
        for deed in ("rotate", "end"):
            browser.open(home)
            assert browser.send(INSTALL, do=deed, seen="1").status_code == status
    ada.open(INSTALL)
    db.changed(STALE)
    for deed in ("rotate", "end"):
        page = ada.send(INSTALL, do=deed, seen="1")
        assert page.status_code == 403 and "Confirm that it is you" in page.text
    assert Browser(client).send(INSTALL, do="rotate", seen="1").status_code == 303  # to sign in
    assert db.rows(EVENTS) == []
