"""The queue, its dead letters, and the slots of cron."""

TABLES = """
CREATE TABLE job (
  workspace_id bigint      NOT NULL DEFAULT 0,     -- 0 = ours, not a workspace's
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  queue        text        NOT NULL DEFAULT 'default' CONSTRAINT queue_length CHECK (char_length(queue) BETWEEN 1 AND 63),
  kind         text        NOT NULL CONSTRAINT kind_length CHECK (char_length(kind) BETWEEN 1 AND 127),
  run_at       timestamptz NOT NULL DEFAULT now(),
  attempt      smallint    NOT NULL DEFAULT 0,
  max_attempts smallint    NOT NULL DEFAULT 12 CONSTRAINT max_attempts_is_positive CHECK (max_attempts > 0),
  crashes      smallint    NOT NULL DEFAULT 0,
  claim        uuid,                               -- fencing token of the attempt that runs now; NULL = waiting
  worker       text,
  lease_until  timestamptz,
  unique_key   text        CONSTRAINT unique_key_length CHECK (char_length(unique_key) <= 200),
  args         jsonb       NOT NULL DEFAULT '{}' CONSTRAINT args_size CHECK (octet_length(args::text) <= 65536),
  last_error   text        CONSTRAINT last_error_length CHECK (char_length(last_error) <= 2000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT a_claim_has_a_lease CHECK ((claim IS NULL) = (lease_until IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000);
CREATE INDEX job_ready   ON job (queue, workspace_id, run_at, id) WHERE claim IS NULL;
CREATE INDEX job_wake    ON job (queue, run_at)                   WHERE claim IS NULL;
CREATE INDEX job_running ON job (queue, workspace_id)             WHERE claim IS NOT NULL;
CREATE UNIQUE INDEX one_waiting_job_per_key ON job (workspace_id, kind, unique_key)
  WHERE unique_key IS NOT NULL AND claim IS NULL;

CREATE TABLE job_dead (LIKE job INCLUDING DEFAULTS, died_at timestamptz NOT NULL DEFAULT now(), reason text NOT NULL);
ALTER TABLE job_dead ADD PRIMARY KEY (workspace_id, id);

CREATE TABLE cron_run (
  name        text        NOT NULL,
  due_at      timestamptz NOT NULL,
  enqueued_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, due_at)
);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
