"""The pages of users and companies: found, looked through, changed, and who may do what there."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE

from service import db
from service.db import database
from service.feedback import blocking, comments, companies, followers, users, votes

MANY_COMPANIES = """
INSERT INTO company (workspace_id, external_id, name, plan, mrr)
SELECT %(workspace)s, 'c' || n, 'Company ' || n, 'Team', n * 100 FROM generate_series(1, %(many)s) n"""
MANY_USERS = """
INSERT INTO "user" (workspace_id, external_id, kind, name, email, company_id, last_seen_at)
SELECT %(workspace)s, 'u-' || n, CASE WHEN n %% 997 = 0 THEN 'guest' ELSE 'identified' END,
       'First' || n %% 500 || ' Last' || n %% 700, 'user' || n || '@c.example',
       (SELECT min(id) FROM company WHERE workspace_id = %(workspace)s) + n %% %(companies)s, now() - n * interval '1 minute'
  FROM generate_series(%(first)s, %(last)s) n"""
PEOPLE = ("users", "users/dan-8", "companies", "companies/initech", "segments")


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])).split())


def listed(page) -> list[str]:
    """Whom a list shows, in order."""
    first = r'<tr>\s*<td>(?:<div class="who"><span[^>]*>[^<]*</span><div>)?<a [^>]+>([^<]+)</a>'
    return [unescape(name) for name in re.findall(first, page.text)]


def fill(company, many: int) -> None:
    """So many users, fifty to a company."""
    workspace, companies = company.workspace.id, max(1, many // 50)
    db.changed(MANY_COMPANIES, workspace=workspace, many=companies)
    for first in range(1, many + 1, 20_000):
        last = min(many, first + 19_999)
        db.changed(MANY_USERS, workspace=workspace, companies=companies, first=first, last=last)


def look(browser, path: str, query: str = ""):
    page = browser.open(f"/app/acme/{path}", query_string=query)
    assert page.status_code == 200, page.text
    return page


# ── users ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_users_are_found_by_how_their_name_address_or_id_begins(ada, acme):
    for claims in (CLEO, DAN, {"sub": "50%_off\\", "name": "Zoë de la Cruz"}, {"sub": "x", "email": "Zed@a.example"}):
        acme.user(claims)
    for q, found in (("cl", ["Cleo"]), ("DAN@", ["Dan"]), ("50%", ["Zoë de la Cruz"]), ("cruz zo", ["Zoë de la Cruz"]),
                     ("zed@A", ["Zed@a.example"]), ("%", []), ("_", []), ("leo", []), ("' & !|:*()", [])):  # fmt: skip
        assert listed(ada.open("/app/acme/users", params={"q": q})) == found, q
    assert "Nobody found" in texts(look(ada, "users", "q=nobody"))


def test_users_are_filtered_and_stand_in_the_order_in_which_they_were_seen(ada, acme):
    for claims in (CLEO, DAN, {"sub": "fay", "segments": ["beta"]}):
        acme.user(claims)
    users.make_anonymous(acme.workspace)
    blocking.block(acme.team, "cleo-7")
    assert listed(look(ada, "users")) == ["Anonymous", "fay", "Dan", "Cleo"]
    for query, found in (("kind=anonymous", ["Anonymous"]), ("blocked=1", ["Cleo"]), ("company=initech", ["Dan"]),
                         ("company=initech&q=cleo", []), ("segment=no", []), ("kind=identified&q=d", ["Dan"])):  # fmt: skip
        assert listed(look(ada, "users", query)) == found, query
    assert ada.open("/app/acme/users", query_string="kind=x").status_code == 422
    for cursor in ("x", "dXNlcnN8MXwx", "dXNlcnN8OTIyMzM3MjAzNjg1NDc3NTgwN3wx"):
        assert ada.open("/app/acme/users", query_string=f"cursor={cursor}").status_code in (200, 400), cursor


def test_a_long_list_goes_on_where_it_ended(ada, acme):
    fill(acme, 60)
    seen, query = [], ""
    for _ in range(3):
        page = look(ada, "users", query)
        seen += listed(page)
        more = re.search(r'href="\?([^"]+)" rel="next"', page.text)
        query = unescape(more[1]) if more else ""
    assert len(re.findall("First", " ".join(seen))) == 60 and not query


def test_a_page_of_users_reads_little_however_many_there_are(client, acme, globex):
    reads = {}
    for company, many in ((globex, 1_000), (acme, 100_000)):
        fill(company, many)
        database.execute_sql("VACUUM ANALYZE")  # else an index of words has a list of what is not sorted into it yet
        browser = Browser(client).sign_in(EVE if company is globex else ADA)
        slug = company.workspace.slug
        for path, query in (("users", ""), ("users", "kind=guest"), ("users", "q=first1"), ("users", "q=user1"),
                            ("users", "q=u-"), ("users", "company=c3"), ("companies", ""), ("companies", "sort=name"),
                            ("companies", "q=company"), ("users/u-5", ""), ("companies/c5", "")):  # fmt: skip
            reads.setdefault((path, query), []).append(buffers(browser, f"/app/{slug}/{path}", query))
    for page, (few, many) in reads.items():
        assert many <= 3 * few, (page, few, many)


def buffers(browser, path: str, query: str) -> int:
    """How many pages of the database a page of ours reads; the second time, so that what is cached is."""
    browser.open(path, query_string=query)
    count = """
SELECT pg_stat_force_next_flush(), blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"""
    database.execute_sql(count).fetchone()
    before = int(database.execute_sql(count).fetchone()[1])
    assert browser.open(path, query_string=query).status_code == 200
    database.execute_sql(count).fetchone()
    return int(database.execute_sql(count).fetchone()[1]) - before


def test_a_user_is_shown_with_all_that_is_known_and_what_they_did(ada, acme):
    number = acme.post("Dark mode", by=CLEO)
    dan = acme.reader({**DAN, "traits": {"role": "chef", "beta": True}, "segments": ["beta"]})
    own = acme.post("Export", by=DAN)
    votes.cast(dan, number)
    followers.follow(dan, number)
    comments.create(dan, number, "I need **this**")
    page = texts(look(ada, "users/dan-8"))
    for words in ("Initech", "dan@customer.example", "role chef", "beta yes", "$49", "Posts 1", "Votes 2", "Comments 1",
                  "Export"):  # fmt: skip
        assert words in page, words
    assert "Dark mode" not in page and "Dark mode" in texts(look(ada, "users/dan-8", "show=votes"))
    assert "<strong>this</strong>" in look(ada, "users/dan-8", "show=comments").text
    assert f"/posts/{own}" in look(ada, "users/dan-8", "show=follows").text
    assert ada.open("/app/acme/users/dan-8", query_string="show=x").status_code == 422


def test_any_id_can_stand_in_an_address(ada, acme):
    for sub in ("50% off?&#x", "日本", "a b", "...", "new", "' OR 1"):
        acme.user({"sub": sub, "name": f"Called {sub}", "company": {"id": sub, "name": f"Firm {sub}"}})
    for link in set(re.findall(r'href="(/app/acme/(?:users|companies)/[^"]+)"', look(ada, "users").text)):
        assert ada.open(unescape(link)).status_code == 200, link
    for path in ("users/nobody", "users/%00", "companies/none", "companies/%00", "users/" + "x" * 300):
        assert ada.open(f"/app/acme/{path}").status_code in (400, 404), path


def test_a_user_is_blocked_unblocked_and_signed_out_by_buttons(ada, acme):
    acme.user(CLEO)
    look(ada, "users/cleo-7")
    for deed, blocked in (("block", True), ("block", True), ("unblock", False), ("sign_out", False)):
        assert ada.send("/app/acme/users/cleo-7", do=deed).status_code == 303
        assert users.profile(acme.workspace, "cleo-7").is_blocked is blocked
        assert ("Unblock" in texts(look(ada, "users/cleo-7"))) is blocked
    member = users.of_member(acme.workspace, acme.owner).external_id
    look(ada, f"users/{member}")
    refused = ada.send(f"/app/acme/users/{member}", do="block")
    assert refused.status_code == 409 and "someone of the team" in texts(refused)


def test_all_that_is_kept_of_a_user_is_a_file(ada, client, acme):
    acme.post(by=CLEO)
    ours = ada.open("/app/acme/users/cleo-7/export")
    theirs = client.simulate_get("/api/v1/users/cleo-7/export", headers=acme.bearer())
    assert ours.json == theirs.json and ours.json["posts"][0]["title"] == "Dark mode"
    assert ours.headers["content-disposition"] == 'attachment; filename="user.json"'
    assert ours.headers["cache-control"] == "no-store"


def test_a_user_is_erased_only_when_their_id_was_typed(ada, acme):
    acme.post(by=CLEO)
    look(ada, "users/cleo-7")
    refused = ada.send("/app/acme/users/cleo-7", do="erase", confirm="cleo")
    assert refused.status_code == 422 and "This is not their id" in texts(refused) and 'value="cleo"' in refused.text
    done = ada.send("/app/acme/users/cleo-7", do="erase", confirm=" cleo-7 ")
    assert (done.status_code, done.headers["location"]) == (303, "/app/acme/users")
    assert "The user was erased." in look(ada, "users").text and ada.open("/app/acme/users/cleo-7").status_code == 404


def test_only_owners_and_admins_block_export_and_erase(client, acme):
    acme.user(CLEO)
    ben = Browser(client).sign_in(BEN)
    page = look(ben, "users/cleo-7")
    assert "Erase" not in page.text and "Sign out everywhere" not in texts(page)
    for deed in ("block", "unblock", "sign_out", "erase"):
        assert ben.send("/app/acme/users/cleo-7", do=deed, confirm="cleo-7").status_code == 403
    assert ben.open("/app/acme/users/cleo-7/export").status_code == 403
    assert not users.profile(acme.workspace, "cleo-7").is_blocked


# ── companies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_companies_stand_in_order_of_what_they_pay_or_by_name(ada, acme):
    for id, name, mrr in (("a", "Acorn", 100), ("b", "Birch", 990_000), ("c", "", 5000)):
        companies.put(acme.team, id, name=name, mrr=mrr)
    assert listed(look(ada, "companies")) == ["Birch", "c", "Acorn"]
    assert listed(look(ada, "companies", "sort=name")) == ["c", "Acorn", "Birch"]
    assert listed(look(ada, "companies", "q=bir")) == ["Birch"] and listed(look(ada, "companies", "q=zzz")) == []
    assert ada.open("/app/acme/companies", query_string="sort=x").status_code == 422


def test_a_company_is_shown_with_what_its_users_ask_for(ada, acme):
    most, less = acme.post("Dark mode"), acme.post("Export")
    for user in ("u1", "u2"):
        reader = acme.reader({"sub": user, "name": user.upper(), "company": DAN["company"]})
        votes.cast(reader, most)
    votes.cast(acme.reader(DAN), less)
    page = texts(look(ada, "companies/initech"))
    assert page.index("Dark mode") < page.index("Export") and "2 of theirs" in page and "asks for 2 posts, 3 votes" in page
    assert "U1" in page and "U2" in page and "Dan" in page and "Cleo" not in page


def test_the_facts_of_a_company_are_changed_and_nothing_typed_is_lost(ada, acme):
    acme.user(DAN)
    page = look(ada, "companies/initech")
    seen = re.search(r'name="seen" value="([^"]+)"', page.text)[1]
    assert 'value="49"' in page.text
    for mrr in ("lots", "-5", "1.234", "9" * 40, "1e5x", "NaN"):
        refused = ada.send("/app/acme/companies/initech", do="save", name="New name", plan="Pro", mrr=mrr, seen=seen)
        assert refused.status_code == 422 and "Write what they pay" in texts(refused) and "New name" in refused.text, mrr
    saved = ada.send("/app/acme/companies/initech", do="save", name="New", plan="Pro", mrr="$1,200.50", seen=seen)
    assert saved.status_code == 303
    assert companies.find(acme.team, "initech")[2:] == ("New", "Pro", 120_050)
    look(ada, "companies/initech")
    late = ada.send("/app/acme/companies/initech", do="save", name="Mine", plan="Pro", mrr="1", seen=seen)
    assert late.status_code == 409 and "meanwhile" in texts(late) and "Mine" in late.text


@pytest.mark.parametrize("path", PEOPLE)
def test_people_are_shown_to_their_own_team_alone(client, acme, globex, path):
    acme.user(DAN)
    nobody, eve = Browser(client), Browser(client).sign_in(EVE)
    assert nobody.open(f"/app/acme/{path}").headers["location"] == "/app/sign-in"
    assert eve.open(f"/app/acme/{path}").status_code == 404
    assert "Initech" not in eve.open(f"/app/globex/{path}").text
