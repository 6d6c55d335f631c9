"""A mail server that takes letters, unless it is told what to answer instead, and whom, and when to hang up."""

import contextlib
import dataclasses
import email
import socketserver
import threading
from contextlib import contextmanager
from email.policy import default

from aiosmtpd.controller import Controller
from installation import free_ports

from service.feedback import letters

OK = "250 OK"


class Mailbox:
    """What came in, and what it says at each step. `drops` counts the letters after which it hangs up without a word."""

    def __init__(self):
        self.received, self.drops = [], 0
        self.to_sender = self.to_reader = self.to_letter = OK
        self.on_goodbye = lambda: None

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        if self.to_sender == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.to_sender

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.to_reader == OK:
            envelope.rcpt_tos.append(address)
        return self.to_reader

    async def handle_DATA(self, server, _session, envelope):
        if self.to_letter == OK:
            self.received.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return self.to_letter

    async def handle_QUIT(self, _server, _session, _envelope):
        self.on_goodbye()
        return "221 Bye"

    def readers(self) -> list[str]:
        return sorted(reader for to, _ in self.received for reader in to)

    def names(self) -> list[str]:
        """The Message-IDs of what came in."""
        return [letter["Message-ID"] for _, letter in self.received]


class Quiet(Controller):
    """Does not tell of every client that hung up."""

    def _create_server(self):
        self.loop.set_exception_handler(lambda *_: None)
        return super()._create_server()


@contextmanager
def serving(box, port: int | None = None, **options):
    """Runs it, and yields its port."""
    controller = Quiet(box, hostname="127.0.0.1", port=port or free_ports(1)[0], **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def sent_by(here, box, scheme: str = "smtp", host: str = "127.0.0.1", **options):
    """Has our letters sent by it."""
    with serving(box, **options) as port:
        letters.start(dataclasses.replace(here, smtp_url=f"{scheme}://{host}:{port}"))
        yield port


@contextmanager
def greeting(words: bytes):
    """A server that says this and hangs up; yields its port."""

    class Rude(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                self.request.sendall(words)

    with socketserver.TCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
