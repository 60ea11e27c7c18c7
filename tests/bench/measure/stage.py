"""Kafka, PostgreSQL, the topics and the text file that all measurements of a run share."""
import json
import os
import random
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Producer
from faker import Faker

from harness.kafka import Kafka
from harness.paths import ROOT
from harness.postgres import Database, Postgres
from harness.records import load_example

TABLE = "streaming_layer.streaming_data"
TEMPLATES = 20_000
# A checkpoint in the middle of a run would hit one and spare the next; each run begins after one instead. All that
# makes a commit durable is as PostgreSQL ships it.
POSTGRES_SETTINGS = "max_wal_size=8GB checkpoint_timeout=1h log_min_messages=fatal"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Stage:
    def __init__(self, folder: Path, records: int):
        self.folder = folder
        self.records = records
        self.kafka = Kafka(folder / "kafka")
        self.postgres = Postgres(folder / "postgres", settings=POSTGRES_SETTINGS)
        self.text_file = folder / "rows.txt"
        self.table_bytes = 0  # of the full table, once it is known
        self._templates: list[tuple[bytes, bytes]] = []

    def start(self) -> None:
        self.kafka.start()
        self.postgres.start()

    def end(self) -> None:
        self.postgres.kill()
        self.kafka.kill()

    # Records

    def templates(self) -> list[tuple[bytes, bytes]]:
        """JSON and COPY text of the chapter's records, both cut off where the unique_id's own text begins."""
        if not self._templates:
            Faker.seed(7)
            random.seed(7)
            generate_record = load_example("streaming_producer").generate_record
            fake = Faker("ro_RO")
            records = [generate_record(fake) for _ in range(min(TEMPLATES, self.records))]
            self._templates = [(json.dumps(r).encode().rsplit(b'"', 2)[0] + b'"', copy_text(r)) for r in records]
        return self._templates

    def json_file(self) -> Path:
        """The templates as records, one a line."""
        file = self.folder / "templates.json"
        file.write_bytes(b"".join(json + str(uuid.uuid4()).encode() + b'"}\n' for json, _ in self.templates()))
        return file

    def fill(self, topic: str, records: int, bad: Callable[[int, bytes], bytes] | None = None,
             text_file: Path | None = None) -> str:
        """A topic of three partitions; `bad` may change the i-th record, `text_file` gets the same rows for COPY."""
        self.kafka.create_topic(topic, 3)
        producer = Producer({"bootstrap.servers": self.kafka.address, "linger.ms": 20, "batch.size": 512 << 10,
                             "queue.buffering.max.messages": 200_000, "queue.buffering.max.kbytes": 256 << 10,
                             "acks": "all", "log_level": 2})
        text = text_file.open("wb") if text_file else None
        templates = self.templates()
        for i in range(records):
            head, row = templates[i % len(templates)]
            unique_id = str(uuid.uuid4()).encode()
            value = head + unique_id + b'"}'
            if text:
                text.write(row + unique_id + b"\n")
            produce(producer, topic, bad(i, value) if bad else value, i % 3)
        assert producer.flush(120) == 0, f"{topic} could not be filled"
        if text:
            text.close()
        return topic

    # The database

    def database(self, check: str = "") -> Database:
        """A fresh one, with the chapter's table in it; `check` becomes a constraint of the table."""
        database = self.postgres.create_database()
        database.create_chapter_table()
        if check:
            database.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT bench CHECK ({check})")
        database.execute("CHECKPOINT")
        return database

    def drop(self, database: Database) -> None:
        self.postgres.drop_database(database.name)

    def psql(self, database: Database, *arguments: str) -> list[str]:
        return ["psql", "-X", "-q", "-d", database.uri(), "-v", "ON_ERROR_STOP=1", *arguments]

    def psql_env(self) -> dict[str, str]:
        return {**os.environ, "PGPASSWORD": "postgres"}


def produce(producer: Producer, topic: str, value: bytes, partition: int) -> None:
    while True:
        try:
            producer.produce(topic, value=value, partition=partition)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.05)


def copy_text(record: dict) -> bytes:
    values = [str(v).translate(COPY_ESCAPES) for v in list(record.values())[:-1]]
    return ("\t".join(values) + "\t").encode()


def facts(stage: Stage) -> list[str]:
    """The machine and the versions, one line each."""
    with stage.postgres._maintenance() as connection:
        server = connection.execute("SHOW server_version").fetchone()[0]
    return machine(f"PostgreSQL {server.split()[0]} (durable: fsync and synchronous_commit as shipped); ")


def machine(servers: str = "") -> list[str]:
    """The same; `servers` are those beside Kafka."""
    cpu = next(line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
               if line.startswith("model name"))
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / (1 << 20)
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return [f"{os.cpu_count()} cores of {cpu}, {memory:.0f} GiB of memory; the servers, the programs and this bench share them",
            f"Linux {os.uname().release}; {servers}Apache Kafka {os.environ.get('KAFKA_VERSION', '4.1.1')}",
            f"weir at {commit.stdout.strip() or 'an unknown commit'}"]
