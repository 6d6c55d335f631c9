"""The public REST API, one word a file; every operation says in one decorator what it takes and answers."""

from service.web.api import (
    boards,
    changelog,
    comments,
    companies,
    events,
    exports,
    fields,
    files,
    imports,
    posts,
    segments,
    statuses,
    tags,
    team,
    users,
    votes,
    webhooks,
)

__all__ = ["boards", "changelog", "comments", "companies", "events", "exports", "fields", "files", "imports", "posts",
           "segments", "statuses", "tags", "team", "users", "votes", "webhooks"]  # fmt: skip
