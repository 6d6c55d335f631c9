"""How often something may be done: exactly that often, in each workspace by itself, and what happens if nobody can count."""

from contextlib import closing, contextmanager

import psycopg2
import pytest
from browser import Browser
from calls import call, session
from cast import BEN, CLEO, DAN
from crowd import at_once
from lowered import lower
from visitors import Visitor

from service import db
from service.errors import RateLimited
from service.feedback import counting, limits, questions, team
from service.feedback.counting import Limit

HITS = "SELECT key, hits FROM rate ORDER BY key"
# for this minute and the next
SPENT = "UPDATE rate SET hits = 1000000, window_start = window_start + interval '1 minute' WHERE key LIKE %(like)s"
HOME, ELSEWHERE = "198.51.100.7", "198.51.100.8"
KNOWN = {name: limit for name, limit in vars(limits).items() if isinstance(limit, Limit)}
# what is counted over all workspaces on purpose: whose mailbox, network or account it is
OF_NO_WORKSPACE = {"mailbox, network", "mailbox", "network", "person", "person, mailbox"}


@pytest.fixture
def cleo(client, acme):
    return Visitor(client).be(acme, CLEO)


def hits(limit: Limit) -> list[int]:
    """How far each count of this limit is."""
    return [number for key, number in db.rows(HITS) if key.partition(":")[0] == limit.name]


def for_a_day(monkeypatch, **most: int) -> None:
    """As `lower`, in windows that begin anew while no test runs."""
    lower(monkeypatch, **most)
    for name in most:
        monkeypatch.setattr(limits, name, getattr(limits, name)._replace(seconds=limits.DAY))


# ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_limit_has_a_name_of_its_own_and_says_whom_it_is_counted_for():
    names = [limit.name for limit in KNOWN.values()]
    assert len(set(names)) == len(names) and not any(":" in name for name in names)
    assert all(limit.most > 0 and limit.seconds in (60, 120, 3600, 86400) for limit in KNOWN.values())
    for limit in KNOWN.values():
        assert limit.per.startswith("workspace") or limit.per in OF_NO_WORKSPACE, limit.name


def test_what_may_go_on_uncounted_guards_neither_a_mailbox_nor_a_disk():
    guarded = ("sign-in", "user-sign-in", "guest-letters", "files", "kilobytes", "invit", "questions", "domains", "webhook")
    for limit in KNOWN.values():
        if "mailbox" in limit.per or "person" in limit.per or limit.name.startswith(guarded):
            assert not limit.open, limit.name


# ── exactly so often ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", ["alone", "with others"])
def test_of_twenty_at_once_exactly_as_many_get_through_as_may(acme, count, monkeypatch):
    lower(monkeypatch, EXPORTS=7, FILES_FROM=7)
    does = {
        "alone": lambda _: limits.export(acme.workspace.id, 1),
        "with others": lambda number: limits.user_file(acme.workspace.id, number, HOME, 1),
    }
    answers = at_once(does[count])
    assert [type(answer) for answer in answers if answer is not None] == [RateLimited] * 13


def test_of_twenty_calls_pages_and_requests_at_once_too(client, acme, monkeypatch):
    for_a_day(monkeypatch, WIDGET_CALLS=7, PAGES=8, API=9)
    assert acme.widget_key  # it is made once
    bearer = acme.bearer()
    asked = {
        7: lambda _: call(client, acme, "list"),
        8: lambda _: client.simulate_get("/b/acme"),
        9: lambda _: client.simulate_get("/api/v1/posts", headers=bearer),
    }
    for most, ask in asked.items():
        assert sorted(answer.status_code for answer in at_once(ask)) == [200] * most + [429] * (20 - most)


def test_a_window_ends_and_who_comes_late_from_the_one_before_counts_in_this_one(acme):
    for _ in range(limits.EXPORTS.most):
        limits.export(acme.workspace.id, 1)
    with pytest.raises(RateLimited) as refusal:
        limits.export(acme.workspace.id, 1)
    assert 1 <= refusal.value.seconds <= limits.HOUR
    db.changed("UPDATE rate SET window_start = window_start + interval '1 hour'")  # as another saw, whose hour is newer
    with pytest.raises(RateLimited) as refusal:
        limits.export(acme.workspace.id, 1)
    assert refusal.value.seconds == limits.HOUR
    db.changed("UPDATE rate SET window_start = window_start - interval '2 hours'")
    limits.export(acme.workspace.id, 1)
    assert hits(limits.EXPORTS) == [1]


# ── what is refused counts for nothing ──────────────────────────────────────────────────────────────────────────────


def test_who_has_asked_for_too_many_links_takes_none_from_whose_address_it_is(here):
    for _ in range(5):
        limits.sign_in("sue@x.example", HOME, is_usual=False)
    for _ in range(30):
        with pytest.raises(RateLimited):
            limits.sign_in("S.u.e+more@x.example", HOME, is_usual=False)
    assert (hits(limits.SIGN_INS_THERE), hits(limits.SIGN_INS), hits(limits.SIGN_INS_FROM)) == ([5], [5], [5])
    limits.sign_in("sue@x.example", ELSEWHERE, is_usual=False)


def test_a_refused_invitation_leaves_no_member_and_no_count(acme, globex):
    for _ in range(limits.INVITED.most):
        team.remove(acme.team, team.invite(acme.team, "zoe@x.example")[0].id)
    with pytest.raises(RateLimited):
        team.invite(acme.team, "zoe@x.example")
    assert len(team.of(acme.team)) == 2 and hits(limits.INVITED) == [3] and hits(limits.INVITATIONS) == [3]
    assert team.invite(globex.team, "zoe@x.example")[1], "another workspace has not spent what this one may"


def test_a_letter_too_many_to_a_guest_is_not_sent_and_takes_nothing_from_others(acme, monkeypatch):
    lower(monkeypatch, GUEST_LETTERS_FROM=2)
    with db.database.atomic():  # as a part of writing the post, which is not refused
        sent = [limits.allows_guest_letter(acme.workspace.id, f"sue{number}@x.example", HOME) for number in range(5)]
        number = acme.post()
    assert sent == [True, True, False, False, False] and number
    assert (hits(limits.GUEST_LETTERS), hits(limits.GUEST_LETTERS_TO)) == ([2], [1, 1])


def test_a_question_that_was_not_asked_is_not_counted(acme):
    number = acme.post()
    with pytest.raises(ValueError, match="later"), db.database.atomic():
        questions.ask(acme.team, number, "Which colour?")
        raise ValueError("later")
    assert hits(limits.QUESTIONS) == []


# ── one workspace cannot spend another's ────────────────────────────────────────────────────────────────────────────


def test_what_one_workspace_spent_another_still_has(client, acme, globex):
    def ask(company) -> list[int]:
        at, visitor = f"/b/{company.workspace.slug}", Visitor(client)
        token = session(client, company, CLEO)
        return [
            client.simulate_get(at).status_code,
            client.simulate_get(f"{at}/sitemap.xml").status_code,
            visitor.do(f"{at}/posts/new", "look", title="dark").status_code,
            visitor.do(at, "vote", number=1).status_code,
            call(client, company, "similar", text="dark", session=token).status_code,
            call(client, company, "posts/1/vote", voted=True).status_code,
            client.simulate_get("/api/v1/posts", headers=company.bearer()).status_code,
            Visitor(client).be(company).open(f"{at}/me/export").status_code,
        ]  # fmt: skip

    acme.post(), globex.post()
    before = ask(acme)
    assert max(before) < 400
    db.changed(SPENT, like="%")
    token = acme.token(CLEO)
    assert client.simulate_get("/b/acme").status_code == call(client, acme, "session", user_token=token).status_code == 429
    assert ask(globex) == before


def test_looking_for_what_is_similar_is_counted_apart_from_reading(client, acme, cleo):
    who, dan = session(client, acme, CLEO), session(client, acme, DAN)
    asked = [{"session": who}, {}]
    assert [call(client, acme, "similar", text="dark", **more).status_code for more in asked] == [200, 200]
    db.changed(SPENT, like="similar%")
    assert [call(client, acme, "similar", text="dark", **more).status_code for more in asked] == [429, 429]
    assert call(client, acme, "similar", text="dark", session=dan).status_code == 200
    assert [call(client, acme, "list", **more).status_code for more in asked] == [200, 200]
    refused = cleo.do("/b/acme/posts/new", "look", title="dark")
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) <= limits.MINUTE
    assert cleo.open("/b/acme/posts/new").status_code == 200


# ── whom it is counted for ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_household_is_one_network():
    assert limits.network("2001:db8:1:2::1") == limits.network("2001:db8:1:2:ffff::9") != limits.network("2001:db8:1:3::1")
    assert limits.network("::ffff:198.51.100.7") == limits.network(HOME) != limits.network("::ffff:198.51.100.8")
    assert limits.network("fe80::1%eth0") == "fe80::/64" and limits.network("") == limits.network("nonsense") == "unknown"


def test_nobody_hops_around_within_a_network_and_no_address_is_stored(here):
    for number in range(5):
        limits.user_sign_in(1, "sue@x.example", limits.network(f"2001:db8::{number}"))
    with pytest.raises(RateLimited):
        limits.user_sign_in(1, "sue@x.example", limits.network("2001:db8::ffff"))
    assert not any("sue" in key or "example" in key for key, _ in db.rows(HITS))


def test_a_program_is_told_how_much_is_left_and_when_to_come_back(client, acme, monkeypatch):
    for_a_day(monkeypatch, API=2)
    answers = [client.simulate_get("/api/v1/posts", headers=acme.bearer()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"2"}
    for headers in (answers[1].headers["ratelimit-reset"], answers[2].headers["retry-after"]):
        assert 1 <= int(headers) <= limits.DAY


# ── when it cannot be counted ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def locked(here):
    """Another transaction holds every count there is; ours do not wait long for it."""
    with closing(psycopg2.connect(here.database_url)) as other:
        other.cursor().execute("SELECT FROM rate FOR UPDATE")
        db.rows("SELECT set_config('lock_timeout', '50ms', false)")
        try:
            yield
        finally:
            db.rows(f"SELECT set_config('lock_timeout', '{db.LOCK_MS}ms', false)")
            counting.warned.clear()


def warnings(caplog) -> list[str]:
    return [record.message for record in caplog.records if record.name == "sayso.limits"]


OPEN = {
    "widget": lambda client, acme, cleo: call(client, acme, "opening"),
    "pages": lambda client, acme, cleo: client.simulate_get("/b/acme"),
    "api": lambda client, acme, cleo: client.simulate_get("/api/v1/posts", headers=acme.bearer()),
    "sitemaps": lambda client, acme, cleo: client.simulate_get("/b/acme/sitemap.xml"),
    "deeds": lambda client, acme, cleo: cleo.do("/b/acme", "vote", number=1),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_costs_only_our_time_goes_on_uncounted_and_it_is_said_once_a_minute(client, acme, cleo, here, caplog, name):
    acme.post()
    before = OPEN[name](client, acme, cleo)
    with locked(here):
        for _ in range(2):
            answer = OPEN[name](client, acme, cleo)
            assert answer.status_code == before.status_code < 400
        said = [each for each in warnings(caplog) if each.startswith(f"the limit {name} ")]
    assert len(said) == 1 and "127.0.0.1" not in caplog.text
    assert [number for key, number in db.rows(HITS) if key.startswith(f"{name}:")] == [1]


def test_a_key_whose_requests_cannot_be_counted_is_told_that_all_are_left(client, acme, here):
    client.simulate_get("/api/v1/posts", headers=acme.bearer())
    with locked(here):
        answer = client.simulate_get("/api/v1/posts", headers=acme.bearer())
        assert client.simulate_get("/api/v1/posts", headers={"Authorization": "Bearer sk_1_x"}).status_code == 401
    assert answer.headers["ratelimit-remaining"] == answer.headers["ratelimit-limit"] == str(limits.API.most)


CLOSED = {
    "export": lambda client, acme: Visitor(client).be(acme).open("/b/acme/me/export"),
    "sign in": lambda client, acme: Browser(client).send("/b/acme/sign-in", do="ask", email="sue@x.example"),
    "file": lambda client, acme: client.simulate_post("/api/v1/files", body=b"text", headers=acme.bearer()),
}


@pytest.mark.parametrize("name", CLOSED)
def test_what_guards_mailboxes_and_disks_is_refused_when_it_cannot_be_counted(client, acme, here, name):
    assert CLOSED[name](client, acme).status_code < 400
    made = [db.row(f"SELECT count(*) FROM {table}") for table in ("user_link", "file", "job")]
    with locked(here):
        answer = CLOSED[name](client, acme)
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
    assert [db.row(f"SELECT count(*) FROM {table}") for table in ("user_link", "file", "job")] == made
    assert CLOSED[name](client, acme).status_code < 400


def test_a_team_is_not_asked_in_uncounted(acme, here):
    team.remove(acme.team, team.invite(acme.team, "zoe@x.example")[0].id)
    with locked(here), pytest.raises(db.OperationalError):
        team.invite(acme.team, "zoe@x.example")
    assert {member.email for member in team.of(acme.team)} == {acme.owner.email, BEN}
