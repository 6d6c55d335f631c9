"""HTML pages: a template and its values → an answer, with the headers that keep it safe."""

from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from service.lib import markdown

HERE = Path(__file__).parent
MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
DATE_AFTER = 30 * DAY  # older than this, a date says more than an age
EXCERPT = 280  # characters

PAGE = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self' {streams}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# What a strict customer allows: the widget must live with it, so our own example of a customer has it too.
CUSTOMER = (
    "default-src 'none'; script-src 'self' {scripts}; connect-src 'self' {scripts} {streams}; style-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
ORDINARY = (  # a customer who allows what most do; the widget needs none of it
    "default-src 'self' {scripts}; connect-src 'self' {scripts} {streams}; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
POLICIES = {  # of templates that are not like the rest
    "demo.html": CUSTOMER.replace("form-action 'none'", "form-action 'self'"),  # it has switches
    "app/preview.html": CUSTOMER.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),  # of the settings
}
LETTER = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def render(req: falcon.Request, resp: falcon.Response, template: str, policy: str | None = None, **values) -> None:
    """Answer with `template`, under its own policy or this one. Values that every page needs may stand in
    `req.context.page`, a dict."""
    shared = req.context.get("page") or {}
    values = {**shared, **values}
    resp.text = TEMPLATES.get_template(template).render(values)
    policy = policy or POLICIES.get(template, PAGE)
    protect(resp, policy.format(streams=origin(values.get("stream_url")), scripts=origin(values.get("script_url"))))
    resp.cache_control = ["no-store"] if template.startswith(("app/", "error")) else ["no-cache"]


def render_letter(resp: falcon.Response, html: str) -> None:
    """Answer with the HTML of a letter, for the sandboxed frame of app/letter.html."""
    resp.text = html
    protect(resp, LETTER)
    resp.cache_control = ["no-store"]


def protect(resp: falcon.Response, policy: str) -> None:
    resp.content_type = falcon.MEDIA_HTML
    resp.set_header("Content-Security-Policy", " ".join(policy.split()).replace(" ;", ";"))


def policy_for_customers(config) -> str:
    """The two directives that a page with our tag needs; the stream may be at another port."""
    origins = dict.fromkeys([config.base_url, origin(config.stream_url)])
    return f"script-src {config.base_url}; connect-src {' '.join(origins)}"


def origin(url: str | None) -> str:
    """`https://host:port` of `url`; nothing for none, or for a path of our own."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


# ── what templates can call ─────────────────────────────────────────────────────────────────────────────────────────


@cache
def asset(name: str) -> str:
    """Address of a static file; it changes when the file does, so browsers may keep it for ever."""
    digest = sha256((HERE / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:10]}"


def segment(word: str) -> str:
    """A word of the customer's own, like a user's id, as one part of an address."""
    return quote(word, safe="")


def query(**values: str | None) -> str:
    """`?a=b`, without the empty ones; "?" when all are."""
    return "?" + urlencode({name: value for name, value in values.items() if value})


def date(at: datetime) -> str:
    """12 Nov 2026"""
    return f"{at.day} {at:%b %Y}"


def ago(at: datetime) -> str:
    """just now, 5 min ago, 3 h ago, 2 days ago, then the date"""
    seconds = (datetime.now(UTC) - at).total_seconds()
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    days = int(seconds // DAY)
    return date(at) if seconds >= DATE_AFTER else f"{days} day{'s' if days > 1 else ''} ago"


def ahead(at: datetime) -> str:
    """now, in 40 s, in 5 min, in 3 h, in 2 days"""
    seconds = (at - datetime.now(UTC)).total_seconds()
    if seconds < 1:
        return "now"
    if seconds < MINUTE:
        return f"in {int(seconds)} s"
    if seconds < HOUR:
        return f"in {int(seconds // MINUTE)} min"
    if seconds < 2 * DAY:
        return f"in {int(seconds // HOUR)} h"
    return f"in {int(seconds // DAY)} days"


def money(cents: int | None) -> str:
    """$1,200, or $12.50 when there are cents; nothing for None."""
    if cents is None:
        return ""
    return f"${cents / 100:,.2f}" if cents % 100 else f"${cents // 100:,}"


def capped(count: int, stop: int) -> str:
    """12, or 99+ of a count that stopped at 100."""
    return f"{count:,}" if count < stop else f"{stop - 1:,}+"


def excerpt(text: str) -> str:
    """The beginning of a text, without its Markdown signs."""
    return markdown.plain(text[:EXCERPT])


def environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(date=date, ago=ago, ahead=ahead, money=money, capped=capped, excerpt=excerpt, segment=segment)
    templates.filters["markdown"] = lambda text: Markup(markdown.render(text))
    templates.globals.update(asset=asset, query=query)
    return templates


TEMPLATES = environment()
