"""The team's pages, one or two a word."""

from service.web.dashboard import (  # noqa: F401 what app.py finds them by
    changelog,
    companies,
    files,
    history,
    home,
    inbox,
    insights,
    merging,
    moderation,
    new_post,
    outbox,
    posts,
    roadmap,
    search,
    segments,
    sign_in,
    start,
    system,
    users,
)
from service.web.dashboard.settings import (  # noqa: F401
    brand,
    general,
    identity,
    install,
    keys,
    letters,
    lists,
    team,
    webhooks,
)
