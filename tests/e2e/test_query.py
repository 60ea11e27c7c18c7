"""weir query: one statement or listing, its forms, what it refuses, and --watch."""
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.paths import patience, program_env, sanitized, weir_binary
from harness.terminal import Terminal
from harness.wait import in_time, wait_until

COUNT = "SELECT COUNT(*) AS no_records FROM streaming_layer.streaming_data"

# Every kind of value that a form may get wrong.
ODD_VALUES = r"""
SELECT * FROM (VALUES
    (1, 'plain', 1.50::numeric, true, '{"a": 1}'::json, '\xdeadbeef'::bytea, 'NaN'::float8),
    (2, '', -0.001, false, E'{\n  "b": [1,\n 2]\n}', '', '-Infinity'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, E'tab\tline\nreturn\rback\\slash "quote", comma', 12345678901234567890, true, '"\u0041"', '\x00', 1e300),
    (5, E'\b\f\x0b\x1b[31m \u65e5\u672c \u202E \\.', 0, true, 'null', '\x5c', -0.0)
) AS v (id, text, number, flag, doc, bytes, real) ORDER BY id
"""


class Query:
    """Runs `weir query` against the test's database."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.env = program_env()
        self.credentials = database.credentials(folder)
        self._terminals = []

    def arguments(self, *arguments) -> list[str]:
        given = [] if "--database" in arguments else ["--database", self.credentials]
        return [str(a) for a in (weir_binary(), "query", *arguments, *given)]

    def run(self, *arguments, stdin: str = "", exit_code: int = 0, **env: str) -> subprocess.CompletedProcess:
        done = subprocess.run(self.arguments(*arguments), cwd=self.folder, env={**self.env, **env}, text=True,
                              input=stdin, capture_output=True, timeout=60 * patience(), check=False)
        assert done.returncode == exit_code, done
        return done

    def text(self, *arguments, **how) -> str:
        """What it prints; nothing is on stderr."""
        done = self.run(*arguments, **how)
        assert done.stderr == "", done
        return done.stdout

    def json(self, *arguments) -> list[dict]:
        return [json.loads(line) for line in self.text(*arguments, "-J").splitlines()]

    def start(self, *arguments, **how) -> subprocess.Popen:
        return subprocess.Popen(self.arguments(*arguments), cwd=self.folder, env=self.env, text=True,
                                stderr=subprocess.PIPE, **how)

    def terminal(self, *arguments, columns: int = 80, lines: int = 24, **env: str) -> Terminal:
        env = {"TERM": "xterm", **self.env, **env}
        env.setdefault("NO_COLOR", "")
        self._terminals.append(Terminal(self.arguments(*arguments), env, self.folder, columns, lines))
        return self._terminals[-1]

    def shown(self, *arguments, exit_code: int = 0, **how) -> str:
        """What stands on the terminal at the end."""
        terminal = self.terminal(*arguments, **how)
        assert terminal.wait() == exit_code, terminal.text
        return terminal.text

    def backends(self) -> list[tuple[int, str]]:
        return self.database.query("SELECT pid, state FROM pg_stat_activity WHERE application_name = 'weir query'"
                                   " AND datname = current_database()")

    def close(self) -> None:
        for terminal in self._terminals:
            terminal.close()


@pytest.fixture
def query(database, tmp_path):
    runner = Query(database, tmp_path)
    yield runner
    runner.close()


@pytest.fixture
def table(database):
    """The chapter's schema with a small table of its own."""
    database.execute("CREATE SCHEMA streaming_layer")
    database.execute("CREATE TABLE streaming_layer.streaming_data (full_name text, total numeric)")
    database.execute("INSERT INTO streaming_layer.streaming_data SELECT 'name ' || i, i FROM generate_series(1, 3) i")
    return "streaming_layer.streaming_data"


@pytest.fixture
def reader(postgres, database):
    """A role that may log in and nothing else."""
    name = f"reader_{database.name}"
    with postgres._maintenance() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    yield name
    database.execute(f"DROP OWNED BY {name}")
    with postgres._maintenance() as connection:
        connection.execute(f"DROP ROLE {name}")


# ---- forms for programs ----

def test_the_chapters_count(query, table):
    assert query.text(COUNT) == "no_records\n3\n"
    assert query.json(COUNT) == [{"no_records": 3}]
    assert query.text(COUNT, "--csv") == "no_records\n3\n"
    assert query.text("-", stdin=f"-- how many\n{COUNT};\n") == "no_records\n3\n"


@pytest.mark.parametrize("options, form", [([], "FORMAT text, HEADER"), (["--csv"], "FORMAT csv, HEADER")])
def test_text_and_csv_are_what_copy_writes(query, database, options, form):
    with database.connect() as connection, connection.cursor().copy(f"COPY ({ODD_VALUES}) TO STDOUT ({form})") as copy:
        expected = b"".join(copy).decode()
    assert query.text(ODD_VALUES, *options) == expected.replace("\r", "\n") or \
        subprocess.run(query.arguments(ODD_VALUES, *options), env=query.env, cwd=query.folder, check=True,
                       capture_output=True).stdout.decode() == expected


def test_csv_is_read_back(query, database):
    done = subprocess.run(query.arguments(ODD_VALUES, "--csv"), env=query.env, cwd=query.folder, check=True,
                          capture_output=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [row["text"] for row in rows] == \
        [value or "" for (value,) in database.query(f"SELECT text FROM ({ODD_VALUES}) q")]


def test_json_has_the_types_of_json(query, database):
    assert query.json(ODD_VALUES) == [
        {"id": 1, "text": "plain", "number": 1.5, "flag": True, "doc": {"a": 1}, "bytes": "\\xdeadbeef", "real": "NaN"},
        {"id": 2, "text": "", "number": -0.001, "flag": False, "doc": {"b": [1, 2]}, "bytes": "\\x",
         "real": "-Infinity"},
        dict.fromkeys(["text", "number", "flag", "doc", "bytes", "real"]) | {"id": 3},
        {"id": 4, "text": 'tab\tline\nreturn\rback\\slash "quote", comma', "number": 12345678901234567890, "flag": True,
         "doc": "A", "bytes": "\\x00", "real": 1e300},
        {"id": 5, "text": "\b\f\v\x1b[31m \u65e5\u672c \u202e \\.", "number": 0, "flag": True, "doc": None,
         "bytes": "\\x5c", "real": 0},
    ]
    # A number keeps every digit, and a domain is what it stands for.
    database.execute("CREATE DOMAIN price AS numeric")
    assert query.text("SELECT 1.10::price AS p, 9007199254740993 AS n", "-J") == '{"p":1.10,"n":9007199254740993}\n'


def test_bytea_is_hexadecimal_whatever_the_server_is_set_to(query, database):
    database.execute(f"ALTER DATABASE {database.name} SET bytea_output = escape")
    statement = r"SELECT '\x00ff5c41'::bytea AS b, ''::bytea AS none"
    assert query.json(statement) == [{"b": "\\x00ff5c41", "none": "\\x"}]
    assert query.text(statement, "--csv") == "b,none\n\\x00ff5c41,\\x\n"


def test_no_rows_and_no_columns(query):
    nothing = "SELECT 1 AS a WHERE false"
    assert query.text(nothing) == "a\n" and query.text(nothing, "-J") == ""
    assert query.text("SELECT", "-J") == "{}\n"


def test_two_columns_of_one_name_are_no_object(query):
    done = query.run("SELECT 1 AS a, 2 AS a", "-J", exit_code=2)
    assert 'two columns are named "a"' in done.stderr and done.stdout == ""
    assert query.text("SELECT 1 AS a, 2 AS a") == "a\ta\n1\t2\n"


# ---- what is refused ----

@pytest.mark.parametrize("arguments, message", [
    ([], "say what: a statement, - for one on stdin"),
    (["SELECT", "1"], '"1" is one word too many: put the statement into quotes'),
    ([""], "the statement is empty"),
    (["-- only a comment"], "the statement is empty"),
    (["SELECT 1; SELECT 2"], "line 1: a second statement begins here; run one at a time"),
    (["SELECT 1;\nDROP TABLE t"], "line 2: a second statement begins here"),
    (["BEGIN"], "BEGIN has nothing to begin or end"),
    (["commit;"], "COMMIT has nothing to begin or end"),
    (["SELECT 1 \\g"], "line 1: a backslash outside of quotes is no SQL"),
    (["\\dx"], '"\\dx" is none of \\l, \\dn, \\dt [PATTERN] and \\d [NAME]'),
    (["\\l", "x"], "\\l lists all and takes no name"),
    (["\\dt", "a", "b"], '"a" is one word too many'),
    (["SELECT 1", "-J", "--csv"], "-J and --csv are two forms: choose one"),
    (["SELECT 1", "--watch", "2"], '--watch: "2" is not a duration'),
    (["SELECT 1", "--watch", "0s"], "--watch: 0s is less than 10ms"),
    (["SELECT 1", "--watch", "2s", "-J"], "--watch shows changes and has a form of its own"),
    (["SELECT 1", "--watch", "2s", "--all"], "--watch compares the first 100 rows: leave out --all"),
    (["SELECT 1", "-n", "2"], "-n counts the times of --watch"),
    (["SELECT 1", "--watch", "1s", "-n", "0"], '-n: "0" is not a number from 1'),
])
def test_wrong_usage(query, arguments, message):
    done = query.run(*arguments, exit_code=2)
    assert done.stderr.startswith(f"weir query: {message}") and done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("statement, lines", [
    ("SELEC 1", ['weir query: ERROR 42601: syntax error at or near "SELEC"', "line 1: SELEC 1", "        ^"]),
    ("SELECT 1,\n\t'\u65e5\u672c', full_nam\nFROM streaming_layer.streaming_data",
     ['weir query: ERROR 42703: column "full_nam" does not exist (Perhaps you meant to reference the column '
      '"streaming_data.full_name".)', "line 2: \\t'\u65e5\u672c', full_nam", "                  ^"]),
    ("INSERT INTO streaming_layer.streaming_data (totl) VALUES (1)",
     ['weir query: ERROR 42703: column "totl" of relation "streaming_data" does not exist; did you mean total?',
      "line 1: INSERT INTO streaming_layer.streaming_data (totl) VALUES (1)", " " * 52 + "^"]),
    ("SELECT * FROM streaming_layer.streaming_dat",
     ['weir query: ERROR 42P01: relation "streaming_layer.streaming_dat" does not exist; did you mean '
      "streaming_layer.streaming_data?", "line 1: SELECT * FROM streaming_layer.streaming_dat", " " * 22 + "^"]),
    ("SELECT * FROM streaming_data",
     ['weir query: ERROR 42P01: relation "streaming_data" does not exist; did you mean streaming_layer.streaming_data?',
      "line 1: SELECT * FROM streaming_data", " " * 22 + "^"]),
    ("SELECT * FROM nothing_like_it",
     ['weir query: ERROR 42P01: relation "nothing_like_it" does not exist', "line 1: SELECT * FROM nothing_like_it",
      " " * 22 + "^"]),
    ("SELECT 1/0", ["weir query: ERROR 22012: division by zero"]),
    ("SELECT 1/(3 - g) FROM generate_series(1, 5) g", ["weir query: ERROR 22012: division by zero"]),
    ("INSERT INTO streaming_layer.streaming_data VALUES ('x')",
     ["weir query: ERROR 25006: cannot execute INSERT in a read-only transaction; --write lets a statement write"]),
    ("\\d streaming_lair.streaming_data",
     ['weir query: there is no table or view "streaming_lair.streaming_data"; did you mean '
      "streaming_layer.streaming_data?"]),
    ("\\d nothing_like_it", ['weir query: there is no table or view "nothing_like_it"; \\dt lists the tables']),
])
def test_a_failed_statement(query, table, statement, lines):
    done = query.run(statement, exit_code=1)
    assert done.stderr.splitlines() == lines


def test_the_place_in_a_long_line(query):
    """An excerpt around it; the caret stands below the name."""
    statement = "SELECT " + ", ".join(["'\u65e5\u672c'"] * 100) + ", nowhere, " + ", ".join(["1"] * 100)
    line, caret = query.run(statement, exit_code=1).stderr.splitlines()[1:]
    assert line.startswith("line 1: ...") and line.endswith("...") and len(line) < 120
    before = line[:line.index("nowhere")]
    assert caret == " " * (len(before) + sum(c > "\u2fff" for c in before)) + "^"


def test_no_right_to_read(query, database, table, reader):
    credentials = database.credentials(query.folder, user=reader, password="secret")
    database.execute(f"GRANT USAGE ON SCHEMA streaming_layer TO {reader}")
    assert query.run(COUNT, "--database", credentials, exit_code=1).stderr == \
        f'weir query: ERROR 42501: permission denied for table streaming_data; connected as "{reader}", to whom its ' \
        "owner can GRANT the right\n"


def test_no_database_has_the_words_of_every_verb(query, database, postgres):
    address = f"host=127.0.0.1 port={postgres.port} user=postgres password=postgres"
    cases = [
        (f"{address} dbname=none_{database.name}", "does not exist; create it with: createdb -h 127.0.0.1"),
        (f"{address} dbname={database.name} password=wrong", "the server refuses the password"),
        (f"host=127.0.0.1 port=1 user=postgres dbname={database.name}", "cannot reach"),
        ("none.json", "none.json: "),
    ]
    for where, message in cases:
        code = 2 if where.endswith(".json") else 1
        done = query.run("SELECT 1", "--database", where, exit_code=code)
        line = done.stderr.splitlines()[-1]
        assert line.startswith("weir query: ") and message in line, done.stderr


def test_the_database_is_found_as_for_other_verbs(query, database, postgres):
    query.credentials = ""
    variables = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": "postgres", "PGPASSWORD": "postgres",
                 "PGDATABASE": database.name}
    here = "SELECT current_database() AS d"
    assert query.text(here, **variables) == f"d\n{database.name}\n"
    plain = subprocess.run([weir_binary(), "query", here], cwd=query.folder, env=query.env, capture_output=True,
                           text=True, check=False)
    assert plain.returncode != 0
    (query.folder / "weir.yaml").write_text("database: credentials.json\n")
    plain = subprocess.run([weir_binary(), "query", here], cwd=query.folder, env=query.env, capture_output=True,
                           text=True, check=True)
    assert plain.stdout == f"d\n{database.name}\n"


def test_a_server_that_only_reads_is_good_enough(query, database):
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    assert query.text("SELECT 1 AS a") == "a\n1\n"
    assert "read-only" in query.run("SELECT 1", "--write", exit_code=1).stderr
    asked = " ".join(f"{key}={value}" for key, value in database.parameters().items())
    query.run("SELECT 1", "--database", f"{asked} target_session_attrs=read-write", exit_code=1)


# ---- writing ----

@pytest.mark.parametrize("statement", [
    "INSERT INTO streaming_layer.streaming_data VALUES ('x')",
    "DELETE FROM streaming_layer.streaming_data",
    "WITH gone AS (DELETE FROM streaming_layer.streaming_data RETURNING 1) SELECT * FROM gone",
    "SELECT add_row()",
    "SELECT set_config('transaction_read_only', 'off', true), add_row()",
    "DO $$ BEGIN SET TRANSACTION READ WRITE; PERFORM add_row(); END $$",
    "DO $$ BEGIN COMMIT; PERFORM add_row(); END $$",
    "DROP TABLE streaming_layer.streaming_data",
    "EXPLAIN ANALYZE DELETE FROM streaming_layer.streaming_data",
    "TRUNCATE streaming_layer.streaming_data",
    "VACUUM streaming_layer.streaming_data",
])
def test_nothing_is_written_unasked(query, database, table, statement):
    database.execute(f"CREATE FUNCTION add_row() RETURNS void LANGUAGE sql AS 'INSERT INTO {table} VALUES (''y'')'")
    query.run(statement, exit_code=1)
    assert database.count(table) == 3
    query.run("SET TRANSACTION READ WRITE")  # one statement cannot open the way for the next


def test_write(query, database, table):
    done = query.run(f"INSERT INTO {table} VALUES ('x', 9), ('y', 10)", "--write")
    assert (done.stdout, done.stderr) == ("", "INSERT 0 2\n")
    assert query.text(f"DELETE FROM {table} WHERE total > 8 RETURNING total", "--write") == "total\n9\n10\n"
    assert database.count(table) == 3
    query.run(f"VACUUM {table}", "--write")  # which no transaction block may hold
    assert query.run(f"DELETE FROM {table}", "--write", "-q").stderr == ""


@pytest.mark.parametrize("statement", ["COPY t TO STDOUT", "COPY t FROM STDIN"])
def test_copy_with_the_client_is_refused(query, database, statement):
    """And nobody waits for the data."""
    database.execute("CREATE TABLE t (a int)")
    database.execute("INSERT INTO t SELECT generate_series(1, 100000)")
    begin = time.monotonic()
    assert "COPY from and to the client is not supported" in query.run(statement, "--write", exit_code=2).stderr
    assert time.monotonic() - begin < 5 * patience()
    wait_until(lambda: not query.backends(), 5, "the backend ends")
    assert database.count("t") == 100_000


# ---- listings ----

def test_listings(query, database, table):
    database.execute("CREATE VIEW streaming_layer.seen AS SELECT 1 AS one")
    database.execute('CREATE TABLE "Odd.Name%" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,'
                     " at timestamptz NOT NULL DEFAULT now(), twice int GENERATED ALWAYS AS (2) STORED,"
                     " parent bigint REFERENCES \"Odd.Name%\", code varchar(3) UNIQUE)")
    database.execute(f"ANALYZE {table}")
    assert {"database": database.name, "owner": "postgres", "encoding": "UTF8"}.items() <= \
        next(d for d in query.json("\\l") if d["database"] == database.name).items()
    assert [schema["schema"] for schema in query.json("\\dn")] == ["public", "streaming_layer"]
    assert query.json("\\dn")[1] == {"schema": "streaming_layer", "owner": "postgres", "tables": 1}

    def names(*words: str) -> list[str]:
        return [f"{found['schema']}.{found['name']}" for found in query.json(*words)]

    assert names("\\dt") == ["public.Odd.Name%", table]
    assert names("\\d") == ["public.Odd.Name%", "streaming_layer.seen", table]
    assert names("\\dt stream*") == names("\\dt", "STREAM*;") == names("\\dt", "str*.*_da?a") == [table]
    assert names("\\dt", "streaming_layer.") == [table]
    assert names("\\dt", '"Odd.Name%"') == names("\\dt", 'public."O"*') == ["public.Odd.Name%"]
    assert names("\\dt", "odd*") == names("\\dt", "streamingXdata") == names("\\dt", "%") == []
    assert names("\\dt", "pg_class") == [], "the server's own are shown to who names their schema"
    assert "pg_catalog.pg_class" in names("\\dt pg_catalog.pg_c*")
    found = query.json("\\dt", "stream*")[0]
    assert (found["kind"], found["owner"], found["estimated_rows"]) == ("table", "postgres", 3)

    assert query.json("\\d", "Streaming_Layer.STREAMING_DATA") == [
        {"column": "full_name", "type": "text", "nullable": True, "default": None, "key": None},
        {"column": "total", "type": "numeric", "nullable": True, "default": None, "key": None}]
    columns = {c["column"]: c for c in query.json('\\d "Odd.Name%"')}
    assert [columns["id"][k] for k in ("type", "nullable", "default", "key")] == \
        ["bigint", False, "identity", "primary key"]
    assert (columns["at"]["default"], columns["twice"]["default"]) == ("now()", "generated: 2")
    assert columns["parent"]["key"] == 'references "Odd.Name%"'
    assert (columns["code"]["type"], columns["code"]["key"]) == ("character varying(3)", "unique")


def test_a_listing_takes_no_sql(query, database, table):
    """What stands behind \\dt and \\d is a name, whatever it holds."""
    assert query.json("\\dt", "x' OR true; DROP TABLE streaming_layer.streaming_data; --") == []
    query.run("\\d", "x'; DROP TABLE streaming_layer.streaming_data; --", exit_code=1)
    assert query.json("\\dt", "a\\' OR true --") == []
    database.execute('CREATE TABLE "it\'s" (a int)')
    assert [column["column"] for column in query.json("\\d", '"it\'s"')] == ["a"]
    assert database.count(table) == 3


# ---- on a terminal ----

def test_a_table_is_psqls_in_all_but_the_header(query, database, table, postgres):
    statement = f"SELECT full_name, total, total > 1 AS many FROM {table} ORDER BY total"
    shown = query.shown(statement)
    psql = subprocess.run(["psql", "-X", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", "-d",
                           database.name, "-c", statement], env={**query.env, "PGPASSWORD": "postgres"}, text=True,
                          capture_output=True, check=True).stdout
    assert shown.splitlines()[1:] == psql.splitlines()[1:-1]
    assert shown.splitlines()[0].split() == ["full_name", "|", "total", "|", "many"]


def test_the_first_hundred_rows_and_all(query):
    statement = "SELECT i, 'x' || i AS name FROM generate_series(1, 2500) i"
    shown = query.shown(statement).splitlines()
    assert len(shown) == 2 + 100 + 1 and shown[-1] == "(the first 100 rows; --all shows all)"
    assert shown[101] == " 100 | x100"
    shown = query.shown(statement, "--all").splitlines()
    assert len(shown) == 2 + 2500 + 1 and shown[-1] == "(2500 rows)"
    assert [int(line.split("|")[0]) for line in shown[2:-1]] == list(range(1, 2501))
    assert query.shown("SELECT * FROM generate_series(1, 100)").splitlines()[-1] == "(100 rows)"
    assert query.shown("SELECT 1 AS one") == " one\n-----\n   1\n(1 row)\n"


def test_a_wide_row_is_a_field_a_line(query):
    statement = "SELECT 'abc' AS first, repeat('x', 30) AS second, NULL AS third"
    assert query.shown(statement, columns=60).splitlines()[2].startswith(" abc   | xxx")
    assert query.shown(statement, columns=40) == \
        f"-- row 1 --\nfirst  | abc\nsecond | {'x' * 30}\nthird  | [null]\n(1 row)\n"


@pytest.mark.parametrize("options", [[], ["--csv"], ["-J"], ["--watch", "10ms", "-n", "1"]])
def test_values_do_not_act_on_the_terminal(query, options):
    shown = query.shown(r"""SELECT E'a\x1b]0;title\x07\u009b31m\u202Eb' AS "c\x1b[2J", 1 AS d""".replace("\\x1b[2J", "\x1b[2J"),
                        *options)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown), shown
    if not options:
        assert "a\\x1B]0;title\\x07\\u009B31m\\u202Eb" in shown


# ---- long answers, closed pipes, signals ----

def high_water_kib(pid: int) -> int:
    """The most memory a process has held so far, since it became this program; 0 when it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0


def peak_kib(query, *arguments, rows: int) -> int:
    """The most memory that a run held until it had only what is left to write that a pipe does not take."""
    process = query.start(*arguments, stdout=subprocess.PIPE)
    for _ in range(rows - 20_000):
        process.stdout.readline()
    peak = high_water_kib(process.pid)
    assert process.stdout.read().count("\n") >= 20_000
    assert process.wait(20 * patience()) == 0, process.stderr.read()
    return peak


flat_memory = pytest.mark.skipif(sanitized(), reason="sanitizers keep what was freed")


@flat_memory
@pytest.mark.parametrize("options", [[], ["-J"], ["--csv"]])
def test_memory_does_not_grow_with_the_answer(query, options):
    statement = "SELECT i, repeat('x', 50) AS text FROM generate_series(1, %d) i"
    few, many = (peak_kib(query, statement % rows, *options, rows=rows) for rows in (100_000, 1_000_000))
    assert many < 1.2 * few, (few, many)


@flat_memory
def test_memory_of_pages(query):
    def peak(rows: int) -> int:
        kib = 0
        terminal = query.terminal(f"SELECT repeat('x', 50) AS text FROM generate_series(1, {rows})", "--all")
        while terminal.read(0.1):
            terminal.output = terminal.output[-100:]
            kib = max(kib, high_water_kib(terminal.process.pid))
        assert terminal.process.wait(10 * patience()) == 0 and terminal.text.endswith(f"({rows} rows)\n")
        return kib

    few, many = peak(20_000), peak(200_000)
    assert many < 1.2 * few, (few, many)


@pytest.mark.parametrize("rows", [10, 50_000_000])
def test_a_closed_pipe_ends_it_quietly(query, rows):
    process = query.start(f"SELECT generate_series(1, {rows})", stdout=subprocess.PIPE)
    if rows > 10:
        assert process.stdout.readline() == "generate_series\n"
    process.stdout.close()
    assert process.wait(10 * patience()) == 0
    assert process.stderr.read() == ""
    wait_until(lambda: not query.backends(), 10, "the backend ends")


def test_a_full_disk_is_no_closed_pipe(query):
    with open("/dev/full", "w") as full:
        process = query.start("SELECT 1", stdout=full)
        assert process.wait(10 * patience()) == 1
    assert "No space left" in process.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "SELECT generate_series(1, 1000000000)",
                                       "SELECT i FROM generate_series(1, 1000000000) i"])
def test_a_signal_cancels_the_statement(query, statement, number):
    with open(os.devnull, "w") as null:
        process = query.start(statement, stdout=null)
        wait_until(lambda: [state for _, state in query.backends()] == ["active"], 10, "the statement runs")
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(10 * patience()) == 1
    assert time.monotonic() - begin < 1 * patience()
    assert process.stderr.read() == "weir query: cancelled\n"
    wait_until(lambda: not query.backends(), 5, "the statement ends on the server too")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_connects(query, number):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = query.start("SELECT 1", "--database", f"host=127.0.0.1 port={silent.getsockname()[1]}")
        with silent.accept()[0] as connection:
            connection.recv(1)  # it waits for an answer
            process.send_signal(number)
            assert process.wait(5 * patience()) == 130
    assert process.stderr.read() == ""


def freeze_backend(query):
    (pid, _), = wait_until(lambda: [b for b in query.backends() if b[1] == "active"], 10, "the statement runs")
    os.kill(pid, signal.SIGSTOP)
    return pid


@pytest.mark.parametrize("signals, exit_code", [(1, 1), (2, 130)])
def test_a_frozen_server_holds_nobody(query, signals, exit_code):
    """The first signal gives up on the server within a second, the second at once."""
    def attempt() -> int:
        process = query.start("SELECT pg_sleep(60)", stdout=subprocess.DEVNULL)
        pid = freeze_backend(query)
        try:
            begin = time.monotonic()
            for _ in range(signals):
                process.send_signal(signal.SIGINT)
                time.sleep(0.2)
            code = process.wait(10 * patience())
            assert time.monotonic() - begin < 1.5 * patience()
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: not query.backends(), 10, "the backend ends")
        return code

    in_time(attempt, exit_code)


def test_a_server_that_dies_meanwhile(query, database):
    process = query.start("SELECT pg_sleep(60)", stdout=subprocess.DEVNULL)
    (pid, _), = wait_until(lambda: [b for b in query.backends() if b[1] == "active"], 10, "the statement runs")
    database.execute("SELECT pg_terminate_backend(%s)", [pid])
    assert process.wait(10 * patience()) == 1
    assert "the connection was lost: terminating connection due to administrator command" in process.stderr.read()


# ---- --watch ----

def test_watch_tells_programs_what_changed(query, database, table):
    statement = f"SELECT COUNT(*) AS no_records, MAX(full_name) AS last FROM {table}"
    process = query.start(statement, "--watch", "300ms", stdout=subprocess.PIPE)

    def told() -> str:
        line = process.stdout.readline()
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)
        return line.split(" ", 1)[1]

    assert (told(), told()) == ("no_records: 3\n", "no change\n")
    database.execute(f"INSERT INTO {table} VALUES ('name 9'), ('name 8')")
    changed = wait_until(lambda: (line := told()) != "no change\n" and line, 10, "the change")
    assert changed == "no_records: 3 -> 5 other values changed: 1\n" and told() == "no change\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0
    lines = query.text(statement, "--watch", "20ms", "-n", "4").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["no_records: 5", *["no change"] * 3]


def test_watch_marks_what_changed_on_a_terminal(query, database, table):
    terminal = query.terminal(COUNT, "--watch", "200ms")
    terminal.shows("no_records\n------------\n          3\n(1 row)\n")
    assert "\x1b[7m" not in terminal.text
    database.execute(f"INSERT INTO {table} VALUES ('x')")
    terminal.shows("\x1b[5A\r\x1b[J")  # drawn over the five lines of the last time
    terminal.shows("\x1b[7m4\x1b[0m\n")
    terminal.signal(signal.SIGINT)
    assert terminal.wait() == 0, terminal.text


@pytest.mark.parametrize("env, drawn_over", [({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, False)])
def test_watch_without_colour(query, database, env, drawn_over):
    database.execute("CREATE SEQUENCE s")
    shown = query.shown("SELECT nextval('s') AS n", "--watch", "20ms", "-n", "3", "--write", **env)
    assert " 2*\n" in shown and " 3*\n" in shown and "\x1b[7m" not in shown
    assert ("\x1b[" in shown) == drawn_over


def test_watch_ends_with_the_signal_while_it_waits_and_while_it_asks(query):
    for statement in ("SELECT 1", "SELECT pg_sleep(60)"):
        process = query.start(statement, "--watch", "30s", stdout=subprocess.PIPE)
        if "sleep" in statement:
            wait_until(lambda: [state for _, state in query.backends()] == ["active"], 10, "the statement runs")
        else:
            process.stdout.readline()
            time.sleep(0.1)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10 * patience()) == 0 and time.monotonic() - begin < 1 * patience()
        assert process.stderr.read() == ""


def test_watch_fails_with_the_statement(query):
    done = query.run("SELECT * FROM nowhere", "--watch", "1s", exit_code=1)
    assert 'relation "nowhere" does not exist' in done.stderr and done.stderr.endswith("^\n")
    assert "answers with rows" in query.run("SET x.y = 1", "--watch", "1s", exit_code=2).stderr


def test_watch_goes_on_after_an_outage(query, database):
    process = query.start("SELECT count(*) AS n FROM pg_class WHERE relname = 'later'", "--watch", "100ms",
                          stdout=subprocess.PIPE)
    process.stdout.readline()
    (pid, _), = query.backends()
    database.execute("SELECT pg_terminate_backend(%s)", [pid])
    database.execute("CREATE TABLE later ()")
    wait_until(lambda: "n: 0 -> 1" in process.stdout.readline(), 10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * patience()) == 0
    assert "it is asked again" in process.stderr.read()


def test_watch_looks_at_the_first_hundred_rows(query):
    shown = query.shown("SELECT * FROM generate_series(1, 1000000)", "--watch", "20ms", "-n", "2", lines=200)
    assert shown.count("(the first 100 rows)") == 2
