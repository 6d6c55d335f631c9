"""What the complete widget needs: who has read the news, which words a comment was sent with, and whom guests are.

Old code runs on this schema: columns are added with a default or empty, nothing is taken away."""

TABLES = """
ALTER TABLE workspace ADD COLUMN ask_email text NOT NULL DEFAULT 'no'    -- of anonymous users who write a post
  CONSTRAINT ask_email_is_known CHECK (ask_email IN ('no', 'optional', 'required'));

ALTER TABLE "user" ADD COLUMN news_seen_at timestamptz;   -- up to when they have read the changelog; NULL: never opened
CREATE INDEX changelog_published ON changelog_entry (workspace_id, published_at DESC, id DESC)
  WHERE published_at IS NOT NULL;

-- how its reader says they are called, for the link in it that confirms so; kept until it is sent
ALTER TABLE letter ADD COLUMN to_name text;

ALTER TABLE comment
  ADD COLUMN submission text,                     -- of the draft it came from: sending it twice makes one comment
  ADD CONSTRAINT one_comment_per_submission UNIQUE (workspace_id, user_id, submission);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
