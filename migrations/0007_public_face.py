"""What the public face needs: the customer's own name, colours and domain, links that users sign in and subscribe by, and
what each address wants to be told.

Old code runs on this schema: columns are added with a default or empty, nothing is taken away."""

GLOBAL = """
ALTER TABLE workspace
  ADD COLUMN logo           text,         -- hash of the picture in workspace_logo
  ADD COLUMN accent         text CONSTRAINT accent_is_a_colour CHECK (accent ~ '^#[0-9a-f]{6}$'),
  ADD COLUMN domain         text CONSTRAINT domain_is_taken UNIQUE
                                 CONSTRAINT domain_is_plain CHECK (domain ~ '^[a-z0-9.-]{4,253}$' AND domain LIKE '%.%'),
  ADD COLUMN domain_seen_at timestamptz,  -- when a browser first reached us by it; until then nothing links there
  ADD COLUMN former_slugs   text[] NOT NULL DEFAULT '{}',   -- addresses that lead to the one of today
  ADD COLUMN sign_in_url    text,         -- page of the customer's product that signs its users in to the board
  ADD COLUMN is_indexed     boolean NOT NULL DEFAULT true,  -- may search engines list its pages?
  ADD COLUMN plan           text NOT NULL DEFAULT 'free' CONSTRAINT plan_is_known CHECK (plan IN ('free', 'pro'));
CREATE INDEX workspace_former_slugs ON workspace USING gin (former_slugs);
"""

TENANT = """
CREATE TABLE workspace_logo (
  workspace_id bigint      PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
  type         text        NOT NULL,
  data         bytea       NOT NULL CONSTRAINT logo_is_small CHECK (octet_length(data) <= 262144),
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- A link by which somebody shows that an address is theirs.
CREATE TABLE user_link (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  purpose      text        NOT NULL CONSTRAINT link_purpose_is_known CHECK (purpose IN ('sign_in', 'subscribe')),
  email        text        NOT NULL,
  token_hash   bytea,                    -- NULL until the letter is written
  browser_hash bytea,                    -- of the browser that asked; NULL: works in any
  locale       text        NOT NULL,     -- of the page on which they asked
  place        text        NOT NULL DEFAULT '',   -- where to go from here, a path below the board
  created_at   timestamptz NOT NULL DEFAULT now(),
  used_at      timestamptz,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_user_link_per_token UNIQUE (workspace_id, token_hash)
);
CREATE INDEX user_link_age ON user_link (created_at);

-- What an address wants to be told by this workspace, whoever's it is.
CREATE TABLE mailing (
  workspace_id  bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  email         text        NOT NULL CONSTRAINT mailing_is_lower_case CHECK (email = lower(email)),
  muted         text[]      NOT NULL DEFAULT '{}',   -- kinds of letters that they do not want
  subscribed_at timestamptz,                         -- to the changelog, confirmed by a link; NULL: not
  locale        text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, email)
);
-- when they first signed in by a link in a letter; sessions from before that did not prove whose the address is
ALTER TABLE "user" ADD COLUMN signed_in_at timestamptz;
CREATE INDEX event_public ON event (workspace_id, seq) WHERE public;
-- of a picture, in pixels, so that a page keeps its place free; unknown of those from before
ALTER TABLE file ADD COLUMN width integer, ADD COLUMN height integer;
CREATE INDEX mailing_subscribed ON mailing (workspace_id, email) WHERE subscribed_at IS NOT NULL;
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    for statements in (GLOBAL, TENANT):
        database.cursor().execute(statements)  # not execute_sql: a % in the text would be taken for a parameter
