"""weir dead replay and export: letters through the pipeline again, exactly once, or back into a topic."""
import json

import pytest

from harness.invariant import balanced
from harness.records import Record
from harness.weir import pipeline_name

TIME_MS = 1_700_000_000_123
HEADERS = [("h", b"one"), ("h", b"\xfe\x00"), ("none", None), ("h", b"")]


class Letters:
    """A pipeline with dead letters, and `weir dead` on it."""

    def __init__(self, weir, kafka, database, topic, table="t"):
        self.weir, self.kafka, self.database, self.topic, self.table = weir, kafka, database, topic, table
        self.pipeline = pipeline_name(topic, table)
        self.credentials = database.credentials(weir.folder)

    def produce(self, values, partition=0, **fields):
        return self.kafka.produce(self.topic, [Record(value, key=b"k\x00", headers=HEADERS, partition=partition,
                                                      timestamp_ms=TIME_MS, **fields) for value in values])

    def ingest(self, *options):
        return self.weir.run(self.topic, *options, setup=False, table=self.table)

    def dead(self, *arguments, exit_code=0, **how):
        return self.weir.call("dead", *arguments, "--database", self.credentials, exit_code=exit_code, **how)

    def replay(self, *options, exit_code=0, **how):
        return self.dead("replay", self.pipeline, "-J", *options, exit_code=exit_code, **how).summary()

    def open(self):
        return self.database.query("SELECT partition, record_offset FROM weir.dead_letters WHERE replayed_at IS NULL"
                                   " AND pipeline = %s ORDER BY 1, 2", [self.pipeline])

    def counters(self):
        """The books, which must balance, and `dead` be as many as there are letters."""
        counters = balanced(self.database, self.pipeline, self.topic)
        assert counters["dead"] == len(self.open())
        return {name: n for name, n in counters.items() if n}


@pytest.fixture
def letters(weir, kafka, database, topic) -> Letters:
    weir.env["WEIR_LOG_FORMAT"] = "text"
    return Letters(weir, kafka, database, topic)


def test_after_the_table_was_mended_letters_become_rows_once(letters, database):
    database.execute("CREATE TABLE t (n int, u int UNIQUE)")
    letters.produce([b'{"n": 1}', b'{"n": "12a"}', b'{"n": "seven", "u": 5}', b'not JSON', b'{"u": 5}'])
    letters.produce([b'{"n": "x"}'], partition=1)
    assert letters.ingest()["dead"] == 4

    database.execute("ALTER TABLE t ALTER n TYPE text")
    assert letters.replay("--dry-run", exit_code=1)["replayed"] == 2
    assert letters.counters() == {"rows": 2, "dead": 4}, "a dry run changes nothing"

    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"], summary["not_tried"]) == (2, 2, 0)
    assert {(r["sqlstate"], r["letters"]) for r in summary["reasons"]} == {("22P02", 1), ("23505", 1)}
    assert database.query("SELECT n, u FROM t ORDER BY n") == [("1", None), ("12a", None), ("x", None), (None, 5)]
    assert letters.counters() == {"rows": 4, "dead": 2}
    assert letters.open() == [(0, 2), (0, 3)]
    assert "(u)=(5) already exists" in database.value("SELECT reason FROM weir.dead_letters WHERE record_offset = 2"), \
        "the new reason in the place of the old"

    database.execute("DELETE FROM t WHERE u = 5; INSERT INTO t VALUES ('other')")
    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"], summary["replayed_before"]) == (1, 1, 2)
    assert database.value("SELECT u FROM t WHERE n = 'seven'") == 5
    assert letters.counters() == {"rows": 5, "dead": 1}
