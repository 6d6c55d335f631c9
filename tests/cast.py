"""The people in our tests. Ada owns Acme, Ben works there, Cleo and Dan use Acme's product; Eve owns another company.

Everything is made by the verbs that real requests use."""

import time
from dataclasses import dataclass
from functools import cached_property

import jwt

from service.feedback import identity_secrets, keys, members, posts, users, workspaces
from service.feedback.members import Person
from service.feedback.readers import Reader
from service.feedback.users import User
from service.feedback.workspaces import Workspace

SECRET_KEY = "t0-b3-us3d-1n-0ur-v3ry-0wn-t3sts-and-n0wh3r3-3ls3"
ADA, BEN, EVE = "ada@acme.example", "ben@acme.example", "eve@globex.example"
CLEO = {"sub": "cleo-7", "email": "cleo@customer.example", "name": "Cleo"}
DAN = {"sub": "dan-8", "email": "dan@customer.example", "name": "Dan",
       "company": {"id": "initech", "name": "Initech", "plan": "Team", "mrr": 4900}}  # fmt: skip
HOUR = 3600


@dataclass
class Company:
    """A customer of ours with its workspace, its owner and whatever a test asks for."""

    workspace: Workspace
    owner: Person

    @cached_property
    def api_key(self) -> str:
        return keys.create(self.workspace, self.owner, "tests")

    @cached_property
    def widget_key(self) -> str:
        return workspaces.widget_key(self.workspace)

    @cached_property
    def secret(self) -> tuple[str, str]:
        """(kid, secret) of its identity secret."""
        return identity_secrets.create(self.workspace)

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def token(self, claims: dict = CLEO, **changed) -> str:
        """What the customer's own server signs about one of its users; `changed` claims win, None leaves one out."""
        kid, secret = self.secret
        now = int(time.time())
        whole = {"iss": self.workspace.public_id, "aud": "sayso", "iat": now, "exp": now + HOUR, **claims, **changed}
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, secret, algorithm="HS256", headers={"kid": kid})

    @property
    def team(self) -> Reader:
        """Its owner, as someone who reads and acts."""
        return Reader(self.workspace, is_member=True, person=self.owner.id)

    @property
    def writer(self) -> Reader:
        """The same, as the user as whom they post and comment."""
        return self.team._replace(user=users.of_member(self.workspace, self.owner).id)

    def user(self, claims: dict = CLEO) -> User:
        return users.identify(self.workspace, claims)

    def reader(self, claims: dict = CLEO, member: bool = False) -> Reader:
        """One of its users as a reader; with the eyes of the team when `member`."""
        return Reader(self.workspace, self.user(claims).id, member)

    def post(self, title: str = "Dark mode", body: str = "", by: dict = CLEO, public: bool = True, **more) -> int:
        """A post by one of its users; returns its number. Not `public`: written for a private board."""
        return posts.create(self.reader(by, member=not public), title, body, **more)


def acme() -> Company:
    """Ada's company, with Ben in the team."""
    ada = members.person(ADA, "Ada")
    company = Company(members.found("Acme", ada), ada)
    members.add(company.workspace, members.person(BEN, "Ben"))
    return company


def globex() -> Company:
    """Eve's company, which must never see anything of Acme."""
    eve = members.person(EVE, "Eve")
    return Company(members.found("Globex", eve), eve)
