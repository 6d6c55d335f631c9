from test_inbox_plans import *
from test_inbox_plans import read as measure
def test_x(acme):
    place, found = {"workspace": acme.workspace.id, "rare": 50}, {}
    works = {name: lambda asked=asked: lists.page(acme.team, limit=50, bounded=True, **{"sort": "new", **asked})
             for name, asked in {"words": {"q": "wish"}, "wishes": {"q":"wishes"}, "seldom": {"q": "wishes seldom"}, "all": PAGES["all of it"], "not q": {k:v for k,v in PAGES["all of it"].items() if k!="q"}}.items()}
    segments.create(acme.team, "many", "Many")
    for statement in PEOPLE.split(";"):
        db.changed(statement, **place)
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("SET synchronous_commit = on")
    from service.feedback import typed
    for first, last in ((1, SMALL), (SMALL + 1, LARGE)):
        for statement in (POSTS, VOTES, WORTH):
            db.changed(statement, **place, first=first, last=last)
        database.execute_sql("VACUUM ANALYZE")
        for name, work in works.items():
            work()
            found.setdefault(name, []).append(measure(work))
        v = {**acme.team.scope(), **typed.words("wish"), "language": "english"}
        for r in db.rows("EXPLAIN (ANALYZE, BUFFERS) " + conditions.FITTING["q"] + " LIMIT 501", **v): print(r[0][:300])
    print(found)
