"""Who reads or acts, and what they may see: decided here and nowhere else."""

from typing import NamedTuple

from service.feedback import plan_limits
from service.feedback.workspaces import Workspace

MEMBER = "sayso-member-"  # before the id of a person of the team, in the id of the user as whom they write
# SQL: is the user `u` of the team? Their row stays when they leave it, and is no proof by itself.
IS_MEMBER = f"""
EXISTS (SELECT FROM member m WHERE m.workspace_id = u.workspace_id AND u.external_id = '{MEMBER}' || m.person_id)"""


class Reader(NamedTuple):
    """Somebody in front of a workspace, as a guard found them.

    `user` is whose votes and posts are "mine"; None for someone who has not done anything yet. `person` is the member who
    acts, in their own name or on behalf of `user`."""

    workspace: Workspace
    user: int | None = None
    is_member: bool = False  # of the team, or a program with its key
    person: int | None = None

    def scope(self) -> dict:
        """The parameters that statements about this reader need: workspace, user, member."""
        return {"workspace": self.workspace.id, "user": self.user, "member": self.is_member}

    def actor(self) -> dict:
        """Who did it, as an event wants to know: user, person."""
        return {"user": self.user, "person": self.person}


def admitted(member: str = "%(member)s", user: str = "%(user)s") -> str:
    """SQL: may the reader see the board `b`? `member` is what says that they are of the team, `user` who they are."""
    return f"""({member} OR b.access = 'public' OR (b.access = 'segments' AND EXISTS (
      SELECT FROM board_segment a JOIN segment_user su ON su.workspace_id = a.workspace_id AND su.segment_id = a.segment_id
       WHERE a.workspace_id = b.workspace_id AND a.board_id = b.id AND su.user_id = {user})))"""


def readable(member: str = "%(member)s", user: str = "%(user)s") -> str:
    """SQL: may the reader see the post `p`? Deleted ones nobody sees, and one that waits for the team's approval only its
    author and the team.

    The workspace is named again for the board: or PostgreSQL would read the boards of all workspaces first."""
    return f"""(p.deleted_at IS NULL AND ({member} OR ((p.held_at IS NULL OR p.author_id = {user}) AND EXISTS (
      SELECT FROM board b WHERE b.workspace_id = %(workspace)s AND b.id = p.board_id AND {admitted("false", user)}))))"""


def listed(member: str = "%(member)s", user: str = "%(user)s", own: str = "false") -> str:
    """SQL: does the post `p` stand in lists and searches? One that was merged is found by its number only; one that waits
    stands in Moderation, and where `own` says that this is a list of their own, its author's; in all of its author's lists,
    when there only is no room for it (plan_limits)."""
    return f"""(p.merged_into IS NULL
     AND (p.held_at IS NULL OR (({own} OR p.held_because = '{plan_limits.PLAN}') AND p.author_id = {user}))
     AND {readable(member, user)})"""


def held(columns: str) -> str:
    """SQL: a part `target` of a WITH, the post `number` if the reader may see it, held until the transaction ends: who
    waited for a merge sees it merged."""
    return f"""target AS MATERIALIZED (
  SELECT {columns} FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND {readable()} FOR NO KEY UPDATE
)"""
