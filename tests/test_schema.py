"""The database keeps tenants apart by itself, and the models say what the migrations made."""

import peewee
import psycopg2
import pytest
from playhouse.postgres_ext import ArrayField

from service import db, migrate, models
from service.files import root

GLOBAL = {"workspace", "person", "session", "sign_in_link", "cron_run", "rate", "installation", "schema_migration",
          "measurement", "slow_query", "stripe_event"}  # fmt: skip
TYPES = {
    "BIGINT": "bigint", "INTEGER": "integer", "SMALLINT": "smallint", "TEXT": "text", "BOOLEAN": "boolean",
    "DATE": "date", "REAL": "real",
    "TIMESTAMPTZ": "timestamp with time zone", "JSONB": "jsonb", "BYTEA": "bytea", "UUID": "uuid", "TSVECTOR": "tsvector",
    "REGCONFIG": "regconfig", "HALFVEC": "USER-DEFINED", "BITS": "bit",
}  # fmt: skip

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
 WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"""
KEYS = """
SELECT conrelid::regclass::text, conname, contype, a.attname FROM pg_constraint c
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')"""
REFERENCES = """
SELECT conrelid::regclass::text, conname, array(
         SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place)
  FROM pg_constraint c WHERE connamespace = 'public'::regnamespace AND contype = 'f'"""
# one with a condition serves if it leaves out only rows that refer to nothing
INDEXES = """
SELECT i.indrelid::regclass::text, array(
         SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey::int[]) WITH ORDINALITY k (number, place)
           LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'public'::regnamespace
  LEFT JOIN pg_attribute second ON second.attrelid = i.indrelid AND second.attnum = i.indkey[1]
 WHERE i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = '(' || quote_ident(second.attname) || ' IS NOT NULL)'"""
UNIQUE_INDEXES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'public'::regnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
 WHERE i.indisunique"""


def test_models_and_migrations_agree_on_every_column(here):
    migrated = {}
    for table, column, kind, nullable in db.rows(COLUMNS):
        if table != "schema_migration":
            migrated.setdefault(table, {})[column] = (kind, nullable)
    modelled = {}
    for table in models.GLOBAL + models.OF_A_WORKSPACE:
        columns = {}
        for field in table._meta.sorted_fields:
            columns[field.column_name] = (kind_of(field), field.null)
        modelled[table._meta.table_name] = columns
    assert modelled == migrated


def kind_of(field: peewee.Field) -> str:
    if isinstance(field, ArrayField):
        return "ARRAY"
    name = "BIGINT" if isinstance(field, peewee.IdentityField) else field.field_type
    return TYPES[db.database._field_types.get(name, name)]


def test_every_key_of_a_tenants_table_begins_with_its_workspace(here):
    for table, name, _, first in db.rows(KEYS):
        assert table in GLOBAL or first == "workspace_id", f"{name} of {table} begins with {first}"
    for table, name, first in db.rows(UNIQUE_INDEXES):
        assert table in GLOBAL or first == "workspace_id", f"{name} of {table} begins with {first}"


def test_what_refers_to_a_row_is_found_by_an_index_when_the_row_goes(here):
    indexes = db.rows(INDEXES)
    for table, name, columns in db.rows(REFERENCES):
        first = columns[:2]  # of a workspace's things the workspace, and then which
        found = [each for of, each in indexes if of == table and each[: len(first)] == first]
        assert found, f"{name}: no index of {table} begins with {', '.join(first)}"


def test_the_global_tables_are_these_and_only_these(here):
    without = {table for table, *_ in db.rows(COLUMNS)} - {
        table for table, column, *_ in db.rows(COLUMNS) if column == "workspace_id"
    }
    assert without == GLOBAL


def test_a_row_cannot_point_into_another_workspace(acme, globex):
    number = acme.post()
    foreign = globex.user()
    with pytest.raises(peewee.IntegrityError, match="voter_exists"):
        models.Vote.insert(workspace_id=acme.workspace.id, post_number=number, user_id=foreign.id).execute()


def test_migrating_twice_does_nothing_the_second_time(empty_url, postgres, admin):
    name = empty_url.partition("?")[0].rpartition("/")[2]
    connection = psycopg2.connect(postgres.address("postgres", name))
    connection.autocommit = True
    connection.cursor().execute("CREATE EXTENSION vector")
    connection.close()
    assert migrate.run(empty_url) == sorted(each.stem for each in root("migrations").glob("0*.py"))
    assert migrate.run(empty_url) == []


def test_a_dead_job_has_the_columns_of_a_job_in_their_order(here):
    """What dies is moved with `SELECT dead.*`."""
    columns = {table: [column for name, column, *_ in db.rows(COLUMNS) if name == table] for table in ("job", "job_dead")}
    assert columns["job_dead"] == [*columns["job"], "died_at", "reason"]
