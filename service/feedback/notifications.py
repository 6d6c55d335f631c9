"""Who is told what, by letter: for each reason to write, who reads it and what it says."""

import re

from service.errors import NotFound
from service.feedback import activity, changelog, gathering, letters, mailings, questions, team_letters, workspaces, writing
from service.feedback.activity import Event
from service.feedback.followers import HEARING
from service.feedback.letters import Letter, NotYet, Written
from service.feedback.readers import MEMBER, Reader
from service.jobs import Job

NOT_WHO_DID_IT = f"u.external_id <> '{MEMBER}' || coalesce(%(by)s, 0)"
TO_FOLLOWERS = letters.ADDRESS.format(readers=f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM follower f {HEARING}
     AND f.workspace_id = %(workspace)s AND f.post_number = ANY(%(numbers)s::integer[]) AND {NOT_WHO_DID_IT}
   ORDER BY lower(u.email)""")
TO_VOTERS = letters.ADDRESS.format(readers=questions.READERS)
# who subscribed, except those who hear of the same entry because they asked for it
TO_SUBSCRIBERS = letters.ADDRESS.format(readers="""
  SELECT m.email FROM mailing m WHERE m.workspace_id = %(workspace)s AND m.subscribed_at IS NOT NULL AND NOT EXISTS (
         SELECT FROM letter l WHERE l.workspace_id = %(workspace)s AND l.event_seq = %(event)s
            AND lower(l.to_email) = m.email)""")
TO_THE_MENTIONED = letters.ADDRESS.format(readers=f"""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL AND m.person_id = ANY(%(persons)s::bigint[])
     AND m.person_id IS DISTINCT FROM %(by)s AND {team_letters.HAS_ROOM} AND NOT EXISTS (
         SELECT FROM letter l JOIN event e ON e.workspace_id = l.workspace_id AND e.seq = l.event_seq
          WHERE l.workspace_id = m.workspace_id AND lower(l.to_email) = lower(p.email) AND l.kind = %(kind)s
            AND e.post_number = %(number)s AND e.data->>'comment' = %(comment)s::text)
     AND NOT EXISTS (
         SELECT FROM "user" u WHERE u.workspace_id = m.workspace_id AND u.id = %(author)s
            AND u.external_id = '{MEMBER}' || m.person_id)""")
# Who follows the post that was merged, but not who came to it by an earlier merge, nor who merged it.
TO_THE_MERGED = letters.ADDRESS.format(readers=f"""
  SELECT DISTINCT ON (lower(u.email)) u.email FROM follower f {HEARING}
     AND f.workspace_id = %(workspace)s AND f.post_number = %(number)s AND f.merged_from IS NULL
     AND {NOT_WHO_DID_IT}
   ORDER BY lower(u.email)""")
# that a link to one's own address holds
SECRET = re.compile(r"(/(?:confirm|letters|letters/team|app/join/[\w-]+)/)[\w.-]{40,}")


def tell_followers(event: Event) -> None:
    """Author and voters hear where their post stands, unless the member chose not to tell, or they may not read it."""
    if event.data["notify"]:
        letters.address(TO_FOLLOWERS, "status_changed", event.workspace_id, event.seq, numbers=[event.post_number],
                        by=event.person_id, delay=event.data.get("undo_seconds", 0))  # fmt: skip


def tell_of_release(event: Event) -> None:
    """Who follows a post of an entry that is published hears of it, and who subscribed, once per entry and address."""
    try:
        entry = changelog.find(Reader(workspaces.find(event.workspace_id), is_member=True), event.data["entry"])
    except NotFound:  # it was deleted meanwhile
        return
    letters.address(TO_FOLLOWERS, "shipped", event.workspace_id, event.seq, numbers=entry.posts, by=event.person_id)
    letters.address(TO_SUBSCRIBERS, mailings.NEWS, event.workspace_id, event.seq)


def ask_voters(event: Event) -> None:
    """The voters that a question is for get it."""
    segment = event.data.get("segment")
    letters.address(TO_VOTERS, questions.LETTER, event.workspace_id, event.seq, post=event.post_number, segment=segment)


def tell_of_comment(event: Event) -> None:
    """Members hear that they are mentioned; of the official answer everybody who follows the post; of what else users may
    read, who wrote the post or commented on it. Nobody hears of their own words, nor twice of the same."""
    letters.address(TO_THE_MENTIONED, team_letters.MENTION, event.workspace_id, event.seq, by=event.person_id,
                    author=event.user_id, persons=event.data.get("mentions", []), number=event.post_number,
                    comment=event.data["comment"])  # fmt: skip
    tell_users(event)


def tell_of_change(event: Event) -> None:
    """What becomes the official answer, or was a note and is one no more, is told as if it had just been said."""
    if {"official", "internal"} & set(event.data["changed"]):
        tell_users(event)


def tell_users(event: Event) -> None:
    comment = event.data["comment"]
    letters.address(gathering.TO_FOLLOWERS, writing.ANSWER, event.workspace_id, event.seq, comment=comment)
    gathering.address(event, comment)


def tell_of_merge(event: Event) -> None:
    """Who follows a post that was merged hears where their vote counts from then on."""
    letters.address(TO_THE_MERGED, writing.MERGED, event.workspace_id, event.seq, number=event.post_number,
                    by=event.person_id)  # fmt: skip


WRITERS = {**team_letters.WRITERS, **writing.WRITERS}


def send(job: Job) -> None:
    """Write and send one letter. Killed between the mail server's yes and our commit it is sent again, recognisably."""
    letter = letters.waiting(job.workspace_id, job.args["letter"])
    if letter:
        with letters.noting(job, letter):
            attempt(job, letter)


def attempt(job: Job, letter: Letter) -> None:
    try:
        written = write(letter, activity.find(job.workspace_id, letter.event_seq))
    except NotFound:  # the post was deleted meanwhile, or its status taken back: there is nothing left to tell
        letters.finish(job, letter, letters.OVER, None)
        return
    except NotYet as later:
        letters.put_off(job, later.seconds)
        return
    outcome = letters.carry(job.workspace_id, letter, written, is_to_team=letter.kind in team_letters.WRITERS)
    is_whole = outcome.state == "kept" and not written.way_in
    letters.finish(job, letter, outcome, written if is_whole else without_secrets(written))


def write(letter: Letter, event: Event) -> Written:
    return WRITERS[letter.kind](event, letter)


def without_secrets(written: Written) -> Written:
    """A letter as it is kept once it has arrived: what its link can do, it can do from there."""
    return Written(*(SECRET.sub(r"\1…", part) for part in written))
