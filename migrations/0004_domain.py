"""The rest of the domain: segments, tags, custom fields, files, what can be done to posts and comments, repeated requests.

Old code runs on this schema: columns are added with a default, constraints only grow wider."""

TABLES = """
ALTER TABLE workspace ADD COLUMN edit_minutes integer NOT NULL DEFAULT 60    -- how long users may change what they wrote
  CONSTRAINT edit_minutes_are_a_time CHECK (edit_minutes BETWEEN 0 AND 525600);

CREATE TABLE segment (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  key          text        NOT NULL CONSTRAINT segment_key_is_plain CHECK (key ~ '^[a-z0-9](-?[a-z0-9]){0,39}$'),
  name         text        NOT NULL,
  rules        jsonb       NOT NULL DEFAULT '[]',   -- [{field, op, value}], all of which hold; none: named in tokens only
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_segment_per_key UNIQUE (workspace_id, key)
);

CREATE TABLE segment_user (                         -- who is in which, kept true by segments.sort
  workspace_id bigint NOT NULL,
  segment_id   bigint NOT NULL,
  user_id      bigint NOT NULL,
  CONSTRAINT once_in_a_segment PRIMARY KEY (workspace_id, segment_id, user_id),
  CONSTRAINT segment_exists FOREIGN KEY (workspace_id, segment_id) REFERENCES segment ON DELETE CASCADE,
  CONSTRAINT user_in_segment_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE CASCADE
);
CREATE INDEX segment_user_user ON segment_user (workspace_id, user_id);

ALTER TABLE board DROP CONSTRAINT board_access_is_known,
  ADD CONSTRAINT board_access_is_known CHECK (access IN ('public', 'private', 'segments'));
CREATE TABLE board_segment (
  workspace_id bigint NOT NULL,
  board_id     bigint NOT NULL,
  segment_id   bigint NOT NULL,
  CONSTRAINT one_admission_per_segment PRIMARY KEY (workspace_id, board_id, segment_id),
  CONSTRAINT admitting_board_exists FOREIGN KEY (workspace_id, board_id) REFERENCES board ON DELETE CASCADE,
  CONSTRAINT admitted_segment_exists FOREIGN KEY (workspace_id, segment_id) REFERENCES segment ON DELETE CASCADE
);
CREATE INDEX board_segment_segment ON board_segment (workspace_id, segment_id);

CREATE TABLE tag (
  workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint GENERATED ALWAYS AS IDENTITY,
  key          text   NOT NULL CONSTRAINT tag_key_is_plain CHECK (key ~ '^[a-z0-9](-?[a-z0-9]){0,39}$'),
  name         text   NOT NULL,
  color        text   NOT NULL DEFAULT '#64748b' CONSTRAINT tag_color_is_hex CHECK (color ~ '^#[0-9a-f]{6}$'),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_tag_per_key UNIQUE (workspace_id, key)
);
CREATE TABLE post_tag (
  workspace_id bigint  NOT NULL,
  post_number  integer NOT NULL,
  tag_id       bigint  NOT NULL,
  CONSTRAINT one_tag_per_post PRIMARY KEY (workspace_id, post_number, tag_id),
  CONSTRAINT tagged_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT post_tag_exists FOREIGN KEY (workspace_id, tag_id) REFERENCES tag ON DELETE CASCADE
);
CREATE INDEX post_tag_tag ON post_tag (workspace_id, tag_id);

CREATE TABLE field (
  workspace_id bigint   NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint   GENERATED ALWAYS AS IDENTITY,
  board_id     bigint,                              -- NULL: asked on every board
  key          text     NOT NULL CONSTRAINT field_key_is_plain CHECK (key ~ '^[a-z0-9](-?[a-z0-9]){0,39}$'),
  name         text     NOT NULL,
  type         text     NOT NULL CONSTRAINT field_type_is_known
                        CHECK (type IN ('text', 'long_text', 'number', 'select', 'date', 'checkbox')),
  required     boolean  NOT NULL DEFAULT false,
  options      text[]   NOT NULL DEFAULT '{}',      -- of a select
  position     smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_field_per_key UNIQUE (workspace_id, key),
  CONSTRAINT field_board_exists FOREIGN KEY (workspace_id, board_id) REFERENCES board ON DELETE CASCADE
);
CREATE INDEX field_board ON field (workspace_id, board_id);

ALTER TABLE post
  ADD COLUMN fields      jsonb       NOT NULL DEFAULT '{}',   -- by the key of the field
  ADD COLUMN pinned      boolean     NOT NULL DEFAULT false,
  ADD COLUMN locked      boolean     NOT NULL DEFAULT false,
  ADD COLUMN assignee_id bigint,
  ADD COLUMN eta         date,
  ADD COLUMN merged_into integer,
  ADD COLUMN merged_at   timestamptz,               -- orders the merges into one post
  ADD COLUMN edited_at   timestamptz,
  ADD COLUMN deleted_at  timestamptz,
  ADD CONSTRAINT assignee_is_of_the_team FOREIGN KEY (workspace_id, assignee_id) REFERENCES member
    ON DELETE SET NULL (assignee_id),
  ADD CONSTRAINT merged_into_a_post FOREIGN KEY (workspace_id, merged_into) REFERENCES post ON DELETE CASCADE,
  ADD CONSTRAINT not_merged_into_itself CHECK (merged_into <> number);
DROP INDEX post_top, post_status, post_board;
CREATE INDEX post_top ON post (workspace_id, pinned DESC, votes DESC, number DESC)
  WHERE deleted_at IS NULL AND merged_into IS NULL;
CREATE INDEX post_new ON post (workspace_id, pinned DESC, number DESC) WHERE deleted_at IS NULL AND merged_into IS NULL;
CREATE INDEX post_updated ON post (workspace_id, pinned DESC, updated_at DESC, number DESC)
  WHERE deleted_at IS NULL AND merged_into IS NULL;
CREATE INDEX post_trending ON post (workspace_id, pinned DESC,
    ((ln(greatest(votes, 1)) + extract(epoch FROM created_at - timestamptz 'epoch') / 604800)::float8) DESC, number DESC)
  WHERE deleted_at IS NULL AND merged_into IS NULL;
CREATE INDEX post_status ON post (workspace_id, status_id, pinned DESC, votes DESC, number DESC);
CREATE INDEX post_board ON post (workspace_id, board_id, pinned DESC, votes DESC, number DESC);
CREATE INDEX post_author ON post (workspace_id, author_id, number DESC);
CREATE INDEX post_assignee ON post (workspace_id, assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX post_merged ON post (workspace_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX post_deleted ON post (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE post_revision (                        -- what a post said before it was edited
  workspace_id bigint      NOT NULL,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  post_number  integer     NOT NULL,
  title        text        NOT NULL,
  body         text        NOT NULL,
  user_id      bigint,                              -- who changed it: a user, or
  person_id    bigint,                              -- a member
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT revised_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT reviser_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id)
);
CREATE INDEX post_revision_post ON post_revision (workspace_id, post_number, id);
CREATE INDEX post_revision_user ON post_revision (workspace_id, user_id) WHERE user_id IS NOT NULL;

ALTER TABLE vote
  ADD COLUMN cast_by     bigint,                    -- the member who voted on the user's behalf
  ADD COLUMN merged_from integer;                   -- the merged post that it was cast for
ALTER TABLE follower ADD COLUMN merged_from integer;
CREATE INDEX vote_merged ON vote (workspace_id, post_number, merged_from) WHERE merged_from IS NOT NULL;

ALTER TABLE comment
  ADD COLUMN parent_id     bigint,
  ADD COLUMN internal      boolean NOT NULL DEFAULT false,    -- for members only
  ADD COLUMN official      boolean NOT NULL DEFAULT false,    -- the team's answer, shown first
  ADD COLUMN origin_number integer,                 -- the merged post below which it was written
  ADD COLUMN edited_at     timestamptz,
  ADD COLUMN deleted_at    timestamptz,
  ADD CONSTRAINT parent_comment_exists FOREIGN KEY (workspace_id, parent_id) REFERENCES comment
    ON DELETE SET NULL (parent_id),
  DROP CONSTRAINT comment_length,
  ADD CONSTRAINT comment_length CHECK (char_length(body) <= 5000);   -- empty: of a comment that is gone
CREATE INDEX comment_deleted ON comment (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX comment_user ON comment (workspace_id, user_id);
CREATE INDEX comment_parent ON comment (workspace_id, parent_id) WHERE parent_id IS NOT NULL;

ALTER TABLE changelog_entry
  ADD COLUMN person_id    bigint,                   -- the member who wrote it
  ADD COLUMN announced_at timestamptz,              -- when its event was recorded: once, however often it is published
  ADD COLUMN created_at   timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN updated_at   timestamptz NOT NULL DEFAULT now();
UPDATE changelog_entry SET announced_at = published_at WHERE published_at <= now();
CREATE INDEX changelog_due ON changelog_entry (published_at) WHERE announced_at IS NULL AND published_at IS NOT NULL;
CREATE TABLE changelog_reaction (
  workspace_id bigint      NOT NULL,
  entry_id     bigint      NOT NULL,
  user_id      bigint      NOT NULL,
  kind         text        NOT NULL CONSTRAINT reaction_is_known CHECK (kind IN ('like', 'love', 'celebrate', 'confused')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_reaction_of_a_kind PRIMARY KEY (workspace_id, entry_id, user_id, kind),
  CONSTRAINT entry_of_reaction_exists FOREIGN KEY (workspace_id, entry_id) REFERENCES changelog_entry ON DELETE CASCADE,
  CONSTRAINT reacting_user_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE CASCADE
);
CREATE INDEX changelog_reaction_user ON changelog_reaction (workspace_id, user_id);

CREATE TABLE content (                              -- bytes of files, each once, never updated
  workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
  sha256       bytea  NOT NULL CONSTRAINT sha256_length CHECK (octet_length(sha256) = 32),
  data         bytea  NOT NULL CONSTRAINT content_size CHECK (octet_length(data) <= 12582912),
  PRIMARY KEY (workspace_id, sha256)
);
ALTER TABLE content ALTER COLUMN data SET STORAGE EXTERNAL;   -- pictures do not compress again
CREATE TABLE file (
  workspace_id     bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id               bigint      GENERATED ALWAYS AS IDENTITY,
  name             text        NOT NULL,
  type             text        NOT NULL,            -- media type, decided by the bytes
  size             integer     NOT NULL,
  sha256           bytea       NOT NULL,
  thumbnail_sha256 bytea,
  state            text        NOT NULL CONSTRAINT file_state_is_known CHECK (state IN ('waiting', 'ready', 'refused')),
  user_id          bigint,
  person_id        bigint,
  post_number      integer,
  comment_id       bigint,
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT file_content_exists FOREIGN KEY (workspace_id, sha256) REFERENCES content,
  CONSTRAINT thumbnail_content_exists FOREIGN KEY (workspace_id, thumbnail_sha256) REFERENCES content,
  CONSTRAINT file_user_exists FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id),
  CONSTRAINT file_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT file_comment_exists FOREIGN KEY (workspace_id, comment_id) REFERENCES comment ON DELETE CASCADE
);
CREATE INDEX file_content ON file (workspace_id, sha256);
CREATE INDEX file_thumbnail ON file (workspace_id, thumbnail_sha256) WHERE thumbnail_sha256 IS NOT NULL;
CREATE INDEX file_post ON file (workspace_id, post_number) WHERE post_number IS NOT NULL;
CREATE INDEX file_comment ON file (workspace_id, comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX file_user ON file (workspace_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX file_unused ON file (created_at) WHERE post_number IS NULL AND comment_id IS NULL;

CREATE TABLE repeated_request (                     -- answers kept for an Idempotency-Key
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  key          text        NOT NULL,
  fingerprint  bytea       NOT NULL,                -- SHA-256 of method, path and body
  status       smallint,
  location     text,
  sealed       text,                                -- the answer's body, encrypted: it may hold a new key
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_request_per_key PRIMARY KEY (workspace_id, key)
);
CREATE INDEX repeated_request_age ON repeated_request (created_at);

ALTER TABLE member ADD COLUMN joined_at timestamptz;  -- when they first opened the workspace; who was invited only has not
UPDATE member SET joined_at = created_at;
UPDATE "user" SET name = '' WHERE kind = 'member' AND name = email;   -- users read the name

CREATE INDEX api_key_person ON api_key (workspace_id, person_id);
CREATE INDEX letter_reader ON letter (workspace_id, lower(to_email));
CREATE INDEX company_name ON company (workspace_id, name, id);
CREATE INDEX event_type ON event (workspace_id, type, seq);
CREATE INDEX user_company ON "user" (workspace_id, company_id) WHERE company_id IS NOT NULL;
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
