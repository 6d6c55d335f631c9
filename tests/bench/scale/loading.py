"""Fills a database that has our schema and nothing in it with what the census says, in the order of time."""

import itertools

import numpy

from bench.scale import census, copying, texts
from service.feedback import boards, members, workspaces
from service.feedback.readers import Reader
from service.lib import embeddings

ROWS = 50_000  # in one COPY
FILLED = ("company", '"user"', "post", "vote", "comment", "post_embedding", "post_worth")
# Nothing writes into an index that is not ready; REINDEX builds it as it is defined and makes it ready again.
UNREADY = """
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY(%s::regclass[])
RETURNING indexrelid::regclass"""
WORTH = """
INSERT INTO post_worth (workspace_id, post_number, mrr)
SELECT workspace_id, post_number, sum(mrr) FROM (
  SELECT DISTINCT v.workspace_id, v.post_number, c.id, c.mrr FROM company c
    JOIN "user" u ON u.workspace_id = c.workspace_id AND u.company_id = c.id
    JOIN vote v ON v.workspace_id = u.workspace_id AND v.user_id = u.id
   WHERE c.mrr > 0) each
 GROUP BY workspace_id, post_number"""
COUNTERS = """
UPDATE workspace_counter c SET next_post = p.next FROM (
  SELECT workspace_id, max(number) + 1 AS next FROM post GROUP BY workspace_id) p WHERE c.workspace_id = p.workspace_id"""
SEQUENCES = """
SELECT setval(pg_get_serial_sequence('"user"', 'id'), (SELECT max(id) FROM "user")),
       setval(pg_get_serial_sequence('company', 'id'), (SELECT max(id) FROM company)),
       setval(pg_get_serial_sequence('comment', 'id'), (SELECT max(id) FROM comment))"""
BOARDS = "SELECT workspace_id, key, id FROM board"
STATUSES = "SELECT workspace_id, id FROM status ORDER BY workspace_id, position"


class Crowd:
    """Everything that there will be, and where it goes."""

    def __init__(self, cursor, places: list[census.Place], base: numpy.ndarray, now: int):
        self.cursor, self.places, self.now = cursor, places, now
        areas = census.areas()
        each = [census.posts(place, areas) for place in places]
        self.posts = numpy.concatenate(each)
        self.vectors = numpy.concatenate([census.vectors(*one, base) for one in zip(places, each, strict=True)])
        order = numpy.argsort(-self.posts["before"], kind="stable")
        self.posts, self.vectors = self.posts[order], self.vectors[order]
        self.created = now - self.posts["before"]
        self.first_user = numpy.cumsum([0, 0, *(place.users for place in places)])  # by workspace, before they are mixed
        self.ids = numpy.random.default_rng(1).permutation(self.first_user[-1]) + 1
        self.people = numpy.array([0, *(place.users for place in places)])

    def user(self, workspace: numpy.ndarray, rank: numpy.ndarray) -> numpy.ndarray:
        """The ids of the users of these workspaces with these ranks in them."""
        return self.ids[self.first_user[workspace] + rank]


def chunks(count: int, progress):
    """Slices of so many rows, one after the other, each told to the progress bar when it is done."""
    for first in range(0, count, ROWS):
        yield slice(first, min(first + ROWS, count))
        progress(min(ROWS, count - first))


def found(database: str, places: list[census.Place], progress) -> None:
    """Make the workspaces, with a private board each, by the verbs."""
    owner = members.person("owner@bench.example", "Owner")
    for place in places:
        workspace = workspaces.create(f"Bench {place.id}")
        assert workspace.id == place.id, f"{database} was not empty"
        members.add(workspace, owner, "owner")
        boards.create(Reader(workspace, is_member=True, person=owner.id), "inner", "Inner", "For the team", "private")
        progress(1)


def emptied(cursor) -> list[str]:
    """Begin to fill: nothing is checked, and no index is kept, until the names that are returned are built again. A table
    that is emptied in the same transaction is filled without a log."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute(f"TRUNCATE {', '.join(FILLED)} CASCADE")
    cursor.execute(UNREADY, [list(FILLED)])
    return [name for (name,) in cursor.fetchall()]


def companies(crowd: Crowd) -> dict[int, int]:
    """A third of them pay. Returns the id of the first of each workspace."""
    first, lines, number = {}, [], itertools.count(1)
    for place in crowd.places:
        mrr = (place.chance(3).pareto(1.2, place.companies) * 5000).astype("i8")
        for rank in range(place.companies):
            id = next(number)
            first.setdefault(place.id, id)
            paid = str(min(mrr[rank], 10**7)) if rank % 3 == 0 else "0"
            lines.append((str(place.id), str(id), f"company-{rank}", texts.customers()[rank % 10_000], "Team", paid))
    copying.text(crowd.cursor, "company", "workspace_id, id, external_id, name, plan, mrr", lines)
    return first


def users(crowd: Crowd, progress) -> None:
    """In the order of their ids, which is that of their coming; every second one has an address."""
    first_company = companies(crowd)
    owner = numpy.repeat([place.id for place in crowd.places], [place.users for place in crowd.places])
    by_id = numpy.argsort(crowd.ids)
    columns = "workspace_id, id, external_id, kind, email, name, company_id, first_seen_at, last_seen_at"
    for part in chunks(len(by_id), progress):
        lines = []
        for place in by_id[part].tolist():
            workspace, id = int(owner[place]), int(crowd.ids[place])
            rank = place - int(crowd.first_user[workspace])
            name = texts.customers()[(rank * 7919) % 10_000]
            company = first_company[workspace] + rank % crowd.places[workspace - 1].companies
            lines.append((
                str(workspace), str(id), f"user-{rank}", "identified", f"user-{rank}@customer.example" if rank % 2 else None,
                f"{name} {rank}", str(company), "2024-01-01Z", "2025-01-01Z",
            ))  # fmt: skip
        copying.text(crowd.cursor, '"user"', columns, lines)


def posts(crowd: Crowd, progress) -> None:
    board, status = ids(crowd.cursor)
    everything = texts.written()
    columns = """workspace_id, number, board_id, status_id, author_id, title, body, votes, comments, created_at, updated_at,
                 deleted_at, merged_into, merged_at"""
    for part in chunks(len(crowd.posts), progress):
        rows, moments = crowd.posts[part], copying.moments(crowd.created[part])
        late = crowd.created[part] + (rows["style"] % 1000 / 1000 * rows["before"] * 0.5).astype("i8")
        authors, lines = crowd.user(rows["workspace"], rows["author"]).tolist(), []
        for row, author, moment, updated in zip(rows.tolist(), authors, moments, copying.moments(late), strict=True):
            post = dict(zip(census.POST.names, row, strict=True))
            key = "inner" if post["private"] else "bugs" if post["bug"] else "features"
            title, body = worded(post, everything)
            lines.append((
                str(post["workspace"]), str(post["number"]), str(board[post["workspace"], key]),
                str(status[post["workspace"]][post["status"]]), str(author), title, body.translate(copying.ESCAPED),
                str(post["votes"]), str(post["comments"]), moment, updated, updated if post["deleted"] else None,
                str(post["number"] - 1) if post["merged"] else None, updated if post["merged"] else None,
            ))  # fmt: skip
        copying.text(crowd.cursor, "post", columns, lines)


def worded(post: dict, everything: list[texts.Text]) -> tuple[str, str]:
    """The title and the body of a post."""
    text, second, style = everything[post["text"]], everything[post["second"]], post["style"]
    beginnings, closers = texts.BEGINNINGS, texts.vocabulary()["closers"]
    customer = texts.customers()[post["customer"]]
    parts = [text.body, f"Also: {second.title[0].lower()}{second.title[1:]}.", f"Asked by {customer}.",
             closers[style // 100 % len(closers)]]  # fmt: skip
    return beginnings[style % len(beginnings)] + text.title, " ".join(part for part in parts if part)


def ids(cursor) -> tuple[dict, dict]:
    cursor.execute(BOARDS)
    board = {(workspace, key): id for workspace, key, id in cursor.fetchall()}
    cursor.execute(STATUSES)
    status: dict[int, list[int]] = {}
    for workspace, id in cursor.fetchall():
        status.setdefault(workspace, []).append(id)
    return board, status


def vectors(crowd: Crowd, progress) -> None:
    for part in chunks(len(crowd.posts), progress):
        rows = crowd.posts[part]
        halves = copying.halves(crowd.vectors[part])
        copying.binary(
            crowd.cursor, "post_embedding", workspace_id=(">i8", rows["workspace"]),
            model=(f"S{len(embeddings.MODEL)}", embeddings.MODEL.encode()), post_number=(">i4", rows["number"]),
            vector=(halves.dtype.str, halves.reshape(-1)),
        )  # fmt: skip


def votes(crowd: Crowd, progress) -> None:
    """Of a post's voters each votes once: they stand at equal steps in the circle of all users, whose number is prime."""
    rows, times = crowd.posts, crowd.posts["votes"]
    post = numpy.repeat(numpy.arange(len(rows)), times)
    turn = numpy.arange(len(post)) - numpy.repeat(numpy.cumsum(times) - times, times)
    people = crowd.people[rows["workspace"][post]]
    rank = (rows["author"][post] + turn * (1 + rows["style"][post] % (people - 1))) % people
    share = numpy.random.default_rng(2).random(len(post)) ** 2
    before = rows["before"][post] * (1 - numpy.where(turn == 0, 0, share))
    order = numpy.argsort(-before)
    cast = (crowd.now - before).astype("i8") - copying.EPOCH
    voter = crowd.user(rows["workspace"][post], rank)
    for part in chunks(len(order), progress):
        chosen = order[part]
        copying.binary(
            crowd.cursor, "vote", workspace_id=(">i8", rows["workspace"][post[chosen]]),
            post_number=(">i4", rows["number"][post[chosen]]), user_id=(">i8", voter[chosen]),
            created_at=(">i8", cast[chosen]),
        )  # fmt: skip


def comments(crowd: Crowd, progress) -> None:
    chosen = numpy.repeat(numpy.arange(len(crowd.posts)), crowd.posts["comments"])
    chosen = chosen[numpy.random.default_rng(3).permutation(len(chosen))]
    reasons, number = texts.vocabulary()["reasons"], itertools.count(1)
    columns = "workspace_id, id, post_number, user_id, body, created_at"
    for part in chunks(len(chosen), progress):
        rows, moments = crowd.posts[chosen[part]], copying.moments(crowd.created[chosen[part]] + census.DAY // 24)
        authors = crowd.user(rows["workspace"], rows["style"] % crowd.people[rows["workspace"]])
        lines = []
        for row, author, moment in zip(rows, authors.tolist(), moments, strict=True):
            style, customer = int(row["style"]), texts.customers()[(int(row["style"]) // 7) % 10_000]
            body = f"{reasons[style % len(reasons)]} {customer} wants the same. {reasons[style // 31 % len(reasons)]}"
            lines.append((str(row["workspace"]), str(next(number)), str(row["number"]), str(author), body, moment))
        copying.text(crowd.cursor, "comment", columns, lines)


def finish(cursor) -> None:
    """What follows from the rows."""
    for statement in (WORTH, COUNTERS, SEQUENCES):
        cursor.execute(statement)


