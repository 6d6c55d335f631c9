"""Pictures that links show in chats: for everyone the same, of what everyone may read, and never with boxes for letters."""

from io import BytesIO

import pytest
from browser import Browser
from cast import ADA
from PIL import Image

from service.feedback import boards, brand, merges
from service.lib import cards
from service.lib.cards import Card

STATUS = ("Planned", "planned", "#2563eb")
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"""


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def drawn(title: str, name: str = "Acme", accent=None, votes: int = 3, status=STATUS, logo=None) -> Image.Image:
    return opened(cards.draw(Card(name, title, accent, votes, status), logo))


def ink(image: Image.Image, box=(0, 180, 1200, 470)) -> int:
    """How much is written in a part of the picture, by default where the title stands."""
    return sum(image.crop(box).convert("L").histogram()[:128])


def test_a_post_has_a_picture_for_everyone(client, acme):
    acme.post("Dark mode")
    answer = client.simulate_get("/b/acme/posts/1/picture.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert opened(answer.content).size == (1200, 630) and len(answer.content) < 200_000
    assert answer.headers["cache-control"] == "public, max-age=600"
    assert "sandbox" in answer.headers["content-security-policy"]
    same = Browser(client).sign_in(ADA).open("/b/acme/posts/1/picture.png")
    assert same.content == answer.content and same.headers["etag"] == answer.headers["etag"]


def test_its_tag_changes_with_what_it_shows(client, acme):
    acme.post("Dark mode")

    def tag():
        return client.simulate_get("/b/acme/posts/1/picture.png").headers["etag"]

    seen = [tag()]
    assert client.simulate_get("/b/acme/posts/1/picture.png", headers={"If-None-Match": seen[0]}).status_code == 304
    for change in (lambda: client.simulate_put("/api/v1/posts/1/status", json={"status": "planned"}, headers=acme.bearer()),
                   lambda: brand.set_accent(acme.team, "#ff0000"),
                   lambda: brand.set_logo(acme.team, brand.drawn(cards.draw(Card("A", "B"), None)))):  # fmt: skip
        change()
        seen.append(tag())
    assert len(set(seen)) == 4


def test_what_not_everyone_may_read_has_none(client, acme, globex):
    boards.create(acme.team, "inside", "Inside", "", "private")
    boards.create(acme.team, "checked", "Checked", "", "public", approve_first=True)
    hidden = acme.post("Secret", public=False, board="inside")
    held = acme.post("Not yet", board="checked")
    gone = acme.post("Gone")
    client.simulate_delete(f"/api/v1/posts/{gone}", headers=acme.bearer())
    globex.post("Theirs")
    for number in (hidden, held, gone, 99, 999_999_999):
        answer = Browser(client).sign_in(ADA).open(f"/b/acme/posts/{number}/picture.png")
        assert answer.status_code == 404 and b"PNG" not in answer.content, number
    for path in ("/b/nowhere/posts/1/picture.png", "/b/acme/posts/x/picture.png", "/b/acme/posts/-1/picture.png"):
        assert client.simulate_get(path).status_code == 404, path


def test_a_merged_post_shows_the_one_it_is_part_of(client, acme):
    into, merged = acme.post("Dark mode"), acme.post("Night mode")
    merges.merge(acme.team, merged, into)
    answer = client.simulate_get(f"/b/acme/posts/{merged}/picture.png")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/b/acme/posts/{into}/picture.png")


def test_the_board_has_one_that_asks(client, acme):
    answer = client.simulate_get("/b/acme/picture.png")
    assert opened(answer.content).size == (1200, 630)
    assert answer.content == cards.draw(Card("Acme", "What should Acme do next?"), None)


@pytest.mark.parametrize("title", ["x", "W" * 200, "many words " * 18, "café déjà vu – “soon” …", HOSTILE, "a\u0301" * 60,
                                   "\u202eabc", "tab\tand\nline", "🎉 Party 🎉", "\ufdfd" * 60, "👩‍👩‍👧‍👦"])  # fmt: skip
def test_any_title_makes_a_picture_that_stays_within_its_edges(title):
    assert ink(drawn(title)) > 0
    image = drawn(title, name=title[:80], status=(title[:80], "done", "#15803d"))
    assert image.size == (1200, 630)
    for edge in ((0, 20, 70, 630), (1130, 20, 1200, 630), (0, 590, 1200, 630), (0, 20, 1200, 60)):
        assert ink(image, edge) == 0, edge


def test_letters_that_no_font_here_has_are_left_out_rather_than_boxes():
    unknown = "".join(map(chr, range(0x16A40, 0x16A50)))  # Mro: hardly any machine has it
    if cards.writable(unknown):
        pytest.skip("This machine writes even Mro.")
    assert cards.writable("Dark 🎉 mode 𖩀") == "" and cards.writable("Dark mode \U000f1234") == "Dark mode"
    assert drawn(unknown).tobytes() == drawn("Acme").tobytes(), "the name stands there instead"
    assert ink(drawn(unknown, name=unknown)) == 0


@pytest.mark.parametrize("accent", [None, "#ffffff", "#000000", "#ffd800"])
def test_every_accent_makes_a_picture_in_which_the_votes_can_be_read(accent):
    image = drawn("Dark mode", accent=accent, votes=123_456)
    assert ink(image, (80, 500, 400, 580)) > 200


def test_a_logo_that_cannot_be_read_any_more_is_left_out():
    assert drawn("Dark mode", logo=b"no picture").tobytes() == drawn("Dark mode").tobytes()
