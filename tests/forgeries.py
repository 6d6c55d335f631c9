"""User tokens as an attacker makes them: of any parts, signed with a true secret or with none."""

import base64
import hashlib
import hmac
import json
import time

from calls import call

from service import db

USER = 'SELECT kind, email, name, company_id, traits, segments FROM "user" WHERE workspace_id = %(workspace)s'
HOUR = 3600
HEAD = {"alg": "HS256", "typ": "JWT"}


def trade(client, company, token: str):
    """The answer to a page that shows this token."""
    return call(client, company, "session", user_token=token)


def refused(client, company, token: str, code: str = "token_invalid") -> str:
    """Why the token is refused, in words."""
    answer = trade(client, company, token)
    assert (answer.status_code, answer.json.get("code")) == (401, code), answer.text
    assert db.rows(USER, workspace=company.workspace.id) == []
    return answer.json["detail"]


def part(value) -> str:
    raw = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(company, header, claims) -> str:
    """A token of exactly these parts (text or JSON), with a true signature of the company's secret."""
    unsigned = f"{part(header)}.{part(claims)}"
    signature = hmac.new(company.secret[1].encode(), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{part(signature)}"


def claims(company, **changed) -> dict:
    now = int(time.time())
    return {"iss": company.workspace.public_id, "aud": "sayso", "sub": "cleo-7", "iat": now, "exp": now + HOUR, **changed}
