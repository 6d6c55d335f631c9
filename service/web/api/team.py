"""/api/v1/members and /keys: who is of the team, and which programs come in its name."""

from service.feedback import keys, team
from service.web import shapes
from service.web.operations import Created, operation


class Members:
    @operation("List the members of the team", answers=shapes.Members)
    def on_get(self, call):
        return shapes.Members([shapes.member(member) for member in team.of(call.reader)])

    @operation("Let someone into the team", takes=shapes.NewMember, answers=shapes.Member, scope="admin")
    def on_post(self, call):
        """They sign in with this address. Who is in already keeps their role."""
        member = team.invite(call.reader, call.body.email, call.body.role)
        return Created(f"/api/v1/members/{member.id}", shapes.member(member))


class Member:
    @operation("One member", answers=shapes.Member)
    def on_get(self, call, member):
        return shapes.member(team.find(call.reader, member))

    @operation("Change a member's role", takes=shapes.MemberChange, answers=shapes.Member, scope="admin")
    def on_patch(self, call, member):
        """Refused (409) when no owner would be left."""
        return shapes.member(team.set_role(call.reader, member, call.body.role))

    @operation("Take someone out of the team", scope="admin")
    def on_delete(self, call, member):
        """The keys they made end. Refused (409) when no owner would be left."""
        team.remove(call.reader, member)


class Keys:
    @operation("List API keys", answers=shapes.ApiKeys, scope="admin")
    def on_get(self, call):
        return shapes.ApiKeys([shapes.api_key(key) for key in keys.of(call.reader)])

    @operation("Make an API key", takes=shapes.NewApiKey, answers=shapes.MadeApiKey, scope="admin")
    def on_post(self, call):
        """It acts in the name of the member whose key makes it, and ends with their membership."""
        made, secret = keys.make(call.reader, call.body.name, call.body.scopes, call.body.expires_at)
        return Created(f"/api/v1/keys/{made.id}", shapes.made_api_key(made, secret))


class Key:
    @operation("One API key", answers=shapes.ApiKey, scope="admin")
    def on_get(self, call, key):
        return shapes.api_key(keys.find(call.reader, key))

    @operation("End an API key", scope="admin")
    def on_delete(self, call, key):
        keys.end(call.reader, key)
