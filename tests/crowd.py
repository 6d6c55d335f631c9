"""Many at the same moment, each with a database connection of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from service import db


def at_once(work, times: int = 20) -> list:
    """What `work(0)`, `work(1)`, … return (or raise), begun together in as many threads."""
    ready = threading.Barrier(times)

    def one(number: int):
        db.connect()
        ready.wait(10)
        try:
            return work(number)
        except Exception as error:
            return error
        finally:
            db.discard()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))
