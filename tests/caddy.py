"""Caddy as people run it, with the repository's Caddyfile; its certificates are its own authority's.

`with caddy.running(home, port, stream_port) as front:` stands before whatever answers at these two ports;
`with caddy.installation_behind(home) as (sayso, front):` is a whole installation with one."""

import base64
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import canary
import installation
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CHOSEN = os.environ.get("SAYSO_FRONT") == "caddy"  # whether the browser tests go through it


@dataclass(frozen=True)
class Front:
    """A running Caddy, and the folder where it keeps what it has issued."""

    home: Path
    port: int
    plain_port: int  # of http:, which only leads to https:

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def root(self) -> Path:
        """The certificate of its authority."""
        return self.home / "caddy/pki/authorities/local/root.crt"

    @property
    def chromium(self) -> list[str]:
        """Options with which Chromium trusts it, and nothing else that it would not."""
        issuer = x509.load_pem_x509_certificate(self.root.with_name("intermediate.crt").read_bytes())
        key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return [f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key).digest()).decode()}"]

    def shakes_hands(self) -> bool:
        try:
            trusted = ssl.create_default_context(cafile=self.root)
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                trusted.wrap_socket(connection, server_hostname="127.0.0.1").close()
        except OSError:  # no authority, nobody there, or no certificate yet
            return False
        return True

    def has_issued(self, name: str) -> bool:
        """Whether it has a certificate for this name."""
        return any((self.home / "caddy/certificates").glob(f"*/{name}/{name}.crt"))


@contextmanager
def running(home: Path, port: int, stream_port: int, own: tuple[int, int] = ()):
    """A Caddy that is ready; `own` are its ports, for https: and for http:."""
    assert shutil.which("caddy"), "This test needs Caddy; install it, e.g.: sudo apt-get install caddy"
    front = Front(home, *(own or installation.free_ports(2)))
    options = f"local_certs\nskip_install_trust\nadmin off\nhttps_port {front.port}\nhttp_port {front.plain_port}"
    told = {"SITE": "https://127.0.0.1", "PORT": str(port), "STREAM_PORT": str(stream_port), "CADDY_OPTIONS": options}
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(home))
    command = ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with (home / "caddy.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=installation.REPOSITORY, env={**os.environ, **told, **places},
                                   stdout=log, stderr=log)  # fmt: skip
    try:
        installation.until(lambda: front.shakes_hands() or process.poll() is not None, 30)
        assert process.poll() is None, (home / "caddy.log").read_text()[-2000:]
        yield front
    finally:
        process.kill()  # it would wait for open streams to end by themselves
        process.wait()
        for line in (home / "caddy.log").read_text(errors="replace").splitlines():
            canary.hear(line)


@contextmanager
def installation_behind(home: Path, **environment: str):
    """(installation, Caddy): `sayso up` whose pages are found at the Caddy in front of it."""
    own = tuple(installation.free_ports(2))
    with (
        installation.running(BASE_URL=f"https://127.0.0.1:{own[0]}", **environment) as sayso,
        running(home, sayso.port, sayso.stream_port, own) as made,
    ):
        yield sayso, made


@contextmanager
def perhaps(front: Front | None, **environment: str):
    """An installation: behind a Caddy of the same authority as `front`, or bare when that is None."""
    if front is None:
        with installation.running(**environment) as sayso:
            yield sayso
    else:
        # HTTPS means strangers, who get no demo page unless it is asked for
        with installation_behind(front.home, **{"DEMO": "1", **environment}) as (sayso, _):
            yield sayso
