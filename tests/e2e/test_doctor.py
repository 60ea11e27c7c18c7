"""weir doctor: all is well, or each failure found with its cure; the cures that are SQL are run, and then all is well."""
import json
import os
import re
import signal
import time
import uuid

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import (AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType)

from harness.kafka import Kafka
from harness.listener import Deaf, Listener, silent
from harness.paths import EXAMPLES, patience
from harness.ports import free_ports
from harness.records import Record, chapter_records
from harness.wait import wait_until
from harness.weir import TABLE, Weir, pipeline_name

SETUP = ("--setup", EXAMPLES / "create_schema.sql", "--setup", EXAMPLES / "create_table.sql")


class Finding:
    def __init__(self, found: dict):
        self.level, self.section, self.subject, self.text = (found[k] for k in ("level", "section", "subject", "text"))
        self.cure, self.sql, self.instead = (found[k] or "" for k in ("cure", "sql", "instead"))

    def __repr__(self):
        return f"{self.level} {self.section}/{self.subject}: {self.text} | {self.cure} | {self.sql} | {self.instead}"


def what_a_table_has(database) -> set:
    """What must outlive SQL that is run unread."""
    return set(database.query(
        "SELECT attrelid::regclass::text, attname::text, attnotnull, attidentity::text, atthasdef, typtype = 'd'"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0")) | set(database.query(
            "SELECT conrelid::regclass::text, conname::text FROM pg_constraint UNION SELECT ev_class::regclass::text,"
            " rulename::text FROM pg_rewrite"))


class Doctor:
    """Runs `weir doctor -J` for one topic and table."""

    def __init__(self, tool, database):
        self.tool = tool
        self.database = database
        self.credentials = database.credentials(tool.folder)

    def arguments(self, topic, table=TABLE, database=None, *options) -> list:
        return ["doctor", "-t", topic, "--table", table, "--database", database or self.credentials, *options]

    def __call__(self, topic, table=TABLE, *options, database=None) -> list[Finding]:
        done = self.tool(*self.arguments(topic, table, database, "-J", *options), stdin="")
        assert done.stderr == "", done
        [pipeline] = json.loads(done.stdout)["pipelines"]
        found = [Finding(f) for f in pipeline["findings"]]
        for level in ("ok", "warn", "fail", "skip"):
            assert pipeline[level] == sum(f.level == level for f in found)
        assert done.returncode == (1 if pipeline["fail"] else 0), done
        return found

    def troubles(self, *arguments, **how) -> list[Finding]:
        return [f for f in self(*arguments, **how) if f.level in ("warn", "fail")]

    def one(self, *arguments, **how) -> Finding:
        """The one thing that is warn or fail."""
        [found] = self.troubles(*arguments, **how)
        return found

    def cure(self, *arguments, **how) -> None:
        """Runs all the SQL that is proposed, unread, and then that in words; then nothing fails."""
        troubles = self.troubles(*arguments, **how)
        before = what_a_table_has(self.database)
        for found in troubles:
            if found.sql:
                self.database.execute(found.sql)
        assert before <= what_a_table_has(self.database)
        for found in troubles:
            for statement in re.findall("ALTER [^;]*;", found.cure):
                self.database.execute(statement)
        failing = [f for f in self(*arguments, **how) if f.level == "fail"]
        assert not failing


@pytest.fixture
def doctor(kafka, database, tool) -> Doctor:
    return Doctor(tool, database)


def level_of(found: list[Finding], section: str, subject: str) -> str:
    return next(f.level for f in found if f.section == section and subject in f.subject)


def snapshot(kafka, database) -> tuple:
    """What doctor could have changed."""
    catalog = database.query("SELECT c.oid::text, c.relname, c.relfilenode, c.xmin::text FROM pg_class c"
                             " WHERE c.relnamespace > 16383 OR c.relname ~ '^weir'")
    rows = database.query("SELECT nspname, xmin::text FROM pg_namespace")
    state = []
    if database.value("SELECT to_regclass('weir.offsets')"):
        for table in ("pipelines", "offsets", "dead_letters", "meta"):
            state += database.query(f"SELECT xmin::text, t::text FROM weir.{table} t")
    listed = kafka.admin.list_topics(timeout=30).topics
    topics = {name: len(t.partitions) for name, t in listed.items()}
    groups = sorted(g.group_id for g in kafka.admin.list_consumer_groups().result(30).valid)
    return sorted(catalog), sorted(rows), sorted(state), topics, groups


# ---- all is well ----

def test_the_chapters_pipeline_before_and_after_its_first_run(kafka, topic, database, tool, weir, doctor):
    kafka.produce(topic, chapter_records(300))
    before = snapshot(kafka, database)
    found = doctor(topic, TABLE, *SETUP)
    assert snapshot(kafka, database) == before
    assert not [f for f in found if f.level in ("warn", "fail")]
    assert level_of(found, "Database", "table") == "ok" and level_of(found, "Columns", "all") == "skip"
    assert "would read 300 offsets" in found[-1].text

    weir.run(topic)
    before = snapshot(kafka, database)
    found = doctor(topic, TABLE, *SETUP)
    assert snapshot(kafka, database) == before
    assert [f for f in found if f.level != "ok"] == []
    assert [f.subject for f in found if f.section == "Columns"] == [
        name for (name,) in database.query("SELECT attname FROM pg_attribute WHERE attnum > 0 AND"
                                           f" attrelid = '{TABLE}'::regclass ORDER BY attnum")]
    assert {f.text.split(": ")[1] for f in found if f.section == "Columns"} == {"in all 300"}
    assert found[-1].text == "0 offsets not read yet in 3 partitions"
    assert re.search(r"protocol of Kafka \d+\.\d+, metadata.version \d", found[0].text)


def test_as_text_off_and_on_a_terminal(kafka, topic, tool, database, doctor):
    database.create_chapter_table()
    kafka.produce(topic, chapter_records(30))
    plain = tool.ok(*doctor.arguments(topic), stdin="")
    assert plain.startswith(f"{pipeline_name(topic)}: {topic} -> {TABLE}\nKafka\n  ok    broker 127.0.0.1:")
    assert re.search(r"^  ok    person_name       character varying\(50\): in all 30$", plain, re.M)
    assert re.search(r"^0 fail, 0 warn, \d\d ok\n\Z", plain, re.M) and "\x1b" not in plain
    assert tool.ok(*doctor.arguments(topic), "-q", stdin="").count("\n") == 2
    with_colour = tool.terminal(*doctor.arguments(topic))
    assert with_colour.wait() == 0
    clock = re.compile(r"are \d+ m?s apart|in \d+ ms")
    assert clock.sub("", re.sub("\x1b\\[\\d*m", "", with_colour.text)) == clock.sub("", plain)
    assert "  \x1b[32mok  \x1b[0m  broker" in with_colour.text


def test_the_pipelines_of_the_file(kafka, topic, tool, database, doctor):
    database.create_chapter_table()
    kafka.produce(topic, chapter_records(30))
    file = tool.folder / "weir.yaml"
    file.write_text(f"database: credentials.json\npipelines:\n  first: {{topic: {topic}, table: {TABLE}}}\n"
                    f"  second: {{topic: {topic}, table: nowhere}}\n")
    done = tool("doctor", "-q", stdin="")
    assert done.returncode == 1 and f"first: {topic} -> " in done.stdout and "\n\nsecond: " in done.stdout
    assert tool.ok("doctor", "first", "-J", stdin="").count("\n") == 1
    assert 'did you mean "second"?' in tool.refused("doctor", "secnd")
    assert "is not a number from 1" in tool.refused("doctor", "-n", "x")
    file.write_text("pipelines: {first: {topik: x}}\n")
    assert 'weir.yaml:1:21: unknown key "topik"' in tool.refused("doctor")


# ---- columns ----

RIGHT = {"person_name": "varchar(50)", "personal_number": "bigint", "session_duration": "int", "unique_id": "uuid"}

# The record's value, the column as it is, and what is said and proposed.
WRONG = {
    "short": ('"%s"' % ("ș" * 40), "varchar(10)", "22001", "TYPE varchar(50)"),
    "short_char": ('"abcdef"', "char(5)", "22001", "TYPE varchar(10)"),
    "small": ("40000", "smallint", "22003", "TYPE integer"),
    "overflow": ('"5050126439788"', "int", "22003", "TYPE bigint"),
    "vast": ("9223372036854775808", "bigint DEFAULT 1", "22003", "TYPE numeric"),
    "half": ("1.5", "int", "22P02", "TYPE numeric"),
    "words": ('"x1"', "int DEFAULT 5", "22P02", "TYPE text"),
    "flags": ('"perhaps"', "boolean DEFAULT true", "22P02", "TYPE text"),
    "scaled": ("1234.5", "numeric(5,2)", "22003", "TYPE numeric"),
    "single": ("1e39", "real", "22003", "TYPE double precision"),
    "host": ('"10.1.2.3/8"', "cidr", "22P02", "TYPE inet"),
    "object": ('{"a": 1}', "int DEFAULT 5", "42804", "TYPE jsonb USING to_jsonb("),
    "list": ('["x"]', "int[]", "22P02", "TYPE jsonb USING to_jsonb("),
    "zero": (r'{"a": "\u0000"}', "jsonb", "22P05", ""),
    "born": ('"yesterday"', "date", "22007", "TYPE text"),
    "mood": ('"it\'s"', "doctor_mood", "22P02", "ALTER TYPE doctor_mood ADD VALUE IF NOT EXISTS 'it''s';"),
    "nothing": ("null", "int NOT NULL", "23502", "DROP NOT NULL"),
    "key": ("null", "int PRIMARY KEY", "23502", 
            "DROP CONSTRAINT wrong_pkey; ALTER TABLE public.wrong ALTER COLUMN key DROP NOT NULL;"),
    "two_faults": ('"x"', "int NOT NULL", "22P02", "ALTER COLUMN two_faults DROP NOT NULL"),
    "needed": ("null", "doctor_needed", "23502", "ALTER DOMAIN doctor_needed DROP NOT NULL;"),
    "numbered": ('"x"', "int GENERATED BY DEFAULT AS IDENTITY", "22P02",
                 "DROP IDENTITY; ALTER TABLE public.wrong ALTER COLUMN numbered TYPE text; (the identity goes with it)"),
    'O"dd': ('"x"', "int", "22P02", 'ALTER COLUMN "O""dd" TYPE text'),
    "kept": ('{"a": 1}', "int NOT NULL DEFAULT 7", "42804", "SET DEFAULT to_jsonb(7);"),
    "capped": ('"abcd"', "doctor_short", "22001", "TYPE varchar(10); (the domain doctor_short and its constraints go"),
    "mood_too": ('"it\'s"', "doctor_mood", "22P02", "ADD VALUE IF NOT EXISTS 'it''s';"),
    "ordered": ('"abcd"', 'varchar(3) COLLATE "C"', "22001", 'TYPE varchar(10) COLLATE pg_catalog."C";'),
}
# Their cure costs something, so it is told in words alone.
COSTLY = {"nothing", "key", "needed", "numbered", "capped"}


def make_wrong_table(database, occupied: bool) -> None:
    quote = '"' + '", "'.join(name.replace('"', '""') for name in WRONG) + '"'
    database.execute("CREATE TYPE doctor_mood AS ENUM ('good'); CREATE DOMAIN doctor_needed AS text NOT NULL;"
                     "CREATE DOMAIN doctor_short AS varchar(3) CHECK (VALUE <> '')")
    database.execute("CREATE TABLE wrong (" + ", ".join(
        f'''"{name.replace('"', '""')}" {column}''' for name, (_, column, _, _) in WRONG.items()) + ")")
    if occupied:
        database.execute(f"INSERT INTO wrong ({quote}) VALUES ('abc', 'abc', 1, 1, 1, 1, 1, true, 1, 1, '10.0.0.0/8', 1,"
                         " '{1,2}', '{}', '2024-05-01', 'good', 1, 1, 1, 'x', 1, 1, 1, 'abc', 'good', 'abc')")


@pytest.mark.parametrize("occupied", [False, True])
def test_each_wrong_column_is_found_and_cured(kafka, topic, database, doctor, weir, occupied):
    make_wrong_table(database, occupied)
    record = "{%s}" % ", ".join(f"{json.dumps(name)}: {value}" for name, (value, _, _, _) in WRONG.items())
    absent = '{%s}' % ", ".join(f"{json.dumps(n)}: {v}" for n, (v, _, _, _) in WRONG.items()
                               if n not in ("two_faults", "kept"))
    sent = kafka.produce(topic, [Record(record.encode(), partition=0), Record(absent.encode(), partition=0)])

    found = {f.subject: f for f in doctor(topic, "wrong") if f.section == "Columns"}

    for name, (_, column, sqlstate, cure) in WRONG.items():
        assert found[name].level == "fail" and sqlstate in found[name].text, found[name]
        assert f"{topic}/0@{sent[0].offset}" in found[name].text
        assert cure in (found[name].cure if name in COSTLY else found[name].sql + found[name].cure), found[name]
        assert not (name in COSTLY and found[name].sql), found[name]
    assert found["zero"].sql.endswith("TYPE json;") or "on_nul: strip" in found["zero"].cure
    assert "on_too_long: truncate" in found["short"].instead
    assert found["share"].level == "fail"
    doctor.cure(topic, "wrong", "--on-nul", "strip")
    summary = weir.run(topic, "--on-nul", "strip", table="wrong", setup=False)
    assert (summary["rows"], summary["dead"]) == (2, 0)
    assert database.count("wrong") == 2 + occupied


def test_the_empty_table_gets_the_narrow_type(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (id int, at int DEFAULT 0, flag int, amount int, day int, mac int, ip int, moment int)")
    kafka.produce(topic, [b'{"id": "%s", "at": "2024-05-01T10:00:00Z", "flag": true, "amount": 1.5e300, "day": "2024-05-01",'
                          b' "mac": "08:00:2b:01:02:03", "ip": "10.0.0.1", "moment": "2024-05-01T10:00:00"}'
                          % str(uuid.uuid4()).encode()])
    sql = {f.subject: f.sql for f in doctor.troubles(topic, "t")}
    assert "TYPE uuid USING" in sql["id"] and "TYPE boolean USING" in sql["flag"]
    assert "at" in sql and not sql["at"], "the default would go"

    # A row that comes before it is run is not turned into something else: 20240501 into a day, 1 into true.
    columns = [name for name in sql if " USING " in sql[name]]
    assert len(columns) >= 6, sql
    for name in columns:
        database.execute(f"INSERT INTO t ({name}) VALUES ({20240501 if name == 'day' else 1})")
        with pytest.raises(psycopg.Error, match="the table is not empty"):
            database.execute(sql[name])
        database.execute("TRUNCATE t")
    doctor.cure(topic, "t")


def test_a_time_in_numbers_wants_its_unit(kafka, topic, database, doctor, tool):
    database.execute('CREATE TABLE t (seen timestamptz, "last / at" timestamp)')
    kafka.produce(topic, [b'{"seen": 1714557600000, "last / at": 1714557600}'])
    troubles = {f.subject: f for f in doctor.troubles(topic, "t")}
    found = troubles["seen"]
    assert found.cure.endswith("under the pipeline's columns: `seen: {from: /seen, unit: ms}`") and not found.sql
    odd = troubles["last / at"].cure.split("`")[1]
    assert odd == '"last / at": {from: "/last ~1 at", unit: s}'
    rule = "{%s, %s}" % (found.cure.split("`")[1], odd)
    (tool.folder / "weir.yaml").write_text(
        f"database: credentials.json\npipelines:\n  p:\n    topic: {topic}\n    table: t\n    columns: {rule}\n")
    assert "0 fail, 0 warn" in tool.ok("doctor", stdin="")


def test_a_view_over_the_column_is_named(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int); CREATE VIEW over AS SELECT n FROM t")
    kafka.produce(topic, [b'{"n": "x"}'])
    found = next(f for f in doctor.troubles(topic, "t") if f.subject == "n")
    assert "ALTER COLUMN n TYPE text; (the view or rule on over uses the column" in found.cure and not found.sql


@pytest.mark.parametrize("table", [
    "t (n int CHECK (n > 0))", "t (n int); CREATE INDEX half ON t (n) WHERE n > 5",
    "t (n int); CREATE TABLE other (id int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other"])
def test_what_another_kind_of_type_would_break_is_named(kafka, topic, database, doctor, table):
    database.execute(f"CREATE TABLE {table}")
    kafka.produce(topic, [b'{"n": 3000000000}'])
    wider = next(f for f in doctor.troubles(topic, "t") if f.subject == "n")
    assert wider.sql.endswith("TYPE bigint;")
    kafka.produce(topic, [b'{"n": "x"}'])
    other = next(f for f in doctor.troubles(topic, "t") if f.subject == "n")
    assert re.search("TYPE text; .(the constraint|the index) (t_n_check|t_n_fkey|half) uses the column", other.cure)
    assert not other.sql


def test_columns_that_are_changed_elsewhere_or_indexed(kafka, topic, database, doctor):
    database.execute("CREATE TYPE form AS (n int); CREATE TABLE typed OF form; CREATE TABLE parent (n int);"
                     "CREATE TABLE heir (j jsonb UNIQUE) INHERITS (parent); CREATE TABLE parts (n int, k int)"
                     " PARTITION BY LIST (k); CREATE TABLE part PARTITION OF parts DEFAULT")
    kafka.produce(topic, [b'{"n": "x", "j": 1e200000, "extra": 1}'])
    for table, place in (("typed", "the type form"), ("heir", "the parent table parent"), ("part", "the parent table parts")):
        troubles = {f.subject: f for f in doctor.troubles(topic, table)}
        assert not troubles["n"].sql and f"TYPE text; (it is alone in {place} that" in troubles["n"].cure
        extra = troubles['key "extra"']
        assert bool(extra.sql) == (table == "heir") and (extra.sql or f"ADD COLUMN extra bigint, in {place}" in extra.cure)
        for found in troubles.values():
            if found.sql:
                database.execute(found.sql)
        if table == "heir":
            assert not troubles["j"].sql and "TYPE json; (the index heir_j_key uses" in troubles["j"].cure


def test_keys_and_columns_that_do_not_meet(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (user_name text, spare int, id int GENERATED ALWAYS AS IDENTITY, n serial)")
    kafka.produce(topic, [b'{"user_nam": "x", "Extra key": 1.25}'] * 3)
    found = {f.subject: f for f in doctor(topic, "t") if f.section == "Columns"}
    assert found["user_name"].level == "warn" and "columns: `user_name: /user_nam`" in found["user_name"].cure
    assert found["spare"].level == "warn" and found["n"].level == "ok" and "id" not in found
    key = found['key "user_nam"']
    assert key.level == "warn" and 'if the column "user_name" is meant' in key.instead
    assert found['key "Extra key"'].sql == 'ALTER TABLE public.t ADD COLUMN "Extra key" numeric;'
    assert found['key "Extra key"'].text.startswith("in 3 of 3 records, and no column takes it")
    strict = {f.subject: f for f in doctor(topic, "t", "--on-unknown-key", "dead")}
    assert strict['key "Extra key"'].level == "fail"
    doctor.cure(topic, "t", "--on-unknown-key", "dead")


def test_records_that_no_table_takes(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    sent = kafka.produce(topic, [Record(b'{"n": 1}', partition=1)] * 3 + [Record(b'{"m": 1', partition=1)])
    found = doctor.one(topic, "t")
    assert (found.level, found.subject) == ("warn", "JSON") and f"{topic}/1@{sent[-1].offset}, SQLSTATE 22P02" in found.text
    kafka.produce(topic, [b"\xff{}"] * 5)
    troubles = doctor.troubles(topic, "t")
    assert {f.level for f in troubles} == {"fail"} and any("22021" in f.text for f in troubles)


def test_what_the_server_alone_judges_is_named(kafka, topic, database, doctor):
    database.execute("CREATE DOMAIN doctor_even AS int CHECK (VALUE % 2 = 0);"
                     "CREATE TABLE t (n doctor_even UNIQUE, d interval, CONSTRAINT low CHECK (n < 5))")
    kafka.produce(topic, [b'{"n": 2, "d": "1 day"}'])
    found = {f.subject: f for f in doctor(topic, "t")}
    assert found["rules"].level == "skip"
    for rule in ("unique index t_n_key", "check low", "domain doctor_even"):
        assert rule in found["rules"].text
    assert found["d"].level == "skip" and found["n"].level == "ok"


# ---- database ----

def test_a_table_that_is_not_there_is_drafted(kafka, topic, database, doctor, weir):
    kafka.produce(topic, chapter_records(50))
    database.execute("CREATE TABLE public.streaming_dat (n int)")
    found = doctor.one(topic, "streaming_data")
    assert (found.level, found.subject) == ("fail", "table") and "did you mean public.streaming_dat?" in found.text
    assert not found.sql and found.cure == "--table public.streaming_dat, if that table is meant"
    assert f"weir draft table {topic} --table streaming_data" in found.instead
    assert 'there is no table "We;irdo" in the database' in doctor.one(topic, '"We;irdo"').text
    found = doctor.one(topic, "select")
    assert found.sql.startswith('CREATE TABLE IF NOT EXISTS "select" (\n')
    doctor.cure(topic, "select")
    assert weir.run(topic, table="select", setup=False)["dead"] == 0


@pytest.mark.parametrize("make, text, cure", [
    ("CREATE VIEW t AS SELECT 1 AS n", "is a view", ""),
    ("CREATE UNLOGGED TABLE t (n int)", "is UNLOGGED", "ALTER TABLE public.t SET LOGGED;"),
    ("CREATE TABLE t (n int); CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING", "rules on INSERT", ""),
])
def test_a_table_that_cannot_be_filled(kafka, topic, database, doctor, make, text, cure):
    database.execute(make)
    kafka.produce(topic, [b'{"n": 1}'])
    found = doctor.one(topic, "t")
    assert (found.level, found.subject) == ("fail", "table") and text in found.text
    assert found.sql == cure
    if cure:
        doctor.cure(topic, "t")


def test_rights(kafka, topic, database, doctor, tool):
    database.execute("CREATE TABLE t (n serial)")
    kafka.produce(topic, [b'{"n": 1}'])
    role = f"role_{uuid.uuid4().hex[:8]}"
    database.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        (folder := tool.folder / "the role").mkdir()
        credentials = database.credentials(folder, user=role, password="secret")
        troubles = {f.subject: f for f in doctor.troubles(topic, "t", database=credentials)}
        assert list(troubles) == ["table", "schema weir"]
        assert troubles["table"].sql == (f"GRANT INSERT, SELECT ON public.t TO {role}; "
                                         f"GRANT USAGE ON SEQUENCE t_n_seq TO {role};")
        assert "weir ingest --print-setup" in troubles["schema weir"].cure
        database.execute(troubles["table"].sql)
        database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role}")
        assert doctor.troubles(topic, "t", database=credentials) == []
        database.execute(f"CREATE TABLE parts (n uuid) PARTITION BY LIST (n); GRANT INSERT ON parts TO {role};"
                         "CREATE TABLE part PARTITION OF parts DEFAULT; CREATE TABLE filled (n uuid);"
                         f"GRANT INSERT ON filled TO {role}; INSERT INTO filled VALUES (gen_random_uuid())")
        for table in ("parts", "filled"):
            found = next(f for f in doctor.troubles(topic, table, database=credentials) if f.subject == "n")
            assert "TYPE text;" in found.sql + found.cure, "it may hold rows"
        credentials.chmod(0o644)
        assert doctor.one(topic, "t", database=credentials).cure == f"chmod 600 '{credentials}'"
        credentials.chmod(0o600)
        credentials.write_text(credentials.read_text().replace("secret", "wrong"))
        found = doctor.one(topic, "t", database=credentials)
        assert (found.level, found.subject) == ("fail", "server") and "refuses the password" in found.text
        assert found.cure.startswith("correct it in --database")
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_another_encoding_and_no_database(kafka, topic, postgres, doctor, tool):
    kafka.produce(topic, [b'{"n": 1}'])
    latin = postgres.create_database("ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    (tool.folder / "latin").mkdir()
    credentials = latin.credentials(tool.folder / "latin")
    try:
        latin.execute("CREATE TABLE t (n int)")
        found = doctor.one(topic, "t", database=credentials)
    finally:
        postgres.drop_database(latin.name)
    assert (found.level, found.subject) == ("warn", "encoding") and "createdb -T template0 -E UTF8" in found.cure
    found = doctor.one(topic, "t", database=credentials)
    assert (found.level, found.subject) == ("fail", "server") and found.cure.startswith("createdb -h ")


def test_setup_files_are_read_and_not_run(kafka, topic, database, doctor, tool):
    kafka.produce(topic, [b'{"n": 1}'])
    file = tool.folder / "setup.sql"
    file.write_text('-- the table\nCREATE TABLE IF NOT EXISTS "T" (n int);\nCREATE TABLE public.made (n int);')
    assert doctor.troubles(topic, "made", "--setup", file) == []
    assert doctor.troubles(topic, '"T"', "--setup", file) == []
    assert [f.subject for f in doctor.troubles(topic, "t", "--setup", file)] == ["table"]
    assert database.value("SELECT to_regclass('made')") is None
    # The table is there: what does not say so fails at the next start, unless it is dropped first.
    database.execute("CREATE TABLE made (n int)")
    trouble, = doctor.troubles(topic, "made", "--setup", file)
    assert f"{file}:3: a CREATE TABLE of a table that is there" in trouble.text and "IF NOT EXISTS" in trouble.cure
    file.write_text("DROP TABLE IF EXISTS made;\nCREATE TABLE made (n int);")
    assert doctor.troubles(topic, "made", "--setup", file) == []
    file.write_text("CREATE TABLE IF NOT EXISTS made (n int);")
    assert doctor.troubles(topic, "made", "--setup", file) == []
    file.write_text("BEGIN;")
    assert "leave this statement out" in doctor.troubles(topic, "made", "--setup", file)[0].text
    assert "nothere.sql" in doctor.troubles(topic, "made", "--setup", "nothere.sql")[0].text


# ---- state and place ----

def test_who_the_pipeline_is(kafka, topic, database, doctor, weir):
    kafka.produce(topic, [b'{"n": %d}' % i for i in range(20)])
    database.execute("CREATE TABLE t (n int)")
    assert weir.run(topic, table="t", setup=False)["rows"] == 20
    found = doctor.one(topic, "t", "--name", "other")
    assert found.level == "fail" and f"--name {pipeline_name(topic, 't')}" in found.cure
    assert "--reset" in doctor.one(topic, "t", "-o", "end").cure
    database.execute("TRUNCATE t")
    assert "--accept-table" in doctor.one(topic, "t").cure
    database.execute("DROP TABLE t; CREATE TABLE t (n int)")
    found = doctor.one(topic, "t")
    assert "was dropped and created again" in found.text and "--accept-table" in found.cure
    database.execute("DROP SCHEMA weir CASCADE; CREATE SCHEMA weir; CREATE TABLE weir.meta (x int)")
    assert "--state-schema" in doctor.one(topic, "t").cure


def test_the_place_in_the_topic(kafka, database, doctor, weir):
    topic = kafka.create_topic(partitions=2, retention_ms=4 * 86_400_000, retention_bytes=1_000_000)
    database.execute("CREATE TABLE t (n int)")
    day_ms, now_ms = 86_400_000, int(time.time() * 1000)
    records = [Record(b'{"n": 1}', partition=p, timestamp_ms=now_ms) for p in (0, 1) for _ in range(5)]
    kafka.produce(topic, [*records, Record(b'{"n": "x"}', partition=0, timestamp_ms=now_ms)])
    assert weir.run(topic, table="t", setup=False)["rows"] == 10
    assert "weir dead list --by reason" in doctor.troubles(topic, "t")[-1].cure
    database.execute("DELETE FROM weir.dead_letters; ALTER TABLE t ALTER COLUMN n TYPE text")

    kafka.produce(topic, [Record(b'{"n": 1}', partition=0, timestamp_ms=now_ms - 3 * day_ms - day_ms // 2)])
    found = doctor.one(topic, "t")
    assert (found.level, found.subject) == ("warn", f"{topic}[0]")
    assert "(offset 6) is 3 d old and may be deleted after 4 d" in found.text and "retention.ms=" in found.cure
    for until in ("in about ", "now"):  # by 20 of 50 kB each
        for at_ms in (now_ms - day_ms, now_ms):
            kafka.produce(topic, [Record(b'{"n": "%050000d"}' % 1, partition=1, timestamp_ms=at_ms)] * 10)
        found = [f for f in doctor.troubles(topic, "t") if "retention.bytes" in f.text]
        assert [f.subject for f in found] == [f"{topic}[1]"], found
        assert f"may be deleted, unread, {until}" in found[0].text and "1000000 are kept" in found[0].text
        assert f"weir topic alter {topic} --config retention.bytes=" in found[0].cure
    kafka.produce(topic, [Record(b'{"n": 1}', partition=1, timestamp_ms=now_ms + day_ms // 48)] * 3)
    assert "ahead of this machine's clock" in next(f for f in doctor.troubles(topic, "t") if f.subject == "clock").text

    kafka.delete_records(topic, {0: 7})
    found = next(f for f in doctor.troubles(topic, "t") if f.section == "Place")
    assert found.level == "fail" and "has deleted the offsets 6 to 6" in found.text and "--on-gap record" in found.cure
    assert "--reset" not in found.cure + found.instead, "what the topic no longer has would be lost"
    found = next(f for f in doctor.troubles(topic, "t", "--on-gap", "record") if f.section == "Place")
    assert found.level == "warn"
    kafka.delete_topic(topic)
    kafka.create_topic(topic, partitions=2)
    places = [f for f in doctor.troubles(topic, "t") if f.section == "Place"]
    assert len(places) == 2 and all("was deleted and created again" in f.text and "--reset --accept-table" in f.cure for f in places)
    kafka.produce(topic, [Record(b'{"n": 2}', partition=p) for p in (0, 1) for _ in range(9)])
    places = [f for f in doctor.troubles(topic, "t") if f.section == "Place"]
    assert len(places) == 2 and all("another topic under the same name" in f.text for f in places)
    assert all("--accept-table" in f.cure and "--allow-second-copy" in f.cure for f in places)


def test_others_in_the_group(kafka, topic, database, doctor):
    kafka.produce(topic, [b'{"n": 1}'])
    database.execute("CREATE TABLE t (n int)")
    group = f"group_{uuid.uuid4().hex[:8]}"
    consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": group, "client.id": "stranger",
                         "partition.assignment.strategy": "range,roundrobin"})
    consumer.subscribe([topic])
    try:
        wait_until(lambda: consumer.poll(0.1) or consumer.assignment(), what="an assignment")
        found = doctor.one(topic, "t", "--group", group)
        assert (found.level, found.subject) == ("warn", f"group {group}") and "stranger at " in found.text
    finally:
        consumer.close()


def test_an_open_transaction(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    kafka.produce(topic, [Record(b'{"n": 1}', partition=0)])
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(3):
        producer.produce(topic, b'{"n": 2}', partition=0)
    producer.flush(30)
    found = doctor.one(topic, "t")
    assert (found.level, found.subject) == ("warn", "transaction")
    assert f"{topic}[0]" in found.text and "open at offset 1;" in found.text and "(3 offsets now)" in found.text
    producer.commit_transaction(30)
    wait_until(lambda: doctor.troubles(topic, "t") == [], what="the transaction's marker")


# ---- Kafka ----

def test_topics(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    found = doctor.troubles(topic, "t")
    assert [(f.level, f.subject) for f in found] == [("warn", "records")]
    found = doctor.one(topic + "x", "t")
    assert f'did you mean "{topic}"?' in found.text and found.cure == f"-t {topic}, if that topic is meant"
    assert found.instead == f"a new one: weir topic create {topic}x"
    assert doctor.one("nothing_like_it", "t").cure == "weir topic create nothing_like_it"
    compacted = kafka.create_topic(cleanup_policy="compact")
    kafka.produce(compacted, [Record(b'{"n": 1}', key=b"\xff")])
    found = doctor(compacted, "t")
    cure = next(f for f in found if f.level == "warn").cure
    assert "a topic of its own" in cure and "retention.ms" in cure and "weir topic alter" not in cure
    assert "1 of 1 are not UTF-8" in next(f for f in found if f.subject == "keys").text


@pytest.fixture(scope="module")
def odd_kafka(tmp_path_factory):
    """A Kafka with ACLs, and a listener that sends its clients to a place that is not there."""
    folder = tmp_path_factory.mktemp("odd_kafka")
    port = free_ports(3)
    inner = port + 2
    settings = (f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1},INNER://127.0.0.1:{inner}",
                f"advertised.listeners=PLAINTEXT://127.0.0.1:{port},INNER://kafka-1.invalid:29092",
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,INNER:PLAINTEXT",
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found=true")
    server = Kafka(folder, " ".join(settings), KAFKA_PORT=str(port))
    server.start()
    server.inner = f"127.0.0.1:{inner}"
    yield server
    server.kill()


def test_an_advertised_address_that_leads_nowhere(odd_kafka, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    found = doctor.one("orders", "t", "-b", odd_kafka.inner)
    assert (found.level, found.subject) == ("fail", "broker 1") and "advertises kafka-1.invalid:29092: " in found.text
    assert "advertised.listeners of broker 1" in found.cure and odd_kafka.inner in found.cure


def rule(kafka, kind, name, operation, permission) -> None:
    acl = AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)
    kafka.add_acl(acl)


def deny(kafka, kind, name, operation) -> None:
    """This and nothing else."""
    rule(kafka, kind, name, AclOperation.ALL, AclPermissionType.ALLOW)
    rule(kafka, kind, name, operation, AclPermissionType.DENY)


def test_rights_in_kafka(odd_kafka, database, doctor, tmp_path):
    database.execute("CREATE TABLE t (n int)")
    topic = odd_kafka.create_topic(retention_bytes=1_000_000)
    odd_kafka.produce(topic, [b'{"n": 1}'])
    brokers = ("-b", odd_kafka.address)
    Weir(odd_kafka, database, tmp_path).run(topic, table="t", setup=False)
    group = database.value("SELECT 'weir.' || name || '.' || left(replace(store_id::text, '-', ''), 12)"
                           " FROM weir.pipelines, weir.meta")
    assert doctor.troubles(topic, "t", *brokers) == []
    deny(odd_kafka, ResourceType.GROUP, group, AclOperation.DESCRIBE)
    found = doctor.one(topic, "t", *brokers)
    assert (found.level, found.subject) == ("fail", f"group {group}"), found
    odd_kafka.produce(topic, [b'{"n": 1}'])
    assert "retention.bytes" not in "".join(f.text for f in doctor(topic, "t", *brokers))
    deny(odd_kafka, ResourceType.BROKER, "kafka-cluster", AclOperation.DESCRIBE)
    unknown = wait_until(lambda: [f for f in doctor(topic, "t", *brokers) if "retention.bytes" in f.text])
    assert [(f.level, f.subject) for f in unknown] == [("skip", topic)] and "1 partition take is unknown" in unknown[0].text
    deny(odd_kafka, ResourceType.TOPIC, topic, AclOperation.READ)
    found = {f.subject: f for f in doctor.troubles(topic, "t", *brokers)}["records"]
    assert found.level == "fail" and "kafka-acls" in found.text
    deny(odd_kafka, ResourceType.TOPIC, topic, AclOperation.DESCRIBE_CONFIGS)
    found = {f.subject: f for f in doctor.troubles(topic, "t", *brokers)}
    assert found[topic].level == "warn" and found["records"].level == "fail"
    deny(odd_kafka, ResourceType.TOPIC, topic, AclOperation.DESCRIBE)
    assert {f.subject: f for f in doctor.troubles(topic, "t", *brokers)}[topic].level == "fail"


def test_nobody_is_there(doctor, tool):
    with Deaf() as deaf:
        started = time.monotonic()
        found = doctor("orders", "t", "-b", f"127.0.0.1:1,{deaf.address}", database="host=127.0.0.1 port=1 dbname=d")
        assert time.monotonic() - started < 20 * patience()
    failed = [f for f in found if f.level == "fail"]
    assert [f.subject for f in failed] == ["broker 127.0.0.1:1", f"broker {deaf.address}", "server"]
    assert all(f.cure for f in failed)
    assert "connection refused" in failed[0].text and failed[0].cure
    assert {f.level for f in found} == {"fail", "skip"} and all("no broker can be reached" in f.text or
                                                                "database cannot be used" in f.text
                                                                for f in found if f.level == "skip")


def test_one_broker_of_two_is_away(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    kafka.produce(topic, [b'{"n": 1}'])
    found = doctor.one(topic, "t", "-b", f"127.0.0.1:1,{kafka.address}")
    assert (found.level, found.subject) == ("warn", "broker 127.0.0.1:1")


def test_tls_to_a_broker_without(kafka, tool, doctor):
    found = doctor("orders", "t", "-X", "security.protocol=ssl")
    assert found[0].level == "fail" and "TLS" in found[0].text and "security.protocol" in found[0].cure


def test_a_table_that_another_session_holds(kafka, topic, database, doctor):
    database.execute("CREATE TABLE t (n int)")
    kafka.produce(topic, [b'{"n": "x"}'])
    doctor.troubles(topic, "t")
    with database.connect(autocommit=False) as other:
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        found = {f.subject: f for f in doctor.troubles(topic, "t")}
        assert time.monotonic() - started < 20 * patience()
    assert found["n"].sql.endswith("ALTER COLUMN n TYPE text;")


def test_ctrl_c_ends_at_once(tool, doctor):
    with Listener(silent) as listener:
        process = tool.start(*doctor.arguments("orders", "t"), "-b", listener.address)
        wait_until(lambda: listener.served, what="a question to the broker")
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10 * patience()) == 130 and time.monotonic() - started < 2 * patience()


def test_a_closed_pipe_is_no_trouble(kafka, topic, tool, doctor):
    reader, writer = os.pipe()
    os.close(reader)
    process = tool.start(*doctor.arguments(topic, "t"), stdout=writer)
    os.close(writer)
    assert process.wait(30 * patience()) != 0
    assert process.stderr.read().count(b"\n") <= 1
