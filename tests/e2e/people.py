"""What tests of the open panel do as people, and as the team's own program."""

import json
import time
import urllib.request
from contextlib import closing

import jwt
import psycopg2

ROBIN, NOOR = "robin-9", "noor-9"
NAMES = {ROBIN: "Robin Marsh", NOOR: "Noor Haddad"}
NOBODY_IS_SUSPECT = """
UPDATE workspace SET holds_suspects = false; ALTER TABLE workspace ALTER holds_suspects SET DEFAULT false"""
# 120 comments of its author below a post
MANY = """
INSERT INTO comment (workspace_id, post_number, user_id, body)
SELECT p.workspace_id, p.number, p.author_id, 'Number ' || n FROM post p, generate_series(1, 120) n
 WHERE p.number = %s RETURNING id"""


def trust(sayso) -> None:
    """Have no workspace mind that our browsers type faster than people."""
    assert sayso.demo
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(NOBODY_IS_SUSPECT)


def team(sayso, method: str, path: str, kind: str = "application/json", data: bytes | None = None, **fields):
    """What the team's own program does over the API, and its answer."""
    head = {"Authorization": f"Bearer {sayso.demo['api_key']}", "Content-Type": kind}
    body = data or json.dumps(fields).encode()
    request = urllib.request.Request(f"{sayso.base_url}/api/v1/{path}", body, head, method=method)
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read() or "null")


def token(demo: dict, user: str) -> str:
    now = int(time.time())
    claims = {"sub": user, "name": NAMES.get(user, user), "iss": demo["workspace_id"], "aud": "sayso", "iat": now,
              "exp": now + 600}  # fmt: skip
    return jwt.encode(claims, demo["identity_secret"], algorithm="HS256", headers={"kid": demo["identity_kid"]})


def rows(sayso, sql: str, *values) -> list[tuple]:
    with closing(psycopg2.connect(sayso.database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def comment(page, text: str):
    """The innermost item of the list that says this."""
    return page.get_by_role("listitem").filter(has_text=text).last


def box(page):
    return page.get_by_label("Add a comment")


def write(page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Control+Enter")
