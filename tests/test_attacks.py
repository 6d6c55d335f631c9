"""What somebody tried once, and what must never work again. Each test is an attack that did."""

import base64

import pytest
from browser import Browser
from calls import call
from cast import ADA
from program import Program, wrong
from queued import work_off

from service import db
from service.errors import Invalid
from service.feedback import keys, members, sign_in, users
from service.lib import mail, markdown, text

KELVIN, DOTTED_I = "\u212a", "\u0130"


def test_a_title_cannot_write_headers_by_an_encoded_word():
    inside = base64.b64encode(b"\r\nReply-To: evil@evil.example\r\n\r\n<h1>pay</h1>").decode()
    letter = mail.message("us@acme.example", ADA, f"x =?utf-8?b?{inside}?=", "text", "<p>html</p>", "<1@acme.example>")
    head = letter.as_bytes().partition(b"\n\n")[0].lower()
    assert b"reply-to" not in head
    assert len([line for line in head.splitlines() if line.startswith(b"subject")]) == 1


def test_a_tower_of_combining_marks_is_thinned_out_before_it_is_normalised(client, acme):
    tower = "a" + "\u0345" * 60_000 + "\u0334" * 60_000  # in another order than Unicode wants them
    assert len(text.tidy(tower)) <= 10
    assert call(client, acme, "list", q=tower[50_000:70_000]).status_code == 200
    assert Browser(client).sign_in(ADA).open("/app/new").status_code == 200
    assert len(members.found(f"Acme {tower}"[:70], acme.owner).name) < 20


@pytest.mark.parametrize("address", [f"{KELVIN}im@corp.example", f"k{DOTTED_I}m@corp.example"])
def test_two_mailboxes_are_never_one_person(here, address):
    members.person("kim@corp.example")
    if text.email(address) is None:
        with pytest.raises(Invalid):
            sign_in.ask(address, "browser", "1.2.3.4")
    else:
        sign_in.ask(address, "browser", "1.2.3.4")
        assert db.row("SELECT email FROM sign_in_link") == ("kim@corp.example",)


def test_a_link_goes_to_the_address_on_file(here):
    members.person("Kim@corp.example")
    sign_in.ask("kim@corp.example", "browser", "1.2.3.4")
    assert db.row("SELECT email FROM sign_in_link") == ("Kim@corp.example",)


def test_a_stranger_elsewhere_locks_nobody_out_and_ends_nobodys_link(client, here):
    mine = Browser(client)
    mine.open("/app/sign-in")
    assert mine.send("/app/sign-in", email=ADA).status_code == 200
    for _ in range(5):
        sign_in.ask(ADA, "the stranger's browser", "203.0.113.9")
    assert db.row("SELECT count(*) FROM sign_in_link") == (2,)
    mine.open("/app/sign-in")
    assert mine.send("/app/sign-in", email=ADA).status_code == 200


def test_where_strangers_may_not_sign_up_only_people_we_know_get_a_letter(here):
    members.person(ADA)
    assert sign_in.ask("stranger@example.com", "b", "1.2.3.4", anyone=False) == "stranger@example.com"
    assert db.row("SELECT count(*) FROM job") == (0,)
    sign_in.ask(ADA, "b", "1.2.3.4", anyone=False)
    assert db.row("SELECT count(*) FROM job") == (1,)


def test_a_small_table_does_not_become_a_huge_page():
    body = "a|" * 250 + "\n" + "-|" * 250 + "\n" + "|\n" * 4500
    assert len(markdown.render(body)) < 4 * len(body)


def test_posts_made_of_common_words_do_not_stop_the_search(client, acme):
    words = " ".join(f"{one}{other}" for one in "abcdefghijkl" for other in "mnopqrstuvwx")
    for number in range(60):
        acme.post(f"Word {number}", f"{words} {words}"[:9000])
    work_off()
    answer = client.simulate_get("/api/v1/similar", params={"text": words[:400]}, headers=acme.bearer())
    assert answer.status_code == 200


def test_a_drafts_name_is_not_stored_as_it_is(client, acme):
    draft = "5f2c7be1a0d94c33" * 2
    call(client, acme, "posts", title="Dark mode", submission=draft)
    assert db.row("SELECT count(*) FROM post WHERE submission = %(draft)s", draft=draft) == (0,)
    assert call(client, acme, "posts", title="Dark mode", submission=draft).json["post"]["number"] == 1


def test_no_page_below_a_sign_in_link_tells_its_address_to_others(client, here):
    for path in ("/app/sign-in/unknown-secret", f"/app/sign-in/{sign_in.make_link(ADA)}"):
        assert client.simulate_get(path).headers["referrer-policy"] == "no-referrer"


def test_an_api_key_is_shown_once_and_its_end_ends_no_other(client, acme):
    ada = Browser(client).sign_in(ADA)
    made = []
    for _ in range(2):
        ada.open("/app/acme/settings/keys")
        page = ada.send("/app/acme/settings/keys", do="make", name="Twice", scopes="read", ends="")
        made.append(page.text.partition('id="api-key">')[2].partition("<")[0])
    assert not any(key in ada.open("/app/acme/settings/keys").text for key in made)
    ada.send("/app/acme/settings/keys", do="end", key=keys.of(acme.team)[0].id)
    answers = [client.simulate_get("/api/v1/posts", headers={"Authorization": f"Bearer {key}"}).status_code for key in made]
    assert answers == [401, 200]


def test_what_is_far_too_long_is_refused_and_never_cut_off(client, acme):
    for fields in ({"title": " " * 900 + "Dark mode"}, {"title": "t", "body": "\n" * 45_000 + "the point"}):
        assert call(client, acme, "posts", **fields).status_code == 422
    assert call(client, acme, "posts", title=" " * 700 + "Dark mode").json["post"]["title"] == "Dark mode"


def test_a_key_speaks_for_users_and_for_its_creator_but_for_no_other_member(client, acme):
    ben = members.person("ben@acme.example")
    users.of_member(acme.workspace, ben)
    api = Program(client, acme)
    api.post("/posts", title="Dark mode")
    said = api.post("/posts/1/comments", body="We refund everybody", official=True, author=f"sayso-member-{ben.id}")
    assert wrong(said) == {"author"}
    assert api.put(f"/posts/1/votes/sayso-member-{ben.id}").status_code == 404
    assert api.post("/posts/1/comments", body="Ours", author=f"sayso-member-{acme.owner.id}").status_code == 201


def test_what_was_said_on_a_private_board_stays_there_when_a_merge_is_moved_to_a_public_one(client, acme):
    api = Program(client, acme)
    for key in ("one", "two"):
        api.post("/boards", key=key, name=key, access="private")
        api.post("/posts", title=f"Plan {key}", board=key)
    api.post("/posts/1/comments", body="Unmistakable")
    api.put("/posts/1/merge", into=2)
    api.patch("/posts/2", board="features")
    page = client.simulate_get("/b/acme/posts/2")
    assert page.status_code == 200 and "Unmistakable" not in page.text
    assert [each["body"] for each in api.get("/posts/2/comments").json["data"]] == ["Unmistakable"]


def test_an_answer_kept_for_one_key_is_not_given_to_another(client, acme):
    again = {"Idempotency-Key": "create-key-1"}
    api, other = Program(client, acme), keys.create(acme.workspace, acme.owner, "another")
    assert api.post("/keys", again, name="mine", scopes=["read"]).status_code == 201
    stolen = client.simulate_post("/api/v1/keys", json={"name": "mine", "scopes": ["read"]},
                                  headers={**again, "Authorization": f"Bearer {other}"})  # fmt: skip
    assert (stolen.status_code, stolen.json["code"]) == (409, "idempotency_key_reused")


def test_a_number_that_the_database_would_write_out_is_refused(client, acme):
    assert wrong(Program(client, acme).post("/posts", title="Big", meta={"n": 1e308})) == {"meta"}


def test_settings_of_a_workspace_need_more_than_write(client, acme):
    writer = keys.create(acme.workspace, acme.owner, "writer", ("read", "write"))
    for method, path in (("POST", "/boards"), ("PATCH", "/boards/bugs"), ("DELETE", "/statuses/done")):
        answer = client.simulate_request(method, f"/api/v1{path}", json={}, headers={"Authorization": f"Bearer {writer}"})
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing"), path
