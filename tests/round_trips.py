"""How many statements go to the database, BEGIN and COMMIT among them."""

from contextlib import contextmanager

from service.db import database


class Counter:
    """Counts the statements that go to the database, BEGIN and COMMIT among them."""

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
        before, kept = self.count, {name: getattr(database, name) for name in ("begin", "commit")}
        database.query_hooks.append(self.hear)
        for verb, send in kept.items():
            setattr(database, verb, self.counted(send))
        try:
            yield
        finally:
            database.query_hooks.remove(self.hear)
            for verb in kept:
                delattr(database, verb)
        results[name] = self.count - before
