"""What happens before the first record: setup files, the way to the database, the table, the pipeline's registration.
Each refusal is asserted with its reason, its cure and its exit code, and then the cure is tried."""
import json
import os
import re
import shlex
import subprocess
import uuid
from dataclasses import dataclass

import pytest

from harness.invariant import invariant, offsets
from harness.paths import TOOLS
from harness.postgres import PASSWORD
from harness.records import Record, chapter_records
from harness.weir import TABLE, pipeline_name

COUNT = 5


@pytest.fixture
def weir(weir):
    """Messages as people on a terminal read them, so that quotes in them are not escaped."""
    weir.env["WEIR_LOG_FORMAT"] = "text"
    return weir


def numbers(count: int = COUNT) -> list[Record]:
    return [Record(json.dumps({"n": n}).encode(), unique_id=str(n)) for n in range(count)]


@pytest.fixture
def filled(kafka, topic) -> str:
    """A topic with COUNT small records: {"n": 0} ..."""
    kafka.produce(topic, numbers())
    return topic


@dataclass
class Role:
    name: str
    password: str
    postgres: object

    def execute(self, statement: str) -> None:
        """As a superuser; {role} is the role's name."""
        with self.postgres._maintenance() as connection:
            connection.execute(statement.format(role=self.name))


@pytest.fixture
def role(postgres, database) -> Role:
    """A role that may connect and nothing else."""
    created = Role(f"role_{uuid.uuid4().hex[:8]}", "secret", postgres)
    created.execute("CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    yield created
    postgres.drop_database(database.name)
    created.execute("DROP ROLE {role}")


def printed_sql(message: str) -> str:
    """The statements a refusal prints as its cure: after the last "cure...: "."""
    return re.split(r"cures?[^:]*: ", message.strip())[-1]


# ---- setup files ----

GOOD = "CREATE TABLE made (n int);\n"


# script (behind the line of GOOD), the line at fault, the reason
BROKEN = [
    ("CREATE TABL x (n int);", 2, 'syntax error at or near "TABL"'),
    ("SELECT 1;\n\n-- it's ;\nSELECT 'ș',\n  nix;", 6, 'column "nix" does not exist'),
    ("INSERT INTO nix\n VALUES (1);", 2, 'relation "nix" does not exist'),
    ("DO $$ BEGIN\n RAISE 'not; today';\nEND $$;", 2, "not; today"),
    ("SELECT 1;\nSELECT 1/0;", 3, "division by zero"),
    ("INSERT INTO made VALUES ('x');", 2, "invalid input syntax for type integer"),
    ("SELECT 'never closed;\nSELECT 2;", 2, "unterminated quoted string"),
    ("CREATE TABLE y (a int\nSELECT 2;", 3, "syntax error"),
    ("VACUUM;", 2, "VACUUM cannot run inside a transaction block; weir runs each setup file as one transaction"),
    ("CREATE DATABASE z;", 2, "CREATE DATABASE cannot run inside a transaction block"),
    ("CREATE INDEX CONCURRENTLY i ON made (n);", 2, "CREATE INDEX CONCURRENTLY cannot run inside"),
    ("SELECT 1;\nBEGIN;", 3, "BEGIN: weir runs each setup file as one transaction of its own"),
    ("SELECT 1;\ncommit ;", 3, "COMMIT: weir runs each setup file as one transaction of its own"),
    ("SELECT 1;\n\\connect other", 3, "a psql command"),
    ("COPY made FROM STDIN;\n1\n\\.", 4, "a psql command"),
    ("COPY made FROM STDIN;", 2, "COPY FROM STDIN"),
    ("COPY made TO STDOUT;", 2, "COPY TO STDOUT"),
    ("CREATE TABLE made (n int);", 2, 'relation "made" already exists; the setup runs at each start: write CREATE ... IF'),
    ("CREATE SCHEMA public;", 2, 'schema "public" already exists; the setup runs at each start: write CREATE ... IF NOT'),
    ("ALTER TABLE made ADD n int;", 2, "already exists; the setup runs at each start: let this statement do nothing where"),
    ("CREATE TYPE e AS ENUM ();\nCREATE TYPE e AS ENUM ();", 3, "already exists; the setup runs at each start: let this"),
]


def test_a_failing_setup_file_is_named_with_line_and_reason(weir, database, tmp_path):
    for number, (script, line, says) in enumerate(BROKEN):
        file = tmp_path / f"setup_{number}.sql"
        file.write_text(GOOD + script)
        stderr = weir.refused("no_topic", "--setup", file, setup=False, table="made")
        assert f"{file}:{line}: " in stderr, (script, stderr)
        assert says in stderr, script
        assert database.value("SELECT to_regclass('made')") is None, f"one file is one transaction: {script}"


def test_a_failing_commit_of_a_setup_file_is_named(weir, tmp_path):
    file = tmp_path / "setup.sql"
    file.write_text("CREATE TABLE t (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1), (1);")
    stderr = weir.refused("no_topic", "--setup", file, setup=False, table="t")
    assert f"{file}: at its end: duplicate key value" in stderr


def test_a_missing_setup_file_is_wrong_usage(weir, tmp_path):
    stderr = weir.refused("no_topic", "--setup", tmp_path / "nix.sql", setup=False, exit_code=2)
    assert "nix.sql: No such file or directory" in stderr


def test_setup_reads_what_sql_allows(weir, database, filled, tmp_path):
    """Quotes, comments, dollar quotes, bodies with semicolons, a byte order mark; each file in the order given."""
    first = tmp_path / "first.sql"
    second = tmp_path / "second.sql"
    first.write_text("\ufeff-- ; one\n/* /* nested; */ ' */\n"
                     "CREATE TABLE IF NOT EXISTS t (n int, \"odd;\"\" name\" text DEFAULT E'it\\'s;', s text);\n"
                     "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$\n"
                     "BEGIN NEW.s := 'a;b'; RETURN NEW; END; $f$;\n"
                     "CREATE OR REPLACE FUNCTION g(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC\n"
                     "  SELECT 1; SELECT CASE WHEN i > 0 THEN i ELSE 0 END; END;\n")
    second.write_text("DROP TRIGGER IF EXISTS g ON t; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW"
                      " EXECUTE FUNCTION f()")

    for expected in (COUNT, 0):
        summary = weir.run(filled, "--setup", first, "--setup", second, setup=False, table="t")
        assert summary["rows"] == expected
    assert database.query("SELECT DISTINCT s, \"odd;\"\" name\" FROM t") == [("a;b", "it's;")]


def test_settings_of_a_setup_file_do_not_outlive_it(weir, database, filled, tmp_path):
    file = tmp_path / "setup.sql"
    file.write_text("CREATE SCHEMA IF NOT EXISTS inner_schema; SET search_path = inner_schema;"
                    "SET ROLE pg_monitor; RESET ROLE; CREATE TABLE IF NOT EXISTS t (n int);"
                    "SET default_transaction_read_only = on; SET ROLE pg_monitor;")

    stderr = weir.refused(filled, "--setup", file, setup=False, table="t")
    assert "there is no table t" in stderr and "did you mean inner_schema.t?" in stderr

    assert weir.run(filled, "--setup", file, setup=False, table="inner_schema.t")["rows"] == COUNT


def test_setup_by_many_processes_at_once(weir, kafka, topic, database):
    sent = kafka.produce(topic, chapter_records(200))
    credentials = weir.database.credentials(weir.folder)
    started = [weir.ingest(topic, "-e", database=credentials) for _ in range(4)]
    for process in started:
        assert process.wait(90) == 0, process
    invariant(database, topic, sent)
    assert database.value("SELECT count(*) FROM weir.meta") == 1


def test_a_dry_run_runs_no_setup(weir, kafka, filled, database):
    stderr = weir.refused(filled, "--dry-run")
    assert f"there is no table {TABLE}" in stderr
    assert database.value("SELECT to_regnamespace('streaming_layer')") is None
    database.create_chapter_table()
    weir.run(filled, "--dry-run", setup=False)
    assert database.count() == 0
    assert database.value("SELECT to_regnamespace('weir')") is None, "a dry run writes nothing, its state neither"


# ---- a DBA prepares, a role without CREATE works ----

def test_a_role_without_create_is_told_what_a_dba_runs_and_then_works(weir, database, role, filled, tmp_path):
    database.execute("CREATE TABLE t (n int)")
    database.execute(f"GRANT INSERT, SELECT ON t TO {role.name}")
    credentials = database.credentials(tmp_path, user=role.name, password=role.password)
    how = {"setup": False, "table": "t", "database": credentials}

    stderr = weir.refused(filled, **how)
    assert f'the role "{role.name}" may not make weir\'s state schema' in stderr
    assert "weir ingest --print-setup" in stderr

    script = weir.call("ingest", "-b", weir.kafka.address, "-t", filled, "--table", "t", "--database", credentials,
                       "--print-setup").stdout
    assert role.name in script and role.password not in script
    for _ in range(2):  # may be run again
        psql(database, script)
    assert weir.run(filled, **how)["rows"] == COUNT
    assert database.count("t") == COUNT

    database.execute(f"REVOKE UPDATE ON weir.offsets FROM {role.name}")
    stderr = weir.refused(filled, **how)
    assert "lacks rights in the schema weir (UPDATE on offsets)" in stderr and "--print-setup" in stderr
    database.execute(f"REVOKE USAGE ON SCHEMA weir FROM {role.name}")
    assert "may not use the schema weir" in weir.refused(filled, **how)
    psql(database, script)
    assert weir.run(filled, **how)["rows"] == 0


def psql(database, script: str) -> None:
    subprocess.run([TOOLS / "postgres", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database.name],
                   input=script, text=True, check=True, capture_output=True,
                   env={**os.environ, "POSTGRES_DIR": str(database.server.folder), "POSTGRES_PASSWORD": PASSWORD})


def test_each_database_that_the_printed_setup_runs_in_gets_its_own_store_id(weir, postgres, database):
    script = weir.call("ingest", "--database", database.uri(), "--print-setup").stdout
    other = postgres.create_database()
    ids = []
    for target in (database, other):
        psql(target, script)
        ids.append(target.value("SELECT store_id FROM weir.meta"))
    postgres.drop_database(other.name)
    assert ids[0] != ids[1]


def test_setup_files_without_the_right_to_create_name_the_way_out(weir, database, role, filled, tmp_path):
    database.create_chapter_table()
    credentials = database.credentials(tmp_path, user=role.name, password=role.password)
    stderr = weir.refused(filled, database=credentials)
    assert "create_schema.sql:1: permission denied for database" in stderr
    assert "leave --setup out" in stderr


def test_a_schema_of_somebody_else_is_left_alone(weir, database, filled):
    database.execute("CREATE TABLE t (n int); CREATE SCHEMA weir; CREATE TABLE weir.meta (x int)")
    stderr = weir.refused(filled, setup=False, table="t")
    assert "the schema weir is not one of weir's" in stderr and "--state-schema NAME" in stderr
    assert weir.run(filled, "--state-schema", 'My "state"', setup=False, table="t")["rows"] == COUNT
    assert database.value('SELECT sum(rows) FROM "My ""state""".offsets') == COUNT


def test_a_newer_schema_is_refused(weir, database, filled):
    database.execute("CREATE TABLE t (n int)")
    assert weir.run(filled, setup=False, table="t")["rows"] == COUNT
    database.execute("UPDATE weir.meta SET schema_version = 99")
    stderr = weir.refused(filled, setup=False, table="t")
    assert "version 99, made by a newer weir" in stderr


# ---- the way to the database ----

def ways(database) -> dict[str, tuple[str, dict]]:
    """Every form of --database: its text, and the environment it needs."""
    p = database.parameters()
    address = f"{p['host']}:{p['port']}"
    return {
        "uri": (f"postgresql://postgres:{PASSWORD}@{address}/{p['dbname']}", {}),
        "keywords": (f"host={p['host']} port={p['port']} user=postgres dbname={p['dbname']}", {"PGPASSWORD": PASSWORD}),
        "environment": ("", {"PGHOST": p["host"], "PGPORT": p["port"], "PGUSER": "postgres",
                             "PGDATABASE": p["dbname"], "PGPASSWORD": PASSWORD}),
        "several hosts": (f"host=127.0.0.1,{p['host']} port=1,{p['port']} user=postgres dbname={p['dbname']}",
                          {"PGPASSWORD": PASSWORD}),
        "several hosts in a uri": (f"postgresql://postgres@127.0.0.1:1,{address}/{p['dbname']}",
                                   {"PGPASSWORD": PASSWORD}),
    }


def test_ways_to_name_a_database(weir, database, filled):
    database.execute("CREATE TABLE t (n int)")
    expected = COUNT
    for way, (text, env) in ways(database).items():
        if text:
            env = {**env, "WEIR_DATABASE": text}  # a password in an argument would be warned of
        process = weir.call("ingest", "-b", weir.kafka.address, "-t", filled, "--table", "t", "-e", "-J", env=env)
        assert process.summary()["rows"] == expected, way
        assert PASSWORD + "@" not in process.stderr
        expected = 0


@pytest.mark.parametrize("how", ["PGPASSFILE", "passfile"])
def test_the_password_file(weir, database, filled, tmp_path, how):
    database.execute("CREATE TABLE t (n int)")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{database.server.port}:{database.name}:postgres:{PASSWORD}\n")
    file.chmod(0o600)
    text = database.uri() + (f"?passfile={file}" if how == "passfile" else "")
    env = {"PGPASSFILE": str(file)} if how == "PGPASSFILE" else {}
    assert weir.run(filled, setup=False, table="t", database=text, env=env)["rows"] == COUNT


def test_a_credentials_file_that_others_can_read(weir, database, tmp_path):
    for mode, warned in ((0o600, False), (0o644, True), (0o660, True), (0o604, True)):
        credentials = database.credentials(tmp_path)
        credentials.chmod(mode)
        stderr = weir.refused("no_topic", setup=False, table="nix", database=credentials)
        assert (f"chmod 600 {credentials}" in stderr) == warned, stderr
        assert stderr.count("chmod 600") <= 1


def test_the_chapters_credentials_file_with_a_port_in_quotes_or_not(weir, database, filled, tmp_path):
    database.execute("CREATE TABLE t (n int)")
    file = tmp_path / "credentials.json"
    for port, expected in ((str(database.server.port), COUNT), (database.server.port, 0)):
        file.write_text(json.dumps({**database.parameters(), "port": port}))
        assert weir.run(filled, setup=False, table="t", database=file)["rows"] == expected


def test_a_credentials_file_that_is_none(weir, tmp_path):
    file = tmp_path / "broken.json"
    for content, says in (("host=db", "not a credentials file"),
                          ('{"dbname": "x",\n "port": }', ":2: not a credentials file"),
                          ('{"hots": "x"}', 'did you mean "host"?'),
                          ('{"port": [1]}', '"port" must be a text or a number')):
        file.write_text(content)
        stderr = weir.refused("no_topic", setup=False, database=file, exit_code=2)
        assert str(file) in stderr and says in stderr


def test_a_missing_credentials_file(weir, tmp_path):
    stderr = weir.refused("no_topic", setup=False, database=tmp_path / "nix.json", exit_code=2)
    assert "nix.json: No such file" in stderr and "postgresql:// URI" in stderr


def test_a_missing_database_is_told_with_the_line_that_creates_it(weir, database, postgres, filled):
    name = f"new base {uuid.uuid4().hex[:6]}"
    text = f"host=127.0.0.1 port={postgres.port} user=postgres dbname='{name}'"
    env = {"PGPASSWORD": PASSWORD}
    stderr = weir.refused(filled, database=text, env=env)
    assert f'the database "{name}" does not exist; create it with: ' in stderr
    line = shlex.split(stderr.strip().rpartition("create it with: ")[2])
    assert line == ["createdb", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", name]
    subprocess.run(line, env={**os.environ, **env}, check=True)
    try:
        weir.kafka.produce(filled, chapter_records(3))
        assert weir.run(filled, database=text, env=env)["rows"] == COUNT + 3
    finally:
        with postgres._maintenance() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_refused_at_the_door(weir, database, role, tmp_path):
    def says(**how) -> str:
        return weir.refused("no_topic", setup=False, table="t", database=database.credentials(tmp_path, **how))

    stderr = says(password="wrong")
    assert 'the server refuses the password of "postgres"' in stderr and "wrong" not in stderr
    assert 'there is no such role' in says(user="nobody_here")
    role.execute("ALTER ROLE {role} NOLOGIN")
    stderr = says(user=role.name, password=role.password)
    assert f'lets "{role.name}" not in' in stderr and "is not permitted to log in" in stderr
    stderr = weir.refused("no_topic", setup=False, table="t", database=database.uri())
    assert "asks for a password and none was given" in stderr
    stderr = weir.refused("no_topic", setup=False, table="t", database="host=127.0.0.1 port=1 dbname=x user=y")
    assert "cannot reach x on 127.0.0.1:1 as y" in stderr and "Connection refused" in stderr


def test_a_sql_ascii_database_is_refused(weir, postgres):
    ascii_base = postgres.create_database("ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    stderr = weir.refused("no_topic", setup=False, table="t", database=ascii_base.uri(), env={"PGPASSWORD": PASSWORD})
    postgres.drop_database(ascii_base.name)
    assert "SQL_ASCII" in stderr and "createdb -T template0 -E UTF8" in stderr


def test_names_in_a_database_of_another_encoding_are_utf8_to_us(weir, postgres, kafka, topic):
    latin = postgres.create_database("ENCODING 'LATIN2' TEMPLATE template0 LOCALE 'C'")
    latin.execute('CREATE TABLE "tăblă" ("număr" int)')
    kafka.produce(topic, [Record(json.dumps({"număr": 7}, ensure_ascii=False).encode())])
    how = {"setup": False, "table": '"tăblă"', "database": latin.uri(), "env": {"PGPASSWORD": PASSWORD}}
    assert weir.run(topic, **how)["rows"] == 1
    assert latin.query('SELECT "număr" FROM "tăblă"') == [(7,)]
    assert weir.run(topic, **how)["rows"] == 0
    postgres.drop_database(latin.name)


# ---- tables that cannot be filled exactly once ----

PARTITIONED = "CREATE TABLE t (n int) PARTITION BY RANGE (n);"
FOREIGN = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"

# the table's DDL, what the refusal says, what cures it ("" when the refusal names no statement)
REFUSED_TABLES = {
    "missing": ("CREATE TABLE tt (n int)", "there is no table t in the database", "ALTER TABLE tt RENAME TO t"),
    "unlogged": ("CREATE UNLOGGED TABLE t (n int)", "the table public.t is UNLOGGED", None),
    "unlogged partition": (PARTITIONED + "CREATE UNLOGGED TABLE p PARTITION OF t FOR VALUES FROM (0) TO (9)",
                           "the partition p of public.t is UNLOGGED", None),
    "unlogged partition of a partition":
        (PARTITIONED + "CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (n);"
         "CREATE UNLOGGED TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9)",
         "the partition q of public.t is UNLOGGED", None),
    "foreign": (FOREIGN + "CREATE FOREIGN TABLE t (n int) SERVER s", "public.t is a foreign table",
                "DROP FOREIGN TABLE t; CREATE TABLE t (n int)"),
    "foreign partition":
        (PARTITIONED + FOREIGN + "CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (9);"
         "CREATE FOREIGN TABLE f PARTITION OF t FOR VALUES FROM (9) TO (99) SERVER s",
         "the partition f of public.t is a foreign table", "ALTER TABLE public.t DETACH PARTITION f;"),
    "view": ("CREATE TABLE u (n int); CREATE VIEW t AS SELECT * FROM u", "public.t is a view",
             "DROP VIEW t; CREATE TABLE t (n int)"),
    "materialized view": ("CREATE MATERIALIZED VIEW t AS SELECT 1 AS n", "public.t is a materialized view",
                          "DROP MATERIALIZED VIEW t; CREATE TABLE t (n int)"),
    "sequence": ("CREATE SEQUENCE t", "public.t is not a table", "DROP SEQUENCE t; CREATE TABLE t (n int)"),
    "rule": ("CREATE TABLE t (n int); CREATE RULE \"No!\" AS ON INSERT TO t DO INSTEAD NOTHING",
             'the table public.t has rules on INSERT', 'DROP RULE "No!" ON public.t;'),
    "no columns": ("CREATE TABLE t ()", "has no column that weir could fill", "ALTER TABLE public.t ADD COLUMN n int;"),
    "only generated columns": ("CREATE TABLE t (g int GENERATED ALWAYS AS IDENTITY)", "has no column that weir could",
                               "ALTER TABLE public.t ADD COLUMN n int;"),
}


@pytest.mark.parametrize("case", REFUSED_TABLES)
def test_a_table_that_cannot_be_filled_is_refused_until_cured(weir, database, filled, case):
    ddl, says, cure = REFUSED_TABLES[case]
    database.execute(ddl)

    stderr = weir.refused(filled, setup=False, table="t")
    assert says in stderr, stderr
    assert database.value("SELECT to_regnamespace('weir')") is None, "nothing is made before the table is judged"

    database.execute(cure or printed_sql(stderr))
    assert weir.run(filled, setup=False, table="t")["rows"] == COUNT
    assert database.count("t") == COUNT


def test_a_temporary_table_is_refused(weir, filled, tmp_path):
    file = tmp_path / "setup.sql"
    file.write_text("CREATE TEMPORARY TABLE t (n int)")
    stderr = weir.refused(filled, "--setup", file, setup=False, table="t")
    assert "is a TEMPORARY table" in stderr


def test_rules_on_other_commands_and_children_by_inheritance_are_fine(weir, database, filled):
    database.execute("CREATE TABLE t (n int); CREATE UNLOGGED TABLE child () INHERITS (t);"
                     "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;"
                     "CREATE RULE off AS ON INSERT TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE off")
    assert weir.run(filled, setup=False, table="t")["rows"] == COUNT


def test_names_of_tables(weir, database, filled):
    database.execute('CREATE SCHEMA "Ș.s"; CREATE TABLE "Ș.s"."T t" (n int); CREATE SCHEMA plain;'
                     'CREATE TABLE plain.streaming_data (n int)')
    assert weir.run(filled, "--name", "one", setup=False, table='"Ș.s"."T t"')["rows"] == COUNT
    assert weir.run(filled, "--name", "two", setup=False, table="Plain.STREAMING_data")["rows"] == COUNT
    for wrong, near in (("streaming_dat", "plain.streaming_data"), ("plan.streaming_data", "plain.streaming_data")):
        stderr = weir.refused(filled, setup=False, table=wrong)
        assert f"there is no table {wrong}" in stderr and f"did you mean {near}?" in stderr


# ---- rights ----

def test_rights_are_asked_for_with_the_grants_that_give_them(weir, database, role, filled, tmp_path):
    database.execute('CREATE SCHEMA "In"; CREATE SEQUENCE "In".q;'
                     'CREATE TABLE "In".t (n int, id bigint DEFAULT nextval(\'"In".q\'))')
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}")
    how = {"setup": False, "table": '"In".t',
           "database": database.credentials(tmp_path, user=role.name, password=role.password)}
    stderr = weir.refused(filled, **how)
    assert f"the role {role.name} may not insert into \"In\".t" in stderr
    grants = printed_sql(stderr)
    assert grants == (f'GRANT USAGE ON SCHEMA "In" TO {role.name}; GRANT INSERT, SELECT ON "In".t TO {role.name};'
                      f' GRANT USAGE ON SEQUENCE "In".q TO {role.name};')
    database.execute(grants)
    assert weir.run(filled, **how)["rows"] == COUNT
    assert database.value('SELECT count(DISTINCT id) FROM "In".t') == COUNT


def test_insert_alone_is_enough(weir, database, role, filled, tmp_path):
    """A role that may not SELECT: whether the table was emptied is told by its files."""
    database.execute("CREATE TABLE t (n int)")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}; GRANT INSERT ON t TO {role.name}")
    how = {"setup": False, "table": "t",
           "database": database.credentials(tmp_path, user=role.name, password=role.password)}
    assert weir.run(filled, **how)["rows"] == COUNT
    assert weir.run(filled, **how)["rows"] == 0
    database.execute("TRUNCATE t")
    assert "was emptied" in weir.refused(filled, **how)
    assert weir.run(filled, "--accept-table", **how)["rows"] == 0
    assert weir.run(filled, **how)["rows"] == 0


@pytest.mark.parametrize("forced", [False, True])
def test_row_security_that_applies_is_refused(weir, database, role, filled, tmp_path, forced):
    database.execute("CREATE TABLE t (n int); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {role.name}; GRANT INSERT, SELECT ON t TO {role.name}")
    if forced:
        database.execute(f"ALTER TABLE t OWNER TO {role.name}; ALTER TABLE t FORCE ROW LEVEL SECURITY")
    how = {"setup": False, "table": "t",
           "database": database.credentials(tmp_path, user=role.name, password=role.password)}
    stderr = weir.refused(filled, **how)
    assert f"row security on public.t applies to the role {role.name}" in stderr
    assert f"ALTER ROLE {role.name} BYPASSRLS;" in stderr
    if forced:
        database.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY")
    else:
        role.execute("ALTER ROLE {role} BYPASSRLS")
    assert weir.run(filled, **how)["rows"] == COUNT


# ---- who the pipeline is (design point 1) ----

@pytest.fixture
def registered(weir, database, filled) -> str:
    """A pipeline that has stored COUNT rows into t; its topic."""
    database.execute("CREATE TABLE t (n int)")
    assert weir.run(filled, setup=False, table="t")["rows"] == COUNT
    return filled


def stored(database, table: str = "t") -> list[int]:
    return sorted(row[0] for row in database.query(f"SELECT n FROM {table}"))


def send(kafka, topic, *values: int) -> None:
    kafka.produce(topic, [Record(json.dumps({"n": n}).encode()) for n in values])


def test_nothing_to_refuse_when_all_is_the_same(weir, registered, kafka, database):
    send(kafka, registered, 100)
    assert weir.run(registered, setup=False, table="t")["rows"] == 1
    database.execute("ALTER TABLE t RENAME TO t_renamed")
    send(kafka, registered, 101)
    assert weir.run(registered, "--name", pipeline_name(registered, "t"), setup=False, table="t_renamed")["rows"] == 1
    assert stored(database, "t_renamed") == [*range(COUNT), 100, 101]


def test_a_name_met_again_with_another_table(weir, registered, kafka, database):
    name = pipeline_name(registered, "t")
    database.execute("CREATE TABLE u (n int)")
    stderr = weir.refused(registered, "--name", name, setup=False, table="u")
    assert f'the pipeline "{name}" fills the table public.t, not u' in stderr
    for cure in ("--name NAME", "--accept-table", "--reset"):
        assert cure in stderr
    assert weir.run(registered, setup=False, table="u")["rows"] == COUNT, "under its own name"

    database.execute("TRUNCATE u; DELETE FROM weir.pipelines WHERE table_name = 'u'")
    send(kafka, registered, 100)
    assert weir.run(registered, "--name", name, "--accept-table", setup=False, table="u")["rows"] == 1
    assert stored(database, "u") == [100], "goes on where the topic stands"
    database.execute("TRUNCATE t")
    assert weir.run(registered, "--name", name, "--reset", "--yes", setup=False, table="t")["rows"] == COUNT + 1
    assert stored(database) == [*range(COUNT), 100]


def test_a_name_met_again_with_other_topics(weir, registered, kafka, database):
    name = pipeline_name(registered, "t")
    other = kafka.create_topic()
    send(kafka, other, 100)
    stderr = weir.refused(other, "--name", name, setup=False, table="t")
    assert f'the pipeline "{name}" reads {registered}' in stderr and "--name NAME" in stderr and "--reset" in stderr
    stderr = weir.refused(registered, "-t", other, "--name", name, setup=False, table="t")
    assert f'the pipeline "{name}" reads {registered}' in stderr
    assert weir.run(other, setup=False, table="t")["rows"] == 1, "another topic is no second copy"
    database.execute("TRUNCATE t")
    assert weir.run(registered, "-t", other, "--name", name, "--reset", "--yes", "--allow-second-copy", setup=False,
                    table="t")["rows"] == COUNT + 1


def test_a_name_met_again_with_another_cluster(weir, registered, kafka, database):
    database.execute("UPDATE weir.pipelines SET cluster_id = 'another'")
    stderr = weir.refused(registered, setup=False, table="t")
    assert "reads from the cluster another, and the brokers given are of the cluster " in stderr
    for cure in ("-b with", "--name NAME", "--reset"):
        assert cure in stderr
    assert weir.run(registered, "--name", "two", setup=False, table="t")["rows"] == COUNT, \
        "the same topic's name in another cluster is another topic"
    database.execute("TRUNCATE t")
    assert weir.run(registered, "--reset", "--yes", "--allow-second-copy", setup=False, table="t")["rows"] == COUNT
    assert weir.run(registered, setup=False, table="t")["rows"] == 0


def test_a_cluster_that_was_unknown_is_learnt(weir, registered, database):
    known = database.value("SELECT cluster_id FROM weir.pipelines")
    assert known
    database.execute("UPDATE weir.pipelines SET cluster_id = ''")
    assert weir.run(registered, setup=False, table="t")["rows"] == 0
    assert database.value("SELECT cluster_id FROM weir.pipelines") == known


def test_a_second_pipeline_into_the_same_table(weir, registered, kafka, database):
    first = pipeline_name(registered, "t")
    stderr = weir.refused(registered, "--name", "second", setup=False, table="t")
    assert f'another pipeline, "{first}", fills the table t from {registered} already' in stderr
    assert f"--name {first}" in stderr and "--allow-second-copy" in stderr
    assert stored(database) == [*range(COUNT)]

    assert weir.run(registered, "--name", first, setup=False, table="t")["rows"] == 0
    assert weir.run(registered, "--name", "second", "--allow-second-copy", setup=False, table="t")["rows"] == COUNT
    assert stored(database) == sorted([*range(COUNT)] * 2)
    assert weir.run(registered, "--name", "second", setup=False, table="t")["rows"] == 0, "asked for once"


@pytest.mark.parametrize("act, says", [
    ("DROP TABLE t; CREATE TABLE t (n int)", "the table public.t was dropped and created again"),
    ("TRUNCATE t", "the table public.t was emptied"),
    ("DELETE FROM t", "the table public.t was emptied"),
])
@pytest.mark.parametrize("cure", ["--accept-table", "--reset"])
def test_a_table_dropped_or_emptied(weir, registered, kafka, database, act, says, cure):
    database.execute(act)
    send(kafka, registered, 100)
    stderr = weir.refused(registered, setup=False, table="t")
    assert says in stderr and "--accept-table" in stderr and "--reset" in stderr and str(COUNT) in stderr
    assert stored(database) == []

    weir.run(registered, cure, "--yes", setup=False, table="t")
    expected = [100] if cure == "--accept-table" else [*range(COUNT), 100]
    assert stored(database) == expected
    assert weir.run(registered, setup=False, table="t")["rows"] == 0, "accepted once"

    database.execute(act)
    assert says in weir.refused(registered, setup=False, table="t"), "and watched from then on"


def test_accepting_an_empty_table_holds_until_it_has_rows_again(weir, registered, kafka, database):
    database.execute("TRUNCATE t")
    assert weir.run(registered, "--accept-table", setup=False, table="t")["rows"] == 0
    for _ in range(2):
        assert weir.run(registered, setup=False, table="t")["rows"] == 0
    assert database.query("SELECT base_rows, table_oid = 't'::regclass FROM weir.pipelines") == [(0, True)]
    database.execute("INSERT INTO t VALUES (7), (8)")
    weir.run(registered, "--accept-table", setup=False, table="t")
    assert database.value("SELECT base_rows FROM weir.pipelines") == 2


def test_a_table_that_held_rows_before_the_first_start(weir, filled, database):
    database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (-1), (-2)")
    assert weir.run(filled, setup=False, table="t")["rows"] == COUNT
    assert database.value("SELECT base_rows FROM weir.pipelines") == 2
    database.execute("TRUNCATE t")
    assert "it should hold 7 rows, 5 of them stored by" in weir.refused(filled, setup=False, table="t")


def test_a_start_offset_on_a_pipeline_that_has_offsets(weir, registered, kafka, database):
    stderr = weir.refused(registered, "-o", "end", setup=False, table="t", exit_code=2)
    assert "has offsets already" in stderr and "--reset" in stderr
    assert weir.run(registered, setup=False, table="t")["rows"] == 0

    database.execute("TRUNCATE t")
    ends = kafka.ends(registered)
    assert weir.run(registered, "-o", "end", "--reset", "--yes", setup=False, table="t")["rows"] == 0
    starts = offsets(database, pipeline_name(registered, "t"), registered)
    assert {p: row["start_offset"] for p, row in starts.items()} == ends
    send(kafka, registered, 100)
    assert weir.run(registered, setup=False, table="t")["rows"] == 1


def test_reset_is_refused_while_the_table_holds_rows(weir, registered, kafka, database):
    database.execute("INSERT INTO weir.dead_letters (pipeline, topic, partition, record_offset, reason)"
                     " VALUES ('p', 't', 0, 0, 'kept')")
    before = offsets(database, pipeline_name(registered, "t"), registered)
    stderr = weir.refused(registered, "--reset", "--yes", setup=False, table="t")
    assert "would read the topic again into the table t, which holds rows" in stderr
    assert 'TRUNCATE "public"."t";' in stderr and "--accept-table" in stderr
    assert offsets(database, pipeline_name(registered, "t"), registered) == before

    assert weir.run(registered, "--reset", "--yes", "--accept-table", setup=False, table="t")["rows"] == COUNT
    assert stored(database) == sorted([*range(COUNT)] * 2), "rows are never deleted"
    assert database.value("SELECT count(*) FROM weir.dead_letters") == 1, "nor dead letters"
    database.execute("TRUNCATE t")
    assert weir.run(registered, "--reset", "--yes", setup=False, table="t")["rows"] == COUNT


def test_reset_wants_a_yes(weir, registered, database):
    database.execute("TRUNCATE t")
    stderr = weir.refused(registered, "--reset", setup=False, table="t", exit_code=2)
    assert "--yes" in stderr
    assert stored(database) == []


def test_epochs_rise_over_a_reset(weir, registered, database):
    """A process that slept through a reset must still find another epoch than its own."""
    pipeline = pipeline_name(registered, "t")
    before = max(row["owner_epoch"] for row in offsets(database, pipeline, registered).values())
    database.execute("TRUNCATE t")
    weir.run(registered, "--reset", "--yes", setup=False, table="t")
    after = min(row["owner_epoch"] for row in offsets(database, pipeline, registered).values())
    assert after > before


def test_reset_waits_for_nobody_that_is_at_work(weir, registered, database):
    """Another process in the middle of a batch holds the offsets: told, not waited for without end."""
    database.execute("TRUNCATE t")
    with database.connect(autocommit=False) as connection:
        connection.execute("SELECT * FROM weir.offsets FOR UPDATE")
        stderr = weir.refused(registered, "--reset", "--yes", setup=False, table="t")
        connection.rollback()
    assert "another process works in the pipeline" in stderr and "stop it first" in stderr
    assert weir.run(registered, "--reset", "--yes", setup=False, table="t")["rows"] == COUNT


def test_a_lock_in_the_way_is_named_and_waited_for(kafka, topic, database, weir):
    database.create_chapter_table()
    with database.connect(autocommit=False) as other:
        other.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        ingest = weir.ingest(topic, "-e", setup=False)
        ingest.says("if another session's lock is in the way, this names it")
        query = re.search(r"SELECT \* FROM pg_stat_activity WHERE pid IN .*$", ingest.stderr, re.MULTILINE)[0]
        assert [row[2] for row in database.query(query)] == [other.info.backend_pid]
        assert ingest.running()
    assert ingest.wait() == 0, ingest
