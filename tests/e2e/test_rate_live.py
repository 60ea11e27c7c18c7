"""weir rate --live of a topic: what arrives is seen within a second or two, nothing else is asked; outages; its screen."""
import json
import re
import signal
import time
from datetime import datetime, timezone

import pytest

from harness.clock import clear_of
from harness.paths import patience
from harness.records import Record
from harness.wait import wait_until


def add(kafka, topic: str, n: int, ago_s: float = 0, partition: int = 0) -> None:
    at = round((time.time() - ago_s) * 1000)
    kafka.produce(topic, [Record(b"{}", partition=partition, timestamp_ms=at)] * n)


def read_until(process, condition) -> dict:
    """The first -J line that fits."""
    found = {}

    def fits() -> bool:
        found.update(json.loads(process.stdout.readline()))
        return condition(found)

    wait_until(fits, 20)
    return found


def interrupt(process) -> str:
    """Ends it with Ctrl-C, which it must do at once and well; what it said."""
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10 * patience()) == 0 and time.monotonic() - begin < 1 * patience()
    return process.stderr.read().decode()


def test_new_records_show_in_the_last_slot(kafka, topic, tool):
    clear_of("day", 20)
    add(kafka, topic, 5, partition=1)
    process = tool.start("rate", topic, "--live", "-J", "--per", "day", "--last", "3d", "--timezone", "UTC")
    first = json.loads(process.stdout.readline())
    assert first["records"] == 5
    add(kafka, topic, 40)
    answer = read_until(process, lambda found: found["records"] >= 45)
    assert answer["records"] == 45 and answer["slots"][-1]["records"] == 45
    assert [part["records"] for part in answer["partitions"]] == [40, 5, 0]
    assert answer["counted_at"] > first["counted_at"]
    add(kafka, topic, 7, ago_s=86400)  # late ones are counted where they lie
    answer = read_until(process, lambda found: found["records"] >= 52)
    assert [slot["records"] for slot in answer["slots"]] == [0, 0, 0, 52]
    assert interrupt(process) == ""


def test_figures_from_an_empty_topic_on_are_those_of_a_single_call(kafka, topic, tool):
    """Time counts from the first record, not from where its hour begins."""
    asked = (topic, "--per", "hour", "--last", "20h", "--timezone", "UTC", "-J")
    process = tool.start("rate", *asked, "--live")
    assert json.loads(process.stdout.readline())["records"] == 0
    begin = time.time()
    add(kafka, topic, 100)
    live = read_until(process, lambda found: found["records"] == 100)
    once = json.loads(tool.ok("rate", *asked))
    assert 1000 <= live["measured_ms"] <= once["measured_ms"] <= 1000 * (time.time() - begin) + 1000
    for found in (live, once):
        assert found["per_day"] == pytest.approx(100 * 86_400_000 / found["measured_ms"])
        assert found["peak"] >= found["average"] and not found["peak_whole"]
    assert interrupt(process) == ""


def test_the_stretch_moves_on(kafka, topic, tool):
    process = tool.start("rate", topic, "--live", "-J", "--per", "second", "--last", "5s")
    first, lines = json.loads(process.stdout.readline()), 0

    def arrived(found: dict) -> bool:
        nonlocal lines
        if found["records"] == 0 and lines % 7 == 0:  # again, should the first have been under way for longer than it is long
            add(kafka, topic, 30)
        lines += 1
        return found["records"] == 30

    read_until(process, arrived)
    later = read_until(process, lambda found: found["records"] == 0)
    assert later["slots"][0]["from"] > first["slots"][-1]["from"] and len(later["slots"]) in (6, 7)
    assert interrupt(process) == ""


def test_a_stretch_that_grows_too_long_begins_later(kafka, topic, tool):
    add(kafka, topic, 3)
    process = tool.start("rate", topic, "--live", "-J", "--per", "second", "--from", "-197s")
    first = json.loads(process.stdout.readline())
    later = read_until(process, lambda found: found["slots"][0]["from"] > first["slots"][2]["from"])
    assert 190 < len(later["slots"]) < 200
    assert interrupt(process) == ""


def test_a_line_a_second_and_the_terminal(kafka, topic, tool):
    clear_of("hour", 30)
    process = tool.start("rate", topic, "--live", "--per", "hour", "--expect", "10000/d")
    line = process.stdout.readline().decode()
    assert re.match(r"\S+Z 0 in the hour from \d{4}-\d\d-\d\d \d\d:\d\d, 0 so far in this one, average 0/hour, 0/day at"
                    r" this rate, 10,000 expected: 10,000 under \(100%\)\n$", line), line
    terminal = tool.terminal("rate", topic, "--live", "--per", "hour", lines=16, TERM="xterm", LC_ALL="C.UTF-8")
    terminal.shows(" so far\n")
    add(kafka, topic, 90)
    terminal.shows("\x1b[J")
    wait_until(lambda: terminal.read(0.1) and re.search(r" 90  \u2588+( so far)?\n", terminal.text), 20)
    drawn = [len(part.splitlines()) for part in terminal.text.split("\x1b[J")]
    assert max(drawn) <= 16, "it stays on the screen"
    wait_until(lambda: re.search(rb"Z 0 in the hour from .*, 90 so far in this one, ", process.stdout.readline()), 20)
    assert interrupt(process) == ""
    terminal.signal(signal.SIGINT)
    assert terminal.wait() == 0
    narrow = tool.terminal("rate", topic, "--live", "--per", "hour", lines=12, columns=20, TERM="xterm", LC_ALL="C.UTF-8")
    narrow.shows("\x1b[J")
    frame, up = re.match(r"(?s)(.*?)\x1b\[(\d+)A\r\x1b\[J", narrow.text).groups()
    assert int(up) == sum(-(-max(len(line), 1) // 20) for line in frame.splitlines()), frame
    assert re.match(r"\d\d:\d\d:\d\d, every 1 s;\r?\n", frame), frame
    narrow.signal(signal.SIGINT)
    assert narrow.wait() == 0


def test_a_line_tells_of_the_second_that_is_over(kafka, topic, tool):
    """All of them, though the line comes while another is under way; and no two lines are of the same second."""
    process = tool.start("rate", topic, "--live", "--per", "second", "--timezone", "UTC")
    lines = [process.stdout.readline().decode()]
    at = round(time.time() + 3 * patience())  # it is there before its second is
    kafka.produce(topic, [Record(b"{}", timestamp_ms=at * 1000 + i) for i in range(50)])
    of_second = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")

    def tells() -> bool:
        lines.append(process.stdout.readline().decode())
        return re.search(rf"Z 50 in the second from {of_second}, \d+ so far in this one, average ", lines[-1])

    wait_until(tells, 10, "the second's line")
    stamps = [line.split()[0] for line in lines]
    assert len(set(stamps)) == len(stamps) and all(len(line) < 160 for line in lines), lines
    assert interrupt(process) == ""


def test_a_topic_that_grows_or_goes(kafka, topic, tool):
    """A day would pass until everything is asked again."""
    process = tool.start("rate", topic, "--live", "-J", "--per", "day", "--last", "3d", "--timezone", "UTC")
    process.stdout.readline()
    kafka.add_partitions(topic, 4)
    add(kafka, topic, 6, partition=3)
    answer = read_until(process, lambda found: found["records"] == 6)
    assert [part["records"] for part in answer["partitions"]] == [0, 0, 0, 6]
    kafka.delete_topic(topic)
    assert process.wait(20 * patience()) == 1
    assert process.stderr.read().decode().startswith(f'weir rate: what was counted is gone: there is no topic "{topic}"')


@pytest.mark.parametrize("arguments, message", [
    (["--exact"], "--live asks each second: leave out --exact"),
    (["--to", "2026-01-01"], "--live looks at now: leave out --to"),
    (["--per", "day", "--last", "400d"], "402 borders, one each day, are more than the 200 that are asked for: take a "
     "shorter stretch (--last 198d)"),
    (["--csv"], "--live is a line each second, or -J an object: leave out --csv"),
])
def test_what_does_not_go_with_it(tool, topic, arguments, message):
    assert tool.refused("rate", topic, "--live", *arguments).startswith(f"weir rate: {message}")


def test_a_topic_that_is_not_there(tool, kafka):
    assert 'no topic "nowhere_at_all"' in tool.refused("rate", "nowhere_at_all", "--live")


@pytest.mark.slow
def test_a_broker_that_is_away_is_told_once_and_waited_for(kafka, topic, tool):
    clear_of("day", 40)
    stays, leaves = (tool.start("rate", topic, "--live", "--per", "day") for _ in range(2))
    for process in (stays, leaves):
        process.stdout.readline()
    kafka.kill()
    try:
        for process in (stays, leaves):
            said = process.stderr.readline()
            assert kafka.address.encode() in said and b"it is asked again" in said
        assert interrupt(leaves) == "", "Ctrl-C ends it while none answers"
    finally:
        kafka.start()
    add(kafka, topic, 25)
    wait_until(lambda: re.search(rb" 25 so far in this one, ", stays.stdout.readline()), 40)
    assert interrupt(stays) == ""
