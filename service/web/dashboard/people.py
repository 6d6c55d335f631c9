"""What the pages of users, companies and segments share."""

from service.feedback.people import MOST_COUNTED, MOST_FOUND, MOST_TOTAL, MOST_USERS
from service.web.dashboard.page import at, render

PAGE = 25
KINDS = {"identified": "Identified", "guest": "Guest", "anonymous": "Anonymous", "member": "Your team"}


def show(req, resp, template: str, part: str, **values) -> None:
    """Answer with a page of this part: users, companies, or segments."""
    items = [(at(req, key), key.capitalize(), key) for key in ("users", "companies", "segments")]
    render(req, resp, template, active="people", part=part, people=items, kinds=KINDS, called=called,
           most_counted=MOST_COUNTED, most_found=MOST_FOUND, most_total=MOST_TOTAL, most_users=MOST_USERS,
           **values)  # fmt: skip


def called(user) -> str:
    """What a user is called in a list: by their name, else by their address, else by their id."""
    return user.name or user.email or ("Anonymous" if user.kind == "anonymous" else user.external_id)
