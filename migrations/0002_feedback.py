"""Boards, statuses, posts and what people do with them; the event log, and the letters that follow from it."""

TABLES = """
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
CREATE INDEX post_status ON post (workspace_id, status_id, votes DESC, number DESC);
CREATE INDEX post_board ON post (workspace_id, board_id, votes DESC, number DESC);
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
  public       boolean     NOT NULL,          -- may users hear of it, if they may read the post?
  post_number  integer,
  user_id      bigint,                        -- who did it: a user, or
  person_id    bigint,                        -- a member; neither: Sayso itself
  data         jsonb       NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, seq),
  CONSTRAINT event_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE SET NULL (post_number),
  CONSTRAINT event_user_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id)
);
CREATE INDEX event_age ON event (created_at);
CREATE INDEX event_post ON event (workspace_id, post_number, seq);
CREATE INDEX event_user ON event (workspace_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE letter (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  event_seq    bigint      NOT NULL,
  kind         text        NOT NULL,
  to_email     text        NOT NULL,
  subject      text,                          -- written when it is sent, like its text
  text         text,
  html         text,
  state        text        NOT NULL DEFAULT 'waiting'
                           CONSTRAINT letter_state_is_known
                           CHECK (state IN ('waiting', 'sent', 'kept', 'refused', 'withdrawn')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  sent_at      timestamptz,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_letter_per_event_and_reader UNIQUE (workspace_id, event_seq, kind, to_email),
  CONSTRAINT letter_event_exists FOREIGN KEY (workspace_id, event_seq) REFERENCES event ON DELETE CASCADE
);
CREATE INDEX letter_age ON letter (created_at);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
