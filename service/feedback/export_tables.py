"""What stands in an export: its tables, with what each column means. The order is that in which they are written: what names
something comes before what it names, so that what others write meanwhile leaves nothing in the file without its other end.

Columns are called as in the API, and hold what it takes: ids of your own, keys, moments in UTC, cents."""

from typing import NamedTuple

from service.feedback import members

SHOWN = """p.deleted_at IS NULL AND NOT EXISTS (
         SELECT FROM post m
          WHERE m.workspace_id = p.workspace_id AND m.number = p.merged_into AND m.deleted_at IS NOT NULL)"""
POST_OF = f"JOIN post p ON p.workspace_id = {{0}}.workspace_id AND p.number = {{0}}.post_number AND {SHOWN}"
USER_OF = 'LEFT JOIN "user" u ON u.workspace_id = {0}.workspace_id AND u.id = {0}.{1}'
PERSON_OF = "LEFT JOIN person {0} ON {0}.id = {1}"
# a comment that was deleted stands for what was answered
COMMENT_SHOWN = """(c.deleted_at IS NULL OR EXISTS (
         SELECT FROM comment a WHERE a.workspace_id = c.workspace_id AND a.parent_id = c.id AND a.deleted_at IS NULL))"""
UNLESS_DELETED = "CASE WHEN c.deleted_at IS NULL THEN {0} END"


class Column(NamedTuple):
    name: str
    sql: str
    about: str = ""
    is_extra: bool = False  # stands only in the CSV: people read it, programs have it in another table


class Table(NamedTuple):
    name: str
    about: str
    columns: tuple[Column, ...]
    source: str  # SQL: FROM … WHERE …, without the workspace
    alias: str
    place: tuple[str, ...] = ("id",)  # columns of the alias, by which it is walked
    begin: tuple = (0,)  # comes before every place

    @property
    def piece(self) -> str:
        """SQL: the next rows after a place; each begins with its own place."""
        place = ", ".join(f"{self.alias}.{name}" for name in self.place)
        said = ", ".join(column.sql for column in self.columns)
        return f"""
SELECT {place}, {said} {self.source} AND {self.alias}.workspace_id = %(workspace)s AND ({place}) > %(after)s
 ORDER BY {place} LIMIT %(most)s"""

    @property
    def count(self) -> str:
        """SQL: how many rows there are."""
        return f"SELECT count(*) {self.source} AND {self.alias}.workspace_id = %(workspace)s"


def plain(alias: str, *names: str, **about: str) -> tuple[Column, ...]:
    """Columns that are called as in the database."""
    return tuple(Column(name, f"{alias}.{name}", about.get(name, "")) for name in names)


def user(name: str, about: str, shown: str = "{0}") -> tuple[Column, ...]:
    """Who did it: the user `u`, and for people how they are called."""
    return (Column(name, shown.format("u.external_id"), f"{about}: id of a user"),
            Column(f"{name}_name", shown.format("u.name"), is_extra=True),
            Column(f"{name}_email", shown.format("u.email"), is_extra=True))  # fmt: skip


def member(name: str, alias: str, about: str) -> Column:
    return Column(name, members.address(alias), f"{about}: e-mail address of a member")


JSON = frozenset(["traits", "rules", "fields", "meta"])  # columns that hold an object or a list as it is kept
REACTIONS = Table(
    "reactions", "What users thought of changelog entries.",
    (Column("entry", "r.entry_id", "id of a changelog entry"), *user("user", "whose"), Column("kind", "r.kind"),
     Column("created_at", "r.created_at")),
    f"FROM changelog_reaction r {USER_OF.format('r', 'user_id')} WHERE true", "r",
    ("entry_id", "user_id", "kind"), (0, 0, ""),
)  # fmt: skip
FILES = Table(
    "files", "Files of posts, comments and changelog entries. What is in them stands in the folder files, under its id.",
    (*plain("f", "id", "name", "type", "size", type="media type", size="bytes"),
     Column("sha256", "encode(f.sha256, 'hex')"),
     Column("state", "f.state", "ready; waiting: to be looked at; refused: empty"),
     Column("post", "f.post_number", "number of its post"), Column("comment", "f.comment_id", "id of its comment"),
     Column("entry", "f.entry_id", "id of its changelog entry"), *user("user", "who sent it"),
     member("member", "w", "who sent it"), *plain("f", "width", "height", width="pixels", height="pixels"),
     Column("created_at", "f.created_at")),
    f"""FROM file f {USER_OF.format('f', 'user_id')} {PERSON_OF.format('w', 'f.person_id')}
   LEFT JOIN comment c ON c.workspace_id = f.workspace_id AND c.id = f.comment_id
   LEFT JOIN post p ON p.workspace_id = f.workspace_id AND p.number = coalesce(f.post_number, c.post_number)
  WHERE (f.entry_id IS NOT NULL OR (p.number IS NOT NULL AND {SHOWN} AND c.deleted_at IS NULL))""", "f",
)  # fmt: skip
FOLLOWERS = Table(
    "followers", "Who hears what becomes of a post.",
    (Column("post", "f.post_number", "number of a post"), *user("user", "whom"),
     Column("merged_from", "f.merged_from", "number of the merged post that they followed"),
     Column("created_at", "f.created_at")),
    f"FROM follower f {POST_OF.format('f')} {USER_OF.format('f', 'user_id')} WHERE true", "f",
    ("post_number", "user_id"), (0, 0),
)  # fmt: skip
VOTES = Table(
    "votes", "Who voted for a post.",
    (Column("post", "v.post_number", "number of a post"), *user("user", "whose"),
     member("cast_by", "w", "who voted on the user's behalf"),
     Column("merged_from", "v.merged_from", "number of the merged post that they voted for"),
     Column("created_at", "v.created_at")),
    f"""FROM vote v {POST_OF.format('v')} {USER_OF.format('v', 'user_id')} {PERSON_OF.format('w', 'v.cast_by')}
  WHERE true""",
    "v", ("post_number", "user_id"), (0, 0),
)  # fmt: skip
COMMENTS = Table(
    "comments", "What was said about posts.",
    (Column("id", "c.id"), Column("post", "c.post_number", "number of a post"),
     Column("parent", "c.parent_id", "id of the comment that it answers"),
     *user("author", "who wrote it", UNLESS_DELETED),
     Column("body", "CASE WHEN c.deleted_at IS NULL THEN c.body ELSE '' END",
            "Markdown; empty: it was deleted, and stands for what was answered"),
     *plain("c", "internal", "official", internal="a note that only members see", official="the team's answer"),
     Column("origin", "c.origin_number", "number of the merged post below which it was written"),
     *plain("c", "held_at", "held_because", "created_at", "edited_at", "deleted_at",
            held_at="since when it waits for approval", held_because="why")),
    f"FROM comment c {POST_OF.format('c')} {USER_OF.format('c', 'user_id')} WHERE {COMMENT_SHOWN}", "c",
)  # fmt: skip
REVISIONS = Table(
    "revisions", "What posts said before they were edited.",
    (Column("post", "r.post_number", "number of a post"), *plain("r", "title", "body"),
     *user("user", "who changed it"), member("member", "w", "who changed it"), Column("replaced_at", "r.created_at")),
    f"""FROM post_revision r {POST_OF.format('r')} {USER_OF.format('r', 'user_id')} {PERSON_OF.format('w', 'r.person_id')}
  WHERE true""", "r",
)  # fmt: skip
CHANGELOG = Table(
    "changelog", "Changelog entries.",
    (*plain("e", "id", "title", "body", "categories", body="Markdown; a picture is ![name](file:id), with the id of a file"),
     Column("posts", f"""array(SELECT l.post_number FROM changelog_post l
              JOIN post p ON p.workspace_id = l.workspace_id AND p.number = l.post_number AND {SHOWN}
             WHERE l.workspace_id = e.workspace_id AND l.entry_id = e.id ORDER BY l.post_number)""",
            "numbers of the posts that asked for it"),
     *plain("e", "published_at", published_at="empty: a draft; to come: scheduled"), member("author", "w", "who wrote it"),
     *plain("e", "announced_at", "created_at", "updated_at", announced_at="when it was told to followers and subscribers")),
    f"FROM changelog_entry e {PERSON_OF.format('w', 'e.person_id')} WHERE true", "e",
)  # fmt: skip
POSTS = Table(
    "posts", "What users ask for. Deleted ones are left out.",
    (*plain("p", "number", "title", "body", body="Markdown"), Column("board", "b.key", "key of its board"),
     Column("status", "s.key", "key of its status"), *user("author", "who wrote it"),
     Column("tags", """array(SELECT t.key FROM post_tag pt
              JOIN tag t ON t.workspace_id = pt.workspace_id AND t.id = pt.tag_id
             WHERE pt.workspace_id = p.workspace_id AND pt.post_number = p.number ORDER BY t.key)""", "keys of tags"),
     Column("fields", "p.fields::text", "values of custom fields, by key"),
     Column("meta", "p.meta::text", "what the page sent along"),
     *plain("p", "votes", "comments", "pinned", "locked", comments="as users count them"),
     member("assignee", "w", "who looks after it"), *plain("p", "eta", eta="a day"),
     *plain("p", "merged_into", "merged_at", "roadmap_position", "held_at", "held_because", "answered_at",
            merged_into="number of the post that took its votes", roadmap_position="its place in its column of the road map",
            held_at="since when it waits for approval", held_because="why", answered_at="when the team first answered"),
     Column("url", "%(home)s || '/posts/' || p.number", "where it stands"),
     *plain("p", "created_at", "updated_at", "edited_at")),
    f"""FROM post p {USER_OF.format('p', 'author_id')} {PERSON_OF.format('w', 'p.assignee_id')}
   JOIN board b ON b.workspace_id = p.workspace_id AND b.id = p.board_id
   JOIN status s ON s.workspace_id = p.workspace_id AND s.id = p.status_id
  WHERE {SHOWN}""", "p", ("number",),
)  # fmt: skip
MAILINGS = Table(
    "mailings", "What addresses want to be told by letter, and which get none.",
    (Column("email", "a.email"), Column("muted", "coalesce(m.muted, '{}')", "kinds of letters that they do not want"),
     Column("subscribed_at", "m.subscribed_at", "since when they hear of changelog entries; empty: they do not"),
     Column("locale", "m.locale"), Column("suppressed", "s.reason", "why the address gets no letters; empty: it does")),
    """FROM (SELECT workspace_id, email FROM mailing UNION SELECT workspace_id, email FROM suppression) a
   LEFT JOIN mailing m ON m.workspace_id = a.workspace_id AND m.email = a.email
   LEFT JOIN suppression s ON s.workspace_id = a.workspace_id AND s.email = a.email WHERE true""", "a", ("email",), ("",),
)  # fmt: skip
USERS = Table(
    "users", "Whom you hear.",
    (Column("id", "u.external_id", "your own id"),
     *plain("u", "kind", "name", "email", "avatar", "locale", kind="identified, guest, anonymous or member"),
     Column("company", "c.external_id", "id of a company"), Column("company_name", "c.name", is_extra=True),
     Column("traits", "u.traits::text", "what else you told of them"),
     Column("segments", "u.segments", "what their tokens named; whom the rules find stands nowhere"),
     *plain("u", "blocked_at", "first_seen_at", "last_seen_at")),
    'FROM "user" u LEFT JOIN company c ON c.workspace_id = u.workspace_id AND c.id = u.company_id WHERE true', "u",
)  # fmt: skip
COMPANIES = Table(
    "companies", "Where users work.",
    (Column("id", "c.external_id", "your own id"), *plain("c", "name", "plan", "mrr", mrr="cents a month")),
    "FROM company c WHERE true", "c",
)  # fmt: skip
IN_ORDER = {"place": ("position", "id"), "begin": (-32768, 0)}
FIELDS = Table(
    "fields", "Custom fields of posts.",
    (*plain("f", "key", "name", "type", "required", "options"),
     Column("board", "b.key", "key of the board that asks for it; empty: every board"), *plain("f", "position")),
    "FROM field f LEFT JOIN board b ON b.workspace_id = f.workspace_id AND b.id = f.board_id WHERE true", "f", **IN_ORDER,
)  # fmt: skip
TAGS = Table("tags", "Words of the team for posts.", plain("t", "key", "name", "color"), "FROM tag t WHERE true", "t")
STATUSES = Table(
    "statuses", "Where posts stand.",
    plain("s", "key", "name", "kind", "color", "position", kind="open, planned, started, done or declined"),
    "FROM status s WHERE true", "s", **IN_ORDER,
)  # fmt: skip
BOARDS = Table(
    "boards", "Boards.",
    (*plain("b", "key", "name", "description", "access", access="public, private or segments"),
     Column("segments", """array(SELECT s.key FROM board_segment a
              JOIN segment s ON s.workspace_id = a.workspace_id AND s.id = a.segment_id
             WHERE a.workspace_id = b.workspace_id AND a.board_id = b.id ORDER BY s.key)""",
            "keys of those that may see it"),
     *plain("b", "approve_first", "position", approve_first="whether users' posts wait for approval")),
    "FROM board b WHERE true", "b", **IN_ORDER,
)  # fmt: skip
SEGMENTS = Table(
    "segments", "Groups of users.",
    (*plain("s", "key", "name"), Column("rules", "s.rules::text", "all of which hold; none: only who is named in a token")),
    "FROM segment s WHERE true", "s",
)  # fmt: skip

TABLES = (REACTIONS, FILES, FOLLOWERS, VOTES, COMMENTS, REVISIONS, CHANGELOG, POSTS, MAILINGS, USERS, COMPANIES, FIELDS,
          TAGS, STATUSES, BOARDS, SEGMENTS)  # fmt: skip
