"""What the team can mark a comment as: a note among themselves, or the official answer of its post."""

from service import db
from service.errors import Forbidden, Invalid
from service.feedback.readers import Reader

# Not one that came with a merged post: it keeps its mark for the day when it returns. Of two, the post's own is shown.
ONLY_THIS_IS_OFFICIAL = """
UPDATE comment SET official = false
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND official AND id <> %(id)s AND origin_number IS NULL"""
HIDE_REPLIES = """WITH RECURSIVE below AS (
  SELECT %(id)s::bigint AS id UNION ALL SELECT r.id FROM below b
    JOIN comment r ON r.workspace_id = %(workspace)s AND r.parent_id = b.id AND r.post_number = %(number)s)
UPDATE comment c SET internal = true, official = false FROM below
 WHERE c.workspace_id = %(workspace)s AND c.id = below.id"""
IS_OF_THE_TEAM = "SELECT FROM \"user\" WHERE workspace_id = %(workspace)s AND id = %(user)s AND kind = 'member'"


def allow(reader: Reader, internal: bool | None, official: bool | None) -> None:
    if (internal or official) and not reader.is_member:
        raise Forbidden("Only the team writes internal notes and official answers.")


def only_one_of(internal: bool, official: bool) -> None:
    if internal and official:
        raise Invalid(official="What is internal cannot be the official answer, which everyone reads.")


def allow_author(reader: Reader, internal: bool, official: bool) -> None:
    """Raise Invalid when the reader's user is not of the team, but what they say is to have a mark."""
    if (internal or official) and db.row(IS_OF_THE_TEAM, workspace=reader.workspace.id, user=reader.user) is None:
        raise Invalid(author="Internal notes and official answers are words of the team, not of a user.")
