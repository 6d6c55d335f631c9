"""What somebody with an account of their own, or of the team, could try in the dashboard."""

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN
from queued import work_off

from service import db
from service.errors import Invalid, RateLimited
from service.feedback import companies, limits, members, questions, team, users, versions
from service.lib import differences
from service.web import spreadsheets

MRR = "SELECT mrr, name FROM company WHERE workspace_id = %(workspace)s"


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.mark.parametrize("typed", ["1e600000", "1e9", "-1", "1_0", "９９", "NaN", "1.234", "9" * 14, ""])
def test_an_amount_is_digits_and_nothing_that_takes_minutes_to_write_out(ada, acme, typed):
    acme.user(DAN)
    address = "/app/acme/companies/initech"
    ada.open(address)
    answer = ada.send(address, do="save", name="Initech", plan="Team", mrr=typed,
                      seen=versions.version(*companies.find(acme.team, "initech")))  # fmt: skip
    assert answer.status_code == 422 and "Write what they pay a month" in answer.text
    assert db.row(MRR, workspace=acme.workspace.id) == (4900, "Initech")


def test_a_form_without_its_fields_empties_no_company(ada, acme):
    acme.user(DAN)
    ada.open("/app/acme/companies/initech")
    assert ada.send("/app/acme/companies/initech", do="save").status_code in (409, 422)
    assert db.row(MRR, workspace=acme.workspace.id) == (4900, "Initech")


def test_a_member_writes_and_votes_for_no_colleague(client, acme):
    users.of_member(acme.workspace, acme.owner)
    number = acme.post()
    ben = Browser(client).sign_in(BEN)
    for theirs in (ADA, f"sayso-member-{acme.owner.id}"):
        ben.open("/app/acme/posts/new")
        answer = ben.send("/app/acme/posts/new", do="write", title="We shut down on Friday", author=theirs)
        assert answer.status_code == 422 and "for themselves" in answer.text
        ben.open(f"/app/acme/posts/{number}")
        assert ben.send(f"/app/acme/posts/{number}", do="vote", user=theirs).status_code == 422


def test_no_address_is_invited_again_and_again(acme):
    for _ in range(limits.INVITED.most):
        member, _ = team.invite(acme.team, "gil@elsewhere.example")
        team.remove(acme.team, member.id)
    with pytest.raises(RateLimited):
        team.invite(acme.team, "gil@elsewhere.example")


def test_a_workspace_asks_only_so_many_questions_a_day(acme):
    numbers = [acme.post(f"Wish {place}") for place in range(limits.QUESTIONS.most + 1)]
    for number in numbers[:-1]:
        questions.ask(acme.team, number, "Why?")
    with pytest.raises(RateLimited):
        questions.ask(acme.team, numbers[-1], "Why?")


def test_an_id_cannot_mean_another_place_in_an_address(ada, acme):
    for odd in (".", ".."):
        with pytest.raises(Invalid):
            users.by_external_id(acme.workspace, odd)
    acme.user({**CLEO, "sub": "cleo?x#y&z"})
    address = "/app/acme/users/cleo%3Fx%23y%26z"
    ada.open(address)
    assert ada.send(address, do="block").headers["location"] == address


@pytest.mark.parametrize("value", ["=1+1", "＝1+1", " =1", "\u00a0@x", "\n+1", "-1", "\t=1",
                                   '"=1+1', "' =1", "“ ＝1”", "\ufeff=1", "\u200b=1", "\u2066\ufe0f@x", "`+1",
                                   "\x00=1"])  # fmt: skip
def test_case_54_a_cell_is_never_computed(value):
    assert spreadsheets.cell(value) == f"'{value}"


def test_long_texts_are_not_compared_word_by_word():
    before, after = " ".join(f"a{n} b" for n in range(400)), " ".join(f"b c{n}" for n in range(400))
    assert differences.words(before, after) == [("gone", before), ("new", after)]


def test_what_is_set_up_on_the_server_is_told_to_its_operator_alone(client, acme, globex):
    members.is_operator(acme.owner)
    stranger = Browser(client).sign_in("eve@globex.example")
    work_off()
    assert "SMTP_URL" not in stranger.open("/app/globex/system").text
