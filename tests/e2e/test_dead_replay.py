"""weir dead replay and export: letters through the pipeline again, exactly once, or back into a topic."""
import json
import random
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from harness.crash import PER_S
from harness.invariant import balanced
from harness.load import Load
from harness.paths import ROOT, weir_binary
from harness.proxy import Cut
from harness.records import Record
from harness.wait import wait_until
from harness.weir import pipeline_name

TIME_MS = 1_700_000_000_123
HEADERS = [("h", b"one"), ("h", b"\xfe\x00"), ("none", None), ("h", b"")]


class Letters:
    """A pipeline with dead letters, and `weir dead` on it."""

    def __init__(self, weir, kafka, database, topic, table="t"):
        self.weir, self.kafka, self.database, self.topic, self.table = weir, kafka, database, topic, table
        self.pipeline = pipeline_name(topic, table)
        self.credentials = database.credentials(weir.folder)

    def produce(self, values, partition=0, **fields):
        return self.kafka.produce(self.topic, [Record(value, key=b"k\x00", headers=HEADERS, partition=partition,
                                                      timestamp_ms=TIME_MS, **fields) for value in values])

    def ingest(self, *options):
        return self.weir.run(self.topic, *options, setup=False, table=self.table)

    def dead(self, *arguments, exit_code=0, **how):
        return self.weir.call("dead", *arguments, "--database", self.credentials, exit_code=exit_code, **how)

    def replay(self, *options, exit_code=0, **how):
        return self.dead("replay", self.pipeline, "-J", *options, exit_code=exit_code, **how).summary()

    def open(self):
        return self.database.query("SELECT partition, record_offset FROM weir.dead_letters WHERE replayed_at IS NULL"
                                   " AND pipeline = %s ORDER BY 1, 2", [self.pipeline])

    def counters_but_aside(self):
        """The same beside letters of before a --reset, which are in no counter."""
        return {name: n for name, n in balanced(self.database, self.pipeline, self.topic).items() if n}

    def counters(self):
        """The books, which must balance, and `dead` be as many as there are letters."""
        counters = balanced(self.database, self.pipeline, self.topic)
        assert counters["dead"] == len(self.open())
        return {name: n for name, n in counters.items() if n}


@pytest.fixture
def letters(weir, kafka, database, topic) -> Letters:
    weir.env["WEIR_LOG_FORMAT"] = "text"
    return Letters(weir, kafka, database, topic)


def test_after_the_table_was_mended_letters_become_rows_once(letters, database):
    database.execute("CREATE TABLE t (n int, u int UNIQUE)")
    letters.produce([b'{"n": 1}', b'{"n": "12a"}', b'{"n": "seven", "u": 5}', b'not JSON', b'{"u": 5}'])
    letters.produce([b'{"n": "x"}'], partition=1)
    assert letters.ingest()["dead"] == 4

    database.execute("ALTER TABLE t ALTER n TYPE text")
    assert letters.replay("--dry-run", exit_code=1)["replayed"] == 2
    assert letters.counters() == {"rows": 2, "dead": 4}, "a dry run changes nothing"

    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"], summary["not_tried"]) == (2, 2, 0)
    assert {(r["sqlstate"], r["letters"]) for r in summary["reasons"]} == {("22P02", 1), ("23505", 1)}
    assert database.query("SELECT n, u FROM t ORDER BY n") == [("1", None), ("12a", None), ("x", None), (None, 5)]
    assert letters.counters() == {"rows": 4, "dead": 2}
    assert letters.open() == [(0, 2), (0, 3)]
    assert "(u)=(5) already exists" in database.value("SELECT reason FROM weir.dead_letters WHERE record_offset = 2"), \
        "the new reason in the place of the old"

    database.execute("DELETE FROM t WHERE u = 5; INSERT INTO t VALUES ('other')")
    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"], summary["replayed_before"]) == (1, 1, 2)
    assert database.value("SELECT u FROM t WHERE n = 'seven'") == 5
    assert letters.counters() == {"rows": 5, "dead": 1}


@pytest.fixture
def many(letters, database) -> "Many":
    """A pipeline that can be given thousands of letters by SQL, of records that fit its table now."""
    database.execute("CREATE TABLE t (u int, o bigint)")
    letters.produce([b'{"u": -1}'] * 3)
    letters.produce([b'{"u": -2}'] * 3, partition=1)
    assert letters.ingest()["rows"] == 6
    database.execute("DELETE FROM t WHERE u = -2")
    return Many(letters, database)


class Many:
    def __init__(self, letters, database):
        self.letters, self.database, self.added = letters, database, 0

    def add(self, n, value="json_build_object('u', i + %s)", padding=0):
        """n letters, half of them in each of the partitions 0 and 1; u counts on."""
        letters = self.letters
        self.database.execute(
            "INSERT INTO weir.dead_letters (pipeline, topic, partition, record_offset, value, reason)"
            " SELECT o.pipeline, o.topic, o.partition, o.next_offset + i / 2,"
            f" convert_to(({value.replace('%s', str(self.added))}) || repeat(' ', {padding}), 'UTF8'), 'by hand'"
            f" FROM generate_series(0, {n} - 1) i JOIN weir.offsets o ON o.partition = i %% 2"
            " WHERE o.pipeline = %s", [letters.pipeline])
        self.database.execute("UPDATE weir.offsets SET next_offset = next_offset + %s, dead = dead + %s"
                              " WHERE partition < 2", [n // 2, n // 2])
        self.added += n

    def slow_down(self):
        """From now on each chunk takes a while, so that what is to happen amid a replay does."""
        self.database.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.2);"
                              " RETURN NULL; END$$;"
                              "CREATE TRIGGER slow AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION slow()")

    def replayed_once(self, n):
        """So many of the letters are rows, each once, and the books say so."""
        assert self.database.query("SELECT count(*), count(DISTINCT u) FROM t WHERE u >= 0") == [(n, n)]
        assert self.letters.counters() == {"rows": 6 + n} | ({"dead": self.added - n} if n < self.added else {})
        assert self.database.value("SELECT count(replayed_at) FROM weir.dead_letters") == n

    def stored(self):
        return self.database.value("SELECT count(*) FROM t WHERE u >= 0")


def through(proxy, many):
    folder = many.letters.weir.folder / "proxy"
    folder.mkdir()
    return many.database.credentials(folder, port=proxy.port)


def test_killed_at_random_moments_it_goes_on_where_it_was(many):
    many.add(6_000)
    many.slow_down()
    kills = 0
    while many.stored() < 5_000:
        before = many.stored()
        process = many.letters.weir.start("dead", "replay", many.letters.pipeline, "--database", many.letters.credentials)
        wait_until(lambda: many.stored() > before or not process.running(), every_s=0)
        time.sleep(random.uniform(0, 0.05))
        process.kill9()
        kills += 1
    assert kills >= 2
    assert many.letters.replay()["dead"] == 0
    many.replayed_once(6_000)


def test_two_at_once_share_the_letters(many):
    many.add(6_000)
    command = ["dead", "replay", many.letters.pipeline, "-J", "--database", many.letters.credentials]
    both = [many.letters.weir.start(*command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0], both
    assert sum(process.summary()["replayed"] for process in both) == 6_000
    many.replayed_once(6_000)


@pytest.mark.parametrize("where", list(Cut), ids=lambda cut: cut.name)
def test_connection_cut_around_commit(many, proxy, where):
    many.add(1_200)
    credentials = through(proxy, many)
    proxy.cut(where, nth=2, hold_s=15)
    process = many.letters.weir.call("dead", "replay", many.letters.pipeline, "-J", "--database", credentials)
    assert proxy.cuts == 1
    assert process.summary()["replayed"] == 1_200, "also those whose COMMIT was answered to nobody"
    assert process.stderr.count("trying again") == 1, process
    assert ("ended backend" in process.stderr) is (where is Cut.HELD), "the lost transaction was open still"
    many.replayed_once(1_200)


@pytest.mark.parametrize("where, says, ours", [
    (Cut.AFTER, "RAISE 'transaction ID is in the future' USING ERRCODE = '22023'", 700),
    (Cut.BEFORE, "RAISE 'transaction ID is in the future' USING ERRCODE = '22023'", 1_200),
    (Cut.BEFORE, "RETURN 'committed'", 1_200),
], ids=["committed, unknown to the new", "lost, unknown to the new", "lost, another's number by now"])
def test_after_a_failover_the_letters_tell(many, proxy, database, where, says, ours):
    """Another server may have been promoted meanwhile, which never came so far or gave the number to somebody else."""
    many.add(1_200)
    credentials = through(proxy, many)
    database.execute(f"CREATE FUNCTION txid_status(bigint) RETURNS text LANGUAGE plpgsql AS $$BEGIN {says}; END$$;"
                     f"ALTER DATABASE {database.name} SET search_path = public, pg_catalog")
    proxy.cut(where, nth=2)
    process = many.letters.weir.call("dead", "replay", many.letters.pipeline, "-J", "--database", credentials)
    assert proxy.cuts == 1 and process.stderr.count("trying again") == 1, process
    summary = process.summary()
    assert (summary["replayed"], summary["replayed_before"], summary["gone"]) == (ours, 1_200 - ours, 0)
    many.replayed_once(1_200)


def test_all_connections_lost_it_connects_again(many, proxy):
    many.add(6_000)
    many.slow_down()
    credentials = through(proxy, many)
    process = many.letters.weir.start("dead", "replay", many.letters.pipeline, "-J", "--database", credentials)
    wait_until(lambda: many.stored() > 0, every_s=0)
    proxy.cut_all()
    assert process.wait() == 0 and "trying again" in process.stderr, process
    assert process.summary()["replayed"] == 6_000
    many.replayed_once(6_000)


def test_with_the_database_gone_for_good_it_says_how_to_go_on(many, proxy):
    many.add(1_200)
    credentials = through(proxy, many)
    proxy.cut(Cut.AFTER, nth=2)
    proxy.refuse_after_cut = True
    process = many.letters.weir.start("dead", "replay", many.letters.pipeline, "-J", "--database", credentials)
    process.says("trying again")
    process.signal(signal.SIGINT)
    assert process.wait() == 1
    assert "the same once again goes on from there" in process.stderr
    assert process.summary()["replayed"] == 500 and process.summary()["not_tried"] == 700
    assert many.letters.replay()["replayed"] == 200, "the chunk whose answer was lost had been committed"
    many.replayed_once(1_200)


def test_interrupted_it_ends_its_chunk_and_says_how_far_it_came(many):
    many.add(6_000)
    many.slow_down()
    process = many.letters.weir.start("dead", "replay", many.letters.pipeline, "-J", "--database", many.letters.credentials)
    wait_until(lambda: many.stored() > 0, every_s=0)
    process.signal(signal.SIGINT)
    assert process.wait() == 1
    summary = process.summary()
    assert summary["replayed"] == many.stored() and summary["replayed"] + summary["not_tried"] == 6_000
    assert summary["replayed"] % 500 == 0 and summary["not_tried"] > 0
    many.replayed_once(summary["replayed"])


def test_a_thousand_that_fail_again_do_not_halt_it(many):
    many.add(12_000, value="'no JSON'")
    summary = many.letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"]) == (0, 12_000)
    assert summary["reasons"][0]["letters"] == 12_000
    many.replayed_once(0)


@pytest.fixture
def real(letters, database):
    """A pipeline with 4,000 letters of two partitions, which fit its table now."""
    database.execute("CREATE TABLE t (u int, unique_id text)")
    for partition in range(2):
        letters.produce([b'{"u": "x%d"}' % i for i in range(2_000 * partition, 2_000 * partition + 2_000)], partition)
    assert letters.ingest("--max-dead-share", "100%")["dead"] == 4_000
    database.execute("ALTER TABLE t ALTER u TYPE text")
    return letters


def each_once(database, column):
    return database.query(f"SELECT count({column}), count(DISTINCT {column}) FROM t")


@pytest.mark.slow
def test_beside_an_ingest_under_load(real, weir, kafka, topic, database):
    """Both write into the same partitions' rows; a claim that comes meanwhile waits for neither for long."""
    with Load(kafka, topic, PER_S) as load:
        ingest = [weir.ingest(topic, table="t", setup=False)]
        wait_until(lambda: each_once(database, "unique_id")[0][0] > 0)
        replay = weir.start("dead", "replay", real.pipeline, "-J", "--database", real.credentials)
        wait_until(lambda: each_once(database, "u")[0][0] > 0, every_s=0.01)
        ingest.append(weir.ingest(topic, table="t", setup=False))
        assert replay.wait() == 0
        ingest[1].says("reading")
        sent = load.stop()
    wait_until(lambda: real.counters() == {"rows": 4_000 + len(sent)}, 60, "all of it to be stored")
    for process in ingest:
        assert process.stop() == 0 and "ended backend" not in process.stderr
    assert replay.summary()["replayed"] == 4_000
    assert each_once(database, "u") == [(4_000, 4_000)] and each_once(database, "unique_id") == [(len(sent), len(sent))]


def test_a_claim_names_a_slow_replay_and_does_not_end_it(real, weir, topic, database):
    database.execute("CREATE TABLE named ();"
                     "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                     " WHILE NEW.u = 'x3' AND NOT EXISTS (SELECT FROM named) LOOP PERFORM pg_sleep(0.1); END LOOP;"
                     " RETURN NEW; END$$;"
                     "CREATE TRIGGER slow AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()")
    replay = weir.start("dead", "replay", real.pipeline, "-J", "--database", real.credentials)
    wait_until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    ingest = weir.ingest(topic, table="t", setup=False)
    ingest.says("weir-replay-")
    database.execute("INSERT INTO named DEFAULT VALUES")
    assert replay.wait() == 0, replay
    ingest.says("reading")
    assert ingest.stop() == 0 and "ended backend" not in ingest.stderr
    assert real.counters() == {"rows": 4_000} and each_once(database, "u") == [(4_000, 4_000)]


@pytest.mark.parametrize("by", ["itself", "a pooler"])
def test_a_frozen_replay_does_not_hold_up_ingest(real, weir, topic, database, request, by):
    """Stopped amid its transaction it holds rows that the lanes of a pipeline at work wait for. A pooler hides whose
    backend is whose. For an ingest of another role, which may not end it, the server has a limit."""
    database.tell_of_waits()
    database.execute("CREATE TABLE idle AS SELECT '' AS who, '' AS ends_after LIMIT 0;"
                     "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO idle VALUES"
                     " (current_setting('application_name'), current_setting('idle_in_transaction_session_timeout'));"
                     " RETURN NULL; END$$;"
                     "CREATE TRIGGER note AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note()")
    port = request.getfixturevalue("pgbouncer").port if by == "a pooler" else 0
    credentials = database.credentials(weir.folder, port=port)
    ingest = weir.ingest(topic, table="t", setup=False, database=credentials)
    ingest.says("reading")
    replay = weir.start("dead", "replay", real.pipeline, "-J", "--database", credentials)
    in_transaction = ("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'weir-replay-%' AND"
                      " wait_event_type = 'Client' AND xact_start IS NOT NULL AND"
                      " EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND"
                      " l.relation = 'weir.dead_letters'::regclass)")
    for _ in range(200):
        replay.signal(signal.SIGSTOP)
        time.sleep(0.02)
        if database.value(in_transaction):
            break
        replay.signal(signal.SIGCONT)
        time.sleep(random.uniform(0, 0.02))
    else:
        pytest.fail("never met amid a transaction")
    before = real.counters_but_aside().get("rows", 0)
    sent = sum(len(real.produce([b'{"unique_id": "%d"}' % i for i in range(10)], p)) for p in range(2))
    wait_until(lambda: real.counters_but_aside().get("rows", 0) >= before + sent, 30, "ingest to go on")
    ingest.says("ended backend")
    replay.signal(signal.SIGCONT)
    assert replay.wait() == 0, replay
    assert ingest.stop() == 0
    assert real.counters() == {"rows": 4_000 + sent} and each_once(database, "u") == [(4_000, 4_000)]
    assert database.query("SELECT DISTINCT who LIKE 'weir-replay-%%', ends_after FROM idle ORDER BY 1") == \
        [(False, "0"), (True, "30s")]


def test_letters_come_in_the_order_of_their_offsets(many):
    many.add(24)
    listed = [json.loads(line) for line in many.letters.dead("list", "-J", "-p", "0").stdout.splitlines()]
    assert [letter["record_offset"] for letter in listed] == list(range(14, 2, -1))
    exported = [json.loads(line) for line in many.letters.dead("export").stdout.splitlines()]
    assert [(letter["partition"], letter["offset"]) for letter in exported] == [(p, o) for p in range(2) for o in range(3, 15)]


# What a letter becomes


def test_a_letter_is_the_record_that_it_was(letters, database, weir):
    """All that a column can be filled from, by the pipeline of the file; and its policies."""
    database.execute("CREATE TABLE t (n int, o bigint, p int, ts timestamptz, k text, h text, short varchar(3),"
                     " by_default text DEFAULT 'd', at timestamptz DEFAULT now())")
    (weir.folder / "weir.yaml").write_text(
        f"brokers: {letters.kafka.address}\ndatabase: {letters.credentials}\n"
        f"pipelines:\n  mine:\n    topic: {letters.topic}\n    table: t\n    on_too_long: truncate\n"
        "    columns: {o: $offset, p: $partition, ts: $timestamp, k: $key, h: $headers/h}\n")
    letters.pipeline = "mine"
    records = [Record(value, key=b"key", headers=[("h", b"first"), ("h", b"last")], partition=1, timestamp_ms=TIME_MS)
               for value in (b'{"n": 0}', b'{"n": "a", "short": "123456"}')]
    letters.kafka.produce(letters.topic, records)
    weir.call("ingest", "-e")
    database.execute("ALTER TABLE t ALTER n TYPE text")
    said = weir.call("dead", "replay").stderr
    assert "1  replayed into" in said, "the file has one pipeline: it need not be named"
    assert database.query("SELECT n, o, p, (extract(epoch FROM ts) * 1000)::bigint, k, h, short, by_default,"
                          " now() - at < '1 min' FROM t WHERE n = 'a'") == \
        [("a", 1, 1, TIME_MS, "key", "last", "123", "d", True)]
    assert letters.counters() == {"rows": 2}


def test_rows_that_a_trigger_keeps_out_are_suppressed(letters, database):
    database.execute("CREATE TABLE t (u int)")
    letters.produce([b'{"u": "x"}', b'{"u": "y"}', b'{"u": 1}'])
    letters.ingest()
    database.execute("ALTER TABLE t ALTER u TYPE text; CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
                     " $$BEGIN RETURN CASE WHEN NEW.u = 'x' THEN NULL ELSE NEW END; END$$;"
                     "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()")
    summary = letters.replay()
    assert (summary["replayed"], summary["suppressed"]) == (2, 1)
    assert letters.counters() == {"rows": 2, "suppressed": 1}


def test_a_deferred_constraint_speaks_of_its_letter(letters, database):
    database.execute("CREATE TABLE t (u int, n int, UNIQUE (u) DEFERRABLE INITIALLY DEFERRED)")
    letters.produce([b'{"u": 1, "n": "a"}', b'{"u": 2, "n": "b"}', b'{"u": 2, "n": 5}'])
    letters.ingest()
    database.execute("ALTER TABLE t ALTER n TYPE text")
    assert letters.replay("--dry-run", exit_code=1)["replayed"] == 1
    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["reasons"][0]["sqlstate"]) == (1, "23505")
    assert letters.counters() == {"rows": 2, "dead": 1} and letters.open() == [(0, 1)]


def test_letters_can_be_chosen(letters, database):
    database.execute("CREATE TABLE t (a int, b int)")
    letters.produce([b'{"a": "1x"}', b'{"b": "2x"}', b'{"b": "3x"}', b"no"])
    letters.produce([b'{"a": "4x"}'], partition=1)
    letters.ingest()
    place = f"{letters.topic}/0@"

    def chosen(*options):
        return [json.loads(line)["offset"] for line in letters.dead("export", letters.pipeline, *options).stdout.splitlines()]

    assert chosen() == [0, 1, 2, 3, 0]
    assert chosen("--column", "b") == [1, 2] and chosen("--reason", "whole number", "-p", "0") == [0, 1, 2]
    assert chosen("--at", place + "3", "--at", place + "1") == [1, 3] and chosen("-n", "2") == [0, 1]
    assert chosen("-t", "another") == [] == chosen("--column", "' OR ''='")
    database.execute("ALTER TABLE t ALTER a TYPE text, ALTER b TYPE text")
    assert letters.replay("--at", place + "0")["replayed"] == 1
    assert letters.replay("--column", "b", "-n", "1")["replayed"] == 1
    assert letters.open() == [(0, 2), (0, 3), (1, 0)]
    assert letters.replay("-p", "1", "-t", letters.topic)["replayed"] == 1
    assert "there is no dead letter of" in letters.dead("replay", letters.pipeline, "--at", place + "77", exit_code=1).stderr
    assert letters.replay("-t", "another")["replayed"] == 0


# --through


def test_through_a_command_that_mends_the_value(letters, database):
    database.execute("CREATE TABLE t (n int, h text)")
    letters.produce([b'{"n": "1\xe2\x82\xac"}', b'{"n": "no"}', b"broken\n", b'{"n": "hang"}', b'{"n": "kill"}', b"a\x00b"])
    letters.ingest()
    script = letters.weir.folder / "mend.py"
    script.write_text("""
import json, os, signal, sys, time
value = sys.stdin.buffer.read()
if value == b"a\\0b": print(json.dumps({"n": 7, "h": "\\n"})); sys.exit()
if value == b"broken\\n": sys.exit()
record = json.loads(value)
if record["n"] == "hang": print("waiting", file=sys.stderr, flush=True); time.sleep(60)
if record["n"] == "kill": os.kill(os.getpid(), signal.SIGKILL)
if record["n"] == "no": sys.exit("no number\\nin it")
print(json.dumps({"n": int(record["n"][:-1])}))
""")
    summary = letters.replay("--through", f"{sys.executable} {script} | cat", "--timeout", "3s", "-n", "1")
    assert summary["replayed"] == 1 and database.query("SELECT n FROM t") == [(1,)]
    summary = letters.replay("--through", f"exec {sys.executable} {script}", "--timeout", "3s", exit_code=1)
    assert (summary["replayed"], summary["dead"]) == (1, 4)
    assert database.query("SELECT h FROM t WHERE n = 7") == [("\n",)], "one line end is cut, not what is in it"
    reasons = dict(database.query("SELECT record_offset, reason FROM weir.dead_letters WHERE replayed_at IS NULL"))
    assert reasons == {1: "--through: exit status 1: no number", 2: "--through: the command gave no output",
                       3: "--through: it had not ended after 3000 ms: waiting", 4: "--through: ended by signal 9"}
    assert letters.counters() == {"rows": 2, "dead": 4}
    kept = database.query("SELECT value FROM weir.dead_letters WHERE record_offset = 0")
    assert kept == [(b'{"n": "1\xe2\x82\xac"}',)], "the record stays as it was"


def test_what_has_no_room_in_a_chunk_comes_in_the_next(letters, database):
    """Also it goes through the command first."""
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "%d EUR"}' % i for i in range(24)])
    letters.ingest("--max-dead-share", "100%")
    summary = letters.replay("--through", "sed 's/\"\\([0-9]*\\) EUR\"/\\1/'; head -c 8388608 /dev/zero | tr '\\0' ' '")
    assert (summary["replayed"], summary["dead"], summary["not_tried"]) == (24, 0, 0)
    assert database.query("SELECT count(*), sum(n) FROM t") == [(24, sum(range(24)))]


@pytest.mark.skipif(not shutil.which("jq"), reason="no jq here")
def test_the_walk_of_the_documentation(letters, database):
    database.execute("CREATE TABLE t (salary int)")
    letters.produce([b'{"salary": "1.200 EUR"}'])
    letters.ingest()
    example = re.search(r"--column salary --through '(.*)'", (ROOT / "docs" / "dead_letters.md").read_text())[1]
    assert letters.replay("--column", "salary", "--through", example)["replayed"] == 1
    assert database.query("SELECT salary FROM t") == [(1200,)]


def test_through_a_command_that_cannot_be_run(letters, database):
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "x"}'])
    letters.ingest()
    said = letters.dead("replay", letters.pipeline, "-q", "--through", "no_such_jq -c .", exit_code=1).stderr
    assert said.count("\n") == 1 and '--through: the shell cannot run "no_such_jq -c ."' in said and "not found" in said
    assert "whole number" in database.value("SELECT reason FROM weir.dead_letters"), "nothing was done"
    for wrong in (["--through", ""], ["--timeout", "1s"], ["--through", "cat", "--timeout", "soon"]):
        letters.dead("replay", letters.pipeline, *wrong, exit_code=2)


def test_letters_that_are_pruned_meanwhile_are_gone_and_no_success(letters, database):
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "x"}'] * 2)
    letters.ingest()
    database.execute("ALTER TABLE t ALTER n TYPE text")
    prune = f"{weir_binary()} dead prune {letters.pipeline} --all --yes --database {letters.credentials} >&2"
    summary = letters.replay("--through", f"cat; {prune}", exit_code=1)
    assert (summary["replayed"], summary["gone"], summary["replayed_before"]) == (0, 2, 0)
    assert database.value("SELECT count(*) FROM t") == 0


def alive_in_group(group: int) -> list[str]:
    """Processes of a group, but those that nobody has waited for yet."""
    def of(stat):
        try:
            return stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ["Z", "", ""]
    return [stat.parent.name for stat in Path("/proc").glob("[0-9]*/stat") if (s := of(stat))[0] != "Z" and s[2] == str(group)]


def test_interrupted_it_ends_the_commands(letters, database):
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "x"}'] * 3)
    letters.ingest()
    pid = letters.weir.folder / "pid"
    process = letters.weir.start("dead", "replay", letters.pipeline, "-J", "--database", letters.credentials, "--through",
                                 f"(echo $$ >{pid}; sleep 60) | cat")
    wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 1 and process.summary()["not_tried"] == 3
    wait_until(lambda: not alive_in_group(int(pid.read_text())), what="the command's processes to end")
    assert letters.counters() == {"dead": 3}


# What is refused, and what is left alone


def test_what_must_be_as_it_was(letters, database, weir):
    database.execute("CREATE TABLE t (n int); CREATE TABLE other (n text)")
    letters.produce([b'{"n": 1}', b'{"n": "x"}'])
    letters.ingest()

    def refused(*options, exit_code=1):
        said = letters.dead("replay", *options, exit_code=exit_code).stderr
        assert said.count("\n") == 1
        return said

    assert f'did you mean "{letters.pipeline}"?' in refused(letters.pipeline + "x")
    assert f"those that have: {letters.pipeline}" in refused("another one")
    for task in (["list"], ["export"], ["prune", "--all", "--yes"], ["show", f"{letters.topic}/0@1"]):
        said = letters.dead(*task, letters.pipeline + "x", exit_code=1).stderr
        assert f'did you mean "{letters.pipeline}"?' in said and said.count("\n") == 1
    assert "replay which?" in refused(exit_code=2)
    assert "do not go together" in refused(letters.pipeline, "--table", "t", "-t", letters.topic, exit_code=2)
    assert "goes with -t" in refused("--table", "t", exit_code=2)
    assert "--table is not for list" in letters.dead("list", "--table", "t", exit_code=2).stderr
    assert "--through is not for list" in letters.dead("list", "--through", "cat", exit_code=2).stderr
    assert "--state-schema" in refused(letters.pipeline, "--state-schema", "nowhere")
    (weir.folder / "weir.yaml").write_text(f"pipelines:\n  {letters.pipeline}:\n    topic: x\n    table: other\n")
    assert 'fills the table public.t, not other' in refused(letters.pipeline)
    (weir.folder / "weir.yaml").unlink()
    database.execute("DELETE FROM t")
    assert "was emptied" in refused(letters.pipeline)
    database.execute("DROP TABLE t; CREATE TABLE t (n text)")
    assert "dropped and created again" in refused(letters.pipeline) and letters.open() == [(0, 1)]
    letters.ingest("--accept-table")
    process = letters.dead("replay", "-t", letters.topic, "--table", "t")
    assert "1  replayed into" in process.stderr and process.stdout == ""
    assert database.query("SELECT n FROM t") == [("x",)]
    assert "1  were replayed before" in letters.dead("replay", letters.pipeline).stderr


def test_a_pipeline_of_two_topics_is_replayed_as_a_whole(letters, kafka, database, weir):
    """-t is given for each of them, and names the pipeline; none of them is looked at alone."""
    database.execute("CREATE TABLE t (n int)")
    topics = (letters.topic, kafka.create_topic())
    for topic in topics:
        kafka.produce(topic, [Record(b'{"n": "x"}')])
    of_both = [option for topic in topics for option in ("-t", topic)]
    weir.call("ingest", "-b", kafka.address, *of_both, "--table", "t", "--database", letters.credentials, "-e")
    database.execute("ALTER TABLE t ALTER n TYPE text")
    assert "2  replayed into" in letters.dead("replay", *of_both, "--table", "t").stderr


def test_after_a_reset_the_records_are_read_again_and_not_replayed(letters, database):
    """A letter of before the reset must not come into the table twice: by the topic, and by its replay."""
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "a"}', b'{"n": "b"}', b"no JSON"])
    letters.ingest()
    database.execute("ALTER TABLE t ALTER n TYPE text")
    assert letters.ingest("--reset", "--yes")["rows"] == 2
    assert letters.open() == [(0, 2)] and letters.counters() == {"rows": 2, "dead": 1}
    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["dead"]) == (0, 1)
    assert database.query("SELECT n FROM t ORDER BY n") == [("a",), ("b",)]

    assert database.query("SELECT record_offset, item FROM weir.dead_letters ORDER BY 1") == [(0, -1), (1, -1), (2, 0)]

    database.execute("TRUNCATE t")
    letters.ingest("--reset", "--yes", "-o", "end")
    summary = letters.replay(exit_code=1)
    assert (summary["outside"], summary["replayed"]) == (1, 0), "an offset that no counter knows"
    assert "before or beyond" in letters.dead("replay", letters.pipeline, exit_code=1).stderr


def test_letters_of_a_topic_that_was_created_again_stay_dead(letters, database, kafka):
    """--reset is what weir prescribes there, and these letters are the only copies of their records."""
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "a"}', b'{"n": "b"}', b'{"n": "same"}'])
    letters.ingest()
    kafka.delete_topic(letters.topic)
    kafka.create_topic(letters.topic)
    letters.produce([b'{"n": 1}', b'{"n": "of the new topic"}', b'{"n": "same"}'])
    assert letters.ingest("--reset", "--yes")["dead"] == 2
    assert letters.counters_but_aside() == {"rows": 1, "dead": 2}
    assert database.query("SELECT record_offset, item, convert_from(value, 'UTF8') FROM weir.dead_letters"
                          " WHERE replayed_at IS NULL ORDER BY 1, 2") == [
        (0, -1, '{"n": "a"}'), (1, -1, '{"n": "b"}'), (1, 0, '{"n": "of the new topic"}'), (2, 0, '{"n": "same"}')]
    database.execute("ALTER TABLE t ALTER n TYPE text")
    summary = letters.replay(exit_code=1)
    assert (summary["replayed"], summary["outside"]) == (2, 2)
    said = letters.weir.call("verify", letters.pipeline, "--offline", "--database", letters.credentials).stdout
    assert "2 more became rows" in said and "none, as counted" in said
    assert json.loads(letters.dead("prune", "--replayed", "--yes", "-J").stdout) == {"deleted": 2}
    assert letters.open() == [(0, 0), (0, 1)], "only who looks at them deletes them"


def test_letters_that_no_counter_knows_are_not_replayed(many, database):
    many.add(10)
    database.execute("UPDATE weir.offsets SET dead = dead - 1, absent = absent + 1 WHERE partition = 0")
    said = many.letters.dead("replay", many.letters.pipeline, exit_code=1).stderr
    assert "counts 4 dead letters" in said and "fewer than the 5" in said
    database.execute("DELETE FROM weir.offsets")
    assert many.letters.replay(exit_code=1)["outside"] == 10
    assert many.stored() == 0


def test_replayed_letters_are_listed_on_demand_and_pruned(letters, database):
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "a"}', b"no JSON"])
    letters.ingest()
    database.execute("ALTER TABLE t ALTER n TYPE text")
    letters.replay(exit_code=1)

    def offsets(*options):
        return [json.loads(line)["record_offset"] for line in letters.dead("list", "-J", *options).stdout.splitlines()]

    assert (offsets(), offsets("--replayed"), offsets("--all")) == ([1], [0], [1, 0])
    assert letters.dead("list", "--by", "reason", "-J").stdout.count("\n") == 1
    assert "replayed" in letters.dead("show", f"{letters.topic}/0@0").stdout
    letters.dead("list", "--all", "--replayed", exit_code=2)
    letters.dead("prune", "--yes", exit_code=2)
    letters.dead("prune", "--all", "--older-than", "1d", "--yes", exit_code=2)
    assert json.loads(letters.dead("prune", "--replayed", "--yes", "-J").stdout) == {"deleted": 1}
    assert offsets("--all") == [1] and letters.counters() == {"rows": 1, "dead": 1}


def test_without_the_right_to_write(letters, database, postgres, weir):
    database.execute("CREATE TABLE t (n int)")
    letters.produce([b'{"n": "a"}'])
    letters.ingest()
    with postgres._maintenance() as connection:
        connection.execute(f"CREATE ROLE writer_{database.name} LOGIN PASSWORD 'secret'")
    database.execute(f"GRANT USAGE ON SCHEMA weir TO writer_{database.name};"
                     f"GRANT SELECT ON ALL TABLES IN SCHEMA weir TO writer_{database.name};"
                     f"GRANT SELECT, INSERT ON t TO writer_{database.name}")
    credentials = database.credentials(weir.folder, user=f"writer_{database.name}", password="secret")
    said = weir.call("dead", "replay", letters.pipeline, "--database", credentials, exit_code=1).stderr
    assert "lacks rights in the schema weir" in said and said.count("\n") == 1
    database.execute(f"DROP OWNED BY writer_{database.name}; DROP ROLE writer_{database.name}")
    said = weir.call("dead", "replay", letters.pipeline, "--database", credentials, exit_code=1).stderr
    assert said.count("\n") == 1 and "secret" not in said


# Export


def test_exported_letters_go_back_to_a_topic_byte_for_byte(letters, database, kafka, tool):
    database.execute("CREATE TABLE t (n int)")

    def read(topic):
        return sorted(tool.ok("consume", topic, "-o", "beginning", "-e", "-J", stdin="").splitlines())

    values = [b"\xff\x00", "\u20ac \"\\\n".encode(), b"", b'{"n": "x"}']
    letters.produce(values)
    letters.produce([b"in another"], partition=2)
    letters.ingest()
    exported = letters.dead("export").stdout
    assert exported.splitlines() == read(letters.topic), "the form of weir consume"
    copy = kafka.create_topic(partitions=1)
    tool.ok("produce", copy, "-J", stdin=exported.encode())
    ours = [re.sub(r'^.*?"timestamp"', "", line) for line in exported.splitlines()]
    assert [re.sub(r'^.*?"timestamp"', "", line) for line in read(copy)] == ours

    first = json.loads(letters.dead("export", "--with-reason", "--column", "n").stdout)
    added = {h["key"]: h["value"] for h in first["headers"][len(HEADERS):]}
    assert added["weir.place"] == f"{letters.topic}/0@3" and added["weir.sqlstate"] == "22P02"
    assert added["weir.pipeline"] == letters.pipeline and "whole number" in added["weir.reason"]
    assert added["weir.column"] == "n"
    letters.dead("export", "--value", "-p", "0")
    assert letters.weir.processes[-1].stdout_file.read_bytes() == b"\n".join(values) + b"\n"
    letters.dead("export", "--value", "--with-reason", exit_code=2)
