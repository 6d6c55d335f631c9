"""The demo workspace: an invented product with users, companies, posts, votes and a history, written by us.

Its rows are written with their own dates and without the jobs that would follow, so that nobody gets a letter."""

import json
import time
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import jwt

from service import db, installation
from service.config import Config
from service.feedback import (
    brand,
    guide,
    identity_secrets,
    insight_counts,
    keys,
    members,
    planning,
    segments,
    sign_in,
    tags,
    vectors,
    views,
    workspaces,
)
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import embeddings, identity, images

FOLDER = Path(__file__).parent
KEY_NAME = "sayso demo"


class Made(NamedTuple):
    """What `sayso demo` prints."""

    base_url: str
    workspace: str
    workspace_id: str
    widget_key: str
    identity_secret: str
    identity_kid: str
    api_key: str
    sign_in_url: str
    demo_page: str
    board_url: str


def workspace() -> Workspace | None:
    """The demo workspace of this installation, if there is one."""
    made = installation.demo_id()
    return workspaces.find(made) if made else None


def make(config: Config, progress=iter) -> Made:
    """Make the demo workspace, unless it is there; always a fresh API key and sign-in link for its owner.

    `progress` wraps the list of posts and may draw a bar while they are written. Interrupted, nothing is left."""
    place = workspace() or fill(progress)
    owner = members.person(members.DEMO_OWNER, "Robin Demo")
    secrets_by_kid = identity_secrets.reveal(place)
    kid = identity_secrets.kids(place)[0]
    return Made(
        base_url=config.base_url,
        workspace=place.slug,
        workspace_id=place.public_id,
        widget_key=workspaces.widget_key(place),
        identity_secret=secrets_by_kid[kid],
        identity_kid=kid,
        api_key=keys.replace(place, owner, KEY_NAME),
        sign_in_url=f"{config.base_url}/app/sign-in/{sign_in.make_link(members.DEMO_OWNER)}",
        demo_page=f"{config.base_url}/demo",
        board_url=workspaces.home(place, config.base_url),
    )


def user_token(place: Workspace, user: str) -> str:
    """What the demo's server would sign for one of its users, so that the demo page can show one signed in."""
    [person] = [each for each in data("users") if each["id"] == user] or [{"id": user, "name": "", "email": None}]
    now, kid = int(time.time()), identity_secrets.kids(place)[0]
    claims = {"sub": user, "iss": place.public_id, "aud": identity.AUDIENCE, "iat": now, "exp": now + 3600,
              "name": person["name"], "email": person["email"]}  # fmt: skip
    return jwt.encode(claims, identity_secrets.reveal(place)[kid], algorithm="HS256", headers={"kid": kid})


@db.verb
def fill(progress) -> Workspace:
    facts, posts = data("data"), posts_in_order()
    owner = members.person(members.DEMO_OWNER, "Robin Demo")
    place = members.found(facts["workspace"]["name"], owner)
    identity_secrets.create(place)
    scope = {"workspace": place.id}
    places_of_posts(scope, facts)
    people(scope, facts["companies"], data("users"))
    statuses = {status["key"]: {"name": status["name"], "color": status["color"]} for status in facts["statuses"]}
    numbers, is_local = {}, vectors.latest()[:2] == (embeddings.MODEL, None)
    for number, post in enumerate(progress(posts), start=1):
        numbers[post["title"]] = number
        write(scope, number, post, statuses)
        if is_local:
            vectors.keep(place.id, embeddings.MODEL, [vectors.Text(number, post["title"], post["body"], None)])
        else:
            vectors.later(place.id, number)
    discuss(scope, data("comments"), numbers)
    for entry in data("changelog"):
        announce(scope, entry, [numbers[title] for title in entry["posts"]])
    db.changed(COUNT, **scope, posts=len(posts))
    db.changed(ANSWERED, **scope)
    robin = Reader(place, is_member=True, person=owner.id)
    triage(robin, facts, numbers)
    brand.set_logo(robin, images.squared((FOLDER / "logo.webp").read_bytes(), brand.SIDE))
    brand.set_accent(robin, facts["workspace"]["accent"])
    insight_counts.count(place.id)
    guide.dismiss(Reader(place, is_member=True))  # nobody has to set it up
    installation.remember_demo(place.id)
    return place


def triage(robin: Reader, facts: dict, numbers: dict) -> None:
    """What a product manager did already: tags, who does what until when, and views of the inbox."""
    for tag in facts["tags"]:
        tags.create(robin, tag["key"], tag["name"], tag["color"])
        for title in tag["posts"]:
            tags.tag(robin, numbers[title], tag["key"])
    for plan in facts["plans"]:
        planning.assign(robin, numbers[plan["post"]], robin.person)
        planning.set_eta(robin, numbers[plan["post"]], date.today() + timedelta(plan["days"]))
    for view in facts["views"]:
        views.save(robin, view["name"], view["query"])


def posts_in_order() -> list[dict]:
    """The posts as they were written, so the first is number 1."""
    return sorted(data("posts"), key=lambda post: -post["days_ago"])


@cache
def number(title: str) -> int:
    """The number that this post got."""
    return 1 + [post["title"] for post in posts_in_order()].index(title)


def data(name: str):
    return json.loads((FOLDER / f"{name}.json").read_text())


def author(comment: dict) -> str:
    return TEAM_USER if comment["author"] == "team" else comment["author"]


TEAM_USER = "u_1001"

BOARD = """
INSERT INTO board (workspace_id, key, name, description, access, position)
VALUES (%(workspace)s, %(key)s, %(name)s, %(description)s, %(access)s, %(position)s)
ON CONFLICT ON CONSTRAINT one_board_per_key DO UPDATE SET name = excluded.name, description = excluded.description"""
STATUS = """
UPDATE status SET name = %(name)s, color = %(color)s WHERE workspace_id = %(workspace)s AND key = %(key)s"""
COMPANY = """
INSERT INTO company (workspace_id, external_id, name, plan, mrr)
VALUES (%(workspace)s, %(id)s, %(name)s, %(plan)s, %(mrr)s)"""
USER = """
INSERT INTO "user" (workspace_id, external_id, kind, name, email, locale, company_id,
                    first_seen_at, news_seen_at, last_seen_at)
SELECT %(workspace)s, %(id)s, %(kind)s, %(name)s, %(email)s, %(locale)s,
       (SELECT id FROM company WHERE workspace_id = %(workspace)s AND external_id = %(company)s),
       now() - interval '300 days', now() - interval '30 days', now() - abs(hashtext(%(id)s)) %% 40 * interval '17 hours'"""
POST = """
WITH post AS (
  INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, meta, votes, created_at, updated_at)
  SELECT %(workspace)s, %(number)s, b.id, s.id, u.id, %(title)s, %(body)s, %(meta)s::jsonb, cardinality(%(voters)s::text[]),
         now() - %(days_ago)s * interval '1 day', now() - %(changed)s * interval '1 day'
    FROM board b, status s, "user" u
   WHERE b.workspace_id = %(workspace)s AND b.key = %(board)s AND s.workspace_id = %(workspace)s AND s.key = %(status)s
     AND u.workspace_id = %(workspace)s AND u.external_id = %(author)s
  RETURNING workspace_id, number
), voter AS (
  SELECT u.id, now() - %(days_ago)s * interval '1 day' * (1 - (place - 1) / cardinality(%(voters)s::text[])::float) AS at
    FROM unnest(%(voters)s::text[]) WITH ORDINALITY AS listed (external_id, place)
    JOIN "user" u ON u.workspace_id = %(workspace)s AND u.external_id = listed.external_id
), vote AS (
  INSERT INTO vote (workspace_id, post_number, user_id, created_at)
  SELECT workspace_id, number, voter.id, voter.at FROM post, voter
)
INSERT INTO follower (workspace_id, post_number, user_id) SELECT workspace_id, number, voter.id FROM post, voter"""
EVENT = """
WITH taken AS (
  UPDATE workspace_counter SET next_event = next_event + 1 WHERE workspace_id = %(workspace)s RETURNING next_event - 1 AS seq
)
INSERT INTO event (workspace_id, seq, type, public, post_number, user_id, data, created_at)
SELECT %(workspace)s, seq, %(type)s, true, %(number)s, u.id, %(data)s::jsonb, now() - %(days)s * interval '1 day'
  FROM taken, "user" u WHERE u.workspace_id = %(workspace)s AND u.external_id = %(who)s"""
COMMENT = """
WITH made AS (
  INSERT INTO comment (workspace_id, post_number, user_id, body, parent_id, official, language, created_at)
  SELECT %(workspace)s, %(number)s, id, %(body)s, %(parent)s, %(official)s,
         (SELECT language FROM workspace WHERE id = %(workspace)s), now() - %(days)s * interval '1 day' FROM "user"
   WHERE workspace_id = %(workspace)s AND external_id = %(author)s RETURNING id, post_number
)
UPDATE post SET comments = comments + 1 FROM made WHERE workspace_id = %(workspace)s AND number = made.post_number
RETURNING made.id"""
ENTRY = """
WITH entry AS (
  INSERT INTO changelog_entry (workspace_id, title, body, categories, published_at, announced_at)
  SELECT %(workspace)s, %(title)s, %(body)s, %(categories)s, at, at
    FROM (SELECT now() - %(days_ago)s * interval '1 day') told (at)
  RETURNING id
), linked AS (
  INSERT INTO changelog_post (workspace_id, entry_id, post_number) SELECT %(workspace)s, id, unnest(%(numbers)s) FROM entry
)
SELECT id FROM entry"""
REACTIONS = """
INSERT INTO changelog_reaction (workspace_id, entry_id, user_id, kind)
SELECT %(workspace)s, %(entry)s, id, %(kind)s FROM "user" WHERE workspace_id = %(workspace)s AND kind = 'identified'
 ORDER BY md5(external_id || %(kind)s) LIMIT %(count)s"""
PICTURE = """
WITH content AS (
  INSERT INTO content (workspace_id, sha256, data) VALUES (%(workspace)s, %(sha256)s, %(data)s)
), file AS (
  INSERT INTO file (workspace_id, name, type, size, sha256, state, entry_id, width, height)
  VALUES (%(workspace)s, %(name)s, 'image/webp', %(size)s, %(sha256)s, 'ready', %(entry)s, 1080, 495) RETURNING id
)
UPDATE changelog_entry e SET body = replace(body, '(picture)', '(file:' || file.id || ')') FROM file
 WHERE e.workspace_id = %(workspace)s AND e.id = %(entry)s"""
SEGMENT = """
INSERT INTO segment (workspace_id, key, name, rules) VALUES (%(workspace)s, %(key)s, %(name)s, %(rules)s::jsonb)"""
ANSWERED = """
UPDATE post SET answered_at = answer.first FROM (
  SELECT post_number, min(created_at) AS first FROM (
    SELECT post_number, created_at FROM event WHERE workspace_id = %(workspace)s AND type = 'post.status_changed'
    UNION ALL
    SELECT c.post_number, c.created_at FROM comment c
      JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id AND u.kind = 'member'
     WHERE c.workspace_id = %(workspace)s) said
   GROUP BY post_number) answer
 WHERE post.workspace_id = %(workspace)s AND post.number = answer.post_number"""
COUNT = "UPDATE workspace_counter SET next_post = %(posts)s + 1 WHERE workspace_id = %(workspace)s"


def places_of_posts(scope: dict, facts: dict) -> None:
    for position, board in enumerate(facts["boards"]):
        db.changed(BOARD, **scope, **board, position=position)
    for status in facts["statuses"]:
        db.changed(STATUS, **scope, **status)


def people(scope: dict, companies: list, users: list) -> None:
    for company in companies:
        db.changed(COMPANY, **scope, **company)
    for user in users:
        kind = "member" if user["id"] == TEAM_USER else "identified"
        db.changed(USER, **scope, **user, kind=kind)
    for plan in dict.fromkeys(company["plan"] for company in companies):
        rules = [{"field": "company.plan", "op": "is", "value": plan}]
        db.changed(SEGMENT, **scope, key=plan.lower(), name=plan, rules=json.dumps(rules))
    segments.sort(scope["workspace"])


def write(scope: dict, number: int, post: dict, statuses: dict) -> None:
    history = post.get("history", [])
    changed = history[-1]["days_ago"] if history else post["days_ago"]
    written = {**post, "number": number, "changed": changed, "meta": json.dumps(post.get("meta", {}))}
    db.changed(POST, **scope, **written)
    db.changed(EVENT, **scope, number=number, type="post.created", who=post["author"], data="{}", days=post["days_ago"])
    before = "open"
    for step in history:
        shown = statuses[step["status"]]
        change = {"from": before, "to": step["status"], **shown, "note": step.get("note", ""), "notify": True}
        before = step["status"]
        db.changed(EVENT, **scope, number=number, type="post.status_changed", who=TEAM_USER, data=json.dumps(change),
                   days=step["days_ago"])  # fmt: skip


def discuss(scope: dict, comments: list[dict], numbers: dict) -> None:
    """Writes the comments; a reply answers the last one below the same post that is none."""
    asked = {}
    for comment in comments:
        post, is_reply = comment["post"], comment.get("reply", False)
        [id] = db.row(COMMENT, **scope, number=numbers[post], author=author(comment), body=comment["body"],
                      parent=asked[post] if is_reply else None, official=comment.get("official", False),
                      days=comment["days_ago"])  # fmt: skip
        if not is_reply:
            asked[post] = id


def announce(scope: dict, entry: dict, numbers: list[int]) -> None:
    [id] = db.row(ENTRY, **scope, **entry, numbers=numbers)
    for kind, count in entry["reactions"].items():
        db.changed(REACTIONS, **scope, entry=id, kind=kind, count=count)
    if "picture" in entry:
        content = (FOLDER / entry["picture"]).read_bytes()
        db.changed(PICTURE, **scope, entry=id, name=entry["picture"], data=content, size=len(content),
                   sha256=sha256(content).digest())  # fmt: skip
