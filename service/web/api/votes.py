"""/api/v1/posts/{number}/votes and /followers: also on behalf of users."""

from service import db, shapes
from service.errors import Invalid, NotFound
from service.feedback import followers, posts, users, votes
from service.feedback.readers import Reader
from service.web import cursors
from service.web.api.posts import acting
from service.web.operations import Call, operation


def on_behalf(call: Call, user: str) -> Reader:
    """The same as `acting`, of a user who stands in the address: one who cannot be is not found."""
    try:
        return acting(call, user)
    except Invalid:
        raise NotFound("There is no such user.") from None


class Votes:
    @operation("Who voted for a post", query=shapes.Paged, answers=shapes.Votes)
    def on_get(self, call, number):
        posts.find(call.reader, number)
        found = votes.voters(call.workspace.id, number, call.query.limit + 1, cursors.after(call.query.cursor, "votes"))
        page, following = cursors.cut(found, call.query.limit, "votes")
        return shapes.Votes([shapes.vote(voter, number) for voter in page], following)


class Vote:
    @operation("A user's vote for a post", answers=shapes.Vote)
    def on_get(self, call, number, user):
        posts.find(call.reader, number)
        return shapes.vote(votes.by(call.workspace.id, number, user), number)

    @operation("Vote on behalf of a user")
    @db.verb  # a refused vote leaves no new user behind
    def on_put(self, call, number, user):
        """The user is made when they are new. Voting twice is voting once."""
        votes.cast(on_behalf(call, user), number)

    @operation("Take a user's vote back")
    def on_delete(self, call, number, user):
        votes.withdraw(call.reader._replace(user=users.find(call.workspace, user).id), number)


class Score:
    @operation("What a post's rank is made of", answers=shapes.Score)
    def on_get(self, call, number):
        posts.find(call.reader, number)
        return shapes.score(votes.score(call.workspace.id, number))


class Followers:
    @operation("Who follows a post", query=shapes.Paged, answers=shapes.Followers)
    def on_get(self, call, number):
        posts.find(call.reader, number)
        found = followers.of(call.workspace.id, number, call.query.limit + 1, cursors.after(call.query.cursor, "followers"))
        page, following = cursors.cut(found, call.query.limit, "followers")
        return shapes.Followers([shapes.follower(follower, number) for follower in page], following)


class Follower:
    @operation("Have a user follow a post")
    @db.verb  # the same
    def on_put(self, call, number, user):
        followers.follow(on_behalf(call, user), number)

    @operation("Have a user no longer follow a post")
    def on_delete(self, call, number, user):
        followers.unfollow(call.reader._replace(user=users.find(call.workspace, user).id), number)
