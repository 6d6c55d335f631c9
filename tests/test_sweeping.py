"""Someone's address goes out of what others wrote, and nothing else does; and no column with words is forgotten."""

import pytest
from cast import DAN
from queued import make_due, work_off

from service import db, jobs
from service.feedback import boards, comments, posts, privacy, sweeping, tags, vectors
from service.lib import sealing

WORDS = """
SELECT quote_ident(c.table_name), c.column_name FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
   AND c.data_type IN ('text', 'jsonb', 'ARRAY', 'bytea', 'tsvector', 'character varying', 'json', 'USER-DEFINED')
   AND EXISTS (SELECT FROM information_schema.columns w
                WHERE w.table_schema = 'public' AND w.table_name = c.table_name AND w.column_name = 'workspace_id')"""
MAIA = {"sub": "maia-3", "email": "maia@customer.example", "name": "Maia Stone"}


def says(acme, number: int) -> str:
    return posts.find(acme.team, number).body


def erase(acme, external_id: str) -> None:
    privacy.erase(acme.team, external_id)
    work_off()


def test_every_column_with_words_is_looked_into_or_says_why_not(here):
    known = {(table, column) for table, (columns, _) in sweeping.LEFT.items() for column in columns.split()}
    for table, texts in sweeping.SWEPT.items():
        known |= {(table, column) for kind in sweeping.KINDS for column in getattr(texts, kind).split()}
    found = {(table, column) for table, column in db.rows(WORDS)}
    assert sorted(found - known) == [], "say of these in sweeping.SWEPT how they are looked into, or in LEFT why not"
    assert sorted(known - found) == [], "there is no such column any more"


@pytest.mark.parametrize("said, becomes", [
    ("Ask maia@customer.example", "Ask …"), ("MAIA@Customer.Example!", "…!"), ("<maia@customer.example>", "<…>"),
    ("mailto:maia@customer.example?subject=x", "mailto:…?subject=x"), ("(maia@customer.example).", "(…)."),
    ("https://x.example/?m=maia%40customer.example&y", "https://x.example/?m=…&y"), ("Maia Stone did.", "Maia Stone did."),
    ("maia@customer.example.uk", "maia@customer.example.uk"), ("me.maia@customer.example", "me.maia@customer.example"),
    ("maia@customer.example.csv", "….csv"), ("maia@customer.example.csvs", "maia@customer.example.csvs"),
    ("Was it maia@customer.example? So.", "Was it …? So."), ("amaia@customer.example", "amaia@customer.example"),
    ("maia@customer.examples", "maia@customer.examples"), ("Maia wrote", "Maia wrote"),
    ("a\\maia@customer.example\nmaia@customer.example", "a\\…\n…"), ("Nothing", "Nothing"),
])  # fmt: skip
def test_what_others_wrote_says_it_no_more(acme, said, becomes):
    acme.user(MAIA)
    acme.post("Dan's", said, by=DAN, meta={"page": "https://x.example/"})
    comments.create(acme.reader(DAN), 1, said)
    db.changed("UPDATE post SET meta = jsonb_build_object('page', %(said)s::text)", said=said)
    erase(acme, "maia-3")
    assert says(acme, 1) == becomes and comments.page(acme.team, 1, 5)[0].body == becomes
    assert db.row("SELECT meta->>'page' FROM post") == (becomes,)


def test_an_address_that_somebody_else_has_too_stays(acme):
    acme.user(MAIA)
    acme.user({**MAIA, "sub": "maia-4", "name": "Maia Stone"})
    acme.post("Dan's", "Ask maia@customer.example, Maia Stone", by=DAN)
    erase(acme, "maia-3")
    assert says(acme, 1) == "Ask maia@customer.example, Maia Stone"
    assert db.rows("SELECT count(*) FROM job WHERE kind = 'user.sweep'") == [(0,)]


def test_the_other_workspaces_words_are_left_alone(acme, globex):
    for company in (acme, globex):
        company.user(MAIA)
        company.post("Dan's", "maia@customer.example", by=DAN)
    erase(acme, "maia-3")
    assert says(acme, 1) == "…" and says(globex, 1) == "maia@customer.example"


def test_names_that_must_differ_still_do(acme):
    acme.user(MAIA)
    for index, name in enumerate((MAIA["email"], MAIA["email"].upper())):
        company = {"id": name, "name": name}
        acme.user({"sub": f"u{index}", "company": company})
    tags.create(acme.team, "hers", f"By {MAIA['email']}")
    boards.create(acme.team, "hers", f"Of {MAIA['email']}")
    erase(acme, "maia-3")
    found = db.rows("SELECT name, external_id FROM company ORDER BY id")
    assert [name for name, _ in found] == ["…", "…"] and len({id for _, id in found}) == 2
    assert db.rows("SELECT name FROM tag") == [("By …",)] and ("Of …",) in db.rows("SELECT name FROM board")


def test_a_post_whose_words_change_gets_another_vector(acme):
    acme.user(MAIA)
    acme.post("Dan's", "maia@customer.example", by=DAN)
    acme.post("Dan's other", "Nothing", by=DAN)
    work_off()
    privacy.erase(acme.team, "maia-3")
    [job] = [each for each in jobs.claim("tests", 10, 60) if each.kind == sweeping.SWEEP]
    sweeping.sweep(job)
    assert db.rows("SELECT args FROM job WHERE kind = %(kind)s", kind=vectors.EMBED) == [({"post": 1},)]


def test_what_it_looks_for_stands_nowhere_but_sealed(acme):
    acme.user(MAIA)
    privacy.erase(acme.team, "maia-3")
    [(args,)] = db.rows("SELECT DISTINCT args FROM job WHERE kind = 'user.sweep'")
    assert list(args) == ["sealed"] and "maia" not in str(args).lower()
    make_due()
    work_off()
    assert db.rows("SELECT count(*) FROM job WHERE kind = 'user.sweep'") == [(0,)]


def test_it_goes_on_in_pieces_where_another_job_stopped(acme, monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    monkeypatch.setattr(sweeping, "SECONDS", 0)
    acme.user(MAIA)
    for number in range(7):
        acme.post(f"Post {number}", "maia@customer.example", by=DAN)
    privacy.erase(acme.team, "maia-3")
    work_off(120)
    assert {says(acme, number) for number in range(1, 8)} <= {"…", "maia@customer.example"}
    monkeypatch.setattr(sweeping, "SECONDS", 20)
    make_due()
    work_off()
    assert {says(acme, number) for number in range(1, 8)} == {"…"}


def test_without_its_key_nobody_can_say_what_was_looked_for(acme, settings):
    acme.user(MAIA)
    acme.post("Dan's", "maia@customer.example", by=DAN)
    privacy.erase(acme.team, "maia-3")
    sealing.start(("an0ther-k3y-of-th1rty-two-l3tters-or-more",))
    try:
        work_off()
    finally:
        sealing.start(settings.secret_keys)
    assert db.rows("SELECT count(*) FROM job_dead") == [(0,)]


def test_who_calls_themselves_what_others_write_rewrites_nothing(client, acme):
    """A guest chooses their name; erased, they took it out of the whole workspace."""
    acme.user({**MAIA, "name": "In progress"})
    acme.post("In progress: dark mode", "It is in progress.", by=DAN)
    boards.create(acme.team, "now", "In progress")
    before = (says(acme, 1), db.rows("SELECT name FROM status ORDER BY id"), db.rows("SELECT name FROM board ORDER BY id"))
    privacy.erase(acme.reader(MAIA), "maia-3")
    work_off()
    assert (says(acme, 1), db.rows("SELECT name FROM status ORDER BY id"),
            db.rows("SELECT name FROM board ORDER BY id")) == before  # fmt: skip
    assert posts.find(acme.team, 1).title == "In progress: dark mode"


@pytest.mark.parametrize("doubt", [
    "UPDATE \"user\" SET email_kid = 'imported' WHERE external_id = 'maia-3'",
    "UPDATE workspace SET revoked_kids = ARRAY['k9']",
])  # fmt: skip
@pytest.mark.parametrize(("by_team", "becomes"), [(False, "Ask maia@customer.example"), (True, "Ask …")])
def test_an_address_that_nobody_showed_to_be_theirs_goes_only_when_the_team_erases_them(acme, doubt, by_team, becomes):
    acme.user(MAIA)
    reader = acme.reader(MAIA)
    db.changed("UPDATE \"user\" SET email_kid = 'k9' WHERE external_id = 'maia-3'")
    acme.post("Dan's", "Ask maia@customer.example", by=DAN)
    db.changed(doubt)
    privacy.erase(acme.team if by_team else reader, "maia-3")
    work_off()
    assert says(acme, 1) == becomes


def test_who_has_no_address_leaves_no_job(acme):
    acme.user({"sub": "nia-9", "name": "Nia Stone"})
    privacy.erase(acme.team, "nia-9")
    assert db.rows("SELECT count(*) FROM job WHERE kind = 'user.sweep'") == [(0,)]
