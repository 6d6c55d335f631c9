"""An @ and the name of a member in a comment: whom the team should tell of it."""

import pytest

from service import db
from service.feedback import comments, members

LATEST = "SELECT data->'mentions' FROM event WHERE type = 'comment.created' ORDER BY seq DESC LIMIT 1"


def say(company, body: str) -> None:
    comments.create(company.reader(), company.post(), body)


def mentioned() -> list[int]:
    return db.row(LATEST)[0]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@Ada what do you think?", {"Ada King"}),
        ("(@ADA)", {"Ada King"}),
        ("@ada king, @ben: look", {"Ada King", "Ben (Ops) O'Neil"}),
        ("@Ben (ops) o'neil!", {"Ben (Ops) O'Neil"}),
        ("@Kim", set()),
        ("@Kim Young and @kim old", {"Kim Young", "Kim Old"}),
        ("@Adam and mail@ada.example and @Ada_2", set()),
        ("@", set()),
        ("@Zoë and @ZOË", {"Zoë"}),
        ("@nobody @Eve", set()),
    ],
)
def test_members_are_mentioned_by_their_whole_or_first_name(acme, globex, body, names):
    db.changed("UPDATE person SET name = CASE name WHEN 'Ada' THEN 'Ada King' ELSE %(ben)s END WHERE name <> 'Eve'",
               ben="Ben (Ops) O'Neil")  # fmt: skip
    for name in ("Kim Young", "Kim Old", "Zoë", ""):
        members.add(acme.workspace, members.person(f"{name.replace(' ', '')}@acme.example", name))
    say(acme, body)
    known = dict(db.rows("SELECT id, name FROM person"))
    assert {known[person] for person in mentioned()} == names


def test_a_hostile_text_below_a_hostile_team_is_searched_all_the_same(acme):
    for number in range(200):
        members.add(acme.workspace, members.person(f"m{number}@acme.example", f"{'a ' * 40}{number}"))
    say(acme, "@a a" * 1250)
    assert mentioned() == []  # an @a can be any of them
