"""Where bad records are dense, the server itself tries row after row. What comes of it is what came of it before: the
same topic is ingested into two databases, one of which forbids that way, and both must hold the same.
"""
import json
import random
import re
import uuid
from dataclasses import dataclass, field

import pytest

from bad_records import value
from harness.invariant import COUNTERS, balanced, dead_letters, offsets
from harness.kafka import Kafka
from harness.postgres import Database
from harness.records import Record
from harness.wait import wait_until
from harness.weir import Weir, pipeline_name

PARTITIONS = 3
TRIED = re.compile(r"pipeline=(\S+) .*the server tried \d+ rows (one by one|in blocks) and refused (\d+)")
# How many records of the topic, how many of them are spoilt, and how the server tries them.
DENSITIES = {"dense": (900, 1, "one by one"), "sparse": (6000, 1 / 8, "in blocks")}
CANNOT = re.compile(r"pipeline=(\S+) .*the server cannot try row after row itself \((\w*): ([^\n]*)\)")


@dataclass
class Table:
    columns: str
    more: str = ""  # SQL to run after CREATE TABLE
    settings: dict[str, str] = field(default_factory=dict)
    row_by_row: bool = True  # at all
    refused: str | None = None  # what a part of it cannot be tried for


SCHEMA = """
    CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (0);
    CREATE DOMAIN positive AS int CONSTRAINT positive_check CHECK (VALUE >= 0);
    CREATE FUNCTION volatile_five() RETURNS int VOLATILE LANGUAGE sql AS 'SELECT 5';
    CREATE FUNCTION choose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        CASE NEW.kind
            WHEN 'raise' THEN RAISE 'the % of % is too much', NEW.amount, NEW.n;
            WHEN 'state' THEN RAISE SQLSTATE '22023' USING MESSAGE = E'not\\tthis one ', DETAIL = repeat('ș', 400),
                COLUMN = 'amount', CONSTRAINT = 'a "name"';
            WHEN 'assert' THEN ASSERT false, 'asserted';
            WHEN 'null' THEN RETURN NULL;
            WHEN 'long' THEN RAISE '%', repeat('ț', 3000);
            ELSE RETURN NEW;
        END CASE;
    END $$;
    CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.amount < 0 THEN RAISE 'bad luck'; END IF; RETURN NULL; END $$"""

KINDS = ["raise", "state", "assert", "long", "null", "good", "good"]
TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION choose()"

TABLES = {
    "check_violation": Table("n int, amount int CHECK (amount >= 0)"),
    "unique_violation": Table("n int, code text UNIQUE"),
    "exclusion_violation": Table("n int, code text, EXCLUDE (code WITH =)"),
    "foreign_key": Table("n int, parent int REFERENCES parents"),
    "trigger": Table("n int, amount int, kind text", TRIGGER),
    "after_trigger": Table("n int, amount int",
                           "CREATE TRIGGER t AFTER INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION unlucky()"),
    "everything": Table("n int, amount int CHECK (amount >= 0), code text UNIQUE, parent int REFERENCES parents,"
                        " kind text, doubled int GENERATED ALWAYS AS (amount * 2) STORED", TRIGGER),
    "deferred": Table("n int, code text UNIQUE DEFERRABLE INITIALLY DEFERRED, amount int CHECK (amount >= 0),"
                      " parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED"),
    "conflicts_ignored": Table("n int, code text UNIQUE, amount int CHECK (amount >= 0)",
                               settings={"on_conflict": "ignore"}),
    "volatile_defaults": Table("n int, amount int DEFAULT volatile_five(), maybe int DEFAULT volatile_five(),"
                               " code text UNIQUE, CHECK (amount >= 0)"),
    "text_form": Table('n int, amount int CHECK (amount >= 0), i interval, "x""); DROP TABLE parents; --" text'),
    "partitioned": Table("n int, amount int CHECK (amount >= 0)) PARTITION BY HASH (n",
                         "CREATE TABLE {name}_0 PARTITION OF {name} FOR VALUES WITH (MODULUS 1, REMAINDER 0)"),
    "domain": Table("n int, rare positive, amount int CHECK (amount >= 0)", refused="23514"),
    "dense_domain": Table("n int, amount positive", row_by_row=False, refused="23514"),
    "our_own_name": Table("n int, weir_row int, amount int CHECK (amount >= 0)", row_by_row=False, refused="42701"),
}


def record(rng: random.Random, partition: int, i: int, share: float) -> Record:
    """About each second spoilt one is bad in some way for some table; what conflicts is in one partition, in order."""
    rare = -1 if i in (600, 632) else i
    if rng.random() >= share:
        return Record(value(n=i, amount=1, code=f"good {i}", parent=0, kind="good", i="1 day", rare=rare, maybe=1),
                      partition=partition)
    columns = {"n": i, "amount": rng.choice([1, 2, 3, -1]), "code": f"{partition}-{rng.randrange(90)}",
               "parent": rng.choice([0, 0, 0, 9]), "kind": rng.choice(KINDS), "i": "1 day",
               "rare": rare, 'x"); DROP TABLE parents; --': "\\tab\t, \"quote\""}
    if rng.random() < 0.3:
        columns["maybe"] = 1
    if columns["amount"] == 3:
        del columns["amount"]
    content = rng.choice([None, b"not JSON"]) if rng.random() < 0.05 else value(**columns)
    return Record(content, partition=partition)


@dataclass
class World:
    database: Database
    said: str


def create(database: Database) -> None:
    database.execute(SCHEMA)
    for name, table in TABLES.items():
        database.execute(f"CREATE TABLE {name} (k_partition int, k_offset bigint, {table.columns});"
                         + table.more.replace("{name}", name))


def ingest(weir: Weir, topic: str) -> World:
    settings = {"topic": topic, "lanes": 1, "max_dead_share": "100%", "max_batch_rows": 2500,
                "columns": {"k_partition": "$partition", "k_offset": "$offset"}}
    pipelines = {name: {**settings, "table": name, **table.settings} for name, table in TABLES.items()}
    (weir.folder / "weir.yaml").write_text(json.dumps({
        "brokers": weir.kafka.address, "database": str(weir.database.credentials(weir.folder)),
        "pipelines": pipelines}))
    return World(weir.database, weir.call("ingest", "-e", "-v", timeout_s=120).stderr)


FORBID = """
    CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN IF current_query() LIKE '%weir_rows%' THEN RAISE 'forbidden' USING ERRCODE = '42501'; END IF; END $$;
    CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION forbid()"""


@pytest.fixture(scope="module", params=DENSITIES)
def density(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def topic(kafka_server: Kafka, density) -> str:
    if not kafka_server.running():
        kafka_server.start()
    rng = random.Random(8)
    name = kafka_server.create_topic(partitions=PARTITIONS)
    count, share, _ = DENSITIES[density]
    kafka_server.produce(name, [record(rng, i % PARTITIONS, i, share) for i in range(count)])
    return name


@pytest.fixture(scope="module")
def worlds(kafka_server, postgres_server, topic, tmp_path_factory):
    """Row by row, and the other database where nothing of the kind is allowed."""
    if not postgres_server.running():
        postgres_server.start()
    databases = [postgres_server.create_database() for _ in range(2)]
    runners = [Weir(kafka_server, database, tmp_path_factory.mktemp("dense")) for database in databases]
    for database in databases:
        create(database)
    databases[1].execute(FORBID)
    yield [ingest(runner, topic) for runner in runners]
    for runner, database in zip(runners, databases):
        runner.end()
        postgres_server.drop_database(database.name)


def stored(database: Database, name: str) -> list[tuple]:
    return database.query(f"SELECT * FROM {name} ORDER BY k_partition, k_offset")


def counted(database: Database, name: str, topic: str) -> dict[int, dict]:
    return {partition: {counter: row[counter] for counter in COUNTERS}
            for partition, row in offsets(database, name, topic).items()}


@pytest.mark.parametrize("name", TABLES)
def test_comes_to_the_same(worlds, topic, name):
    one, other = (world.database for world in worlds)
    letters = dead_letters(one, name)
    assert letters == dead_letters(other, name)
    assert len(letters) > 100
    assert stored(one, name) == stored(other, name)
    assert counted(one, name, topic) == counted(other, name, topic)
    balanced(one, name, topic)


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_goes_the_way_it_should(worlds, density, name, table):
    (one, other) = ([found for found in TRIED.findall(world.said) if found[0] == name] for world in worlds)
    assert other == []
    assert (sum(int(refused) for _, _, refused in one) > 50) == table.row_by_row
    cannot = {state for pipeline, state, _ in CANNOT.findall(worlds[0].said) if pipeline == name}
    assert cannot == ({table.refused} if table.refused else set())
    if name == "check_violation":
        assert {how for _, how, _ in one} == {DENSITIES[density][2]}


def test_a_role_without_temporary_tables_goes_the_other_way(kafka, postgres, database, weir, tmp_path):
    role = f"role_{uuid.uuid4().hex[:8]}"
    database.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'; REVOKE TEMP ON DATABASE {database.name} FROM PUBLIC;"
                     f"GRANT CREATE ON DATABASE {database.name} TO {role};"
                     f"CREATE TABLE numbers (n int CHECK (n > 0)); GRANT SELECT, INSERT ON numbers TO {role}")
    name = kafka.create_topic(partitions=1)
    kafka.produce(name, [Record(value(n=i % 3)) for i in range(300)])
    try:
        credentials = database.credentials(tmp_path, user=role, password="secret")
        summary = weir.run(name, "-v", table="numbers", setup=False, database=credentials)
        assert (summary["rows"], summary["dead"]) == (200, 100)
        assert "42501: permission denied to create temporary tables" in weir.processes[-1].stderr
    finally:
        postgres.drop_database(database.name)
        with postgres._maintenance() as connection:
            connection.execute(f"DROP ROLE {role}")


def test_nothing_stays_in_the_session(kafka, database, weir):
    """A pooler hands it on."""
    database.execute("CREATE TABLE numbers (n int CHECK (n > 0))")
    name = kafka.create_topic(partitions=1)
    kafka.produce(name, [Record(value(n=i % 3)) for i in range(300)])
    process = weir.ingest(name, "-v", "--max-dead-share", "100%", table="numbers", setup=False)
    process.says("rows one by one and refused")
    wait_until(lambda: database.count("numbers") == 200, 30, "the rows")
    assert database.value("SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'pg%temp%'") == 0
    assert process.stop() == 0


def test_a_row_for_no_partition_amid_bad_ones_halts_until_the_cure(kafka, database, weir):
    database.execute("CREATE TABLE p (n int CHECK (n % 3 > 0)) PARTITION BY RANGE (n);"
                     "CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (300)")
    name = kafka.create_topic(partitions=1)
    kafka.produce(name, [Record(value(n=i)) for i in [*range(200), 1000, *range(200, 300)]])
    said = weir.refused(name, "-v", "--max-dead-share", "100%", table="p", setup=False).replace('\\"', '"')
    assert 'cannot try row after row itself (23514: no partition of relation "p" found for row)' in said
    assert "(n) = (1000)" in said
    cure = re.search(r"CREATE TABLE \S+ PARTITION OF \S+ DEFAULT;", said).group()
    assert database.value("SELECT coalesce(max(n), 0) FROM p") < 200

    database.execute(cure)
    weir.run(name, "--max-dead-share", "100%", table="p", setup=False)
    counters = balanced(database, pipeline_name(name, "p"), name)
    assert (counters["rows"], counters["dead"]) == (201, 100)
    assert database.query("SELECT n FROM p ORDER BY n") == [(n,) for n in [*range(300), 1000] if n % 3 > 0]


def test_an_error_of_no_known_class_amid_bad_ones_halts(kafka, database, weir):
    database.execute("""
        CREATE TABLE numbers (n int CHECK (n % 3 > 0));
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.n = 200 THEN RAISE SQLSTATE 'WE001' USING MESSAGE = 'no such class'; END IF;
                     RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION f()""")
    name = kafka.create_topic(partitions=1)
    kafka.produce(name, [Record(value(n=i)) for i in range(300)])
    said = weir.refused(name, "-v", "--max-dead-share", "100%", table="numbers", setup=False)
    assert "cannot try row after row itself (WE001: no such class)" in said
    assert database.value("SELECT coalesce(max(n), 0) FROM numbers") < 200
    database.execute("DROP TRIGGER t ON numbers")
    weir.run(name, "--max-dead-share", "100%", table="numbers", setup=False)
    assert len(dead_letters(database, pipeline_name(name, "numbers"))) == 100
