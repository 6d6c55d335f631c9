"""The audit log: what was done to the workspace and who may do what in it, by whom and when; for owners and admins."""

import falcon

from service.errors import Invalid
from service.feedback import audit
from service.web import cursors, inputs, spreadsheets
from service.web.dashboard import places
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.dashboard.settings.audit_words import said
from service.web.guards import require_admin, require_member
from service.web.inputs import whole
from service.web.pages import query

PAGE = 50
MOST_LINES = 10_000  # of a file
NAMES = {"team": "Team", "sign-ins": "Sign-ins", "keys": "Keys and secrets", "webhooks": "Webhooks",
         "files": "Imports and exports", "users": "Users and blocked addresses", "settings": "Settings"}  # fmt: skip
HEADER = ["Number", "When (UTC)", "Who", "Address", "What", "Type"]


class Audit(Setting):
    key = "audit"

    def show(self, req, resp):
        require_admin(req)
        reader, chosen = req.context.reader, asked(req)
        found = audit.page(reader, PAGE + 1, before=places.number_after(req, "audit"), **chosen)
        entries, following = cursors.cut(found, PAGE, "audit", lambda entry: entry.seq)
        filters = picked(req)
        self.render(
            req, resp, entries=[(entry, said(entry)) for entry in entries], chosen=filters, groups=list(NAMES.items()),
            people=list(audit.people(reader).items()), most_lines=MOST_LINES,
            next_url=following and query(**filters, cursor=following), csv=at(req, "settings/audit.csv") + query(**filters),
        )  # fmt: skip


@falcon.before(require_member)
class Sheet:
    """The log as CSV, with the same filters."""

    def on_get(self, req, resp):
        require_admin(req)
        found = audit.page(req.context.reader, MOST_LINES, **asked(req))
        rows = [[entry.seq, f"{entry.created_at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.email, said(entry), entry.type]
                for entry in found]  # fmt: skip
        spreadsheets.answer(resp, f"{req.context.workspace.slug}-audit-log", HEADER, rows)


def picked(req) -> dict[str, str]:
    return {name: inputs.param(req, name) for name in ("what", "who")}


def asked(req) -> dict:
    """What the address asks for; Invalid when there is no such thing."""
    what, who = picked(req).values()
    person = whole(who) if who else None
    if what and what not in NAMES:
        raise Invalid(what=f"Show one of: {', '.join(NAMES)}.")
    if who and person is None:
        raise Invalid(who="Choose somebody of the list.")
    return {"group": what or None, "person": person}
