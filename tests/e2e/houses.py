"""Pages that are hard to be a guest on, as their owners serve them: `hosts/*.html`, one trap each.

The comment on top of a page says what the trap is and, in lines `word: …`, how the page is used: `header` (one of the
answer's), `viewport`, `ready` (JavaScript to wait for), `opener` (what opens the panel, when not our button), `frame`
(where the widget is), `meanwhile` (what the page does while somebody types), `open` and `after` (JavaScript that must be
true then)."""

import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).with_name("hosts")
TAG = '<script async src="{{base}}/w.js" data-key="{{key}}"></script>'


@dataclass
class House:
    """One page: its text, and what its comment says."""

    text: str

    def said(self, word: str) -> list[str]:
        return re.findall(rf"^{word}: (.*)$", self.text.split("-->")[0], re.MULTILINE)

    def first(self, word: str) -> str | None:
        return next(iter(self.said(word)), None)


def all_of_them() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.html"))


class Street:
    """A web server with all of them, under two names that are two sites to a browser; `pages` may have more."""

    def __init__(self, sayso):
        self.pages = {f"/{path.name}": path.read_text() for path in FOLDER.glob("*.html")}
        street = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                street.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        port = self.server.server_port
        self.url, self.other = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
        self.names = {"base": sayso.base_url, "stream": sayso.stream_origin, "key": sayso.demo["widget_key"],
                      "other": self.other}  # fmt: skip

    def house(self, path: str) -> House:
        text = self.pages[path].replace("{{tag}}", TAG)
        return House(re.sub(r"\{\{(\w+)\}\}", lambda name: self.names[name[1]], text))

    def answer(self, request) -> None:
        path = request.path.split("?")[0]
        house = self.house(path) if path in self.pages else House("")  # its icon
        request.send_response(200 if house.text else 204)
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        for name, value in {**headers, **dict(each.split(": ", 1) for each in house.said("header"))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(house.text.encode())

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
