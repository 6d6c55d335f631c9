"""Who comes to the public board: the workspace at an address, its visitor, and what every page shows, in one round trip."""

from typing import NamedTuple

from service import db
from service.errors import NotFound
from service.feedback import counting, limits
from service.feedback.claims import VOUCHED_FOR
from service.feedback.readers import Reader, admitted
from service.feedback.statuses import Status
from service.feedback.users import User
from service.feedback.workspaces import COLUMNS, Workspace

COUNTED = counting.upsert(counting.completed("w.id", "workspace w WHERE {place} = %(at)s"))

# A session that was ended is nobody's. Who is blocked sees what everyone sees.
ARRIVE = f"""
WITH counted AS ({COUNTED})
SELECT {COLUMNS}, u.id, u.external_id, u.kind, u.name, u.email, u.session_version, u.blocked_at IS NOT NULL, u.locale,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(b.id, b.key, b.name, b.description) ORDER BY b.position, b.id), '[]')
          FROM board b WHERE b.workspace_id = w.id AND {admitted("false", "CASE WHEN u.blocked_at IS NULL THEN u.id END")}),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(id, key, name, kind, color) ORDER BY position, id), '[]') FROM status
         WHERE workspace_id = w.id),
       coalesce((SELECT seq FROM event e WHERE e.workspace_id = w.id AND e.public ORDER BY seq DESC LIMIT 1), 0),
       {counting.COUNTS}
  FROM workspace w LEFT JOIN "user" u
       ON u.workspace_id = w.id AND w.id = %(workspace)s AND u.id = %(user)s AND u.session_version = %(version)s
       AND {VOUCHED_FOR}
 WHERE {{place}} = %(at)s"""
BY_SLUG, BY_DOMAIN = (ARRIVE.format(place=place) for place in ("w.slug", "w.domain"))
FORMER = "SELECT slug FROM workspace WHERE former_slugs @> ARRAY[%(slug)s]"
NEWEST = "SELECT seq FROM event WHERE workspace_id = %(workspace)s AND public ORDER BY seq DESC LIMIT 1"
SEEN = "UPDATE workspace SET domain_seen_at = now() WHERE domain = %(domain)s AND domain_seen_at IS NULL"


class Board(NamedTuple):
    id: int
    key: str
    name: str
    description: str


class Visit(NamedTuple):
    """`user` is who the visitor is, None for nobody yet; `seen` the newest event that a page made now can show."""

    workspace: Workspace
    user: User | None
    boards: list[Board]  # that the visitor may see
    statuses: list[Status]
    seen: int

    @property
    def reader(self) -> Reader:
        return Reader(self.workspace, self.user.id if self.user and not self.user.is_blocked else None)


def arrive(at: str, signed: dict | None, network: str, *, by_domain: bool = False) -> Visit:
    """The visit of who shows this token (`w`, `u`, `v`, `k`; None: nobody) at a slug, or at a domain. NotFound when nothing
    is there; RateLimited when too many pages of it are opened from this network."""
    signed = signed or {"w": None, "u": None, "v": None}
    counts = [limits.PAGES.of("*", network)]  # the board's workspace, whichever address it was found at
    rows = counting.carried(BY_DOMAIN if by_domain else BY_SLUG, counts, at=at, workspace=signed["w"], user=signed["u"],
                            version=signed["v"], kid=signed.get("k"))  # fmt: skip
    if not rows:
        raise NotFound("There is no board at this address.")
    [row] = rows
    counting.check(row[-1], counts)
    split = len(Workspace._fields)
    *person, boards, statuses, seen, _ = row[split:]
    workspace, user = Workspace(*row[:split]), User(*person) if person[0] else None
    if by_domain and not workspace.domain_works:
        db.changed(SEEN, domain=at)
        workspace = workspace._replace(domain_works=True)
    return Visit(workspace, user, [Board(*board) for board in boards], [Status(*status) for status in statuses], seen)


def seen(workspace: Workspace) -> int:
    """The newest event of this moment that everyone may hear of."""
    row = db.row(NEWEST, workspace=workspace.id)
    return row[0] if row else 0


def moved(slug: str) -> str | None:
    """The slug of today of the workspace that once was at this one."""
    row = db.row(FORMER, slug=slug)
    return row and row[0]
