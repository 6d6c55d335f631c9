"""The editor of screenshots, as served, on a strict page: what is blacked out or cut away never leaves the page."""

import base64
import io
import re
import struct

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

IMPORT = """async () => {
  const served = performance.getEntriesByType("resource").find((one) => one.name.endsWith("/panel.js")).name;
  const bring = (name) => import(new URL(name, served).href);
  const { shoot } = await bring("shot.js");
  const [{ words }, { begin, texts }] = await Promise.all([bring("panel.js"), bring("form.en.js")]);
  texts.forEach((text, index) => (words[begin + index] = text));
  const host = document.querySelector("#sayso-panel"), root = host.shadowRoot;
  const style = (text, sheet = new CSSStyleSheet()) => (sheet.replaceSync(text), root.adoptedStyleSheets.push(sheet));
  const launcher = [...document.documentElement.children].find((one) => one !== host && one.shadowRoot);
  const panel = { frame: { root, style }, page: { host: launcher }, say: (text) => said.push(text) };
  Object.assign(window, { said: [], shoot: (picture) => (window.shot = shoot(panel, picture)) });
}"""
# no pixel is black; those of the secret depend on its number
PICTURE = """async ([width, height, secret]) => {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at += 4) {
    const isSecret = x >= width * 0.4 && x < width * 0.6 && y >= height * 0.4 && y < height * 0.6;
    image.data.set([40 + x % 200, 40 + y % 200, isSecret ? 100 + (x * y * secret) % 100 : 90, 255], at);
  }
  pen.putImageData(image, 0, 0);
  shoot(await canvas.convertToBlob());
}"""
FILE = """async () => {
  const file = await shot;
  if (!file) return file;
  const bytes = new Uint8Array(await file.arrayBuffer());
  return [file.name, file.type, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];
}"""
KEYS_OF_THE_PAGE = "window.heard = []; addEventListener('keydown', (event) => heard.push(event.key));"


class Editor:
    """The editor on a page, and a hand that draws in it. Places are parts of the picture, from 0 to 1."""

    def __init__(self, page):
        self.page = page
        self.dialog = page.get_by_role("dialog", name="Edit the picture")
        self.canvas = self.dialog.get_by_role("application", name="Picture")

    def start(self, width=400, height=300, secret=1):
        self.page.evaluate(PICTURE, [width, height, secret])
        expect(self.tool("Box")).to_be_focused()
        return self

    def tool(self, name: str):
        return self.dialog.get_by_role("button", name=name)

    def place(self, x: float, y: float) -> tuple[float, float]:
        box = self.canvas.bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def drag(self, tool: str, start, end):
        self.tool(tool).click()
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=4)
        self.page.mouse.up()

    def attach(self) -> bytes:
        self.tool("Attach").click()
        return self.file()

    def file(self) -> bytes:
        name, kind, content = self.page.evaluate(FILE)
        assert (name, kind) == ("screenshot.png", "image/png")
        return base64.b64decode(content)


@pytest.fixture
def edits(browser, site, watched):
    """Opens a customer's page with the panel and the chunk: in the tests' browser or another one, made like this."""
    contexts = []

    def edits(where=browser, url=site.url, **how):
        contexts.append(where.new_context(reduced_motion="reduce", **how))
        page = watched(contexts[-1].new_page())
        page.add_init_script(KEYS_OF_THE_PAGE)
        page.goto(url)
        page.get_by_role("button", name="Feedback").click()
        expect(page.get_by_label("What is on your mind?")).to_be_focused()
        page.evaluate(IMPORT)
        return Editor(page)

    yield edits
    for context in contexts:
        context.close()


@pytest.fixture
def launched(browser_type, browser_type_launch_args):
    """Starts a browser of our own with these flags."""
    browsers = []

    def launched(*flags):
        arguments = [*browser_type_launch_args["args"], *flags]
        browsers.append(browser_type.launch(**{**browser_type_launch_args, "args": arguments}))
        return browsers[-1]

    yield launched
    for browser in browsers:
        browser.close()


def pixels(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGBA")


def is_black(picture: Image.Image) -> bool:
    return picture.getextrema() == ((0, 0), (0, 0), (0, 0), (255, 255))


def chunks(content: bytes) -> set[bytes]:
    """The parts that a PNG file consists of, which must be all of it."""
    found, at = set(), 8
    while at < len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        found.add(name)
        at += length + 12
    assert at == len(content)
    return found


@pytest.mark.parametrize(("tool", "start", "end"), [("Black out", (0.3, 0.3), (0.7, 0.7)), ("Crop", (0.7, 0.1), (0.9, 0.9))])
def test_what_is_blacked_out_or_cut_away_leaves_no_trace(edits, complaints, tool, start, end):
    editor, files = edits(), []
    for secret in (1, 7):
        editor.start(secret=secret)
        editor.drag("Box", (0.75, 0.2), (0.9, 0.8))
        untouched = editor.canvas.screenshot()
        editor.drag(tool, start, end)
        assert editor.canvas.screenshot() != untouched
        files.append(editor.attach())
    assert files[0] == files[1]  # of two pictures that differ in the secret alone
    assert chunks(files[0]) <= {b"IHDR", b"sRGB", b"IDAT", b"IEND"}
    assert complaints == []


def test_blacked_out_is_black_to_the_last_pixel_and_the_rest_is_as_it_was(edits):
    editor = edits().start()
    editor.drag("Black out", (0.7, 0.7), (0.3, 0.3))
    result = pixels(editor.attach())
    assert is_black(result.crop((122, 92, 278, 208)))
    bounds = result.convert("L").point(lambda light: 255 if light == 0 else 0).getbbox()
    assert all(abs(found - wanted) <= 1 for found, wanted in zip(bounds, (120, 90, 280, 210), strict=True))
    for x, y in [(0, 0), (399, 299), (60, 150), (bounds[0] - 1, 150), (bounds[2], 150)]:
        assert result.getpixel((x, y)) == (40 + x % 200, 40 + y % 200, 90, 255)


def test_a_crop_is_a_smaller_picture_and_marks_stay_where_they_were(edits):
    editor = edits().start()
    editor.drag("Crop", (0.5, 0.5), (1.2, 1.2))
    editor.drag("Black out", (0.5, 0.5), (1, 1))
    result = pixels(editor.attach())
    assert all(abs(found - wanted) <= 1 for found, wanted in zip(result.size, (200, 150), strict=True))
    assert result.getpixel((50, 10)) == pytest.approx((90, 200, 90, 255), abs=1)  # was at 250, 160
    assert is_black(result.crop((101, 76, *result.size)))


def test_undo_goes_back_step_by_step(edits):
    editor = edits().start()
    undo, seen = editor.tool("Undo"), [editor.canvas.screenshot()]
    expect(undo).to_be_disabled()
    for tool in ("Box", "Arrow", "Pen", "Black out", "Crop"):
        editor.drag(tool, (0.1, 0.2), (0.9, 0.7))
        seen.append(editor.canvas.screenshot())
        assert seen[-1] != seen[-2], tool
    editor.page.keyboard.press("Control+z")
    for before in seen[-2::-1]:
        assert editor.canvas.screenshot() == before
        undo.click(force=True)
    expect(undo).to_be_disabled()
    assert editor.attach() == editor.start().attach()


def test_the_keyboard_alone_blacks_out_and_focus_returns_to_where_it_was(edits, complaints):
    editor = edits().start()
    keys = editor.page.keyboard
    for name in ("Box", "Arrow", "Pen", "Black out"):
        expect(editor.tool(name)).to_be_focused()
        expect(editor.tool(name)).to_have_attribute("aria-pressed", str(name == "Box").lower())
        keys.press("Tab")
    keys.press("Shift+Tab")
    keys.press("Space")
    expect(editor.tool("Black out")).to_have_attribute("aria-pressed", "true")
    for place in (editor.tool("Crop"), editor.tool("Undo"), editor.canvas):
        keys.press("Tab")
        expect(place).to_be_focused()
    expect(editor.canvas).to_have_accessible_description(re.compile("^Draw on the picture. By keyboard: arrow keys"))
    for key in ("ArrowDown", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowRight", "Enter"):
        keys.press(key)
    keys.press("Tab")
    expect(editor.tool("Cancel")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    result = pixels(editor.file())
    # the first key shows the frame, a third of the picture, in its middle; each of the others is worth 10 pixels here
    assert is_black(result.crop((123, 90, 267, 200)))
    assert all(result.getpixel(place) != (0, 0, 0, 255) for place in [(122, 150), (267, 150), (200, 89), (200, 200)])
    expect(editor.page.get_by_label("What is on your mind?")).to_be_focused()
    assert (complaints, editor.page.evaluate("heard")) == ([], [])


def test_a_frame_that_was_not_applied_is_not_in_the_picture(edits):
    editor = edits().start()
    plain = editor.attach()
    editor.start().tool("Black out").press("Enter")
    editor.canvas.press("ArrowDown")
    during = editor.canvas.screenshot()
    editor.tool("Attach").focus()
    assert editor.canvas.screenshot() != during
    editor.tool("Attach").press("Enter")
    assert editor.file() == plain


@pytest.mark.parametrize("leave", ["Escape", "Cancel"])
def test_cancelling_closes_the_editor_alone(edits, complaints, leave):
    editor = edits().start()
    editor.drag("Box", (0.1, 0.1), (0.9, 0.9))
    editor.page.keyboard.press("Escape") if leave == "Escape" else editor.tool("Cancel").click()
    assert editor.page.evaluate(FILE) is None
    expect(editor.page.get_by_label("What is on your mind?")).to_be_focused()
    assert (complaints, editor.page.evaluate("[heard, said]")) == ([], [[], []])


def test_a_finger_draws_on_a_large_photograph_on_a_phone(edits, complaints):
    editor = edits(viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True, is_mobile=True)
    editor.start(width=4000, height=3000)
    editor.tool("Black out").tap()
    expect(editor.canvas).to_be_in_viewport(ratio=1)
    assert all(each.bounding_box()["height"] >= 44 for each in editor.dialog.get_by_role("button").all())
    finger = editor.page.context.new_cdp_session(editor.page)
    places = [editor.place(part, part) for part in (0.3, 0.5, 0.7)]
    for kind, points in zip(("touchStart", "touchMove", "touchMove"), places, strict=True):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [dict(zip("xy", points, strict=True))]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    result = pixels(editor.attach())
    assert result.size == (2560, 1920)
    assert is_black(result.crop((780, 588, 1780, 1332)))
    assert result.getpixel((700, 960)) != (0, 0, 0, 255)
    assert complaints == []


def test_a_screenshot_shows_the_page_without_the_panel_and_the_camera_is_off(edits, launched, complaints):
    editor = edits(launched("--auto-accept-this-tab-capture"), viewport={"width": 1000, "height": 700})
    editor.page.evaluate("""() => {
      const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getDisplayMedia = async (wish) => (window.stream = await ask(wish));
    }""")
    editor.page.evaluate("() => void shoot()")
    expect(editor.tool("Box")).to_be_focused()
    assert editor.page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]
    result = pixels(editor.attach()).convert("RGB")
    assert result.size == (1000, 700)
    assert result.crop((500, 200, 1000, 700)).getcolors() == [(500 * 500, (255, 255, 255))]  # where the panel is
    assert len(result.crop((0, 0, 300, 80)).getcolors(10000)) > 1  # the page's heading
    expect(editor.page.get_by_label("What is on your mind?")).to_be_focused()
    assert complaints == []


def test_without_https_a_picture_that_was_brought_along_can_be_edited(edits, site, launched):
    editor = edits(launched("--host-resolver-rules=MAP shop.test 127.0.0.1"), site.url.replace("localhost", "shop.test"))
    assert editor.page.evaluate("navigator.mediaDevices") is None
    editor.start()
    editor.drag("Black out", (0, 0), (1, 1))
    assert is_black(pixels(editor.attach()))


@pytest.mark.parametrize(("picture", "words"), [
    ("undefined", "No screenshot was taken. You can paste or choose a picture instead."),
    ("new Blob(['no picture'])", "This picture could not be opened."),
])  # fmt: skip
def test_what_fails_is_said_in_one_sentence(edits, launched, complaints, picture, words):
    editor = edits(launched("--use-fake-ui-for-media-stream"))  # which has no screen to offer
    assert editor.page.evaluate(f"shoot({picture})") is None
    assert editor.page.evaluate("said") == [words]
    expect(editor.page.get_by_label("What is on your mind?")).to_be_focused()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(edits, scheme):
    editor = edits(color_scheme=scheme).start()
    editor.drag("Crop", (0.1, 0.1), (0.9, 0.9))
    found = Axe().run(editor.page, "#sayso-panel", options={"resultTypes": ["violations"]}).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
