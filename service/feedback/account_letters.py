"""The letters about a member's own account. They hold links that are stored nowhere, so none of them is kept."""

from service import words
from service.feedback import account, letters, proofs, sign_in
from service.feedback.letters import Written
from service.jobs import Job
from service.words import Words


def send_sign_in(job: Job) -> None:
    """Send a link to sign in."""
    armed = sign_in.arm(job.args["link"])
    if armed:
        email, secret = armed
        url = letters.link(f"/app/sign-in/{secret}")
        said = language(job)
        written = letters.write("sign_in", said.teamSignIn, words=said, url=url, minutes=sign_in.MINUTES)
        hand_over(job, email, written._replace(way_in=url, label="Sign-in link"))


def send_proof(job: Job) -> None:
    """Send a link that proves who somebody is, or that a new address is theirs."""
    armed = proofs.arm(job.args["link"])
    if armed:
        url = letters.link(f"/app/prove/{armed.secret}")
        said, minutes = language(job), proofs.LIVES[armed.purpose]
        kind, subject = KINDS[armed.purpose]
        written = letters.write(kind, said.say(subject), words=said, url=url, minutes=minutes, email=armed.email)
        hand_over(job, armed.email, written._replace(way_in=url, label="Link to confirm"))


def tell_former(job: Job) -> None:
    """Tell an address that another one has taken its place."""
    moved = account.changed(job.args["link"])
    if moved:
        former, email = moved
        said = language(job)
        hand_over(job, former, letters.write("moved", said.teamMoved, words=said, email=email))


KINDS = {proofs.PROOF: ("proof", "teamProof"), proofs.ADDRESS: ("address", "teamAddress")}  # letter, word of its subject


def language(job: Job) -> Words:
    """That of the browser in which they asked."""
    return words.chosen(job.args.get("locale"))


def hand_over(job: Job, to: str, written: Written) -> None:
    letters.deliver(to, written, f"{job.kind}.{job.args['link']}")
