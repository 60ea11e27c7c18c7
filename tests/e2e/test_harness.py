"""The harness itself: what the other tests take for granted."""
import runpy
import time

import psycopg
import pytest

from harness.invariant import invariant
from harness.paths import ROOT
from harness.proxy import Cut
from harness.records import Record, Sent, chapter_records
from harness.wait import wait_until


def test_chapter_records_are_the_chapters_and_unique():
    records = list(chapter_records(5_000))
    assert len({r.unique_id for r in records}) == 5_000
    assert records[4_999].unique_id.encode() in records[4_999].value


def test_produce_keeps_keys_headers_times_and_null_values(kafka, topic):
    sent = kafka.produce(topic, [
        Record(b"v", key=b"k", headers=[("h", b"1"), ("h", None)], partition=2, timestamp_ms=1_700_000_000_000),
        Record(None, partition=2),
        Record(b"", partition=0),
    ])
    assert sorted((s.partition, s.offset) for s in sent) == [(0, 0), (2, 0), (2, 1)]
    assert kafka.ends(topic) == {0: 1, 1: 0, 2: 2}


def test_delete_records_moves_the_start(kafka, topic):
    kafka.produce(topic, [Record(b"x", partition=1)] * 10)
    kafka.delete_records(topic, {1: 7})
    assert kafka.starts(topic) == {0: 0, 1: 7, 2: 0}


@pytest.mark.crash
def test_a_killed_kafka_keeps_what_it_acknowledged(kafka, topic):
    kafka.produce(topic, [Record(b"x", partition=0)] * 10)
    kafka.kill()
    kafka.start()
    assert kafka.ends(topic)[0] == 10


@pytest.mark.crash
def test_a_killed_postgres_keeps_what_it_committed(postgres, database):
    database.execute("CREATE TABLE t AS SELECT 1 AS one")
    postgres.kill()
    postgres.start()
    assert database.count("t") == 1


def copy_one(connection):
    with connection.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write_row([1])


@pytest.mark.parametrize(("where", "stored"), [(Cut.BEFORE, 0), (Cut.IN, 1), (Cut.AFTER, 1), (Cut.HELD, 1)])
def test_proxy_cuts_at_the_commit_of_a_copy(database, proxy, where, stored):
    database.execute("CREATE TABLE t (one int)")
    connection = psycopg.connect(**database.parameters(port=proxy.port))
    connection.commit()
    proxy.cut(where, nth=2, hold_s=60)
    copy_one(connection)
    connection.commit()
    connection.execute("SELECT 1")
    connection.commit()  # holds no COPY: passes
    assert proxy.cuts == 0
    copy_one(connection)
    with pytest.raises(psycopg.OperationalError):
        connection.commit()
    proxy.wait_cut()
    if where is Cut.HELD:
        assert database.count("t") == 1, "the held transaction is not there yet"
        proxy.release()
    wait_until(lambda: database.count("t") == 1 + stored, timeout_s=5, what=f"{stored} rows of the cut transaction")
    time.sleep(0.1)
    assert database.count("t") == 1 + stored


def test_full_disk_refuses_writes_until_it_is_freed(full_disk):
    database = full_disk.server.create_database()
    database.execute("CREATE TABLE t (text text)")
    full_disk.fill("base")
    with pytest.raises(psycopg.errors.DiskFull):
        database.execute("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
    full_disk.free()
    database.execute("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
    assert database.count("t") == 10_000


def test_transactional_producer_commits_aborts_and_leaves_open(kafka, topic, transactional_producer):
    producer = transactional_producer(f"id of {topic}")
    producer.begin()
    assert producer.send(topic, 0, "kept") == 0
    producer.commit()
    producer.begin()
    assert producer.send(topic, 0, "dropped") == 2  # 1 is the commit marker
    producer.abort()
    producer.begin()
    assert producer.send(topic, 0, "open", key="k") == 4
    producer.kill()
    assert kafka.ends(topic)[0] == 5


def test_mutants_fit_the_source():
    """tests/chaos/mutants runs seldom; what it takes out must be there all the same."""
    for mutant in runpy.run_path(str(ROOT / "tests" / "chaos" / "mutants"))["MUTANTS"]:
        for file, old, _ in mutant.changes:
            assert (ROOT / file).read_text().count(old) == 1, f"{mutant.name}: {old} in {file}"


class TestInvariant:
    """The judge must be able to say no."""

    @pytest.fixture
    def books(self, database):
        database.create_chapter_table()
        database.execute("CREATE SCHEMA weir")
        database.execute("CREATE TABLE weir.offsets (pipeline text, topic text, partition int, start_offset bigint,"
                         " next_offset bigint, owner_epoch bigint, rows bigint, dead bigint, filtered bigint,"
                         " tombstones bigint, suppressed bigint, absent bigint)")
        database.execute("CREATE TABLE weir.dead_letters (pipeline text, topic text, partition int,"
                         " record_offset bigint, item int, key bytea, value bytea, headers jsonb, column_name text,"
                         " reason text, sqlstate text, replayed_at timestamptz)")
        database.execute("INSERT INTO weir.offsets VALUES ('p', 't', 0, 0, 3, 1, 2, 1, 0, 0, 0, 0)")
        database.execute("INSERT INTO weir.dead_letters VALUES ('p', 't', 0, 1, 0)")
        database.execute("INSERT INTO streaming_layer.streaming_data (unique_id) VALUES ('a'), ('c')")
        self.sent = [Sent("t", 0, offset, unique_id, Record(b"")) for offset, unique_id in enumerate("abc")]
        return database

    def test_balanced_books_pass(self, books):
        assert invariant(books, "t", self.sent, pipeline="p")["rows"] == 2

    @pytest.mark.parametrize("damage", [
        "UPDATE weir.offsets SET next_offset = 4",
        "INSERT INTO streaming_layer.streaming_data (unique_id) VALUES ('a')",
        "DELETE FROM streaming_layer.streaming_data WHERE unique_id = 'a'",
        "INSERT INTO streaming_layer.streaming_data (unique_id) VALUES ('never sent')",
        "INSERT INTO streaming_layer.streaming_data (unique_id) VALUES ('b')",
        "DELETE FROM weir.dead_letters",
        "UPDATE weir.dead_letters SET replayed_at = now()",
    ])
    def test_any_damage_is_seen(self, books, damage):
        books.execute(damage)
        with pytest.raises(AssertionError):
            invariant(books, "t", self.sent, pipeline="p")
