"""Which column of a table is what: the words we know, and a guess by their headers."""

import re
from typing import NamedTuple

from service.errors import Invalid

# what a row is → what its columns can be
POST = ("title", "body", "status", "board", "tags", "votes", "voters", "created_at", "id", "url")
AUTHOR = ("author_name", "author_email", "author_id")
FIELDS = {
    "posts": (*POST, *AUTHOR),
    "votes": ("post", *AUTHOR, "created_at"),
    "comments": ("post", "body", *AUTHOR, "created_at", "id", "parent", "internal"),
}
NEEDED = {"posts": ("title",), "votes": ("post",), "comments": ("post", "body")}
# headers, written small and without anything but letters and digits, the better guess first
HEADERS = {
    "title": ("title", "posttitle", "subject", "name", "idea", "ideatitle", "suggestion", "feature", "summary", "cardname"),
    "body": ("body", "details", "description", "postdetails", "text", "content", "comment", "commentvalue", "value",
             "message", "ideadescription", "carddescription"),
    "status": ("status", "poststatus", "ideastatus", "state", "listname", "list"),
    "board": ("board", "boardname", "forum", "forumname", "category", "categoryname", "project"),
    "tags": ("tags", "tag", "labels", "label", "topics"),
    "votes": ("votes", "votecount", "score", "upvotes", "voterscount", "supporters", "supportercount", "numvotes", "points"),
    "voters": ("voters", "voteremails", "supporteremails"),
    "created_at": ("createdat", "created", "date", "createddate", "datecreated", "postcreated", "submitted", "submittedat",
                   "timestamp", "votedat", "votecreated"),
    "id": ("id", "postid", "ideaid", "suggestionid", "commentid", "cardid", "key"),
    "url": ("url", "link", "posturl", "permalink", "cardurl"),
    "author_name": ("authorname", "author", "creatorname", "username", "postedby", "createdby", "votername", "user",
                    "creator", "commentername"),
    "author_email": ("authoremail", "creatoremail", "useremail", "email", "voteremail", "submitteremail", "commenteremail"),
    "author_id": ("authorid", "userid", "externalid", "externaluserid", "authoruserid", "voterid"),
    "post": ("postid", "post", "ideaid", "suggestionid", "parentpost", "idea", "posttitle"),
    "parent": ("parentid", "parent", "replyto", "parentcomment"),
    "internal": ("internal", "private", "isinternal", "isprivate"),
}  # fmt: skip
PLAIN = re.compile(r"[^a-z0-9]")
ORDERS = ("", "day", "month")


class Mapping(NamedTuple):
    """What the columns of a table are: names of ours → headers of the file, and how it is to be read."""

    rows: str  # posts, votes, comments
    columns: dict[str, str]
    dates: str = ""  # day or month: what comes first in 03/01/2026


def guessed(headers: list[str]) -> Mapping:
    """What a table with these headers most likely holds."""
    plain = {PLAIN.sub("", header.lower()): header for header in reversed(headers)}
    rows = kind_of(plain)
    columns, taken = {}, set()
    for field in FIELDS[rows]:
        for name in HEADERS[field]:
            if name in plain and plain[name] not in taken:
                columns[field] = plain[name]
                taken.add(plain[name])
                break
    return Mapping(rows, columns)


def kind_of(plain: dict[str, str]) -> str:
    if any(name in plain for name in HEADERS["title"]):
        return "posts"
    if not any(name in plain for name in HEADERS["post"]):
        return "posts"
    return "comments" if any(name in plain for name in HEADERS["body"]) else "votes"


def chosen(headers: list[str], asked: dict) -> Mapping:
    """The guess, with what was `asked` for: {rows, dates, columns: {ours: header, or empty for none}}. Raises Invalid with
    the field that must change."""
    guess = guessed(headers)
    rows = asked.get("rows") or guess.rows
    if rows not in FIELDS:
        raise Invalid(rows=f"Choose what each row is: {', '.join(FIELDS)}.")
    dates = asked.get("dates") or ""
    if dates not in ORDERS:
        raise Invalid(dates="Say which comes first in a date, “day” or “month”.")
    columns = merged(headers, guess if guess.rows == rows else guess._replace(columns={}), rows, asked.get("columns") or {})
    return Mapping(rows, columns, dates)


def merged(headers: list[str], guess: Mapping, rows: str, asked: dict) -> dict[str, str]:
    for ours, header in asked.items():
        if ours not in FIELDS[rows]:
            raise Invalid(columns=f"There is nothing to map to that; choose from {', '.join(FIELDS[rows])}.")
        if header and header not in headers:
            raise Invalid(**{ours: "The file has no such column."})
    columns = {ours: header for ours, header in (guess.columns | asked).items() if header and ours in FIELDS[rows]}
    missing = [ours for ours in NEEDED[rows] if ours not in columns]
    if missing:
        raise Invalid(**{ours: f"Choose the column that has the {ours} of each row." for ours in missing})
    return columns
