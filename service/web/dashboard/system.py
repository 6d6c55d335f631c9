"""How the server fares and whether it is time for a larger one; its jobs. All of it for who runs the server; for other teams
the jobs of their own workspace."""

from datetime import UTC

import falcon
from jinja2.filters import do_filesizeformat

from service import nightly
from service.config import Config
from service.errors import Invalid
from service.feedback import members, scale, vector_health, work
from service.feedback.scale import percent, seconds
from service.measurements import Hour
from service.web import charts
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_admin, require_member
from service.web.inputs import whole
from service.web.page import Done

SHOWN_HOURS = 48
FEW_HOURS = 24  # in the tables
BACKUP_HOURS = 26  # an older backup than this is a warning
GONE = "Nothing was left to do: somebody was quicker."
KINDS = {
    "event.follow_up": "Letters and vectors that follow from what happened",
    "post.embed": "Vectors of posts, for similar posts",
    "post.compare": "Likely duplicates of a post",
    "duplicates.find": "Likely duplicates, every night",
    "letter.send": "Letters",
    "sign_in.send": "Sign-in links for the team",
    "proof.send": "Links by which a member proves who they are",
    "address.tell": "Letters to an address that a member left",
    "user_link.send": "Sign-in links for users",
    "digest.due": "Digests for the team",
    "changelog.publish": "Changelog entries that are due",
    "file.process": "Files that were sent in",
    "user.sweep": "Taking an erased address out of what others wrote",
    "post.bury": "Deleting posts of an erased user for good",
    "data_link.send": "Links for users to their own data",
    "workspace.erase": "Erasing workspaces whose time has come",
    "import.work": "Imports",
    "import.undo": "Taking imports back",
    "export.write": "Exports of a workspace",
    "export.clear": "Deleting the files of former exports",
    "plan.check": "Looking which plans end",
    "plan.look": "Asking Stripe what a workspace pays",
    "billing.expire": "Ending checkouts of workspaces that are to be erased",
    "billing.leave": "Ending at Stripe what erased workspaces had there",
    "plan.let_in": "Letting in posts that there was no room for",
    "rows.prune": "Deleting what is kept for a time only",
    "insights.count": "Counting insights",
    "machine.measure": "Measuring the server",
    "backup.nightly": "Looking whether today’s backup is there",
    "backup.make": "Backups",
    "endpoint.deliver": "Deliveries to webhooks",
    "endpoint.rouse": "Looking for webhooks that were left waiting",
}


@falcon.before(require_member)
class System(Page):
    def show(self, req, resp):
        is_operator = members.is_operator(req.context.person)
        hours, now = scale.look() if is_operator else ([], None)
        shown = {"now": now, "verdict": scale.verdict(now), "signals": signals(hours, now)} if now else {}
        standing = vector_health.standing(req.context.config) if is_operator else None
        backups = nightly.standing() if is_operator else None
        render(
            req, resp, "app/system.html", active="system", sub=subnav(req), is_operator=is_operator,
            warnings=warned(req.context.config, standing, backups) if is_operator else [],
            compared=compared(standing) if standing else None,
            kept=kept(req.context.config, backups) if backups else None,
            hours=hours[-FEW_HOURS:], slow_share=slow_share, percent=percent, seconds=seconds, **shown,
        )  # fmt: skip


@falcon.before(require_member)
class Jobs(Page):
    def show(self, req, resp):
        reader, is_operator = req.context.reader, members.is_operator(req.context.person)
        render(
            req, resp, "app/jobs.html", active="system", sub=subnav(req), is_operator=is_operator,
            kinds=work.kinds(reader, is_operator), retrying=work.retrying(reader, is_operator),
            dead=work.dead(reader, is_operator), behind=work.behind(reader), labels=KINDS,
            may=is_operator or req.context.role != "member", most=work.MOST_SHOWN, many=work.MOST_BEHIND,
        )  # fmt: skip

    def hurry(self, req):
        return Done("It is tried again now." if work.hurry(*one(req)) else GONE)

    def retry(self, req):
        return Done("It is being tried again." if work.revive(*one(req)) else GONE)

    def retry_all(self, req):
        count = work.revive_all(*all_of_a_kind(req))
        return Done(f"{jobs(count)} being tried again." if count else GONE)

    def discard(self, req):
        return Done("It was discarded." if work.discard(*one(req)) else GONE)

    def discard_all(self, req):
        count = work.discard_all(*all_of_a_kind(req))
        return Done(f"{jobs(count)} discarded." if count else GONE)

    deeds = {"hurry": hurry, "retry": retry, "retry-all": retry_all, "discard": discard, "discard-all": discard_all}


def one(req) -> tuple:
    """The job that a form names, and whether who sent it may have any."""
    workspace, job = (whole(req.context.form.get(name, "")) for name in ("workspace", "job"))
    everywhere = has_any(req)
    if workspace is None or job is None:
        raise Invalid(job="Name a job of the list.")
    return req.context.reader, workspace, job, everywhere


def all_of_a_kind(req) -> tuple:
    """The kind that a form names, and whether who sent it may have those of all workspaces."""
    return req.context.reader, req.context.form.get("kind", ""), has_any(req)


def has_any(req) -> bool:
    is_operator = members.is_operator(req.context.person)
    if not is_operator:
        require_admin(req)
    return is_operator


def jobs(count: int) -> str:
    return "1 job is" if count == 1 else f"{count:,} jobs are"


def subnav(req) -> list[tuple[str, str, str]]:
    return [(at(req, "system"), "Health", "health"), (at(req, "system/jobs"), "Jobs", "jobs"),
            (at(req, "outbox"), "Letters", "letters")]  # fmt: skip


def warnings(config) -> list[str]:
    """What is set up in a way that one should know of."""
    said = []
    if not config.smtp_url:
        said.append("No mail server is set up (SMTP_URL), so letters are kept here instead of being sent.")
    if config.outbound_allow:
        said.append("OUTBOUND_ALLOW is set, so webhooks of every workspace here may reach those networks of yours.")
    return said


def warned(config: Config, vectors: vector_health.Standing, backups: nightly.Standing) -> list[str]:
    return warnings(config) + of_backups(config, backups) + of_vectors(vectors)


def of_backups(config: Config, now: nightly.Standing) -> list[str]:
    """What is wrong with the nightly backups; none is expected of who never asked for any."""
    said = []
    if now.failure:
        since = f"{now.failing_since.astimezone(UTC):%d %b, %H:%M} UTC"
        said.append(f"Since {since} no backup could be made: {now.failure} It is tried again and again; under Jobs you can "
                    "have it tried now.")  # fmt: skip
    elif now.made_at and now.hours > BACKUP_HOURS:
        unset = "" if config.backup_dir else " BACKUP_DIR is not set any more."
        said.append(f"The last backup was made {age(now)} ago. One is due every night.{unset}")
    elif config.backup_dir and not now.made_at:
        said.append("There is no backup yet. The worker looks every hour whether one is due, and makes it then.")
    return said


def kept(config: Config, now: nightly.Standing) -> str:
    """Where the last backup is, and how old; how there would be one, if there is none."""
    if now.made_at:
        where = f"in {config.backup_dir}" if config.backup_dir else "in BACKUP_DIR"
        return f"Last backup: {age(now)} ago, {do_filesizeformat(now.bytes)}, {where}."
    if config.backup_dir:
        return f"Backups are made every night in {config.backup_dir}."
    return "No backup is made by itself. Set BACKUP_DIR to a folder, best on another disk, and one is made every night."


def age(now: nightly.Standing) -> str:
    if now.hours < 1:
        return f"{int(now.hours * 60)} min"
    return f"{int(now.hours)} h" if now.hours < 48 else f"{int(now.hours / 24)} days"


def compared(now: vector_health.Standing) -> str:
    """By whose vectors posts are compared, in a sentence."""
    if now.is_local:
        return f"Posts are compared by {now.current}, a model that runs here."
    place = f"the server at {now.host}, which is sent what people write and type" if now.host else "a server"
    return f"Posts are compared by {now.current}, a model of {place}."


def of_vectors(now: vector_health.Standing) -> list[str]:
    """What is not with them as it is set up, or not yet."""
    said = []
    if now.failure:
        since = f"{now.failing_since.astimezone(UTC):%d %b, %H:%M} UTC"
        meanwhile = f"The vectors of {now.current} answer" if now.is_local else "Posts are found by their words"
        said.append(f"The server of vectors at {now.host} has given none since {since}: {now.failure} {meanwhile} "
                    "meanwhile, and nothing is lost.")  # fmt: skip
    if not now.is_local and not now.host:
        said.append(f"EMBEDDINGS_URL is not set, but posts are compared by {now.current}, a model of a server. They are "
                    "found by their words until you set it again, or run: sayso reembed")  # fmt: skip
    elif now.wanted not in {now.current, now.next}:
        said.append(f"EMBEDDINGS_MODEL is {now.wanted}, but posts are still compared by {now.current}. Make the vectors "
                    "anew: sayso reembed")  # fmt: skip
    if now.next:
        made = f"more than {now.made:,}" if now.made == vector_health.MOST_COUNTED else f"{now.made:,}"
        said.append(f"Vectors of {now.next} are being made: {made} of {now.posts:,} posts. Those of {now.current} answer "
                    "until all are there. If the number stands still, go on with: sayso reembed")  # fmt: skip
    return said


# ── the four signals ────────────────────────────────────────────────────────────────────────────────────────────────


def signals(hours: list[Hour], now: scale.Signals) -> list[dict]:
    """Each with its figure and its course over the last two days."""
    recent = hours[-SHOWN_HOURS:]
    full = f"{now.connections} of {now.most_connections}" if now.connections else "unknown"
    return [
        course("slow", "Slow answers", share(now.slow if now.answers else None), [slow_share(hour) for hour in recent],
               f"of {now.answers:,} answers took longer than 500 ms in 24 hours", 2 * scale.MOST_SLOW),
        course("cpu", "Processor", share(now.cpu), [hour.cpu for hour in recent], "of all cores, at most, in 24 hours", 1),
        course("memory", "Memory", share(now.memory), [hour.memory for hour in recent], "in use, at most, in 24 hours", 1),
        course("disk", "Disk", share(now.disk), [hour.disk for hour in recent], "of the database’s disk in use", 1),
        course("connections", "Connections", full, [hour.connections for hour in recent], "at once, at most, in 24 hours",
               now.most_connections or 1),
        course("complaints", "Complaints", str(now.complaints), [hour.complaints for hour in hours],
               "posts tagged “slow” in 7 days", scale.MANY_COMPLAINTS),
    ]  # fmt: skip


def course(name: str, label: str, figure: str, values: list, said: str, least: float) -> dict:
    drawn = charts.spark(f"spark-{name}", f"{label}, hour by hour", f"{figure} {said}.", values, least)
    return {"label": label, "figure": figure, "said": said, "svg": drawn}


def slow_share(hour: Hour) -> float | None:
    return hour.slow_answers / hour.answers if hour.answers else None


def share(value: float | None) -> str:
    return "unknown" if value is None else percent(value)
