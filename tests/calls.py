"""What the widget sends: JSON in a text/plain body, with the key of the snippet, and the origin of the page it is on."""

import json
import time

from service.lib import tokens

SITE = "https://app.acme.example"


def call(client, company, path: str, origin: str | None = SITE, headers: dict = (), **fields):
    """The answer to one call of the widget, on a page of `origin`. `fields` that are None are left out."""
    shown = {"form": shown_at(company)} if path == "posts" or path.endswith("/comments") else {}
    fields = {"key": company.widget_key, **shown, **fields}
    body = json.dumps({name: value for name, value in fields.items() if value is not None})
    known = {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin, **dict(headers)}
    return client.simulate_post(
        f"/api/widget/{path}", body=body, headers={name: value for name, value in known.items() if value is not None}
    )


def shown_at(company, seconds: float = 10) -> str:
    """What a form carries that was shown so many seconds ago."""
    return tokens.sign("form", {"w": company.workspace.id, "t": time.time() - seconds})


def session(client, company, claims: dict = None, **changed) -> str:
    """The session of a user whom the company's server vouches for."""
    token = company.token(claims, **changed) if claims else company.token(**changed)
    return call(client, company, "session", user_token=token).json["session"]
