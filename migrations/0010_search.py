"""Search that understands: words of posts and comments, vectors that stay quick to compare, posts that may be the same."""

# In the index each word begins with its workspace: what others say as well is not even looked at. (To put a number before a
# text into one GIN index PostgreSQL has an extension, which not every server has.) These signs stand for spaces:
# PostgreSQL takes them for parts of addresses, paths and compounds, and needs seconds for long rows of them.
TITLE, BODY = (f"translate({part}, '_<@/~-', '      ')" for part in ("title", "body"))
# A word that nobody can ask for, so that the last word of one and the first of the next are no phrase.
APART = "'''|'':9'::tsvector"
WORDS = f"""
DROP INDEX post_search;
ALTER TABLE post DROP COLUMN search;
ALTER TABLE post ADD COLUMN search tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector(language, {TITLE}), 'A') || {APART} || setweight(to_tsvector('simple', {TITLE}), 'A') || {APART}
  || setweight(to_tsvector(language, {BODY}), 'B') || {APART} || setweight(to_tsvector('simple', {BODY}), 'B')) STORED;

ALTER TABLE comment ADD COLUMN language regconfig NOT NULL DEFAULT 'english';
UPDATE comment c SET language = w.language FROM workspace w
 WHERE w.id = c.workspace_id AND w.language <> 'english'::regconfig;
ALTER TABLE comment ADD COLUMN search tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector(language, {BODY}), 'C') || setweight(to_tsvector('simple', {BODY}), 'C')) STORED;

CREATE FUNCTION words_of(workspace bigint, words tsvector) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_to_tsvector(array(SELECT workspace || '|' || word FROM unnest(tsvector_to_array(words)) word
                         WHERE word <> '|' AND octet_length(word) < 2000))
$$;
CREATE INDEX post_words ON post USING gin (words_of(workspace_id, search)) WITH (gin_pending_list_limit = 256);
CREATE INDEX comment_words ON comment USING gin (words_of(workspace_id, search)) WITH (gin_pending_list_limit = 256);
"""

# A workspace's vectors stand side by side in the key, so that looking at all of them reads a tenth of the pages; those of a
# large one as bits, of which a page holds eighty: the nearest by bits are then compared in full.
MEANING = """
ALTER TABLE post_embedding
  ADD COLUMN digest bytea,                        -- of the text that the vector was made of
  DROP CONSTRAINT post_embedding_pkey,
  ADD PRIMARY KEY (workspace_id, model, post_number) INCLUDE (vector);
ALTER TABLE post_embedding ADD COLUMN bits bit(384) GENERATED ALWAYS AS (binary_quantize(vector)::bit(384)) STORED;
CREATE INDEX post_embedding_bits ON post_embedding (workspace_id, model, post_number) INCLUDE (bits);

ALTER TABLE installation
  ADD COLUMN embedding_model      text NOT NULL DEFAULT 'minilm-l6-int8',  -- whose vectors answer
  ADD COLUMN embedding_next       text,           -- whose are being made, to answer once there are all of them
  ADD COLUMN embedding_since      timestamptz,    -- when the one that answers began to
  ADD COLUMN embedding_floors     jsonb NOT NULL DEFAULT '{}',   -- model: [near, far], as measured
  ADD COLUMN embedding_failure    text,           -- why the server of vectors gives none; NULL: it does, or is not asked
  ADD COLUMN embedding_failing_at timestamptz;    -- since when
"""

# Whether a user votes for a post is answered by either index, and not by reading all votes of the user or of the post.
VOTES = """
DROP INDEX vote_user;
CREATE INDEX vote_user ON vote (workspace_id, user_id, post_number);
"""

DUPLICATES = """
CREATE TABLE likely_duplicate (
  workspace_id bigint      NOT NULL,
  post_number  integer     NOT NULL,
  other_number integer     NOT NULL,
  score        real        NOT NULL,
  why          text        NOT NULL CONSTRAINT likely_duplicate_why_is_known CHECK (why IN ('words', 'meaning')),
  found_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_suggestion_per_pair PRIMARY KEY (workspace_id, post_number, other_number),
  CONSTRAINT the_earlier_comes_first CHECK (post_number < other_number),
  CONSTRAINT likely_post_exists FOREIGN KEY (workspace_id, post_number) REFERENCES post ON DELETE CASCADE,
  CONSTRAINT likely_other_exists FOREIGN KEY (workspace_id, other_number) REFERENCES post ON DELETE CASCADE
);
CREATE INDEX likely_duplicate_other ON likely_duplicate (workspace_id, other_number);
CREATE INDEX likely_duplicate_score ON likely_duplicate (workspace_id, score DESC, post_number, other_number);

ALTER TABLE workspace
  ADD COLUMN compared_to integer NOT NULL DEFAULT 0;   -- the last post that was compared with all others at night
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    for part in (WORDS, MEANING, VOTES, DUPLICATES):
        database.cursor().execute(part)  # not execute_sql: a % in the text would be taken for a parameter
