"""API keys: which programs come in the team's name, with what power, and until when."""

from datetime import UTC, datetime, timedelta

from service.errors import Invalid, NotFound
from service.feedback import keys, team
from service.web.dashboard.settings import Setting
from service.web.inputs import whole
from service.web.page import Done

ENDS = (("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))  # days
SCOPES = {"read": "Read posts and users", "write": "Write posts, votes and comments", "admin": "Everything, settings too"}


class Keys(Setting):
    key = "keys"
    delicate = frozenset(["make"])

    def show(self, req, resp):
        makers = {member.id: member.name or member.email for member in team.of(req.context.reader)}
        self.render(req, resp, keys=keys.of(req.context.reader), makers=makers, scopes=SCOPES, ends=ENDS, api_key=None,
                    now=datetime.now(UTC), base_url=req.context.config.base_url)  # fmt: skip

    def make(self, req):
        form = req.context.form
        made, secret = keys.make(req.context.reader, form.get("name", ""), form.every("scopes"), until(form.get("ends", "")))
        return Done(f"The key “{made.name}” was made.", show={"api_key": secret})

    def end(self, req):
        id = whole(req.context.form.get("key", ""))
        if id is None:
            raise NotFound("There is no such key.")
        name = keys.find(req.context.reader, id).name
        keys.end(req.context.reader, id)
        return Done(f"The key “{name}” no longer works.")

    deeds = {"make": make, "end": end}


def until(days: str) -> datetime | None:
    if days not in dict(ENDS):
        raise Invalid(ends="Choose one of the list.")
    return datetime.now(UTC) + timedelta(days=int(days)) if days else None
