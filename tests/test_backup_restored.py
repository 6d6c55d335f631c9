"""A backup brought back, into the same and into a newer PostgreSQL: whoever reads sees the same as before."""

import cast
import falcon.testing
import pytest
from backing_up import LARGE, answers, at, database_of, fill, refused, sayso, tables

from service import db, embedded, migrate
from service.feedback import endpoints, letters, vectors

WAYS = [("16", "16"), ("16", "18"), ("18", "18")]


@pytest.fixture(scope="module")
def servers(folder):
    """Version → server: a PostgreSQL of each version we have."""
    made = {}
    try:
        for version in ("16", "18"):
            made[version] = embedded.start(folder / f"backups-{version}", version, fast=True)
        yield made
    finally:
        for each in made.values():
            each.stop()


@pytest.fixture(scope="module", params=["16", "18"])
def source(request, servers, app, settings, tmp_path_factory):
    """(version, company, where to read, what is answered there, the backup's file)."""
    version, client = request.param, falcon.testing.TestClient(app)
    for word in (letters, endpoints, vectors):
        word.start(settings)
    with database_of(servers[version], "source") as url:
        migrate.run(url)
        with at(url):
            acme = cast.acme()
            cast.globex().post("Of somebody else")
            asked = fill(client, acme)
            said = answers(client, acme, asked)
            assert len(said["the large file"][0]) > LARGE and len(said) > 30
        file = tmp_path_factory.mktemp(f"from-{version}") / "sayso.backup"
        told = sayso("backup", file, url=url)
        assert f"PostgreSQL {version}" in told and "SECRET_KEYS are not inside" in told
    return version, acme, asked, said, file


@pytest.fixture
def client(app):
    return falcon.testing.TestClient(app)


def test_everything_the_api_shows_is_the_same_bytes_after_a_restore(servers, source, client):
    version, acme, asked, said, file = source
    for target in [after for before, after in WAYS if before == version]:
        with database_of(servers[target], "target") as url:
            assert "Restored and counted again" in sayso("restore", file, url=url)
            with at(url):
                again = answers(client, acme, asked)
                assert {what for what in said if said[what] != again[what]} == set(), (version, target)
                numbers = [acme.post("After the restore") for _ in range(2)]
                assert len(set(numbers)) == 2 and acme.user({"sub": "new-after-restore"}).id
                assert db.row("SELECT count(*) FROM pg_stats WHERE schemaname = 'public'")[0], "the planner knows the tables"
            assert "There is data in this database already" in refused("restore", file, url=url)


@pytest.mark.parametrize("source", ["18"], indirect=True)
def test_an_older_postgres_is_refused_unless_one_asks_for_it(servers, source, client):
    _, acme, asked, said, file = source
    with database_of(servers["16"], "target") as url:
        line = refused("restore", file, url=url)
        assert "made with PostgreSQL 18, and here is 16" in line and "--older-postgres" in line
        assert tables(url) == 0
        sayso("restore", file, "--older-postgres", url=url)
        with at(url):
            assert answers(client, acme, asked) == said
