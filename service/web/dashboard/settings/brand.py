"""The customer's own name: logo, colour, address, domain, where users sign in, and whether search engines come."""

from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from service.errors import Invalid
from service.feedback import brand, limits, workspaces
from service.lib import colours
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.page import Done

USUAL_ACCENT = "#0b667f"  # tokens.css: --accent


class Shown(NamedTuple):
    """How a colour looks on our pages, light or dark."""

    name: str
    paper: str
    card: str
    ink: str
    line: str
    accent: colours.Accent


def looks(accent: str) -> list[Shown]:
    """The accent on light and on dark pages, with the grounds of tokens.css."""
    return [Shown("Light", "#f6f8f9", "#ffffff", "#14191f", "#dfe5ea", colours.accent_on(accent, colours.LIGHT)),
            Shown("Dark", "#0e1317", "#161c22", "#e9eef2", "#28323a", colours.accent_on(accent, colours.DARK))]  # fmt: skip


class Brand(Setting):
    key = "brand"
    harmless = frozenset({"try"})
    delicate = frozenset({"domain", "sign_in_url"})
    takes_file = True

    def show(self, req, resp):
        config, found = req.context.config, brand.of(req.context.reader)
        typed = req.context.page.get("tried")
        self.render(
            req, resp, brand=found, looks=looks(typed or found.accent or USUAL_ACCENT), usual=USUAL_ACCENT,
            tried=typed or found.accent, base_url=config.base_url, host=urlsplit(config.base_url).hostname,
            is_secure=config.secure,
        )  # fmt: skip

    def try_accent(self, req):
        """Show what is typed, as far as it is a colour."""
        with suppress(Invalid):
            return Done(show={"tried": brand.colour(chosen(req))})

    def set_logo(self, req):
        limits.logo(req.context.workspace.id)
        upload = req.context.get("upload")
        brand.set_logo(req.context.reader, brand.drawn(upload.data if upload else b""))
        return Done("The logo was saved.")

    def remove_logo(self, req):
        brand.remove_logo(req.context.reader, seen=req.context.form.get("seen"))
        return Done("The logo was removed.")

    def set_accent(self, req):
        brand.set_accent(req.context.reader, chosen(req), seen=req.context.form.get("seen"))
        return Done("The colour was saved.")

    def set_slug(self, req):
        slug = brand.set_slug(req.context.reader, req.context.form.get("slug", ""), seen=req.context.form.get("seen"))
        if slug == req.context.workspace.slug:
            return Done()
        req.context.workspace = workspaces.find(req.context.workspace.id)
        return Done("The address was changed. The old one leads to it.", to=at(req, "settings/brand"))

    def set_domain(self, req):
        form = req.context.form
        brand.set_domain(req.context.reader, form.get("domain", ""), req.context.config.base_url, seen=form.get("seen"))
        return Done("The domain was saved.")

    def set_sign_in_url(self, req):
        brand.set_sign_in_url(req.context.reader, req.context.form.get("sign_in_url", ""), seen=req.context.form.get("seen"))
        return Done("The address was saved.")

    def set_indexed(self, req):
        brand.set_indexed(req.context.reader, bool(req.context.form.get("is_indexed")), seen=req.context.form.get("seen"))
        return Done("This was saved.")

    deeds = {
        "try": try_accent, "logo": set_logo, "unlogo": remove_logo, "accent": set_accent, "slug": set_slug,
        "domain": set_domain, "sign_in_url": set_sign_in_url, "index": set_indexed,
    }  # fmt: skip


def chosen(req) -> str:
    """The colour that a form says: as text, or by the browser's own way to choose one, whichever was changed."""
    form = req.context.form
    typed, picked, was = form.get("accent", ""), form.get("picked", ""), form.get("was", "")
    return picked if typed == was and picked not in ("", was or USUAL_ACCENT) else typed
