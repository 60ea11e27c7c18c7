"""weir rate beside a count by reading: at borders of hours and days, in time zones and across changes of clocks, with
records that are late, compacted, or in transactions."""
import csv
import json
import os
import random
import re
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from harness.clock import clear_of
from harness.kafka_proxy import LIST_OFFSETS, KafkaProxy
from harness.mock_cluster import MockCluster
from harness.paths import patience
from harness.records import Record
from harness.tool import Tool
from harness.wait import wait_until

HOUR_MS = 3_600_000


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def ms_of(text: str) -> int:
    """Of a time as weir prints it, which says how far it is from UTC."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, text
    return round(moment.timestamp() * 1000)


@pytest.fixture
def topic(kafka):
    """Makes topics that keep what is old."""
    def make(partitions: int = 1, **config) -> str:
        return kafka.create_topic(f"rate_{uuid.uuid4().hex[:12]}", partitions, **{"retention_ms": -1, **config})
    return make


def fill(kafka, topic: str, times: list[int], partition: int = 0, **fields) -> None:
    kafka.produce(topic, [Record(b"{}", partition=partition, timestamp_ms=at, **fields) for at in times])


def read_times(kafka, topic: str) -> dict[int, list[int]]:
    """Partition -> the timestamps of its records, read by another client."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.address, auto_offset_reset="earliest", enable_auto_commit=False,
                             isolation_level="read_committed")
    try:
        parts = [TopicPartition(topic, number) for number in kafka.partitions(topic)]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends = consumer.end_offsets(parts)
        times: dict[int, list[int]] = {part.partition: [] for part in parts}
        while any(consumer.position(part) < ends[part] for part in parts):
            for part, records in consumer.poll(timeout_ms=500).items():
                times[part.partition] += [record.timestamp for record in records]
        return times
    finally:
        consumer.close()


def rate(tool: Tool, *arguments, **env) -> dict:
    done = tool("rate", *arguments, "-J", stdin="", **env)
    assert done.returncode == 0 and done.stdout.count("\n") == 1, done
    return json.loads(done.stdout)


def full_units(zone: str, per: str, from_ms: int, to_ms: int) -> list[int]:
    """Where clocks of the zone show a full hour or midnight: found second by second where it matters, by Python."""
    place = ZoneInfo(zone)
    found = []
    for at in range(from_ms // 60_000 * 60, to_ms // 1000, 60):
        local = datetime.fromtimestamp(at, place)
        if local.minute == 0 and local.second == 0 and (per == "hour" or local.hour == 0):
            found.append(at * 1000)
    return found


# ---- counts ----

@pytest.fixture(scope="module")
def spring(kafka_server) -> tuple[str, dict[int, list[int]]]:
    """Three partitions, one of them empty, over the days in which Europe's and Australia's clocks change; records lie on
    borders and a millisecond before them, too."""
    name = kafka_server.create_topic(f"spring_{uuid.uuid4().hex[:8]}", 3, retention_ms=-1)
    draw = random.Random(5)
    begin, end = ms("2026-03-28"), ms("2026-04-06")
    for partition, per_hour in ((0, 20), (2, 3)):
        times = [draw.randrange(begin, end) for _ in range((end - begin) // HOUR_MS * per_hour)]
        times += [begin + i * HOUR_MS // 2 + shift for i in range((end - begin) // HOUR_MS * 2) for shift in (-1, 0)]
        fill(kafka_server, name, sorted(times), partition)
    return name, read_times(kafka_server, name)


@pytest.mark.parametrize("per, zone, begin, end", [
    ("hour", "UTC", "2026-03-28T22:00", "2026-03-30T03:00"),
    ("hour", "Europe/Bucharest", "2026-03-28T22:00", "2026-03-30T03:00"),
    ("hour", "Asia/Kolkata", "2026-03-28T22:00", "2026-03-30T03:00"),
    ("hour", "Australia/Lord_Howe", "2026-04-04T00:00", "2026-04-05T06:00"),
    ("day", "Europe/Bucharest", "2026-03-28T00:00", "2026-04-05T00:00"),
    ("day", "Australia/Sydney", "2026-03-28T00:00", "2026-04-06T00:00"),
])
def test_counts_are_those_of_a_reader(tool, spring, per, zone, begin, end):
    name, read = spring
    times = [at for part in read.values() for at in part]
    stretch = ms(begin), ms(end)
    borders = [stretch[0], *[at for at in full_units(zone, per, *stretch) if at > stretch[0]], stretch[1]]
    expected = [sum(first <= at < last for at in times) for first, last in zip(borders, borders[1:])]
    asked = (name, "--per", per, "--timezone", zone, "--from", f"{begin}Z", "--to", f"{end}Z")
    for counted in (rate(tool, *asked), rate(tool, *asked, "--exact")):
        assert [ms_of(slot["from"]) for slot in counted["slots"]] + [ms_of(counted["slots"][-1]["to"])] == borders
        assert [slot["records"] for slot in counted["slots"]] == expected
        assert {p["partition"]: p["records"] for p in counted["partitions"]} == {
            number: sum(stretch[0] <= at < stretch[1] for at in part) for number, part in read.items()}
        assert counted["timezone"] == zone and counted["per"] == per
        assert sum(expected) + counted["earlier"] + counted["later"] == len(times)
    assert counted["exact"] and not counted["transactional"] and not counted["compacted"]


def test_all_of_it_and_one_partition(tool, kafka, spring):
    name, read = spring
    everything = rate(tool, name, "--timezone", "UTC")
    assert everything["per"] == "day" and everything["earlier"] == everything["later"] == 0
    assert sum(slot["records"] for slot in everything["slots"]) == sum(map(len, read.values()))
    assert everything["disorder"] == {"looked": True, "borders": everything["disorder"]["borders"], "out_of_place": 0,
                                      "worst_ms": 0}
    assert everything["disorder"]["borders"] >= 9
    alone = rate(tool, "-t", name, "-p", "2", "--timezone", "UTC")
    assert alone["partitions"] == [{"partition": 2, "records": len(read[2])}]
    empty = rate(tool, name, "-p", "1", "--per", "day")
    assert [slot["records"] for slot in empty["slots"]] == [0] and not empty["slots"][0]["whole"]


def test_days_of_23_and_25_hours(tool, kafka, topic):
    """A record each ten minutes. A day's projection is of 24 hours."""
    name = topic()
    for begin, end in (("2025-10-24", "2025-10-28"), ("2026-03-27", "2026-03-31")):  # and one behind the last day
        fill(kafka, name, list(range(ms(begin, "Europe/Bucharest"), ms(end, "Europe/Bucharest") + 1, 600_000)))
    for end, days in (("2025-10-28", [144, 144, 150, 144]), ("2026-03-31", [144, 144, 138, 144])):
        begin = (datetime.fromisoformat(end) - timedelta(days=4)).date()
        counted = rate(tool, name, "--per", "day", "--from", begin, "--to", end, TZ="Europe/Bucharest")
        if end == "2025-10-28":  # the 26th has 25 hours
            days = [144, 144, 150, 144]
        assert [slot["records"] for slot in counted["slots"]] == days
        assert all(slot["whole"] for slot in counted["slots"]) and counted["per_day"] == 144
        assert counted["timezone"] == "Europe/Bucharest"


def test_the_time_zone_is_the_machines(tool, kafka, topic):
    name = topic()
    fill(kafka, name, [ms("2026-01-01T10:20"), ms("2026-01-01T10:40")])
    asked = (name, "--per", "hour")
    assert [slot["records"] for slot in rate(tool, *asked, TZ="UTC")["slots"]] == [2]
    kolkata = rate(tool, *asked, TZ=":Asia/Kolkata")
    assert [(slot["from"], slot["records"]) for slot in kolkata["slots"]] == [
        ("2026-01-01T15:00:00+05:30", 1), ("2026-01-01T16:00:00+05:30", 1)]
    assert rate(tool, *asked, "--timezone", "UTC", TZ="Asia/Kolkata")["timezone"] == "UTC"
    assert len(rate(tool, *asked, TZ="IST-5:30")["slots"]) == 2
    # Times without an offset are in it too.
    cut = rate(tool, *asked, "--from", "2026-01-01T16:00", "--to", "2026-01-01T17:00", TZ="Asia/Kolkata")
    assert [slot["records"] for slot in cut["slots"]] == [1] and cut["earlier"] == 1
    assert rate(tool, *asked, "--from", "2026-01-01T16:00Z", "--to", "2026-01-01T17:00+00:00",
                TZ="Asia/Kolkata")["earlier"] == 2


def test_now_average_peak_and_expectation(tool, kafka, topic):
    name = topic()
    clear_of("hour", 30)
    hour = int(time.time() * 1000) // HOUR_MS * HOUR_MS
    for ago, records in ((3, 100), (2, 400), (1, 250), (0, 7)):
        fill(kafka, name, [hour - ago * HOUR_MS] * records)
    fill(kafka, name, [hour + HOUR_MS] * 3)  # somebody's clock is ahead
    counted = rate(tool, name, "--per", "hour", "--last", "24h", "--expect", "10000/d", "--timezone", "UTC")
    assert [slot["records"] for slot in counted["slots"]][-5:] == [0, 100, 400, 250, 7]
    assert [slot["whole"] for slot in counted["slots"]][-5:] == [False, True, True, True, False]
    assert (counted["now"], counted["average"], counted["peak"]) == (250, 250, 400)
    assert ms_of(counted["peak_at"]) == hour - 2 * HOUR_MS
    assert (counted["per_day"], counted["expected_per_day"], counted["later"]) == (6000, 10000, 3)
    assert "3 more records are from later times" in tool("rate", name, "--last", "3h", "--timezone", "UTC", stdin="").stderr


# ---- what makes counts less than exact ----

def test_late_records_are_found_at_borders(tool, kafka, topic):
    """Three records come after their hour was over, one of them in a partition of its own; what is late within its hour
    does no harm."""
    name = topic(2)
    ten = ms("2026-01-01T10:00")
    fill(kafka, name, [ten, ten + 600_000, ten + 500_000, ten + HOUR_MS + 1, ten + HOUR_MS - 5000, ten + HOUR_MS - 60_000,
                       ten + HOUR_MS + 2], 0)
    fill(kafka, name, [ten + 1, ten + HOUR_MS + 7, ten + HOUR_MS - 250], 1)
    asked = (name, "--per", "hour", "--timezone", "UTC")
    quick = rate(tool, *asked)
    assert [slot["records"] for slot in quick["slots"]] == [4, 6]
    assert quick["disorder"]["looked"] and quick["disorder"]["out_of_place"] == 2
    assert quick["disorder"]["worst_ms"] == 60_000
    exact = rate(tool, *asked, "--exact")
    assert [slot["records"] for slot in exact["slots"]] == [7, 3] and not exact["disorder"]["looked"]
    # From eleven on, all of it: the late ones are read, and are not of that stretch.
    eleven = rate(tool, *asked, "--exact", "--from", "2026-01-01T11:00", "--to", "2026-01-01T12:00")
    assert [slot["records"] for slot in eleven["slots"]] == [3]
    table = tool("rate", *asked, stdin="")
    assert table.returncode == 0 and "2026-01-01" in table.stdout


def test_rows_are_all_that_was_read(tool, kafka, topic):
    """What is older than the topic's begin, and lies where only --exact finds it, has a row of its own; what is ahead of
    the clock too."""
    name = topic(message_timestamp_after_max_ms=2**63 - 1)
    ten = ms("2026-01-01T10:00")
    times = [ten + i * 10_000 for i in range(600)]
    times[300:300] = [ten - 5 * HOUR_MS, ten - 9 * HOUR_MS, ten - 7 * HOUR_MS]
    fill(kafka, name, [*times[:350], ms("2999-01-01"), *times[350:]], key=b"k")
    asked = (name, "--exact", "--per", "hour", "--timezone", "UTC")
    counted = rate(tool, *asked)
    assert [slot["records"] for slot in counted["slots"]] == [360, 240]
    assert (counted["records"], counted["earlier"], counted["later"]) == (600, 3, 1)
    assert "the oldest of the earlier ones is of 2026-01-01 01:00" in counted["remarks"]
    assert not any("oldest of" in remark for remark in rate(tool, *asked, "--from", "2026-01-01T10:00")["remarks"])
    shown = tool("rate", *asked, stdin="").stdout.splitlines()
    assert re.fullmatch(r"earlier +3( +-){4}  \S", shown[1]) and re.fullmatch(r"later +1( +-){4}  \S", shown[4])
    assert re.fullmatch(r"records +600, and 3 before these", shown[6])
    rows = list(csv.DictReader(tool.ok("rate", *asked, "--csv").decode().splitlines()))
    assert sum(int(row["records"]) for row in rows) == 604
    assert [(row["from"], row["to"], row["bytes"]) for row in (rows[0], rows[-1])] == [
        ("", "2026-01-01T10:00:00Z", ""), ("2026-01-01T12:00:00Z", "", "")]
    # A stretch that was chosen has no rows beside it.
    chosen = ("rate", *asked, "--from", "2026-01-01T11:00", "--to", "2026-01-01T11:10")
    assert len(tool.ok(*chosen, "--csv").splitlines()) == 2
    told = tool(*chosen, stdin="")
    assert re.search(r"(?m)^records  60, and 363 before these, 181 after$", told.stdout) and told.stderr == ""
    # And no bars where there is no room for them.
    terminal = tool.terminal("rate", *asked[:1], *asked[2:], columns=34, TERM="xterm", LC_ALL="C.UTF-8")
    assert terminal.wait() == 0 and max(map(len, terminal.text.splitlines()[:4])) <= 34
    assert "in part" in terminal.text and "\u2588" not in terminal.text


def test_rows_before_the_first_record_are_no_parts(tool, kafka, topic):
    name = topic()
    asked = ("--per", "hour", "--last", "5h", "--timezone", "UTC")
    shown = tool.ok("rate", name, *asked, "--expect", "10/h").decode()
    assert shown.count("in part") == 0, "an empty topic"
    assert re.search(r"(?m)^a day +0/day at this rate, 240 expected: 240 under \(100%\)$", shown), shown
    counted = rate(tool, name, *asked, "--expect", "10/h")
    assert (counted["now"], counted["average"], counted["per_day"], counted["over_expected"]) == (0, 0, 0, -240)
    assert counted["measured_ms"] >= 5 * HOUR_MS
    now = round(time.time() * 1000)
    fill(kafka, name, [now - 2 * HOUR_MS, now - 2 * HOUR_MS, now - 2 * HOUR_MS])
    shown = tool.ok("rate", name, *asked).decode()
    assert shown.count(" in part") == 1 == shown.count(" so far") and "the first record is of " in shown
    kafka.delete_records(name, {0: 1})
    assert "; older ones are deleted" in tool.ok("rate", name, *asked).decode()
    # What is to come is no part either; the stretch's own ends cut.
    shown = tool.ok("rate", name, "--per", "hour", "--from", "-30m", "--to", datetime.now().date() + timedelta(days=300),
                    "--timezone", "UTC", "--exact").decode()
    assert shown.count(" in part") <= 1 == shown.count(" so far")


def test_a_burst_that_is_over_fades(tool, kafka, topic):
    """Whatever its few seconds would make of an hour: the time counts until now."""
    name = topic()
    now = round(time.time() * 1000)
    begin = now // HOUR_MS * HOUR_MS - 3 * HOUR_MS + HOUR_MS // 2
    fill(kafka, name, [begin + i * 100 for i in range(100)])
    counted = rate(tool, name, "--per", "hour", "--timezone", "UTC")
    assert [slot["records"] for slot in counted["slots"]] == [100] and not counted["slots"][0]["whole"]
    assert counted["measured_ms"] == ms_of(counted["counted_at"]) - begin
    assert counted["average"] == pytest.approx(100 * HOUR_MS / counted["measured_ms"]) and counted["average"] <= 40
    assert (counted["now"], counted["peak"], counted["peak_whole"]) == (0, 100, False)
    shown = tool.ok("rate", name, "--per", "hour", "--timezone", "UTC").decode()
    assert re.search(r"(?m)^now +0/hour, nothing came for a whole hour$", shown), shown
    assert re.search(r"(?m)^peak +at least 100/hour at ", shown) and "nothing has come since" in shown


def test_records_without_a_timestamp(tool, kafka, topic):
    """A producer may say -1. They are older than anything, and told."""
    name = topic()
    producer = KafkaProducer(bootstrap_servers=kafka.address)
    for _ in range(3):
        producer.send(name, b"x", timestamp_ms=-1).get(20)
    amid = topic()
    fill(kafka, amid, [ms("2026-01-01")] * 250)
    producer.send(amid, b"x", timestamp_ms=-1).get(20)
    producer.close()
    fill(kafka, amid, [ms("2026-01-01")] * 250)
    counted = rate(tool, amid, "--exact")
    assert (counted["records"], counted["earlier"]) == (500, 1)
    assert any("without a timestamp (-1)" in remark for remark in counted["remarks"])
    for more in ((), ("--exact",)):
        counted = rate(tool, name, *more)
        assert (counted["records"], counted["earlier"]) == (0, 3)
        assert any("without a timestamp (-1)" in remark for remark in counted["remarks"])
    fill(kafka, name, [ms("2026-01-01")] * 2)
    for more in ((), ("--exact",)):
        counted = rate(tool, name, *more, "--per", "day", "--timezone", "UTC")
        assert ([slot["records"] for slot in counted["slots"]], counted["earlier"]) == ([2], 3)


def test_append_time_needs_no_look(tool, kafka, topic):
    name = topic(message_timestamp_type="LogAppendTime")
    begun = time.time() * 1000
    fill(kafka, name, [ms("2020-01-01")] * 50)
    counted = rate(tool, name, "--last", "1h")
    assert counted["append_time"] and not counted["disorder"]["looked"]
    assert sum(slot["records"] for slot in counted["slots"]) == 50
    assert ms_of(next(slot["to"] for slot in counted["slots"] if slot["records"])) > begun
    assert not rate(tool, topic())["append_time"]


def test_compacted_topics_are_named(tool, topic, kafka):
    name = topic(cleanup_policy="compact,delete")
    fill(kafka, name, [ms("2026-01-01")] * 3, key=b"k")
    counted = rate(tool, name)
    assert counted["compacted"] and not counted["transactional"]
    assert "the topic is compacted: offsets are counted" in tool("rate", name, "--csv", stdin="").stderr
    assert tool("rate", name, "--csv", "-q", stdin="").stderr == ""


def test_transactions_are_named(tool, kafka, topic, transactional_producer):
    """Their marks, and what they abort, have offsets: only reading tells the records."""
    name = topic(2)
    producer = transactional_producer("rate")
    for word in ("abort", "commit"):
        producer.begin()
        for i in range(5):
            producer.send(name, 0, f"{i}", "k")
        getattr(producer, word)()
    kafka.produce(name, [Record(b"x", partition=0)])
    asked = (name, "--last", "1h", "--per", "day", "--timezone", "UTC")
    quick, exact = rate(tool, *asked), rate(tool, *asked, "--exact")
    assert quick["transactional"] and exact["transactional"]
    assert sum(slot["records"] for slot in quick["slots"]) == 13
    assert sum(slot["records"] for slot in exact["slots"]) == 6 == sum(map(len, read_times(kafka, name).values()))
    # One in the midst, where no border is.
    other = topic()
    kafka.produce(other, [b"x"] * 300)
    producer.begin()
    producer.send(other, 0, "1", "k")
    producer.commit()
    kafka.produce(other, [b"x"] * 300)
    exact = rate(tool, other, "--last", "1h", "--per", "day", "--exact")
    assert exact["transactional"] and sum(slot["records"] for slot in exact["slots"]) == 601
    # What is aborted at the begin, or alone, is before nothing.
    aborted, long = topic(), topic()
    producer.begin()
    for i in range(250):
        producer.send(long, 0, f"{i}", "k")
    producer.abort()
    for rest in (0, 1):
        producer.begin()
        producer.send(aborted, 0, "1", "k")
        producer.abort()
        for counted in (rate(tool, aborted), rate(tool, aborted, "--exact")):
            assert counted["earlier"] == 0
            assert sum(slot["records"] for slot in counted["slots"]) == rest or not counted["exact"]
        time.sleep(1.01 - time.time() % 1)  # in another second
        kafka.produce(aborted, [b"x"])
        assert rate(tool, aborted)["earlier"] == 0
    kafka.produce(long, [b"x"])
    counted = rate(tool, long, "--exact")
    assert (counted["records"], counted["earlier"]) == (1, 0)
    # One that is open: nothing waits for it.
    producer.begin()
    producer.send(name, 1, "open", "k")
    opened = rate(tool, *asked, "-p", "1", "--exact")
    assert opened["transactional"] and sum(slot["records"] for slot in opened["slots"]) == 0
    assert rate(tool, *asked, "-p", "1")["transactional"]


# ---- all of it, read ----

def test_exact_counts_bytes_sizes_and_keys(tool, kafka, topic):
    name = topic(2)
    draw = random.Random(3)
    ten = ms("2026-01-01T10:00")
    records = []
    for i in range(4000):
        key = draw.choice([None, b"%d" % draw.randrange(300)]) if i else b""
        value = None if i % 100 == 0 else b"v" * draw.randrange(1000)
        records.append(Record(value, key=key, partition=i % 2, timestamp_ms=ten + (draw.randrange(2 * HOUR_MS) if i else 0)))
    kafka.produce(name, records)
    counted = rate(tool, name, "--exact", "--per", "hour", "--timezone", "UTC")
    for slot in counted["slots"]:
        mine = [r for r in records if ms_of(slot["from"]) <= r.timestamp_ms < ms_of(slot["to"])]
        sizes = [len(r.key or b"") + len(r.value or b"") for r in mine]
        assert (slot["records"], slot["bytes"], slot["smallest"], slot["largest"]) == (
            len(mine), sum(sizes), min(sizes), max(sizes))
        assert slot["distinct_keys"] == len({r.key for r in mine} - {None})
    assert counted["distinct_keys"] == len({r.key for r in records} - {None}) and not counted["keys_estimated"]
    assert len(counted["slots"]) == 2 and counted["earlier"] == counted["later"] == 0
    # More rows than there could be borders; hours in which nothing came have no sizes.
    seconds = rate(tool, name, "--exact", "--per", "second", "--from", "2026-01-01T09:59:58", "--to", "2026-01-01T10:30",
                   "--timezone", "UTC")["slots"]
    by_second = Counter(r.timestamp_ms // 1000 for r in records)
    assert len(seconds) == 1802 and [s["records"] for s in seconds] == [
        by_second[ms_of(s["from"]) // 1000] for s in seconds]
    assert (seconds[0]["bytes"], seconds[0]["smallest"], seconds[0]["distinct_keys"]) == (0, None, 0)


def test_progress_retention_and_ctrl_c(tool, kafka, topic):
    """Many small batches, fetched one by one through a slow proxy, take their time."""
    name = topic()
    ten = ms("2026-01-01T10:00")
    kafka.produce(name, [Record(b"x" * 100, timestamp_ms=ten + i // 5900 * 60_000) for i in range(6_000)],
                  batch_num_messages=1)
    asked = ("rate", name, "--exact", "-X", "fetch.message.max.bytes=100")
    with KafkaProxy(kafka.address) as proxy:
        proxy.slow_fetches(0.001)
        terminal = tool.terminal(*asked, "-b", proxy.address)
        terminal.shows("of 6000 records")
        terminal.signal(signal.SIGINT)
        terminal.shows("cancelled when")
        assert terminal.wait() == 1
        # Retention overtakes the reader, who goes on behind what is gone.
        terminal = tool.terminal(*asked, "--per", "minute", "-J", "-b", proxy.address)
        terminal.shows("of 6000 records")
        kafka.delete_records(name, {0: 5900})
        assert terminal.wait() == 0, terminal.text
    counted = json.loads(terminal.text[terminal.text.index("{"):])
    read, behind = (slot["records"] for slot in counted["slots"])
    assert 1000 < read < 5900 and behind == 100 and not counted["transactional"]


def test_a_signal_while_a_broker_says_nothing_of_what_retention_left(tool, kafka, topic):
    name = topic()
    kafka.produce(name, [Record(b"x" * 100) for _ in range(6_000)], batch_num_messages=1)
    with KafkaProxy(kafka.address) as proxy:
        terminal = tool.terminal("rate", name, "--exact", "-X", "fetch.message.max.bytes=100", "-b", proxy.address)
        terminal.shows("of 6000 records")
        proxy.ignore(LIST_OFFSETS)
        kafka.delete_records(name, {0: 5900})
        wait_until(lambda: proxy.ignored, 20, "it asks where the log begins by now")
        terminal.signal(signal.SIGINT)
        assert terminal.wait() == 1 and "weir rate: cancelled before the brokers had answered" in terminal.text


def test_retention_may_overtake(tool, kafka, topic):
    """Records go while they are asked about: no error, and all that is there is counted, never more."""
    name = topic()
    kafka.produce(name, [Record(b"x" * 50, timestamp_ms=ms("2026-01-01") + i) for i in range(40_000)],
                  batch_num_messages=50)
    stop = threading.Event()

    def delete() -> None:
        for before in range(400, 39_000, 400):
            if stop.wait(0.02):
                return
            kafka.delete_records(name, {0: before})

    deleter = threading.Thread(target=delete)
    deleter.start()
    try:
        most = 40_000
        while deleter.is_alive():
            told = rate(tool, name, "--timezone", "UTC")
            counted = sum(slot["records"] for slot in told["slots"])
            assert 1000 <= counted <= most and told["earlier"] == 0 and not told["transactional"]
            most = counted
    finally:
        stop.set()
        deleter.join()


# ---- what goes wrong ----

@pytest.mark.parametrize("arguments, says", [
    ((), "of which topic"),
    (("{t}", "{t}"), "one word too many"),
    (("{t}", "-t", "{t}"), "one word too many"),
    (("{t}x",), 'did you mean "{t}"?'),
    (("{t}", "-p", "1"), "has no partition 1: it has 0 to 0"),
    (("{t}", "-p", "x"), "-p"),
    (("{t}", "--per", "hours"), 'did you mean "hour"?'),
    (("{t}", "--per", "week"), "second, minute, hour or day"),
    (("{t}", "--timezone", "Europe/Bukarest"),
     'there is no time zone "Europe/Bukarest"; did you mean "Europe/Bucharest"?'),
    (("{t}", "--timezone", "buenos_aires"), 'did you mean "America/Argentina/Buenos_Aires"?'),
    (("{t}", "--timezone", "+25:00"), '"+25:00" is no offset from UTC: write +02, +0530 or -05:30'),
    (("{t}", "--timezone", "GMT+2"), "+02:00 is ahead of UTC (in names such as Etc/GMT-2 the sign is the other way round)"),
    (("{t}", "--timezone", "Nowhere/At_All"), 'package tzdata has them'),
    (("{t}", "--timezone", "../../etc/passwd"), "there is no time zone"),
    (("{t}", "--last", "24"), '--last: "24" is not a duration'),
    (("{t}", "--last", "0"), "--last"),
    (("{t}", "--last", "1h", "--from", "-1h"), "--last goes with neither"),
    (("{t}", "--from", "yesterday"), '--from: "yesterday" is not a time'),
    (("{t}", "--from", "-1x"), "--from"),
    (("{t}", "--from", "2026-13-01"), "--from"),
    (("{t}", "--from", "-1h", "--to", "-2h"), "name an earlier begin or a later end"),
    (("{t}", "--from", "2026-01-02", "--to", "2026-01-01T12:00", "--timezone", "UTC"),
     "--from (2026-01-02T00:00:00) is not before --to (2026-01-01T12:00:00)"),
    (("{t}", "--from", "2999-01-01"), "name an earlier time, or --to too for what is ahead of the clock"),
    (("{t}", "--to", "2025-12-31", "--timezone", "Europe/Bucharest"),
     "--to (2025-12-31T00:00:00) is not behind the first that is there, of 2026-01-01T12:20:00: name a later time"),
    (("{t}", "--expect", "10000"), '--expect: "10000" is not a rate'),
    (("{t}", "--expect", "-5/d"), "--expect"),
    (("{t}", "--expect", "0/d"), "--expect"),
    (("{t}", "--per", "minute", "--last", "1d"), "coarser unit (--per hour), --exact"),
    (("{t}", "--per", "second", "--last", "200s"), "200 that are asked for"),
    (("{t}", "--exact", "--per", "second", "--last", "1d"), "10000 that are counted"),
    (("{t}", "-J", "--csv"), "leave one out"),
    (("{t}", "--pre", "hour"), "did you mean --per?"),
])
def test_wrong_usage(tool, topic_of_one, arguments, says):
    assert says.format(t=topic_of_one) in tool.refused("rate", *[word.format(t=topic_of_one) for word in arguments])


@pytest.fixture(scope="module")
def topic_of_one(kafka_server) -> str:
    name = kafka_server.create_topic(f"rate_one_{uuid.uuid4().hex[:8]}", 1, retention_ms=-1)
    fill(kafka_server, name, [ms("2026-01-01T10:20")])
    return name


def test_199_slots_are_still_asked_for(tool, topic_of_one):
    counted = rate(tool, topic_of_one, "--per", "minute", "--from", "2026-01-01T10:00Z", "--to", "2026-01-01T13:19Z")
    assert len(counted["slots"]) == 199 and sum(slot["records"] for slot in counted["slots"]) == 1


def test_wrong_tz_variable(tool, topic_of_one):
    assert "the variable TZ" in tool.refused("rate", topic_of_one, TZ="Europe/Bukarest")


@pytest.mark.parametrize("arguments, code, says", [
    (("t", "-b", "{silent}"), 1, "weir rate: cancelled before the brokers had answered\n"),
    (("t", "-b", "{silent}", "--live"), 0, ""),
    (("--table", "t", "--column", "c", "--database", "host=127.0.0.1 port={port} dbname=d user=u"), 1,
     "weir rate: cancelled before the database had answered\n"),
])
def test_ctrl_c_before_anything_has_answered(tool, arguments, code, says):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        process = tool.start("rate", *[word.format(silent=f"127.0.0.1:{port}", port=port) for word in arguments])
        silent.settimeout(10 * patience())
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            assert process.wait(2 * patience()) == code
            assert process.stdout.read() == b"" and process.stderr.read().decode() == says


def test_closed_pipe(tool, topic_of_one):
    process = tool.start("rate", topic_of_one, "-J")
    process.stdout.close()
    process.stdout = None
    assert process.wait(30 * patience()) == 0 and process.stderr.read() == b""
    process = tool.start("rate", topic_of_one, stdout=None, preexec_fn=lambda: os.close(1))
    assert process.wait(30 * patience()) == 1 and process.stderr.read() == b"weir rate: stdout: it is closed\n"


def test_without_a_right(guarded_kafka, tmp_path):
    """To read: nothing can be told. To read configs: the counts, and what they cannot tell."""
    tool = Tool(tmp_path, guarded_kafka.address)
    name = guarded_kafka.create_topic(f"rate_{uuid.uuid4().hex[:8]}", 1, retention_ms=-1)
    fill(guarded_kafka, name, [ms("2026-01-01T10:20")] * 3)
    guarded_kafka.deny(name, AclOperation.DESCRIBE_CONFIGS)
    done = tool("rate", name, "-J", stdin="")
    assert done.returncode == 0 and sum(slot["records"] for slot in json.loads(done.stdout)["slots"]) == 3
    assert done.stderr.count("\n") == 1 and "whether the topic is compacted is not known" in done.stderr
    guarded_kafka.deny(name, AclOperation.READ)
    assert name in tool.refused("rate", name, "-q", code=1)
    guarded_kafka.deny(name, AclOperation.DESCRIBE)
    assert "authorization failed" in tool.refused("rate", name, "-q", code=1)


def test_generated_history(tool, topic):
    """What weir generate simulates, weir rate shows."""
    name = topic(3)
    tool.ok("generate", "-t", name, "--as-of", "2026-01-01T00:00:00Z", "--no-sleep", "--rate", "1200/h", "-n", "6000")
    counted = rate(tool, name, "--timezone", "UTC", "--expect", "10000/d")
    assert counted["per"] == "hour" and [slot["records"] for slot in counted["slots"]] == [1200] * 5
    assert counted["per_day"] == 28_800 and counted["now"] == counted["average"] == counted["peak"] == 1200


def test_partitions_without_a_leader(tmp_path):
    """They are told and not counted: exit code 1, with what could be counted."""
    cluster = MockCluster()
    try:
        tool = Tool(tmp_path, cluster.address)
        cluster.create_topic("halves", 2)
        producer = Producer({"bootstrap.servers": cluster.address})
        for i in range(20):
            producer.produce("halves", b"x", partition=i % 2)
        producer.flush(20)
        cluster.set_leader("halves", 1, -1)
        done = tool("rate", "halves", "--last", "1h", "--exact", "-J", stdin="")
        assert done.returncode == 1 and "1 of 2 partitions has no leader" in done.stderr, done
        parts = {p["partition"]: p["records"] for p in json.loads(done.stdout)["partitions"]}
        assert parts[1] is None and parts[0] is not None
    finally:
        cluster.close()
