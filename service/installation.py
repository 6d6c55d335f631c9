"""What this installation remembers of itself, in one row: proof of its keys, its address, its demo."""

from service import db
from service.config import Config
from service.errors import SettingError
from service.lib import sealing

KEY_CHECK = "sayso"

REMEMBER_KEYS = """
INSERT INTO installation (key_check) VALUES (%(sealed)s)
ON CONFLICT (only_one) DO UPDATE SET key_check = excluded.key_check"""
KEYS = "SELECT key_check FROM installation"
SERVE = "UPDATE installation SET base_url = %(url)s WHERE base_url IS DISTINCT FROM %(url)s"
SERVED = "SELECT base_url FROM installation"
DEMO = "SELECT demo_id FROM installation"
REMEMBER_DEMO = "UPDATE installation SET demo_id = %(workspace)s"


@db.verb
def check_keys() -> None:
    """Raise SettingError unless SECRET_KEYS open what this database holds; then it is sealed with the newest of them."""
    row = db.row(KEYS)
    if row and sealing.unseal(row[0]) != KEY_CHECK:
        raise SettingError("SECRET_KEYS do not open what this database holds; give the keys it was made with.")
    db.changed(REMEMBER_KEYS, sealed=sealing.seal(KEY_CHECK))


def serve(config: Config) -> None:
    """Remember where our pages are served."""
    db.changed(SERVE, url=config.base_url)


def served(config: Config) -> Config:
    """The settings with the address where pages were served last, unless BASE_URL says one."""
    url = not config.base_url_given and db.row(SERVED)[0]
    return config.serving(url) if url else config


def demo_id() -> int | None:
    """The workspace that `sayso demo` made."""
    return db.row(DEMO)[0]


def remember_demo(workspace_id: int) -> None:
    db.changed(REMEMBER_DEMO, workspace=workspace_id)
