"""Endpoints and what is delivered to them; what became of a letter and why; which letters a member wants."""

TABLES = """
CREATE TABLE endpoint (
  workspace_id  bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id            bigint      GENERATED ALWAYS AS IDENTITY,
  host          text        NOT NULL,             -- of its address, for those who may not see the rest
  sealed_url    text        NOT NULL,             -- an address of Slack's and the like is a secret
  format        text        NOT NULL DEFAULT 'standard'
                            CONSTRAINT endpoint_format_is_known CHECK (format IN ('standard', 'slack', 'discord', 'teams')),
  types         text[]      NOT NULL CONSTRAINT endpoint_has_types CHECK (cardinality(types) > 0),
  conditions    jsonb       NOT NULL DEFAULT '{}',
  sealed_secret text        NOT NULL,
  sealed_former text,                             -- the secret before this one, which signs too until former_until
  former_until  timestamptz,
  state         text        NOT NULL DEFAULT 'active'
                            CONSTRAINT endpoint_state_is_known
                            CHECK (state IN ('active', 'paused', 'gone', 'failed', 'deleted')),
  failing_since timestamptz,                      -- the first of the failures since which nothing got through
  warned_at     timestamptz,
  resting_until timestamptz,                      -- it asked for a pause (Retry-After)
  busy_until    timestamptz,                      -- somebody is delivering to it, until they are done or this moment
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE delivery (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  endpoint_id  bigint      NOT NULL,
  event_seq    bigint      NOT NULL,
  body         text,                              -- as it is sent, written before the first attempt
  state        text        NOT NULL DEFAULT 'waiting'
                           CONSTRAINT delivery_state_is_known CHECK (state IN ('waiting', 'delivered', 'failed', 'stopped')),
  step         smallint    NOT NULL DEFAULT 0,    -- place of the next attempt in the schedule
  attempts     smallint    NOT NULL DEFAULT 0,    -- made so far
  due_at       timestamptz NOT NULL DEFAULT now(),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_delivery_per_event_and_endpoint UNIQUE (workspace_id, event_seq, endpoint_id),
  CONSTRAINT delivery_endpoint_exists FOREIGN KEY (workspace_id, endpoint_id) REFERENCES endpoint ON DELETE CASCADE,
  CONSTRAINT delivery_event_exists FOREIGN KEY (workspace_id, event_seq) REFERENCES event ON DELETE CASCADE
);
CREATE INDEX delivery_due ON delivery (workspace_id, endpoint_id, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_newest ON delivery (workspace_id, endpoint_id, id);
CREATE INDEX delivery_age ON delivery (created_at);

CREATE TABLE delivery_attempt (
  workspace_id bigint      NOT NULL,
  delivery_id  bigint      NOT NULL,
  number       smallint    NOT NULL,
  began_at     timestamptz NOT NULL DEFAULT now(),
  milliseconds integer     NOT NULL,
  status       smallint,                          -- NULL: there was no answer
  reason       text,                              -- why it does not count; NULL: it does
  answer       text,                              -- its first 16 kB
  PRIMARY KEY (workspace_id, delivery_id, number),
  CONSTRAINT attempt_delivery_exists FOREIGN KEY (workspace_id, delivery_id) REFERENCES delivery ON DELETE CASCADE
);

-- a threshold that a post has reached is told once
CREATE TABLE endpoint_reached (
  workspace_id bigint NOT NULL,
  endpoint_id  bigint NOT NULL,
  post_number  integer NOT NULL,
  PRIMARY KEY (workspace_id, endpoint_id, post_number),
  CONSTRAINT reached_endpoint_exists FOREIGN KEY (workspace_id, endpoint_id) REFERENCES endpoint ON DELETE CASCADE,
  CONSTRAINT reached_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX endpoint_reached_post ON endpoint_reached (workspace_id, post_number);

-- an address to which nothing is sent any more, and why
CREATE TABLE suppression (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  email        text        NOT NULL CONSTRAINT suppression_is_lower_case CHECK (email = lower(email)),
  reason       text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, email)
);

ALTER TABLE letter
  DROP CONSTRAINT letter_state_is_known,
  ADD CONSTRAINT letter_state_is_known
    CHECK (state IN ('waiting', 'sent', 'kept', 'refused', 'withdrawn', 'suppressed', 'failed')),
  ADD COLUMN reason      text,                    -- why it was not sent, or not yet
  ADD COLUMN attempts    smallint NOT NULL DEFAULT 0,
  ADD COLUMN copy        smallint NOT NULL DEFAULT 0,  -- how often it was sent again on request
  ADD COLUMN post_number integer,                 -- what it is about, if it gathers what happens to a post
  ADD COLUMN data        jsonb    NOT NULL DEFAULT '{}',
  ADD COLUMN begun_at    timestamptz;             -- when it was first written; what happens later is told by another
CREATE UNIQUE INDEX one_gathering_letter_per_post_and_reader ON letter (workspace_id, post_number, lower(to_email), kind)
  WHERE post_number IS NOT NULL AND begun_at IS NULL AND state = 'waiting';
CREATE INDEX letter_reader_age ON letter (workspace_id, lower(to_email), created_at);
CREATE INDEX letter_state ON letter (workspace_id, state, id);

-- which letters a member wants, in which language and by which clock
ALTER TABLE member
  ADD COLUMN new_posts   text NOT NULL DEFAULT 'at_once'
    CONSTRAINT new_posts_is_known CHECK (new_posts IN ('at_once', 'daily', 'off')),
  ADD COLUMN digest      text NOT NULL DEFAULT 'weekly'
    CONSTRAINT digest_is_known CHECK (digest IN ('off', 'daily', 'weekly')),
  ADD COLUMN time_zone   text NOT NULL DEFAULT 'UTC',
  ADD COLUMN locale      text NOT NULL DEFAULT 'en',
  ADD COLUMN digested_on date;                    -- by their clock, the day of the last digest
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
