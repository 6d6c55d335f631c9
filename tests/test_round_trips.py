"""What a request costs in round trips to the database: counted, never timed."""

import json

import pytest
from round_trips import Counter

ROUND_TRIPS = {  # COMMIT and the hint after it count too
    "list": (2, "GET", "/api/v1/posts?limit=20", None),
    "one post": (2, "GET", "/api/v1/posts/1", None),
    "create": (6, "POST", "/api/v1/posts", {"title": "One more"}),
    "create for a user": (7, "POST", "/api/v1/posts", {"title": "One more", "author": "dan-8"}),
    "vote on behalf": (6, "PUT", "/api/v1/posts/2/votes/dan-8", None),
    "widget: vote": (6, "POST", "/api/widget/posts/2/vote", {"voted": True}),
    "widget: new post": (6, "POST", "/api/widget/posts", {"title": "One more", "submission": "a" * 24}),
    "widget: open": (4, "POST", "/api/widget/opening", {}),
    "widget: news": (2, "POST", "/api/widget/news", {}),
    "widget: roadmap": (2, "POST", "/api/widget/roadmap", {}),
}


@pytest.mark.parametrize("what", ROUND_TRIPS)
def test_a_request_costs_no_more_round_trips_than_its_budget(client, acme, what):
    budget, method, path, fields = ROUND_TRIPS[what]
    for number in range(30):
        acme.post(f"Wish {number}")
    token = acme.token({"sub": "dan-8"})
    session = call(client, "POST", "/api/widget/session", widget(acme, user_token=token)).json["session"]
    client.simulate_post("/api/v1/posts", json={"title": "The first one makes its author"}, headers=acme.bearer())
    body = fields if fields is None or path.startswith("/api/v1") else widget(acme, session=session, **fields)
    counted = {}
    with Counter().into(counted, what):
        answer = call(client, method, path, body, **acme.bearer())
    assert answer.status_code in (200, 201, 204), answer.text
    assert counted[what] <= budget


def widget(company, **fields) -> dict:
    return {"key": company.widget_key, **fields}


def call(client, method, path, body, **headers):
    kind = "text/plain" if path.startswith("/api/widget") else "application/json"
    path, _, query = path.partition("?")
    return client.simulate_request(method, path, query_string=query, body=json.dumps(body) if body else None,
                                   headers={"Content-Type": kind, **headers})  # fmt: skip
