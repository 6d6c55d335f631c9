"""The way to the stream: its address, with a ticket that opens it for a minute."""

from urllib.parse import urlencode

from service import events
from service.lib import tokens


def stream_url(req, public: bool) -> str:
    """Where live updates of this workspace can be heard from now on: for members everything, else what is public."""
    ticket = tokens.sign("ticket", {"w": req.context.workspace.id, "p": public, "o": req.get_header("Origin")})
    after = events.latest(req.context.workspace.id)
    return f"{req.context.config.stream_url}?{urlencode({'ticket': ticket, 'after': after})}"
