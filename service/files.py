"""Where our files are: beside the package in a checkout, inside it when installed from a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def root(name: str) -> Path:
    """The folder `widget` or `migrations`, wherever this installation keeps it."""
    beside = PACKAGE.parent / name
    return beside if (PACKAGE.parent / "pyproject.toml").exists() else PACKAGE / name
