"""What a workspace is called, speaks and allows: the settings of the whole of it."""

from typing import NamedTuple

from service import db, events
from service.errors import Invalid
from service.feedback import versions, workspaces
from service.feedback.languages import LANGUAGES
from service.feedback.readers import Reader
from service.lib import text

LONGEST_EDIT = 7 * 24 * 60  # minutes
ASK_EMAIL = ("no", "optional", "required")

READ = "SELECT name, language::text, edit_minutes, ask_email FROM workspace WHERE id = %(workspace)s"
HOLD = f"{READ} FOR NO KEY UPDATE"
SAVE = """
UPDATE workspace SET name = %(name)s, language = %(language)s::regconfig, edit_minutes = %(edit_minutes)s,
       ask_email = %(ask_email)s
 WHERE id = %(workspace)s"""


class General(NamedTuple):
    name: str
    language: str  # of PostgreSQL's text search; posts keep the one they were written under
    edit_minutes: int  # in which users may change what they wrote
    ask_email: str  # of people without an account, when they write a post: no, optional or required


def of(reader: Reader) -> General:
    return General(*db.row(READ, workspace=reader.workspace.id))


@db.verb
def change(reader: Reader, *, name: str | None = None, language: str | None = None, edit_minutes: int | None = None,
           ask_email: str | None = None, seen: str | None = None) -> General:  # fmt: skip
    """Change what is given and leave the rest; nothing new is no change. `seen` is the version that the change was made for
    (`versions.version`); Conflict when it is another by now."""
    before = General(*db.row(HOLD, workspace=reader.workspace.id))
    versions.check(seen, *before)
    after = checked(
        before.name if name is None else name, before.language if language is None else language,
        before.edit_minutes if edit_minutes is None else edit_minutes, before.ask_email if ask_email is None else ask_email,
    )  # fmt: skip
    changed = [field for field in General._fields if getattr(before, field) != getattr(after, field)]
    if changed:
        db.changed(SAVE, workspace=reader.workspace.id, **after._asdict())
        events.record("workspace.updated", reader.workspace.id, data={"changed": changed}, **reader.actor())
    return after


def checked(name: str, language: str, edit_minutes: int, ask_email: str) -> General:
    wrong, said = {}, text.fitting(name, workspaces.LONGEST_NAME, text.tidy_line)
    if not said:
        wrong["name"] = f"Give your product's name, 1–{workspaces.LONGEST_NAME} characters."
    if language not in LANGUAGES:
        wrong["language"] = "Choose one of the languages of the list."
    if not 0 <= edit_minutes <= LONGEST_EDIT:
        wrong["edit_minutes"] = f"Give a number of minutes from 0 to {LONGEST_EDIT:,}, which is a week."
    if ask_email not in ASK_EMAIL:
        wrong["ask_email"] = f"Choose one of: {', '.join(ASK_EMAIL)}."
    if wrong:
        raise Invalid(**wrong)
    return General(said, language, edit_minutes, ask_email)


@db.verb
def set_origins(reader: Reader, lines: str, *, seen: str | None = None) -> list[str]:
    """Let pages of these origins, one a line, carry the widget, and no others; of any, when there are none. Invalid names
    the line that is no origin; Conflict when the list is not as it was `seen`. The same again is no change."""
    db.row(HOLD, workspace=reader.workspace.id)
    before = workspaces.find(reader.workspace.id).origins
    versions.check(seen, *before)
    after = workspaces.set_origins(reader.workspace, lines)
    if after != before:
        events.record("workspace.updated", reader.workspace.id, data={"changed": ["origins"]}, **reader.actor())
    return after
