"""Firefox without a screen, driven over its own Marionette protocol: a socket, and messages of JSON behind their length.

Playwright drives only a Firefox of its own, which is not in Debian; this needs nothing but the browser."""

import itertools
import json
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import installation

# a free port, and no word to anybody but the page
OFF = ["browser.shell.checkDefaultBrowser", "browser.aboutwelcome.enabled", "browser.chrome.site_icons",
       "app.update.enabled", "extensions.update.enabled", "datareporting.policy.dataSubmissionEnabled",
       "network.captive-portal-service.enabled", "network.connectivity-service.enabled"]  # fmt: skip
NOWHERE = ["services.settings.server", "toolkit.telemetry.server"]
PREFERENCES = {"marionette.port": 0, **dict.fromkeys(OFF, False), **dict.fromkeys(NOWHERE, "data:,")}
CAPABILITIES = {"timeouts": {"script": 20_000}, "acceptInsecureCerts": True}  # a Caddy's own authority is not known to it
# by the words that people see, through all shadow roots; what is not shown is not found
FIND = """
const [selector, name] = arguments;
const roots = [document];
for (const root of roots) for (const one of root.querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
const labels = (one) => [...(one.labels || [])].map((label) => label.textContent);
const words = (one) => [one.getAttribute("aria-label"), one.textContent, ...labels(one)];
return roots.flatMap((root) => [...root.querySelectorAll(selector)])
  .find((one) => one.checkVisibility() && words(one).some((text) => text?.includes(name)));
"""
ERRORS = """
return Services.console.getMessageArray().filter((one) => one instanceof Ci.nsIScriptError)
  .map((one) => `${one.category}: ${one.errorMessage} (${one.sourceName})`);
"""


class Firefox:
    """`perform` is one command of the protocol; the rest is what people do."""

    def __init__(self, connection: socket.socket, stream):
        self.socket, self.stream, self.numbers = connection, stream, itertools.count(1)
        self.receive()  # who it is
        self.perform("WebDriver:NewSession", **CAPABILITIES)

    def perform(self, command: str, **parameters):
        text = json.dumps([0, next(self.numbers), command, parameters])
        self.socket.sendall(f"{len(text.encode())}:{text}".encode())
        _, _, error, answer = self.receive()
        assert not error, f"{command}: {error}"
        return answer.get("value") if isinstance(answer, dict) and "value" in answer else answer

    def receive(self):
        length = b""
        while (byte := self.stream.read(1)) != b":":
            length += byte
        return json.loads(self.stream.read(int(length)))

    def goto(self, address: str) -> None:
        self.perform("WebDriver:Navigate", url=address)

    def run(self, script: str, *values):
        return self.perform("WebDriver:ExecuteScript", script=script, args=values)

    def find(self, selector: str, name: str) -> dict:
        """The element that is shown with these words, as soon as it is."""
        return installation.until(lambda: self.run(FIND, selector, name))

    def is_shown(self, selector: str, name: str) -> bool:
        return bool(self.run(FIND, selector, name))

    def click(self, selector: str, name: str) -> None:
        here = {"type": "pointerMove", "duration": 0, "origin": self.find(selector, name), "x": 0, "y": 0}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.perform("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": [here, *press]}])

    def type(self, text: str) -> None:
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.perform("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": keys}])

    def errors(self, about: str) -> list[str]:
        """What the browser's console has about addresses that hold this: errors, and what a policy refused."""
        self.perform("Marionette:SetContext", value="chrome")
        found = self.run(ERRORS)
        self.perform("Marionette:SetContext", value="content")
        return [each for each in found if about in each]


@contextmanager
def running():
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    assert path, "This test needs Firefox; install it, e.g.: sudo apt-get install firefox-esr"
    home = tempfile.mkdtemp(prefix="sayso-firefox-")
    profile = Path(home)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [path, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", home]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {"HOME": home, "PATH": "/usr/bin:/bin"}}
    process = subprocess.Popen(command, **silent)
    try:
        listening = profile / "MarionetteActivePort"
        port = int(installation.until(lambda: listening.exists() and listening.read_text(), 60))
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as stream:
            yield Firefox(connection, stream)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)
