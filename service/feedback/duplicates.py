"""Posts that may ask for the same, and those of which the team said that they do not."""

from service import db, events
from service.errors import Invalid
from service.feedback import posts, similar
from service.feedback.readers import Reader
from service.feedback.similar import Hit

MOST = 5  # suggestions

DISMISS = """
INSERT INTO dismissed_duplicate (workspace_id, post_number, other_number, person_id)
VALUES (%(workspace)s, least(%(a)s, %(b)s), greatest(%(a)s, %(b)s), %(person)s)
ON CONFLICT ON CONSTRAINT one_answer_per_pair DO NOTHING"""
DISMISSED = """
SELECT other_number FROM dismissed_duplicate WHERE workspace_id = %(workspace)s AND post_number = %(number)s
UNION ALL
SELECT post_number FROM dismissed_duplicate WHERE workspace_id = %(workspace)s AND other_number = %(number)s"""


@db.verb
def dismiss(reader: Reader, number: int, other: int) -> None:
    """Say that two posts are not the same: neither is suggested for the other again. A second time nothing happens, in
    either direction. For members."""
    if number == other:
        raise Invalid(other="A post is always the same as itself.")
    posts.find(reader, number)
    posts.find(reader, other)
    if db.changed(DISMISS, workspace=reader.workspace.id, a=number, b=other, person=reader.person):
        events.record("duplicate.dismissed", reader.workspace.id, post=number, data={"other": other}, **reader.actor())


def suggestions(reader: Reader, number: int) -> list[Hit]:
    """The posts that may ask for the same as this one, the likest first, without those that were dismissed. For members.

    It looks at every post of the workspace, so a page should not wait for it."""
    post = posts.find(reader, number)
    dismissed = {row[0] for row in db.rows(DISMISSED, workspace=reader.workspace.id, number=number)}
    hits = similar.beside(reader, post, limit=MOST + len(dismissed))
    return [hit for hit in hits if hit.post.number not in dismissed][:MOST]
