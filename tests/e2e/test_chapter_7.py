"""The walk through chapter 7: its producer, `weir ingest`, its table; and its consumer beside it."""
import json
import re
import subprocess
import sys
import uuid

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from chapters_consumer import consume, survives
from harness.invariant import dead_letters, invariant
from harness.paths import EXAMPLES
from harness.records import Record, Sent, chapter_records
from harness.wait import wait_until
from harness.weir import TABLE, pipeline_name
from odd_messages import DEAD, ODD_MESSAGES, ROW, TOMBSTONE

COLUMNS = ("person_name", "user_name", "email", "personal_number", "birth_date", "address", "phone_number",
           "mac_address", "ip_address", "iban", "accessed_at", "session_duration", "download_speed", "upload_speed",
           "consumed_traffic", "unique_id")
NUMBERS = {"personal_number", "session_duration", "download_speed", "upload_speed", "consumed_traffic"}


def chapters_producer(kafka, topic, count, ledger, *options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-W", "ignore", EXAMPLES / "streaming_producer.py", "-b", kafka.address,
                             "-t", topic, "-n", str(count), "--ledger", ledger, *options])


def read_ledger(ledger) -> list[Sent]:
    lines = map(json.loads, ledger.read_text().splitlines())
    return [Sent(line["topic"], line["partition"], line["offset"], line["unique_id"], Record(None)) for line in lines]


def read_topic(kafka, topic) -> list[dict]:
    """Every record of the topic, parsed."""
    ends = kafka.ends(topic)
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in ends])
    values = []
    while len(values) < sum(ends.values()):
        values += [message.value() for message in consumer.consume(1_000, timeout=5)]
    consumer.close()
    return [json.loads(value) for value in values]


def as_row(record: dict) -> tuple:
    return tuple(int(record[c]) if c in NUMBERS else str(record[c]) for c in COLUMNS)


def test_every_record_of_the_chapters_producer_is_stored_once_and_equal(kafka, topic, database, weir, tmp_path):
    ledger = tmp_path / "ledger.json"
    assert chapters_producer(kafka, topic, 2_000, ledger).wait(60) == 0
    sent = read_ledger(ledger)
    assert len(sent) == 2_000

    summary = weir.run(topic)

    assert summary["rows"] == 2_000
    assert summary["dead"] == summary["absent"] == 0
    assert {p["partition"]: p["next_offset"] for p in summary["partitions"]} == kafka.ends(topic)
    invariant(database, topic, sent)
    stored = database.query(f"SELECT {', '.join(COLUMNS)} FROM {TABLE}")
    assert sorted(stored, key=lambda r: r[-1]) == sorted(map(as_row, read_topic(kafka, topic)), key=lambda r: r[-1])


@pytest.mark.crash
def test_killed_while_the_producer_runs_it_goes_on_where_it_was(kafka, topic, database, weir, tmp_path):
    ledger = tmp_path / "ledger.json"
    producer = chapters_producer(kafka, topic, 8_000, ledger, "--rate", "1000")
    for _ in range(2):
        ingest = weir.ingest(topic)
        rows = database.count()
        wait_until(lambda: database.count() > rows or not ingest.running(), what=f"more rows: {ingest}")
        ingest.kill9()
    assert producer.poll() is None, "the producer must outlive the kills"
    assert producer.wait(60) == 0
    assert weir.run(topic)["rows"] > 0
    assert invariant(database, topic, read_ledger(ledger))["rows"] == 8_000


def test_the_steps_by_hand(kafka, tool, database, weir):
    """Topic, Hellow, producer, consumer, the two queries: each by its command of docs/chapter_7.md."""
    topic = f"driven_data_stream_{uuid.uuid4().hex[:8]}"
    assert topic not in tool.ok("topic", "list", stdin="")
    tool.ok("topic", "create", topic, "--partitions", "3", "--replication-factor", "1")
    assert re.search(rf"^{topic} +3 +0\b", tool.ok("topic", "list", stdin=""), re.M)
    consumer = tool.terminal("consume", topic)
    consumer.shows("what arrives from now on")
    producer = tool.terminal("produce", topic)
    producer.shows("> ")
    producer.type("Hellow\n\x04")
    consumer.shows("Hellow\n")
    assert producer.wait() == 0

    assert chapters_producer(kafka, topic, 200, tool.folder / "ledger.json").wait(60) == 0
    summary = weir.run(topic)

    assert (summary["rows"], summary["dead"]) == (200, 1)
    query = ("query", "--database", database.credentials(tool.folder))
    count = f"SELECT COUNT(*) AS no_records FROM {TABLE}"
    assert tool.ok(*query, count, stdin="").split() == ["no_records", "200"]
    rows = tool.ok(*query, "--csv", f"SELECT * FROM {TABLE}", stdin="").splitlines()
    assert rows[0] == ",".join(COLUMNS) and len(rows) == 201


def test_a_second_run_finds_nothing_to_do(kafka, topic, database, weir):
    sent = kafka.produce(topic, chapter_records(500))
    assert weir.run(topic)["rows"] == 500
    assert weir.run(topic)["rows"] == 0
    invariant(database, topic, sent)


@pytest.mark.parametrize("restarts", [1, 2])
def test_each_restart_of_the_chapters_consumer_stores_everything_again(kafka, topic, database, restarts):
    database.create_chapter_table()
    kafka.produce(topic, chapter_records(100))
    for _ in range(1 + restarts):
        consume(kafka, database, topic, 100)
    assert database.count() == 100 * (1 + restarts)


def test_the_chapters_consumer_dies_of_18_of_27_odd_messages(kafka, database):
    database.create_chapter_table()
    topic = kafka.create_topic(partitions=len(ODD_MESSAGES))
    kafka.produce(topic, [Record(odd.value, partition=i) for i, odd in enumerate(ODD_MESSAGES)])
    died = {odd.name for i, odd in enumerate(ODD_MESSAGES) if not survives(kafka, database, topic, i)}
    assert died == {odd.name for odd in ODD_MESSAGES if odd.kills_chapters_consumer}
    assert (len(died), len(ODD_MESSAGES)) == (18, 27)


def test_weir_survives_all_27_and_loses_nothing(kafka, topic, database, weir):
    good = iter(chapter_records(2 * len(ODD_MESSAGES), partition=0))
    sent = kafka.produce(topic, [record for odd in ODD_MESSAGES
                                 for record in (next(good), Record(odd.value, partition=0), next(good))])

    summary = weir.run(topic)

    becomes = [odd.becomes for odd in ODD_MESSAGES]
    assert summary["rows"] == len(ODD_MESSAGES) * 2 + becomes.count(ROW)
    assert summary["dead"] == becomes.count(DEAD)
    assert summary["tombstones"] == becomes.count(TOMBSTONE)
    stored = {row[-1]: dict(zip(COLUMNS, row)) for row in database.query(f"SELECT {', '.join(COLUMNS)} FROM {TABLE}")}
    dead = {letter["record_offset"]: letter for letter in dead_letters(database, pipeline_name(topic))}
    for i, odd in enumerate(ODD_MESSAGES):
        letter = dead.get(3 * i + 1)
        if odd.becomes == DEAD:
            assert letter, f"{odd.name}: no dead letter"
            assert bytes(letter["value"]) == odd.value, odd.name
            assert letter["reason"], odd.name
            assert letter["column_name"] == odd.column or not odd.column, f"{odd.name}: {letter}"
        else:
            assert not letter, f"{odd.name}: a dead letter: {letter}"
        if odd.becomes == ROW:
            row = stored[json.loads(odd.value)["unique_id"]]
            assert {column: row[column] for column in odd.stored} == odd.stored, odd.name
    assert {s.unique_id for s in sent if s.unique_id} <= set(stored), "a good record around an odd one is missing"
