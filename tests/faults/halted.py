"""A `sayso` command that stops somewhere for ever, to be killed there: `python halted.py MODULE NAME TIMES FILE COMMAND…`.

It stops when NAME of MODULE is called for the TIMES-th time, before it does anything; FILE appears then."""

import sys
import time
from functools import reduce
from importlib import import_module
from pathlib import Path

from service.cli import main


def halting(function, times: int, sign: Path):
    def called(*arguments, **named):
        nonlocal times
        times -= 1
        if not times:
            sign.touch()
            while True:
                time.sleep(0.05)
        return function(*arguments, **named)

    return called


if __name__ == "__main__":
    module, name, times, sign, *command = sys.argv[1:]
    *way, last = name.split(".")
    place = reduce(getattr, way, import_module(module))
    setattr(place, last, halting(getattr(place, last), int(times), Path(sign)))
    sys.argv = ["sayso", *command]
    main()
