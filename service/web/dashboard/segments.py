"""Segments: groups of users by rules, with a look at who is in them while the rules are written."""

import falcon

from service.errors import Invalid
from service.feedback import audience, segments, versions
from service.feedback.segments import MOST_COUNTED, MOST_RULES
from service.lib import text
from service.web.dashboard import rules
from service.web.dashboard.page import Page, at
from service.web.dashboard.people import show
from service.web.guards import require_admin, require_member
from service.web.page import Done


@falcon.before(require_member)
class Segments(Page):
    def show(self, req, resp):
        found = segments.listed(req.context.reader)
        show(req, resp, "app/segments.html", "segments", segments=found, said=rules.said, most=MOST_COUNTED + 1)


class Editor(Page):
    """The form in which a segment is written, and beside it who is in it."""

    def values(self, req, saved: list[dict]) -> dict:
        """What the form shows: what was typed, if it was just sent and is not saved by it, else what is saved."""
        known = audience.known(req.context.reader)
        suggested = {**dict.fromkeys(rules.FIELDS, ()), **{each.field: each.values for each in known}}
        rows = rules.typed(req.context.form) if "sent" in req.context.page else rules.rows(saved)
        return {"rows": rows or [rules.Row()], "ops": rules.OPS, "suggested": suggested, "labels": rules.FIELDS,
                "most_rules": MOST_RULES, "most": MOST_COUNTED + 1, "wrong": "", "counted": None,
                "typed": req.context.form if "sent" in req.context.page else None}  # fmt: skip

    def add(self, req, **_place):
        return Done(show={"rows": [*rules.typed(req.context.form), rules.Row()][:MOST_RULES]} | self.look(req))

    def count(self, req, **place):
        return Done(show=self.look(req, **place))

    def look(self, req, rows: list | None = None, **place) -> dict:
        """Who the rules as they are typed would let in; or why that cannot be said yet."""
        reader = req.context.reader
        asked = rules.meant(rules.typed(req.context.form) if rows is None else rows, audience.known(reader))
        try:
            counted, examples = audience.count(reader, asked, place.get("segment", ""))
        except Invalid as error:
            return {"counted": None, "wrong": " ".join(error.fields.values())}
        return {"counted": counted, "examples": examples, "wrong": "" if counted is not None else
                "There are too many users to count while you write. It is counted when you save."}  # fmt: skip

    def meant(self, req) -> list[dict]:
        return rules.meant(rules.typed(req.context.form), audience.known(req.context.reader))


def removing(place: int):
    """The deed that takes one row away."""

    def remove(editor: Editor, req, **_place):
        rows = rules.typed(req.context.form)
        left = rows[:place] + rows[place + 1 :]
        return Done(show={"rows": left or [rules.Row()]} | editor.look(req, left))

    return remove


WRITING = {"add": Editor.add, "count": Editor.count, **{f"remove-{place}": removing(place) for place in range(MOST_RULES)}}


@falcon.before(require_member)
class NewSegment(Editor):
    def show(self, req, resp):
        show(req, resp, "app/segment.html", "segments", segment=None, boards=[], version="", examples=[],
             **self.values(req, []))  # fmt: skip

    def save(self, req):
        require_admin(req)
        name = req.context.form.get("name", "")
        key = req.context.form.get("key", "").strip() or text.key_from(name, "segment")
        made = segments.create(req.context.reader, key, name, self.meant(req))
        return Done("The segment was made.", to=at(req, f"segments/{made.key}"))

    deeds = {**WRITING, "save": save}


@falcon.before(require_member)
class Segment(Editor):
    def show(self, req, resp, segment):
        reader = req.context.reader
        found = segments.find(reader, segment)
        values = self.values(req, found.rules)
        show(req, resp, "app/segment.html", "segments", segment=found, boards=audience.boards(reader, found),
             version=versions.version(found.name, found.rules), examples=audience.members(reader, found),
             **values)  # fmt: skip

    def save(self, req, segment):
        require_admin(req)
        form = req.context.form
        segments.change(req.context.reader, segment, name=form.get("name", ""), rules=self.meant(req), seen=form.get("seen"))
        return Done("The segment was saved.")

    def delete(self, req, segment):
        require_admin(req)
        segments.delete(req.context.reader, segment)
        return Done("The segment was taken away.", to=at(req, "segments"))

    deeds = {**WRITING, "save": save, "delete": delete}
