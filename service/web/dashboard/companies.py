"""Companies: what they pay, who of them is here, and what they ask for."""

import re
from decimal import Decimal

import falcon

from service.errors import Invalid
from service.feedback import companies, doings, people, versions
from service.web import cursors, inputs
from service.web.dashboard import places
from service.web.dashboard.page import Page
from service.web.dashboard.people import PAGE, show
from service.web.guards import require_member
from service.web.page import Done
from service.web.pages import query
from service.web.rows import row

SORTS = {"mrr": "Who pays most", "name": "By name"}
ASKED = 20
AMOUNT = re.compile(r"\d{1,13}(\.\d{1,2})?", re.ASCII)  # no exponent: 1e999999 would take minutes to write out
WHAT_MRR_IS = "Write what they pay a month, like 1200 or 49.50."


@falcon.before(require_member)
class Companies(Page):
    def show(self, req, resp):
        q, sort = inputs.param(req, "q"), inputs.param(req, "sort", "mrr")
        if sort not in SORTS:
            raise Invalid(sort=f"Sort by one of: {', '.join(SORTS)}.")
        most = people.MOST_FOUND if q else PAGE
        found = people.companies(req.context.reader, most + 1, places.number_after(req, f"companies-{sort}"), q=q, sort=sort)
        page, following = cursors.cut(found, most, f"companies-{sort}")
        show(req, resp, "app/companies.html", "companies", companies=page, q=q, sort=sort, sorts=SORTS,
             next_url=following and query(sort=sort, cursor=following))  # fmt: skip


@falcon.before(require_member)
class Company(Page):
    def show(self, req, resp, company):
        reader = req.context.reader
        found = companies.find(reader, company)
        users, following = cursors.cut(
            people.users(reader, PAGE + 1, places.after(req, "of-company"), company=company), PAGE, "of-company",
            lambda user: places.of(user.place, user.id),
        )  # fmt: skip
        asked = doings.asked(reader, found.id, ASKED)
        show(
            req, resp, "app/company.html", "companies", company=found, version=versions.version(*found), users=users,
            asked=asked, posts=[(row(req, post), count) for post, count in asked.posts],
            next_url=following and query(cursor=following),
        )  # fmt: skip

    def save(self, req, company):
        form = req.context.form
        companies.change(req.context.reader, company, name=form.get("name", ""), plan=form.get("plan", ""),
                         mrr=cents(form.get("mrr", "")), seen=form.get("seen", ""))  # fmt: skip
        return Done("What you know of this company was saved.")

    deeds = {"save": save}


def cents(typed: str) -> int:
    """An amount as people write it, in cents; Invalid when it is none."""
    amount = typed.strip().removeprefix("$").replace(",", "").replace(" ", "")
    if not AMOUNT.fullmatch(amount) or Decimal(amount) * 100 >= companies.LARGEST_MRR:
        raise Invalid(mrr=WHAT_MRR_IS)
    return int(Decimal(amount) * 100)
