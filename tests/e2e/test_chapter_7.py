"""The walk through chapter 7: its producer, `weir ingest`, its table; and its consumer beside it."""
import json
import re
import signal
import subprocess
import sys
import time
import uuid

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from chapters_consumer import consume, survives
from harness.invariant import dead_letters, invariant
from harness.paths import EXAMPLES, patience
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
    assert chapters_producer(kafka, topic, 2_000, ledger).wait(60 * patience()) == 0
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
    producer = chapters_producer(kafka, topic, 8_000, ledger, "--rate", str(int(1_000 / patience())))
    for _ in range(2):
        ingest = weir.ingest(topic)
        rows = database.count()
        wait_until(lambda: database.count() > rows or not ingest.running(), what=f"more rows: {ingest}")
        ingest.kill9()
    assert producer.poll() is None, "the producer must outlive the kills"
    assert producer.wait(60 * patience()) == 0
    assert weir.run(topic)["rows"] > 0
    assert invariant(database, topic, read_ledger(ledger))["rows"] == 8_000


class Walk:
    """The steps of docs/chapter_7.md, each by its command, as a user would do them."""

    def __init__(self, kafka, tool, database):
        self.kafka, self.tool, self.database = kafka, tool, database
        self.topic = f"driven_data_stream_{uuid.uuid4().hex[:8]}"
        self.ledger = tool.folder / "sent.ndjson"
        self.store = ("--database", database.credentials(tool.folder))
        self.pipeline = ("-t", self.topic, "--table", TABLE, *self.store)
        tool.env["XDG_RUNTIME_DIR"] = str(tool.folder)

    def says(self, *arguments, stdin: str = "", code: int = 0) -> str:
        done = self.tool(*arguments, stdin=stdin)
        assert done.returncode == code, done
        return done.stdout

    def setup_topic(self) -> None:
        assert self.topic not in self.says("topic", "list")
        self.says("topic", "create", self.topic, "--partitions", "3", "--replication-factor", "1")
        assert re.search(rf"^{self.topic} +3 +0\b", self.says("topic", "list"), re.M)
        assert re.search(r"^ +2 +1 +1 +1 +0 +0\b", self.says("topic", "describe", self.topic), re.M)

    def hellow(self) -> None:
        consumer = self.tool.terminal("consume", self.topic)
        consumer.shows("what arrives from now on")
        producer = self.tool.terminal("produce", self.topic)
        producer.shows("> ")
        producer.type("Hellow\n\x04")
        consumer.shows("Hellow\n")
        assert producer.wait() == 0
        consumer.signal(signal.SIGINT)
        assert consumer.wait() == 0

    def hellow_by_group(self) -> None:
        group = f"readers-{self.topic}"
        assert self.says("consume", self.topic, "-g", group, "-o", "beginning", "-e") == "Hellow\n"
        assert self.says("consume", self.topic, "-g", group, "-o", "beginning", "-e") == "", "it has read that"
        described = self.says("group", "describe", group)
        assert re.search(r"^lag +0$", described, re.M) and self.topic in described

    def produce(self, count: int) -> None:
        self.says("generate", "-t", self.topic, "--rate", "max", "-n", str(count), "--users", "50", "--ledger", self.ledger)

    def produce_as_the_chapter(self) -> None:
        """One record at once, then one each 1 to 15 s, until Ctrl-C."""
        before, began = sum(self.kafka.ends(self.topic).values()), time.monotonic()
        producer = self.tool.terminal("generate", "-t", self.topic)
        producer.shows("10,800 records a day")
        wait_until(lambda: sum(self.kafka.ends(self.topic).values()) > before, what="the first record, at once")
        producer.signal(signal.SIGINT)
        assert producer.wait() == 0
        acknowledged = re.search(rf"(\d+) records? acknowledged by {self.topic}", producer.text)
        assert 1 <= int(acknowledged[1]) <= 1 + time.monotonic() - began

    def how_much_arrives(self, records: int) -> None:
        for options in ("--per", "minute"), ("--per", "hour", "--last", "24h"):
            told = json.loads(self.says("rate", self.topic, *options, "--expect", "10000/d", "-J"))
            assert sum(slot["records"] for slot in told["slots"]) == records, told
        assert "10,000 expected" in self.says("rate", self.topic, "--per", "minute", "--expect", "10000/d")

    def how_much_is_in_the_table(self, rows: int) -> None:
        told = json.loads(self.says("rate", "--table", TABLE, "--column", "accessed_at", *self.store, "--per", "hour", "-J"))
        assert sum(slot["records"] for slot in told["slots"]) == rows, told

    def cure_the_wrong_column(self) -> None:
        """doctor finds it, and prints the statement that cures it."""
        schema, table = ((EXAMPLES / f"create_{what}.sql").read_text() for what in ("schema", "table"))
        self.says("query", *self.store, "--write", "-", stdin=schema)
        self.says("query", *self.store, "--write", "-", stdin=table.replace("personal_number BIGINT", "personal_number INT"))
        found = self.says("doctor", *self.pipeline, code=1)
        assert "200 of 201 records would be dead letters" in found
        [cure] = re.findall(r"cure: (ALTER TABLE .*;)$", found, re.M)
        assert cure == f"ALTER TABLE {TABLE} ALTER COLUMN personal_number TYPE bigint;"
        self.says("query", *self.store, "--write", cure)
        assert re.search(r"^0 fail, ", self.says("doctor", *self.pipeline), re.M)

    def draft(self) -> None:
        assert f"CREATE TABLE IF NOT EXISTS {TABLE} (" in self.says("draft", "table", self.topic, "--table", TABLE)

    def start_ingest(self):
        ingest = self.tool.terminal("ingest", *self.pipeline, "--setup", EXAMPLES / "create_schema.sql", "--setup",
                                    EXAMPLES / "create_table.sql")
        wait_until(lambda: self.database.count() == 200 or not ingest.read(0), what="the rows of ingest")
        return ingest

    def check_data(self) -> None:
        count = f"SELECT COUNT(*) AS no_records FROM {TABLE}"
        assert self.says("query", *self.store, count).split() == ["no_records", "200"]
        rows = self.says("query", *self.store, "--csv", f"SELECT * FROM {TABLE}").splitlines()
        assert rows[0] == ",".join(COLUMNS) and len(rows) == 201
        watch = self.tool.terminal("query", *self.store, "--watch", "300ms", count)
        watch.shows("200")
        self.produce(100)
        watch.shows("300")
        watch.signal(signal.SIGINT)
        assert watch.wait() == 0

    def verify(self) -> None:
        found = self.says("verify", *self.pipeline, "--read", "--ledger", self.ledger)
        assert re.search(r"^yes +records +301 read", found, re.M)
        assert re.search(r"^yes +ledger +300 records: 300 rows", found, re.M)

    def mend_hellow(self) -> None:
        listed = self.says("dead", "list", *self.store)
        [place] = re.findall(rf"{self.topic}/\d@0\b", listed)
        assert "not JSON" in listed
        assert re.search("^value +Hellow$", self.says("dead", "show", place, *self.store), re.M)
        assert json.loads(self.says("dead", "export", *self.store))["value"] == "Hellow"
        self.says("dead", "replay", *self.pipeline, "--through", 'jq -Rc "{user_name: .}"')
        assert self.says("dead", "list", *self.store) == ""
        assert self.database.value(f"SELECT count(*) FROM {TABLE} WHERE user_name = 'Hellow'") == 1
        self.verify()


def test_the_steps_by_hand(kafka, tool, database):
    walk = Walk(kafka, tool, database)
    walk.setup_topic()
    walk.hellow()
    walk.hellow_by_group()
    walk.produce(200)
    walk.how_much_arrives(201)
    walk.cure_the_wrong_column()
    walk.draft()
    ingest = walk.start_ingest()
    walk.check_data()
    walk.verify()
    walk.how_much_is_in_the_table(300)
    walk.mend_hellow()
    ingest.signal(signal.SIGINT)
    assert ingest.wait() == 0, ingest.text
    assert "300 rows stored" in ingest.text and "1 dead letters" in ingest.text
    walk.produce_as_the_chapter()


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
