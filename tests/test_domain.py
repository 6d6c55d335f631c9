"""Whatever people do to posts, in whatever order, alone or all at once: what must always be true stays true."""

from collections import Counter
from contextlib import suppress

from cast import acme as found_acme
from crowd import at_once
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from service import db
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.feedback import comments, edits, followers, joining, merges, planning, posts, tags, users, votes

REFUSED = (Conflict, Forbidden, Invalid, NotFound)
PEOPLE, NOBODY = ("cleo", "dan", "eli"), "anon_ann"
STATUSES = ("open", "planned", "started", "done", "declined")

COUNTS = """
SELECT p.number, p.votes, (SELECT count(*) FROM vote v WHERE v.workspace_id = p.workspace_id AND v.post_number = p.number),
       p.comments, (SELECT count(*) FROM comment c WHERE c.workspace_id = p.workspace_id AND c.post_number = p.number
                       AND NOT c.internal AND c.deleted_at IS NULL)
  FROM post p"""
EVENTS = "SELECT type, count(*) FROM event GROUP BY type"
NUMBERS = "SELECT array_agg(seq ORDER BY seq), (SELECT next_event - 1 FROM workspace_counter) FROM event"
PICTURE = """
SELECT p.title, p.votes, p.comments, p.merged_into, p.status_id, p.deleted_at,
       array(SELECT user_id FROM vote v WHERE v.post_number = p.number ORDER BY user_id),
       array(SELECT user_id FROM follower f WHERE f.post_number = p.number ORDER BY user_id),
       array(SELECT id FROM comment c WHERE c.post_number = p.number ORDER BY id)
  FROM post p WHERE p.number = %(number)s"""
# What stands in one row and must agree with another: a post that is merged keeps its own, and its votes count where it went.
STRAYS = """
SELECT 'a copy of nothing', v.post_number FROM vote v WHERE v.merged_from IS NOT NULL
   AND NOT EXISTS (SELECT FROM post p WHERE p.number = v.merged_from AND p.merged_into = v.post_number)
UNION ALL
SELECT 'a copy without its vote', v.post_number FROM vote v WHERE v.merged_from IS NOT NULL
   AND NOT EXISTS (SELECT FROM vote o WHERE o.post_number = v.merged_from AND o.user_id = v.user_id)
UNION ALL
SELECT 'a lost vote', v.post_number FROM vote v JOIN post p ON p.number = v.post_number AND p.merged_into IS NOT NULL
 WHERE v.post_number NOT IN (SELECT number FROM post WHERE number = p.merged_into)
   AND NOT EXISTS (SELECT FROM post q WHERE q.number = p.merged_into)
UNION ALL
SELECT 'a comment below a merged post', c.post_number FROM comment c JOIN post p ON p.number = c.post_number
 WHERE p.merged_into IS NOT NULL
UNION ALL
SELECT 'a chain that ends nowhere', p.number FROM post p
  JOIN post q ON q.number = p.merged_into AND q.merged_into = p.number"""


def check(expected: Counter | None = None) -> None:
    """Counts equal rows, nothing points astray, every change has one event."""
    for number, said_votes, counted_votes, said_comments, counted_comments in db.rows(COUNTS):
        assert (said_votes, said_comments) == (counted_votes, counted_comments), number
    assert db.rows(STRAYS) == []
    seqs, last = db.row(NUMBERS)
    assert (seqs or []) == list(range(1, last + 1))
    if expected is not None:
        assert Counter(dict(db.rows(EVENTS))) == expected


class Domain(RuleBasedStateMachine):
    """Three users, somebody without an account and the team at work on a few posts. `events` is how many of each kind there
    must be."""

    numbers = st.integers(1, 4)
    people = st.sampled_from((*PEOPLE, NOBODY))

    @initialize()
    def begin(self):
        db.changed("DELETE FROM workspace")
        db.changed("DELETE FROM person")
        self.acme = found_acme()
        self.team, self.known = self.acme.team, {}
        db.changed("INSERT INTO tag (workspace_id, key, name) VALUES (%(id)s, 'hot', 'Hot')", id=self.acme.workspace.id)
        self.comments = []
        for who in PEOPLE:
            posts.create(self.user(who), "Dark mode")
            self.comments.append(comments.create(self.user(who), len(self.comments) + 1, "Me too"))
        self.events = Counter(dict(db.rows(EVENTS)))

    def user(self, name: str):
        if name not in self.known:
            kind = "anonymous" if name == NOBODY else "identified"
            self.known[name] = users.make(self.acme.workspace, name, kind).id
        return self.team._replace(user=self.known[name], is_member=False, person=None)

    def changes(self, number: int, type: str, verb, *arguments, **named):
        """Do it; whether the picture of the post changed says whether there must be an event."""
        before = db.row(PICTURE, number=number)
        try:
            done = verb(*arguments, **named)
        except REFUSED:
            assert db.row(PICTURE, number=number) == before
            return None
        if db.row(PICTURE, number=number) != before:
            self.events[type] += 1
        return done

    @precondition(lambda self: db.row("SELECT count(*) FROM post")[0] < 4)
    @rule(who=people)
    def create(self, who):
        posts.create(self.user(who), "Dark mode")
        self.events["post.created"] += 1

    @rule(number=numbers, who=people)
    def vote(self, number, who):
        self.changes(number, "vote.created", votes.cast, self.user(who), number)

    @rule(number=numbers, who=people)
    def vote_on_behalf(self, number, who):
        reader = self.user(who)._replace(is_member=True, person=self.team.person)
        self.changes(number, "vote.created", votes.cast, reader, number)

    @rule(number=numbers, who=people)
    def unvote(self, number, who):
        self.changes(number, "vote.deleted", votes.withdraw, self.user(who), number)

    @rule(number=numbers, who=people)
    def follow(self, number, who):
        self.changes(number, "follower.created", followers.follow, self.user(who), number)

    @rule(number=numbers, who=people)
    def unfollow(self, number, who):
        self.changes(number, "follower.deleted", followers.unfollow, self.user(who), number)

    @rule(number=numbers, who=people, internal=st.booleans())
    def comment(self, number, who, internal):
        reader = self.acme.writer if internal else self.user(who)
        made = self.changes(number, "comment.created", comments.create, reader, number, "Me too", internal=internal)
        self.comments += [made] if made else []

    @precondition(lambda self: self.comments)
    @rule(place=st.integers(0, 50))
    def uncomment(self, place):
        comment = self.comments[place % len(self.comments)]
        try:
            comments.delete(self.team, comment)
            self.events["comment.deleted"] += 1
        except NotFound:
            pass

    @rule(number=numbers, status=st.sampled_from(STATUSES))
    def move(self, number, status):
        self.changes(number, "post.status_changed", planning.set_status, self.team, number, status)

    @rule(number=numbers, words=st.sampled_from(("Dark mode", "Night mode")))
    def reword(self, number, words):
        self.changes(number, "post.updated", edits.change, self.team, number, title=words)

    @precondition(lambda self: NOBODY in self.known)
    @rule(who=st.sampled_from(PEOPLE))
    def join(self, who):
        """Whoever has no account signs in, and has done all of it."""
        nobody, into = self.known.pop(NOBODY), users.find(self.acme.workspace, who)
        assert joining.join(self.acme.workspace, into, anonymous=nobody, version=1)
        self.events["user.merged"] += 1

    @rule(number=numbers)
    def delete(self, number):
        self.changes(number, "post.deleted", edits.delete, self.team, number)

    @rule(number=numbers)
    def restore(self, number):
        self.changes(number, "post.restored", edits.restore, self.team, number)

    @rule(number=numbers, into=numbers)
    def merge(self, number, into):
        self.changes(number, "post.merged", merges.merge, self.team, number, into)

    @rule(number=numbers)
    def unmerge(self, number):
        self.changes(number, "post.unmerged", merges.unmerge, self.team, number)

    @rule(number=numbers, into=numbers)
    def merge_and_take_it_back(self, number, into):
        """What is taken back at once leaves both as they were."""
        before = [db.row(PICTURE, number=each) for each in (number, into)]
        if before[0] and before[0][3] is None:
            self.changes(number, "post.merged", merges.merge, self.team, number, into)
            self.changes(number, "post.unmerged", merges.unmerge, self.team, number)
            assert [db.row(PICTURE, number=each) for each in (number, into)] == before

    @invariant()
    def holds(self):
        if hasattr(self, "events"):
            check(self.events)


def test_any_sequence_of_changes_keeps_counts_votes_merges_and_events_true(here):
    run_state_machine_as_test(Domain, settings=settings(
        max_examples=120, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
    ))  # fmt: skip


def test_eight_at_once_keep_them_true_too(acme):
    people = [acme.reader({"sub": name}) for name in PEOPLE]
    for number in range(1, 6):
        acme.post(f"Wish {number}")
    db.changed("INSERT INTO tag (workspace_id, key, name) VALUES (%(id)s, 'hot', 'Hot')", id=acme.workspace.id)

    team = acme.writer

    def work(seed: int) -> None:
        for step in range(40):
            dice = hash((seed, step))
            number, into, who = dice % 5 + 1, dice // 5 % 5 + 1, people[dice // 25 % 3]
            with suppress(REFUSED):
                ACTS[dice // 75 % len(ACTS)](team, who, number, into)

    outcomes = at_once(work, 8)
    assert outcomes == [None] * 8
    check()


ACTS = [
    lambda team, who, number, into: votes.cast(who, number),
    lambda team, who, number, into: votes.withdraw(who, number),
    lambda team, who, number, into: comments.create(who, number, "Me too"),
    lambda team, who, number, into: comments.create(team, number, "Ours", internal=True),
    lambda team, who, number, into: followers.follow(who, number),
    lambda team, who, number, into: merges.merge(team, number, into),
    lambda team, who, number, into: merges.unmerge(team, number),
    lambda team, who, number, into: edits.delete(team, number),
    lambda team, who, number, into: edits.restore(team, number),
    lambda team, who, number, into: planning.set_status(team, number, STATUSES[into - 1]),
    lambda team, who, number, into: tags.tag(team, number, "hot"),
]
