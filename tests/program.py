"""A program that uses the API with a company's key: `Program(client, acme).put("/posts/1/eta", eta="2026-12-31")`."""

from dataclasses import dataclass

from falcon.testing import Result, TestClient


@dataclass
class Program:
    client: TestClient
    company: object

    def get(self, path: str, **query) -> Result:
        return self.client.simulate_get(f"/api/v1{path}", params=query, headers=self.company.bearer())

    def post(self, path: str, headers: dict | None = None, **fields) -> Result:
        return self.send("POST", path, fields, headers)

    def put(self, path: str, **fields) -> Result:
        return self.send("PUT", path, fields)

    def patch(self, path: str, headers: dict | None = None, **fields) -> Result:
        return self.send("PATCH", path, fields, headers)

    def delete(self, path: str, **query) -> Result:
        return self.client.simulate_delete(f"/api/v1{path}", params=query, headers=self.company.bearer())

    def send(self, method: str, path: str, fields: dict, headers: dict | None = None) -> Result:
        known = {**self.company.bearer(), **(headers or {})}
        return self.client.simulate_request(method, f"/api/v1{path}", json=fields, headers=known)

    def events(self, **query) -> list[str]:
        """The types of what happened, the oldest first; that users became known is left out, unless it is asked for."""
        found = [event["type"] for event in self.get("/events", **query).json["data"]]
        return found if query else [type for type in found if type != "user.identified"]


def wrong(answer: Result) -> set[str]:
    """The fields that an answer of 422 names."""
    assert answer.status_code == 422, answer.text
    return {error["field"] for error in answer.json["errors"]}
