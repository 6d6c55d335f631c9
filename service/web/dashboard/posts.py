"""One post, with everything that the team can see of it and do to it."""

import falcon

from service.errors import NotFound
from service.feedback import (
    actions,
    comments,
    duplicates,
    edits,
    followers,
    merges,
    planning,
    posts,
    questions,
    users,
    votes,
)
from service.web.dashboard import held_comments, post_forms, post_values
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done


@falcon.before(require_member)
class Post(Page):
    def show(self, req, resp, number):
        try:
            post = posts.find(req.context.reader, number)
        except NotFound:
            gone = edits.gone(req.context.reader, number)
            return render(req, resp, "app/post_gone.html", active="inbox", number=number, gone=gone)
        render(req, resp, "app/post.html", active="inbox", **post_values.everything(req, post))

    # ── what it says ──

    def edit(self, req, number):
        form = req.context.form
        edits.change(req.context.reader, number, title=form.get("title", ""), body=form.get("body", ""),
                     seen=form.get("seen", ""))  # fmt: skip
        return Done("Your changes were saved.")

    def set_fields(self, req, number):
        values, were = post_forms.answers(req, number)
        edits.change(req.context.reader, number, values=values, were=were)
        return Done("The fields were saved.")

    def attach(self, req, number):
        edits.attach(req.context.reader, number, post_forms.files(req))
        return Done("The files were added.")

    def drop_file(self, req, number):
        post_forms.drop_file(req, number)
        return Done("The file was deleted.")

    # ── where it stands; all but the date is an action, which can be undone ──

    def set_status(self, req, number):
        form = req.context.form
        action = actions.take(req.context.reader, "status", [number], form.get("status", ""), note=form.get("note", ""),
                              notify="notify" in form, seen={number: form.get("was", "")})  # fmt: skip
        return done(action, told(action, "notify" in form) if action and action.noted else "The status was set.")

    def assign(self, req, number):
        member, was = (req.context.form.get(name, "") for name in ("member", "was"))
        action = actions.take(req.context.reader, "assign", [number], member, seen={number: whole(was)})
        return done(action, "The post was assigned.")

    def set_eta(self, req, number):
        form = req.context.form
        eta, was = post_forms.day(form.get("eta", "")), post_forms.day(form.get("was", ""))
        planning.set_eta(req.context.reader, number, eta, seen=was)
        return Done("The date was saved.")

    def move(self, req, number):
        form = req.context.form
        seen = {number: form.get("was", "")}
        action = actions.take(req.context.reader, "board", [number], form.get("board", ""), seen=seen)
        return done(action, "The post was moved.")

    def tag(self, req, number):
        key = post_forms.tag_named(req.context.reader, req.context.form.get("tag", ""))
        return done(actions.take(req.context.reader, "tag", [number], key), "The tag was put on.")

    def untag(self, req, number):
        action = actions.take(req.context.reader, "untag", [number], req.context.form.get("tag", ""))
        return done(action, "The tag was taken off.")

    def switch(self, req, number):
        kind = req.context.form.get("do", "")
        return done(actions.take(req.context.reader, kind, [number]), SWITCHED[kind])

    def delete(self, req, number):
        action = actions.take(req.context.reader, "delete", [number])
        return done(action, f"#{number} was deleted.", to=at(req, "inbox"))

    def restore(self, req, number):
        edits.restore(req.context.reader, number)
        return Done("The post is back, as it was.")

    def unmerge(self, req, number):
        merges.unmerge(req.context.reader, whole(req.context.form.get("part", "")) or number)
        return Done("The merge was taken back.")

    # ── what people say below it ──

    def comment(self, req, number):
        form, kind = req.context.form, req.context.form.get("kind", "")
        with post_forms.field(body="words"):
            comments.create(
                writer(req), number, form.get("words", ""), parent=whole(form.get("parent", "")),
                internal=kind == "internal", official=kind == "official", files=post_forms.files(req),
            )  # fmt: skip
        return Done("Your note was added." if kind == "internal" else "Your comment was added.")

    def change_comment(self, req, number):
        with post_forms.field(body="words"):
            comments.change(writer(req), post_forms.own_comment(req, number), body=req.context.form.get("words", ""))
        return Done("Your comment was changed.")

    def mark_comment(self, req, number):
        marks = post_forms.MARKS.get(req.context.form.get("mark", ""), {})
        comments.change(req.context.reader, post_forms.comment(req, number), **marks)
        return Done("The comment was changed.")

    def delete_comment(self, req, number):
        comments.delete(req.context.reader, post_forms.comment(req, number))
        return Done("The comment was deleted.")

    # ── who wants it ──

    def vote(self, req, number):
        user = users.sought(req.context.workspace, req.context.form.get("user", ""), req.context.person.id)
        votes.cast(req.context.reader._replace(user=user.id), number)
        return Done(f"{user.name or user.email or user.external_id} votes for this now.")

    def unvote(self, req, number):
        user = users.find(req.context.workspace, req.context.form.get("voter", ""))
        users.own_voice(user.external_id, req.context.person.id, "user")
        votes.withdraw(req.context.reader._replace(user=user.id), number)
        return Done("The vote was taken back.")

    def follow(self, req, number):
        followers.follow(writer(req), number)
        return Done("You get letters about this post now.")

    def unfollow(self, req, number):
        followers.unfollow(writer(req), number)
        return Done("You get no more letters about this post.")

    def ask(self, req, number):
        form = req.context.form
        count = questions.ask(req.context.reader, number, form.get("question", ""), form.get("segment") or None)
        return Done(f"Your question is on its way to {count} {'voter' if count == 1 else 'voters'}.")

    def dismiss(self, req, number):
        duplicates.dismiss(req.context.reader, number, whole(req.context.form.get("other", "")) or 0)
        return Done("Noted: these two are not the same.")

    deeds = {
        "edit": edit, "fields": set_fields, "attach": attach, "drop_file": drop_file, "status": set_status, "assign": assign,
        "eta": set_eta, "board": move, "tag": tag, "untag": untag, "pin": switch, "unpin": switch, "lock": switch,
        "unlock": switch, "delete": delete, "restore": restore, "unmerge": unmerge, "comment": comment, "reply": comment,
        "change_comment": change_comment, "mark_comment": mark_comment, "delete_comment": delete_comment, "vote": vote,
        "unvote": unvote, "follow": follow, "unfollow": unfollow, "ask": ask, "dismiss": dismiss, **held_comments.DEEDS_HERE,
    }  # fmt: skip


SWITCHED = {"pin": "The post is pinned: it comes first in every list.", "unpin": "The post is not pinned any more.",
            "lock": "The post is locked: users cannot vote or comment.", "unlock": "The post is open again."}  # fmt: skip


def writer(req):
    """The member as the user as whom they write and follow."""
    return req.context.reader._replace(user=users.of_member(req.context.workspace, req.context.person).id)


def told(action: actions.Action, by_letter: bool) -> str:
    """What came of setting the status that the post has, with a note."""
    way = f"goes out in {actions.UNDO_SECONDS} seconds" if by_letter else "stands in its history"
    return f"It has the status “{action.value}” already. Your note {way}."


def done(action: actions.Action | None, said: str, to: str | None = None) -> Done:
    """What to say of an action that can be undone; of one that changed nothing, nothing."""
    return Done(said, undo=action.id, to=to) if action else Done(to=to)
