"""What the widget sends: JSON in a text/plain body, with the key of the snippet, and the origin of the page it is on."""

import json

SITE = "https://app.acme.example"


def call(client, company, path: str, origin: str | None = SITE, headers: dict = (), **fields):
    """The answer to one call of the widget, on a page of `origin`. `fields` that are None are left out."""
    fields = {"key": company.widget_key, **fields}
    body = json.dumps({name: value for name, value in fields.items() if value is not None})
    known = {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin, **dict(headers)}
    return client.simulate_post(
        f"/api/widget/{path}", body=body, headers={name: value for name, value in known.items() if value is not None}
    )


def session(client, company, claims: dict = None, **changed) -> str:
    """The session of a user whom the company's server vouches for."""
    token = company.token(claims, **changed) if claims else company.token(**changed)
    return call(client, company, "session", user_token=token).json["session"]
