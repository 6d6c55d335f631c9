"""What tests do to a session: let time go by, and read the letter that was asked for last."""

from service import db
from service.feedback import proofs

STALE = "UPDATE session SET proved_at = now() - interval '11 minutes'"
NEWEST = "SELECT id FROM sign_in_link WHERE purpose <> 'sign_in' ORDER BY id DESC LIMIT 1"


def let_time_go_by() -> None:
    """Nobody has shown lately who they are."""
    db.changed(STALE)


def read_proof() -> str:
    """The secret of the link that was asked for last; it is made when the letter is written, as the worker does."""
    return proofs.arm(db.row(NEWEST)[0]).secret


def prove(browser) -> None:
    """Ask for the letter, open its link and press the button."""
    browser.open("/app/prove")
    assert browser.send("/app/prove").status_code == 200
    address = f"/app/prove/{read_proof()}"
    assert browser.open(address).status_code == 200
    assert browser.send(address).status_code == 200
