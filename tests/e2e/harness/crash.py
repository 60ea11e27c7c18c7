"""What crash tests ask of the database while ingest works, and what they do to processes."""
import random
import time

import psycopg

from .invariant import invariant, offsets
from .paths import patience
from .stuck import what_it_does
from .wait import wait_until
from .weir import Process, Weir, pipeline_name

# Records a second that leave room for everything else.
PER_S = int(4_000 / patience())

# Conditions on pg_stat_activity.
IN_COPY = "state = 'active' AND query LIKE 'COPY %' AND wait_event = 'ClientRead'"
IN_TRANSACTION = "state <> 'idle'"
WAITS_FOR_LOCK = "wait_event_type = 'Lock'"


def stored(database, topic: str) -> int:
    """Rows that the pipeline has committed, by its own count; -1 while the database does not answer."""
    try:
        with database.connect() as connection:
            if connection.execute("SELECT to_regclass('weir.offsets')").fetchone() == (None,):
                return 0
            rows, = connection.execute("SELECT coalesce(sum(rows), 0) FROM weir.offsets WHERE pipeline = %s",
                                       [pipeline_name(topic)]).fetchone()
            return int(rows)
    except psycopg.OperationalError:
        return -1


def epochs(database, topic: str) -> dict[int, int]:
    return {partition: row["owner_epoch"] for partition, row in
            offsets(database, pipeline_name(topic), topic).items()}


def backends(database, condition: str = "true") -> list[int]:
    """Pids of the server's processes that serve weir in this database."""
    return [pid for pid, in database.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'weir:%'"
        f" AND {condition}")]


def terminate(database, pid: int) -> bool:
    return database.value("SELECT pg_terminate_backend(%s)", [pid])


def wait_rows(database, topic: str, more_than: int, *processes: Process, timeout_s: float = 30) -> None:
    """Waits for rows beyond so many; fails at once when one of the processes has ended."""
    def ended():
        return [p for p in processes if not p.running()]
    try:
        wait_until(lambda: stored(database, topic) > more_than or ended(), timeout_s, every_s=0.05,
                   what=f"more than {more_than} rows")
    except AssertionError as error:
        doing = [f"{process}{what_it_does(process.pid, database)}" for process in processes]
        raise AssertionError("\n".join([str(error), *doing])) from None
    assert not ended(), "\n".join(map(str, ended()))


def finish(database, topic: str, sent, *processes: Process) -> None:
    """These processes, still the same, store all that was sent and end well; the books balance."""
    wait_rows(database, topic, len(sent) - 1, *processes, timeout_s=60)
    for process in processes:
        assert process.stop() == 0, process
    assert invariant(database, topic, sent)["rows"] == len(sent)


def freeze(process: Process, database, condition: str) -> None:
    """SIGSTOP at a moment when a backend of its is in this state."""
    def stopped_in_time():
        process.freeze()
        if backends(database, condition):
            return True
        process.thaw()
        time.sleep(random.uniform(0, 0.02))
        return False
    wait_until(stopped_in_time, every_s=0, what=f"a frozen process with a backend that is {condition}")


def kill_cycles(weir: Weir, database, topic: str, cycles: int, within_s: float) -> None:
    """kill -9 at a random moment, and again; after each start a new row within so many seconds. (The very first may
    take longer: Kafka makes the group's own topic then.)"""
    for cycle in range(cycles + 1):
        before = stored(database, topic)
        begun = time.monotonic()
        ingest = weir.ingest(topic)
        wait_rows(database, topic, before, ingest, timeout_s=within_s if cycle else 60)
        print(f"first new row after {time.monotonic() - begun:.2f} s")
        if cycle < cycles:
            time.sleep(random.uniform(0, 1))
        ingest.kill9()
        wait_until(lambda: not backends(database), what="the dead process's transactions to end")
