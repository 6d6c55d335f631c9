"""Digests: to each member at eight in the morning by their own clock, once, of all that happened since the last."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import ADA, BEN, CLEO, DAN
from crowd import at_once
from queued import work_off

from service import db, words
from service.feedback import changelog, comments, digests, edits, members, planning, preferences, team, votes
from service.handlers import CRON, HANDLERS

MONDAY = datetime(2026, 3, 23, 12, tzinfo=UTC)  # in Europe the last one before the summer time
DAY = timedelta(days=1)
LETTERS = """
SELECT p.email, l.kind, l.data->>'period' FROM letter l JOIN person p ON p.email = l.to_email
 WHERE l.kind IN ('digest', 'new_posts') ORDER BY l.id"""
SPAN = "SELECT (data->>'since')::timestamptz, (data->>'until')::timestamptz FROM letter WHERE kind = 'digest' ORDER BY id"
JUST_NOW = "now() - interval '1 hour' AND now()"
WANTS = """
UPDATE member SET digest = %(digest)s, new_posts = %(new_posts)s, time_zone = %(zone)s, joined_at = %(joined)s,
       digested_on = NULL WHERE person_id = %(person)s"""


def wants(email: str, digest="daily", new_posts="at_once", zone="UTC", joined=MONDAY - 30 * DAY) -> None:
    db.changed(WANTS, person=members.person(email).id, digest=digest, new_posts=new_posts, zone=zone, joined=joined)


def happened(at: datetime) -> None:
    """Let all that was done until now have been done then."""
    for each in ("event", "post", "vote", "comment"):
        db.changed(f"UPDATE {each} SET created_at = %(at)s WHERE created_at BETWEEN {JUST_NOW}", at=at)


def take(*moments: datetime) -> list[tuple]:
    """Who got what, when the job runs at these moments."""
    db.changed("DELETE FROM letter WHERE kind IN ('digest', 'new_posts')")
    for at in moments:
        digests.take(at)
    return db.rows(LETTERS)


@pytest.fixture
def team_of_acme(acme):
    wants(ADA)
    wants(BEN, digest="off", new_posts="off")
    acme.post()
    happened(MONDAY - timedelta(hours=10))
    return acme


def test_each_gets_it_on_their_day_once(team_of_acme):
    wants(BEN, digest="weekly")
    assert take(MONDAY) == [(ADA, "digest", "daily"), (BEN, "digest", "weekly")]
    assert take(MONDAY, MONDAY + timedelta(hours=1)) == []
    team_of_acme.post()
    happened(MONDAY + timedelta(hours=5))
    assert take(MONDAY + DAY) == [(ADA, "digest", "daily")]
    assert take(MONDAY + 7 * DAY) == [(BEN, "digest", "weekly")], "Ada heard of it, and nothing else happened"


def test_nothing_comes_before_eight_nor_to_who_came_today_or_has_not_come_yet(team_of_acme):
    early, eight = MONDAY.replace(hour=7, minute=59), MONDAY.replace(hour=8)
    assert take(early) == [] and take(eight) == [(ADA, "digest", "daily")]
    for joined in (MONDAY - timedelta(hours=23), None):
        wants(ADA, joined=joined)
        assert take(MONDAY) == []


def test_new_posts_can_come_together_every_day_but_not_beside_a_digest(team_of_acme):
    wants(ADA, digest="weekly", new_posts="daily")
    assert take(MONDAY) == [(ADA, "digest", "weekly")]
    team_of_acme.post("Exports")
    happened(MONDAY + timedelta(hours=1))
    votes.cast(team_of_acme.reader(DAN), 1)
    assert take(MONDAY + DAY) == [(ADA, "new_posts", "daily")]
    wants(ADA, digest="off", new_posts="daily")
    assert take(MONDAY + 2 * DAY) == [], "a vote is no post"


def test_where_nothing_happened_no_letter_is_sent_and_the_day_is_done(acme):
    wants(ADA)
    assert take(MONDAY) == []
    assert db.row("SELECT digested_on::text FROM member WHERE person_id = %(id)s", id=acme.owner.id) == ("2026-03-23",)


def test_the_days_of_a_zone_are_as_long_as_they_are(team_of_acme):
    """From eight to eight by the clock: 23 hours when summer begins, 25 when it ends; Samoa had no 30 December 2011."""
    for zone, day, hours in (
        ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-03-30", 24), ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23), ("America/New_York", "2026-11-01", 25), ("Asia/Kolkata", "2026-03-29", 24),
        ("Nowhere/Land", "2026-03-29", 24),
    ):  # fmt: skip
        wants(ADA, zone=zone, joined=datetime(2010, 1, 1, tzinfo=UTC))
        known = zone if zone in preferences.zones() else "UTC"
        [eight] = db.row("SELECT (%(day)s::date + time '08:00') AT TIME ZONE %(zone)s", day=day, zone=known)
        happened_then(eight - timedelta(minutes=1))
        assert take(eight) == [(ADA, "digest", "daily")], (zone, day)
        [(since, until)] = db.rows(SPAN)
        assert (until, until - since) == (eight, timedelta(hours=hours)), (zone, day)
    assert eight.hour == 8


def happened_then(at: datetime) -> None:
    for table in ("event", "post", "vote"):
        db.changed(f"UPDATE {table} SET created_at = %(at)s", at=at)


def test_a_day_that_a_zone_skipped_is_skipped_and_nothing_is_lost(team_of_acme):
    wants(ADA, zone="Pacific/Apia", joined=datetime(2010, 1, 1, tzinfo=UTC))
    at = datetime(2011, 12, 29, 18, 0, tzinfo=UTC)  # eight in the morning of the 29th, at -10
    happened_then(at - timedelta(hours=1))
    assert take(at) == [(ADA, "digest", "daily")]
    happened_then(at + timedelta(hours=15))  # on the 29th; 24 h after eight it is the 31st
    assert take(at + DAY) == [(ADA, "digest", "daily")]
    [(since, until)] = db.rows(SPAN)
    assert (since, until) == (at, at + DAY)


def test_a_week_goes_from_monday_to_monday_and_makes_up_for_one_that_was_missed(team_of_acme):
    for ago, days in ((None, 7), (1, 7), (7, 7), (14, 14), (300, 14)):
        wants(ADA, digest="weekly", zone="Europe/Berlin")
        db.changed("UPDATE member SET digested_on = %(last)s::date", last=ago and MONDAY - ago * DAY)
        assert take(MONDAY) == [(ADA, "digest", "weekly")]
        [(since, until)] = db.rows(SPAN)
        assert (until, until - since) == (MONDAY.replace(hour=7), days * DAY)
    wants(ADA, digest="weekly", zone="Europe/Berlin")
    happened_then(MONDAY + 6 * DAY)
    assert take(MONDAY + 7 * DAY) == [(ADA, "digest", "weekly")]
    [(since, until)] = db.rows(SPAN)
    assert until - since == 7 * DAY - timedelta(hours=1), "summer time began"


def test_what_was_missed_is_told_by_the_next_and_nothing_twice(team_of_acme):
    assert take(MONDAY) == [(ADA, "digest", "daily")]
    team_of_acme.post("Exports")
    happened(MONDAY + timedelta(minutes=5))  # after the end of that digest, and before the job came round
    assert take(MONDAY + 3 * DAY) == [(ADA, "digest", "daily")], "it was off for two days"
    [(since, until)] = db.rows(SPAN)
    eight = MONDAY.replace(hour=8)
    assert (since, until) == (eight, eight + 3 * DAY)


def test_of_two_hosts_one_sends_it(team_of_acme):
    for person in range(20):
        gil, _ = team.invite(team_of_acme.team, f"gil{person}@acme.example")
        wants(gil.email)
    at_once(lambda _: digests.take(MONDAY), 6)
    found = [email for email, kind, _ in db.rows(LETTERS) if kind == "digest"]
    assert len(found) == len(set(found)) == 21


def test_the_job_of_the_clock_takes_all_members_piece_by_piece(team_of_acme, monkeypatch):
    monkeypatch.setattr(digests, "AT_ONCE", 1)
    now = db.row("SELECT now()")[0].astimezone(UTC)
    zone = "UTC" if now.hour >= 8 else "Pacific/Auckland"  # where it is past eight
    for email in (ADA, BEN):
        wants(email, zone=zone, joined=now - 30 * DAY)
    assert digests.DUE in CRON
    HANDLERS[digests.DUE](None)
    assert db.row("SELECT count(*) FROM member WHERE digested_on IS NOT NULL") == (2,)


# ── what it tells ───────────────────────────────────────────────────────────────────────────────────────────────────


def read(acme, kind="digest", days=1) -> digests.Digest | None:
    now = db.row("SELECT now()")[0]
    return digests.read(acme.workspace.id, kind, (now - days * DAY).isoformat(), (now + DAY).isoformat())


def test_it_tells_what_came_in_what_was_wanted_what_moved_what_was_said_and_published(acme):
    first, second = acme.post("Dark mode", by=CLEO), acme.post("Exports", by=DAN)
    votes.cast(acme.reader(DAN), first)
    planning.set_status(acme.team, first, "planned")
    planning.set_status(acme.team, second, "done")
    planning.set_status(acme.team, second, "open")
    comments.create(acme.reader(CLEO), first, "Soon?")
    comments.create(acme.writer, first, "In May", official=True)
    comments.create(acme.writer, first, "Expensive", internal=True)
    changelog.create(acme.team, "Version 2", "", published_at=datetime.now(UTC))
    found = read(acme)
    assert [(post.number, post.board) for post in found.new.few] == [(second, "Features"), (first, "Features")]
    assert [(post.number, post.gained, post.votes) for post in found.voted.few] == [(first, 1, 2)], "not its author's own"
    assert [(post.number, post.status) for post in found.moved.few] == [(first, "Planned")], "back is not moved"
    assert [entry.title for entry in found.published.few] == ["Version 2"]
    assert (found.comments, found.official) == (2, 1)
    assert read(acme, "new_posts")._replace(new=None) == digests.Digest(None, *[digests.NOTHING] * 3, 0, 0)


def test_what_was_deleted_is_not_told_and_nothing_of_another_workspace(acme, globex):
    number = acme.post()
    globex.post("Theirs")
    edits.delete(acme.team, number)
    assert read(acme) is None and read(acme, "new_posts") is None
    assert [post.title for post in read(globex).new.few] == ["Theirs"]


def test_a_long_list_is_cut_and_says_how_much_more_there_is(acme):
    for number in range(digests.MOST + 3):
        acme.post(f"Post {number}")
    found = read(acme)
    assert (len(found.new.few), found.new.more) == (10, 3)
    happened(MONDAY - DAY)
    wants(ADA)
    assert take(MONDAY) == [(ADA, "digest", "daily")]
    work_off()
    [(subject, plain, html)] = db.rows("SELECT subject, text, html FROM letter WHERE kind = 'digest'")
    assert "Cleo" not in plain + html, "who is erased need not be looked for in it"
    assert subject.endswith("13 new posts") and "and 3 more" in plain and "and 3 more" in html


def test_one_that_makes_up_for_others_is_called_by_its_days_in_every_language(team_of_acme):
    for digest, missed, usual in (("weekly", 14, "digestWeek"), ("daily", 3, "digestDay")):
        for last, tag in ((MONDAY - missed * DAY, tag) for tag in words.catalogues()):
            wants(ADA, digest=digest)
            db.changed("UPDATE member SET digested_on = %(last)s::date, locale = %(tag)s", last=last, tag=tag)
            assert take(MONDAY) == [(ADA, "digest", digest)]
            work_off()
            [(subject, plain, html)] = db.rows("SELECT subject, text, html FROM letter WHERE kind = 'digest'")
            said = words.chosen(tag)
            span = said.span(last.date(), MONDAY.date())
            assert subject.startswith(said.say("digestSpan", "Acme", span)) and said.say(usual, "Acme") not in plain
            assert plain.count(span) == html.count(span) == 1, "not said again above or below"


def test_one_of_which_nothing_is_left_is_withdrawn(team_of_acme):
    assert take(MONDAY) == [(ADA, "digest", "daily")]
    edits.delete(team_of_acme.team, 1)
    work_off()
    assert db.rows("SELECT state FROM letter WHERE kind = 'digest'") == [("withdrawn",)]
