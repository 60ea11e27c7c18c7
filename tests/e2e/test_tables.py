"""Tables of every build, and tables that change while rows come in. What was stored has the right value in the right
column, or is a dead letter; a table that was dropped, made anew or emptied is never filled as if nothing had been."""
import itertools
import json
import re
import subprocess
import uuid

import pytest

from harness.invariant import balanced, dead_letters, offsets
from harness.paths import TOOLS
from harness.postgres import PASSWORD
from harness.records import Record
from harness.stream import Stream
from harness.wait import wait_until
from harness.weir import pipeline_name

INTO_T = {"setup": False, "table": "t"}


@pytest.fixture
def weir(weir):
    """Messages as people on a terminal read them, so that quotes in them are not escaped."""
    weir.env["WEIR_LOG_FORMAT"] = "text"
    return weir


def as_json(*values) -> list[Record]:
    return [Record(json.dumps(value, ensure_ascii=False).encode()) for value in values]


def numbers(values) -> list[Record]:
    return as_json(*({"n": n} for n in values))


def stored(database, table: str = "t") -> list[int]:
    return sorted(row[0] for row in database.query(f"SELECT n FROM {table}"))


def settled(database, topic: str, table: str = "t") -> int:
    """Records that became a row or a dead letter so far."""
    if database.value("SELECT to_regclass('weir.offsets')") is None:
        return 0
    return sum(row["rows"] + row["dead"] for row in offsets(database, pipeline_name(topic, table), topic).values())


# ---- ALTER TABLE while rows come in ----

def test_alter_table_under_load(kafka, topic, database, weir):
    """Never a value of the old type read as one of the new (in binary COPY an int4 would pass for a float4)."""
    def record(i: int) -> dict:
        some = {} if i % 10 == 0 else {"needed": i}
        return {"id": i, "real": i % 1000, "big": i, "gone": f"g{i}", "later": f"l{i}", "small": i % 7, **some}

    database.execute("CREATE TABLE t (id int PRIMARY KEY, \"real\" int, big int, gone text, small int, needed int,"
                     " said text DEFAULT 'old', epoch timestamptz DEFAULT now())")
    steps = [
        'ALTER TABLE t ALTER "real" TYPE real',
        "ALTER TABLE t ALTER big TYPE bigint",
        "ALTER TABLE t DROP gone",
        "ALTER TABLE t ADD later text",
        "ALTER TABLE t ALTER said SET DEFAULT 'new'",
        "ALTER TABLE t ALTER small TYPE text USING 'was ' || small",
        "LOCK TABLE t IN ACCESS EXCLUSIVE MODE; UPDATE t SET needed = -1 WHERE needed IS NULL;"
        " ALTER TABLE t ALTER needed SET NOT NULL",
        "ALTER TABLE t ADD filled int NOT NULL DEFAULT 5, ADD stamp uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE t RENAME said TO told",
        'ALTER TABLE t ALTER "real" TYPE numeric(10, 2)',
    ]
    ingest = weir.ingest(topic, "--max-batch-rows", "100", "--lanes", "2", **INTO_T)
    with Stream(kafka, topic, record) as stream:
        for step in [*steps, "SELECT 'the last'"]:
            before = settled(database, topic)
            wait_until(lambda: settled(database, topic) > before + 100 or not ingest.running(),
                       what=f"records before {step}: {ingest}")
            assert ingest.running(), ingest
            database.execute(step)
        count = stream.stop()
    wait_until(lambda: settled(database, topic) >= count, what=f"{count} records: {ingest}")
    assert ingest.stop() == 0, ingest

    rows = {row[0]: row[1:] for row in database.query(
        'SELECT id, "real", big, small, needed, told, later, filled, stamp FROM t')}
    dead = dead_letters(database, pipeline_name(topic, "t"))
    dead_ids = {json.loads(bytes(letter["value"]))["id"] for letter in dead}
    assert balanced(database, pipeline_name(topic, "t"), topic)["rows"] == len(rows)
    assert set(rows) | dead_ids == set(range(count)) and not set(rows) & dead_ids
    assert all(i % 10 == 0 for i in dead_ids) and len(dead_ids) > 3
    assert {(letter["column_name"], letter["sqlstate"]) for letter in dead} == {("needed", "23502")}
    for i, (real, big, small, needed, told, later, filled, stamp) in rows.items():
        assert (real, big) == (i % 1000, i)
        assert small in (str(i % 7), f"was {i % 7}")
        assert needed == (-1 if i % 10 == 0 else i)
        assert told in ("old", "new") and later in (None, f"l{i}") and filled == 5 and stamp
    for value, column in (("old", 4), ("new", 4), (None, 5)):
        assert any(row[column] == value for row in rows.values()), value
    assert sum(row[5] is not None for row in rows.values()) > 300
    assert "has changed; reading it anew" in ingest.stderr


def test_enum_labels_and_domains_that_change_under_load(kafka, topic, database, weir):
    """A label is a dead letter until the type has it, and a row from then on; nobody locks the table for that."""
    database.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN short AS varchar(3) DEFAULT 'd1';"
                     "CREATE TABLE t (n int, m mood, moods mood[], s short)")
    ingest = weir.ingest(topic, **INTO_T)

    def send(first: int, mood: str, **more) -> None:
        kafka.produce(topic, as_json(*({"n": n, "m": mood, "moods": [mood, "ok"], **more}
                                       for n in range(first, first + 30))))
        wait_until(lambda: settled(database, topic) == first + 30, what=f"{first + 30} records: {ingest}")

    send(0, "sad")
    send(30, "new")
    database.execute("ALTER TYPE mood ADD VALUE 'new' BEFORE 'sad'")
    send(60, "new")
    database.execute("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER DOMAIN short SET DEFAULT 'd2'")
    send(90, "sad")
    send(120, "blue")
    database.execute("ALTER DOMAIN short ADD CHECK (VALUE <> 'no')")
    send(150, "ok", s="no")
    send(180, "ok", s="long")
    assert ingest.stop() == 0, ingest
    found = database.query("SELECT n / 30, m::text, moods::text, s FROM t GROUP BY 1, 2, 3, 4 ORDER BY 1")
    assert found == [(0, "blue", "{blue,ok}", "d1"), (2, "new", "{new,ok}", "d1"), (4, "blue", "{blue,ok}", "d2")]
    assert database.count("t") == 90
    dead = dead_letters(database, pipeline_name(topic, "t"))
    whose = {json.loads(bytes(letter["value"]))["n"] // 30: letter["column_name"] for letter in dead}
    assert whose == {1: "m", 3: "m", 5: "s", 6: "s"} and len(dead) == 120


# ---- tables that are dropped, made anew, emptied, while weir runs ----

DROPPED = "there is no table t|does not exist"
MADE_ANEW = "was dropped and created again"
EMPTIED = "was emptied"
ACTS = {
    "dropped": ("DROP TABLE t", DROPPED),
    "renamed": ("ALTER TABLE t RENAME TO t_old", DROPPED),
    "made anew": ("DROP TABLE t; CREATE TABLE t (n int)", MADE_ANEW),
    "swapped": ("ALTER TABLE t RENAME TO t_old; CREATE TABLE t (LIKE t_old)", MADE_ANEW),
    "truncated": ("TRUNCATE t", EMPTIED),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_table_that_goes_while_weir_runs(kafka, topic, database, weir, act):
    statement, says = ACTS[act]
    database.execute("CREATE TABLE t (n int)")
    kafka.produce(topic, numbers(range(50)))
    ingest = weir.ingest(topic, "--lanes", "2", **INTO_T)
    wait_until(lambda: stored(database) == [*range(50)], what=f"50 rows: {ingest}")

    database.execute(statement)
    kafka.produce(topic, numbers(range(50, 80)))
    assert ingest.wait(30) == 1, ingest
    assert re.search(says, ingest.stderr), ingest
    if act in ("dropped", "renamed"):
        database.execute("CREATE TABLE t (n int)")
    else:
        assert "--accept-table" in ingest.stderr and "--reset" in ingest.stderr, ingest
    assert stored(database) == [], "nothing was written into another table"
    assert settled(database, topic) == 50

    stderr = weir.refused(topic, **INTO_T)
    assert re.search(MADE_ANEW if act != "truncated" else EMPTIED, stderr), stderr
    assert weir.run(topic, "--accept-table", **INTO_T)["rows"] == 30
    assert stored(database) == [*range(50, 80)]
    assert weir.run(topic, **INTO_T)["rows"] == 0

    database.execute("TRUNCATE t")
    assert weir.run(topic, "--reset", "--yes", **INTO_T)["rows"] == 80
    assert stored(database) == [*range(80)]


def test_rewritten_tables_are_still_themselves(kafka, topic, database, weir):
    """VACUUM FULL and CLUSTER give a table another file, an empty partition may be truncated: no reason to stop."""
    database.execute("CREATE TABLE t (n int) PARTITION BY RANGE (n); CREATE INDEX byn ON t (n);"
                     "CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (1000);"
                     "CREATE TABLE q PARTITION OF t FOR VALUES FROM (1000) TO (2000)")
    ingest = weir.ingest(topic, **INTO_T)
    expected = 0
    for statement in ("SELECT 1", "VACUUM FULL p", "CLUSTER p USING p_n_idx", "TRUNCATE q", "ANALYZE t"):
        database.execute(statement)
        kafka.produce(topic, numbers(range(expected, expected + 10)))
        expected += 10
        wait_until(lambda: database.count("t") == expected or not ingest.running(), what=f"{expected} rows: {ingest}")
        assert ingest.running(), ingest
    assert ingest.stop() == 0, ingest
    assert stored(database) == [*range(50)]


def test_a_partition_missing_below_a_partition_is_named_with_its_cure(kafka, topic, database, weir):
    database.execute('CREATE SCHEMA "a b"; CREATE TABLE t (n int, m int) PARTITION BY RANGE (n);'
                     'CREATE TABLE "a b"."Sub" PARTITION OF t FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (m);'
                     'CREATE TABLE "a b".leaf PARTITION OF "a b"."Sub" FOR VALUES FROM (0) TO (10)')
    kafka.produce(topic, as_json({"n": 1, "m": 1}, {"n": 2, "m": 50}))
    said = weir.refused(topic, **INTO_T)
    cure = 'CREATE TABLE "a b"."Sub_default" PARTITION OF "a b"."Sub" DEFAULT;'
    assert cure in said
    database.execute(cure)
    weir.run(topic, **INTO_T)
    assert stored(database) == [1, 2]


def test_a_partitioned_table_and_partitions_that_come(kafka, topic, database, weir):
    """Rows are routed; a partition of another layout joins while weir runs; a row without a place stops it by name."""
    database.execute("CREATE TABLE t (n int, label text) PARTITION BY RANGE (n);"
                     "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100);"
                     "CREATE TABLE high (extra int, label text, n int); ALTER TABLE high DROP extra")
    ingest = weir.ingest(topic, **INTO_T)
    kafka.produce(topic, as_json(*({"n": n, "label": f"l{n}"} for n in range(100))))
    wait_until(lambda: database.count("t") == 100, what=f"100 rows: {ingest}")
    database.execute("ALTER TABLE t ATTACH PARTITION high FOR VALUES FROM (100) TO (200)")
    kafka.produce(topic, as_json(*({"n": n, "label": f"l{n}"} for n in range(100, 200))))
    wait_until(lambda: database.count("t") == 200, what=f"200 rows: {ingest}")
    assert database.query("SELECT tableoid::regclass::text, count(*), min(n), max(n) FROM t GROUP BY 1 ORDER BY 3") == [
        ("low", 100, 0, 99), ("high", 100, 100, 199)]
    assert database.value("SELECT count(*) FROM t WHERE label = 'l' || n") == 200

    kafka.produce(topic, as_json({"n": 500, "label": "l500"}))
    assert ingest.wait(30) == 1, ingest
    assert "PARTITION OF" in ingest.stderr
    database.execute("CREATE UNLOGGED TABLE rest PARTITION OF t DEFAULT")
    assert "UNLOGGED" in weir.refused(topic, **INTO_T)
    database.execute("ALTER TABLE rest SET LOGGED")
    assert weir.run(topic, **INTO_T)["rows"] == 1
    assert database.query("SELECT n FROM rest") == [(500,)]

    ingest = weir.ingest(topic, **INTO_T)
    ingest.says("reading 3 partitions")
    database.execute("CREATE UNLOGGED TABLE worse PARTITION OF t FOR VALUES FROM (1000) TO (2000)")
    kafka.produce(topic, as_json({"n": 1000, "label": "l1000"}))
    assert ingest.wait(30) == 1, "an UNLOGGED partition that joins a running weir"
    assert "UNLOGGED" in ingest.stderr
    assert database.count("worse") == 0


# ---- tables of every build, all in one process ----

ODD_NAMES = ("Mixed", "mixed", "MIXED", "ünïcödé", "with space", "semi;colon", 'quo"te', "select", "%s %n", "$1", "a.b",
             "a,b", "back\\slash", "tab\there", "'", "💥", "x" * 63, "ș" * 31, "(", "--", "/slash/", "~0")
ODD_TABLE = '"Odd. ""Ș"""."T; DROP %s"'
VOLATILE = ("a", "b", "c", "d", "e")
VALUES = {"a": "00000000-0000-0000-0000-00000000000a", "b": 1.5, "c": -7, "d": "2024-05-01T10:00:00Z", "e": "given"}
WIDTH = 200
KINDS = [
    {"n": 0, "m": 'it\'s "fine", {really}', "p": 1, "who": "ana", "pr": '(1,"x, y")', "ints": [1, None, 3],
     "texts": ["a", None, "", "NULL", 'q"{},\\', "ș"], "moods": ["ok", 'it\'s "fine", {really}'],
     "grid": [[1, 2], [3, 4]], "span": "[1,5)", "gap": "1 day 02:00", "spot": "(1,2)", "bits": "101",
     "doc": {"a": [1, {"b": None}]}, "pairs": '{"(1,a)","(2,b)"}'},
    {"n": 1},                                         # nothing but defaults
    {"n": 2, "ints": [], "texts": [], "doc": None},
    {"n": 3, "p": 0},                                 # the domain's check
    {"n": 4, "m": "angry"},
    {"n": 5, "who": None},                            # NOT NULL of the domain
    {"n": 6, "pr": "(1,2,3)"},                        # too many fields
    {"n": 7, "ints": [1, "x"]},
    {"n": 8, "grid": [[1, 2], [3]]},                  # ragged
    {"n": 9, "bits": "10101"},
    {"n": 10, "who": "longer"},
    {"n": 11, "span": "[5,1)"},
    {"n": 12, "moods": ["ok", "angry"]},
    {"n": 13, "pr": {"x": 1, "y": "a"}},              # an object has no place in a composite type
]
KINDS_DEAD = {3: "p", 4: "m", 5: "who", 6: "pr", 7: "ints", 8: "grid", 9: "bits", 10: "who", 11: "span", 12: "moods",
              13: "pr"}


def subsets(names) -> list[tuple]:
    return [some for size in range(len(names) + 1) for some in itertools.combinations(names, size)]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create_builds(database) -> None:
    database.execute("""
        CREATE SEQUENCE q;
        CREATE TABLE shapes (n int, a uuid DEFAULT gen_random_uuid(), b float8 DEFAULT random(),
            c bigint DEFAULT nextval('q'), d timestamptz DEFAULT clock_timestamp(), e text DEFAULT 'e' || random(),
            always int GENERATED ALWAYS AS IDENTITY, serial int GENERATED BY DEFAULT AS IDENTITY,
            twice int GENERATED ALWAYS AS (n * 2) STORED, stable timestamptz DEFAULT now(), fixed text DEFAULT 'f');
        CREATE TABLE again (LIKE shapes INCLUDING ALL);
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine", {really}');
        CREATE TYPE pair AS (x int, y text);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN person AS varchar(5) NOT NULL DEFAULT 'nobody';
        CREATE TABLE kinds (n int, m mood, p positive, who person DEFAULT 'me', pr pair, ints int[], texts text[],
            moods mood[], grid int[], span int4range, gap interval, spot point, bits bit(3), doc jsonb, pairs pair[]);
    """)
    database.execute('CREATE SCHEMA "Odd. ""Ș"""')
    database.execute(f"CREATE TABLE wide ({', '.join(f'c{i} int' for i in range(WIDTH))})")
    database.execute(f"CREATE TABLE {ODD_TABLE} ({', '.join(f'{quoted(name)} int' for name in ODD_NAMES)})")


@pytest.fixture
def builds(kafka, database, weir):
    """Five pipelines in one process, read to the end: their summaries and their topics by name."""
    create_builds(database)
    shapes = subsets(VOLATILE) * 4
    records = {
        "shapes": [{"n": n, **{name: VALUES[name] for name in some}} for n, some in enumerate(shapes)]
        + [{"n": 1000, "serial": 77}, {"n": 1001, "serial": None}, {"n": 1002, "always": 5}, {"n": 1003, "twice": 5}],
        "kinds": KINDS,
        "wide": [{f"c{i}": n * 1000 + i for i in range(0, WIDTH, 1 + n % 3)} for n in range(100)],
        "names": [{name: n * 100 + i for i, name in enumerate(ODD_NAMES)} for n in range(20)],
    }
    topics = {name: kafka.create_topic() for name in records}
    for name, values in records.items():
        kafka.produce(topics[name], as_json(*values))
    config = {"brokers": kafka.address, "database": str(database.credentials(weir.folder)), "pipelines": {
        "shapes": {"topic": topics["shapes"], "table": "shapes"},
        "again": {"topic": topics["shapes"], "table": "again", "max_batch_rows": 10},
        "kinds": {"topic": topics["kinds"], "table": "kinds"},
        "wide": {"topic": topics["wide"], "table": "WIDE"},
        "names": {"topic": topics["names"], "table": ODD_TABLE},
    }}
    (weir.folder / "weir.yaml").write_text(json.dumps(config, ensure_ascii=False))
    process = weir.call("ingest", "-e", "-J")
    summaries = {pipeline["name"]: pipeline for pipeline in process.summary()["pipelines"]}
    return summaries, {**topics, "again": topics["shapes"]}


def test_tables_of_every_build(database, builds):
    summaries, topics = builds
    assert set(summaries) == {"shapes", "again", "kinds", "wide", "names"}
    for name, topic in topics.items():
        counted = balanced(database, name, topic)
        assert (counted["rows"], counted["dead"]) == (summaries[name]["rows"], summaries[name]["dead"])

    for table in ("shapes", "again"):
        check_shapes(database, table)
    check_kinds(database)

    assert database.count("wide") == 100
    rows = database.query("SELECT * FROM wide ORDER BY c0")
    assert rows == [tuple(n * 1000 + i if i % (1 + n % 3) == 0 else None for i in range(WIDTH)) for n in range(100)]

    assert summaries["names"]["dead"] == 0
    with database.connect() as connection:
        found = connection.execute(f"SELECT * FROM {ODD_TABLE} ORDER BY 1").fetchall()
    assert found == [tuple(n * 100 + i for i in range(len(ODD_NAMES))) for n in range(20)]


def check_shapes(database, table: str) -> None:
    """Each row has what its record gave, and a default of its own where it gave nothing."""
    rows = {row[0]: row for row in database.query(
        f"SELECT n, a::text, b, c, to_char(d AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), e, always, serial,"
        f" twice, stable, fixed FROM {table}")}
    given = dict(enumerate(subsets(VOLATILE) * 4))
    assert set(given) <= set(rows) and database.count(table) == len(rows)
    for column, name in enumerate(VOLATILE, start=1):
        by_default = []
        for n, some in given.items():
            if name in some:
                assert rows[n][column] == VALUES[name], (n, name)
            else:
                by_default.append(rows[n][column])
                assert rows[n][column] not in (None, VALUES[name])
        if name != "d":
            assert len(set(by_default)) == len(by_default), f"{name}: one default for several rows"
    always = [row[6] for row in rows.values()]
    assert None not in always and len(set(always)) == len(always)
    assert all(row[8] == 2 * row[0] and row[9] is not None and row[10] == "f" for row in rows.values())
    assert rows[1000][7] == 77
    dead = {json.loads(bytes(letter["value"]))["n"]: letter for letter in dead_letters(database, table)}
    assert set(rows) | set(dead) == {*given, 1000, 1001, 1002, 1003}
    assert 1001 in dead and dead[1001]["column_name"] == "serial", "an identity column is NOT NULL"


def check_kinds(database) -> None:
    rows = {row[0]: row[1:] for row in database.query(
        "SELECT n, m::text, p, who, (pr).y, ints, texts, moods::text[], grid, span::text, gap::text, spot::text,"
        " bits::text, doc, (pairs[2]).y FROM kinds")}
    assert rows[0] == (
        'it\'s "fine", {really}', 1, "ana", "x, y", [1, None, 3], ["a", None, "", "NULL", 'q"{},\\', "ș"],
        ["ok", 'it\'s "fine", {really}'], [[1, 2], [3, 4]], "[1,5)", "1 day 02:00:00", "(1,2)", "101",
        {"a": [1, {"b": None}]}, "b")
    assert rows[1] == (None, None, "me", *[None] * 11)
    assert rows[2][4:6] == ([], [])
    dead = {json.loads(bytes(letter["value"]))["n"]: letter["column_name"]
            for letter in dead_letters(database, "kinds")}
    assert dead == KINDS_DEAD
    assert set(rows) == {0, 1, 2}


# ---- a role with no more than it needs ----

def test_a_role_that_may_only_insert(kafka, topic, postgres, database, weir, tmp_path):
    """A DBA has run --print-setup; the role may INSERT and use the sequence, nothing else. All paths work: rows, dead
    letters from the decoder and from the server, a dead process's claim, ALTER TABLE by the owner."""
    role = f"role_{uuid.uuid4().hex[:8]}"
    database.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    database.execute("CREATE SCHEMA s; CREATE SEQUENCE s.q; CREATE TABLE s.t (n int CHECK (n <> 13),"
                     f" id bigint DEFAULT nextval('s.q')); GRANT USAGE ON SCHEMA s TO {role};"
                     f"GRANT INSERT ON s.t TO {role}; GRANT USAGE ON SEQUENCE s.q TO {role}")
    credentials = database.credentials(tmp_path, user=role, password="secret")
    how = {"setup": False, "table": "s.t", "database": credentials}
    script = weir.call("ingest", "-b", kafka.address, "-t", topic, "--table", "s.t", "--database", credentials,
                       "--print-setup").stdout
    subprocess.run([TOOLS / "postgres", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.name], input=script,
                   text=True, check=True, capture_output=True,
                   env={"PATH": "/usr/bin:/bin", "POSTGRES_DIR": str(postgres.folder), "POSTGRES_PASSWORD": PASSWORD})
    try:
        kafka.produce(topic, numbers([*range(20), "x"]))
        summary = weir.run(topic, **how)
        assert (summary["rows"], summary["dead"]) == (19, 2)
        killed = weir.ingest(topic, **how)
        killed.says("reading 3 partitions")
        killed.kill9()
        ingest = weir.ingest(topic, **how)
        kafka.produce(topic, numbers([20]))
        wait_until(lambda: database.count("s.t") == 20, what=f"20 rows: {ingest}")
        database.execute("ALTER TABLE s.t ALTER n TYPE bigint")
        kafka.produce(topic, numbers([2**40]))
        wait_until(lambda: database.count("s.t") == 21, what=f"21 rows: {ingest}")
        assert ingest.stop() == 0, ingest
        assert stored(database, "s.t") == [*(n for n in range(21) if n != 13), 2**40]
        assert database.value("SELECT count(DISTINCT id) FROM s.t") == 21
    finally:
        postgres.drop_database(database.name)
        with postgres._maintenance() as connection:
            connection.execute(f"DROP ROLE {role}")
