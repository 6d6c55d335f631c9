"""/api/v1/companies"""

from service.feedback import companies
from service.web import cursors, shapes
from service.web.operations import operation


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

    @operation("Tell what you know of a company", takes=shapes.CompanyFacts, answers=shapes.Company)
    def on_put(self, call, company):
        """The company is made when it is new; what is left out stays as it is. Tokens of its users may say the same."""
        told = call.body
        return shapes.company(companies.put(call.reader, company, name=told.name, plan=told.plan, mrr=told.mrr))
