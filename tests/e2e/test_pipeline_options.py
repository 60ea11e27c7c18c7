"""What the options of `weir ingest` do to real records, and `weir dead`."""
import json
import os
import re
import signal
import socket
import time
from collections import Counter

import pytest

from harness.http import get, read_metrics
from harness.invariant import balanced, dead_letters, offsets
from harness.paths import patience
from harness.ports import free_address
from harness.records import Record
from harness.wait import in_time, wait_until
from harness.weir import Process, Weir, pipeline_name

SUMMARY_KEYS = {"rows", "dead", "filtered", "tombstones", "suppressed", "absent", "bytes", "seconds", "rows_per_s",
                "partitions"}


def numbers(values, **fields) -> list[Record]:
    return [Record(b'{"n": %d}' % n, **fields) for n in values]


@pytest.fixture
def table(database) -> str:
    """A table of numbers; what it does not take is a dead letter."""
    database.execute("CREATE TABLE numbers (n int)")
    return "numbers"


def stored(database, table: str = "numbers") -> list[int]:
    return [n for n, in database.query(f"SELECT n FROM {table} ORDER BY n")]


def transactions(database, table: str = "numbers") -> int:
    return database.value(f"SELECT count(DISTINCT xmin::text) FROM {table}")


def configure(weir: Weir, pipelines: dict, **top) -> None:
    """weir.yaml in the test's folder (in YAML's flow style, which JSON is)."""
    config = {"brokers": weir.kafka.address, "database": str(weir.database.credentials(weir.folder)),
              "pipelines": pipelines, **top}
    (weir.folder / "weir.yaml").write_text(json.dumps(config))


def log_lines(process: Process | str, level: str = "error") -> list[str]:
    text = process if isinstance(process, str) else process.stderr
    return [line for line in text.splitlines() if f" level={level} " in line]


@pytest.fixture(scope="module", autouse=True)
def in_vain(kafka_server, postgres_server, tmp_path_factory):
    """Processes that find no broker. Their patience of ten seconds passes while other tests run."""
    for server in (kafka_server, postgres_server):
        if not server.running():
            server.start()
    database = postgres_server.create_database()
    database.execute("CREATE TABLE numbers (n int)")
    runner = Weir(kafka_server, database, tmp_path_factory.mktemp("in-vain"))
    properties = runner.folder / "kafka.properties"
    properties.write_text("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=ion\nsasl.password=x\n")
    nobody = free_address()

    def start(address: str, *options) -> tuple[Process, str]:
        return runner.start("ingest", "-t", "t", "--table", "numbers", "-b", address, "--database",
                            database.credentials(runner.folder), *options), address

    yield {"no broker": start(nobody), "another protocol": start(kafka_server.address, "-F", properties)}
    runner.end()
    postgres_server.drop_database(database.name)


# ---- Where a column's value comes from ----

def test_columns_by_pointer_and_metadata(kafka, topic, database, weir):
    database.execute("""CREATE TABLE placed (n int, city text, street text, second text, odd text, seen timestamptz,
        born date, whole jsonb, in_topic text, in_partition int, at_offset bigint, at timestamptz, at_ms bigint, k text,
        k_bytes bytea, trace text, trace_bytes bytea)""")
    configure(weir, {"placed": {"topic": topic, "table": "placed", "columns": {
        "city": "/address/city", "street": "/address/lines/0", "second": {"from": "/address/lines/1"},
        "odd": "/a~1b/~0c", "seen": {"from": "/ts", "unit": "ms"}, "born": {"from": "/ts", "unit": "ms"}, "whole": "",
        "in_topic": "$topic", "in_partition": "$partition", "at_offset": "$offset", "at": "$timestamp",
        "at_ms": "$timestamp", "k": "$key", "k_bytes": "$key", "trace": "$headers/trace",
        "trace_bytes": "$headers/trace"}}})
    full = {"n": 1, "address": {"city": "Iași", "lines": ["Copou", 7]}, "a/b": {"~c": "x"}, "ts": 1_700_000_000_123}
    kafka.produce(topic, [
        Record(json.dumps(full).encode(), key="cheie ț".encode(), partition=1, timestamp_ms=1_600_000_000_456,
               headers=[("trace", b"first"), ("other", b"x"), ("trace", b"last")]),
        Record(b'{"n": 2, "city": "by its own name", "address": "none"}', partition=1, timestamp_ms=1_600_000_000_456),
        Record(b'{"n": 3}', key=b"\xff", partition=1),
        Record(b'{"n": 4}', headers=[("trace", b"a\0b")], partition=1),
        Record(b'{"n": 5}', headers=[("trace", None)], key=b"", partition=1),
        Record(b'{"n": 6, "ts": "yesterday"}', partition=1)])

    weir.call("ingest", "-e")

    time_1 = "2020-09-13 12:26:40.456+00"
    with database.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        rows = connection.execute("SELECT n, city, street, second, odd, seen::text, born::text, in_topic, in_partition,"
                                  " at_offset, at::text, at_ms, k, k_bytes, trace, trace_bytes FROM placed ORDER BY n"
                                  ).fetchall()
    assert rows[0] == (1, "Iași", "Copou", "7", "x", "2023-11-14 22:13:20.123+00", "2023-11-14", topic, 1, 0, time_1,
                       1_600_000_000_456, "cheie ț", "cheie ț".encode(), "last", b"last")
    # A column with a rule does not take the key of its name; what is not there is NULL.
    assert rows[1] == (2, None, None, None, None, None, None, topic, 1, 1, time_1, 1_600_000_000_456, None, None, None,
                       None)
    assert rows[2][0] == 5 and rows[2][12:] == ("", b"", None, None)
    assert database.value("SELECT whole FROM placed WHERE n = 1") == full
    dead = {d["record_offset"]: (d["column_name"], d["sqlstate"]) for d in dead_letters(database, "placed")}
    assert dead == {2: ("k", "22021"), 3: ("trace", "22021"), 5: ("seen", "22007")}


def test_two_pipelines_of_the_nearest_file_and_one_by_name(kafka, topic, database, weir):
    database.execute("CREATE TABLE evens (n int); CREATE TABLE halves (half int)")
    second = kafka.create_topic(partitions=1)
    configure(weir, {"evens": {"topic": topic, "table": "evens", "lanes": 1},
                     "halves": {"topic": second, "table": "halves", "columns": {"half": "/n"}}})
    kafka.produce(topic, numbers(range(0, 20, 2)))
    kafka.produce(second, numbers(range(10)))
    below = weir.folder / "deep" / "down"
    below.mkdir(parents=True)

    only = weir.call("ingest", "halves", "-e", "-J", cwd=below).summary()
    assert set(only) == SUMMARY_KEYS and only["rows"] == 10
    assert stored(database, "evens") == []

    both = weir.call("ingest", "-e", "-J", cwd=below).summary()
    assert list(both) == ["pipelines"]
    assert all(set(pipeline) == SUMMARY_KEYS | {"name"} for pipeline in both["pipelines"])
    assert {pipeline["name"]: pipeline["rows"] for pipeline in both["pipelines"]} == {"evens": 10, "halves": 0}
    assert stored(database, "evens") == [*range(0, 20, 2)]

    said = weir.call("ingest", "halfs", exit_code=2, cwd=below).stderr
    assert 'no pipeline "halfs"; it has: evens, halves' in said and said.count("\n") == 1


def test_one_pipeline_that_halts_does_not_stop_the_other(kafka, topic, database, weir, table):
    database.execute("CREATE VIEW looking AS SELECT * FROM numbers")
    configure(weir, {"bad": {"topic": topic, "table": "looking"}, "good": {"topic": topic, "table": table}})
    kafka.produce(topic, numbers(range(30)))
    process = weir.call("ingest", "-e", "-J", exit_code=1)
    assert stored(database) == [*range(30)]
    assert [p["rows"] for p in process.summary()["pipelines"]] == [0, 30]
    assert len(log_lines(process)) == 1 and "pipeline=bad" in log_lines(process)[0]


def test_several_topics_into_one_table(kafka, topic, database, weir):
    database.execute("CREATE TABLE numbers (n int, source text)")
    second = kafka.create_topic(partitions=2)
    configure(weir, {"both": {"topic": [topic, second], "table": "numbers", "columns": {"source": "$topic"}}})
    kafka.produce(topic, numbers(range(30)))
    kafka.produce(second, numbers(range(30, 50)) + [Record(b"x")])
    summary = weir.call("ingest", "-e", "-J").summary()
    assert (summary["rows"], summary["dead"]) == (50, 1)
    assert {(p["topic"], p["partition"]) for p in summary["partitions"]} == {
        *((topic, p) for p in range(3)), *((second, p) for p in range(2))}
    assert database.query("SELECT source, min(n), max(n), count(*) FROM numbers GROUP BY 1 ORDER BY 2") == [
        (topic, 0, 29, 30), (second, 30, 49, 20)]
    assert balanced(database, "both", topic)["rows"] == 30
    assert balanced(database, "both", second) == {**dict.fromkeys(SUMMARY_KEYS & {
        "filtered", "tombstones", "suppressed", "absent"}, 0), "rows": 20, "dead": 1}


# ---- Where it begins and ends ----

def test_count_is_exact(kafka, topic, database, weir, table):
    kafka.produce(topic, numbers(range(300)) + [Record(b"x"), Record(None)] * 50)
    first = weir.call(*weir_arguments(weir, topic), "-n", "7", "-J").summary()
    assert first["rows"] + first["dead"] + first["tombstones"] == 7
    second = weir.call(*weir_arguments(weir, topic), "-n", "150", "-J").summary()
    assert second["rows"] + second["dead"] + second["tombstones"] == 150
    assert sum(p["next_offset"] for p in second["partitions"]) == 157
    # With --exit whichever comes first.
    assert weir.run(topic, "-n", "1000", table=table, setup=False)["rows"] <= 300
    assert stored(database) == [*range(300)]
    assert balanced(database, pipeline_name(topic, table), topic)["tombstones"] == 50


def weir_arguments(weir: Weir, topic: str, table: str = "numbers") -> list:
    return ["ingest", "-b", weir.kafka.address, "-t", topic, "--table", table, "--database",
            weir.database.credentials(weir.folder)]


HOUR = 3_600_000
START_MS = 1_700_000_000_000
STARTS = {"beginning": 0, "earliest": 0, "start": 0, "end": 10, "latest": 10, "4": 4, "10": 10, "-3": 7, "-1000": 0,
          "@2023-11-14T22:13:23Z": 3, "@2023-11-15 00:13:23+02:00": 3, f"s@{START_MS + 3001}": 4, "@2023-01-01": 0,
          "@-24h": 9, "@2999-01-01": 10}


def test_forms_of_the_first_offset(kafka, database, weir):
    """Ten records, a second apart and long ago but for the last one, which is an hour old."""
    topic = kafka.create_topic(partitions=1)
    times = [START_MS + 1000 * n for n in range(9)] + [int(time.time() * 1000) - HOUR]
    kafka.produce(topic, [Record(b'{"n": %d}' % n, timestamp_ms=at) for n, at in enumerate(times)])
    names = {f"from_{i}": form for i, form in enumerate(STARTS)}
    database.execute("; ".join(f"CREATE TABLE {name} (n int)" for name in names))
    configure(weir, {name: {"topic": topic, "table": name, "offset": form, "lanes": 1} for name, form in names.items()})
    weir.call("ingest", "-e")
    found = {form: (stored(database, name), offsets(database, name, topic)[0]["start_offset"])
             for name, form in names.items()}
    assert found == {form: ([*range(start, 10)], start) for form, start in STARTS.items()}


@pytest.mark.parametrize(("form", "says"), [("11", "0 to 10"), ("stored", "first start")])
def test_a_first_offset_that_cannot_be(kafka, database, weir, table, form, says):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, numbers(range(10)))
    said = weir.refused(topic, "-o", form, table=table, setup=False, exit_code=2)
    assert says in said and len(log_lines(said)) == 1
    assert weir.run(topic, "-o", "8", table=table, setup=False)["rows"] == 2, "the refusal left nothing behind"
    said = weir.refused(topic, "-o", "8", table=table, setup=False, exit_code=2)
    assert "--reset" in said and len(log_lines(said)) == 1
    assert weir.run(topic, table=table, setup=False)["rows"] == 0


def test_reset_reads_again_and_writes_each_dead_letter_once(kafka, topic, database, weir):
    database.execute("CREATE TABLE numbers (n int PRIMARY KEY)")
    kafka.produce(topic, numbers(range(20)) + [Record(b"x")] * 5)
    assert weir.run(topic, table="numbers", setup=False)["dead"] == 5
    again = ["--reset", "--yes", "--accept-table", "--on-conflict", "ignore"]
    summary = weir.run(topic, *again, table="numbers", setup=False)
    assert (summary["rows"], summary["suppressed"], summary["dead"]) == (0, 20, 5)
    assert stored(database) == [*range(20)]
    assert len(dead_letters(database, pipeline_name(topic, "numbers"))) == 5
    assert balanced(database, pipeline_name(topic, "numbers"), topic)["suppressed"] == 20
    # With --on-conflict fail the same makes dead letters.
    summary = weir.run(topic, *again[:3], table="numbers", setup=False)
    assert (summary["rows"], summary["suppressed"], summary["dead"]) == (0, 0, 25)


# ---- A dry run ----

def schemas(database) -> set[str]:
    return {name for name, in database.query("SELECT nspname FROM pg_namespace")}


def test_dry_run_writes_nothing(kafka, topic, database, weir, table):
    before = schemas(database)
    kafka.produce(topic, numbers(range(40)) + [Record(b'{"n": 1.5}'), Record(None), Record(b"x")])
    process = weir.call(*weir_arguments(weir, topic), "--dry-run", "-e", "-J")
    summary = process.summary()
    assert (summary["rows"], summary["dead"], summary["tombstones"]) == (40, 2, 1)
    told = log_lines(process, "warn")
    assert len(told) == 2 and all("would be a dead letter" in line for line in told)
    assert any("1.5 is not a whole number" in line for line in told)
    assert stored(database) == [] and schemas(database) == before
    assert weir.run(topic, table=table, setup=False)["rows"] == 40


def test_dry_run_beside_a_pipeline_takes_nothing_from_it(kafka, topic, database, weir, table):
    """Not even where retention has passed what is stored, which a real run would have to claim."""
    kafka.produce(topic, numbers(range(10), partition=0))
    assert weir.run(topic, table=table, setup=False)["rows"] == 10
    kafka.produce(topic, numbers(range(10, 30), partition=0))
    state = "SELECT o.*, p.* FROM weir.offsets o, weir.pipelines p ORDER BY o.partition"
    before = database.query(state)
    assert weir.run(topic, "--dry-run", table=table, setup=False)["rows"] == 20
    assert database.query(state) == before
    kafka.delete_records(topic, {0: 15})
    weir.call(*weir_arguments(weir, topic), "--dry-run", "-e", "-J", exit_code=1)
    assert database.query(state) == before


# ---- Limits to dead letters ----

def test_max_dead_share_halts_and_100_percent_never(kafka, database, weir, table):
    topic = kafka.create_topic(partitions=1)
    small = ["--max-batch-rows", "1000"]
    kafka.produce(topic, numbers(range(6_000)) + [Record(b"x")] * 5_001)
    said = weir.refused(topic, *small, table=table, setup=False, exit_code=1)
    assert "more than 50% of the last 10000 records" in said and "--max-dead-share" in said and "not JSON" in said
    assert len(log_lines(said)) == 1
    books = balanced(database, pipeline_name(topic, table), topic)
    assert books["rows"] == 6_000 and 4_000 <= books["dead"] < 5_001

    assert weir.run(topic, "--max-dead-share", "100%", *small, table=table, setup=False)["dead"] == 5_001 - books["dead"]
    assert balanced(database, pipeline_name(topic, table), topic)["dead"] == 5_001


def test_max_dead_share_is_not_judged_before_10000_records(kafka, database, weir, table):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [Record(b"Hellow")] * 5_000)
    assert weir.run(topic, "--max-dead-share", "0.1%", table=table, setup=False)["dead"] == 5_000


def test_dead_cap_halts_until_prune_makes_room(kafka, database, weir, table):
    topic = kafka.create_topic(partitions=1)
    capped = ["--dead-cap", "1MiB"]
    bad = [Record(os.urandom(8_000)) for _ in range(200)]
    kafka.produce(topic, bad)
    assert weir.run(topic, *capped, table=table, setup=False)["dead"] == 200, "asked before they are written"
    kafka.produce(topic, numbers(range(5)) + [Record(b"bad", key=b"one more")] + numbers(range(5, 10)))

    said = weir.refused(topic, *capped, table=table, setup=False, exit_code=1)
    assert "weir dead prune" in said and "--dead-cap" in said and len(log_lines(said)) == 1
    assert stored(database) == [] and balanced(database, pipeline_name(topic, table), topic)["dead"] == 200

    pruned = weir.call("dead", "prune", "--all", "--yes", "--database", database.credentials(weir.folder))
    assert pruned.stdout == "200 deleted\n"
    summary = weir.run(topic, *capped, table=table, setup=False)
    assert (summary["rows"], summary["dead"]) == (10, 1)
    assert [d["key"] for d in dead_letters(database, pipeline_name(topic, table))] == [b"one more"]
    assert balanced(database, pipeline_name(topic, table), topic)["dead"] == 201


# ---- Batches ----

def test_max_batch_rows(kafka, database, weir, table):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, numbers(range(20)))
    assert weir.run(topic, "--max-batch-rows", "4", "--lanes", "1", table=table, setup=False)["rows"] == 20
    assert transactions(database) == 5


def test_max_delay_gathers_and_is_kept(kafka, topic, database, weir, table):
    process = weir.start(*weir_arguments(weir, topic), "--max-delay", "5s", "--lanes", "1")
    process.says("reading 3 partitions")
    sent = []

    def gathered() -> int:
        """Transactions that four records took which were sent one by one within the delay."""
        before, taken, begun = len(sent), transactions(database), time.monotonic()
        for _ in range(4):
            sent.extend(kafka.produce(topic, numbers([len(sent)])))
            time.sleep(0.1)
        there = len(stored(database))
        assert there == before or time.monotonic() - begun > 4.5
        wait_until(lambda: len(stored(database)) == len(sent), 15, "the four records")
        return transactions(database) - taken

    in_time(gathered, 1)
    kafka.produce(topic, numbers([len(sent)]))
    time.sleep(0.5 * patience())
    assert process.stop() == 0
    assert stored(database) == [*range(len(sent) + 1)], "what was gathered is stored when told to stop"


def test_max_delay_does_not_hold_up_the_end(kafka, topic, database, weir, table):
    kafka.produce(topic, numbers(range(10)))
    begun = time.monotonic()
    assert weir.run(topic, "--max-delay", "1h", table=table, setup=False, timeout_s=20)["rows"] == 10
    assert time.monotonic() - begun < 10 * patience()


# ---- What it writes with and where ----

@pytest.mark.parametrize(("options", "stored_at"), [
    ([], "2024-07-01 12:00:00+00"), (["--timezone", "Europe/Bucharest"], "2024-07-01 09:00:00+00"),
    (["--timezone", "-03:30"], "2024-07-01 15:30:00+00")])
def test_timezone(kafka, topic, database, weir, options, stored_at):
    database.execute("CREATE TABLE times (at timestamptz, with_offset timestamptz, local timestamp)")
    text = "2024-07-01T12:00:00"
    kafka.produce(topic, [Record(json.dumps({"at": text, "with_offset": text + "+02", "local": text}).encode())])
    assert weir.run(topic, *options, table="times", setup=False)["rows"] == 1
    with database.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        row = connection.execute("SELECT at::text, with_offset::text, local::text FROM times").fetchone()
    assert row == (stored_at, "2024-07-01 10:00:00+00", "2024-07-01 12:00:00")


def test_state_schema(kafka, topic, database, weir, table):
    name = 'weir\'s "own"'
    kafka.produce(topic, numbers(range(5)) + [Record(b"x")])
    assert weir.run(topic, "--state-schema", name, table=table, setup=False)["rows"] == 5
    assert weir.run(topic, "--state-schema", name, table=table, setup=False)["rows"] == 0
    assert schemas(database) & {"weir", name} == {name}
    assert database.value('SELECT sum(rows) FROM "weir\'s ""own""".offsets') == 5
    listed = weir.call("dead", "list", "--state-schema", name, "--database", database.credentials(weir.folder))
    assert listed.stdout.count("\n") == 1


# ---- What it says ----

def test_the_summary_is_one_object_and_stdout_else_empty(kafka, topic, database, weir, table):
    records = numbers(range(5)) + [Record(b"xyz", key=b"k"), Record(None, key=b"gone")]
    kafka.produce(topic, records)
    summary = weir.run(topic, table=table, setup=False)
    assert set(summary) == SUMMARY_KEYS
    assert [summary[name] for name in ("rows", "dead", "filtered", "tombstones", "suppressed", "absent")] == [
        5, 1, 0, 1, 0, 0]
    assert summary["bytes"] == sum(len(r.key or b"") + len(r.value or b"") for r in records)
    assert summary["seconds"] > 0
    assert summary["rows_per_s"] == pytest.approx(5 / summary["seconds"], rel=0.2)
    assert all(set(p) == {"topic", "partition", "next_offset"} for p in summary["partitions"])
    assert {p["partition"]: p["next_offset"] for p in summary["partitions"]} == kafka.ends(topic)

    kafka.produce(topic, numbers(range(5, 8)))
    process = weir.call(*weir_arguments(weir, topic), "-e")
    assert process.stdout == ""
    assert "3 rows stored" in process.stderr
    quiet = weir.call(*weir_arguments(weir, topic), "-e", "-q")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_ctrl_c_drains_and_leaves_in_under_a_second(kafka, topic, database, weir, table):
    database.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.05); RETURN NULL;"
                     " END$$; CREATE TRIGGER slow AFTER INSERT ON numbers FOR EACH STATEMENT EXECUTE FUNCTION slow()")
    kafka.produce(topic, numbers(range(20_000)), linger_ms=50)
    process = weir.start(*weir_arguments(weir, topic), "--max-batch-rows", "50", "-J")
    wait_until(lambda: stored(database), what="the first rows", every_s=0.001)
    begun = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert time.monotonic() - begun < patience()
    assert process.summary()["rows"] == len(stored(database)) < 20_000, "ended before it was told to"
    weir.run(topic, table=table, setup=False)
    assert stored(database) == [*range(20_000)]


def test_ctrl_c_with_nothing_to_do(kafka, topic, database, weir, table):
    process = weir.start(*weir_arguments(weir, topic))
    process.says("reading 3 partitions")
    begun = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert time.monotonic() - begun < patience()


def test_ctrl_c_while_the_table_is_locked(kafka, topic, database, weir, table):
    """A batch that waits for somebody's lock is given up; its records are read again."""
    process = weir.start(*weir_arguments(weir, topic))
    process.says("reading 3 partitions")
    with database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE numbers")
        kafka.produce(topic, numbers(range(10)))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_until(lambda: database.value(waiting), what="a batch that waits")
        begun = time.monotonic()
        process.signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - begun < patience()
        connection.rollback()
    assert weir.run(topic, table=table, setup=False)["rows"] == 10
    assert stored(database) == [*range(10)]


def test_the_second_ctrl_c_leaves_at_once(kafka, topic, database, weir, table):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    sent = []

    def attempt() -> tuple[int, str]:
        process = weir.start(*weir_arguments(weir, topic), "-J")
        process.says("reading 3 partitions")
        with database.connect(autocommit=False) as connection:
            connection.execute("LOCK TABLE numbers")
            sent.extend(kafka.produce(topic, numbers(range(len(sent), len(sent) + 10))))
            wait_until(lambda: database.value(waiting), what="a batch that waits")
            process.signal(signal.SIGINT)
            time.sleep(0.2)  # sooner it is the same signal twice; in a second it has left without
            process.signal(signal.SIGINT)
            code = process.wait(10)
            connection.rollback()
        return code, process.stdout

    in_time(attempt, (130, ""))
    assert weir.run(topic, table=table, setup=False)["rows"] >= 10
    assert stored(database) == [*range(len(sent))]


def test_ctrl_c_while_no_broker_answers(database, weir, table):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = weir.start("ingest", "-b", f"127.0.0.1:{silent.getsockname()[1]}", "-t", "t", "--table", table,
                             "--database", database.credentials(weir.folder))
        silent.settimeout(20)
        accepted = silent.accept()
        begun = time.monotonic()
        process.signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - begun < patience()
        accepted[0].close()


def test_http_serves_metrics_and_health(kafka, topic, database, weir, table):
    address = free_address()
    process = weir.start(*weir_arguments(weir, topic), "--http", address, "--name", "ț{}")
    process.says("reading 3 partitions")
    kafka.produce(topic, numbers(range(20), partition=0) + [Record(b"x", partition=0), Record(None, partition=1),
                                                          Record(b'{"n": 99, "new": 1}', partition=2)])
    pipeline = 'pipeline="ț{}"'
    done = ("weir_ingest_records_total", pipeline + ',outcome="row"')
    lag = ("weir_ingest_lag_records", f'{pipeline},topic="{topic}",partition="0"')
    wait_until(lambda: read_metrics(get(address, "/metrics")[1]).get(done) == 21, what="21 rows in /metrics")
    dead, tombstone = (("weir_ingest_records_total", f'{pipeline},outcome="{what}"') for what in ("dead", "tombstone"))
    metrics = wait_until(lambda: (m := read_metrics(get(address, "/metrics")[1])).get(lag) == 0 and m.get(tombstone) == 1
                         and m, what="no lag")
    assert metrics[dead] == 1
    assert metrics["weir_ingest_unknown_keys_total", pipeline] == 1
    assert metrics["weir_ingest_up", pipeline] == 1
    assert metrics["weir_ingest_next_offset", f'{pipeline},topic="{topic}",partition="0"'] == 21
    buckets = {labels: n for (name, labels), n in metrics.items() if name.endswith("_bucket")}
    counts = list(buckets.values())
    assert counts == sorted(counts)
    assert counts[-1] == metrics["weir_ingest_batch_duration_seconds_count", pipeline] > 0
    assert get(address, "/healthz")[0] == get(address, "/readyz")[0] == 200
    assert get(address, "/nothing")[0] == 404

    taken = weir.call(*weir_arguments(weir, topic), "--http", address, "-e", exit_code=1).stderr
    assert address in taken and "something else listens" in taken and len(taken.splitlines()) == 1
    assert process.stop() == 0


def test_http_tells_when_a_partition_has_stopped(kafka, topic, database, weir, table):
    kafka.produce(topic, numbers(range(10), partition=0) + numbers(range(10, 20), partition=1))
    assert weir.run(topic, table=table, setup=False)["rows"] == 20
    kafka.produce(topic, numbers(range(20, 30), partition=0) + numbers(range(30, 40), partition=1))
    kafka.delete_records(topic, {0: 15})
    address = free_address()
    process = weir.start(*weir_arguments(weir, topic), "--http", address)
    process.says("reading 2 partitions")
    wait_until(lambda: len(stored(database)) == 30, what="the other partition")
    status, why = wait_until(lambda: (answer := get(address, "/healthz"))[0] != 200 and answer, what="unhealthy")
    assert status == 503 and f"{topic}[0]" in why and "retention" in why
    assert process.stop() == 1


# ---- weir dead ----

@pytest.fixture
def letters(kafka, database, weir, table):
    """Seven dead letters of one pipeline; the topic's name, and a function that calls weir dead."""
    topic = kafka.create_topic(partitions=2)
    kafka.produce(topic, [Record(b'{"n": "%d apples"}' % n, partition=0) for n in range(4)] + numbers(range(10), partition=0)
                  + [Record(b"Hellow", partition=1), Record(b"Hellow", partition=1),
                     Record(b"\0\xff\n\x1b[31m", key=b"k\xfe", headers=[("h", b"v")], partition=1)])
    assert weir.run(topic, table=table, setup=False)["dead"] == 7

    def dead(*arguments: str, **how):
        return weir.call("dead", *arguments, "--database", database.credentials(weir.folder), **how)

    return topic, dead


def test_dead_list(letters):
    topic, dead = letters
    lines = dead("list").stdout.splitlines()
    assert len(lines) == 7
    assert Counter(line.split("  ", 3)[3] for line in lines)["-: not JSON (at byte 0)"] == 2
    assert any(f'{topic}/0@3  n: "3 apples" is not a whole number' in line for line in lines)
    as_json = [json.loads(line) for line in dead("list", "-J", "-n", "3").stdout.splitlines()]
    assert len(as_json) == 3 and {letter["topic"] for letter in as_json} == {topic}
    assert len(dead("list", "-t", topic, "-p", "1").stdout.splitlines()) == 3
    assert "no pipeline" in dead("list", "no-such-pipeline", exit_code=1).stderr


def test_dead_list_by_reason(letters):
    topic, dead = letters
    groups = [json.loads(line) for line in dead("list", "--by", "reason", "-J").stdout.splitlines()]
    counts = {(group["column_name"], group["reason"], group["sqlstate"]): group["letters"] for group in groups}
    assert counts[None, "not JSON", "22P02"] == 2
    assert counts["n", "… is not a whole number", "22P02"] == 4, "values differ, the reason is one"
    assert [group["letters"] for group in groups] == [4, 2, 1]
    assert "       2  " in dead("list", "--by", "reason").stdout


def test_equal_reasons_of_two_codes(letters, database):
    """The code tells them apart; a letter without one has none."""
    topic, dead = letters
    database.execute("UPDATE weir.dead_letters SET sqlstate = CASE record_offset WHEN 0 THEN '22023' END WHERE reason LIKE"
                     " 'not JSON%' AND record_offset < 2")
    lines = [line.split(" (such as")[0].split(f"{topic}  ")[-1] for line in dead("list", "--by", "reason").stdout.splitlines()]
    assert lines[0] == "n: \u2026 is not a whole number [22P02] "
    assert {line for line in lines if "not JSON" in line} == {"-: not JSON [22023] ", "-: not JSON "}
    said = dead("replay", f"{topic}-to-numbers", "--reason", "whole number", exit_code=1).stderr
    assert "is not a whole number [22P02]  (such as" in said


def test_dead_show(letters):
    topic, dead = letters
    assert dead("show", f"{topic}/1@2", "--value").stdout_file.read_bytes() == b"\0\xff\n\x1b[31m"
    letter = json.loads(dead("show", f"{topic}/1@2", "-J").stdout)
    assert (letter["value_base64"], letter["key_base64"]) == ("AP8KG1szMW0=", "a/4=")
    assert letter["headers"] == [{"key": "h", "value": "dg=="}]
    shown = dead("show", f"{topic}/0@0").stdout
    assert 'reason     "0 apples" is not a whole number\n' in shown and '{"n": "0 apples"}' in shown
    assert "there is no dead letter" in dead("show", f"{topic}/0@9", exit_code=1).stderr


def test_dead_prune_asks_for_a_limit_and_a_yes(letters):
    topic, dead = letters
    assert "--older-than" in dead("prune", exit_code=2).stderr
    assert "--yes" in dead("prune", "--all", exit_code=2).stderr
    assert dead("prune", "--older-than", "1h", "--yes").stdout == "0 deleted\n"
    assert dead("prune", "--all", "--yes", "-t", topic, "-p", "1").stdout == "3 deleted\n"
    assert len(dead("list").stdout.splitlines()) == 4


# ---- Ways not to start ----

def test_an_unknown_topic_suggests_the_nearest(kafka, database, weir, table):
    name = kafka.create_topic(f"driven_data_{os.urandom(4).hex()}", partitions=1)
    typed = name.replace("driven", "drivn")
    said = weir.refused(typed, table=table, setup=False, exit_code=2)
    assert f'did you mean "{name}"?' in said.replace('\\"', '"')
    assert len(log_lines(said)) == 1
    assert typed not in kafka.admin.list_topics().topics, "weir never creates a topic"


def one_clear_line(process: Process, exit_code: int = 1) -> str:
    assert process.wait() == exit_code, process
    lines = [line for line in process.stderr.splitlines() if " level=info " not in line]
    assert len(lines) == 1, process
    return lines[0]


def test_no_broker(in_vain):
    process, address = in_vain["no broker"]
    line = one_clear_line(process)
    assert address in line and "refused" in line


def test_a_broker_that_wants_another_protocol(in_vain):
    process, address = in_vain["another protocol"]
    assert address in one_clear_line(process)


def test_a_wrong_password(database, weir, table):
    parameters = database.parameters(password="not it")
    file = weir.folder / "wrong.json"
    file.write_text(json.dumps(parameters))
    file.chmod(0o600)
    line = one_clear_line(weir.start("ingest", "-t", "t", "--table", table, "--database", file))
    assert "refuses the password of" in line and "not it" not in line


def test_no_database_server(database, weir, table):
    port = free_address().rpartition(":")[2]
    file = weir.folder / "elsewhere.json"
    file.write_text(json.dumps(database.parameters(port=int(port))))
    file.chmod(0o600)
    line = one_clear_line(weir.start("ingest", "-t", "t", "--table", table, "--database", file))
    assert f"127.0.0.1:{port}" in line and "refused" in line
