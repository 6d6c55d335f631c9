"""/api/v1/members and /keys: who is of the team, and which programs come in its name."""

from service import shapes
from service.feedback import keys, team
from service.web.guards import bearer
from service.web.operations import Created, operation


class Members:
    @operation("List the members of the team", answers=shapes.Members)
    def on_get(self, call):
        return shapes.Members([shapes.member(member) for member in team.of(call.reader)])

    @operation("Let someone into the team", takes=shapes.NewMember, answers=shapes.Member, scope="admin",
               statuses=(201, 200))  # fmt: skip
    def on_post(self, call):
        """They sign in with this address. Who is in already with this role stays (200), with another it is refused (409).
        Only an owner's key lets in an owner."""
        member, is_new = team.invite(call.reader, call.body.email, call.body.role)
        return Created(f"/api/v1/members/{member.id}", shapes.member(member)) if is_new else shapes.member(member)


class Member:
    @operation("One member", answers=shapes.Member)
    def on_get(self, call, member):
        return shapes.member(team.find(call.reader, member))

    @operation("Change a member's role", takes=shapes.MemberChange, answers=shapes.Member, scope="admin")
    def on_patch(self, call, member):
        """Only an owner's key makes or unmakes owners. Refused (409) when no owner would be left."""
        return shapes.member(team.set_role(call.reader, member, call.body.role))

    @operation("Take someone out of the team", scope="admin")
    def on_delete(self, call, member):
        """The keys they made end. Only an owner's key takes out an owner. Refused (409) when no owner would be left."""
        team.remove(call.reader, member)


class Keys:
    @operation("List API keys", answers=shapes.ApiKeys, scope="admin")
    def on_get(self, call):
        return shapes.ApiKeys([shapes.api_key(key) for key in keys.of(call.reader)])

    @operation("Make an API key", takes=shapes.NewApiKey, answers=shapes.MadeApiKey, scope="admin")
    def on_post(self, call):
        """It acts in the name of the member whose key makes it, and ends with their membership, or with that key."""
        new = call.body
        made, secret = keys.make(call.reader, new.name, new.scopes, new.expires_at, by=bearer(call.req))
        return Created(f"/api/v1/keys/{made.id}", shapes.made_api_key(made, secret))


class Key:
    @operation("One API key", answers=shapes.ApiKey, scope="admin")
    def on_get(self, call, api_key):
        return shapes.api_key(keys.find(call.reader, api_key))

    @operation("Rename an API key", takes=shapes.ApiKeyChange, answers=shapes.ApiKey, scope="admin")
    def on_patch(self, call, api_key):
        return shapes.api_key(keys.rename(call.reader, api_key, call.body.name))

    @operation("End an API key", scope="admin")
    def on_delete(self, call, api_key):
        keys.end(call.reader, api_key)
