"""Workspaces whose time has come go whatever stands in the way of one of them."""

import pytest
from peewee import IntegrityError

from service import db, jobs
from service.feedback import clearing

DUE = "UPDATE workspace SET erase_at = now() - interval '1 second' WHERE id = %(workspace)s"


def end(company) -> None:
    db.changed(DUE, workspace=company.workspace.id)


def run_job() -> None:
    job = jobs.enqueue(clearing.ERASE)
    [claimed] = [each for each in jobs.claim("tests", 100, 60, after=jobs.FIRST) if each.id == job]
    clearing.erase_due(claimed)


def test_an_address_that_somebody_took_beforehand_keeps_nothing(acme, globex):
    taken = f"erased-{acme.workspace.public_id.removeprefix('ws_')}"
    db.changed("UPDATE workspace SET slug = %(taken)s WHERE id = %(id)s", taken=taken, id=globex.workspace.id)
    end(acme)
    run_job()
    assert db.rows("SELECT slug FROM workspace") == [(taken,)]


def test_one_that_fails_does_not_keep_the_others_and_is_tried_again(acme, globex):
    end(acme)
    end(globex)
    db.changed("CREATE TABLE clings (id bigint REFERENCES workspace)")
    try:
        db.changed("INSERT INTO clings VALUES (%(id)s)", id=acme.workspace.id)
        with pytest.raises(IntegrityError):
            run_job()
        assert db.rows("SELECT id FROM workspace") == [(acme.workspace.id,)]
    finally:
        db.changed("DROP TABLE clings")
    run_job()
    assert db.rows("SELECT count(*) FROM workspace") == [(0,)]
