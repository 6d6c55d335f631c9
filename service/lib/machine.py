"""How busy and how full this machine is, as shares from 0 to 1; None where that cannot be known. Standard library only."""

import os
import shutil
from pathlib import Path

MEMORY = Path("/proc/meminfo")


def cpu() -> float | None:
    """Of all cores, over the last minute: what runs or waits to run; 1 when that is as much as there are, or more."""
    try:
        return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    except OSError:
        return None


def memory(path: Path = MEMORY) -> float | None:
    """What is in use and cannot be given up at once (on Linux)."""
    try:
        facts = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        total, available = (int(facts[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
        return 1 - available / total
    except (OSError, KeyError, ValueError, IndexError, ZeroDivisionError):
        return None


def disk(folder: Path | None) -> float | None:
    """Of the disk that this folder is on."""
    try:
        found = shutil.disk_usage(folder) if folder else None
        return found and 1 - found.free / found.total
    except (OSError, ZeroDivisionError):
        return None
