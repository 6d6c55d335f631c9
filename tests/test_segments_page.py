"""The editor of segments: rules are written as rows, with who they find beside them, with or without a script."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA, BEN, CLEO, DAN, EVE

from service import db
from service.feedback import audience, boards, segments
from service.web.dashboard import rules
from service.web.dashboard.rules import Row

CHEF = {"field": "traits.role", "op": "is", "value": "chef"}
NEW = "/app/acme/segments/new"
CHEFS = "/app/acme/segments/chefs"
MANY = """
INSERT INTO "user" (workspace_id, external_id, kind, traits)
SELECT %(workspace)s, 'u' || n, 'identified', '{"seats": 5, "role": "cook"}' FROM generate_series(1, 12000) n"""


@pytest.fixture
def ada(client, acme):
    acme.user({**DAN, "traits": {"role": "chef", "seats": 12, "beta": True, "zip": "8000"}})
    acme.user({**CLEO, "traits": {"role": "cook"}})
    return Browser(client).sign_in(ADA)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2])).split())


def send(browser, path: str, deed: str, *rows: tuple, quick: bool = True, **fields):
    """The form with these rows, sent by the script, or as a browser does without."""
    parts = [[row[place] for row in rows] for place in range(3)]
    headers = {"Sayso-Quick": "1"} if quick else {}
    return browser.send(path, headers, do=deed, **dict(zip(("field", "op", "value"), parts, strict=True)), **fields)


def shown(page) -> list[tuple]:
    """The rows of the form."""
    values = [re.findall(rf'name="{name}" value="([^"]*)"', page.text) for name in ("field", "value")]
    boxes = re.findall(r'<select id="op-.*?</select>', page.text, re.S)
    ops = [(re.search(r'value="(\w+)" selected', each) or " ?")[1] for each in boxes]
    return [(unescape(field), op, unescape(value)) for field, op, value in zip(values[0], ops, values[1], strict=True)]


def test_a_segment_is_written_with_a_look_at_who_would_be_in_it(ada, acme):
    ada.open(NEW)
    for _ in range(2):
        page = send(ada, NEW, "count", ("traits.role", "is", "chef"), name="Chefs")
        assert page.status_code == 200 and "1 user would be in it" in texts(page) and "Dan" in texts(page)
        assert shown(page) == [("traits.role", "is", "chef")] and 'value="Chefs"' in page.text
    assert segments.of(acme.team) == []
    made = send(ada, NEW, "save", ("traits.role", "is", "chef"), ("", "is", ""), quick=False, name=" Head  chefs! ")
    assert made.headers["location"] == "/app/acme/segments/head-chefs"
    page = texts(ada.open(made.headers["location"]))
    assert "1 user" in page and "Dan" in page and "The segment was made." in page
    assert segments.find(acme.team, "head-chefs").rules == [CHEF]
    assert "role is chef" in texts(ada.open("/app/acme/segments"))


@pytest.mark.parametrize("quick", [True, False])
def test_rows_come_and_go_and_keep_what_was_typed(ada, quick):
    ada.open(NEW)
    first, second = ("traits.role", "is", "chef"), ("company.mrr", "at_least", "10")
    page = send(ada, NEW, "add", first, quick=quick, name="N")
    assert page.status_code == 200 and shown(page) == [first, ("", "is", "")]
    page = send(ada, NEW, "remove-0", first, second, quick=quick, name="N")
    assert shown(page) == [second] and "would be in it" in texts(page)
    assert shown(send(ada, NEW, "remove-0", second, quick=quick, name="N")) == [("", "is", "")]
    assert send(ada, NEW, "remove-20", second, quick=quick).status_code == 400


def test_what_is_not_finished_is_no_error_while_one_writes_and_is_one_when_it_is_saved(ada, acme):
    ada.open(NEW)
    for row, why in ((("colour", "is", "red"), "its field is one of"),
                     (("traits.seats", "at_least", "many"), "takes a number"),
                     (("traits.a", "like", "x"), "its op is one of"), (("traits.a", "is", "x" * 201), "one line of at most"),
                     (("company.mrr", "at_least", "9" * 18), "must lie between")):  # fmt: skip
        page = send(ada, NEW, "count", row, name="N")
        assert page.status_code == 200 and why in texts(page), row
        refused = send(ada, NEW, "save", row, name="Typed name")
        assert refused.status_code == 422 and why in texts(refused) and "Typed name" in refused.text
        assert row[1] not in rules.OPS or shown(refused) == [row]
    for fields, why in (({"name": ""}, "Give it a name"), ({"name": "N", "key": "日本"}, "small letters"),
                        ({"name": "N", "key": "new"}, "another key")):  # fmt: skip
        assert why in texts(send(ada, NEW, "save", ("traits.role", "is", "x"), **fields)), fields
    assert "at most 20 rules" in texts(send(ada, NEW, "save", *[("traits.role", "is", "x")] * 500, name="N"))
    assert segments.of(acme.team) == []


def test_a_segment_is_changed_unless_somebody_was_faster(ada, acme):
    segments.create(acme.team, "chefs", "Chefs", [CHEF])
    seen = re.search(r'name="seen" value="([^"]+)"', ada.open(CHEFS).text)[1]
    row = ("traits.role", "is_not", "chef")
    assert "1 user would be in it" in texts(send(ada, CHEFS, "count", row, name="Chefs", seen=seen))
    page = send(ada, CHEFS, "save", row, name="Cooks", seen=seen)
    assert page.status_code == 200 and shown(page) == [row] and "Cleo" in texts(page)
    late = send(ada, CHEFS, "save", ("traits.role", "is", "baker"), name="Bakers", seen=seen)
    assert late.status_code == 409 and "Bakers" in late.text and shown(late) == [("traits.role", "is", "baker")]
    assert segments.find(acme.team, "chefs").name == "Cooks"


def test_a_segment_goes_unless_a_board_is_for_it_alone(ada, acme):
    segments.create(acme.team, "chefs", "Chefs", [CHEF])
    boards.create(acme.team, "kitchen", "Kitchen", access="segments", segments=["chefs"])
    assert "Open for it: Kitchen." in texts(ada.open(CHEFS))
    refused = ada.send(CHEFS, do="delete")
    assert refused.status_code == 409 and "for this segment alone" in texts(refused)
    boards.change(acme.team, "kitchen", access="public", segments=[])
    assert ada.send(CHEFS, do="delete").headers["location"] == "/app/acme/segments"
    assert ada.open(CHEFS).status_code == 404


def test_a_count_stops_at_ten_thousand_and_a_slow_one_says_so(ada, acme, monkeypatch):
    db.changed(MANY, workspace=acme.workspace.id)
    ada.open(NEW)
    assert "10,000+ users would be in it" in texts(send(ada, NEW, "count", ("traits.seats", "at_least", "5"), name="N"))
    assert "Nobody yet" in texts(send(ada, NEW, "count", ("traits.seats", "at_least", "500"), name="N"))
    monkeypatch.setattr(audience, "LIMITED", "SET LOCAL statement_timeout = 1")
    page = send(ada, NEW, "count", ("traits.seats", "at_least", "500"), name="N")
    assert page.status_code == 200 and "too many users to count" in texts(page)


def test_known_facts_are_suggested(ada):
    page = ada.open(NEW).text
    for fact in ("company.plan", "company.mrr", "traits.role", "traits.seats", "traits.beta"):
        assert f'<option value="{fact}">' in page, fact


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (("traits.seats", "is", "12"), 12),
        (("traits.seats", "at_least", "1.5"), 1.5),
        (("traits.beta", "is", "true"), True),
        (("traits.zip", "is", "8000"), "8000"),
        (("traits.new", "is", '"8000"'), "8000"),
        (("traits.new", "is", "-3"), -3),
        (("traits.new", "contains", "12"), "12"),
        (("company.mrr", "at_least", "$1,200.50"), 120_050),
        (("company.mrr", "at_most", "49"), 4900),
        (("traits.new", "is", "1.2.3"), "1.2.3"),
        (("traits.new", "is", "²"), "²"),
    ],
)
def test_a_value_is_read_as_it_is_meant_and_written_so_that_it_is_read_again(ada, acme, typed, value):
    known = audience.known(acme.team)
    [rule] = rules.meant([Row(*typed)], known)
    assert rule == {"field": typed[0], "op": typed[1], "value": value} and type(rule["value"]) is type(value)
    assert rules.meant(rules.rows([rule]), known) == [rule]


def test_members_look_and_try_and_only_admins_change(client, ada, acme, globex):
    segments.create(acme.team, "chefs", "Chefs", [CHEF])
    ben = Browser(client).sign_in(BEN)
    assert "Owners and admins change segments" in texts(ben.open(CHEFS))
    assert "1 user would be in it" in texts(send(ben, CHEFS, "count", ("traits.role", "is", "cook"), name="x"))
    for path, deed in ((CHEFS, "save"), (CHEFS, "delete"), (NEW, "save")):
        ben.open(CHEFS)
        assert send(ben, path, deed, ("traits.role", "is", "cook"), name="x").status_code == 403
    eve = Browser(client).sign_in(EVE)
    assert eve.open(CHEFS).status_code == 404 and eve.open(CHEFS.replace("acme", "globex")).status_code == 404
    assert Browser(client).open(NEW).headers["location"] == "/app/sign-in"
    assert segments.find(acme.team, "chefs").rules == [CHEF]
