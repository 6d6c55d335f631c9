"""/api/v1/files and /files/…: what people send, made harmless, named safely, and shown so that a browser does nothing."""

import re
from io import BytesIO

import pytest
from cast import CLEO, DAN
from lowered import lower
from PIL import Image
from program import Program, wrong
from queued import work_off
from uploads import PDF, contents, form, jpeg, load, png, send, send_form

from service.errors import RateLimited, UnsupportedMedia
from service.feedback import attachments
from service.lib import media

FIELDS = {"id", "name", "type", "size", "sha256", "url", "thumbnail_url", "state", "created_at"}
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 40
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
TOO_MUCH = attachments.LARGEST + 1
SECRET_PLACE = b"48.8583,2.2945"


@pytest.fixture
def api(client, acme):
    return Program(client, acme)


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_waits_until_it_was_written_anew_and_is_then_shown(client, acme, api):
    exif = Image.Exif()
    exif[0x010E] = SECRET_PLACE.decode()
    sent = jpeg(exif=exif.tobytes(), comment=SECRET_PLACE)
    made = send_form(client, acme, ("file", "Screen shot.JPG", sent))
    assert made.status_code == 201 and set(made.json) == FIELDS
    assert made.headers["location"] == f"/api/v1/files/{made.json['id']}"
    assert (made.json["name"], made.json["type"], made.json["state"]) == ("Screen shot.jpg", "image/jpeg", "waiting")
    early = load(client, made.json["url"])
    assert (early.status_code, early.headers["retry-after"]) == (503, "2")
    work_off()
    ready = api.get(f"/files/{made.json['id']}").json
    assert ready["state"] == "ready" and ready["sha256"] != made.json["sha256"]
    shown = load(client, ready["url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert (len(shown.content), shown.headers["etag"]) == (ready["size"], f'"{ready["sha256"]}"')
    assert Image.open(BytesIO(shown.content)).size == (64, 48)
    small = load(client, ready["thumbnail_url"])
    assert (small.headers["content-type"], Image.open(BytesIO(small.content)).format) == ("image/webp", "WEBP")
    assert not any(SECRET_PLACE in data for data in contents()), "where it was taken is nowhere any more"
    assert api.events() == ["file.created"]


@pytest.mark.parametrize(
    ("data", "name", "type", "stored"),
    [
        (PDF, "Manual.pdf", "application/pdf", "Manual.pdf"),
        (PDF, "manual.exe", "application/pdf", "manual.exe.pdf"),
        (MP4, "clip.mp4", "video/mp4", "clip.mp4"),
        (b"10:00 started\n", "server.LOG", "text/plain", "server.log"),
        ("Größe: 1 €\r\n".encode(), "", "text/plain", "file.txt"),
        (HTML, "page.html", "text/plain", "page.html.txt"),
        (SVG, "logo.svg", "text/plain", "logo.svg.txt"),
        (b"no picture", "photo.png", "text/plain", "photo.txt"),
    ],
)
def test_case_30_and_37_the_bytes_say_what_it_is_and_all_but_pictures_are_only_saved(client, acme, data, name, type, stored):
    made = send(client, acme, data, name, **{"Content-Type": "image/svg+xml"}).json
    assert (made["type"], made["name"], made["state"], made["thumbnail_url"]) == (type, stored, "ready", None)
    answer = load(client, made["url"])
    assert answer.content == data
    assert answer.headers["content-type"] == ("text/plain; charset=utf-8" if type == "text/plain" else type)
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{stored}"


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\x00" + b"\0" * 60,
        b"PK\x03\x04" + b"\0" * 60,
        b"\x7fELF" + b"\0" * 60,
        b"\0\0\0\x18ftypheic" + b"\0" * 60,
        b"\0\0\0\x14ftypqt  " + b"\0" * 60,
        b"BM" + b"\0" * 60,
        b"half \xff text",
        b"text with a \0 in it",
        b"\x1b[31mcolors\x1b[0m",
        "\x9b31m".encode(),
        b"\xff\xfet\0e\0x\0t\0",
        b" \x89PNG\r\n\x1a\n\0",
        HTML + b"\x00",
    ],
)
def test_case_37_anything_else_is_415(client, acme, data):
    answer = send(client, acme, data, "photo.png", **{"Content-Type": "image/png"})
    assert answer.status_code == 415 and "PNG" in answer.json["detail"]
    assert contents() == []


def test_case_37_a_picture_that_is_called_otherwise_gets_its_own_ending(client, acme):
    for name, stored in (("a.gif", "a.png"), ("a.pdf", "a.png"), ("a.php", "a.php.png"), ("v1.2 final", "v1.2 final.png")):
        assert send(client, acme, png(), name).json["name"] == stored
    assert send(client, acme, jpeg(), "a.jpeg").json["name"] == "a.jpeg"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Users\\cleo\\notes.txt", "notes.txt"),
        ("..", "file.txt"),
        (".htaccess", "htaccess.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ("invoice\u202etxt.exe.txt", "invoicetxt.exe.txt"),
        ('"><img src=x onerror=alert(1)>.txt', "___img src=x onerror=alert(1)_.txt"),
        ("Cafe\u0301 \U0001f355.txt", "Café \U0001f355.txt"),
        ("   . . .txt", "file.txt"),
        ("x" * 300 + ".log", "x" * 116 + ".log"),
        ("x." + "y" * 300, "x." + "y" * 114 + ".txt"),
        ("\u200b\ufeff", "file.txt"),
    ],
)
def test_case_32_a_name_is_made_safe_wherever_it_is_saved(acme, name, stored):
    made = attachments.put(acme.team, name, b"text")
    assert made.name == stored and len(made.name) <= media.LONGEST_NAME


def test_case_32_and_43_a_name_comes_in_every_way_there_is(client, acme):
    for said, stored in (
        ('attachment; filename="a b.txt"', "a b.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        ("attachment; filename*=utf-8'de'a%00b%ff.txt; filename=\"c.txt\"", "ab\ufffd.txt"),
        ('attachment; filename="Gr\xc3\xb6\xc3\x9fe.txt"', "Größe.txt"),
        ('attachment; filename="\xe9.txt"', "é.txt"),
        ("attachment", "beside.txt"),
        (';;;="', "beside.txt"),
    ):
        made = send(client, acme, b"text", "beside.txt", **{"Content-Disposition": said})
        assert (made.status_code, made.json["name"]) == (201, stored), said
    assert send_form(client, acme, ("file", "\xe9\u202e.txt", b"text")).json["name"] == "é.txt"


def test_case_31_a_browser_is_told_to_do_nothing_with_a_file(client, acme):
    url = send(client, acme, HTML, "page.html").json["url"]
    headers = load(client, url).headers
    assert headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["cache-control"] == "private, max-age=86400, immutable"


def test_a_browser_that_has_a_file_is_not_sent_it_again(client, acme):
    url = send(client, acme, PDF).json["url"]
    tag = load(client, url).headers["etag"]
    again = load(client, url, **{"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert load(client, url, **{"If-None-Match": '"other"'}).status_code == 200


# ── what is not taken ───────────────────────────────────────────────────────────────────────────────────────────────


def test_case_36_more_than_ten_megabytes_are_413(client, acme):
    assert send(client, acme, b"x" * attachments.LARGEST).status_code == 201
    for answer in (
        send(client, acme, b"x" * TOO_MUCH),
        send_form(client, acme, ("file", "a.txt", b"x" * TOO_MUCH)),
        send(client, acme, b"", **{"Content-Length": str(TOO_MUCH)}),
    ):
        assert (answer.status_code, answer.json["title"]) == (413, "Too large")


def test_an_empty_file_or_a_form_without_one_is_named(client, acme):
    assert wrong(send(client, acme, b"")) == {"file"}
    assert wrong(send_form(client, acme, ("file", "", b""))) == {"file"}
    assert wrong(send_form(client, acme, ("other", "a.txt", b"text"))) == {"file"}
    assert wrong(send_form(client, acme, ("file", "a.txt", b"a"), ("file", "b.txt", b"b"))) == {"file"}


def test_case_40_a_form_is_small_besides_its_file_and_whole(client, acme):
    fields = [(f"field {number}", None, b"x") for number in range(19)]
    assert send_form(client, acme, *fields, ("file", "a.txt", b"text")).status_code == 201
    assert send_form(client, acme, *fields, ("more", None, b""), ("file", "a.txt", b"text")).status_code == 400
    body, kind = form(("file", "a.txt", b"text"))
    for bad_body, bad_kind in (
        (body[:-12], kind),
        (body.replace(b"a.txt", b"a" * 9000), kind),
        (body.replace(b"a.txt", b"\xff"), kind),
        (body.replace(b'"a.txt"', b"x; filename*=rot13''a"), kind),
        (body.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1), kind),
        (body, "multipart/form-data"),
        (body, "multipart/form-data; boundary=" + "x" * 71),
        (body, "multipart/form-data; boundary=y"),
        (b"", kind),
    ):
        headers = {"Content-Type": bad_kind, **acme.bearer()}
        assert client.simulate_post("/api/v1/files", body=bad_body, headers=headers).status_code == 400, bad_kind


def test_case_41_a_compressed_body_is_415(client, acme):
    assert send(client, acme, b"text", **{"Content-Encoding": "gzip"}).status_code == 415
    assert send_form(client, acme, ("file", "a", b"text"), **{"Content-Encoding": "identity"}).status_code == 415


def test_case_40_there_is_a_quota_for_a_user_and_one_for_all(acme, globex, monkeypatch):
    lower(monkeypatch, FILES_OF_USER=3, FILES=5, FILES_OF_TEAM=2)
    cleo, dan = acme.reader(CLEO), acme.reader(DAN)
    for _ in range(3):
        attachments.put(cleo, "a", b"text")
    for _ in range(9):
        with pytest.raises(RateLimited):
            attachments.put(cleo, "a", b"text")
    for _ in range(2):
        attachments.put(dan, "a", b"text")
    with pytest.raises(RateLimited):
        attachments.put(dan, "a", b"text")
    for _ in range(2):  # which users cannot use up
        attachments.put(acme.team, "a", b"text")
    with pytest.raises(RateLimited):
        attachments.put(acme.team, "a", b"text")
    for reader in (globex.team, globex.reader(CLEO)):
        attachments.put(reader, "a", b"text")


def test_users_send_only_so_much_in_a_day(acme, globex, monkeypatch):
    lower(monkeypatch, KILOBYTES=12)
    for reader in (acme.reader(CLEO), acme.reader(DAN)):
        attachments.put(reader, "a", b"x" * 5_500)
    with pytest.raises(RateLimited):
        attachments.put(acme.reader(DAN), "a", b"x")
    for reader in (acme.team, globex.reader(DAN)):
        attachments.put(reader, "a", b"x" * 5_500)


def test_what_is_refused_does_not_count(acme, monkeypatch):
    lower(monkeypatch, FILES_OF_USER=1, FILES=1)
    for _ in range(3):
        with pytest.raises(UnsupportedMedia):
            attachments.put(acme.reader(), "a", b"\0")
    attachments.put(acme.reader(), "a", b"text")


def test_signed_out_or_from_elsewhere_there_is_no_file(client, acme, globex, api):
    made = send(client, acme, b"text").json
    for path in ("/api/v1/files", f"/api/v1/files/{made['id']}"):
        assert client.simulate_get(path).status_code == 401
    assert client.simulate_post("/api/v1/files", body=b"text").status_code == 401
    eve = Program(client, globex)
    assert eve.get(f"/files/{made['id']}").status_code == eve.delete(f"/files/{made['id']}").status_code == 404
    assert eve.get("/files").json == {"data": [], "next_cursor": None}
    assert api.get("/files/99").status_code == 404


def test_an_address_that_was_not_signed_by_us_is_404(client, acme):
    url = send(client, acme, b"text").json["url"]
    token = url.rpartition("/")[2]
    for bad in (token[:-3], "x", "é", token.replace(token[5], "A"), "x" * 4000):
        answer = client.simulate_get(f"/files/{bad}")
        assert answer.status_code == 404, bad
    assert client.simulate_get(f"/files/{acme.widget_key}").status_code == 404, "signed for another purpose"


def test_addresses_of_files_hold_nothing_but_where_they_are(client, acme):
    made = send(client, acme, b"text", "secret plans.txt").json
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/files/[\w.-]+", made["url"])
    assert "secret" not in made["url"]
