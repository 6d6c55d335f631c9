"""Files that would make far more of themselves than they are: what one import may make and cost is bounded, and said."""

import io
import json
import tracemalloc
import zipfile
from datetime import date, datetime
from typing import get_type_hints

import msgspec
import pytest
from cast import CLEO
from queued import work_off

from service import db
from service.errors import Invalid
from service.feedback import import_limits, importing, imports, posts, privacy
from service.sources import canny, canny_pages, dates, opening, sayso_zip
from service.sources.records import File, Wrong
from service.sources.sayso_lines import LINES

FIELD = {"key": "size", "name": "Size", "type": "number"}


def run(company, data, source="csv", **more):
    made = imports.begin(company.team, source, "a file", data, {}, **more)
    work_off()
    return imports.find(company.team, made.id)


def line(number: int, **more) -> dict:
    return {"number": number, "title": f"Wish {number}", "board": "features", "status": "open", **more}


def export(contents: dict[str, bytes] | None = None, **tables: list[dict]) -> bytes:
    """A zip as Sayso writes one."""
    lines = {name: b"".join(json.dumps(each).encode() + b"\n" for each in rows) for name, rows in tables.items()}
    told = {name: {"rows": len(tables[name]), "bytes": len(data)} for name, data in lines.items()}
    said = {"format": "sayso export", "version": 1, "tables": told, "files": {}}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(said))
        for name, data in [*((f"{name}.jsonl", data) for name, data in lines.items()), *(contents or {}).items()]:
            archive.writestr(name, data)
    return out.getvalue()


# ── moments of no time ──────────────────────────────────────────────────────────────────────────────────────────────

WHOLE = {str: "x", int: 1, dict: {}, list[str]: []}
MOMENTS = [
    (name, field) for name, kind in LINES.items() for field, hint in get_type_hints(kind).items()
    if hint in (datetime | None, date | None)
]  # fmt: skip


def test_every_line_of_an_export_that_has_moments_is_looked_at():
    assert len(MOMENTS) > 20 and ("posts", "eta") in MOMENTS and ("comments", "deleted_at") in MOMENTS


@pytest.mark.parametrize(("name", "field"), MOMENTS)
def test_a_moment_beyond_all_calendars_is_a_wrong_row(name, field):
    kind = LINES[name]
    facts = {each.name: WHOLE[each.type] for each in msgspec.structs.fields(kind) if each.required and each.type in WHOLE}
    facts |= {"number": 1} if name == "posts" else {}
    decoder, is_day = msgspec.json.Decoder(kind), field == "eta"
    bad = ["0001-01-01", "1969-12-31", "2201-01-01"] if is_day else [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00+14:00", "2200-12-31T23:59:59-12:00",
    ]  # fmt: skip
    for said in bad:
        data = json.dumps({**facts, field: said}).encode()
        assert sayso_zip.record(None, name, decoder, data, {}, False) == Wrong(dates.WHAT_IT_IS, field, kind.KIND), said
    good = json.dumps({**facts, field: "2026-01-01" if is_day else "2026-01-01T00:00:00+14:00"}).encode()
    assert not (isinstance(found := sayso_zip.record(None, name, decoder, good, {}, False), Wrong) and found.column == field)


def test_the_board_is_there_after_such_an_export_was_imported(acme, client):
    done = run(acme, export(posts=[line(1, created_at="0001-01-01T00:00:00+14:00"), line(2)]), "sayso")
    assert (done.made, done.wrong) == (1, 1)
    assert client.simulate_get("/b/acme").status_code == 200
    assert client.simulate_get("/api/v1/posts", headers=acme.bearer()).status_code == 200


# ── votes without a name, rows, places ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_few_bytes_do_not_become_a_heap_of_voters_and_what_is_left_out_is_said(acme, is_dry):
    table = "Title,Votes\n" + "".join(f"Wish {number},9999\n" for number in range(12))
    done = run(acme, table.encode(), is_dry=is_dry)
    said = [each.said for each in imports.lines(acme.team, done.id, 20)]
    assert (done.made, done.wrong) == (12, 0)
    assert said[0] == "Of 9,999 votes without a name 2,000 were taken: of a post there can be 2,000, of an import 20,000."
    assert said[9] == said[0] and said[11].startswith("Of 9,999 votes without a name 0 were taken")
    if not is_dry:
        assert posts.find(acme.team, 1).votes == 2_000
        assert db.row("SELECT count(*) FROM \"user\" WHERE kind = 'anonymous'")[0] == 20_000
        imports.undo(acme.team, done.id)
        work_off()
        assert db.row('SELECT (SELECT count(*) FROM "user"), (SELECT count(*) FROM imported)') == (0, 0)


def test_a_file_of_too_many_rows_is_sent_to_the_command_line(acme):
    done = run(acme, b"Title\n" + b"x\n" * 100_001)
    assert (done.state, done.said, done.made) == ("failed", import_limits.TOO_MANY_ROWS, 0)


def test_of_very_many_wrong_rows_the_first_thousand_are_listed_and_all_are_counted(acme):
    done = run(acme, b"Title,Id\n" + b",1\n" * 1_250 + b"Good,2\n")
    assert (done.made, done.wrong, done.done) == (1, 1_250, 1_251)
    assert len(imports.lines(acme.team, done.id, 2_000, outcome="wrong")) == import_limits.WRONG_LISTED
    assert len(imports.lines(acme.team, done.id, 2_000, outcome="made")) == 1


def test_rows_make_at_most_so_many_boards(acme):
    before = db.row("SELECT count(*) FROM board")[0]
    done = run(acme, b"Title,Board\n" + b"".join(b"Wish %d,Board %d\n" % (number, number) for number in range(55)))
    assert (done.made, done.wrong, db.row("SELECT count(*) FROM board")[0] - before) == (50, 5, 50)
    assert "at most 50" in imports.lines(acme.team, done.id, 1, outcome="wrong")[0].said


def test_an_import_that_is_stopped_while_its_rows_are_counted_ends(acme):
    made = imports.begin(acme.team, "csv", "a file", b"Title\n" + b"x\n" * 3_000, {})
    imports.stop(acme.team, made.id)
    with pytest.raises(importing.Ended):
        importing.counted(acme.workspace, made, io.BytesIO(b"Title\n" + b"x\n" * 3_000))


# ── what unpacks ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_many_lines_name_is_unpacked_once_and_never_to_count(acme):
    data = export({"files/7-a.bin": b"0" * (9 << 20)}, files=[{"id": 7, "name": "a.bin"}] * 300)
    found = [row.what for row in sayso_zip.rows(io.BytesIO(data), {})]
    assert [type(what) for what in found] == [File] + [Wrong] * 299 and len(found[0].data) == 9 << 20
    assert [what.data for what in (row.what for row in opening.told("sayso", io.BytesIO(data), {}))
            if isinstance(what, File)] == [b""]  # fmt: skip


def test_many_files_that_are_each_small_enough_are_a_bomb_together():
    data = export({f"files/{number}-a.bin": b"0" * (9 << 20) for number in range(1, 9)}, posts=[line(1)])
    with pytest.raises(Invalid) as error:
        list(sayso_zip.rows(io.BytesIO(data), {}))
    assert error.value.fields["file"] == sayso_zip.BOMB


def packed(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", data)
    return out.getvalue()


@pytest.mark.parametrize(("data", "said"), [
    (b'{"posts":[' + b"1," * (5 << 20) + b"1]}", canny_pages.TOO_MANY), (b"{}\n" * 3_500_000, canny_pages.TOO_MANY),
    (b"[" + b"{}," * 3_500_000 + b"{}]", canny_pages.TOO_MANY),
    (b'{"posts":[' + b"1," * 300_000 + b"1]}", canny_pages.TOO_MANY),
    (b'{"posts":[]}\n' * 100 + b"[" * (26 << 20), canny_pages.TOO_LARGE), (packed(b"1," * (40 << 20)), canny_pages.BOMB),
])  # fmt: skip
def test_json_that_would_be_a_great_many_things_in_memory_is_refused_before_it_is_one(data, said):
    tracemalloc.start()
    with pytest.raises(Invalid) as error:
        list(canny.rows(io.BytesIO(data), {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.fields["file"] == said and peak < 110 << 20


# ── what rows say of each other ─────────────────────────────────────────────────────────────────────────────────────


def test_posts_that_are_merged_in_a_circle_are_not(acme, client):
    data = export(posts=[line(11, merged_into=12), line(12, merged_into=13), line(13, merged_into=11),
                         line(14, merged_into=14), line(15, merged_into=13)])  # fmt: skip
    done = run(acme, data, "sayso")
    merged = db.rows("SELECT number, merged_into FROM post ORDER BY number")
    assert (done.made, merged) == (5, [(11, 12), (12, 13), (13, None), (14, None), (15, 13)])
    said = {each.number: each.said for each in imports.lines(acme.team, done.id, 9) if each.said}
    assert len(said) == 2 and all(each.startswith("It was not merged") for each in said.values())
    assert client.simulate_get("/api/v1/posts/13", headers=acme.bearer()).status_code == 200


def test_fields_that_are_not_here_or_do_not_fit_are_left_out_and_that_is_said(acme):
    data = export(fields=[FIELD], posts=[
        line(1, fields={"size": 7}), line(2, fields={"size": "large"}), line(3, fields={"colour": ["red"], "size": 2}),
    ])  # fmt: skip
    done = run(acme, data, "sayso")
    assert db.rows("SELECT fields FROM post ORDER BY number") == [({"size": 7},), ({},), ({"size": 2},)]
    said = [each.said for each in imports.lines(acme.team, done.id, 9)]
    assert [bool(each) for each in said[-3:]] == [False, True, True] and "colour" not in "".join(filter(None, said))


def test_who_was_erased_is_made_anew_by_another_import(acme):
    acme.post()
    table = b"Title,User ID,Author Email,Author Name,Id\nOne,new-9,,,a\nTwo,,emil@customer.example,,b\nThree,,,Some name,c\n"
    run(acme, table)
    for (external,) in db.rows('SELECT external_id FROM "user" WHERE external_id <> %(cleo)s', cleo=CLEO["sub"]):
        privacy.erase(acme.team, external)
    assert db.row("SELECT count(*) FROM imported WHERE kind IN ('made user', 'person')")[0] == 0
    done = run(acme, table.replace(b",a\n", b",d\n").replace(b",b\n", b",e\n").replace(b",c\n", b",f\n"))
    assert (done.made, done.wrong) == (3, 0)
