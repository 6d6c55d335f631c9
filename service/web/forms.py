"""Forms and the cookies they are bound to: a form is taken only from the page that we gave to this browser."""

import re

from service.errors import Forbidden, Unauthenticated
from service.feedback.sign_in import LONGEST_DAYS
from service.lib import tokens
from service.web import inputs, uploads

SESSION_COOKIE, BROWSER_COOKIE, NOTICE_COOKIE = "sayso", "sayso-browser", "sayso-notice"
NOTICE_SECONDS = 30  # to open the page that shows it
DAY = 24 * 3600
CSRF_HEADER = "Sayso-Csrf"  # of a request of our script that has no fields: a file
OURS = re.compile(r"[\w-]{43}", re.ASCII)  # what tokens.secret() makes


def same_browser(req, resp, _resource, _params) -> None:
    """For the forms before sign-in: gives the browser a random cookie and binds its forms to it."""
    know_browser(req, resp)
    req.context.page = {"csrf": csrf(req.context.browser)}
    if req.method == "POST":
        check_form(req, req.context.browser)


def know_browser(req, resp, _resource=None, _params=None) -> None:
    """A hook. Gives the browser a random cookie, by which we know it again: `browser`."""
    kept = req.cookies.get(cookie(req, BROWSER_COOKIE), "")
    req.context.browser = kept if OURS.fullmatch(kept) else tokens.secret()
    set_cookie(req, resp, BROWSER_COOKIE, req.context.browser, max_age=tokens.LIFETIME["browser"])


def check_form(req, secret: str, takes_file: bool = False) -> None:
    """A form of ours, sent by the page we gave to this browser; raises Forbidden otherwise. One with a file, where such are
    taken, brings it as `upload` of the context."""
    said = req.get_header(CSRF_HEADER)
    if takes_file and uploads.is_form(req):
        fields = req.context.form = uploads.form(req)
    else:
        fields = req.context.form = inputs.Form() if said else inputs.form(req)
    if not (is_same_site(req) and tokens.same(said or fields.get("csrf", ""), csrf(secret))):
        raise Forbidden("This form has become too old. Go back, reload the page, and send it again.", "csrf")


def csrf(secret: str) -> str:
    return tokens.sign("csrf", {"s": tokens.hashed(secret).hex()[:32]})


def keep_session(req, resp, secret: str) -> None:
    """From now on the browser is signed in by the session of this secret, for as long as one can last."""
    set_cookie(req, resp, SESSION_COOKIE, secret, max_age=LONGEST_DAYS * DAY)


def keep_notice(req, resp, notice: dict | None) -> None:
    """Have this said on the next page that the browser opens."""
    if notice:
        set_cookie(req, resp, NOTICE_COOKIE, tokens.sign("notice", notice), max_age=NOTICE_SECONDS)


def take_notice(req, resp) -> dict | None:
    """What is to be said on this page, once. A page that a script fetches takes nothing away."""
    kept = req.cookies.get(cookie(req, NOTICE_COOKIE))
    if not kept or req.get_header("Sec-Fetch-Dest") == "empty":
        return None
    drop_cookie(req, resp, NOTICE_COOKIE)
    try:
        return tokens.read("notice", kept)
    except Unauthenticated:
        return None


def is_same_site(req) -> bool:
    said = req.get_header("Sec-Fetch-Site")
    if said:
        return said in {"same-origin", "none"}
    # a page that sends no referrer (the one with a sign-in link) has the origin "null" in older browsers
    return req.get_header("Origin") in {None, "null"} or is_ours(req)


def is_ours(req) -> bool:
    """Whether the page that asks is one of our own, at the address by which its browser knows us."""
    return req.get_header("Origin") in origins(req)


def origins(req) -> set[str]:
    """Those of our own pages, by the address by which this browser knows us too."""
    return {f"{scheme}://{req.netloc}" for scheme in ("http", "https")} | {req.context.config.base_url}


def cookie(req, name: str) -> str:
    # browsers take __Host- only with Secure, which they take only over HTTPS
    return f"__Host-{name}" if req.context.config.secure else name


def set_cookie(req, resp, name: str, value: str, max_age: int) -> None:
    resp.set_cookie(cookie(req, name), value, max_age=max_age, path="/", http_only=True, same_site="Lax",
                    secure=req.context.config.secure)  # fmt: skip


def drop_cookie(req, resp, name: str) -> None:
    set_cookie(req, resp, name, "", max_age=0)
