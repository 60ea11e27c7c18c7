"""weir generate into a real Kafka: what was acknowledged, what the ledger says of it, and how it ends."""
import bisect
import hashlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation

from harness.documented import write_documented
from harness.http import get, read_metrics
from harness.invariant import dead_letters
from harness.paths import EXAMPLES, patience, sanitized
from harness.ports import free_address
from harness.shim import build_shim, in_front
from harness.tool import Tool
from harness.wait import in_time, wait_until
from harness.weir import TABLE, pipeline_name
from test_verify import said, verify

FAULTS = ("garbage", "truncate", "null", "too-long", "duplicate", "late")
UNREADABLE = ("garbage", "truncate", "null")
NEW_YEAR = "2026-01-01T00:00:00Z"
NEW_YEAR_MS = 1_767_225_600_000


def generate(tool, topic, *options) -> dict:
    """To its end; the summary."""
    return json.loads(tool.ok("generate", "-t", topic, "-J", "-q", *options))


def lines_of(ledger) -> list[dict]:
    text = ledger.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def places(kafka, topic) -> dict[tuple, bytes | None]:
    """(partition, offset) -> value, of all that is in the topic."""
    return {(partition, offset): record[1] for partition, records in kafka.records(topic).items()
            for offset, record in enumerate(records)}


def assert_true(kafka, topic, ledger, count) -> list[dict]:
    """The ledger names each record of the topic, with its id, once and nothing else; there are `count`. Its lines."""
    lines = lines_of(ledger)
    there = places(kafka, topic)
    named = {(line["partition"], line["offset"]): line["unique_id"] for line in lines}
    assert len(named) == len(lines) == len(there) == count
    unreadable = {(line["partition"], line["offset"]) for line in lines if line["fault"] in UNREADABLE}
    assert named == {place: None if place in unreadable else json.loads(value)["unique_id"]
                     for place, value in there.items()}
    assert {line["topic"] for line in lines} == {topic}
    return lines


# ---- What arrives ----

@pytest.mark.parametrize("unique", [False, True], ids=["as the chapter's table", "unique_id is unique"])
def test_all_faults_from_the_generator_to_verify(weir, kafka, tool, database, topic, tmp_path, unique):
    """A run for each fault, into one ledger; ingest makes of each what the documentation says, and verify agrees."""
    ledger = tmp_path / "sent.ndjson"
    how = ("--rate", "max", "--ledger", ledger, "--seed")
    runs = [generate(tool, topic, *how, 0, "-n", 400)]
    runs += [generate(tool, topic, *how, i, "-n", 200, "--faults", f"{fault}=10%") for i, fault in enumerate(FAULTS, 1)]
    assert [run["acknowledged"] for run in runs] == [run["made"] for run in runs] == [400, *[200] * 6]
    faults = Counter({fault: sum(run["faults"][fault] for run in runs) for fault in FAULTS})
    assert min(faults.values()) > 10, faults
    lines = assert_true(kafka, topic, ledger, 1600)
    by_fault = Counter(line["fault"] for line in lines)
    twice = Counter(line["unique_id"] for line in lines if line["fault"] == "duplicate")
    assert sum(twice.values()) - len(twice) in (faults["duplicate"], faults["duplicate"] - 1)  # -n may cut the last
    assert {fault: by_fault[fault] for fault in FAULTS} == faults | {"duplicate": sum(twice.values())}

    for name in ("create_schema", "create_table"):
        database.execute((EXAMPLES / f"{name}.sql").read_text())
    if unique:
        database.execute(f"CREATE UNIQUE INDEX ON {TABLE} (unique_id)")
    weir.run(topic)
    wanted = {(line["topic"], line["partition"], line["offset"]) for line in lines
              if line["fault"] in ("garbage", "truncate", "too-long")}
    letters = {(d["topic"], d["partition"], d["record_offset"]) for d in dead_letters(database, pipeline_name(topic))}
    doubles = len(letters - wanted)
    assert wanted <= letters and doubles == (sum(twice.values()) - len(twice) if unique else 0)
    report = verify(weir, topic, "--ledger", ledger, "--read")
    assert said(report, "no") == said(report, "open") == said(report, "note") == ""
    sums = report["ledger"]
    assert (sums["entries"], sums["letters"], sums["tombstones"]) == (1600, len(letters), faults["null"])
    assert sums["rows"] == report["table_rows"] == 1600 - len(letters) - faults["null"]


# ---- A broker that goes away ----

class Run:
    """weir generate beside the test, with a ledger; what it says goes to a file."""

    def __init__(self, tool, topic, *options, **how):
        self.topic, self.ledger = topic, tool.folder / f"{topic}.ndjson"
        self._said = tool.folder / f"{topic}.said"
        with self._said.open("wb") as said:
            self.process = tool.start("generate", "-t", topic, "-J", "--ledger", self.ledger, *options, stderr=said, **how)

    @property
    def said(self) -> str:
        return self._said.read_text()

    def says(self, text: str) -> None:
        wait_until(lambda: text in self.said or self.process.poll() is not None, 60, f"{text!r} in {self.said!r}")
        assert text in self.said

    def end(self, code: int = 0) -> dict:
        """Ctrl-C: it ends in about a second, on a machine that does nothing else. Its summary."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=20 * patience())
        assert self.process.returncode == code, self.said
        return json.loads(out)


AWAY, BACK = "records wait for a broker, none is lost", "the broker answers again"


@pytest.mark.slow
def test_a_broker_that_restarts_loses_and_doubles_nothing(tool, kafka):
    """A clean stop under a steady rate. Who has enough of waiting is told what is acknowledged."""
    steady, leaver = (Run(tool, kafka.create_topic(), "--rate", f"{rate}/s", "--users", 5, "--key", "personal_number",
                          "-X", "queue.buffering.max.messages=100") for rate in (500, 100))
    wait_until(lambda: min(sum(kafka.ends(run.topic).values()) for run in (steady, leaver)) > 100, what="records")
    kafka.stop()
    for run in (steady, leaver):
        run.says(AWAY)
    summary = leaver.end(code=1)
    assert 0 < summary["acknowledged"] == len(lines_of(leaver.ledger)) < summary["made"]
    left = summary["made"] - summary["acknowledged"]
    assert f"{left} of {summary['made']} records are not acknowledged" in leaver.said

    time.sleep(2)  # so that a burst would show, however fast the broker starts
    kafka.start()
    steady.says(BACK)
    before = sum(kafka.ends(steady.topic).values())
    wait_until(lambda: sum(kafka.ends(steady.topic).values()) > before + 1500, what="it to go on")
    summary = steady.end()
    assert summary["acknowledged"] == summary["made"] > 200
    assert (steady.said.count(AWAY), steady.said.count(BACK)) == (1, 1), steady.said
    # With a full queue nothing was made, and no burst has made up for it.
    away_s = float(re.search(r"answers again, after ([\d.]+) s", steady.said)[1])
    times = sorted(record[3] for records in kafka.records(steady.topic).values() for record in records)
    within = max(bisect.bisect(times, time_ms + 1000) - i for i, time_ms in enumerate(times))
    assert away_s > 2.5 and within < 1200  # what a second of being behind adds to the rate, and some
    assert_true(kafka, steady.topic, steady.ledger, summary["made"])
    of_user = {}
    for partition, records in kafka.records(steady.topic).items():
        for key, value, *_ in records:
            assert key.decode() == json.loads(value)["personal_number"]
            assert of_user.setdefault(key, partition) == partition
    there = places(kafka, leaver.topic)
    assert all(json.loads(there[line["partition"], line["offset"]])["unique_id"] == line["unique_id"]
               for line in lines_of(leaver.ledger))


@pytest.mark.slow
def test_a_broker_that_is_killed_while_records_come_as_fast_as_they_go(tool, kafka, topic):
    """The queue fills, and no more: memory is bounded, nothing is dropped, and whoever watches is told."""
    address = free_address()
    run = Run(tool, topic, "--rate", "max", "--http", address, "--faults", "duplicate=5%,null=5%")
    metric = lambda name: read_metrics(get(address, "/metrics")[1])[f"weir_generate_{name}", ""]  # noqa: E731
    wait_until(lambda: sum(kafka.ends(topic).values()) > 1000, what="records")
    assert get(address, "/healthz") == (200, "ok\n")
    kafka.kill()
    run.says(AWAY)
    wait_until(lambda: get(address, "/healthz") == (503, "no broker answers\n"), what="to be unhealthy")
    full = wait_until(lambda: (made := metric("records_total")) and not time.sleep(0.3 * patience())
                      and metric("records_total") == made and made, what="a full queue")
    samples = read_metrics(get(address, "/metrics")[1])
    assert samples["weir_generate_broker_away", ""] == 1 and samples["weir_generate_failed_total", ""] == 0
    assert samples["weir_generate_open", ""] == full - samples["weir_generate_acknowledged_total", ""] <= 100_000
    assert samples["weir_generate_faults_total", 'fault="null"'] > 10 and samples["weir_generate_bytes_total", ""] > 500 * full
    resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{run.process.pid}/status").read_text())[1])
    assert resident < 160 * 1024 or sanitized()
    kafka.start()
    run.says(BACK)
    wait_until(lambda: get(address, "/healthz")[0] == 200 and metric("records_total") > full, what="it to go on")
    summary = run.end()
    lines = lines_of(run.ledger)
    assert summary["acknowledged"] == summary["made"] == len(lines) == sum(kafka.ends(topic).values())
    assert len({(line["partition"], line["offset"]) for line in lines}) == len(lines)
    ids = Counter(line["unique_id"] for line in lines if line["fault"] != "duplicate")
    assert ids.pop(None) == summary["faults"]["null"] and set(ids.values()) == {1}
    twice = Counter(line["unique_id"] for line in lines if line["fault"] == "duplicate")
    assert sum(n - 1 for n in twice.values()) in (summary["faults"]["duplicate"], summary["faults"]["duplicate"] - 1)
    assert (run.said.count(AWAY), run.said.count(BACK)) == (1, 1), run.said


# ---- How it ends ----

def test_the_chapters_pace_is_the_default(tool, kafka, topic):
    """One each 1 to 15 s, the first at once; and Ctrl-C."""
    began = time.time()
    run = Run(tool, topic)
    wait_until(lambda: sum(kafka.ends(topic).values()), what="the first record")
    run.says(f"into {topic}, 10,800 records a day at this pace; Ctrl-C ends it\n")
    summary = run.end()
    assert 1 <= summary["acknowledged"] == summary["made"] <= 1 + (time.time() - began)
    assert min(record[3] for records in kafka.records(topic).values() for record in records) < 1000 * (began + patience())
    assert_true(kafka, topic, run.ledger, summary["made"])


def test_a_signal_ends_the_search_for_a_broker(tool):
    """Nothing was sent, and that is what it says; whoever asks for its health meanwhile hears the same."""
    address = free_address()
    process = tool.start("generate", "-t", "t", "-b", "127.0.0.1:1", "-v", "-J", "--http", address)
    while b"Connection refused" not in process.stderr.readline():
        pass
    assert get(address, "/healthz") == (503, "no broker answers\n")
    process.send_signal(signal.SIGINT)
    assert process.wait(5 * patience()) == 1
    assert b"generate: stopped before a broker of 127.0.0.1:1 answered: " in (said := process.stderr.read())
    assert said.endswith(b"(the brokers are from: -b)\n")
    summary = json.loads(process.stdout.read())
    assert (summary["made"], summary["acknowledged"]) == (0, 0)


def test_a_port_that_is_taken_is_told_before_anything_else(tool, kafka, topic):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "127.0.0.1:%d" % server.getsockname()[1]
        assert f"something else listens on {address} already" in tool.refused(
            "generate", "-t", topic, "-n", 1, "--http", address, code=1)
        assert b"something else listens" in tool("generate", "-t", "t", "-b", "127.0.0.1:1", "--http", address).stderr
    assert sum(kafka.ends(topic).values()) == 0


def test_a_terminal_shows_how_it_goes(tool, topic):
    terminal = tool.terminal("generate", "-t", topic, "--rate", "1000/s")
    terminal.shows("acknowledged, ")
    terminal.shows(f"{topic}: ")
    terminal.signal(signal.SIGINT)
    assert terminal.wait(5) == 0
    assert re.search(rf"weir generate: \d+ records acknowledged by {topic}, \d+/s in ", terminal.text)


def test_a_full_disk_ends_the_ledger_with_whole_lines(tool, kafka, topic, tmp_path):
    ledger = tmp_path / "sent.ndjson"
    ledger.write_text('{"topic":"t","partition":0,"off')  # a run before this one was cut off
    bounded = {"preexec_fn": lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                      resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))}
    process = tool.start("generate", "-t", topic, "--rate", "max", "-n", 3000, "--ledger", ledger, **bounded)
    out, said = process.communicate(timeout=60 * patience())
    assert (process.returncode, out) == (1, b"")
    lines = lines_of(ledger)
    assert f"sent.ndjson: File too large: of this run, {len(lines)} lines are whole and the rest is missing: the topic " \
        "holds more than it names; make room, and begin anew with another topic and file\n" in said.decode()
    assert 500 < len(lines) < 1000
    there = places(kafka, topic)
    assert all(json.loads(there[line["partition"], line["offset"]])["unique_id"] == line["unique_id"] for line in lines)
    said = tool("generate", "-t", topic, "--rate", "max", "-n", 10, "--ledger", "/dev/full").stderr
    assert b"--ledger: /dev/full: No space left on device: of this run, 0 lines are whole" in said
    # A line that is whole and has no end gets one.
    ledger.write_text(ledger.read_text().rstrip("\n"))
    generate(tool, topic, "--rate", "max", "-n", 10, "--ledger", ledger)
    assert lines_of(ledger)[:len(lines)] == lines and len(lines_of(ledger)) == len(lines) + 10


def test_a_ledger_is_synced_before_the_end(tool, topic, scratch):
    shim, log = build_shim("fsync", scratch), tool.folder / "synced"
    front = in_front(shim, tool.env)
    options = ("generate", "-t", topic, "--rate", "max", "-n", 500, "--ledger", "sent.ndjson", "-q")
    tool.ok(*options, **front, FSYNC_LOG=str(log))
    ledger = tool.folder / "sent.ndjson"
    assert log.read_text().splitlines()[-1] == f"{ledger} {ledger.stat().st_size}" and len(lines_of(ledger)) == 500
    failed = tool(*options, **front, FSYNC_FAILS="1")
    assert failed.returncode == 1
    assert b"--ledger: sent.ndjson: sync: Input/output error: what of its lines the disk has" in failed.stderr


def test_a_pipe_as_ledger(tool, topic):
    """One that is read to its end, and one whose reader goes."""
    os.mkfifo(tool.folder / "pipe")
    options = ("generate", "-t", topic, "--rate", "max", "-q", "--ledger", "pipe")
    assert "pipe: a pipe that nobody reads: start its reader first" in tool.refused(*options, "-n", 10)
    with (tool.folder / "read").open("wb") as read, subprocess.Popen(["cat", tool.folder / "pipe"], stdout=read) as reader:
        wait_until(lambda: tool(*options, "-n", 2000).returncode == 0, what="the reader to be there")
        assert reader.wait(20 * patience()) == 0
    assert len(lines_of(tool.folder / "read")) == 2000
    with subprocess.Popen(["head", "-c", "1000", tool.folder / "pipe"], stdout=subprocess.DEVNULL):
        failed = wait_until(lambda: b"start its reader" not in (done := tool(*options)).stderr and done, what="the reader")
    assert failed.returncode == 1 and b"--ledger: pipe: nobody reads it any more" in failed.stderr


def test_a_topic_that_is_deleted_ends_it(tool, kafka, topic):
    run = Run(tool, topic, "--rate", "200/s")
    wait_until(lambda: sum(kafka.ends(topic).values()) > 10, what="records")
    kafka.delete_topic(topic)
    out, _ = run.process.communicate(timeout=60 * patience())
    assert run.process.returncode == 1
    assert f'there is no topic "{topic}" any more' in run.said
    assert json.loads(out)["acknowledged"] == len(lines_of(run.ledger))


def test_a_topic_that_is_made_anew_ends_it(tool, kafka):
    """What was acknowledged is gone, though the producer does not notice at all when it is quick."""
    topic = kafka.create_topic(partitions=1)
    run = Run(tool, topic, "--rate", "500/s")
    wait_until(lambda: sum(kafka.ends(topic).values()) > 100, what="records")
    run.process.send_signal(signal.SIGSTOP)
    kafka.delete_topic(topic)
    kafka.create_topic(topic, partitions=1)
    run.process.send_signal(signal.SIGCONT)
    out, _ = run.process.communicate(timeout=60 * patience())
    assert run.process.returncode == 1
    assert re.search(rf'topic "{topic}": offset 0 of partition 0 was acknowledged behind offset \d+, so what was there before is '
                     "gone", run.said)
    assert json.loads(out)["acknowledged"] == len(lines_of(run.ledger))


def test_a_record_that_is_too_large_ends_it(tool, kafka):
    small = kafka.create_topic(partitions=1, max_message_bytes=1200)
    (tool.folder / "long.yaml").write_text("fields: {text: {value: " + "x" * 2000 + "}}")
    done = tool("generate", "-t", small, "-n", 10, "--rate", "max", "--spec", "long.yaml", "-J")
    assert done.returncode == 1 and b"the record is larger than topic" in done.stderr
    assert b"raise its max.message.bytes" in done.stderr
    assert json.loads(done.stdout)["acknowledged"] == sum(kafka.ends(small).values()) == 0


def test_a_time_that_is_refused_takes_its_batch_along(tool, kafka, topic):
    """How many were not taken is told, with why."""
    said = tool("generate", "-t", topic, "-n", 500, "--as-of", "now", "--every", "1h", "--no-sleep").stderr.decode()
    taken, made, refused = map(int, re.search(r"(\d+) records? acknowledged by \S+ of (\d+) made, (\d+) refused or given up",
                                              said).groups())
    assert taken == sum(kafka.ends(topic).values()) and taken + refused == made == 500 and refused > 100
    assert f'topic "{topic}" refuses a record\'s time, and with it all of its batch: it takes none that' in said


def test_a_topic_that_takes_very_little_gets_small_batches(tool, kafka):
    """Less than librdkafka lets its own limit be."""
    small = kafka.create_topic(partitions=1, max_message_bytes=200)
    (tool.folder / "short.yaml").write_text("fields: {n: sequence}")
    generate(tool, small, "--spec", "short.yaml", "--rate", "max", "-n", 500)
    tool.ok("produce", small, stdin="".join(f"{i}\n" for i in range(500)))
    assert kafka.ends(small) == {0: 1000}


@pytest.mark.slow
def test_who_may_not_write_is_told(guarded_kafka, tmp_path):
    topic = guarded_kafka.create_topic()
    guarded_kafka.deny(topic, AclOperation.WRITE)
    tool = Tool(tmp_path, guarded_kafka.address)
    done = wait_until(lambda: (done := tool("generate", "-t", topic, "-n", 3, "--rate", "max", "-J")).returncode and done,
                      what="the access list to hold")
    assert done.returncode == 1 and done.stderr.endswith(
        b'topic "%s" may be seen and not be written to: kafka-acls grants it (Write on the topic)\n' % topic.encode())
    assert (summary := json.loads(done.stdout))["acknowledged"] == 0 and summary["failed"] > 0


# ---- Time ----

def test_a_rate_is_kept_and_not_exceeded(tool, kafka):
    def early() -> list[int]:
        """Those before whom more came than the rate allows; where the first was late, all the others are."""
        topic = kafka.create_topic(partitions=1)
        summary = generate(tool, topic, "--rate", "200/s", "-n", 401)
        assert 2000 <= summary["milliseconds"] < 2000 + 4000 * patience()
        times = [record[3] for record in kafka.records(topic)[0]]
        return [i for i, time_ms in enumerate(times) if time_ms < times[0] + 5 * i - 50]

    in_time(early, [])


def test_a_simulated_clock_is_in_the_records_and_in_kafka(tool, kafka):
    """History at once with --no-sleep; late ones are earlier, in both; a duplicate counts."""
    topic = kafka.create_topic(partitions=1)
    began = time.monotonic()
    summary = generate(tool, topic, "--as-of", NEW_YEAR, "--every", "1h", "--no-sleep", "-n", 500, "--seed", 3, "--faults",
                       "late=20%,duplicate=20%")
    assert summary["made"] == summary["acknowledged"] == 500 and time.monotonic() - began < 30 * patience()
    records = [(json.loads(value), time_ms) for _, value, _, time_ms in kafka.records(topic)[0]]
    hour, late, again, last = 0, 0, 0, None
    for record, time_ms in records:
        if record["unique_id"] == last:
            again += 1
            continue
        due_ms = NEW_YEAR_MS + hour * 3_600_000
        assert due_ms - 600_000 <= time_ms <= due_ms
        late += time_ms < due_ms
        text = record["accessed_at"]
        assert text == time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time_ms / 1000)) + (
            f".{time_ms % 1000:03}000" if time_ms % 1000 else "")
        hour, last = hour + 1, record["unique_id"]
    assert late == summary["faults"]["late"] > 50
    assert again in (summary["faults"]["duplicate"], summary["faults"]["duplicate"] - 1) and again > 50
    slept = generate(tool, topic, "--as-of", NEW_YEAR, "--rate", "10/s", "-n", 6)
    assert slept["milliseconds"] >= 500


# ---- Until a time ----

def moments(lines: bytes) -> list[str]:
    return [json.loads(line)["accessed_at"] for line in lines.splitlines()]


def test_a_simulated_clock_ends_where_it_is_told_to(tool, kafka):
    """The end is in no record; a duplicate's second has the time of its first. With -n, whichever comes first."""
    january = ("--as-of", "2026-01-01", "--until", "2026-02-01T02:00+02:00", "--every", "1h")
    times = moments(tool.ok("generate", *january, "-n", 10_000))
    assert len(times) == 744 and times[-1] == "2026-01-31 23:00:00"
    assert moments(tool.ok("generate", *january, "-n", 5))[-1] == "2026-01-01 04:00:00"
    doubled = moments(tool.ok("generate", *january, "--faults", "duplicate=100%"))
    assert len(doubled) == 2 * 744 and doubled[-2:] == ["2026-01-31 23:00:00"] * 2

    topic = kafka.create_topic(partitions=1)
    before_ms = time.time_ns() // 1_000_000
    generate(tool, topic, "--as-of", "-2d", "--until", "now", "--every", "1h", "--no-sleep")
    times = [time_ms for _, _, _, time_ms in kafka.records(topic)[0]]
    assert len(times) == 48 and 0 <= times[0] - (before_ms - 172_800_000) < 20_000 * patience()
    # Nothing is due before that end: it does not wait for it.
    summary = generate(tool, topic, "--as-of", NEW_YEAR, "--until", "2026-01-01T00:59", "--every", "1h")
    assert summary["acknowledged"] == 1

    with (tool.folder / "records").open("wb") as file:  # nor is it without end, on a disk or a terminal
        assert tool.start("generate", *january, stdout=file).wait(20 * patience()) == 0
    terminal = tool.terminal("generate", *january)
    assert terminal.wait(20) == 0 and terminal.text.count('{"person_name"') == 744


def test_history_comes_to_an_end(tool, kafka):
    """What is ahead of the clock would be refused, and its batch too; and a month that is waited for is a month."""
    topic = kafka.create_topic(partitions=1)
    done = tool("generate", "-t", topic, "--as-of", "-2d", "--every", "1h", "--no-sleep")
    assert done.returncode == 0 and b"history until now; -n N or --until TIME ends it elsewhere\n" in done.stderr
    assert len(kafka.records(topic)[0]) == 48
    done = tool("generate", "-t", topic, "--as-of", "now", "--every", "1h", "--no-sleep")
    assert done.returncode == 2 and b"give -n N or --until TIME" in done.stderr
    done = tool("generate", "-t", topic, "--as-of", "-1d", "--until", "2099-01-01", "-n", 3, "--no-sleep")
    assert done.returncode == 0 and b"--until is more than an hour ahead: such records are refused, and with them" in done.stderr
    waits = tool.start("generate", "-t", topic, "--as-of", "2026-01-01", "--until", "2026-01-31", "--every", "1h")
    assert waits.stderr.readline().endswith(b" 24 records a day at this pace; 2026-01-31 00:00:00 UTC by its own clock or "
                                            b"Ctrl-C ends it, in 30d (--no-sleep sends them at once)\n")
    waits.send_signal(signal.SIGINT)
    assert waits.wait(20 * patience()) == 0


@pytest.mark.parametrize("pace", ["50/s", "max"])
def test_the_machines_clock_ends_it(tool, pace):
    tool.env["TZ"] = "UTC"
    end = datetime.now(UTC) + timedelta(seconds=1)
    lines = tool.ok("generate", "--rate", pace, "--until", end.isoformat(timespec="milliseconds"))
    assert datetime.now(UTC) >= end.replace(microsecond=0)
    assert (times := moments(lines[-200_000:].split(b"\n", 1)[1])) and max(times) < end.strftime("%F %T.%f")


def test_a_topic_until_a_time(tool, kafka, topic):
    """What was made until then is delivered, and the end is named as it was understood."""
    tool.env["TZ"] = "Asia/Kathmandu"
    end = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%F %T")
    run = Run(tool, topic, "--rate", "20/s", "--until", end)
    assert run.process.wait(20 * patience()) == 0
    assert f"records a day at this pace; {end} UTC or Ctrl-C ends it\n" in run.said
    assert json.loads(run.process.stdout.read())["acknowledged"] == sum(kafka.ends(topic).values()) > 0


# ---- The same bytes ----

def every_provider(tool) -> str:
    """A spec that has each provider as --list-providers shows it; what is made of other fields, test_generate_nested.py has."""
    listed = json.loads(tool.ok("generate", "--list-providers", "-J"))["providers"]
    assert len(listed) > 20 and all(p["example"] and p["summary"] for p in listed)
    assert json.loads(listed[-2]["example"]).keys() == {"city", "postcode"} and len(json.loads(listed[-1]["example"])) == 3
    return "fields:\n" + "".join(f"  f_{p['name']}: {p['form']}\n" for p in listed if p["name"] not in ("object", "array"))


SAME = {
    "as it is": ("-n", "500"),
    "independent": ("--fields", "independent", "-n", "500"),
    "users": ("--users", "20", "-n", "500"),
    "utf8": ("--utf8", "-n", "500"),
    "faults": ("--faults", "garbage=5%,truncate=5%,null=5%,too-long=5%,duplicate=5%,late=5%", "-n", "500"),
    "every": ("--every", "1ms..90m", "-n", "500"),
    "rate": ("--rate", "7/s", "-n", "500"),
    "every provider": ("--spec", "all.yaml", "--users", "30", "-n", "500"),
}
BYTES = {  # made by GCC -O3 and by Clang with sanitizers; a change of them is a change of what a seed means
    "as it is": "48b8e9b58420af84",
    "independent": "e527be3215f32469",
    "users": "53e96a0948d895f0",
    "utf8": "94bd00283cd25818",
    "faults": "cc232b2178999c3a",
    "every": "22cba530b0d50d29",
    "rate": "944753a8c2c5cdd1",
    "every provider": "6a8f85c5768436c1",
}


@pytest.mark.parametrize("options", SAME.values(), ids=SAME)
def test_a_seed_gives_the_same_bytes_in_every_build(tool, options, request):
    tool.env["TZ"] = "Asia/Kathmandu"
    (tool.folder / "all.yaml").write_text(every_provider(tool))
    name = request.node.callspec.id
    out = tool.ok("generate", "--seed", 7, "--as-of", NEW_YEAR, *options)
    assert out.count(b"\n") == 500
    assert hashlib.sha256(out).hexdigest()[:16] == BYTES[name]


def test_the_printed_spec_gives_the_same_bytes(tool):
    same = ("--seed", 7, "--as-of", NEW_YEAR, "-n", 200)
    (tool.folder / "mine.yaml").write_bytes(tool.ok("generate", "--print-spec"))
    assert tool.ok("generate", "--spec", "mine.yaml", *same) == tool.ok("generate", "driven_data", *same) == \
        tool.ok("generate", *same)
    table = tool.ok("generate", "--list-providers").decode().splitlines()
    assert re.match("PROVIDER +IS +WRITTEN +EXAMPLE", table[0]) and len(table) > 20


def test_the_documented_spec_is_one(tool):
    write_documented(tool.folder, "orders.yaml")
    records = [json.loads(line) for line in tool.ok("generate", "--spec", "orders.yaml", "-n", 300).splitlines()]
    assert {"order_id", "customer", "name", "mail", "paid_by", "amount", "note", "ordered_at"} == set(records[0])
    assert {r["paid_by"] for r in records} == {"card", "cash"} and {r["note"] for r in records} == {"none", None}
    assert all(0.5 <= r["amount"] <= 999.99 and r["mail"].startswith(r["name"].replace(" ", "").lower()) for r in records)


# ---- weir.yaml ----

ENTRIES = """generate:
  driven_data: {topic: TOPIC, rate: max, users: 3, faults: "null=50%"}
  orders: {topic: TOPIC, spec: specs/orders.yaml, rate: 100/h, key: secret, id: order}
  visits:
    topic: TOPIC
    every: 10ms
    key: page
    fields: {id: uuid, page: {values: [home, shop], null: 50%}}
"""
ORDERS = "fields: {order: {provider: sequence, start: 5}, secret: {value: s, hidden: true}, note: name}\n"


@pytest.mark.skipif(sanitized(), reason="the sanitizer's own memory")
def test_templates_of_the_same_letters_share_the_names(tool):
    """Lists of names in other letters take 125 KiB: for each of these templates it would be 60 MiB."""
    cases = ("lower", "upper")
    fields = "".join(f"  f{i}: {{template: '{{name}} {i}', case: {cases[i % 2]}, remove: ' '}}\n" for i in range(490))
    (tool.folder / "many.yaml").write_text(f"fields:\n{fields}")
    process = tool.start("generate", "--spec", "many.yaml", "-n", 1,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (24 << 20, 24 << 20)))
    out, said = process.communicate(timeout=20 * patience())
    assert (process.returncode, said) == (0, b"") and len(record := json.loads(out)) == 490
    assert record["f0"].islower() and record["f1"].isupper() and record["f489"].endswith("489")


def test_entries_of_the_configuration(tool, kafka, topic):
    (tool.folder / "conf" / "specs").mkdir(parents=True)
    (tool.folder / "conf" / "specs" / "orders.yaml").write_text(ORDERS)
    for folder in (tool.folder / "conf", tool.folder):
        (folder / "weir.yaml").write_text(ENTRIES.replace("TOPIC", topic))
    (tool.folder / "specs").symlink_to("conf/specs")
    ledger = tool.folder / "l"

    def run(*options) -> dict:
        return json.loads(tool.ok("generate", *options, "--seed", 1, "-J", "-q"))

    summary = run("driven_data", "-n", 200)
    assert summary["topic"] == topic and 60 < summary["faults"]["null"] < 140
    values = [record[1] for records in kafka.records(topic).values() for record in records]
    assert len({json.loads(value)["personal_number"] for value in values if value}) <= 3
    # Options win; a rate of its own is no --every of the option's.
    topic_2, topic_3 = kafka.create_topic(), kafka.create_topic()
    summary = run("orders", "-n", 3, "-t", topic_2, "--rate", "max", "--ledger", ledger)
    assert (summary["topic"], summary["spec"]) == (topic_2, "specs/orders.yaml")
    assert [line["unique_id"] for line in lines_of(ledger)] == [5, 6, 7]
    assert {record[0] for records in kafka.records(topic_2).values() for record in records} == {b"s"}
    summary = run("visits", "-n", 40, "-t", topic_3, "--faults", "late=50%", "-p", 2)
    assert summary["milliseconds"] >= 390 and summary["faults"]["late"] > 0
    records = kafka.records(topic_3)[2]
    assert len(records) == 40 and {record[0] for record in records} == {b"home", b"shop", None}
    assert all(json.loads(value)["page"] == (key and key.decode()) for key, value, *_ in records)
    # - is stdout, and without a name nothing of it is used.
    lines = tool.ok("generate", "--spec", "orders", "-t", "-", "--rate", "max", "-n", 2).splitlines()
    assert [json.loads(line)["order"] for line in lines] == [5, 6]
    assert b"person_name" in tool.ok("generate", "-n", 1)
    # The spec's file lies beside the configuration, wherever that is.
    lines = tool.ok("generate", "orders", "-t", "-", "--rate", "max", "-n", 1, "-c", "conf/weir.yaml")
    assert json.loads(lines)["order"] == 5


WRONG_ENTRIES = {
    "a: 3": "weir.yaml:2:6: a: a mapping is expected, not a",
    "a: {topc: x}": 'weir.yaml:2:7: unknown key "topc"; did you mean "topic"?',
    "a: {rate: 1/s, every: 1s}": "weir.yaml:2:18: every and rate are one thing: leave one out",
    "a: {rate: 5}": 'weir.yaml:2:13: rate: "5" is not a rate',
    "a: {every: 3s..1s}": 'weir.yaml:2:14: every: "3s..1s": the shorter time comes first',
    "a: {users: 0}": 'weir.yaml:2:14: users: "0" is not a whole number from 1 to 10000000',
    "a: {faults: nul=1%}": 'weir.yaml:2:15: faults: no fault is called "nul"; did you mean "null"?',
    "a: {spec: x.yaml}": 'weir.yaml:2:13: spec: no file is called "x.yaml"',
    "a: {spec: x, fields: {a: name}}": "weir.yaml:2:7: spec and fields are one thing: leave one out",
    "a: {fields: {a: nam}}": 'weir.yaml:2:19: unknown provider "nam"; did you mean "name"?',
    "a: {fields: {a: name}, key: b}": 'weir.yaml:2:31: unknown field "b"',
    "a: {key: emial}": 'weir.yaml:2:12: unknown field "emial"; did you mean "email"?',
    "a: {id: uniq_id}": 'weir.yaml:2:11: unknown field "uniq_id"; did you mean "unique_id"?',
    "b: {}": 'no record spec is called "a" (below generate: in weir.yaml), and no file',
}


@pytest.mark.parametrize(("entry", "said"), WRONG_ENTRIES.items(), ids=WRONG_ENTRIES)
def test_mistakes_in_the_configuration_are_told_with_their_place(tool, entry, said):
    (tool.folder / "weir.yaml").write_text(f"generate:\n  {entry}\n")
    line = tool.refused("generate", "a", "-n", 1)
    assert said in line, line


WRONG = {
    "a topic that is not there": ("-t @x", 'there is no topic "@x" at .*; did you mean "@"'),
    "a partition that is not there": ("-t @ -p 3", "@ has no partition 3: its partitions are 0 to 2"),
    "two paces": ("--every 1s --rate 1/s", "--every and --rate are one thing"),
    "a summary of lines": ("-J", "-J goes with a topic: -t TOPIC"),
    "a ledger of lines": ("--ledger x", "--ledger goes with a topic"),
    "a key of lines": ("--key email", "--key goes with a topic"),
    "lines do not wait": ("--as-of 2026-01-01T00:00:00Z --no-sleep", "--no-sleep goes with a topic"),
    "the clock cannot be hurried": ("-t @ --no-sleep", "--no-sleep goes with --as-of"),
    "no steps": ("--as-of 2026-01-01T00:00:00Z --rate max", "--as-of steps by --every or --rate"),
    "before Kafka's time": ("-t @ --as-of 1970-01-01T00:00:00Z", "cannot be before 1970"),
    "before anyone was born": ("--as-of 0001-01-01", '"0001-01-01" is not from 1916 to 2099'),
    "when no more are born": ("--as-of 2100-01-01", "is not from 1916 to 2099"),
    "an end before the beginning": ("--as-of 2026-01-02 --until 2026-01-02T00:00", r"--until \(2026-01-02T00:00\) is not behind "
                                    r"--as-of \(2026-01-02\): name a later end"),
    "an end that is over": ("-t @ --until now", '--until: "now" is over: name a time to come'),
    "no time to end at": ("--until noon", '--until: "noon" is not a time: write 2024-05-01.*, or now, or -2h'),
    "no time to begin at": ("--as-of -2x", '--as-of: "2x" is not a duration'),
    "an end long ago": ("--as-of now --until -106751991167d", "is not behind --as-of"),
    "an id without a ledger": ("-t @ --id email", "--id goes with --ledger"),
    "a key that is no field": ("-t @ --key emial", 'have no field "emial"; did you mean "email"'),
    "an id that is no field": ("-t @ --id emial --ledger x", 'have no field "emial"; did you mean "email"'),
    "no ids at all": ("-t @ --spec s.yaml --ledger x", "have no field unique_id: name one with --id FIELD"),
    "nothing to be too long": ("--spec s.yaml --faults too-long=1%", "have no field that is a text"),
    "two specs": ("driven_data s.yaml", "one record spec at a time"),
    "a fault": ("--faults nul=1%", '--faults: no fault is called "nul"; did you mean "null"'),
    "too many users": ("--users 10000001", '--users: "10000001" is not a number from 0 to 10000000'),
    "fields": ("--fields some", '"some" is neither coherent nor independent'),
    "acks=0 and idempotence": ("-t @ -X acks=0", "`acks` must be set to `all` when `enable.idempotence` is true"),
    "a producer with transactions": ("-t @ -X transactional.id=x", "-X: transactional.id: weir sends no transactions: leave"),
    "acks=0 and a ledger": ("-t @ -X acks=0 -X enable.idempotence=false --ledger x", "with acks=0 nothing is"),
    "a folder as ledger": ("-t @ --ledger .", "--ledger: .: Is a directory"),
    "no folder for the ledger": ("-t @ --ledger no/such/x", "--ledger: no/such/x: there is no folder no/such: make it"),
    "no folder for an entry's ledger": ("l -t @", "weir.yaml:2:15: ledger: no/x: there is no folder no: make it"),
    "an entry's other file as ledger": ("o -t @", "weir.yaml:3:15: ledger: s.yaml: there is a file of that name which is no"),
    "an entry's ledger without ids": ("n -t @", "weir.yaml:4:33: ledger: the records of \"n\" have no field unique_id"),
    "another file as ledger": ("-t @ --ledger s.yaml", "s.yaml: there is a file of that name which is no ledger"),
    "JSON as ledger": ("-t @ --ledger o.json", "o.json: there is a file of that name which is no ledger"),
    "a sequence that ends": ("--spec q.yaml -n 3", "q.yaml:1:13: n: the sequence comes to the end of 64 bits with record 2, "
                                                   "and -n asks for 3"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_wrong_usage(tool, kafka, topic, arguments, said):
    (tool.folder / "s.yaml").write_text("fields: {n: int}\n")
    (tool.folder / "q.yaml").write_text("fields: {n: {provider: sequence, start: 9223372036854775806}}\n")
    (tool.folder / "weir.yaml").write_text("generate:\n  l: {ledger: no/x}\n  o: {ledger: s.yaml}\n"
                                           "  n: {fields: {i: int}, ledger: x}\n")
    (tool.folder / "o.json").write_text('{"dbname": "other",\n"topic": 1}')
    line = tool.refused("generate", *arguments.replace("@", topic).split())
    assert re.search(said.replace("@", topic), line), line
    assert not (tool.folder / "x").exists() and sum(kafka.ends(topic).values()) == 0


def test_properties_of_the_users(tool, kafka, topic):
    """A warning of the library's for each is not what anyone wants to read."""
    for properties, count in ((("acks=1", "enable.idempotence=false"), 5), (("message.timeout.ms=3000",), 10)):
        done = tool("generate", "-t", topic, "-n", 5, "--rate", "max", *(x for p in properties for x in ("-X", p)))
        assert done.returncode == 0 and done.stderr.count(b"\n") == 1, done
        assert sum(kafka.ends(topic).values()) == count
    # Idempotent, unless someone does not want it: without a producer's id the broker cannot tell what comes twice.
    for options, is_idempotent in (([], True), (["-X", "enable.idempotence=false"], False)):
        done = tool("generate", "-t", topic, "-n", 5, "--rate", "max", "-v", "-X", "debug=protocol", *options)
        assert (b"Sent InitProducerIdRequest" in done.stderr) == is_idempotent


def test_a_compacted_topic_wants_keys(tool, kafka):
    topic = kafka.create_topic(partitions=1, cleanup_policy="compact")
    done = tool("generate", "-t", topic, "-n", 3, "--rate", "max")
    assert done.returncode == 1 and b"is compact each needs a key (generate --key FIELD, produce -K" in done.stderr
    generate(tool, topic, "-n", 3, "--rate", "max", "--key", "unique_id")


# ---- stdout ----

def test_a_reader_that_has_gone_ends_it_quietly(tool):
    for pace in ((), ("--rate", "5000/s")):
        process = tool.start("generate", *pace)
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(10 * patience()) == 0
        assert process.stderr.read() == b""


def test_a_slow_reader_loses_nothing_and_a_signal_ends_the_wait(tool):
    """A full pipe, and one that another process has set to O_NONBLOCK."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    process = tool.start("generate", "-n", 2000, "--seed", 1, "--as-of", NEW_YEAR, stdout=write_end)
    os.close(write_end)
    time.sleep(0.3)
    with open(read_end, "rb") as pipe:
        assert pipe.read() == tool.ok("generate", "-n", 2000, "--seed", 1, "--as-of", NEW_YEAR)
    assert process.wait(10 * patience()) == 0
    process = tool.start("generate")
    process.stdout.read(100)
    time.sleep(0.3)  # the pipe is full again
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0 and time.monotonic() - began < 1.5 * patience()
    assert process.stderr.read() == b""


def test_a_full_disk_as_stdout_is_told(tool):
    for arguments in (["-n", "100000"], ["--list-providers"], ["--print-spec"]):
        with open("/dev/full", "wb") as full:
            process = tool.start("generate", *arguments, stdout=full)
            assert process.wait(10 * patience()) == 1
        said = process.stderr.read()
        assert b"stdout: No space left on device" in said and said.count(b"\n") == 1


def test_a_closed_stdout_is_told(tool, topic):
    """And nothing that was opened since gets what is meant for it."""
    def close() -> None:
        os.close(1)

    for arguments in (["-n", "10"], ["--list-providers"], ["-t", topic, "-n", "1", "-J", "-q", "--ledger", "l"]):
        process = tool.start("generate", *arguments, stdout=None, preexec_fn=close)
        assert process.wait(20 * patience()) == 1
        assert process.stderr.read().endswith(b"stdout: it is closed\n")
    assert len(lines_of(tool.folder / "l")) == 1


def test_a_terminal_is_not_flooded(tool):
    """Who names a spec and no topic may have meant a topic; who asks for all gets all."""
    for arguments in ([], ["driven_data"], ["--as-of", NEW_YEAR]):
        terminal = tool.terminal("generate", *arguments)
        assert terminal.wait(20) == 0
        assert terminal.text.count('{"person_name"') == 5
        assert "5 records, as this is a terminal: -n N makes N, -t TOPIC sends them into a topic; into a pipe" in terminal.text
    terminal = tool.terminal("generate", "-n", 50)
    assert terminal.wait(20) == 0 and terminal.text.count("\n") == 50
    terminal = tool.terminal("generate", "--rate", "max")
    wait_until(lambda: terminal.read(0.1) and terminal.output.count(b"\n") > 100, what="more and more")
    terminal.signal(signal.SIGINT)
    assert terminal.wait(20) == 0 and "this is a terminal" not in terminal.text


def test_a_disk_is_not_filled(tool):
    with (tool.folder / "records").open("wb") as file:
        for arguments in ([], ["driven_data"], ["--as-of", NEW_YEAR]):
            process = tool.start("generate", *arguments, stdout=file)
            assert process.wait(20 * patience()) == 2
            assert b"stdout is a file, and records without end would fill its disk: give -n N" in process.stderr.read()
        assert tool.start("generate", "-n", "3", stdout=file).wait(20 * patience()) == 0
        process = tool.start("generate", "--rate", "max", stdout=file)
        wait_until(lambda: file.seek(0, 2) > 100_000, what="more and more")
        process.send_signal(signal.SIGINT)
        assert process.wait(20 * patience()) == 0


@pytest.mark.parametrize(("step", "last"), [(1, 2**63 - 1), (-1, -2**63)])
def test_a_sequence_ends_with_64_bits(tool, kafka, topic, step, last):
    """What came before it is there, and acknowledged."""
    start = last - step if step > 0 else -2**63 + 1
    (tool.folder / "s.yaml").write_text(f"id: n\nfields: {{n: {{provider: sequence, start: {start}, step: {step}}}}}\n")
    process = tool.start("generate", "--spec", "s.yaml")
    lines = process.stdout.read(1000)
    process.stdout.close()
    assert lines == b'{"n": %d}\n{"n": %d}\n' % (start, last) and process.wait(10 * patience()) == 1
    assert b'generate: the sequence "n" has come to the end of 64 bits with record 2: let it start' in process.stderr.read()
    assert tool.ok("generate", "--spec", "s.yaml", "-n", 2) == lines
    done = tool("generate", "-t", topic, "--spec", "s.yaml", "--rate", "max", "-q", "-J", "--ledger", "l", "--faults",
                "duplicate=100%", "-n", 9)
    assert done.returncode == 1 and json.loads(done.stdout)["acknowledged"] == sum(kafka.ends(topic).values()) == 4
    assert [line["unique_id"] for line in lines_of(tool.folder / "l")].count(last) == 2


def test_lines_into_produce_are_the_records(tool, kafka):
    topic = kafka.create_topic(partitions=1)
    lines = tool.ok("generate", "-n", 100, "--seed", 2, "--as-of", NEW_YEAR)
    tool.ok("produce", topic, stdin=lines)
    other = kafka.create_topic(partitions=1)
    generate(tool, other, "-n", 100, "--seed", 2, "--as-of", NEW_YEAR, "--no-sleep")
    assert [r[1] for r in kafka.records(topic)[0]] == [r[1] for r in kafka.records(other)[0]] == lines.splitlines()


def test_records_without_a_key_are_spread(tool, kafka, topic):
    """In bulk too, where batches wait until they are full."""
    tool.ok("generate", "-t", topic, "--rate", "max", "-n", 300_000, "-q")
    assert all(end > 40_000 for end in kafka.ends(topic).values()), kafka.ends(topic)


def test_config_prints_an_entry_that_makes_the_same_records(tool):
    """What stands in quotes is a text, there too."""
    (tool.folder / "weir.yaml").write_text('generate: {o: {fields: {a: {values: ["4", "5"]}, b: {values: [4, 5]}}}}\n')
    (tool.folder / "again.yaml").write_bytes(tool.ok("config"))
    options = ("--spec", "o", "--seed", 1, "-n", 10)
    made = tool.ok("generate", *options)
    assert b'"a": "4"' in made and b'"b": 4' in made
    assert tool.ok("generate", "-c", "again.yaml", *options) == made
