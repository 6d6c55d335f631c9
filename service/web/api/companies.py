"""/api/v1/companies"""

from urllib.parse import quote

from service import shapes
from service.feedback import companies
from service.web import cursors
from service.web.operations import Created, operation


class Companies:
    @operation("List companies", query=shapes.Paged, answers=shapes.Companies)
    def on_get(self, call):
        found = companies.page(call.reader, call.query.limit + 1, cursors.after(call.query.cursor, "companies"))
        page, following = cursors.cut(found, call.query.limit, "companies")
        return shapes.Companies([shapes.company(company) for company in page], following)


class Company:
    @operation("One company", answers=shapes.Company)
    def on_get(self, call, company):
        return shapes.company(companies.find(call.reader, company))

    @operation("Tell what you know of a company", takes=shapes.CompanyFacts, answers=shapes.Company, statuses=(200, 201))
    def on_put(self, call, company):
        """The company is made (201) when it is new; what is left out stays as it is, null empties. Tokens of its users may
        say the same."""
        is_new = companies.put(call.reader, company, **shapes.told(call.body))
        shape = shapes.company(companies.find(call.reader, company))
        return Created(f"/api/v1/companies/{quote(company, safe='')}", shape) if is_new else shape
