"""How many round trips go to the database, COMMIT among them; BEGIN goes along with the statement after it."""

from contextlib import contextmanager

from service.db import database


class Counter:
    """Counts the statements that go to the database, COMMIT among them."""

    def __init__(self):
        self.count = 0

    def hear(self, _event) -> None:
        self.count += 1

    def counted(self, send):
        def counting(*arguments):
            self.count += 1
            return send(*arguments)

        return counting

    @contextmanager
    def into(self, results: dict, name: str):
        """Write into `results` how many there are while this block runs."""
        before = self.count
        database.query_hooks.append(self.hear)
        database.commit = self.counted(database.commit)
        try:
            yield
        finally:
            database.query_hooks.remove(self.hear)
            del database.commit
        results[name] = self.count - before
