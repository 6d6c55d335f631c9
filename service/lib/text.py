"""What people type, made fit to store: NFC, no control characters, no invisible or reordering trickery."""

import re
import secrets
import unicodedata

KEPT = {"\n", "\t", "\u200d", "\u200c"}  # line, tab; joiners that emoji and several scripts need
DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)
EMAIL = re.compile(r"(?!.*=\?)[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\.]+(\.[^@\s<>,;:\"()\[\]\\.]+)*")
MOST_MARKS = 8  # combining marks on one letter
KEY = re.compile(r"[a-z0-9](-?[a-z0-9]){0,39}", re.ASCII)
WHAT_A_KEY_IS = "A key has 1–40 small letters a–z and digits, and single hyphens between them."
LINKING = re.compile(r"([.:/@])(?=\S)")  # what addresses are held together by
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 has no word for


def tidy(text: str) -> str:
    """Text of several lines: NFC, line ends as \\n, trimmed, without control and format characters."""
    # marks are thinned out before: normalising a long run of them takes time by the square, and stops every thread
    text = unicodedata.normalize("NFC", without_towers(text.replace("\r\n", "\n").replace("\r", "\n")))
    kept = "".join(char for char in text if char in KEPT or unicodedata.category(char) not in {"Cc", "Cf", "Cs"})
    return without_towers(kept).strip()


def tidy_line(text: str) -> str:
    """The same on one line, runs of blanks folded; what shows nothing is empty."""
    line = " ".join(tidy(text).split())
    return line if any(unicodedata.category(char)[0] not in "ZC" for char in line) else ""


def fitting(text: str, most: int, made_tidy=tidy) -> str | None:
    """The text made tidy, or None when it is longer than `most` characters. What is far too long is not even tidied;
    nothing is ever cut off."""
    tidied = made_tidy(text) if len(text) <= 4 * most else None
    return tidied if tidied is not None and len(tidied) <= most else None


def without_towers(text: str) -> str:
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def email(text: str) -> str | None:
    """An address as we store it, its domain as the DNS writes it; None when it cannot be one.

    Nor can it hold `=?`: the header of a letter would decode what follows, commas and all, into other addresses. Nor a
    letter that in lower case becomes an ASCII one (the Kelvin sign): two mailboxes would be one person."""
    address = unicodedata.normalize("NFC", text[:1000]).strip()
    if len(address) > 254 or not address.isprintable() or not EMAIL.fullmatch(address):
        return None
    local, domain = address.rsplit("@", 1)
    known = domain_of(domain)
    return f"{local}@{known}" if known and len(local) + len(known) < 254 and not has_double(local) else None


def mailbox(email: str) -> str:
    """What all spellings of one mailbox have in common: small letters, no dots in its name, nothing from a + on."""
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"


def domain_of(spelling: str) -> str | None:
    """The one way in which we write a domain, however it was typed: small letters, `xn--` for what is not ASCII.

    None when there is none, or when it would be another one's: ß was taken for ss once and is a letter of its own now."""
    spelling = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", spelling).lower()).replace("\u3002", ".")
    try:
        known = spelling if spelling.isascii() else spelling.encode("idna").decode("ascii").lower()
        is_same = spelling.isascii() or known.encode("ascii").decode("idna") == spelling
    except UnicodeError:
        return None
    return known if is_same and DOMAIN.fullmatch(known) else None


def has_double(address: str) -> bool:
    return any(not char.isascii() and any(low.isascii() for low in char.lower()) for char in address)


def is_plain_id(text: str) -> bool:
    """Whether this can be a customer's id of a user or company: 1–255 characters, no `/`, none invisible, and not `.`
    or `..`, which mean another place in an address."""
    if text in (".", ".."):
        return False
    return 1 <= len(text) <= 255 and "/" not in text and text.isprintable() and text == text.strip()


def key_from(name: str, otherwise: str) -> str:
    """A key made of a name; of `otherwise` and something random when there is no letter a–z or digit in it."""
    plain = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-") or f"{otherwise}-{secrets.token_hex(3)}"


def is_key(text: str) -> bool:
    """Whether this can be the key of a board, status, tag, field or segment: it stands in addresses."""
    return bool(KEY.fullmatch(text))


def without_links(text: str) -> str:
    """The same to the eye, in which no mail program finds an address to make a link of: for names that strangers chose."""
    return LINKING.sub("\\1\u2060", text)


def for_xml(text: str) -> str:
    """The same without what no XML document may hold."""
    return NOT_XML.sub("", text)
