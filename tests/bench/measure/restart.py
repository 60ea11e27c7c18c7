"""kill -9, a restart at once, and the time until the first new row can be seen."""
import subprocess
import time

from .process import median
from .stage import TABLE, Stage
from .table import Table, say
from .weir import Weir

TARGET_S = 1.0


def start(weir: Weir, topic: str, database) -> subprocess.Popen:
    log = (weir.stage.folder / "restart.err").open("ab")
    return subprocess.Popen(weir.command(topic, database), env=weir.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=log, cwd=weir.stage.folder)


def wait_for_row(connection, page: int, timeout_s: float = 60) -> None:
    """A visible row on this page of the table or behind it."""
    deadline = time.monotonic() + timeout_s
    while not connection.execute(f"SELECT 1 FROM {TABLE} WHERE ctid >= '({page},0)'::tid LIMIT 1").fetchone():
        assert time.monotonic() < deadline, "no new row"
        time.sleep(0.001)


def pages(connection) -> int:
    return connection.execute(f"SELECT pg_relation_size('{TABLE}') / current_setting('block_size')::int").fetchone()[0]



def measure(stage: Stage, table: Table, topic: str, weir: Weir, kills: int) -> None:
    """The pages of the killed transaction lie behind the mark, but nothing on them is visible."""
    say("kill -9 and a restart")
    database = stage.database()
    times = []
    with database.connect() as connection:
        process = start(weir, topic, database)
        wait_for_row(connection, 0)
        for _ in range(kills):
            process.kill()
            process.wait()
            killed = time.monotonic()
            mark = pages(connection)
            process = start(weir, topic, database)
            wait_for_row(connection, mark)
            times.append(time.monotonic() - killed)
        process.kill()
        process.wait()
    stage.drop(database)
    table.at_most(f"first new row after kill -9 and restart, worst of {kills}, s", max(times), TARGET_S,
                  note=f" (median {median(times):.2f})")
