"""The shapes of the public API, one struct a shape; the same everywhere a thing appears.

What they say about lengths and formats is for readers of the OpenAPI document; the verbs of the domain hold to it, and say
in words what must change. Names that begin with New are what is sent to make a thing, those that end in Change what is sent
to change one: fields that are left out stay as they are. A field that a shape does not have is refused (`Sent`)."""

from service.shapes.base import *  # noqa: F403
from service.shapes.boards import *  # noqa: F403
from service.shapes.changelog import *  # noqa: F403
from service.shapes.comments import *  # noqa: F403
from service.shapes.events import *  # noqa: F403
from service.shapes.exports import *  # noqa: F403
from service.shapes.fields import *  # noqa: F403
from service.shapes.files import *  # noqa: F403
from service.shapes.imports import *  # noqa: F403
from service.shapes.people import *  # noqa: F403
from service.shapes.posts import *  # noqa: F403
from service.shapes.statuses import *  # noqa: F403
from service.shapes.tags import *  # noqa: F403
from service.shapes.team import *  # noqa: F403
from service.shapes.webhooks import *  # noqa: F403
