"""The first schema: workspaces, their people and users, posts and votes, the event log, the queue, letters.

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

CREATE TABLE board (
  workspace_id bigint   NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint   GENERATED ALWAYS AS IDENTITY,
  key          text     NOT NULL CONSTRAINT board_key_is_plain CHECK (key ~ '^[a-z0-9](-?[a-z0-9]){0,39}$'),
  name         text     NOT NULL,
  description  text     NOT NULL DEFAULT '',
  access       text     NOT NULL DEFAULT 'public' CONSTRAINT board_access_is_known CHECK (access IN ('public', 'private')),
  position     smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_board_per_key UNIQUE (workspace_id, key)
);

CREATE TABLE status (
  workspace_id bigint   NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint   GENERATED ALWAYS AS IDENTITY,
  key          text     NOT NULL CONSTRAINT status_key_is_plain CHECK (key ~ '^[a-z0-9](-?[a-z0-9]){0,39}$'),
  name         text     NOT NULL,
  kind         text     NOT NULL
                        CONSTRAINT status_kind_is_known CHECK (kind IN ('open', 'planned', 'started', 'done', 'declined')),
  color        text     NOT NULL CONSTRAINT color_is_hex CHECK (color ~ '^#[0-9a-f]{6}$'),
  position     smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_status_per_key UNIQUE (workspace_id, key)
);

CREATE TABLE post (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  number       integer     NOT NULL,
  board_id     bigint      NOT NULL,
  status_id    bigint      NOT NULL,
  author_id    bigint,
  title        text        NOT NULL CONSTRAINT title_length CHECK (char_length(title) BETWEEN 1 AND 200),
  body         text        NOT NULL DEFAULT '' CONSTRAINT body_length CHECK (char_length(body) <= 10000),
  meta         jsonb       NOT NULL DEFAULT '{}',
  votes        integer     NOT NULL DEFAULT 0,
  comments     integer     NOT NULL DEFAULT 0,
  submission   text,                          -- of the draft it came from: sending a draft twice makes one post
  language     regconfig   NOT NULL DEFAULT 'english',
  search       tsvector    GENERATED ALWAYS AS (
    setweight(to_tsvector(language, title), 'A') || setweight(to_tsvector('simple', title), 'A')
    || to_tsvector(language, body)) STORED,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, number),
  CONSTRAINT one_post_per_submission UNIQUE (workspace_id, author_id, submission),
  CONSTRAINT board_is_of_this_workspace FOREIGN KEY (workspace_id, board_id) REFERENCES board,
  CONSTRAINT status_is_of_this_workspace FOREIGN KEY (workspace_id, status_id) REFERENCES status,
  CONSTRAINT author_is_of_this_workspace FOREIGN KEY (workspace_id, author_id) REFERENCES "user"
    ON DELETE SET NULL (author_id)
);
CREATE INDEX post_top ON post (workspace_id, votes DESC, number DESC);
CREATE INDEX post_status ON post (workspace_id, status_id, number DESC);
CREATE INDEX post_search ON post USING gin (search);

CREATE TABLE vote (
  workspace_id bigint      NOT NULL,
  post_number  integer     NOT NULL,
  user_id      bigint      NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_vote_per_user PRIMARY KEY (workspace_id, post_number, user_id),
  CONSTRAINT voted_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT voter_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE CASCADE
);
CREATE INDEX vote_user ON vote (workspace_id, user_id);

CREATE TABLE follower (
  workspace_id bigint      NOT NULL,
  post_number  integer     NOT NULL,
  user_id      bigint      NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_subscription_per_user PRIMARY KEY (workspace_id, post_number, user_id),
  CONSTRAINT followed_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT follower_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE CASCADE
);
CREATE INDEX follower_user ON follower (workspace_id, user_id);

CREATE TABLE comment (
  workspace_id bigint      NOT NULL,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  post_number  integer     NOT NULL,
  user_id      bigint,
  body         text        NOT NULL CONSTRAINT comment_length CHECK (char_length(body) BETWEEN 1 AND 5000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT commented_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT commenter_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id)
);
CREATE INDEX comment_post ON comment (workspace_id, post_number, id);

CREATE TABLE changelog_entry (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  title        text        NOT NULL CONSTRAINT entry_title_length CHECK (char_length(title) BETWEEN 1 AND 200),
  body         text        NOT NULL DEFAULT '',
  categories   text[]      NOT NULL DEFAULT '{}',
  published_at timestamptz,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE changelog_post (
  workspace_id bigint  NOT NULL,
  entry_id     bigint  NOT NULL,
  post_number  integer NOT NULL,
  CONSTRAINT one_link_per_entry_and_post PRIMARY KEY (workspace_id, entry_id, post_number),
  CONSTRAINT linked_entry_exists FOREIGN KEY (workspace_id, entry_id) REFERENCES changelog_entry ON DELETE CASCADE,
  CONSTRAINT linked_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX changelog_post_post ON changelog_post (workspace_id, post_number);

CREATE TABLE post_embedding (
  workspace_id bigint       NOT NULL,
  model        text         NOT NULL,
  post_number  integer      NOT NULL,
  vector       halfvec(384) NOT NULL,
  PRIMARY KEY (workspace_id, model, post_number),
  CONSTRAINT embedded_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX post_embedding_post ON post_embedding (workspace_id, post_number);

CREATE TABLE event (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  seq          bigint      NOT NULL,
  type         text        NOT NULL,
  post_number  integer,
  user_id      bigint,                        -- who did it: a user, or
  person_id    bigint,                        -- a member; neither: Sayso itself
  data         jsonb       NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, seq),
  CONSTRAINT event_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE SET NULL (post_number),
  CONSTRAINT event_user_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id)
);
CREATE INDEX event_post ON event (workspace_id, post_number, seq);
CREATE INDEX event_user ON event (workspace_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE letter (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  event_seq    bigint      NOT NULL,
  kind         text        NOT NULL,
  to_email     text        NOT NULL,
  subject      text        NOT NULL,
  text         text        NOT NULL,
  html         text        NOT NULL,
  state        text        NOT NULL DEFAULT 'waiting'
                           CONSTRAINT letter_state_is_known CHECK (state IN ('waiting', 'sent', 'kept', 'refused')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  sent_at      timestamptz,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_letter_per_event_and_reader UNIQUE (workspace_id, event_seq, kind, to_email),
  CONSTRAINT letter_event_exists FOREIGN KEY (workspace_id, event_seq) REFERENCES event ON DELETE CASCADE
);
"""

QUEUE = """
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
    cursor = database.cursor()  # not execute_sql: a % in the text would be taken for a parameter
    for text in (GLOBAL, TENANT, QUEUE):
        cursor.execute(text)
