"""Money, and everything that comes in and leaves: subscriptions, imports, exports, and what stays of who is erased.

Old code runs on this schema: columns are added with a default or empty, nothing is taken away."""

GLOBAL = """
ALTER TABLE workspace
  ADD COLUMN stripe_customer    text CONSTRAINT one_workspace_per_customer UNIQUE,
  ADD COLUMN keeps_erased_posts boolean NOT NULL DEFAULT true,    -- of a user who is erased: the post, without its author
  ADD COLUMN keeps_erased_votes boolean NOT NULL DEFAULT false,   -- the same of their votes, as somebody's
  ADD COLUMN erase_at           timestamptz;                      -- when all of it goes; NULL: it stays
CREATE INDEX workspace_erase ON workspace (erase_at) WHERE erase_at IS NOT NULL;

-- what Stripe has told, each once: written together with what came of it
CREATE TABLE stripe_event (
  id         text        PRIMARY KEY,
  type       text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stripe_event_age ON stripe_event (created_at);

ALTER TABLE installation
  ADD COLUMN backup_at         timestamptz,                       -- when the last one was made by the worker, and read back
  ADD COLUMN backup_bytes      bigint,
  ADD COLUMN backup_failure    text,                              -- why there is none since; NULL: the last one went well
  ADD COLUMN backup_failing_at timestamptz;                       -- since when
"""

TENANT = """
-- what Stripe said of a workspace's subscription when it was last asked
CREATE TABLE subscription (
  workspace_id   bigint      PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
  version        bigint      NOT NULL DEFAULT 0,   -- raised by every answer that was written down: an older one is not
  stripe_id      text,                             -- NULL: there is none yet, or none any more
  status         text,                             -- in Stripe's words
  period         text        CONSTRAINT period_is_known CHECK (period IN ('month', 'year')),
  period_ends_at timestamptz,
  trial_ends_at  timestamptz,
  is_ending      boolean     NOT NULL DEFAULT false,   -- at the end of the period
  had_trial      boolean     NOT NULL DEFAULT false,
  live           integer     NOT NULL DEFAULT 0,   -- how many there are; more than one is paid for nothing
  past_due_since timestamptz,                      -- nothing was paid since; after seven days the limits of Free hold
  reminded_at    timestamptz,
  changed_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE import (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  source       text        NOT NULL CONSTRAINT import_source_is_known CHECK (source IN ('csv', 'canny', 'sayso')),
  name         text        NOT NULL,               -- of the file
  mapping      jsonb       NOT NULL DEFAULT '{}',  -- of a CSV: which column is what; and what goes where
  is_dry       boolean     NOT NULL DEFAULT false, -- a rehearsal: nothing is made
  state        text        NOT NULL DEFAULT 'waiting'
                           CONSTRAINT import_state_is_known CHECK (state IN ('draft', 'waiting', 'running', 'done', 'failed',
                                                                             'stopped', 'undoing', 'undone')),
  total        integer,                            -- rows; NULL until they are counted
  done         integer     NOT NULL DEFAULT 0,     -- of them looked at
  made         integer     NOT NULL DEFAULT 0,
  known        integer     NOT NULL DEFAULT 0,     -- were here already
  wrong        integer     NOT NULL DEFAULT 0,
  said         text,                               -- why it failed
  person_id    bigint,                             -- NULL: it came by the command line
  created_at   timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX import_age ON import (created_at);
CREATE TABLE import_part (                         -- the file, in pieces; gone when it can be undone no more
  workspace_id bigint  NOT NULL,
  import_id    bigint  NOT NULL,
  number       integer NOT NULL,
  data         bytea   NOT NULL,
  PRIMARY KEY (workspace_id, import_id, number),
  CONSTRAINT import_of_part_exists FOREIGN KEY (workspace_id, import_id) REFERENCES import ON DELETE CASCADE
);
ALTER TABLE import_part ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE import_row (                          -- what became of each row
  workspace_id bigint  NOT NULL,
  import_id    bigint  NOT NULL,
  number       integer NOT NULL,                   -- of the row in the file
  kind         text    NOT NULL,                   -- post, comment, vote, user, …
  outcome      text    NOT NULL CONSTRAINT outcome_is_known CHECK (outcome IN ('made', 'known', 'wrong', 'undone', 'left')),
  said         text,                               -- what is wrong with it, and in which column; never its words
  local        bigint,                             -- number of the post, or id of the comment, that it made or tells of
  PRIMARY KEY (workspace_id, import_id, number),
  CONSTRAINT import_of_row_exists FOREIGN KEY (workspace_id, import_id) REFERENCES import ON DELETE CASCADE
);
CREATE TABLE imported (                            -- what was made of what has an id elsewhere: once
  workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
  kind         text   NOT NULL,
  source_key   bytea  NOT NULL,                    -- keyed digest of source and id: an id may be an address
  local        bigint NOT NULL,                    -- number of a post, id of anything else
  import_id    bigint NOT NULL,
  CONSTRAINT a_thing_is_imported_once PRIMARY KEY (workspace_id, kind, source_key),
  CONSTRAINT import_of_thing_exists FOREIGN KEY (workspace_id, import_id) REFERENCES import ON DELETE CASCADE
);
CREATE INDEX imported_import ON imported (workspace_id, import_id, kind, local);
CREATE TABLE former_address (                      -- where a post stood before it was imported
  workspace_id bigint  NOT NULL,
  path         text    NOT NULL CONSTRAINT former_path_length CHECK (char_length(path) <= 500),
  post_number  integer NOT NULL,
  PRIMARY KEY (workspace_id, path),
  CONSTRAINT moved_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX former_address_post ON former_address (workspace_id, post_number);

CREATE TABLE export (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  state        text        NOT NULL DEFAULT 'waiting'
                           CONSTRAINT export_state_is_known CHECK (state IN ('waiting', 'running', 'ready', 'failed',
                                                                             'stopped', 'gone')),
  total        integer,                            -- rows and files; NULL until they are counted
  done         integer     NOT NULL DEFAULT 0,
  size         bigint,                             -- bytes of the file
  sha256       bytea,
  said         text,                               -- why it failed, or went
  person_id    bigint,
  created_at   timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX export_age ON export (created_at);
CREATE TABLE export_part (                         -- the file, in pieces
  workspace_id bigint  NOT NULL,
  export_id    bigint  NOT NULL,
  number       integer NOT NULL,
  data         bytea   NOT NULL,
  PRIMARY KEY (workspace_id, export_id, number),
  CONSTRAINT export_of_part_exists FOREIGN KEY (workspace_id, export_id) REFERENCES export ON DELETE CASCADE
);
ALTER TABLE export_part ALTER COLUMN data SET STORAGE EXTERNAL;
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    for statements in (GLOBAL, TENANT):
        database.cursor().execute(statements)  # not execute_sql: a % in the text would be taken for a parameter
