"""Others who fill a table from a topic. Each is given the time from its first visible row on: its start does not count."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from harness.paths import ROOT

from .process import anonymous_kib, end
from .stage import TABLE, Stage
from .table import Table, say

HERE = Path(__file__).resolve().parent
DEBEZIUM = ROOT / ".deps" / "debezium"
PATHWAY_PYTHON = ROOT / ".deps" / "peers-venv" / "bin" / "python"
INTEGERS = {"session_duration": "int32", "download_speed": "int32", "upload_speed": "int32", "consumed_traffic": "int32"}


def database_of(stage: Stage):
    """The chapter's records carry personal_number as text, which peers with a schema do not turn into a BIGINT: here it
    may stay text."""
    database = stage.database()
    database.execute(f"ALTER TABLE {TABLE} ALTER personal_number TYPE VARCHAR(50)")
    return database


def columns() -> list[str]:
    lines = (ROOT / "examples/driven_data/create_table.sql").read_text().splitlines()
    return [line.strip(" ,").split()[0] for line in lines[1:] if line.startswith("    ")]


def visible_rate(database, table: str, records: int, process: subprocess.Popen, table_bytes: int,
                 timeout_s: float) -> tuple[float, float]:
    """Rows a second from the first visible ones to the last, and the most anonymous memory in MiB. Rows are counted at
    both ends only; in between the size of the table is watched."""
    deadline = time.monotonic() + timeout_s
    began, at_first, peak = 0.0, 0, 0
    with database.connect() as connection:
        def count() -> int:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        while True:
            assert process.poll() is None, f"ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{count():,} of {records:,} rows in time"
            peak = max(peak, anonymous_kib(process.pid))
            if not began:
                if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                    began, at_first = time.monotonic(), count()
            elif connection.execute(f"SELECT pg_relation_size('{table}')").fetchone()[0] >= 0.9 * table_bytes:
                now = time.monotonic()
                if (rows := count()) >= records:
                    return (rows - at_first) / (now - began), peak / 1024
            time.sleep(0.05)


def run(stage: Stage, database, command: list, env: dict, table: str, records: int, timeout_s: float,
        name: str) -> tuple[float, float]:
    log = stage.folder / f"{name}.log"
    with log.open("wb") as words:
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=words,
                                   stderr=subprocess.STDOUT, env=env, cwd=stage.folder)
    try:
        return visible_rate(database, table, records, process, stage.table_bytes * records // stage.records, timeout_s)
    except AssertionError as error:
        raise RuntimeError(f"{name}: {error}; its last words: {log.read_text(errors='replace')[-3000:]}") from None
    finally:
        end(process, timeout_s=10)


def pathway(stage: Stage, topic: str) -> tuple[float, float]:
    database = database_of(stage)
    database.execute(f"ALTER TABLE {TABLE} SET SCHEMA public; "
                     "ALTER TABLE streaming_data ADD time BIGINT NOT NULL, ADD diff SMALLINT NOT NULL")
    settings = {"brokers": stage.kafka.address, "topic": topic, "table": "streaming_data", "columns": columns(),
                "integers": list(INTEGERS), "postgres": database.parameters()}
    file = stage.folder / "pathway.json"
    file.write_text(json.dumps(settings))
    try:
        return run(stage, database, [PATHWAY_PYTHON, HERE / "pathway_pipeline.py", file], dict(os.environ),
                   "streaming_data", stage.records, 300, "pathway")
    finally:
        stage.drop(database)


def connect_schema() -> str:
    fields = [{"field": name, "type": INTEGERS.get(name, "string"), "optional": True} for name in columns()]
    return json.dumps({"type": "struct", "optional": False, "fields": fields})


def debezium(stage: Stage, topic: str) -> tuple[float, float]:
    """Kafka Connect, standalone; its JSON converter is told the schema once (KIP-1054), so that it reads the same topic."""
    database = database_of(stage)
    folder = stage.folder
    worker = {"bootstrap.servers": stage.kafka.address, "offset.storage.file.filename": folder / "connect.offsets",
              "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
              "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "true",
              "value.converter.schema.content": connect_schema(), "listeners": "http://127.0.0.1:0",
              "plugin.discovery": "only_scan", "plugin.path": DEBEZIUM / "plugins", "offset.flush.interval.ms": "10000",
              "consumer.max.poll.records": "5000", "consumer.fetch.min.bytes": "1000000", "consumer.fetch.max.wait.ms": "100"}
    sink = {"name": "bench", "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector", "tasks.max": "3",
            "topics": topic, "connection.url": f"jdbc:postgresql://127.0.0.1:{stage.postgres.port}/{database.name}",
            "connection.username": "postgres", "connection.password": database.parameters()["password"],
            "insert.mode": "insert", "primary.key.mode": "none", "schema.evolution": "none", "collection.name.format": TABLE,
            "batch.size": "5000", "dialect.postgres.unnest.insert.enabled": "true"}
    for name, settings in (("worker", worker), ("sink", sink)):
        (folder / f"{name}.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    command = ["java", "-Xms512m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
               f"{DEBEZIUM}/connect/*", "org.apache.kafka.connect.cli.ConnectStandalone", folder / "worker.properties",
               folder / "sink.properties"]
    try:
        return run(stage, database, command, dict(os.environ), TABLE, stage.records, 300, "debezium")
    finally:
        stage.drop(database)


def chapter(stage: Stage, records: int) -> tuple[float, float]:
    topic = stage.fill("bench_chapter", records)
    database = stage.database()
    credentials = database.credentials(stage.folder)
    try:
        return run(stage, database, [sys.executable, "-W", "ignore", HERE / "chapters_consumer.py", stage.kafka.address,
                                     topic, credentials], dict(os.environ), TABLE, records, 300, "chapter")
    finally:
        stage.drop(database)


def measure(stage: Stage, table: Table, topic: str, weir_rate: float, skip: set[str], chapter_records: int) -> None:
    peers = {
        "pathway": ("Pathway", 4.5, lambda: pathway(stage, topic)),
        "debezium": ("Debezium's JDBC sink, 3 tasks, batch.size 5000, UNNEST", 10.0, lambda: debezium(stage, topic)),
        "chapter": (f"the chapter's consumer ({chapter_records:,} records)", 250.0,
                    lambda: chapter(stage, chapter_records)),
    }
    for key, (name, target, rate_of) in peers.items():
        if key in skip:
            continue
        say(name)
        try:
            rate, mib = rate_of()
        except (RuntimeError, OSError) as error:
            print(error)
            table.add(f"weir against {name}", "not measured: it did not run", f"at least {target:g}", None)
            continue
        table.at_least(f"weir against {name}", weir_rate / rate, target, "{:.1f}",
                       note=f" (that one: {rate:,.0f} rows/s, {mib:,.0f} MiB)")
