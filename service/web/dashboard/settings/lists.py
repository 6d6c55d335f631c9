"""The lists a workspace keeps: boards, statuses, tags and fields are made, changed, moved and taken away alike."""

from service.feedback import boards, fields, segments, statuses, tags
from service.lib import text
from service.web import inputs
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.page import Done


class List(Setting):
    """One of the lists; `word` is its module in the domain. What is being changed stands in the address: ?edit=KEY"""

    word = None

    def things(self, req) -> list:
        return self.word.of(req.context.reader)

    def said(self, form) -> dict:
        """What the form says of a thing besides its name, as the verbs take it."""
        raise NotImplementedError

    def said_once(self, _form) -> dict:
        """What can be said only of a new one."""
        return {}

    def more(self, _req) -> dict:
        """What the template needs besides the things."""
        return {}

    def show(self, req, resp):
        things, wanted = self.things(req), inputs.param(req, "edit")
        editing = next((each for each in things if each.key == wanted and req.context.role != "member"), None)
        others = [(each.key, each.name) for each in things if each != editing]
        self.render(req, resp, things=things, editing=editing, others=others, **self.more(req))

    def create(self, req):
        form, word = req.context.form, self.key.removesuffix("s")
        name = form.get("name", "")
        key = form.get("key", "").strip() or text.key_from(name, word)
        made = self.word.create(req.context.reader, key, name, **self.said(form), **self.said_once(form))
        return Done(f"“{made.name}” was added.")

    def change(self, req):
        form = req.context.form
        changed = self.word.change(req.context.reader, form.get("key", ""), name=form.get("name", ""),
                                   seen=form.get("seen"), **self.said(form))  # fmt: skip
        return Done(f"“{changed.name}” was saved.", to=at(req, f"settings/{self.key}"))

    def move(self, req):
        for way, by in (("up", -1), ("down", 1)):
            if way in req.context.form:
                self.word.move(req.context.reader, req.context.form[way], by)

    def delete(self, req):
        form = req.context.form
        gone = self.word.find(req.context.reader, form.get("key", ""))
        place = {"into": form["into"]} if form.get("into") else {}
        self.word.delete(req.context.reader, gone.key, **place)
        return Done(f"“{gone.name}” was taken away.", to=at(req, f"settings/{self.key}"))

    deeds = {"create": create, "change": change, "move": move, "delete": delete}


class Boards(List):
    key, word = "boards", boards

    def said(self, form):
        access = form.get("access", "")
        return {"description": form.get("description", ""), "access": access, "approve_first": "approve_first" in form,
                "segments": form.every("segments") if access == "segments" else []}  # fmt: skip

    def more(self, req):
        return {"segments": segments.of(req.context.reader)}


class Statuses(List):
    key, word = "statuses", statuses

    def things(self, req):
        return statuses.of(req.context.workspace.id)

    def said(self, form):
        return {"kind": form.get("kind", ""), "color": form.get("color", "").lower()}


class Tags(List):
    key, word = "tags", tags

    def said(self, form):
        return {"color": form.get("color", "").lower()}

    deeds = {does: deed for does, deed in List.deeds.items() if does != "move"}  # tags stand by their keys


class Fields(List):
    key, word = "fields", fields

    def things(self, req):
        return fields.of(req.context.workspace.id)

    def said(self, form):
        options = [line for line in form.get("options", "").splitlines() if line.strip()]
        return {"options": options, "board": form.get("board") or None, "required": "required" in form}

    def said_once(self, form):
        return {"type": form.get("type", "")}

    def more(self, req):
        return {"places": [("", "Every board"), *((board.key, board.name) for board in boards.of(req.context.reader))]}
