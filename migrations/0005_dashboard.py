"""What the dashboard needs: saved views, actions that can be undone, a road map's own order, posts that wait for approval,
counted insights, and the measurements of the machine.

Old code runs on this schema: columns are added with a default or empty, nothing is taken away."""

TABLES = """
ALTER TABLE installation ADD COLUMN operator_id bigint;   -- the person who runs this server, and sees all of System
UPDATE installation SET operator_id = (SELECT min(person_id) FROM member WHERE role = 'owner');

ALTER TABLE workspace
  ADD COLUMN loaded_at          timestamptz,      -- when a page of the customer's first opened the widget, and
  ADD COLUMN loaded_from        text,             -- the origin of that page
  ADD COLUMN guide_dismissed_at timestamptz;      -- the team does not want to be led any more

ALTER TABLE board ADD COLUMN approve_first boolean NOT NULL DEFAULT false;   -- users' posts wait until the team let them in

ALTER TABLE post
  ADD COLUMN held_at          timestamptz,        -- it waits for the team's approval since then
  ADD COLUMN answered_at      timestamptz,        -- the team's first public comment, or first status
  ADD COLUMN roadmap_position integer;            -- in its column of the road map; NULL: after those that have one, by votes
UPDATE post p SET answered_at = e.first FROM (
  SELECT workspace_id, post_number, min(created_at) AS first FROM event
   WHERE person_id IS NOT NULL AND (type = 'post.status_changed'
         OR (type = 'comment.created' AND NOT coalesce((data->>'internal')::boolean, false)))
   GROUP BY workspace_id, post_number) e
 WHERE p.workspace_id = e.workspace_id AND p.number = e.post_number;
CREATE INDEX post_held ON post (workspace_id, held_at, number) WHERE held_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX post_gone ON post (workspace_id, deleted_at DESC, number DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX post_listed ON post (workspace_id, status_id)
  WHERE deleted_at IS NULL AND merged_into IS NULL AND held_at IS NULL;
CREATE INDEX post_roadmap ON post (workspace_id, status_id, roadmap_position, votes DESC, number DESC)
  WHERE deleted_at IS NULL AND merged_into IS NULL AND held_at IS NULL;
CREATE INDEX post_age ON post (workspace_id, created_at);
CREATE INDEX post_answered ON post (workspace_id, answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX vote_age ON vote (workspace_id, created_at);
CREATE INDEX user_blocked ON "user" (workspace_id, blocked_at DESC, id DESC) WHERE blocked_at IS NOT NULL;
CREATE INDEX user_email ON "user" (workspace_id, lower(email) text_pattern_ops) WHERE email IS NOT NULL;
CREATE INDEX user_seen ON "user" (workspace_id, kind, last_seen_at DESC, id DESC);
CREATE INDEX user_id_begins ON "user" (workspace_id, external_id text_pattern_ops);
CREATE INDEX user_words ON "user" USING gin (to_tsvector('simple', name));
CREATE INDEX company_mrr ON company (workspace_id, mrr DESC, id DESC);
CREATE INDEX company_words ON company USING gin (to_tsvector('simple', name || ' ' || external_id));

CREATE TABLE saved_view (                         -- of the inbox; the whole team has it
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  name         text        NOT NULL CONSTRAINT view_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
  query        text        NOT NULL CONSTRAINT view_query_length CHECK (char_length(query) <= 2000),
  person_id    bigint      NOT NULL,              -- who saved it
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT one_view_per_name UNIQUE (workspace_id, name)
);

CREATE TABLE action (                             -- what a member did to one or many posts at once
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  person_id    bigint      NOT NULL,
  kind         text        NOT NULL,              -- status, tag, merge, …
  value        text        NOT NULL DEFAULT '',   -- the status, the tag, … as it was called
  steps        jsonb       NOT NULL,              -- [{post, before, after}]: what it takes to undo it
  created_at   timestamptz NOT NULL DEFAULT now(),
  undone_at    timestamptz,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX action_age ON action (created_at);

CREATE TABLE dismissed_duplicate (                -- two posts of which the team said that they are not the same
  workspace_id bigint      NOT NULL,
  post_number  integer     NOT NULL,
  other_number integer     NOT NULL CONSTRAINT a_pair_stands_once CHECK (post_number < other_number),
  person_id    bigint,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_answer_per_pair PRIMARY KEY (workspace_id, post_number, other_number),
  CONSTRAINT dismissed_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT dismissed_other_exists FOREIGN KEY (workspace_id, other_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX dismissed_duplicate_other ON dismissed_duplicate (workspace_id, other_number);

ALTER TABLE file
  ADD COLUMN entry_id bigint,                     -- a picture of a changelog entry
  ADD CONSTRAINT file_entry_exists FOREIGN KEY (workspace_id, entry_id) REFERENCES changelog_entry ON DELETE CASCADE;
CREATE INDEX file_entry ON file (workspace_id, entry_id) WHERE entry_id IS NOT NULL;

CREATE TABLE insight (                            -- counted by a job from posts, votes and comments; can be counted anew
  workspace_id   bigint   NOT NULL REFERENCES workspace ON DELETE CASCADE,
  span           text     NOT NULL CONSTRAINT span_is_known
                          CHECK (span IN ('week', 'month', '12 weeks', '26 weeks', '52 weeks')),
  starts         date     NOT NULL,               -- in UTC; of so many weeks, the Monday of the first
  board_id       bigint   NOT NULL,               -- 0: all boards
  segment_id     bigint   NOT NULL,               -- 0: everyone
  posts          integer  NOT NULL DEFAULT 0,
  votes          integer  NOT NULL DEFAULT 0,
  answers        integer  NOT NULL DEFAULT 0,     -- posts that the team answered in this span
  answer_minutes integer,                         -- median time from such a post to its first answer
  PRIMARY KEY (workspace_id, span, starts, board_id, segment_id)
);
CREATE TABLE post_worth (                         -- posts that paying companies vote for; counted with the insights
  workspace_id bigint  NOT NULL,
  post_number  integer NOT NULL,
  mrr          bigint  NOT NULL,                  -- cents a month, each company once
  PRIMARY KEY (workspace_id, post_number),
  CONSTRAINT worthy_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX post_worth_mrr ON post_worth (workspace_id, mrr DESC, post_number DESC);
CREATE TABLE segment_wish (                       -- what the users of a segment vote for most; counted with the insights
  workspace_id bigint  NOT NULL,
  segment_id   bigint  NOT NULL,
  post_number  integer NOT NULL,
  votes        integer NOT NULL,                  -- of its users
  CONSTRAINT one_wish_per_segment_and_post PRIMARY KEY (workspace_id, segment_id, post_number),
  CONSTRAINT wishing_segment_exists FOREIGN KEY (workspace_id, segment_id) REFERENCES segment ON DELETE CASCADE,
  CONSTRAINT wished_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX segment_wish_post ON segment_wish (workspace_id, post_number);
CREATE TABLE insight_count (                      -- when it was counted, and up to which event
  workspace_id bigint      NOT NULL PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
  seq          bigint      NOT NULL,
  counted_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE measurement (                        -- the server, hour by hour; of all workspaces together
  hour             timestamptz PRIMARY KEY,
  answers          bigint NOT NULL DEFAULT 0,     -- requests that were answered
  slow_answers     bigint NOT NULL DEFAULT 0,     -- in more than 500 ms
  cpu              real,                          -- highest share of all cores, 0–1
  memory           real,                          -- highest share in use, 0–1
  disk             real,                          -- share of the database's disk in use, 0–1; NULL: it is elsewhere
  connections      integer,                       -- most at once
  most_connections integer,                       -- that PostgreSQL takes
  complaints       integer                        -- posts tagged "slow" in the hour
);
CREATE TABLE slow_query (
  id         bytea       PRIMARY KEY,             -- SHA-256 of its text
  text       text        NOT NULL,                -- with placeholders, without anybody's data
  plan       text,
  times      bigint      NOT NULL DEFAULT 1,
  longest_ms integer     NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_dead_age ON job_dead (died_at DESC);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
