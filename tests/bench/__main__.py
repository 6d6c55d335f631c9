"""`make bench`: what a request costs in round trips to the database, the buffers they read, and bytes on the wire; and how
well the search finds who asked for the same (similar/measure.py). Then the same among a million posts, in databases that are
made once and stay (scale/); SAYSO_BENCH_SCALE=off leaves that out.

Counts, which are the same on every machine, and the time of one search. Prints one table, writes results.json beside this
file, and exits with 1 when a budget is broken."""

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import cast
import falcon.testing
import installation
from round_trips import Counter
from scripts import budget, sizes

from bench.scale import measure as growth
from bench.similar import measure as understanding
from service import config, db, embedded, files, migrate
from service.feedback import billing, endpoints, letters, vectors
from service.lib import sealing, tokens
from service.web.app import create_app
from service.web.widget.files import Files

POSTS = 200
# figure → budget, in round trips unless it says otherwise; a transaction's BEGIN and COMMIT count too
BUDGETS = {
    "widget: open": 4,
    "widget: similar while typing": 2,
    "widget: vote": 6,
    "widget: new post": 6,
    "API: create a post": 6,
    "API: create for a user": 7,
    "API: list of posts": 2,
    "API: one post": 2,
    "API: vote on behalf": 6,
    "public: board of 20 posts": 2,
}
PUBLIC_PAGE = 30_000  # bytes (brotli) of its HTML, styles and scripts together
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js)\?[^"]+)"')


@contextmanager
def application():
    """The whole application on a database of its own, without a network."""
    with installation.data_folder() as folder, embedded.running(folder) as (url, _):
        settings = config.read({"SECRET_KEYS": cast.SECRET_KEY, "DATABASE_URL": url, "DATA_DIR": str(folder)})
        tokens.start(settings.secret_keys)
        sealing.start(settings.secret_keys)
        letters.start(settings)
        endpoints.start(settings)
        vectors.start(settings)
        billing.start(settings)
        migrate.run(url)
        db.start(url, connections=4)
        with db.connected():
            yield falcon.testing.TestClient(create_app(settings))


def measure(client) -> dict[str, int]:
    acme, results = cast.acme(), {}
    for number in range(POSTS):
        acme.post(f"Wish number {number}")
    call = {"headers": {"Content-Type": "text/plain"}}
    session = client.simulate_post("/api/widget/session", body=body(acme, user_token=acme.token()), **call).json["session"]
    key, counter = acme.bearer(), Counter()
    vectors.models()  # which a process asks for once in a few seconds
    steps = {
        "widget: open": ("POST", "/api/widget/opening", {}),
        "widget: similar while typing": ("POST", "/api/widget/similar", {"text": "a wish"}),
        "widget: vote": ("POST", "/api/widget/posts/7/vote", {"voted": False}),
        "widget: new post": ("POST", "/api/widget/posts", {"title": "One more", "submission": "a"}),
    }
    for name, (method, path, fields) in steps.items():
        with counter.into(results, name):
            answer = client.simulate_request(method, path, body=body(acme, session=session, **fields), **call)
        assert answer.status_code < 300, answer.text
    client.simulate_post("/api/v1/posts", json={"title": "The first one makes its author"}, headers=key)
    calls = {
        "API: create a post": ("POST", "/posts", {"title": "By API"}),
        "API: create for a user": ("POST", "/posts", {"title": "By API", "author": "dan-8"}),
        "API: list of posts": ("GET", "/posts", None),
        "API: one post": ("GET", "/posts/7", None),
        "API: vote on behalf": ("PUT", "/posts/7/votes/dan-8", None),
    }
    for name, (method, path, fields) in calls.items():
        with counter.into(results, name):
            answer = client.simulate_request(method, f"/api/v1{path}", json=fields, headers=key)
        assert answer.status_code < 300, answer.text
    with counter.into(results, "public: board of 20 posts"):
        client.simulate_get("/b/acme")
    return results


def public_page(client) -> int:
    """Bytes of the board as a browser gets it that has never been here."""
    page = client.simulate_get("/b/acme")
    asked = ["/b/acme", *dict.fromkeys(LINKED.findall(page.text))]
    return sum(len(client.simulate_get(path, headers={"Accept-Encoding": "br"}).content) for path in asked)


def body(company, **fields) -> str:
    return json.dumps({"key": company.widget_key, **fields})


def judged(figure: int, budget: int) -> dict:
    return {"figure": figure, "budget": budget, "holds": figure <= budget}


def main() -> None:
    with application() as client:
        rows = {name: judged(figure, BUDGETS[name]) for name, figure in measure(client).items()}
        rows["public: board of 20 posts, bytes (brotli)"] = judged(public_page(client), PUBLIC_PAGE)
        understood = understanding.rows(client, cast.globex())
    scripts = sizes(Files(files.root("widget")))
    rows |= {f"{name}, bytes (brotli)": judged(size, budget(name)) for name, size in scripts.items()}
    grown = {} if os.environ.get("SAYSO_BENCH_SCALE") == "off" else growth.rows()
    kept = rows | understood | grown
    (Path(__file__).parent / "results.json").write_text(json.dumps(kept, indent=2) + "\n")
    for name, row in rows.items():
        print(f"{name:42} {row['figure']:>6} of {row['budget']:>6}  {'holds' if row['holds'] else 'BROKEN'}")
    for name, row in understood.items():
        print(f"{name:42} {understanding.line(row)}")
    for name, row in grown.items():
        print(f"{name:62} {growth.line(row)}")
    sys.exit(not all(row.get("holds", True) for row in kept.values()))


if __name__ == "__main__":
    main()
