"""Settings → Export: who asks, who watches, who gets nothing."""

import pytest
from browser import Browser
from cast import ADA, BEN, EVE
from queued import work_off

from service import db
from service.feedback import exports

STALE = "UPDATE session SET proved_at = now() - interval '1 day'"
PAGE = "/app/acme/settings/export"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def test_an_owner_asks_watches_and_downloads(ada, acme):
    page = ada.open(PAGE)
    assert "Export everything" in page.text and "data-again" not in page.text
    assert ada.send(PAGE, do="request").status_code == 303
    page = ada.open(PAGE)
    assert "data-again" in page.text and "Waiting for its turn" in page.text and "One is under way" in page.text
    work_off()
    page = ada.open(PAGE)
    assert "data-again" not in page.text and "Download" in page.text and "by Ada" in page.text
    id = exports.of(acme.team, 1)[0].id
    answer = ada.client.simulate_get(f"{PAGE}/{id}/file", headers=ada.headers())
    assert answer.content[:2] == b"PK" and answer.headers["cache-control"] == "no-store"
    ada.send(PAGE, do="delete", export=id)
    assert "It was deleted." in ada.open(PAGE).text


def test_how_far_it_is_stands_there(ada, acme):
    exports.request(acme.team)
    db.changed("UPDATE export SET state = 'running', total = 200, done = 50")
    page = ada.open(PAGE)
    assert '<progress max="200" value="50"' in page.text and "25 %" in page.text
    ada.send(PAGE, do="stop", export=exports.of(acme.team, 1)[0].id)
    assert "Stopped" in ada.open(PAGE).text


def test_asking_and_downloading_need_a_fresh_proof(ada, acme):
    ada.open(PAGE)
    db.changed(STALE)
    assert "Is this you?" in ada.send(PAGE, do="request").text and exports.of(acme.team, 1) == []
    export = exports.request(acme.team)[0]
    work_off()
    answer = ada.open(f"{PAGE}/{export.id}/file")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/prove")


def test_members_strangers_and_other_workspaces_get_nothing(client, acme, globex):
    export = exports.request(acme.team)[0]
    work_off()
    ben, eve = Browser(client).sign_in(BEN), Browser(client).sign_in(EVE)
    for path in (PAGE, f"{PAGE}/{export.id}/file"):
        assert ben.open(path).status_code == 403
        assert eve.open(path).status_code == 404
        assert Browser(client).open(path).headers["location"] == "/app/sign-in"
    assert eve.open(f"/app/globex/settings/export/{export.id}/file").status_code == 404
    ben.open("/app/acme/inbox")
    assert ben.send(PAGE, do="request").status_code == 403 and len(exports.of(acme.team, 9)) == 1
    assert PAGE not in ben.open("/app/acme/settings").text


@pytest.mark.parametrize("export", ["", "x", "-1", "0", "99999999999999999999", "2"])
def test_a_form_that_names_none_of_the_list_is_refused(ada, export):
    ada.open(PAGE)
    assert ada.send(PAGE, do="stop", export=export).status_code in (404, 422)


def test_it_stands_in_the_audit_log(ada, acme):
    exports.request(acme.team)
    work_off()
    log = ada.open("/app/acme/settings/audit?what=files").text
    assert "asked for everything as a file (export 1)" in log and "finished export 1" in log
