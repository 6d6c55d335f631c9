"""What this installation remembers of itself, in one row: proof of its keys, its address, its demo."""

from service import db
from service.config import Config
from service.errors import SettingError
from service.lib import sealing
from service.models import Installation

KEY_CHECK = "sayso"

REMEMBER_KEYS = """
INSERT INTO installation (key_check) VALUES (%(sealed)s)
ON CONFLICT (only_one) DO UPDATE SET key_check = excluded.key_check"""


@db.verb
def check_keys() -> None:
    """Raise SettingError unless SECRET_KEYS open what this database holds; then it is sealed with the newest of them."""
    known = Installation.get_or_none()
    if known and sealing.unseal(known.key_check) != KEY_CHECK:
        raise SettingError("SECRET_KEYS do not open what this database holds; give the keys it was made with.")
    db.changed(REMEMBER_KEYS, sealed=sealing.seal(KEY_CHECK))


def serve(config: Config) -> None:
    """Remember where our pages are served."""
    Installation.update(base_url=config.base_url).execute()


def served(config: Config) -> Config:
    """The settings with the address where pages were served last, unless BASE_URL says one."""
    known = Installation.get_or_none()
    url = not config.base_url_given and known and known.base_url
    return config.serving(url) if url else config


def operator_id() -> int | None:
    """The person who runs this server, once there is one."""
    known = Installation.get_or_none()
    return known and known.operator_id


def appoint(person_id: int, instead: bool = True) -> None:
    """Remember who runs this server; not `instead` of somebody else, unless that is said."""
    nobody = Installation.operator_id.is_null()
    Installation.update(operator_id=person_id).where(True if instead else nobody).execute()


def demo_id() -> int | None:
    """The workspace that `sayso demo` made, if it did."""
    known = Installation.get_or_none()
    return known and known.demo_id


def remember_demo(workspace_id: int) -> None:
    Installation.update(demo_id=workspace_id).execute()
