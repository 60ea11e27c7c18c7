"""weir rate --table: a table's rows counted by a column, beside what PostgreSQL itself groups; wrong input; live."""
import csv
import io
import json
import re
import signal
import subprocess
import time
from datetime import datetime, timezone

import pytest

from harness.clock import clear_of
from harness.paths import patience, weir_binary
from harness.tool import Tool
from harness.wait import in_time, wait_until

HERE = "Europe/Bucharest"
# Every kind of column, with rows on both sides of both changes of clocks, and what is no time.
TABLE = """
CREATE SCHEMA shop;
CREATE TABLE shop.visits (id int, at timestamptz, local timestamp, day date, python varchar(50), iso text, name text);
INSERT INTO shop.visits
    SELECT i, t, t AT TIME ZONE 'Europe/Bucharest', (t AT TIME ZONE 'Europe/Bucharest')::date,
           CASE WHEN i % 50 = 0 THEN to_char(t AT TIME ZONE 'Europe/Bucharest', 'YYYY-MM-DD HH24:MI:SS')
                ELSE to_char(t AT TIME ZONE 'Europe/Bucharest', 'YYYY-MM-DD HH24:MI:SS.US') END,
           to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'visitor ' || i
    FROM (SELECT i, timestamptz '2026-03-27 00:00+00' + (i * 7919 % 259200) * interval '1.003 s'
                    + (i % 2) * interval '210 days' AS t FROM generate_series(1, 4000) i) v;
INSERT INTO shop.visits SELECT 5000 + i, x::timestamptz, x::timestamp, x::date, x, x FROM
    unnest(ARRAY['2026-03-29 03:30:00', '2026-10-25 03:30:00', '2026-03-29 03:00:00', '2026-10-25 04:00:00',
                 '2026-10-25 00:00:00', '2026-03-28 22:00:00']) WITH ORDINALITY AS u (x, i);
INSERT INTO shop.visits (id, at, local, day) VALUES (6000, 'infinity', '-infinity', 'infinity'),
    (6001, '-infinity', 'infinity', '0044-03-15 BC');
INSERT INTO shop.visits (id, python, iso) VALUES (7000, 'yesterday', ''), (7001, '2026-02-30 12:00:00', '12:00'),
    (7002, '2026-03-29 24:00:00', '2026-03-29'), (7003, ' 2026-03-29 12:00:00', '0000-01-01T00:00:00Z'),
    (7004, '2026-10-25 12:00:60', '2027-02-29T00:00:00Z');
"""
# A column as an instant, as PostgreSQL reads it.
INSTANTS = {
    "at": "at", "local": "local AT TIME ZONE {zone}", "day": "day::timestamp AT TIME ZONE {zone}",
    "python": "CASE WHEN id < 7000 THEN python::timestamp AT TIME ZONE {zone} END",
    "iso": "CASE WHEN id < 5000 THEN iso::timestamptz WHEN id < 7000 THEN iso::timestamp AT TIME ZONE {zone} END",
}


class Rate(Tool):
    """Runs `weir rate` on the test's database."""

    def __init__(self, database, folder):
        super().__init__(folder)
        self.database = database
        self.at = ("--database", database.credentials(folder))

    def arguments(self, column: str, *more, table: str = "shop.visits") -> tuple:
        return ("rate", "--table", table, "--column", column, *more, *self.at)

    def json(self, column: str, *more, **table: str) -> dict:
        done = self(*self.arguments(column, *more, "-J", **table))
        assert (done.returncode, done.stderr) == (0, b""), done
        return json.loads(done.stdout)

    def text(self, column: str, *more, table: str = "shop.visits", **env: str) -> str:
        return self.ok(*self.arguments(column, *more, table=table), **env).decode()

    def backends(self) -> list[tuple]:
        return self.database.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'weir rate' AND state <>"
                                   " 'idle' AND datname = current_database()")


@pytest.fixture
def rate(database, tmp_path):
    runner = Rate(database, tmp_path)
    yield runner
    runner.end()


@pytest.fixture
def visits(database):
    database.execute(TABLE)
    return database


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def slots(answer: dict) -> dict[datetime, int]:
    """Begin -> rows, of those that have some."""
    return {instant(slot["from"]): slot["records"] for slot in answer["slots"] if slot["records"]}


def grouped(database, column: str, unit: str, zone: str, where: str) -> dict[datetime, int]:
    value = INSTANTS[column].format(zone=f"'{zone}'")
    rows = database.query(f"SELECT date_trunc('{unit}', v, '{zone}'), count(*) FROM (SELECT {value} AS v FROM"
                          f" shop.visits WHERE isfinite(at) IS NOT false) s WHERE {where.format(zone=zone)} GROUP BY 1")
    return {begin.astimezone(timezone.utc): n for begin, n in rows}


# ---- counting ----

@pytest.mark.parametrize("column", INSTANTS)
def test_it_counts_what_postgres_groups(rate, visits, column):
    """Over both changes of clocks, in zones of whole and of half hours, and by an offset."""
    begin, end = "2026-03-26", "2026-10-28"
    where = f"v >= timestamp '{begin}' AT TIME ZONE '{{zone}}' AND v < timestamp '{end}' AT TIME ZONE '{{zone}}'"
    for zone, same in ((HERE, HERE), ("UTC", "UTC"), ("Asia/Kolkata", "Asia/Kolkata"), ("+02:00", "Etc/GMT-2"),
                       ("-05", "Etc/GMT+5"), ("+0530", "Asia/Kolkata")):
        for unit in ("day",) if column == "day" else ("hour", "day"):
            answer = rate.json(column, "--per", unit, "--timezone", zone, "--from", begin, "--to", end)
            assert slots(answer) == grouped(visits, column, unit, same, where), (zone, unit)
            borders = [slot["from"] for slot in answer["slots"]] + [answer["slots"][-1]["to"]]
            assert borders[1:] == [slot["to"] for slot in answer["slots"]] and answer["timezone"] == zone
    if column != "day":
        answer = rate.json(column, "--per", "minute", "--timezone", HERE, "--from", "2026-10-25T02:30", "--to",
                           "2026-10-25T05:00")
        assert sum(slots(answer).values()) > 50 and len(answer["slots"]) == 60 * 3.5
        assert slots(answer) == grouped(visits, column, "minute", HERE, "v >= timestamptz '2026-10-24 23:30+00' AND v <"
                                        " timestamptz '2026-10-25 03:00+00'")


def test_days_are_as_long_as_they_are(rate, visits):
    answer = rate.json("at", "--per", "day", "--timezone", HERE, "--from", "2026-10-24", "--to", "2026-10-27")
    assert [(slot["from"], slot["whole"]) for slot in answer["slots"]] == \
        [("2026-10-24T00:00:00+03:00", True), ("2026-10-25T00:00:00+03:00", True),
         ("2026-10-26T00:00:00+02:00", False)], "the rows end within the last"
    for stretch in ((), ("--from", "2026-10-24")):  # a date is a whole day, the last one too
        answer = rate.json("day", "--timezone", HERE, *stretch)
        assert [slot["whole"] for slot in answer["slots"] if slot["from"].startswith("2026-10-26")] == [True]
    shown = rate.text("at", "--per", "hour", "--timezone", HERE, "--from", "2026-10-25T01:00", "--to", "2026-10-25T06:00")
    assert re.findall(r"(?m)^2026-10-25 (\d\d):00 (\+0\d):00 ", shown) == \
        [("01", "+03"), ("02", "+03"), ("03", "+03"), ("03", "+02"), ("04", "+02"), ("05", "+02")]


def test_what_is_no_time_is_counted_and_named(rate, visits):
    found = {column: rate.json(column, "--per", "day", "--timezone", HERE) for column in INSTANTS}
    rows = visits.count("shop.visits")
    for column, answer in found.items():
        assert rows == answer["records"] + answer["earlier"] + answer["later"] + answer["nulls"] + \
            answer["unreadable"], column
    assert [(a["earlier"], a["later"], a["nulls"], a["unreadable"]) for a in found.values()] == \
        [(1, 1, 5, 0), (1, 1, 5, 0), (1, 1, 5, 0), (0, 0, 2, 5), (0, 0, 2, 5)]
    shown = rate.text("python", "--per", "day")
    assert "2 rows are NULL in python, and counted nowhere.\n" in shown
    assert "5 rows have a text in python that has not the form of a time" in shown
    assert re.search(r"(?m)^rows +4,006$", shown) and re.search(r"(?m)^rows +4,006, and 1 before these$",
                                                               rate.text("at", "--per", "day"))
    assert "1 row is later than the last slot.\n" in rate.text("at", "--per", "day")


def test_a_stretch_alone_is_read_where_an_index_leads_to_it(rate, database):
    database.execute("CREATE TABLE big AS SELECT timestamptz '2026-01-01' + i * interval '1 s' AS at FROM"
                     " generate_series(0, 199999) i")
    database.execute("INSERT INTO big VALUES (NULL)")
    database.execute("CREATE INDEX ON big (at)")
    database.execute("VACUUM ANALYZE big")

    def scans() -> tuple:
        return database.query("SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'big'")[0]

    before = scans()
    answer = rate.json("at", "--from", "2026-01-01T12:00Z", "--to", "2026-01-01T14:00Z", "--per", "hour", "--timezone",
                       "UTC", table="big")
    assert [slot["records"] for slot in answer["slots"]] == [3600, 3600]
    assert (answer["earlier"], answer["nulls"]) == (None, 1)
    assert wait_until(lambda: scans()[1] > before[1] and scans(), 10)[0] == before[0], "no pass over the whole table"


def test_kinds_of_relations_and_names(rate, visits):
    visits.execute("CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN nearer AS moment NOT NULL;"
                   ' CREATE TABLE "Odd.Name" ("When" nearer) PARTITION BY RANGE ("When");'
                   ' CREATE TABLE part PARTITION OF "Odd.Name" FOR VALUES FROM (\'2026-01-01\') TO (\'2027-01-01\');'
                   ' INSERT INTO "Odd.Name" VALUES (\'2026-05-01+00\'), (\'2026-05-02 23:00+00\');'
                   ' CREATE VIEW seen AS SELECT * FROM "Odd.Name"')
    for table, column in (('"Odd.Name"', '"When"'), ('public."Odd.Name"', "When"), ("SEEN", "when"), ("part", "When")):
        answer = rate.json(column, "--timezone", "UTC", "--per", "day", table=table)
        assert [slot["records"] for slot in answer["slots"]] == [1, 1], table
        assert answer["column"] == '"When"' and answer["exact"]
    assert rate.json("When", "--per", "day", table='"Odd.Name"')["table"] == 'public."Odd.Name"'


def test_the_first_text_is_no_time(rate, database):
    """MySQL's zero dates, and what only looks like a time, are no ends of the stretch."""
    database.execute("CREATE TABLE old (at text)")
    database.execute("INSERT INTO old VALUES ('0000-00-00 00:00:00'), ('2026-05-01 10:00:00'), ('2026-05-02 11:00:00'),"
                     " ('x999-99-99 99:99:99')")
    answer = rate.json("at", "--per", "day", "--timezone", "UTC", table="old")
    assert [slot["records"] for slot in answer["slots"]] == [1, 1] and answer["unreadable"] == 2


def test_an_empty_table(rate, database):
    database.execute("CREATE TABLE empty (at timestamptz)")
    assert rate.json("at", table="empty")["records"] == 0
    assert re.search(r"(?s)so far\n\nrows  0\n$", rate.text("at", table="empty"))
    database.execute("INSERT INTO empty VALUES (NULL)")
    assert "1 row is NULL in at, and counted nowhere." in rate.text("at", table="empty")
    database.execute("INSERT INTO empty VALUES ('2026-10-23 12:30Z')")
    how = ("--per", "hour", "--from", "2026-10-24", "--to", "2026-10-26", "--timezone", "UTC", "--expect", "10/h")
    for rows in (1, 0):  # and where none is held before or behind
        shown = rate.text("at", *how, table="empty")
        assert re.search(r"(?m)^a day +0/day at this rate, 240 expected: 240 under \(100%\)$", shown), shown
        answer = rate.json("at", *how, table="empty")
        assert (answer["now"], answer["per_day"], answer["over_expected"], answer["measured_ms"]) == (0, 0, -240, 48 * 3_600_000)
        database.execute("DELETE FROM empty")
    assert re.search(r"(?m)^a day +not known, 240 expected$",
                     rate.text("at", "--from", "2099-01-01", "--to", "2099-01-03", "--expect", "10/h", table="empty"))


# ---- forms ----

def test_text_csv_and_json_tell_the_same(rate, visits):
    how = ("--from", "2026-10-24", "--to", "2026-10-27", "--timezone", HERE, "--per", "day", "--expect", "600/d")
    answer = rate.json("at", *how)
    counts = [slot["records"] for slot in answer["slots"]]
    lines = list(csv.DictReader(io.StringIO(rate.text("at", *how, "--csv"))))
    assert [(int(line["rows"]), line["from"], line["to"], line["whole"]) for line in lines] == \
        [(slot["records"], slot["from"], slot["to"], str(slot["whole"]).lower()) for slot in answer["slots"]]
    assert [slot["whole"] for slot in answer["slots"]] == [True, True, False], "the rows end within the last day"
    shown = rate.text("at", *how, LC_ALL="C.UTF-8")
    assert [int(n) for n in re.findall(r"(?m)^2026-10-2\d +(\d+)  \u2588", shown)] == counts
    assert answer["peak"] == max(counts) and answer["average"] == pytest.approx(sum(counts[:2]) / 2 * 48 / 49, rel=1e-6)
    per_day = answer["per_day"]
    assert re.search(rf"(?m)^a day +{per_day:.1f}/day at this rate, 600 expected: {per_day - 600:.1f} over \(10.8%\)$", shown)
    assert answer["over_expected"] == pytest.approx(per_day - 600)
    csv_form = rate(*rate.arguments("at", *how, "--csv"), stdin="")
    assert csv_form.stderr == "weir rate: 5 rows are NULL in at, and counted nowhere\n"
    bars = {line.split()[1]: line.split()[2] for line in rate.text("at", *how, LC_ALL="C", COLUMNS="60").splitlines()[1:4]}
    assert max(map(len, bars.values())) == 60 - len("2026-10-24") - 2 - len("ROWS") - 2 - len(" in part")
    assert set("".join(bars.values())) == {"#"}


def test_a_reader_who_has_enough_is_no_error(rate, visits):
    command = [str(weir_binary()), *map(str, rate.arguments("at", "--per", "minute", "--from", "2026-03-27", "--to",
                                                            "2026-03-30", "--csv"))]
    process = subprocess.Popen(command, env=rate.env, cwd=rate.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"from,to,whole,rows\n"
    process.stdout.close()
    assert process.wait(20 * patience()) == 0
    said = process.stderr.read()  # nothing, unless all of it was in the pipe already
    assert b"error" not in said.lower() and said.count(b"\n") <= 1


def test_the_terminals_width(rate, visits):
    how = ("--per", "day", "--from", "2026-10-24", "--to", "2026-10-26", "--timezone", "UTC")
    for columns in (50, 120):
        terminal = rate.terminal(*rate.arguments("at", *how), columns=columns, TERM="xterm", LC_ALL="C.UTF-8")
        assert terminal.wait() == 0
        assert max(map(len, terminal.text.splitlines()[:4])) == columns and "\x1b" not in terminal.text
    terminal = rate.terminal(*rate.arguments("at", *how), TERM="dumb", LC_ALL="C.UTF-8")
    assert terminal.wait() == 0 and "#####" in terminal.text and "\u2588" not in terminal.text


# ---- what is refused ----

@pytest.mark.parametrize("arguments, code, message", [
    (["--table", "shop.visits"], 2,
     "by which column of shop.visits? --column NAME; its times are in at, local, day, python, iso\n"),
    (["--table", "shop.plain"], 2, "shop.plain has no column that is known to hold times\n"),
    (["--column", "at"], 2, "--column is of a table: write --table too"),
    (["--table", "shop visits", "--column", "at"], 2, '--table: "shop visits" is not a table\'s name'),
    (["orders", "--table", "shop.visits", "--column", "at"], 2, '"orders" and --table: choose a topic or a table'),
    (["--table", "shop.visits", "--column", "at", "--exact"], 2, "--exact is of a topic"),
    (["--table", "shop.visits", "--column", "at", "-p", "1"], 2, "-p is of a topic"),
    (["--table", "shop.visits", "--column", "at", "-J", "--csv"], 2, "-J and --csv are two forms"),
    (["--table", "shop.visits", "--column", "at", "--per", "hours"], 2, '--per: "hours" is no unit; did you mean "hour"'),
    (["--table", "shop.visits", "--column", "at", "--timezone", "Mars/X"], 2, 'there is no time zone "Mars/X"'),
    (["--table", "shop.visits", "--column", "at", "--per", "second"], 2, "take a coarser unit (--per hour)"),
    (["--table", "shop.visits", "--column", "day", "--per", "hour"], 2,
     "day of shop.visits is a date, which knows days alone: --per day"),
    (["--table", "shop.visits", "--column", "at", "--live", "--to", "2026-11-01"], 2, "--live looks at now: leave out --to"),
    (["--table", "shop.visits", "--column", "at", "--live", "--csv"], 2, "--live is a line each second"),
    (["--table", "shop.visit", "--column", "at"], 2, 'no table or view "shop.visit"; did you mean shop.visits?'),
    (["--table", "nothing_like_it", "--column", "at"], 2, "weir query '\\dt' lists the tables"),
    (["--table", "shop.ids", "--column", "at"], 2, "shop.ids is no table or view"),
    (["--table", "shop.visits", "--column", "locale"], 2, 'shop.visits has no column "locale"; did you mean local?'),
    (["--table", "shop.visits", "--column", "accessed"], 2,
     'shop.visits has no column "accessed"; its times are in at, local, day, python, iso\n'),
    (["--table", "shop.visits", "--column", "id"], 2,
     "id of shop.visits is integer, which is no time; its times are in at, local, day, python, iso\n"),
    (["--table", "shop.visits", "--column", "name"], 2,
     "name of shop.visits is text, and none of its values has the form of a time (2026-11-26 14:53:07); the table's times"
     " are in at, local, day, python, iso\n"),
    (["--table", "shop.plain", "--column", "n"], 2,
     "n of shop.plain is integer, which is no time; none of its columns is known to hold times\n"),
    (["--table", "shop.plain", "--column", "accessed"], 2, "none of its columns is known to hold times\n"),
    (["--table", "shop.written", "--column", "accessed"], 2, "its times are in accessed_at\n"),
    (["--table", "shop.written", "--column", "name"], 2, "the table's times are in accessed_at\n"),
])
def test_wrong_input(rate, visits, arguments, code, message):
    visits.execute("CREATE SEQUENCE shop.ids; CREATE TABLE shop.plain (n int, t text);"
                   " CREATE TABLE shop.written (name text, accessed_at varchar(50), long text);"
                   " INSERT INTO shop.written VALUES ('x', NULL, repeat('2026-01-01 ', 9999)), ('y', '2026-11-26 14:53:07', NULL)")
    said = rate.refused("rate", *arguments, *rate.at, code=code) + "\n"
    assert said.startswith("weir rate: ") and message in said


def test_looking_for_other_times_ends_soon(rate, visits):
    """A view that takes its time is not known to hold times."""
    visits.execute("CREATE VIEW shop.slow AS SELECT v.id, v.python FROM shop.visits v, pg_sleep(20)")
    begin = time.monotonic()
    assert "none of its columns is known to hold times" in \
        rate.refused(*rate.arguments("accessed", table="shop.slow"), code=2)
    assert time.monotonic() - begin < 2 + 4 * patience()


def test_a_signal_ends_that_look(rate, visits, postgres):
    """What was wrong is told in any case; the server has heard of it, and has not run into the look's own two seconds."""
    visits.execute("CREATE VIEW shop.slow AS SELECT v.id, v.python FROM shop.visits v, pg_sleep(20)")

    def attempt() -> str | None:
        logged = len(postgres.log)
        process = rate.start(*rate.arguments("accessed", table="shop.slow"))
        wait_until(lambda: process.poll() or visits.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                                                          " AND datname = current_database()"), 10, "it looks")
        process.send_signal(signal.SIGINT)
        assert process.wait(10 * patience()) == 2 and b"none of its columns is known to hold times" in process.stderr.read()
        deadline = time.monotonic() + 3 * patience()
        while not (said := re.findall("canceling statement due to (.*)", postgres.log[logged:])):
            if time.monotonic() > deadline:
                print("the server said:", postgres.log[logged:])
                return None
            time.sleep(0.02)
        return said[0]

    in_time(attempt, "user request")


def test_no_database(rate, database):
    wrong = f"host=127.0.0.1 port=1 user=postgres dbname={database.name}"
    assert "cannot reach" in rate.refused("rate", "--table", "t", "--column", "at", "--database", wrong, code=1)
    said = rate.refused("rate", "--table", "t", "--column", "at", code=1, PGHOST="127.0.0.1", PGPORT="1")
    assert "cannot reach" in said and "--database names one)" in said
    rate.database.credentials(rate.folder, password="wrong")
    assert "the server refuses the password" in rate.refused(*rate.arguments("at"), code=1)


def test_no_right_to_read_and_hidden_rows(rate, visits, postgres):
    """A count of a part of the rows is never told as a count."""
    role = f"reader_{visits.name}"
    with postgres._maintenance() as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    visits.credentials(rate.folder, user=role, password="secret")
    try:
        assert "permission denied for schema shop" in rate.refused(*rate.arguments("at"), code=1)
        visits.execute(f"GRANT USAGE ON SCHEMA shop TO {role}")
        said = rate.refused(*rate.arguments("at"), code=1)
        assert f'permission denied for table visits; connected as "{role}", to whom its owner can GRANT the right' in said
        visits.execute(f"GRANT SELECT (at) ON shop.visits TO {role}")
        assert rate.json("at", "--per", "day")["nulls"] == 5, "the right to one column is enough"
        visits.execute(f"GRANT SELECT (python) ON shop.visits TO {role}")
        assert rate.refused(*rate.arguments("id"), code=2).endswith("its times are in at, local, day, python")
        visits.execute(f"ALTER TABLE shop.visits ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON shop.visits TO {role}"
                       " USING (id < 10)")
        assert f'row security hides rows of shop.visits from the role "{role}"' in \
            rate.refused(*rate.arguments("at"), code=1)
    finally:
        visits.execute(f"DROP OWNED BY {role}")
        with postgres._maintenance() as connection:
            connection.execute(f"DROP ROLE {role}")


def test_a_signal_cancels_the_statement(rate, visits):
    with visits.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE shop.visits IN ACCESS EXCLUSIVE MODE")
        for live, code, said in (((), 1, b"weir rate: cancelled\n"), (("--live",), 0, b"")):
            process = rate.start(*rate.arguments("at", *live))
            wait_until(rate.backends, 10, "it waits for the lock")
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(10 * patience()) == code and time.monotonic() - begin < 1 * patience()
            assert process.stderr.read() == said
            wait_until(lambda: not rate.backends(), 10, "nothing goes on on the server")


# ---- live ----

def add(database, n: int, when: str = "now()") -> None:
    database.execute(f"INSERT INTO live (at) SELECT {when} FROM generate_series(1, {n})")


@pytest.fixture
def live(database):
    database.execute("CREATE TABLE live (at timestamptz)")
    add(database, 40, "now() - interval '90 s'")
    return database


def test_live_is_a_line_a_second(rate, live):
    clear_of("day", 20)
    process = rate.start(*rate.arguments("at", "--live", "--per", "day", "--last", "1d", "--timezone", "UTC", "--expect",
                                         "10/d", table="live"))
    first = process.stdout.readline().decode()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ in the day from \d{4}-\d\d-\d\d, \d+ so far in this one, average \S+/day, \S+/day at"
                    r" this rate \(from \S+\), 10 expected: \S+ over \(\S+%\)\n$", first), first
    add(live, 1000)
    seen = [first]
    wait_until(lambda: seen.append(process.stdout.readline().decode()) or re.search(r", 1,0\d\d so far in this one", seen[-1]), 10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * patience()) == 0 and process.stderr.read() == b""


def test_live_is_an_object_a_second_and_moves_on(rate, live):
    """The stretch ends at now; what is new is found, and what comes late at the next border."""
    process = rate.start(*rate.arguments("at", "--live", "--per", "second", "-J", table="live"))
    answers = [json.loads(process.stdout.readline())]
    assert len(answers[0]["slots"]) in (20, 21, 22) and answers[0]["records"] == 0
    add(live, 7)
    add(live, 5, "now() - interval '3 s'")

    def next_one() -> dict:
        answers.append(json.loads(process.stdout.readline()))
        return answers[-1]

    wait_until(lambda: next_one()["records"] == 12, 15)
    assert answers[-1]["slots"][-1]["from"] > answers[0]["slots"][-1]["from"]
    assert answers[-1]["slots"][0]["from"] > answers[0]["slots"][0]["from"]
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0


def test_live_asks_again_for_the_last_slot_alone(rate, live):
    """A border is a day away, so a row that comes late shows only when everything is asked; so does the first row of
    a day."""
    clear_of("day", 20)
    add(live, 1)
    process = rate.start(*rate.arguments("at", "--live", "--per", "day", "--last", "9d", "-J", table="live"))
    before = json.loads(process.stdout.readline())["records"]
    add(live, 3, "now() - interval '5 days'")
    add(live, 2)
    answer = wait_until(lambda: (found := json.loads(process.stdout.readline()))["records"] > before and found, 10)
    assert answer["records"] == before + 2
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0


def test_live_from_an_empty_table_on_counts_from_the_first_row(rate, live):
    live.execute("DELETE FROM live")
    process = rate.start(*rate.arguments("at", "--live", "--per", "day", "--last", "9d", "-J", table="live"))
    assert json.loads(process.stdout.readline())["records"] == 0
    begin = time.time()
    add(live, 50)
    answer = wait_until(lambda: (found := json.loads(process.stdout.readline()))["records"] == 50 and found, 10)
    assert 1000 <= answer["measured_ms"] <= 1000 * (time.time() - begin) + 1000
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0


SLOT, FIGURES = r"(\n\d{4}-\d\d-\d\d \d\d:\d\d +\d+.*)", r"\n\nrows .*\nnow .*\naverage .*\npeak .*\na day .*"


@pytest.mark.parametrize("lines, told", [
    (40, rf"TIME .*{SLOT}{{20,22}}{FIGURES}\n\n(not in average.*\n)?the first row is of .*\n"),
    (14, rf"\(1\d earlier slots are not shown\)\nTIME .*{SLOT}{{4}}{FIGURES}\n"),  # some slots rather than remarks,
    (8, rf"\(1\d earlier slots are not shown\)\nTIME .*{SLOT}{{4}}\n"),  # and rather than figures
])
def test_live_is_drawn_over_on_a_terminal_as_much_as_it_holds(rate, live, lines, told):
    """The slots of a minute ago and of now are on it, also when the minute ends amid the test."""
    terminal = rate.terminal(*rate.arguments("at", "--live", table="live"), lines=lines, TERM="xterm", LC_ALL="C.UTF-8")
    terminal.shows(" so far\n")
    add(live, 60)

    def drawn() -> list[str]:
        """What was on the screen, whole, each time; how far it went up between is told before."""
        return re.split(r"(?:\x1b\[(\d+)A\r\x1b\[J)", terminal.text)

    wait_until(lambda: terminal.read(0.1) and len(drawn()) > 2 and re.search(r" (60|100)  \u2588+( so far)?\n", drawn()[-3]),
               10, "the new rows are drawn")
    terminal.signal(signal.SIGINT)
    assert terminal.wait() == 0, terminal.text
    screens, ups = drawn()[:-1:2], drawn()[1::2]
    for screen, up in zip(screens, ups):
        assert screen.count("\n") == int(up) < lines, screen
        assert re.match(r"\d\d:\d\d:\d\d, every 1 s; Ctrl-C ends\n", screen)
    assert re.fullmatch(told, screens[-1].split("\n", 1)[1]), screens[-1]


def test_live_goes_on_after_an_outage_which_it_tells_once(rate, live, postgres):
    clear_of("day", 40)
    process = rate.start(*rate.arguments("at", "--live", "--per", "day", table="live"))
    process.stdout.readline()
    postgres.stop()
    assert b"it is asked again" in process.stderr.readline()
    time.sleep(2.5)  # two more rounds, in which nothing is said
    postgres.start()
    add(live, 500)
    wait_until(lambda: re.search(rb", 5\d\d so far in this one", process.stdout.readline()), 20)
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0 and process.stderr.read() == b""
