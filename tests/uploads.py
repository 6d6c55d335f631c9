"""What tests of files send and look at: pictures and other files, the ways to send one, and what is kept."""

from io import BytesIO

from PIL import Image

from service import db

PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n"


def png(color: str = "red", size=(64, 48), **more) -> bytes:
    content = BytesIO()
    Image.new("RGB", size, color).save(content, "PNG", **more)
    return content.getvalue()


def jpeg(**more) -> bytes:
    content = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(content, "JPEG", **more)
    return content.getvalue()


def send(client, company, data: bytes, name: str | None = None, **headers):
    """The answer to a file that is the whole body."""
    given = {"Content-Type": "application/octet-stream", **company.bearer(), **headers}
    return client.simulate_post("/api/v1/files", body=data, headers=given, params={"name": name} if name else {})


def form(*parts: tuple[str, str | None, bytes], boundary: str = "----x") -> tuple[bytes, str]:
    """Body and Content-Type of a form with these (name, file name, content)."""
    body = b""
    for name, file_name, data in parts:
        said = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
        body += f"--{boundary}\r\nContent-Disposition: {said}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def send_form(client, company, *parts, **headers):
    body, kind = form(*parts)
    return client.simulate_post("/api/v1/files", body=body, headers={"Content-Type": kind, **company.bearer(), **headers})


def load(client, url: str, **headers):
    return client.simulate_get(url.removeprefix("http://127.0.0.1:8000"), headers=headers)


def contents() -> list[bytes]:
    """All that is kept, of all workspaces."""
    return [bytes(data) for (data,) in db.rows("SELECT data FROM content ORDER BY data")]
