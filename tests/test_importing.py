"""What an import makes of the rows of a file."""

from queued import work_off

from service import db
from service.feedback import imports, posts
from service.feedback.readers import Reader

POSTS = b"""Title,Details,Status,Board,Votes,Author Email,Author Name,Created,Tags,Id,URL
Dark mode,"For the night,
please",Planned,Features,5,cleo@customer.example,Cleo,2024-03-01,"ux, night",p1,https://acme.canny.io/features/p/dark-mode
,nothing here,,,,,,,,p2,
Export,,Under review,Mobile,1,dan@customer.example,Dan,2024-04-01T10:00:00Z,,p3,https://acme.canny.io/mobile/p/export
Later,,Open,Features,x,,,,,p4,
"""


def run(company, data=POSTS, mapping=None, source="csv", **more):
    made = imports.begin(company.team, source, "posts.csv", data, mapping or {}, **more)
    work_off()
    return imports.find(company.team, made.id)


def test_the_good_rows_become_posts_and_the_bad_ones_are_listed(acme):
    done = run(acme)
    assert (done.state, done.said, done.total, done.done, done.made, done.wrong) == ("done", None, 4, 4, 2, 2)
    wrong = imports.lines(acme.team, done.id, 10, outcome="wrong")
    assert [(line.number, line.said) for line in wrong] == [
        (2, "title: Say in a few words what it is about."),
        (4, "Votes: Write a whole number, or leave it empty."),
    ]
    first, second = (posts.find(acme.team, number) for number in (1, 2))
    assert (first.title, first.body, first.votes, first.status_key) == ("Dark mode", "For the night,\nplease", 5, "planned")
    assert (first.tags, first.author_email, first.author_name) == (["night", "ux"], "cleo@customer.example", "Cleo")
    assert first.created_at.isoformat() == "2024-03-01T00:00:00+00:00" == first.updated_at.isoformat()
    assert (second.board_name, second.board_access, second.status_name, second.status_kind) == (
        "Mobile", "private", "Under review", "open",
    )  # fmt: skip


def test_the_same_file_again_makes_nothing(acme):
    run(acme)
    again = run(acme)
    assert (again.state, again.made, again.known, again.wrong) == ("done", 0, 2, 2)
    assert db.row('SELECT count(*) FROM post')[0] == 2


def test_an_import_is_taken_back(acme):
    done = run(acme)
    imports.undo(acme.team, done.id)
    work_off()
    assert imports.find(acme.team, done.id).state == "undone"
    for table, left in (("post", 0), ('"user"', 0), ("tag", 0), ("board", 2), ("status", 5), ("former_address", 0), ("imported", 0)):
        assert db.row(f"SELECT count(*) FROM {table}")[0] == left, table
