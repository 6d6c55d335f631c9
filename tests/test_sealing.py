"""Secrets at rest: what no key of the list opens, which keys are refused, and how an old key is taken away."""

import secrets

import cast
import pytest
from cast import SECRET_KEY

from service import config, db, resealing
from service.errors import SettingError
from service.feedback import endpoints, identity_secrets
from service.lib import sealing, tokens

OLD, NEW = "0ld-k3y-that-1s-g0ing-t0-be-taken-away", "n3w-k3y-that-1s-g0ing-t0-be-the-0nly-one"
SEALED_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND (column_name ~ 'sealed' OR column_name = 'key_check')"""


@pytest.fixture
def keys(settings):
    """Use these keys from now on; afterwards those of the other tests again."""

    def use(*given: str) -> None:
        tokens.start(given)
        sealing.start(given)

    yield use
    use(*settings.secret_keys)


def given(key: str) -> dict[str, str]:
    return {"SECRET_KEYS": key, "DATABASE_URL": "postgresql://db/sayso", "DATA_DIR": "/nowhere"}


def opened() -> set[bool]:
    """Whether what is sealed can be read with the keys that are used."""
    columns = [(table, column) for table, column in db.rows(SEALED_COLUMNS)]
    found = [value for table, column in columns
             for (value,) in db.rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")]  # fmt: skip
    assert len(found) > 500 and len(columns) == 6
    return {sealing.unseal(value) is not None for value in found}


def resealed() -> tuple[int, int]:
    """(values that were sealed anew, values that nobody can open)."""
    done = list(resealing.reseal())
    assert sum(each.rows for each in done) == resealing.count()
    return sum(each.changed for each in done), sum(each.lost for each in done)


@pytest.mark.parametrize("key", [
    "changeme" * 4, "please-change-me-before-you-start-sayso", "x" * 64, "abc" * 12, "0123456789" * 4, "deadbeef" * 4,
    "CHANGE_ME-4k9Jw0s8Qm2Vx7Lr5Tz1Np6", "my-secret-key-for-the-feedback-board", "this-is-an-example-of-a-long-enough-key",
    "only-here-only-here-only-here-only-here", "aabbaabbaabababababbbbbaaabbabababa",
    "your-secret-of-32-characters-goes-here",
])  # fmt: skip
def test_case_77_a_key_that_anybody_could_guess_is_refused_and_not_repeated(key):
    with pytest.raises(SettingError) as refusal:
        config.read(given(f"{SECRET_KEY},{key}"))
    assert "anybody could guess" in str(refusal.value) and key not in str(refusal.value)


def test_a_random_key_is_taken_however_it_was_made():
    for _ in range(2000):
        made = (secrets.token_urlsafe(32), secrets.token_hex(16), secrets.token_urlsafe(24), f"{secrets.randbits(110):033}")
        assert config.read(given(",".join(made))).secret_keys == made


def test_the_newest_key_seals_and_every_key_opens(keys):
    keys(OLD)
    before = sealing.seal("ours")
    keys(OLD, NEW)
    after = sealing.seal("ours")
    assert (sealing.unseal(before), sealing.unseal(after)) == ("ours", "ours")
    keys(NEW)
    assert (sealing.unseal(before), sealing.unseal(after)) == (None, "ours")


@pytest.fixture
def sealed(here, keys):
    """Something in every sealed column, sealed with the old key; returns what it is."""
    keys(OLD)
    acme = cast.acme()
    kid, secret = identity_secrets.create(acme.workspace)
    endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"])
    endpoint = endpoints.of(acme.team)[0]
    endpoints.rotate(acme.team, endpoint.id)
    db.changed("INSERT INTO installation (key_check) VALUES (%(sealed)s)", sealed=sealing.seal("sayso"))
    db.changed(
        "INSERT INTO repeated_request (workspace_id, key, fingerprint, sealed) SELECT %(w)s, 'k' || n, '', %(sealed)s "
        "FROM generate_series(1, 500) n", w=acme.workspace.id, sealed=sealing.seal("an answer"),
    )  # fmt: skip
    return acme, kid, secret


def test_after_resealing_the_old_key_can_be_taken_away(sealed, keys):
    acme, kid, secret = sealed
    keys(NEW)
    assert opened() == {False}
    keys(OLD, NEW)
    assert resealed() == (505, 0)
    assert resealed() == (0, 0), "the second time there is nothing to do"
    keys(NEW)
    assert opened() == {True} and identity_secrets.reveal(acme.workspace) == {kid: secret}


def test_resealing_may_be_stopped_and_begun_again(sealed, keys):
    keys(OLD, NEW)
    walk = resealing.reseal()
    before = sum(next(walk).changed for _ in range(4))
    walk.close()
    assert 0 < before < 505 and opened() == {True}
    assert resealed() == (505 - before, 0)


def test_what_no_key_opens_stays_as_it_is_and_is_counted(sealed, keys):
    rows = "SELECT sealed_url, sealed_secret FROM endpoint"
    before = db.rows(rows)
    keys(NEW)
    assert resealed() == (0, 505) and db.rows(rows) == before
