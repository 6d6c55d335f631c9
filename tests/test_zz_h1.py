import os, random, time
round_time = time.time
from crowd import at_once
from service import db
from service.feedback import boards, edits, fields, planning, posts, statuses, votes, tags

def test_stress(acme, monkeypatch):
    if os.environ.get("PATCH"):
        import inspect
        src = inspect.getsource(edits.change)
        src = src.replace("    held = posts.hold(reader, number)\n", "    place = board and boards.choose(reader, board)\n    fields.keep(reader, values)\n    held = posts.hold(reader, number)\n", 1)
        src = src.replace("    place = boards.choose(reader, board or held.board)\n", "    place = place or boards.find(reader, held.board)\n", 1)
        exec(compile(src, "x", "exec"), edits.__dict__)
        assert "place or" in src
    reader, dan = acme.reader(), acme.reader({"sub": "dan-8"})
    kinds = {}
    for round in range(int(os.environ.get("ROUNDS", 12))):
        b, s, f = f"b{round}", f"s{round}", f"f{round}"
        boards.create(acme.team, b, b, position=0)
        statuses.create(acme.team, s, s, "open", "#000000", position=0)
        fields.create(acme.team, f, f, "text")
        fields.create(acme.team, f + "x", f, "text", board=b)
        tags.create(acme.team, f, f)
        numbers = [posts.create(reader, f"E{n}", board=b if n % 2 else "features", status=s, values={f: "x"}) for n in range(8)]
        def work(n):
            if n == 0: return boards.delete(acme.team, b, into="features")
            if n == 1: return statuses.delete(acme.team, s, into="open")
            if n == 2: return fields.delete(acme.team, f)
            if n == 3: return tags.delete(acme.team, f)
            k = n - 4
            if k % 6 == 0: return edits.change(acme.team, numbers[k % 8], board=b)
            if k % 6 == 1: return planning.set_status(acme.team, numbers[k % 8], s)
            if k % 6 == 2: return posts.create(reader, "x", board=b, status=s, values={f: "y"}, tagged=[f])
            if k % 6 == 3: return edits.change(acme.team, numbers[k % 8], values={f: "z", f + "x": "q"}) 
            if k % 6 == 4: return votes.cast(dan, numbers[k % 8])
            if k % 6 == 5: return tags.tag(acme.team, numbers[k % 8], f)
        t0 = round_time()
        out = at_once(work, 28)
        print(round, 'took', round_time() - t0)
        for n, each in enumerate(out):
            name = type(each).__name__
            kinds[name] = kinds.get(name, 0) + 1
            if n < 4 and each is not None: print(round, n, repr(each))
            if name not in ("NoneType", "int", "Invalid", "Conflict", "NotFound"): print(round, n, repr(each)[:300])
        assert db.row("select count(*) from post where fields ? %(f)s or fields ? %(x)s", f=f, x=f+"x") == (0,)
    print(kinds)

def test_bulk(acme):
    reader = acme.reader()
    acme.post()
    w = acme.workspace.id
    db.database.execute_sql("SET statement_timeout=0")
    fields.create(acme.team, "page", "P", "text")
    db.changed("""INSERT INTO post (workspace_id, number, board_id, status_id, author_id, title, body, votes, fields)
      SELECT %(w)s, n, (SELECT min(id) FROM board), (SELECT min(id) FROM status), (SELECT min(id) FROM "user"),
      'Wish number ' || n, repeat('some body text here ', 30), (random()*100)::int, '{"page":"x"}' FROM generate_series(2, 20000) n""", w=w)
    statuses.create(acme.team, "n", "n", "open", "#000000")
    for name, do in (("status", lambda: statuses.delete(acme.team, "open", into="done")), ("board", lambda: boards.delete(acme.team, "features", into="bugs")), ("field", lambda: fields.delete(acme.team, "page"))):
        t = time.time(); do(); print(name, time.time() - t)
