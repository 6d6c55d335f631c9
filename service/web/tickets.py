"""The way to the stream: its address, with a ticket that opens it for a minute."""

from urllib.parse import urlencode

from service import events
from service.lib import tokens


def stream_url(req, session: int | None = None) -> str:
    """Where live updates of this workspace can be heard from now on: what is public, and by a member's session everything,
    while it lasts."""
    workspace = req.context.workspace.id
    ticket = tokens.sign("ticket", {"w": workspace, "s": session, "o": req.get_header("Origin")})
    return f"{req.context.config.stream_url}?{urlencode({'ticket': ticket, 'after': events.latest(workspace)})}"
