"""HTTP to a service that runs: what falcon's TestClient does without a network, through a socket."""

import http.client
import json
import ssl
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from urllib.parse import quote, urlencode

import falcon.testing

SAFE = "/%?&=:@+$,;~!*'()[]"
SECONDS = 30
GONE = (http.client.RemoteDisconnected, http.client.CannotSendRequest, ConnectionResetError, BrokenPipeError)


class Wire:
    """A TestClient's requests and results, so that whatever speaks to one can speak to a service instead. Any thread may."""

    def __init__(self, port: int, trusted: ssl.SSLContext | None = None, source: str = ""):
        """Over TLS with what is `trusted`; from the address `source`."""
        self.idle, more = SimpleQueue(), {"context": trusted} if trusted else {}
        kind = http.client.HTTPSConnection if trusted else http.client.HTTPConnection
        self.new = partial(kind, "127.0.0.1", port, timeout=SECONDS, source_address=(source, 0) if source else None, **more)

    def simulate_request(self, method: str, path: str, *, params: dict = (), query_string: str = "", headers: dict = (),
                         body: str | bytes | None = None, json: object = None) -> falcon.testing.Result:  # fmt: skip
        query = query_string or urlencode(dict(params), doseq=True)
        target = quote(path, safe=SAFE) + (f"?{query}" if query else "")
        known = {name: value for name, value in dict(headers).items() if value is not None}
        if json is not None:
            body, known = packed(json), {"Content-Type": "application/json", **known}
        raw = body.encode() if isinstance(body, str) else body
        return self.exchange(method, target, raw, {name: str(value).encode() for name, value in known.items()})

    def simulate_get(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("GET", path, **more)

    def simulate_head(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("HEAD", path, **more)

    def simulate_post(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("POST", path, **more)

    def simulate_put(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("PUT", path, **more)

    def simulate_patch(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("PATCH", path, **more)

    def simulate_delete(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("DELETE", path, **more)

    def simulate_options(self, path: str, **more) -> falcon.testing.Result:
        return self.simulate_request("OPTIONS", path, **more)

    def exchange(self, method: str, target: str, body: bytes | None, headers: dict) -> falcon.testing.Result:
        """One request on a line that nobody uses at this moment; a line that was closed meanwhile is replaced."""
        for _ in range(2):
            line = self.line()
            try:
                line.request(method, target, body=body, headers=headers)
                answer = line.getresponse()
                content = answer.read()
            except GONE:
                line.close()
                continue
            self.idle.put(line)
            return falcon.testing.Result([content], f"{answer.status} {answer.reason}", answer.getheaders())
        raise AssertionError("The service does not answer.")

    def line(self) -> http.client.HTTPConnection:
        with suppress(Empty):
            return self.idle.get_nowait()
        return self.new()

    def close(self) -> None:
        while not self.idle.empty():
            self.idle.get().close()


def packed(value) -> bytes:
    return json.dumps(value).encode()
