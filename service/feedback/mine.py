"""What a user finds on a page of their own: the posts that they wrote, voted for or follow, as they may read them."""

from service import db
from service.feedback.posts import DECORATED, Post
from service.feedback.readers import Reader, readable

WRITTEN = f"""
SELECT p.*, NULL AS rank FROM post p
 WHERE p.workspace_id = %(workspace)s AND p.author_id = %(user)s AND {readable()}
   AND (%(before)s IS NULL OR p.number < %(before)s) ORDER BY p.number DESC LIMIT %(most)s"""
# Of a post that was merged the other one is shown, which has a copy.
WANTED = f"""
SELECT p.*, NULL AS rank FROM {{table}} t JOIN post p ON p.workspace_id = %(workspace)s AND p.number = t.post_number
 WHERE t.workspace_id = %(workspace)s AND t.user_id = %(user)s AND p.merged_into IS NULL AND {readable()}
   AND (%(before)s IS NULL OR t.post_number < %(before)s) ORDER BY t.post_number DESC LIMIT %(most)s"""
PAGES = {
    what: DECORATED.format(page=page, order="p.number DESC")
    for what, page in (
        ("posts", WRITTEN), ("votes", WANTED.format(table="vote")), ("follows", WANTED.format(table="follower")),
    )
}  # fmt: skip


def page(reader: Reader, what: str, most: int, before: int | None = None) -> list[Post]:
    """`most` of the reader's own "posts", also those that wait for approval, or of those they gave "votes" or "follows", the
    newest first, `before` the one of this number."""
    return [Post(*row) for row in db.rows(PAGES[what], **reader.scope(), most=most, before=before)]
