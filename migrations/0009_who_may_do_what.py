"""Who may do what: when a secret ends, who proved when who they are, what waits because it looks like spam."""

TABLES = """
ALTER TABLE identity_secret
  ADD COLUMN used_at timestamptz,                 -- when it last vouched for somebody, to the minute
  ADD COLUMN ends_at timestamptz;                 -- when it vouches for nobody new any more; NULL: that is not settled

ALTER TABLE workspace
  ADD COLUMN former_key_seen_at timestamptz,      -- when a page last came with a widget key older than the newest
  ADD COLUMN holds_suspects boolean NOT NULL DEFAULT true,   -- what looks like spam waits for the team
  ADD COLUMN revoked_kids text[] NOT NULL DEFAULT '{}';      -- of secrets that somebody ended, which are not believed

ALTER TABLE session
  ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now(),   -- when its person last showed that the address is theirs
  ADD COLUMN agent     text NOT NULL DEFAULT '',             -- what its browser calls itself
  ADD COLUMN network   text NOT NULL DEFAULT '';             -- from where it began

-- a link can also prove once more who somebody is, or that a new address is theirs: in the session that asked for it
ALTER TABLE sign_in_link
  ADD COLUMN purpose    text NOT NULL DEFAULT 'sign_in'
    CONSTRAINT sign_in_link_purpose_is_known CHECK (purpose IN ('sign_in', 'proof', 'address')),
  ADD COLUMN session_id bigint REFERENCES session ON DELETE SET NULL,   -- NULL: it holds nowhere any more
  ADD COLUMN former     text,                     -- the address that a new one takes the place of, and that is told
  ADD CONSTRAINT sign_in_link_holds_anywhere CHECK (session_id IS NULL OR purpose <> 'sign_in'),
  ADD CONSTRAINT sign_in_link_knows_the_former CHECK ((former IS NOT NULL) = (purpose = 'address'));
CREATE INDEX sign_in_link_session ON sign_in_link (session_id);

-- the link in a letter by which who was invited joins
ALTER TABLE member
  ADD COLUMN invitation_hash bytea,
  ADD COLUMN invited_at      timestamptz,         -- when that letter was written
  ADD COLUMN invited_by      bigint,
  ADD COLUMN invited_email   text;                -- as the inviter wrote it, who learns no other of theirs
CREATE UNIQUE INDEX one_invitation_per_link ON member (workspace_id, invitation_hash) WHERE invitation_hash IS NOT NULL;

ALTER TABLE post
  ADD COLUMN held_because text;                   -- why it waits: its board, or what about it looks like spam
ALTER TABLE comment
  ADD COLUMN held_at      timestamptz,            -- it waits for the team's approval since then
  ADD COLUMN held_because text;
CREATE INDEX comment_held ON comment (workspace_id, held_at, id) WHERE held_at IS NOT NULL AND deleted_at IS NULL;

ALTER TABLE "user"
  ADD COLUMN email_kid   text,                    -- of the secret that told the address; NULL: a program or a proof did
  ADD COLUMN network_tag text;                    -- keyed digest of where somebody without an account came from at first
CREATE INDEX user_network ON "user" (workspace_id, network_tag, first_seen_at) WHERE network_tag IS NOT NULL;
CREATE INDEX user_network_age ON "user" (first_seen_at) WHERE network_tag IS NOT NULL;

-- from where what is new waits, or is refused
CREATE TABLE blocked_address (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  kind         text        NOT NULL CONSTRAINT blocked_address_kind_is_known CHECK (kind IN ('email', 'domain', 'network')),
  value        text        NOT NULL CONSTRAINT blocked_address_is_lower_case CHECK (value = lower(value)),
  compared     text        NOT NULL,              -- what it is found by: the mailbox, however it is spelled; else its value
  person_id    bigint,                            -- who blocked it
  user_id      bigint,                            -- because of whom
  created_at   timestamptz NOT NULL DEFAULT now(),
  ends_at      timestamptz,                       -- a network is somebody else's soon
  PRIMARY KEY (workspace_id, kind, value),
  CONSTRAINT blocked_because_of_a_user FOREIGN KEY (workspace_id, user_id) REFERENCES "user" ON DELETE SET NULL (user_id)
);
CREATE INDEX blocked_address_compared ON blocked_address (workspace_id, compared);
CREATE INDEX blocked_address_user ON blocked_address (workspace_id, user_id);
CREATE INDEX blocked_address_end ON blocked_address (ends_at);

-- what counts once: the signature of a token that came in an address
CREATE TABLE spent_token (
  workspace_id bigint      NOT NULL REFERENCES workspace ON DELETE CASCADE,
  digest       bytea       NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT a_token_is_spent_once PRIMARY KEY (workspace_id, digest)
);
CREATE INDEX spent_token_age ON spent_token (created_at);
"""


def up(migrator, database):  # noqa: ARG001 (the runner's signature)
    database.cursor().execute(TABLES)  # not execute_sql: a % in the text would be taken for a parameter
