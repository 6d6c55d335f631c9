"""Every setting, read once at the start, loudly; nothing else looks at the environment."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from service.errors import Invalid, SettingError
from service.given import flag, port_number, reason, secret, url, whole_seconds
from service.lib import outbound, text

SECRET_KEY_LENGTH = 32  # characters, at least
FEW_CHARACTERS = 6  # different ones; a random key has more
# What a key that somebody made up for the time being has in it; in a random one none of these ever stands by chance.
PLACEHOLDERS = ("changeme", "change-me", "change_me", "placeholder", "replace", "example", "default", "password", "insert-",
                "yoursecret", "your-secret", "your_secret", "secretkey", "secret-key", "secret_key", "123456789", "abcdefgh",
                "qwerty", "development")  # fmt: skip
MAKE_KEY = "e.g. from: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
LEASE_SECONDS = 60  # a job whose worker was silent for so long goes to another
LISTEN_ON_ALL = {"0.0.0.0", "::", ""}  # noqa: S104 the user's choice


@dataclass(frozen=True)
class Config:
    """What this installation is told. URLs have no trailing slash; `secret_keys` has the newest last.

    `database_url` is None until an embedded PostgreSQL has been started."""

    database_url: str | None
    secret_keys: tuple[str, ...]
    base_url: str
    base_url_given: bool  # else it is made from HOST and PORT
    stream_url: str
    host: str
    port: int
    stream_port: int
    data_dir: Path
    smtp_url: str | None
    mail_from: str
    demo: bool
    sign_up: bool  # whether strangers may sign in and make workspaces
    trusted_proxy: str | None  # whose X-Forwarded-For is believed
    postgres: str = "18"  # major version of the embedded PostgreSQL: 16 or 18
    lease_seconds: int = LEASE_SECONDS
    stripe_secret_key: str | None = None  # without one there are no plans, and everything is on
    stripe_webhook_secrets: tuple[str, ...] = ()  # two while one is being replaced
    stripe_prices: dict[str, str] = field(default_factory=dict)  # month, and perhaps year → the id of Pro's price
    stripe_api: str | None = None  # where Stripe is asked, if not at its own address
    outbound_allow: tuple[IPv4Network | IPv6Network, ...] = ()  # networks of one's own that webhooks may reach
    embeddings_url: str | None = None  # of a server that makes vectors, up to /v1; without one the local model does
    embeddings_model: str | None = None  # that it is asked for
    embeddings_api_key: str | None = None
    backup_dir: Path | None = None  # where a backup is put every night

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over HTTPS."""
        return self.base_url.startswith("https:")

    def at(self, database_url: str) -> "Config":
        """The same settings with a database that has been started meanwhile."""
        return replace(self, database_url=database_url)

    def serving(self, base_url: str) -> "Config":
        """The same settings for pages that are served elsewhere."""
        return replace(self, base_url=base_url)


def read(environ=os.environ, **options) -> Config:
    """The settings from the environment; `options` of the command line (None = not given) win.

    Raises SettingError with one line that names the setting, what is wrong and an example."""
    given = merged(environ, options)
    data_dir, database_url = data_folder(given), database(given)
    return Config(
        database_url=database_url,
        secret_keys=secret_keys(given, data_dir, embedded=not database_url),
        data_dir=data_dir,
        smtp_url=mail_server(given),
        sign_up=flag(given, "SIGN_UP", default=True),
        mail_from=sender(given),
        postgres=given.get("SAYSO_POSTGRES") or "18",
        lease_seconds=whole_seconds(given, "SAYSO_LEASE", LEASE_SECONDS),
        backup_dir=backup_folder(given),
        **stripe(given),
        outbound_allow=networks(given, "OUTBOUND_ALLOW"),
        **embedding_server(given),
        **addresses(given),
    )


def expect_installation(environ=os.environ, **options) -> None:
    """Raise SettingError unless a Sayso is there already: in the data folder, or wherever DATABASE_URL says."""
    given = merged(environ, options)
    if not secret(given, "DATABASE_URL") and not (data_folder(given) / "postgres").exists():
        raise SettingError(f"There is no Sayso in {data_folder(given)}; name its folder with --data, or start it: sayso up")


def keys_there(environ=os.environ, **options) -> bool:
    """Whether SECRET_KEYS are given, or kept beside the embedded database: a restore must not make new ones."""
    given = merged(environ, options)
    is_kept = not secret(given, "DATABASE_URL") and (data_folder(given) / "secret_keys").exists()
    return is_kept or secret(given, "SECRET_KEYS") is not None


def merged(environ, options: dict) -> dict[str, str]:
    return {**environ, **{name.upper(): str(value) for name, value in options.items() if value is not None}}


def data_folder(given) -> Path:
    return Path(given.get("DATA_DIR") or default_data_dir()).absolute()


def addresses(given) -> dict:
    """Where we listen, and how browsers reach that: directly, or through a proxy once BASE_URL names one."""
    host = given.get("HOST") or "127.0.0.1"
    shown = "127.0.0.1" if host in LISTEN_ON_ALL else f"[{host}]" if ":" in host else host
    port, stream_port = port_number(given, "PORT", 8000), port_number(given, "STREAM_PORT", 8001)
    base_url = url(given, "BASE_URL", {"http", "https"}, "https://feedback.example.com")
    stream_url = url(given, "STREAM_URL", {"http", "https"}, "https://feedback.example.com/stream")
    return {
        "host": host,
        "port": port,
        "stream_port": stream_port,
        "base_url_given": bool(base_url),
        "base_url": base_url or f"http://{shown}:{port}",
        "stream_url": stream_url or (f"{base_url}/stream" if base_url else f"http://{shown}:{stream_port}/stream"),
        "trusted_proxy": proxy(given) or ("127.0.0.1" if base_url else None),
        "demo": flag(given, "DEMO", default=not (base_url or "").startswith("https:")),
    }


def database(given) -> str | None:
    address = secret(given, "DATABASE_URL")
    url({"DATABASE_URL": address}, "DATABASE_URL", {"postgres", "postgresql"}, "postgresql://sayso@db/sayso")
    return address and address.replace("postgres://", "postgresql://", 1)  # peewee knows only the long name


def proxy(given) -> str | None:
    value = given.get("TRUSTED_PROXY") or None
    try:
        return value if value in {None, "*"} else str(ip_address(value))
    except ValueError:
        raise SettingError(f"TRUSTED_PROXY={value} is not an address; give one like TRUSTED_PROXY=10.0.0.2") from None


def networks(given, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    value = given.get(name) or ""
    try:
        return tuple(ip_network(each) for each in value.replace(",", " ").split())
    except ValueError:
        example = f"{name}=10.1.0.0/16,192.168.4.7"
        raise SettingError(f"{name}={value} is not a list of networks; give one like {example}") from None


def embedding_server(given) -> dict:
    """Who makes vectors. The address of an API (…/v1) and that of its /v1/embeddings mean the same."""
    address = url(given, "EMBEDDINGS_URL", {"http", "https"}, "https://api.example.com/v1")
    key, model = secret(given, "EMBEDDINGS_API_KEY"), (given.get("EMBEDDINGS_MODEL") or "").strip() or None
    if address:
        expect_reachable(address)
    if "?" in (address or ""):
        raise SettingError("EMBEDDINGS_URL has a question mark; give the address without what follows it.")
    if address and not model:
        raise SettingError("EMBEDDINGS_MODEL is not set; name a model of that server, e.g. "
                           "EMBEDDINGS_MODEL=text-embedding-3-small")  # fmt: skip
    if not (key or "").isprintable() or not (key or "").isascii():
        raise SettingError("EMBEDDINGS_API_KEY has characters that no header can carry; give the key alone.")
    return {"embeddings_url": address and address.removesuffix("/embeddings"), "embeddings_model": model,
            "embeddings_api_key": key}  # fmt: skip


def expect_reachable(address: str) -> None:
    """Raise SettingError unless we can ask there; it may be in a network of one's own."""
    try:
        outbound.check_form(address, allow=outbound.EVERYWHERE)
    except Invalid as wrong:
        raise SettingError(f"EMBEDDINGS_URL cannot be used: {wrong} Give one like "
                           "EMBEDDINGS_URL=https://api.example.com/v1") from None  # fmt: skip


def stripe(given) -> dict:
    """How Stripe is asked, and believed. Billing needs all of it or is off."""
    key, prices = secret(given, "STRIPE_SECRET_KEY"), {"month": "STRIPE_PRICE_PRO", "year": "STRIPE_PRICE_PRO_YEARLY"}
    secrets = tuple((secret(given, "STRIPE_WEBHOOK_SECRET") or "").replace(",", " ").split())
    found = {period: given[name].strip() for period, name in prices.items() if given.get(name)}
    wrong = {"STRIPE_SECRET_KEY=sk_live_…": key and not key.startswith(("sk_live_", "sk_test_", "rk_live_", "rk_test_")),
             "STRIPE_WEBHOOK_SECRET=whsec_…, which Stripe shows beside the endpoint /hooks/stripe":
                 key and not (secrets and all(each.startswith("whsec_") for each in secrets)),
             "STRIPE_PRICE_PRO=price_…, the price of Pro for a month": key and "month" not in found,
             "STRIPE_SECRET_KEY=sk_live_…, too": not key and (secrets or found)}  # fmt: skip
    for example, is_wrong in wrong.items():
        if is_wrong:  # not repeated: it may be a real one
            raise SettingError(f"Billing is half set up: give {example}; or none of the STRIPE settings.")
    api = url(given, "STRIPE_API", {"http", "https"}, "https://api.stripe.com")
    return {"stripe_secret_key": key, "stripe_webhook_secrets": secrets, "stripe_prices": found, "stripe_api": api}


def backup_folder(given) -> Path | None:
    """A folder that is there: one that is made by mistake on the wrong disk would look like a backup."""
    value = given.get("BACKUP_DIR")
    if value and not Path(value).is_dir():
        raise SettingError(f"BACKUP_DIR={value} is not a folder; make it, for the account that runs Sayso.")
    return Path(value).absolute() if value else None


def sender(given) -> str:
    value = given.get("MAIL_FROM") or "Sayso <sayso@localhost>"
    if not value.isprintable() or not text.email(parseaddr(value)[1]):
        raise SettingError("MAIL_FROM is not a sender; give one like MAIL_FROM='Acme <feedback@acme.example>'")
    return value


def mail_server(given) -> str | None:
    address = secret(given, "SMTP_URL")
    return url({"SMTP_URL": address}, "SMTP_URL", {"smtp", "smtps"}, "smtp://user:password@mail.example.com:587")


def default_data_dir() -> str:
    # PostgreSQL refuses to run as root, and the user it runs as must reach the folder
    return "/var/lib/sayso" if os.geteuid() == 0 else "./data"


def secret_keys(given, data_dir: Path, embedded: bool) -> tuple[str, ...]:
    """SECRET_KEYS, newest last; made once in the data folder when the database is embedded too."""
    keys = secret(given, "SECRET_KEYS")
    if keys is None and embedded:
        keys = kept_key(data_dir / "secret_keys")
    if keys is None:
        raise SettingError(
            "SECRET_KEYS is not set; with a DATABASE_URL of your own give at least one key of 32 or more random "
            f"characters, {MAKE_KEY}"
        )
    parts = tuple(keys.replace(",", " ").split())
    if not parts or any(len(key) < SECRET_KEY_LENGTH for key in parts):
        raise SettingError(f"SECRET_KEYS has a key shorter than {SECRET_KEY_LENGTH} characters; make a longer random one.")
    if any(is_placeholder(key) for key in parts):
        # not repeated: it may be a real one
        raise SettingError(f"SECRET_KEYS has a key that anybody could guess; make a random one, {MAKE_KEY}")
    return parts


def is_placeholder(key: str) -> bool:
    """Whether this was hardly made by chance: words of an example, few characters, or the same ones over and over."""
    name = key.lower()
    is_repeated = any(key[length:] == key[:-length] for length in range(1, len(key) // 2 + 1))
    return is_repeated or len(set(name)) < FEW_CHARACTERS or any(word in name for word in PLACEHOLDERS)


def kept_key(path: Path) -> str:
    """The key in `path`, made on first use. Whoever starts at the same moment gets the same key."""
    try:
        path.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        if not path.exists():
            # written aside and linked into place: a half-written key can never be read
            with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".key-") as new:  # mode 0600
                new.write(secrets.token_urlsafe(SECRET_KEY_LENGTH) + "\n")
                new.flush()
                os.fsync(new.fileno())
                link_once(new.name, path)
        return path.read_text()
    except OSError as error:
        why = f"The data folder {path.parent} cannot be used ({reason(error)})"
        raise SettingError(f"{why}; choose another with --data.") from None


def link_once(source: str, target: Path) -> None:
    with suppress(FileExistsError):  # another process was first; its key counts
        os.link(source, target)
