"""What topics hold, and what becomes of them: records of every kind, transactions, compaction, retention, partitions
that come, topics that are deleted and created again. weir passes over what is no record, counts it, and never guesses
an offset: where it cannot go on exactly, it says so by name."""
import contextlib
import json
import os
import re
import subprocess
import time

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from harness.invariant import balanced, offsets
from harness.library import newer_library
from harness.paths import TOOLS
from harness.records import Record
from harness.stream import Stream
from harness.wait import wait_until
from harness.weir import pipeline_name

INTO_T = {"setup": False, "table": "t"}
GO_ON_ANYWAY = ("--reset", "--accept-table", "--yes")


@pytest.fixture
def weir(weir, database):
    """Into the table t (n int); messages as people on a terminal read them."""
    database.execute("CREATE TABLE t (n int)")
    weir.env["WEIR_LOG_FORMAT"] = "text"
    return weir


def numbers(partition: int, values) -> list[Record]:
    return [Record(json.dumps({"n": n}).encode(), partition=partition, unique_id=str(n)) for n in values]


def stored(database, table: str = "t") -> list[int]:
    return sorted(row[0] for row in database.query(f"SELECT n FROM {table}"))


def next_offsets(database, topic: str, table: str = "t") -> dict[int, int]:
    return {p: row["next_offset"] for p, row in offsets(database, pipeline_name(topic, table), topic).items()}


def group_of(database, topic: str, table: str = "t") -> str:
    """weir.<pipeline>.<12 hex of the store's UUID>"""
    store = str(database.value("SELECT store_id FROM weir.meta"))
    return f"weir.{pipeline_name(topic, table)}.{store.replace('-', '')[:12]}"


def recreate(kafka, topic: str, partitions: int, **config) -> None:
    kafka.delete_topic(topic)
    kafka.create_topic(topic, partitions=partitions, **config)


# ---- a topic deleted and created again ----

def test_recreated_while_weir_is_down(kafka, database, weir):
    """Partition 0 has fewer records than before, 1 more, 2 as many, 3 none; 4 had none, so nothing tells its two lives
    apart (the library that Debian has knows no topic ids), and nothing can be lost there."""
    topic = kafka.create_topic(partitions=5)
    kafka.produce(topic, [r for p in range(4) for r in numbers(p, range(10 * p, 10 * p + 10))])
    weir.run(topic, **INTO_T)
    before = stored(database)
    assert before == [*range(40)]

    recreate(kafka, topic, 5)
    kafka.produce(topic, [*numbers(0, range(100, 105)), *numbers(1, range(110, 130)), *numbers(2, range(130, 140)),
                          *numbers(4, range(140, 145))])
    process = weir.call("ingest", "-b", kafka.address, "-t", topic, "--table", "t", "--database",
                        database.credentials(weir.folder), "-e", "-J", exit_code=1)
    stderr = process.stderr

    assert {p["partition"]: p["next_offset"] for p in process.summary()["partitions"]} == {
        0: 10, 1: 10, 2: 10, 3: 10, 4: 5}
    assert f"{topic}[0] ends at offset 5 but 10 is stored: the topic was deleted and created again" in stderr
    assert f"{topic}[1]: this is another topic under the same name (its record at the last stored offset is another)" \
        in stderr
    assert f"{topic}[2]: this is another topic under the same name" in stderr
    assert f"{topic}[3] ends at offset 0 but 10 is stored" in stderr
    assert stderr.count("--reset") >= 4
    assert stored(database) == [*before, *range(140, 145)], "the others go on"
    assert next_offsets(database, topic) == {0: 10, 1: 10, 2: 10, 3: 10, 4: 5}

    stderr = weir.refused(topic, "--reset", "--yes", **INTO_T)
    assert "holds rows" in stderr and "--accept-table" in stderr
    assert weir.run(topic, *GO_ON_ANYWAY, **INTO_T)["rows"] == 40
    assert stored(database) == sorted([*before, *range(140, 145), *range(100, 105), *range(110, 145)])
    assert weir.run(topic, **INTO_T)["rows"] == 0
    assert next_offsets(database, topic) == kafka.ends(topic)


@pytest.mark.parametrize("count", [5, 40])
def test_recreated_while_weir_runs(kafka, topic, database, weir, count):
    """Fewer records and more, at once under the same name: not one of them may pass for the old topic's."""
    kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(10 * p, 10 * p + 10))])
    weir.run(topic, **INTO_T)
    ingest = weir.ingest(topic, **INTO_T)
    ingest.says("reading 3 partitions")

    recreate(kafka, topic, 3)
    kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(100 * p + 100, 100 * p + 100 + count))])

    assert ingest.wait(30) == 1, ingest
    for p in range(3):
        assert re.search(rf"{topic}\[{p}\].*(deleted|another topic)", ingest.stderr), ingest
    assert "--reset" in ingest.stderr
    assert stored(database) == [*range(30)]
    weir.refused(topic, **INTO_T)
    assert weir.run(topic, *GO_ON_ANYWAY, **INTO_T)["rows"] == 3 * count
    assert database.count("t") == 30 + 3 * count


def test_deleted_while_weir_runs(kafka, topic, database, weir):
    kafka.produce(topic, numbers(0, range(10)))
    ingest = weir.ingest(topic, **INTO_T)
    wait_until(lambda: database.count("t") == 10, what=f"10 rows: {ingest}")
    kafka.delete_topic(topic)
    assert ingest.wait(30) == 1, ingest
    for p in range(3):
        assert f"{topic}[{p}]: the topic was deleted while this pipeline read it" in ingest.stderr, ingest
    assert f"there is no topic \"{topic}\"" in weir.refused(topic, exit_code=2, **INTO_T)


def test_one_of_two_topics_deleted_while_weir_runs(kafka, topic, database, weir):
    """The other goes on; -e does not wait for what will never come; and the exit code remembers."""
    other = kafka.create_topic(partitions=1)
    kafka.produce(topic, numbers(0, range(10)))
    kafka.produce(other, numbers(0, range(100, 110)))
    with database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE t IN SHARE MODE")  # nothing is stored yet
        ingest = weir.ingest(topic, "-t", other, "-e", "--name", "both", **INTO_T)
        ingest.says("reading 4 partitions")
        kafka.delete_topic(other)
        ingest.says(f"{other}[0]: the topic was deleted")
        connection.rollback()
    assert ingest.wait(30) == 1, ingest
    assert set(range(10)) <= set(stored(database))
    assert offsets(database, "both", topic)[0]["next_offset"] == 10


# ---- retention ----

def test_retention_passes_the_stored_offset_while_weir_is_down(kafka, topic, database, weir):
    kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(10))])
    weir.run(topic, **INTO_T)
    kafka.produce(topic, [*numbers(0, range(10, 30)), *numbers(1, range(10, 20))])
    kafka.delete_records(topic, {0: 17, 1: 10, 2: 10})

    stderr = weir.refused(topic, **INTO_T)
    assert f"{topic}[0]: retention has deleted the offsets 10 to 16 before they were stored" in stderr
    assert "--on-gap record" in stderr and "--reset" not in stderr, "reading anew would lose what is gone"
    assert stderr.count("retention has deleted") == 1, "up to the stored offset nothing is missing"
    assert f"{topic}[1]: the last stored record (offset 9) is gone by retention" in stderr
    assert next_offsets(database, topic) == {0: 10, 1: 20, 2: 10}, "the others go on"

    process = weir.call("ingest", "-b", kafka.address, "-t", topic, "--table", "t", "--database",
                        database.credentials(weir.folder), "-e", "-J", "--on-gap", "record")
    assert f"{topic}[0]: the offsets 10 to 16 were deleted" in process.stderr
    assert (process.summary()["rows"], process.summary()["absent"]) == (13, 7)
    assert next_offsets(database, topic) == kafka.ends(topic)
    assert balanced(database, pipeline_name(topic, "t"), topic) == {
        "rows": 53, "dead": 0, "filtered": 0, "tombstones": 0, "suppressed": 0, "absent": 7}
    assert weir.run(topic, **INTO_T)["rows"] == 0


@pytest.mark.parametrize("on_gap", ["stop", "record"])
def test_retention_passes_a_running_weir(kafka, topic, database, weir, on_gap):
    """Frozen, so that its offset is gone when it asks for it."""
    kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(10))])
    ingest = weir.ingest(topic, "--on-gap", on_gap, **INTO_T)
    wait_until(lambda: database.count("t") == 30, what=f"30 rows: {ingest}")
    ingest.freeze()
    time.sleep(3)  # what it has asked for so far is answered: nothing
    kafka.produce(topic, numbers(0, range(10, 20)))
    kafka.delete_records(topic, {0: 15})
    kafka.produce(topic, numbers(1, range(10, 20)))
    ingest.thaw()

    if on_gap == "record":
        ingest.says(f"{topic}[0]: the offsets 10 to 14 were deleted by retention")
        wait_until(lambda: database.count("t") == 45, what=f"45 rows: {ingest}")
        kafka.produce(topic, numbers(0, [20]))
        wait_until(lambda: database.count("t") == 46, what=f"46 rows: {ingest}")
        assert ingest.stop() == 0, ingest
        assert balanced(database, pipeline_name(topic, "t"), topic)["absent"] == 5
        return
    ingest.says(f"{topic}[0]: retention has deleted the offsets 10 to 14")
    kafka.produce(topic, numbers(2, [10]))
    wait_until(lambda: database.count("t") == 41, what=f"the others to go on: {ingest}")
    assert ingest.running()
    assert ingest.stop() == 1, "a partition stopped"
    assert next_offsets(database, topic) == {0: 10, 1: 20, 2: 11}
    assert weir.run(topic, "--on-gap", "record", **INTO_T)["absent"] == 5, "the gap is in the summary"
    assert next_offsets(database, topic) == kafka.ends(topic)


# ---- transactions ----

def test_transactions(kafka, topic, database, weir, transactional_producer):
    """Committed rows and no others; markers and aborted records are passed over; an open transaction holds -e."""
    producer = transactional_producer(f"id of {topic}")

    def transaction(partition: int, values, end: str) -> None:
        producer.begin()
        for n in values:
            producer.send(topic, partition, json.dumps({"n": n}))
        if end:
            getattr(producer, end)()

    transaction(0, [0, 1, 2], "commit")        # 0-2, marker 3
    transaction(0, [100, 101], "abort")        # 4-5, marker 6
    transaction(1, [102, 103, 104], "abort")   # nothing but 0-3
    transaction(2, [3], "commit")              # 0, marker 1
    kafka.produce(topic, numbers(2, [4]))      # 2
    transaction(2, [105], "abort")             # 3, marker 4
    # The coordinator writes markers after it has answered the producer.
    wait_until(lambda: kafka.ends(topic) == {0: 7, 1: 4, 2: 5}, what="the last marker")

    summary = weir.run(topic, **INTO_T)

    assert stored(database) == [0, 1, 2, 3, 4]
    assert (summary["rows"], summary["absent"]) == (5, 4 + 4 + 3)
    assert {p["partition"]: p["next_offset"] for p in summary["partitions"]} == {0: 7, 1: 4, 2: 5} == kafka.ends(topic)
    assert next_offsets(database, topic) == kafka.ends(topic)
    balanced(database, pipeline_name(topic, "t"), topic)
    assert weir.run(topic, **INTO_T)["rows"] == 0, "it ends, though the last offset is no record"
    assert kafka.committed(group_of(database, topic), topic) == kafka.ends(topic)

    transaction(0, [5, 6], end="")
    kafka.produce(topic, [*numbers(0, [7]), *numbers(1, [8])])
    ingest = weir.ingest(topic, "-e", "-J", **INTO_T)
    wait_until(lambda: 8 in stored(database), what=f"partition 1, where nothing is open: {ingest}")
    ingest.says(f"{topic}[0]: a producer's transaction has been open at offset 7 for 10 s", timeout_s=20)
    assert ingest.running() and stored(database) == [0, 1, 2, 3, 4, 8], "nothing behind it is read"
    producer.commit()
    assert ingest.wait(20) == 0, ingest
    assert ingest.summary()["rows"] == 4
    assert stored(database) == [*range(9)]
    assert balanced(database, pipeline_name(topic, "t"), topic)["rows"] == 9


def test_a_running_weir_passes_markers_too(kafka, topic, database, weir, transactional_producer):
    """The lag of a partition that ends in markers goes to zero, in the database and in Kafka."""
    producer = transactional_producer(f"id of {topic}")
    ingest = weir.ingest(topic, **INTO_T)
    for n, end in enumerate(["commit", "abort", "abort"]):
        producer.begin()
        producer.send(topic, 0, json.dumps({"n": n}))
        getattr(producer, end)()
    wait_until(lambda: database.count("t") == 1 and next_offsets(database, topic)[0] == 6, what=f"offset 6: {ingest}")
    wait_until(lambda: kafka.committed(group_of(database, topic), topic).get(0) == 6, what="offset 6 in Kafka")
    assert ingest.stop() == 0
    assert stored(database) == [0]
    assert balanced(database, pipeline_name(topic, "t"), topic)["absent"] == 5


# ---- compaction ----

@contextlib.contextmanager
def eager_cleaner(kafka):
    """The cleaner looks every 100 ms instead of every 15 s."""
    def set_backoff(operation, value=None):
        entry = ConfigEntry("log.cleaner.backoff.ms", value, incremental_operation=operation)
        resource = ConfigResource(ResourceType.BROKER, "1", incremental_configs=[entry])
        kafka.admin.incremental_alter_configs([resource])[resource].result(30)

    set_backoff(AlterConfigOpType.SET, "100")
    try:
        yield
    finally:
        set_backoff(AlterConfigOpType.DELETE)


def offsets_there(kafka, topic: str) -> list[int]:
    """Offsets of the records in partition 0."""
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": "reader", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    found = []
    while not (message := consumer.poll(10)).error():
        found.append(message.offset())
    consumer.close()
    return found


def roll(kafka, topic: str, n: int) -> None:
    """One more record, in a segment of its own: what lies before it may be compacted."""
    time.sleep(0.3)
    kafka.produce(topic, [Record(json.dumps({"n": n}).encode(), key=str(n).encode())])


def test_a_compacted_topic(kafka, database, weir):
    topic = kafka.create_topic(partitions=1, cleanup_policy="compact", segment_ms=200, min_cleanable_dirty_ratio=0.001,
                               delete_retention_ms=100)
    with eager_cleaner(kafka):
        kafka.produce(topic, [Record(json.dumps({"n": n}).encode(), key=str(n % 10).encode()) for n in range(100)])
        kafka.produce(topic, [Record(None, key=b"3")])
        roll(kafka, topic, 1000)
        there = wait_until(lambda: len(found := offsets_there(kafka, topic)) <= 11 and found, 60, "compaction", 0.2)

        summary = weir.run(topic, **INTO_T)
        assert stored(database) == [*(n for n in range(90, 100) if n != 93), 1000]
        after = offsets_there(kafka, topic)  # the cleaner may have gone on meanwhile
        assert 102 - len(there) <= summary["absent"] <= 102 - len(after) and summary["rows"] == 10
        assert (100 in after) <= summary["tombstones"] <= (100 in there)
        assert next_offsets(database, topic) == {0: 102} == kafka.ends(topic)

        kafka.produce(topic, [Record(b'{"n": 2000}', key=b"1000")])  # takes the place of the last stored one
        roll(kafka, topic, 2001)
        wait_until(lambda: 101 not in offsets_there(kafka, topic), 60, "the last stored record to go", 0.2)
        ingest = weir.ingest(topic, "-e", "-J", **INTO_T)
        assert ingest.wait() == 0, ingest
        assert f"{topic}[0]: the last stored record (offset 101) was compacted away" in ingest.stderr
        assert ingest.summary()["rows"] == 2
        assert next_offsets(database, topic) == kafka.ends(topic)
        balanced(database, pipeline_name(topic, "t"), topic)


# ---- all that a record can be ----

def test_records_of_every_kind_from_several_topics_into_one_table(kafka, database, weir):
    plain = kafka.create_topic(partitions=2, max_message_bytes=4_000_000)
    appended = kafka.create_topic(partitions=1, message_timestamp_type="LogAppendTime")
    empty = kafka.create_topic(partitions=3)
    ids = iter(range(1, 10_000))

    def record(**how) -> Record:
        pad = how.pop("pad", "")
        return Record(json.dumps({"id": next(ids), "pad": pad}).encode(), **how)

    sent = {}
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        for s in kafka.produce(plain, [record(pad="x" * 50) for _ in range(100)], compression_codec=codec):
            sent[json.loads(s.record.value)["id"]] = s
    special = {
        "key": record(key="cheie ș".encode(), timestamp_ms=1_700_000_000_123),
        "empty key": record(key=b""),
        "headers": record(headers=[("trace", b"one"), ("Trace", b"other"), ("trace", "două".encode())]),
        "header without a value": record(headers=[("trace", None)]),
        "large": record(pad="y" * 1_000_000),
        "no time": record(timestamp_ms=-1),
        "old": record(timestamp_ms=1),
    }
    for name, one in special.items():
        (s,) = kafka.produce(plain, [one], message_max_bytes=4_000_000)
        sent[json.loads(one.value)["id"]] = s
    before_ms = int(time.time() * 1000)
    for s in kafka.produce(appended, [record(timestamp_ms=1_000_000_000_000) for _ in range(20)]):
        sent[json.loads(s.record.value)["id"]] = s

    database.execute("CREATE TABLE everything (id int, pad text, topic text, part int, pos bigint, at timestamptz,"
                     " key text, trace text, raw bytea)")
    config = {"brokers": kafka.address, "database": str(database.credentials(weir.folder)), "pipelines": {"all": {
        "topic": [plain, appended, empty], "table": "everything",
        "columns": {"topic": "$topic", "part": "$partition", "pos": "$offset", "at": "$timestamp", "key": "$key",
                    "trace": "$headers/trace", "raw": "$key"}}}}
    (weir.folder / "weir.yaml").write_text(json.dumps(config))
    summary = weir.call("ingest", "-e", "-J").summary()

    assert (summary["rows"], summary["dead"], summary["absent"]) == (len(sent), 0, 0)
    assert len(summary["partitions"]) == 6
    assert {(p["topic"], p["partition"]): p["next_offset"] for p in summary["partitions"]} == {
        (t, p): end for t in (plain, appended, empty) for p, end in kafka.ends(t).items()}
    rows = {row[0]: row for row in database.query(
        "SELECT id, topic, part, pos, pad, (extract(epoch FROM at) * 1000)::bigint, key, trace, raw FROM everything")}
    assert {i: row[1:4] for i, row in rows.items()} == {
        i: (s.topic, s.partition, s.offset) for i, s in sent.items()}
    assert all(rows[i][4] == json.loads(s.record.value)["pad"] for i, s in sent.items())

    found = {name: rows[json.loads(one.value)["id"]] for name, one in special.items()}
    assert found["key"][5:7] == (1_700_000_000_123, "cheie ș")
    assert bytes(found["key"][8]) == "cheie ș".encode()
    assert (found["empty key"][6], bytes(found["empty key"][8])) == ("", b"")
    assert found["headers"][6:8] == (None, "două"), "names match exactly, the last one wins"
    assert found["header without a value"][7] is None
    assert found["no time"][5] is None
    assert found["old"][5] == 1
    assert all(row[5] >= before_ms for row in rows.values() if row[1] == appended)
    for t in (plain, appended, empty):
        balanced(database, "all", t)
    assert weir.call("ingest", "-e", "-J").summary()["rows"] == 0


def test_an_empty_topic_and_its_first_record(kafka, topic, database, weir):
    assert weir.run(topic, **INTO_T)["rows"] == 0
    assert next_offsets(database, topic) == {0: 0, 1: 0, 2: 0}
    kafka.produce(topic, numbers(1, [1]))
    assert weir.run(topic, **INTO_T)["rows"] == 1


# ---- partitions that come ----

def test_a_partition_added_under_load_starts_at_its_beginning(kafka, topic, database, weir):
    """Also with -o end, which is for the first start only: no record of the new partition is missed."""
    kafka.produce(topic, numbers(0, range(-5, 0)))  # passed over by -o end
    ingest = weir.ingest(topic, "-o", "end", "-X", "topic.metadata.refresh.interval.ms=500", **INTO_T)
    ingest.says("reading 3 partitions")
    with Stream(kafka, topic, lambda n: {"n": n}) as stream:
        wait_until(lambda: database.count("t") > 100, what=f"rows: {ingest}")
        kafka.add_partitions(topic, 4)
        kafka.produce(topic, numbers(3, range(1_000_000, 1_000_050)))
        ingest.says("reading 4 partitions")
        count = stream.stop()
    ends = kafka.ends(topic)
    wait_until(lambda: next_offsets(database, topic) == ends, what=f"{ends}: {ingest}")
    assert ingest.stop() == 0, ingest
    assert stored(database) == [*range(count), *range(1_000_000, 1_000_050)]
    found = offsets(database, pipeline_name(topic, "t"), topic)
    assert {p: row["start_offset"] for p, row in found.items()} == {0: 5, 1: 0, 2: 0, 3: 0}
    balanced(database, pipeline_name(topic, "t"), topic)


# ---- what other tools see, and other databases ----

def test_other_tools_see_where_we_are(kafka, topic, database, weir):
    kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(p * 10))])
    weir.run(topic, **INTO_T)
    group = group_of(database, topic)
    committed = kafka.committed(group, topic)
    assert (committed.get(0, 0), committed[1], committed[2]) == (0, 10, 20)
    assert next_offsets(database, topic) == {0: 0, 1: 10, 2: 20}
    kafka.produce(topic, numbers(2, range(7)))
    tool = subprocess.run([TOOLS / "kafka", "tool", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                           "--bootstrap-server", kafka.address, "--describe", "--group", group], text=True,
                          env={**os.environ, "KAFKA_DIR": str(kafka.folder)}, capture_output=True, check=True)
    seen = {int(part): tuple(map(int, numbers)) for part, *numbers in
            re.findall(rf"{topic}\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", tool.stdout)}
    assert seen[1] == (10, 10, 0) and seen[2] == (20, 27, 7), tool.stdout


def test_two_databases_and_one_pipeline_name(kafka, topic, postgres, database, weir, tmp_path):
    """Their groups differ by the stores' UUIDs, so neither takes records from the other."""
    other = postgres.create_database()
    try:
        other.execute("CREATE TABLE t (n int)")
        folder = tmp_path / "other"
        folder.mkdir()
        options = ("--name", "the_same")
        both = [weir.ingest(topic, *options, **INTO_T),
                weir.ingest(topic, *options, **INTO_T, database=other.credentials(folder))]
        kafka.produce(topic, [r for p in range(3) for r in numbers(p, range(100 * p, 100 * p + 100))])
        for base in (database, other):
            wait_until(lambda: base.count("t") == 300, what=f"300 rows in each database: {both[0]} {both[1]}")
            assert stored(base) == [*range(300)]
        assert [process.stop() for process in both] == [0, 0]
        groups = [re.search(r"group (\S+)", process.stderr).group(1) for process in both]
        assert groups[0] != groups[1] and all(group.startswith("weir.the_same.") for group in groups)
    finally:
        postgres.drop_database(other.name)


# ---- the newer library ----

def test_topic_ids_tell_what_no_record_can(kafka, database, weir, tmp_path):
    """Created again with the very same records: only the id tells. Partition 1 had none to ask."""
    weir.env["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    topic = kafka.create_topic(partitions=2)
    records = [Record(r.value, partition=0, timestamp_ms=1_700_000_000_000) for r in numbers(0, range(10))]
    kafka.produce(topic, records)
    weir.run(topic, **INTO_T)
    assert database.value("SELECT count(*) FROM weir.offsets WHERE topic_id <> ''") == 2

    recreate(kafka, topic, 2)
    kafka.produce(topic, [*records, *numbers(1, [100])])
    stderr = weir.refused(topic, **INTO_T)
    for p in range(2):
        assert f"{topic}[{p}]: this is another topic under the same name (its topic id has changed)" in stderr
    assert stored(database) == [*range(10)]
    assert weir.run(topic, *GO_ON_ANYWAY, **INTO_T)["rows"] == 11
    assert weir.run(topic, **INTO_T)["rows"] == 0

    ingest = weir.ingest(topic, **INTO_T)
    ingest.says("reading 2 partitions")
    recreate(kafka, topic, 2)
    kafka.produce(topic, numbers(0, range(200, 240)))
    assert ingest.wait(30) == 1, ingest
    assert stored(database) == sorted([*range(10), *range(10), 100])
