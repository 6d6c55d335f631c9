"""Saved views: a name for a set of filters, which the whole team has."""

import re

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from crowd import at_once

from service import db
from service.errors import Conflict, Invalid, NotFound
from service.feedback import views


def test_a_view_keeps_the_filters_that_we_know_in_one_order(acme):
    query = "?tag=slow&sort=top&mrr_from=1,000&x=1&cursor=abc&status=&unanswered=on&q=a%00b"
    id = views.save(acme.team, "  Big   and slow ", query)
    assert views.of(acme.team) == [(id, "Big and slow", "mrr_from=1000&q=ab&sort=top&tag=slow&unanswered=1")]
    views.delete(acme.team, id)
    with pytest.raises(NotFound):
        views.delete(acme.team, id)
    told = db.rows("SELECT type, public, data FROM event ORDER BY seq")
    assert told == [("view.created", False, {"view": id}), ("view.deleted", False, {"view": id})]


@pytest.mark.parametrize("name, query, error", [
    ("", "tag=a", Invalid), ("x" * 81, "tag=a", Invalid), ("\u200b", "", Invalid), ("A", "older=soon", Invalid),
    ("A", "&".join(f"{name}={'ü' * 200}" for name in ("q", "board", "tag", "plan")), Invalid), ("open", "", Conflict),
])  # fmt: skip
def test_what_cannot_be_a_view_is_refused(acme, name, query, error):
    views.save(acme.team, "Open", "status=open")
    with pytest.raises(error):
        views.save(acme.team, name, query)
    assert len(views.of(acme.team)) == 1


def test_there_are_at_most_fifty_also_when_two_save_the_last(acme, monkeypatch):
    monkeypatch.setattr(views, "MOST", 3)
    done = at_once(lambda number: views.save(acme.team, f"View {number}", f"older={number + 1}"), 6)
    assert sum(isinstance(each, Conflict) for each in done) == 3 and len(views.of(acme.team)) == 3


def test_a_view_is_saved_opened_and_deleted_in_the_inbox(client, acme, globex):
    ada, ben, eve = (Browser(client).sign_in(each) for each in (ADA, BEN, EVE))
    ada.open("/app/acme/inbox", query_string="status=open&older=7")
    answer = ada.send("/app/acme/inbox?status=open&older=7", do="save_view", name="Old & open")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/acme/inbox?status=open&older=7")
    page = ben.open("/app/acme/inbox")
    assert 'href="/app/acme/inbox?older=7&amp;status=open">Old &amp; open</a>' in page.text
    page = ben.open("/app/acme/inbox", query_string="older=7&status=open")
    assert 'aria-current="page">Old &amp; open</a>' in page.text
    again = ben.send("/app/acme/inbox?older=7", do="save_view", name="old & OPEN")
    assert again.status_code == 409 and "There is a view" in again.text and 'value="old &amp; OPEN"' in again.text
    view = re.search(r'name="view" value="(\d+)"', page.text)[1]
    eve.open("/app/globex/inbox")
    eve.send("/app/globex/inbox", do="delete_view", view=view)
    assert len(views.of(acme.team)) == 1
    for _ in range(2):
        ben.open("/app/acme/inbox")
        assert ben.send("/app/acme/inbox", do="delete_view", view=view).status_code == 303
    assert views.of(acme.team) == []
