"""Workspaces, the people who run them, and the users whom they hear.

Rules that hold for every table of a workspace, so that the database itself keeps tenants apart and the schema can be
distributed by workspace_id one day: primary, unique and foreign keys begin with workspace_id. That is also why `member`
has no foreign key to `person`: a person belongs to no workspace. Global tables are workspace, person, session,
sign_in_link, cron_run, rate and installation, and only these.
"""

GLOBAL = """
CREATE TABLE installation (
  only_one   boolean     PRIMARY KEY DEFAULT true CONSTRAINT there_is_one_installation CHECK (only_one),
  key_check  text        NOT NULL,     -- proves at each start that SECRET_KEYS still open what is stored here
  base_url   text,                     -- where its pages were served last; links made on the command line lead there
  demo_id    bigint,                   -- the workspace that `sayso demo` made
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workspace (
  id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id         text        NOT NULL CONSTRAINT public_id_is_taken UNIQUE,
  slug              text        NOT NULL CONSTRAINT slug_is_taken UNIQUE
                                CONSTRAINT slug_is_plain CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){1,39}$'),
  name              text        NOT NULL CONSTRAINT workspace_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
  language          regconfig   NOT NULL DEFAULT 'english',
  origins           text[]      NOT NULL DEFAULT '{}',   -- exact origins that may carry the widget; empty = any
  key_generation    integer     NOT NULL DEFAULT 1,      -- of the widget key in the snippet
  key_oldest        integer     NOT NULL DEFAULT 1,      -- oldest generation that is still accepted
  created_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE person (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email      text        NOT NULL CONSTRAINT email_length CHECK (char_length(email) BETWEEN 3 AND 254),
  name       text        NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_person_per_email ON person (lower(email));

CREATE TABLE session (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_hash bytea       NOT NULL CONSTRAINT one_session_per_token UNIQUE,
  person_id  bigint      NOT NULL REFERENCES person ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_person ON session (person_id);

CREATE TABLE sign_in_link (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email        text,                                       -- NULL: whoever opens it becomes the first owner
  token_hash   bytea       CONSTRAINT one_link_per_token UNIQUE,   -- NULL until the letter is written
  browser_hash bytea,                                      -- NULL: works in any browser (made on the command line)
  created_at   timestamptz NOT NULL DEFAULT now(),
  used_at      timestamptz
);
CREATE INDEX sign_in_link_email ON sign_in_link (lower(email));

CREATE UNLOGGED TABLE rate (
  key          text        PRIMARY KEY,
  window_start timestamptz NOT NULL,
  hits         integer     NOT NULL
);
"""

TENANT = """
CREATE TABLE workspace_counter (
  workspace_id bigint  PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
  next_post    integer NOT NULL DEFAULT 1,
  next_event   bigint  NOT NULL DEFAULT 1    -- taken last in a transaction, so that event order is commit order
);

CREATE TABLE identity_secret (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  kid          text        NOT NULL,
  sealed       text        NOT NULL,         -- encrypted with SECRET_KEYS
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, kid)
);

CREATE TABLE member (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  person_id    bigint      NOT NULL,
  role         text        NOT NULL CONSTRAINT role_is_known CHECK (role IN ('owner', 'admin', 'member')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_membership_per_person PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX member_person ON member (person_id);

CREATE TABLE api_key (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  name         text        NOT NULL,
  prefix       text        NOT NULL,         -- shown in lists; the key itself is never stored
  secret_hash  bytea       NOT NULL,
  scopes       text[]      NOT NULL CONSTRAINT scopes_are_known CHECK (scopes <@ ARRAY['read', 'write', 'admin']),
  person_id    bigint      NOT NULL,
  expires_at   timestamptz,
  used_at      timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_key_per_secret UNIQUE (workspace_id, secret_hash),
  CONSTRAINT a_member_made_the_key FOREIGN KEY (workspace_id, person_id) REFERENCES member ON DELETE CASCADE
);

CREATE TABLE company (
  workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint GENERATED ALWAYS AS IDENTITY,
  external_id  text   NOT NULL CONSTRAINT company_id_length CHECK (char_length(external_id) BETWEEN 1 AND 255),
  name         text   NOT NULL DEFAULT '',
  plan         text   NOT NULL DEFAULT '',
  mrr          bigint NOT NULL DEFAULT 0 CONSTRAINT mrr_is_not_negative CHECK (mrr >= 0),   -- cents a month
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_company_per_external_id UNIQUE (workspace_id, external_id)
);

CREATE TABLE "user" (
  workspace_id    bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id              bigint      GENERATED ALWAYS AS IDENTITY,
  external_id     text        NOT NULL CONSTRAINT user_id_length CHECK (char_length(external_id) BETWEEN 1 AND 255),
  kind            text        NOT NULL
                              CONSTRAINT user_kind_is_known CHECK (kind IN ('anonymous', 'guest', 'identified', 'member')),
  email           text,
  name            text        NOT NULL DEFAULT '',
  avatar          text,
  locale          text,
  traits          jsonb       NOT NULL DEFAULT '{}',
  segments        text[]      NOT NULL DEFAULT '{}',
  company_id      bigint,
  blocked_at      timestamptz,
  session_version integer     NOT NULL DEFAULT 1,   -- raised to end every widget session of this user
  first_seen_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_user_per_external_id UNIQUE (workspace_id, external_id),
  CONSTRAINT company_is_of_this_workspace FOREIGN KEY (workspace_id, company_id) REFERENCES company
    ON DELETE SET NULL (company_id)
);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(GLOBAL + TENANT)  # not execute_sql: a % in the text would be taken for a parameter
