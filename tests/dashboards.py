"""Every page and form of a workspace's dashboard, from the table of addresses, with things of Acme's put in."""

import itertools

import pytest
from cast import CLEO, DAN

from service import db, jobs
from service.feedback import (
    boards,
    changelog,
    comments,
    companies,
    deliveries,
    endpoints,
    exports,
    fields,
    imports,
    passing,
    segments,
    tags,
)
from service.handlers import HANDLERS
from service.web.app import for_the_team

LETTER = "SELECT id FROM letter WHERE workspace_id = %(workspace)s ORDER BY id LIMIT 1"
fresh = itertools.count(1)


def of_the_team() -> list[tuple[str, str]]:
    """(method, address) of every page and form of a workspace's dashboard."""
    return [(method, path) for path, resource in for_the_team().items() if "{slug}" in path
            for method in ("GET", "POST") if hasattr(resource, f"on_{method.lower()}")]  # fmt: skip


def in_acme(path: str, acme) -> str:
    """The address in Acme, of things that are there; to be asked after `furnish`."""
    there = {
        "posts": lambda: "1",
        "outbox": lambda: str(db.row(LETTER, workspace=acme.workspace.id)[0]),
        "changelog": lambda: str(changelog.page(acme.team, 1)[0].id),
        "users": lambda: DAN["sub"],
        "companies": lambda: DAN["company"]["id"],
        "segments": lambda: segments.of(acme.team)[0].key,
        "insights": lambda: "weeks.csv",
        "import": lambda: str(imports.of(acme.team, 1)[0].id),
        "export": lambda: str(exports.of(acme.team, 1)[0].id),
        "webhooks": lambda: str(endpoints.of(acme.team)[0].id),
        "deliveries": lambda: str(deliveries.of(acme.team, endpoints.of(acme.team)[0].id)[0].id),
    }
    words = path.replace("{slug}", acme.workspace.slug).split("/")
    for index, word in enumerate(words):
        if word.startswith("{"):
            if words[index - 1] not in there:
                pytest.fail(f"say how to sample {word} of {path}")
            words[index] = there[words[index - 1]]()
    return "/".join(words)


def furnish(acme, words: str = "Exports") -> None:
    """Have one of everything in Acme, called `words`."""
    name = words[:80]
    boards.create(acme.team, "more", name, words, "private")
    tags.create(acme.team, "money", name)
    segments.create(acme.team, "big", name, [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    fields.create(acme.team, "why", name, "text")
    endpoints.create(acme.team, "https://hooks.invalid/", ["post.created"], {"segment": "big"})
    endpoints.test(acme.team, endpoints.of(acme.team)[0].id)
    claims = {**DAN, "name": words, "traits": {"role": words}, "company": {**DAN["company"], "name": words, "plan": words}}
    first = acme.post(words, words, by=claims, meta={"page": words})
    second = acme.post(f"{words} again", words, by={**CLEO, "name": words})
    tags.tag(acme.team, first, "money")
    companies.put(acme.team, DAN["company"]["id"], mrr=123_400)
    for more in ({}, {"internal": True}, {"official": True}):
        comments.create(acme.writer, first, words, **more)
    changelog.create(acme.team, words, words, categories=[name[:40]], posts=[first, second])
    imports.begin(acme.team, "csv", f"{name}.csv", f'Title\n"{words}"\n'.encode(), {}, is_dry=True)
    exports.request(acme.team)
    for job in jobs.claim("tests", 9, 60, queue=passing.QUEUE):
        HANDLERS[job.kind](job)
