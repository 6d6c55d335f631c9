"""Who reads, and what they may read: decided here and nowhere else."""

from typing import NamedTuple

from service.feedback.workspaces import Workspace


class Reader(NamedTuple):
    """Somebody in front of a workspace, as a guard found them.

    `user` is whose votes and posts are "mine"; None for someone who has not done anything yet."""

    workspace: Workspace
    user: int | None = None
    is_member: bool = False  # of the team, or a program with its key

    def scope(self) -> dict:
        """The parameters that statements about this reader need: workspace, user, member."""
        return {"workspace": self.workspace.id, "user": self.user, "member": self.is_member}


def readable(member: str = "%(member)s") -> str:
    """SQL: may the reader see the post `p`? `member` is what says that they are of the team."""
    return f"""({member} OR EXISTS (
      SELECT FROM board b WHERE b.workspace_id = p.workspace_id AND b.id = p.board_id AND b.access = 'public'))"""
