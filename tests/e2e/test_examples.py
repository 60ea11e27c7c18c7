"""Every example of README.md, docs/ and --help does what it says; examples.py has the list and says how to add to it."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from examples import EXAMPLES, collect, in_document, in_help
from harness.documented import write_documented
from harness.kafka import Kafka
from harness.paths import EXAMPLES as FILES
from harness.paths import patience, program_env, weir_binary
from harness.postgres import Database
from harness.records import Record, Sent, chapter_record, chapter_records
from harness.terminal import Terminal
from harness.weir import TABLE

TOPIC = "driven_data_stream"
NAMES = (TOPIC, "orders", "a", "b")
ROWS, BAD = 20, 2


class Stage:
    """What examples find: a folder with the chapter's files and a weir.yaml, a cluster, a database."""

    def __init__(self, kafka: Kafka, database: Database, folder: Path):
        self.kafka, self.database, self.folder = kafka, database, folder
        self.env = program_env() | {"XDG_RUNTIME_DIR": str(folder), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        for name in ("bin", "build"):
            (folder / name).mkdir()
            (folder / name / "weir").symlink_to(weir_binary())
        database.credentials(folder)

    def _write_config(self, more: str = "") -> None:
        (self.folder / "weir.yaml").write_text(
            f"brokers: {self.kafka.address}\ndatabase: credentials.json\npipelines:\n  driven_data:\n    topic: {TOPIC}\n"
            f"    table: {TABLE}\n    setup: [create_schema.sql, create_table.sql]\n{more}")

    def begin(self) -> None:
        """The files, as they are before an example changes them."""
        for name in ("create_schema.sql", "create_table.sql"):
            (self.folder / name).write_text((FILES / name).read_text())
        self._write_config()

    # What there must be before a command, by name. Each may find what an earlier example left.

    def records(self) -> None:
        """The chapter's topic: ROWS of its records, BAD lines, and what examples added."""
        if not self.kafka.partitions(TOPIC):
            self.kafka.create_topic(TOPIC)
        if sum(self.kafka.ends(TOPIC).values()) < ROWS:
            self.kafka.produce(TOPIC, [*[Record(b"Hellow", partition=1)] * BAD, *chapter_records(ROWS)])

    def no_records(self) -> None:
        if self.kafka.partitions(TOPIC):
            self.kafka.delete_topic(TOPIC)
        self.database.execute("DROP SCHEMA IF EXISTS weir, streaming_layer CASCADE")

    def rows(self) -> None:
        """All of the topic through the pipeline."""
        self.records()
        self.finish("weir ingest -e -q")
        if self.database.count() != ROWS:
            self.no_records()
            self.records()
            self.finish("weir ingest -e -q")
        assert self.database.count() == ROWS

    def letters(self) -> None:
        """As many dead letters at least as there were lines."""
        self.rows()
        if self.database.count("weir.dead_letters") < BAD:
            self.no_records()
            self.rows()
        assert self.database.count("weir.dead_letters") >= BAD

    def unnamed_letters(self) -> None:
        """The letters of a pipeline that nobody named, as on a command line without weir.yaml."""
        self.no_records()
        self.records()
        self.finish(f"weir ingest -t {TOPIC} --table {TABLE} --setup create_schema.sql --setup create_table.sql -e -q")
        assert self.database.count("weir.dead_letters") == BAD

    def salaries(self) -> None:
        """A pipeline with one dead letter: its table cannot take a value that the record has."""
        self.no_records()
        self.database.create_chapter_table()
        self.database.execute(f"ALTER TABLE {TABLE} ADD salary integer")
        self.kafka.create_topic(TOPIC)
        self.kafka.produce(TOPIC, [json.dumps(chapter_record(**more)).encode() for more in ({}, {"salary": "1e3"})])
        self.finish("weir ingest -e -q")
        assert (self.database.count(), self.database.count("weir.dead_letters")) == (1, 1)

    def mended(self) -> None:
        self.database.execute(f"ALTER TABLE {TABLE} ALTER salary TYPE text")

    def replayed(self) -> None:
        self.salaries()
        self.mended()
        self.finish("weir dead replay driven_data")

    def orders(self) -> None:
        if not self.kafka.partitions("orders"):
            self.kafka.create_topic("orders", partitions=6)

    def no_orders(self) -> None:
        if self.kafka.partitions("orders"):
            self.kafka.delete_topic("orders")

    def a_and_b(self) -> None:
        for name in ("a", "b"):
            if self.kafka.partitions(name):
                self.kafka.delete_topic(name)
            self.kafka.create_topic(name)
        self.kafka.produce("a", [Record(b"1", key=b"k", partition=0), Record(None, partition=2)])

    def report(self) -> None:
        (self.folder / "report.sql").write_text(f"SELECT count(*) AS total FROM {TABLE}\n")

    def pairs(self) -> None:
        (self.folder / "pairs.txt").write_text("ana:1\nion:2\n")

    def hundreds(self) -> None:
        self.no_records()
        self.kafka.create_topic(TOPIC)
        self.kafka.produce(TOPIC, chapter_records(250))

    def table(self) -> None:
        self.database.create_chapter_table()

    def wrong_column(self) -> None:
        """A table with a column that is too small for what the topic has."""
        self.hundreds()
        self.table()
        self.database.execute(f"ALTER TABLE {TABLE} ALTER personal_number TYPE integer")

    def shop(self) -> None:
        """Orders as JSON objects, and a table that fits them."""
        self.no_orders()
        self.orders()
        self.kafka.produce("orders", [Record(json.dumps({"order_id": f"A-{i}"}).encode()) for i in range(3)])
        self.database.execute("CREATE SCHEMA IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.orders (order_id text)")

    def readers(self) -> None:
        """The group `readers` has read all."""
        self.records()
        self.finish(f"weir consume {TOPIC} -g readers -o beginning -e -q")

    def checks(self) -> None:
        """The group `checks` has read the first hundred."""
        self.hundreds()
        self.finish(f"weir consume {TOPIC} -g checks -o beginning -n 100 -q")

    def ledger(self) -> None:
        self.no_records()
        self.kafka.create_topic(TOPIC)
        self._write_ledger(self.kafka.produce(TOPIC, chapter_records(ROWS)))
        self.finish("weir ingest -e -q")

    def generated(self) -> None:
        """What weir generate sent, and a pipeline that nobody named."""
        self.no_records()
        self.kafka.create_topic(TOPIC)
        (self.folder / "sent.ndjson").unlink(missing_ok=True)
        self.finish(f"weir generate -t {TOPIC} --rate max -n 500 --ledger sent.ndjson --faults garbage=1%,duplicate=1%")
        self.finish(f"weir ingest -t {TOPIC} --table {TABLE} --setup create_schema.sql --setup create_table.sql -e -q")

    def entries(self) -> None:
        self._write_config(f"generate:\n  driven_data: {{topic: {TOPIC}, every: 1s..15s, users: 200}}\n")

    def shop_spec(self) -> None:
        write_documented(self.folder, "shop.yaml", "tags.txt")

    def order_ledger(self) -> None:
        """A second pipeline, whose records are told apart by order_id."""
        self.no_orders()
        self.database.execute("DROP SCHEMA IF EXISTS weir, streaming_layer CASCADE; DROP TABLE IF EXISTS orders;"
                              "CREATE TABLE orders (order_id text)")
        self.orders()
        self._write_ledger(self.kafka.produce("orders", [Record(json.dumps({"order_id": str(i)}).encode(), unique_id=str(i))
                                                         for i in range(3)]))
        self._write_config("  orders: {topic: orders, table: public.orders}\n")
        self.finish("weir ingest orders -e -q")

    def _write_ledger(self, sent: list[Sent]) -> None:
        (self.folder / "sent.ndjson").write_text("".join(json.dumps(
            {"topic": s.topic, "partition": s.partition, "offset": s.offset, "unique_id": s.unique_id, "fault": None}) + "\n"
            for s in sent))

    def billing(self) -> None:
        """A group that has read nothing but the first of more than a thousand orders."""
        self.no_orders()
        self.orders()
        self.kafka.produce("orders", [Record(b"x", partition=i % 3) for i in range(1_200)])
        group = Consumer({"bootstrap.servers": self.kafka.address, "group.id": "billing", "log_level": 2})
        group.commit(offsets=[TopicPartition("orders", partition, 1) for partition in range(3)], asynchronous=False)
        group.close()

    PREPARATIONS = {"table": table, "hundreds": hundreds, "wrong column": wrong_column, "shop": shop, "checks": checks,
                    "readers": readers, "unnamed letters": unnamed_letters,
                    "ledger": ledger, "order ledger": order_ledger, "billing": billing, "records": records,
                    "no records": no_records, "rows": rows, "letters": letters, "orders": orders, "no orders": no_orders,
                    "a and b": a_and_b, "report": report, "pairs": pairs, "salaries": salaries, "mended": mended,
                    "replayed": replayed, "generated": generated, "entries": entries,
                    "shop spec": shop_spec}

    # Running

    def filled_in(self, command: str) -> str:
        """With this run's broker, and values for what only a run knows."""
        if "PARTITION@OFFSET" in command:
            partition, offset = self.database.query("SELECT partition, record_offset FROM weir.dead_letters LIMIT 1")[0]
            command = command.replace("PARTITION@OFFSET", f"{partition}@{offset}")
        return re.sub(r"\b(localhost|127\.0\.0\.1):9092\b", self.kafka.address, command)

    def finish(self, command: str, code: int = 0) -> str:
        """Runs it to its end; all that it said."""
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=self.folder, env=self.env, capture_output=True,
                              text=True, timeout=60 * patience(), stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    def on_terminal(self, command: str, steps: tuple[tuple[str, ...], ...], code: int) -> None:
        terminal = Terminal(["bash", "-c", command], self.env, self.folder, columns=120)
        try:
            for what, *argument in steps:
                if what == "shows":
                    terminal.shows(*argument)
                elif what == "types":
                    terminal.type(*argument)
                elif what == "record":
                    self.kafka.produce(TOPIC, [argument[0].encode()])
                else:
                    terminal.signal(signal.SIGINT)
            assert terminal.wait() == code, terminal.text
        finally:
            terminal.close()


@pytest.fixture(scope="module")
def stage(kafka_server, postgres_server, tmp_path_factory):
    database = postgres_server.create_database()
    made = Stage(kafka_server, database, tmp_path_factory.mktemp("examples"))
    yield made
    postgres_server.drop_database(database.name)
    for name in NAMES:
        if kafka_server.partitions(name):
            kafka_server.delete_topic(name)


def pytest_generate_tests(metafunc):
    if "command" in metafunc.fixturenames:
        metafunc.parametrize("command, where", collect().items() if weir_binary().exists() else [("weir help", "nowhere")])


def test_example(kafka, postgres, stage, command, where):
    command = re.sub(r"\bTOPIC\b", TOPIC, re.sub(r"\bPIPELINE\b", "driven_data", command))
    example = next((example for example in EXAMPLES if re.fullmatch(example.command, command)), None)
    assert example, f"{where}: {command}\nnobody says how this example is tried: add a line to EXAMPLES in tests/e2e/examples.py"
    stage.begin()
    for name in example.needs:
        stage.PREPARATIONS[name](stage)
    if example.steps:
        stage.on_terminal(stage.filled_in(command), example.steps, example.code)
    else:
        said = stage.finish(stage.filled_in(command), example.code)
        assert re.search(example.shows, said), f"{where}: {command}\nsaid {said!r}"
    file, content = example.leaves
    assert not file or re.search(content, (stage.folder / file).read_text()), f"{where}: {command}\n{file}"


def test_examples_are_found():
    """In blocks and behind "Examples:", over several lines, without what is said about them, and no messages of weir's."""
    document = "a weir line\n\n    weir a b \\\n        -c   # a word\n    $ weir d 'x y' # a word\n    weir a: no such\n```\nbuild/weir e\n```\nweir f\n"
    assert [command for _, command in in_document(document) if command] == ["weir a b -c", "weir d 'x y'", "build/weir e"]
    text = "Usage: weir a\n  weir b\n\nExamples:\n  weir c | jq .x   all of it\n  sort x | weir d\n  weir e\n"
    assert [command for _, command in in_help(text) if command] == ["weir c | jq .x", "weir e"]
