"""What the pages of an installation are given to show: of a lively workspace and of an empty one."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Thing

from service import words
from service.web.reference import Field, Shown

NOW = datetime.now(UTC)

STATUSES = [
    Thing(key="open", name="Open", kind="open", color="#64748b", posts=31),
    Thing(key="planned", name="Planned", kind="planned", color="#2563eb", posts=12),
    Thing(key="started", name="In progress", kind="started", color="#b45309", posts=4),
    Thing(key="done", name="Done", kind="done", color="#15803d", posts=58),
    Thing(key="declined", name="Not now", kind="declined", color="#9f1239", posts=9),
]


def a_post(number=12, title="Export invoices to CSV", text="For our **accountant**.", status=1, company="Fern & Co", **more):
    given = {
        "number": number,
        "title": title,
        "body": text,
        "status": STATUSES[status],
        "board": Thing(key="features", name="Features"),
        "held": False,
        "votes": 128,
        "comments": 2,
        "mrr": 123400,
        "author": Thing(name="Maya Okafor", email="maya@fern.example", company=company),
        "created_at": NOW - timedelta(hours=3),
        "updated_at": NOW - timedelta(minutes=5),
        "url": f"http://sayso.example/b/tidewater/posts/{number}",
        "meta": {"page": "https://app.example/invoices"},
    }
    return Thing(**given | more)


def an_operation(word):
    fields = [Field(name=word, kind=[(word, None), (word, word)], limits=word, is_required=True, default=word, about=word,
                    where="header")]  # fmt: skip
    return Shown(
        id="list_posts", method="GET", path=word, summary=word, about=word, scope=word, parameters=fields, body=fields,
        takes=word, takes_file=True, answers=word, fields=fields, status="200", refusals=[404], example=word,
    )  # fmt: skip


def values(word="Tidewater", **more):
    """What every page of the dashboard is given, and what each of them needs, in one."""
    post = a_post(title=word, text=word, company=word)
    given = {
        "base_url": "http://sayso.example",
        "stream_url": "http://sayso.example:8001/stream?ticket=t",
        "csrf": "c5rf",
        "active": "inbox",
        "person": Thing(name=word, email="robin@tidewater.example"),
        "signed_in": True,
        "workspace": Thing(name=word, slug="tidewater", public_id="ws_1"),
        "workspaces": [Thing(name=word, slug="tidewater")],
        "errors": {"email": word, "name": word, "note": word, "status": word, "origins": word},
        "values": {"email": word, "name": word, "note": word, "origins": word},
        "status": 404,
        "title": word,
        "detail": word,
        "email": word,
        "needs_email": True,
        "post": post,
        "posts": [post, a_post(13, body="", author=None, mrr=0)],
        "statuses": STATUSES,
        "boards": [post.board, Thing(key="bugs", name=word)],
        "chosen": "open",
        "sort": "new",
        "q": word,
        "next_url": "?cursor=x",
        "total": 2,
        "history": [
            Thing(type="post.created", actor=word, created_at=NOW, data={}),
            Thing(
                type="post.status_changed", actor=None, created_at=NOW, data={"from": "open", "to": "planned", "note": word}
            ),
        ],
        "voters": [Thing(name=word, email=None, company=word, plan=word, mrr=4900, created_at=NOW)],
        "similar": [Thing(post=post, why="words", score=0.8)],
        "snippet": word,
        "origins": [word],
        "csp": word,
        "secret": word,
        "api_key": word,
        "smtp": False,
        "letters": [Thing(id=1, to_email=word, subject=word, state="kept", created_at=NOW, sent_at=None)],
        "letter": Thing(id=1, to_email=word, subject=word, state="sent", created_at=NOW, sent_at=NOW, text=word, html=word),
        "problems": {404: ("not-found", word)},
        "tables": [Thing(name="posts", about=word, columns=[Thing(name="title", about=word, is_extra=True)])],
        "always": [404],
        "requests_a_minute": 3000,
        "groups": {"posts": [an_operation(word)]},
        "shapes": {"Post": (word, an_operation(word).fields)},
        "script_url": "http://sayso.example/w.js",
        "widget_key": "key",
        "user_token": word,
        "board_url": "/b/tidewater",
        "switches": {"theme": (word, {"auto": word}), "lang": (word, {"en": word})},
        "look": {"theme": "auto", "lang": "en", "accent": "", "side": "left", "launcher": "on", "csp": "strict",
                 "user": word},
        "wanted": 12,
        "is_open": True,
        "comments": [
            Thing(author_name=word, by_team=True, body=word, created_at=NOW, edited_at=NOW, parent=None, internal=internal,
                  official=not internal, is_deleted=deleted) for internal in (False, True) for deleted in (False, True)
        ],
        "entries": [Thing(id=1, title=word, body=word, categories=[word], posts=[12], published_at=NOW)],
        "bodies": {1: word},
        "link": Thing(guest=Thing(name=word, email=word), is_confirmed=False),
        "refusal": word,
        "code": "blocked",
        "words": words.chosen("en"),
        "days": 7,
        "invitation": Thing(name=word, slug="tidewater", inviter=word, person=Thing(name=word, email=word)),
        "role": "an admin",
        "signs_in": True,
        "notice": Thing(said=word, undo=None),
        "pending": [(Thing(name=word, slug="tidewater", inviter=word), "an admin")],
        "other": word,
        "why": word,
        "proved": Thing(email=word, former=word),
        "is_asked": True,
        "refused": word,
        "is_here": True,
    }
    return given | more


EMPTY = {
    "person": Thing(name="", email="robin@tidewater.example"),
    "errors": {},
    "values": {},
    "posts": [],
    "link": None,
    "statuses": [],
    "boards": [],
    "chosen": "",
    "q": "",
    "next_url": None,
    "total": 0,
    "history": [],
    "voters": [],
    "similar": [],
    "origins": [],
    "secret": None,
    "api_key": None,
    "letters": [],
    "comments": [],
    "entries": [],
    "user_token": None,
    "needs_email": False,
    "other": None,
    "is_here": False,
    "proved": Thing(email="robin@tidewater.example", former=None),
    "is_asked": False,
    "refused": "",
    "signed_in": False,
    "problems": {},
    "tables": [],
    "always": [],
    "groups": {},
    "shapes": {},
    "csp": "",
    "post": a_post(body="", author=None, mrr=0, votes=1),
}
