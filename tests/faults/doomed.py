"""A worker process that is killed on the way: `python doomed.py URL FOLDER SECONDS [LEASE]`.

Its jobs say where it stops until somebody acts: a file named after the job appears then, and the job goes on after
SECONDS. What a job does to the outside world is one line in the file `effects` for each attempt."""

import signal
import sys
import time
from pathlib import Path

from service import db
from service.db import database
from service.worker import Worker

LEASE, THREADS = 1, 8
MARK = "INSERT INTO rate VALUES (%(key)s, now(), 1)"


def handler(folder: Path, seconds: float = 0):
    def handle(job):
        def reach(point):
            if seconds and point == job.args["stop_at"]:
                (folder / str(job.id)).touch()
                time.sleep(seconds)

        reach("claimed")
        with (folder / "effects").open("a") as effects:
            effects.write(f"{job.id}\n")
        reach("done outside")
        with database.atomic():
            db.changed(MARK, key=f"{job.id} attempt {job.attempt}")
            reach("done in the transaction")
            job.complete()
        reach("completed")

    return handle


if __name__ == "__main__":
    url, place, seconds, *lease = sys.argv[1:]
    db.start(url, connections=THREADS + 2)
    handlers = {"doomed": handler(Path(place), float(seconds))}
    worker = Worker(url, threads=THREADS, lease=float(*lease or [LEASE]), handlers=handlers, cron={})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    worker.run()
