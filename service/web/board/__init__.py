"""The public face, a page or two a word."""

from service.web.board import (  # noqa: F401 what app.py finds them by
    board,
    changelog,
    confirm,
    data,
    embed,
    feeds,
    former,
    logo,
    mailing,
    me,
    new_post,
    oembed,
    picture,
    post,
    roadmap,
    robots,
    sign_in,
    subscribing,
    visiting,
)
