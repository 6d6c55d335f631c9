"""Every page and form of the public face, from the table of addresses, with things of Acme's put in; and visitors."""

import re
import time
from html import unescape
from urllib.parse import urlencode

import pytest
from browser import FORM, Browser
from cast import CLEO

from service.errors import NotFound
from service.feedback import changelog, workspaces
from service.lib import tokens
from service.web.app import of_a_board
from service.web.guards import user_token

SECRETS = ("secret", "token")  # placeholders that nobody can guess
PAGES = {address: resource for address, resource in of_a_board().items() if hasattr(resource, "on_get")}
FORMS = {address: resource for address, resource in of_a_board().items() if hasattr(resource, "on_post")}


class Visitor(Browser):
    """Somebody's browser at Acme's board; a user's, once they are told to be one."""

    def be(self, company, claims: dict = CLEO):
        self.cookies[f"sayso-{company.workspace.slug}"] = user_token("visitor", company.workspace, company.user(claims))
        return self

    def do(self, path: str, deed: str, headers: dict = (), **fields):
        """Send a form of a public page, which needs no token, ten seconds after it was shown."""
        body = urlencode({"do": deed, **shown_at(path), **fields}, doseq=True)
        known = {**self.headers(), "Content-Type": FORM, **dict(headers)}
        return self.keep(self.client.simulate_post(path, body=body, headers=known))


def shown_at(path: str) -> dict:
    """What a form carries that was shown ten seconds ago on a board."""
    try:
        workspace = workspaces.by_slug(path.removeprefix("/b/").partition("/")[0])
    except NotFound:
        return {}
    return {"began": tokens.sign("form", {"w": workspace.id, "t": time.time() - 10})}


def placed(address: str, company) -> str:
    """An address below the company's board, of things that are there (dashboards.furnish); a secret is one that is none."""
    entry = changelog.page(company.team, 1, state="published")
    there = {"pictures": "1", "posts": "1", "changelog": str(entry[0].id) if entry else "1"}
    words = address.split("/")
    for index, word in enumerate(words):
        if word.strip("{}") in SECRETS:
            words[index] = "x" * 43
        elif word.startswith("{"):
            if words[index - 1] not in there:
                pytest.fail(f"say how to sample {word} of {address}")
            words[index] = there[words[index - 1]]
    return f"/b/{company.workspace.slug}" + "/".join(words)


def said(page) -> str:
    """What the page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.split("<main", 1)[-1])).split())


def after(visitor):
    """The page that a form leads to."""
    assert visitor.page.status_code == 303, visitor.page.text
    return visitor.open(*visitor.page.headers["location"].partition("#")[0].split("?")[:1],
                        query_string=visitor.page.headers["location"].partition("#")[0].partition("?")[2])  # fmt: skip
