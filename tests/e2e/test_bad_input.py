"""Bad records never stop the good ones, are never lost, and each becomes what bad_records.py says of it.

All topics are read in one run of weir, by one pipeline for each table, before the first test asks."""
import base64
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bad_records import ANY, SCHEMA, SUPPRESSED, TOMBSTONE, TOPICS, Case, Dead, Pipeline, Row, Topic, value
from harness.invariant import balanced, dead_letters
from harness.paths import patience
from harness.records import Record
from harness.wait import wait_until
from harness.weir import Weir, pipeline_name

PARTITIONS = 3
OFFSET_COLUMNS = ("kafka_partition", "kafka_offset")


@dataclass
class Sent:
    """A topic as it was sent: where each case and each good record went."""
    name: str
    cases: dict[str, tuple[int, int]]
    good: list[tuple[int, int]]


@dataclass
class Outcome:
    """What one pipeline made of its topic, by the place of each record."""
    rows: dict[tuple[int, int], list[dict]]
    dead: dict[tuple[int, int], dict]
    counters: dict[str, int]
    summary: dict


def send(kafka, topic: Topic) -> Sent:
    name = kafka.create_topic(partitions=PARTITIONS, max_message_bytes=4_000_000)
    records, owners = [], {}
    numbers = iter(range(1000, 1_000_000))

    def add(value, partition, owner):
        records.append(Record(value, partition=partition))
        owners[id(records[-1])] = owner

    for i, case in enumerate(topic.cases):
        partition = i % PARTITIONS if case.partition is None else case.partition
        add(topic.good(next(numbers)), partition, None)
        add(case.value, partition, case.name)
        add(topic.good(next(numbers)), partition, None)
    sent = kafka.produce(name, records, message_max_bytes=4_000_000)
    places = [(owners[id(s.record)], (s.partition, s.offset)) for s in sent]
    return Sent(name, {owner: place for owner, place in places if owner}, [place for owner, place in places if not owner])


def configuration(kafka, database, folder, sent: dict[str, Sent]) -> None:
    """One weir.yaml with all pipelines of all topics (YAML's flow style, which JSON is)."""
    pipelines = {}
    for topic in TOPICS:
        for pipeline in topic.pipelines:
            pipelines[pipeline.name] = {
                "topic": sent[topic.name].name, "table": f"bad.{pipeline.name}", "lanes": 1, **pipeline.settings,
                "columns": {"kafka_partition": "$partition", "kafka_offset": "$offset"}}
    config = {"brokers": kafka.address, "database": str(database.credentials(folder)), "pipelines": pipelines}
    (folder / "weir.yaml").write_text(json.dumps(config, indent=1))


def read_rows(database, pipeline: Pipeline) -> dict[tuple[int, int], list[dict]]:
    columns = [name for name, in database.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'bad' AND table_name = %s",
        [pipeline.name])]
    rows = {}
    with database.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        quoted = ", ".join('"' + name.replace('"', '""') + '"::text' for name in columns).replace("%", "%%")
        for values in connection.execute(f"SELECT {quoted} FROM bad.{pipeline.name}", ()):
            row = dict(zip(columns, values))
            rows.setdefault(tuple(int(row.pop(name)) for name in OFFSET_COLUMNS), []).append(row)
    return rows


@pytest.fixture(scope="module")
def world(kafka_server, postgres_server, tmp_path_factory):
    """Kafka, a database and a folder for the whole module."""
    for server in (kafka_server, postgres_server):
        if not server.running():
            server.start()
    database = postgres_server.create_database()
    runner = Weir(kafka_server, database, tmp_path_factory.mktemp("bad"))
    yield runner
    runner.end()
    postgres_server.drop_database(database.name)


@pytest.fixture(scope="module")
def ingested(world):
    """All topics sent and ingested: the process, and topic name -> Sent."""
    world.database.execute(SCHEMA)
    for topic in TOPICS:
        for pipeline in topic.pipelines:
            world.database.execute(f"CREATE TABLE bad.{pipeline.name} ({pipeline.table});"
                                   + pipeline.more.replace("{name}", pipeline.name))
    sent = {topic.name: send(world.kafka, topic) for topic in TOPICS}
    configuration(world.kafka, world.database, world.folder, sent)
    process = world.start("ingest", "-e", "-J")
    assert process.wait(120) == 0, process
    return process, sent


@pytest.fixture(scope="module")
def outcomes(world, ingested) -> dict[str, Outcome]:
    process, sent = ingested
    summaries = {summary["name"]: summary for summary in process.summary()["pipelines"]}
    found = {}
    for topic in TOPICS:
        for pipeline in topic.pipelines:
            dead = {(d["partition"], d["record_offset"]): d for d in dead_letters(world.database, pipeline.name)}
            found[pipeline.name] = Outcome(read_rows(world.database, pipeline), dead,
                                           balanced(world.database, pipeline.name, sent[topic.name].name),
                                           summaries[pipeline.name])
    return found


CASES = [pytest.param(topic, pipeline, case, id=f"{pipeline.name}-{case.name}")
         for topic in TOPICS for pipeline in topic.pipelines for case in topic.cases if pipeline.only(case)]
PIPELINES = [pytest.param(topic, pipeline, id=pipeline.name) for topic in TOPICS for pipeline in topic.pipelines]


def expect_row(rows: list[dict], columns: dict) -> None:
    assert len(rows) == 1
    for name, text in columns.items():
        found = rows[0][name]
        if text == ANY:
            assert found is not None, name
        elif found is not None and len(found) > 2000:
            assert len(found) == len(text) and found == text, name
        else:
            assert found == text, name


def expect_letter(letter: dict, dead: Dead) -> None:
    pattern = ".*".join(map(re.escape, dead.reason.split("…")))
    assert re.fullmatch(pattern, letter["reason"]), f"{letter['reason']} is not {dead.reason}"
    assert (letter["sqlstate"], letter["column_name"]) == (dead.sqlstate, dead.column)


@pytest.mark.parametrize(("topic", "pipeline", "case"), CASES)
def test_becomes(outcomes, ingested, topic: Topic, pipeline: Pipeline, case: Case):
    outcome = outcomes[pipeline.name]
    place = ingested[1][topic.name].cases[case.name]
    rows, letter = outcome.rows.get(place, []), outcome.dead.get(place)
    expected = case.expected(pipeline.name)
    if isinstance(expected, Row):
        assert letter is None
        expect_row(rows, expected.columns)
    elif isinstance(expected, Dead):
        assert rows == []
        assert letter is not None
        expect_letter(letter, expected)
        assert bytes(letter["value"]) == case.value
    else:
        assert (rows, letter) == ([], None)


@pytest.mark.parametrize(("topic", "pipeline"), PIPELINES)
def test_good_records_around_are_stored_once(outcomes, ingested, topic: Topic, pipeline: Pipeline):
    outcome = outcomes[pipeline.name]
    stored = {place: len(outcome.rows.get(place, [])) for place in ingested[1][topic.name].good}
    assert stored == dict.fromkeys(stored, 1)


@pytest.mark.parametrize(("topic", "pipeline"), PIPELINES)
def test_books(outcomes, ingested, topic: Topic, pipeline: Pipeline):
    """Each record is one row, dead letter, tombstone or suppressed; the counters and the summary say the same."""
    outcome = outcomes[pipeline.name]
    sent = ingested[1][topic.name]
    expected = Counter(type(case.expected(pipeline.name)) if isinstance(case.expected(pipeline.name), (Row, Dead))
                       else case.expected(pipeline.name) for case in topic.cases)
    counters = {"rows": expected[Row] + len(sent.good), "dead": expected[Dead], "filtered": 0, "absent": 0,
                "tombstones": expected[TOMBSTONE], "suppressed": expected[SUPPRESSED]}
    assert outcome.counters == counters
    assert {name: outcome.summary[name] for name in counters} == counters
    assert sum(map(len, outcome.rows.values())) == counters["rows"]
    assert set(outcome.rows) <= set(sent.good) | set(sent.cases.values())
    assert len(outcome.dead) == counters["dead"]


def test_volatile_defaults_are_evaluated_for_each_row(world, outcomes):
    for table in ("absent", "absent_text"):
        for column in ("counted", "always", "token"):
            assert world.database.value(f"SELECT count(*) - count(DISTINCT {column}) FROM bad.{table}"
                                        " WHERE token <> 'mine'") == 0, column


def test_unknown_keys_are_named_once_and_counted(ingested):
    said = ingested[0].stderr.replace('\\"', '"')
    for pipeline in ("binary", "text", "lenient"):
        lines = [line for line in said.splitlines() if f"pipeline={pipeline} " in line]
        assert len([line for line in lines if 'the key "shoe_size" has no column' in line]) == 1
        assert len([line for line in lines if 'the key "shoe_size" was ignored in 2 records' in line]) == 1
        assert len([line for line in lines if 'the key "%n%s%d" was ignored in 1 record"' in line]) == 1
    # Rows that go in once more, because the server refused another one, are not counted again.
    assert said.count('pipeline=rules msg="the key "during" was ignored in 3 records"') == 1
    assert "pipeline=strict level=warn" not in said and 'in "bad"."strict" and is ignored' not in said


def test_dead_letters_keep_key_headers_and_time(kafka, database, weir):
    database.execute("CREATE TABLE numbers (n int NOT NULL)")
    topic = kafka.create_topic(partitions=1)
    headers = [("trace", b"\0\xff"), ("trace", b""), ("none", None), ("ș", "ț".encode())] * 100
    kafka.produce(topic, [Record(b"\xff{}", key=b"\0key", headers=headers, timestamp_ms=1_700_000_000_123),
                          Record(b"", key=b"")])
    assert weir.run(topic, table="numbers", setup=False)["dead"] == 2
    stored = database.query("SELECT key, value, headers, record_time = '2023-11-14T22:13:20.123Z', topic, item,"
                            " replayed_at FROM weir.dead_letters ORDER BY record_offset")
    encoded = [{"key": name, "value": value and base64.b64encode(value).decode()} for name, value in headers]
    for empty in encoded[1::4]:
        empty["value"] = ""
    assert stored[0] == (b"\0key", b"\xff{}", encoded, True, topic, 0, None)
    assert stored[1][:3] == (b"", b"", [])


def test_headers_are_found_behind_values_of_every_length(kafka, database, weir):
    """Whether a record has any is looked up beside its value, whose length takes one to four bytes there."""
    database.execute("CREATE TABLE numbers (n int)")
    topic = kafka.create_topic(partitions=1)
    sizes = [0, 1, 63, 64, 127, 128, 8191, 8192, 70_000]
    records = [Record(b"x" * size, key=key, headers=headers) for size in sizes for key in (None, b"k")
               for headers in ([("h", b"")], [])]
    kafka.produce(topic, records)
    assert weir.run(topic, "--max-dead-share", "100%", table="numbers", setup=False)["dead"] == len(records)
    letters = dead_letters(database, pipeline_name(topic, "numbers"))
    assert [letter["headers"] for letter in letters] == [[{"key": "h", "value": ""}] if record.headers else []
                                                         for record in records]


def test_a_default_too_long_for_its_column_is_refused_as_insert_does(kafka, database, weir):
    database.execute("CREATE TABLE named (n int, code varchar(3) DEFAULT current_database(), d numeric(3, 1) DEFAULT pi())")
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [Record(b'{"n": 1}'), Record(b'{"n": 2, "code": "abc"}')])
    assert weir.run(topic, table="named", setup=False)["dead"] == 1
    assert dead_letters(database, pipeline_name(topic, "named"))[0]["sqlstate"] == "22001"
    assert database.query("SELECT n, code, d::text FROM named") == [(2, "abc", "3.1")]


# Each refuses a number below zero in its own way.
REFUSING = {
    "checked": "CHECK (n >= 0)",
    "unlucky": """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.n < 0 THEN RAISE 'below zero'; END IF; RETURN NEW; END $$;
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON unlucky DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION f()""",
    "choosy": """CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.n < 0 THEN RAISE 'below zero'; END IF;
                  RETURN CASE WHEN NEW.n = 7 THEN NULL ELSE NEW END; END $$;
        CREATE TRIGGER t BEFORE INSERT ON choosy FOR EACH ROW EXECUTE FUNCTION g()""",
    # The error's context leads to the first row of each COPY, which is innocent.
    "lying": """CREATE FUNCTION h() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.n < 0 THEN EXECUTE E'SELECT 1 / 0 /*\\nCOPY lying, line 1, column n */'; END IF;
                  RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON lying FOR EACH ROW EXECUTE FUNCTION h()""",
    "ignoring": "CHECK (n >= 0), once int UNIQUE"}


def create_refusing(database, name: str) -> None:
    """A column with a volatile default makes several COPYs of a batch."""
    more = REFUSING[name]
    columns = "n int, token float DEFAULT random(), kafka_partition int, kafka_offset bigint"
    if more.startswith("CREATE"):
        database.execute(f"CREATE TABLE {name} ({columns}); {more}")
    else:
        database.execute(f"CREATE TABLE {name} ({columns}, {more})")


def random_records(rng: random.Random, count: int) -> Iterator[tuple[str, bytes | None]]:
    """What each is, and its value. Bad ones like company."""
    bad = False
    for _ in range(count):
        bad = rng.random() < (0.5 if bad else 0.06)
        chance = rng.random()
        if bad:
            refused = value(n=-1, token=1) if chance < 0.35 else value(n=-2)
            yield ("refused", refused) if chance < 0.7 else ("undecodable", b"x")
        elif chance < 0.02:
            yield "tombstone", None
        elif chance < 0.12:
            yield "seventh", value(n=7, once=1, token=1) if chance < 0.07 else value(n=7, once=1)
        else:
            yield "good", value(n=1, token=1) if chance < 0.5 else value(n=2)


def test_bad_records_in_any_place_leave_the_good_ones_alone(kafka, database, weir):
    """What the server refuses is found one by one among hundreds, whatever way it says so."""
    rng = random.Random(20)
    topic = kafka.create_topic(partitions=2)
    kinds = list(random_records(rng, 800))
    records = [Record(content, partition=rng.randrange(2)) for _, content in kinds]
    kind_of = {id(record): kind for record, (kind, _) in zip(records, kinds)}
    places = {(s.partition, s.offset): kind_of[id(s.record)] for s in kafka.produce(topic, records)}
    for name in REFUSING:
        create_refusing(database, name)
    columns = {"kafka_partition": "$partition", "kafka_offset": "$offset"}
    pipelines = {name: {"topic": topic, "table": name, "lanes": 1, "columns": columns} for name in REFUSING}
    pipelines["ignoring"]["on_conflict"] = "ignore"
    (weir.folder / "weir.yaml").write_text(json.dumps({
        "brokers": kafka.address, "database": str(database.credentials(weir.folder)), "pipelines": pipelines}))
    weir.call("ingest", "-e")

    for name in REFUSING:
        stored = Counter(database.query(f"SELECT kafka_partition, kafka_offset FROM {name}"))
        dead = {(d["partition"], d["record_offset"]): d["sqlstate"] for d in dead_letters(database, name)}
        suppressed = {"choosy": "seventh", "ignoring": "seventh"}.get(name)
        first = [place for place in stored if places[place] == "seventh"]
        expected = Counter(place for place, kind in places.items() if kind in ("good", "seventh") and kind != suppressed)
        if name == "ignoring":
            assert len(first) == 1
            expected[first[0]] = 1
        assert stored == expected, name
        assert dead.keys() == {place for place, kind in places.items() if kind in ("refused", "undecodable")}, name
        assert all((dead[place] == "22P02") == (places[place] == "undecodable") for place in dead), name
        counters = balanced(database, name, topic)
        assert (counters["rows"], counters["dead"]) == (len(stored), len(dead)), name


PARTITIONED = "CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (100)"


def numbers(*values) -> list[Record]:
    return [Record(value(n=n)) for n in values]


@pytest.mark.parametrize("conflict", ["fail", "ignore"])
def test_row_for_no_partition_halts_until_the_cure(kafka, database, weir, conflict):
    database.execute(PARTITIONED)
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, numbers(*range(50)))
    options = ["--on-conflict", conflict]
    assert weir.run(topic, *options, table="p", setup=False)["rows"] == 50

    kafka.produce(topic, [*numbers(*range(50, 60)), Record(b"bad"), *numbers(500), *numbers(*range(60, 100))])
    said = weir.refused(topic, *options, table="p", setup=False, exit_code=1).replace('\\"', '"')
    assert 'no partition of relation "p" found for row' in said
    assert "(n) = (500)" in said
    cure = re.search(r"CREATE TABLE \S+ PARTITION OF \S+ DEFAULT;", said).group()
    assert balanced(database, f"{topic}-to-p", topic)["rows"] == 50

    database.execute(cure)
    summary = weir.run(topic, *options, table="p", setup=False)
    assert (summary["rows"], summary["dead"]) == (51, 1)
    assert database.query("SELECT n FROM p ORDER BY n") == [(n,) for n in [*range(100), 500]]
    assert balanced(database, f"{topic}-to-p", topic) == {"rows": 101, "dead": 1, "filtered": 0, "tombstones": 0,
                                                         "suppressed": 0, "absent": 0}


def test_an_error_of_no_known_class_halts(kafka, database, weir):
    """A guess that it is the record's fault could make dead letters of a whole topic."""
    database.execute("""
        CREATE TABLE numbers (n int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.n = 3 THEN RAISE SQLSTATE 'WE001' USING MESSAGE = 'no such class'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION f()""")
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, numbers(*range(10)))
    assert "no such class" in weir.refused(topic, table="numbers", setup=False, exit_code=1)
    database.execute("DROP TRIGGER t ON numbers")
    assert weir.run(topic, table="numbers", setup=False)["rows"] == 10


@pytest.mark.parametrize("dense", [False, True], ids=["few", "dense"])
def test_who_leans_on_a_later_record_is_not_taken_for_a_bad_one(kafka, database, weir, dense):
    """What COMMIT refuses is looked for row by row, and then the later record is not there yet."""
    database.execute("CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff DEFERRABLE INITIALLY DEFERRED)")
    topic = kafka.create_topic(partitions=1)
    times = 100 if dense else 1
    staff = [(10 * i + n, 10 * i + boss if boss else None)
             for i in range(1, times + 1) for n, boss in ((1, 2), (2, 3), (4, 9), (3, 0))]
    kafka.produce(topic, [Record(value(id=n, boss=boss)) for n, boss in staff])
    summary = weir.run(topic, table="staff", setup=False)
    assert (summary["rows"], summary["dead"]) == (3 * times, times)
    assert set(database.query("SELECT id, boss FROM staff")) == {who for who in staff if who[0] % 10 != 4}
    assert {(d["sqlstate"], d["record_offset"] % 4) for d in dead_letters(database, pipeline_name(topic, "staff"))} == {
        ("23503", 2)}


def test_a_long_chain_of_who_leans_on_the_next(kafka, database, weir):
    """One pass in the right direction is enough: no round trips by the square of its length."""
    database.execute("CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff DEFERRABLE INITIALLY DEFERRED)")
    topic = kafka.create_topic(partitions=1)
    chain = [Record(value(id=n, boss=n + 1 if n < 2_000 else None)) for n in range(1, 2_001)]
    kafka.produce(topic, [Record(value(id=3_000))])
    with database.connect(autocommit=False) as stranger:
        stranger.execute("LOCK TABLE staff IN SHARE MODE")
        process = weir.ingest(topic, table="staff", setup=False)
        wait_until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        kafka.produce(topic, [*chain, Record(value(id=4_000, boss=9_999))])
        time.sleep(2 * patience())  # all of it is in the next batch
        stranger.rollback()
    wait_until(lambda: database.count("staff") == 2_001, 30, "the chain to go in")
    assert process.stop() == 0
    assert [d["record_offset"] for d in dead_letters(database, pipeline_name(topic, "staff"))] == [2_001]


def test_a_row_of_defaults_alone(kafka, database, weir):
    database.execute("CREATE TABLE d (id bigserial PRIMARY KEY, token text NOT NULL DEFAULT md5(random()::text))")
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [Record(text) for text in (b"{}", b'{"id": 100}', b"{}", b'{"id": 100}', b'{"token": "x"}')])
    summary = weir.run(topic, table="d", setup=False)
    assert (summary["rows"], summary["dead"]) == (4, 1)
    assert len(database.query("SELECT id, token FROM d WHERE id < 100 AND token <> ''")) == 3
