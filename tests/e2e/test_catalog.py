"""A table that changes while ingest runs: each change that the encoding depends on is noticed before the next row."""
import json

from harness.records import Record
from harness.wait import wait_until

TABLE = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN base AS varchar(5);
CREATE DOMAIN word AS base DEFAULT 'dom' NOT NULL;
CREATE FUNCTION twelve() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 12';
CREATE TABLE t (id int, m mood, w word, d text DEFAULT 'one', n int);
"""

# what is done to the table, a record sent after it, what its row must hold
CHANGES = [
    ("SELECT 1", {"m": "sad"}, {"m": "sad", "w": "dom", "d": "one"}),
    ("ALTER TYPE mood ADD VALUE 'new'", {"m": "new"}, {"m": "new"}),
    ("ALTER TYPE mood RENAME VALUE 'new' TO 'newer'", {"m": "newer"}, {"m": "newer"}),
    ("ALTER DOMAIN word SET DEFAULT 'mod'", {}, {"w": "mod"}),
    ("ALTER DOMAIN word DROP NOT NULL", {"w": None}, {"w": None}),
    ("ALTER TABLE t ALTER d SET DEFAULT 'two'", {}, {"d": "two"}),
    ("ALTER TABLE t ALTER d SET DEFAULT 'three' || 'four'", {}, {"d": "threefour"}),
    ("ALTER TABLE t ALTER d DROP DEFAULT", {}, {"d": None}),
    ("ALTER TABLE t RENAME d TO dd", {"dd": "x"}, {"dd": "x"}),
    ("ALTER TABLE t ADD c varchar(3) DEFAULT 'abc'", {"c": "new"}, {"c": "new"}),
    ("ALTER TABLE t DROP dd", {"c": "xyz", "dd": "gone"}, {"c": "xyz"}),
    ("ALTER TABLE t ALTER c TYPE varchar(30)", {"c": "longer than three"}, {"c": "longer than three"}),
    ("ALTER TABLE t ALTER n TYPE real", {"n": 1.5}, {"n": 1.5}),
    ("ALTER TABLE t ALTER n TYPE bigint", {"n": 2**40}, {"n": 2**40}),
    ("ALTER TABLE t ALTER n SET DEFAULT twelve()", {}, {"n": 12}),
    ("CREATE SEQUENCE s START 70; ALTER TABLE t ALTER n SET DEFAULT nextval('s')", {}, {"n": 70}),
    ("ALTER TABLE t ADD g int GENERATED ALWAYS AS (id * 2) STORED", {"g": 1}, {"g": 34}),
]


def test_changes_under_a_running_ingest(kafka, database, weir):
    database.execute(TABLE)
    topic = kafka.create_topic(partitions=1)
    process = weir.ingest(topic, table="t", setup=False)
    process.says("reading 1 partition")

    for number, (statement, record, expected) in enumerate(CHANGES, start=1):
        database.execute(statement)
        kafka.produce(topic, [Record(json.dumps({"id": number, **record}).encode())])
        columns = ", ".join(expected)
        row = wait_until(lambda: database.query(f"SELECT {columns} FROM t WHERE id = %s", [number])
                         or not process.running(), 20, statement)
        assert row == [tuple(expected.values())], statement

    assert process.stop() == 0, process
    assert database.value("SELECT count(*) FROM weir.dead_letters") == 0
    assert database.count("t") == len(CHANGES)


def test_a_suppressing_trigger_that_comes_while_ingest_runs(kafka, database, weir):
    """Fewer rows than were sent is a fault, unless a BEFORE ROW trigger may suppress them."""
    database.execute("CREATE TABLE t (id int) PARTITION BY RANGE (id);"
                     "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100);"
                     "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS"
                     " 'BEGIN RETURN CASE WHEN NEW.id % 2 = 1 THEN NEW END; END'")
    topic = kafka.create_topic(partitions=1)
    process = weir.ingest(topic, table="t", setup=False)

    def send(*ids: int, rows: int) -> None:
        kafka.produce(topic, [Record(json.dumps({"id": i}).encode()) for i in ids])
        wait_until(lambda: database.count("t") == rows or not process.running(), 20, f"{rows} rows: {process}")

    send(0, 1, 2, rows=3)
    database.execute("CREATE TRIGGER odd BEFORE INSERT ON low FOR EACH ROW EXECUTE FUNCTION odd()")
    send(3, 4, 5, rows=5)
    database.execute("ALTER TABLE low DISABLE TRIGGER odd")
    send(6, 7, 8, rows=8)
    assert process.stop() == 0, process
    assert database.query("SELECT sum(rows), sum(suppressed), sum(dead) FROM weir.offsets") == [(8, 1, 0)]


CONSTANT = ["'constant'", "12", "now()", "CURRENT_USER", "lower('ABC')", "'x' || 'y'", "coalesce(NULL, 'z')"]
VOLATILE = ["random()", "gen_random_uuid()", "clock_timestamp() + random() * interval '1 year'", "nextval('q')", "f()"]


def test_defaults_are_the_servers_own(kafka, database, weir):
    """An absent key gets what INSERT would give it: one value for all rows, or each row its own."""
    defaults = CONSTANT + VOLATILE
    columns = ", ".join(f"d{i} text DEFAULT {default}" for i, default in enumerate(defaults))
    database.execute("CREATE SEQUENCE q; CREATE FUNCTION f() RETURNS text LANGUAGE sql VOLATILE AS"
                     f" 'SELECT random()::text'; CREATE TABLE t (id int, {columns})")
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [Record(json.dumps({"id": i}).encode()) for i in range(20)])
    assert weir.run(topic, setup=False, table="t")["rows"] == 20
    for i, default in enumerate(defaults):
        values = database.query(f"SELECT count(d{i}), count(DISTINCT d{i}) FROM t")
        assert values == [(20, 1 if default in CONSTANT else 20)], default
