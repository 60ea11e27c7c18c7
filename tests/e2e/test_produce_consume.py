"""weir produce and weir consume beside Kafka's own console tools and kcat."""
import fcntl
import json
import os
import random
import re
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from harness.library import newer_library
from harness.listener import Listener, silent
from harness.paths import KAFKA_JARS, patience
from harness.records import Record
from harness.wait import in_time, wait_until

EVERYTHING = ("-o", "beginning", "-e")
NOW_ON = "what arrives from now on"


def console(main: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """One of Kafka's console tools."""
    return subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{KAFKA_JARS}/*",
                           f"org.apache.kafka.tools.{main}", *arguments],
                          input=stdin, capture_output=True, timeout=60 * patience(), check=True).stdout


# ---- The chapter's step ----

def test_hellow_goes_from_one_terminal_to_another(tool, topic):
    consumer = tool.terminal("consume", topic)
    consumer.shows(NOW_ON)
    producer = tool.terminal("produce", "-t", topic)
    producer.shows("> ")
    producer.type("Hellow\n")
    consumer.shows("Hellow\n")
    assert consumer.text.count("Hellow") == 1
    producer.type("and \x1b[31mred\n")
    consumer.shows("and \\x1B[31mred\n")
    producer.type("\x04")
    assert producer.wait() == 0
    assert "2 records to" in producer.text
    consumer.signal(signal.SIGINT)
    assert consumer.wait(2) == 0


def test_kafkas_console_tools_read_and_write_the_same(tool, kafka, topic):
    tool.ok("produce", topic, "-K:", "-H", "one=1", stdin="a:ș\nb:2\n")
    theirs = console("consumer.ConsoleConsumer", "--bootstrap-server", kafka.address, "--topic", topic, "--from-beginning",
                     "--max-messages", "2", "--timeout-ms", "30000", "--property", "print.key=true", "--property",
                     "print.headers=true")
    assert sorted(theirs.decode().splitlines()) == ["one:1\ta\tș", "one:1\tb\t2"]
    console("ConsoleProducer", "--bootstrap-server", kafka.address, "--topic", topic, "--property", "parse.key=true",
            "--property", "key.separator=:", stdin=b"a:theirs\n")
    assert b"a=theirs\n" in tool.ok("consume", topic, *EVERYTHING, "-K", "=")


def test_kcat_reads_and_writes_the_same(tool, kafka, topic):
    letters = r"%t|%p|%o|%k|%s|%T|%h|%S|%K|%R\n"
    subprocess.run(["kcat", "-P", "-b", kafka.address, "-t", topic, "-K:", "-H", "a=1", "-H", "b=x y"], input=b"k:v\nl:\n",
                   check=True)
    tool.ok("produce", topic, "-K:", "--null", "NULL", "-H", "c=", stdin="m:NULL\nn:1\n", WEIR_TOPIC="a pipeline's")
    theirs = subprocess.run(["kcat", "-C", "-b", kafka.address, "-t", topic, "-o", "beginning", "-e", "-q", "-f", letters],
                            check=True, capture_output=True).stdout
    ours = tool.ok("consume", topic, *EVERYTHING, "-f", letters, WEIR_TABLE="a.pipelines")
    assert len(ours.splitlines()) == 4
    assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


# ---- Nothing is changed on the way ----

def test_a_copy_by_envelopes_is_equal_byte_for_byte(tool, kafka):
    rng = random.Random(4)
    texts = [None, b"", b"plain", "ș😀".encode(), b"\xff\xfe", b"\x00", b'"\\\n\t\r\x1b', bytes(range(256)), b"x" * 200_000]
    names = ["a", "b", "a", "", "ș"]
    first, second = kafka.create_topic(), kafka.create_topic()
    kafka.produce(first, [Record(rng.choice(texts), rng.choice(texts),
                                 [(rng.choice(names), rng.choice(texts)) for _ in range(rng.randrange(4))],
                                 i % 3, 1_700_000_000_000 + i) for i in range(300)])
    lines = tool.ok("consume", first, *EVERYTHING, "-J")
    assert {tuple(json.loads(line)) [:6] for line in lines.splitlines()} >= {
        ("topic", "partition", "offset", "timestamp", "key", "value")}
    tool.ok("produce", second, "-J", "--keep-partition", stdin=lines)
    assert kafka.records(second) == kafka.records(first)


def test_lines_are_records_as_they_stand(tool, kafka):
    topic = kafka.create_topic(partitions=1)
    tool.ok("produce", topic, stdin=b"one\r\n\n\xff\x00 two\nlast")
    assert [value for _, value, _, _ in kafka.records(topic)[0]] == [b"one\r", b"", b"\xff\x00 two", b"last"]
    assert tool.ok("consume", topic, *EVERYTHING) == b"one\r\n\n\xff\x00 two\nlast\n"


def test_a_file_is_one_record(tool, kafka, tmp_path):
    topic = kafka.create_topic(partitions=1)
    (tmp_path / "a.json").write_bytes(b'{\n  "a": 1\n}\n')
    (tmp_path / "empty").write_bytes(b"")
    tool.ok("produce", topic, "a.json", "empty", "-H", "from=a file")
    assert [(value, headers) for _, value, headers, _ in kafka.records(topic)[0]] == [
        (b'{\n  "a": 1\n}\n', [("from", b"a file")]), (b"", [("from", b"a file")])]


def test_many_lines_arrive_in_order(tool, kafka):
    topic = kafka.create_topic(partitions=1)
    lines = b"".join(b"%d %s\n" % (i, b"x" * (i % 700)) for i in range(100_000))
    assert tool("produce", topic, stdin=lines).stderr == f"weir produce: 100000 records to {topic}\n".encode()
    assert tool.ok("consume", topic, *EVERYTHING) == lines


def test_from_a_file_what_fills_no_batch_goes_at_the_end(tool, kafka, tmp_path):
    """More partitions than full batches, and more lines than librdkafka holds: nothing may wait for the ten seconds that a
    batch is given to fill."""
    topic = kafka.create_topic(partitions=40)
    file = tmp_path / "lines"
    file.write_text("".join(f"{i}:{i}\n" for i in range(120_000)))

    def waits() -> bool:
        began, before = time.monotonic(), sum(kafka.ends(topic).values())
        with file.open("rb") as lines:
            assert tool.start("produce", topic, "-K:", stdin=lines).wait(60 * patience()) == 0
        took_s = time.monotonic() - began
        assert sum(kafka.ends(topic).values()) == before + 120_000
        return took_s > 9

    in_time(waits, False)


def test_the_newer_library_need_not_wait_for_its_id(tool, kafka, topic, tmp_path):
    """Left alone it has an idempotent producer's id a tenth of a second after its start, or half of one."""
    tool.env["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    file = tmp_path / "lines"
    file.write_text("Hellow\n")
    fastest_s = 9.0
    for _ in range(20):
        began = time.monotonic()
        with file.open("rb") as lines:
            assert tool.start("produce", topic, "-q", stdin=lines).wait(60 * patience()) == 0
        fastest_s = min(fastest_s, time.monotonic() - began)
        if fastest_s < 0.1 * patience():
            break
    assert fastest_s < 0.1 * patience()


def test_the_same_key_goes_to_the_same_partition(tool, kafka, topic):
    tool.ok("produce", topic, "-K:", stdin="".join(f"key {i % 7}:{i}\n" for i in range(70)))
    found = kafka.records(topic)
    keys = [{key for key, *_ in records} for records in found.values()]
    assert sum(map(len, keys)) == 7


# ---- What is read ----

@pytest.fixture
def numbers(kafka) -> str:
    """Ten records in a topic of one partition, a minute apart, the last at 2024-05-01T12:09."""
    topic = kafka.create_topic(partitions=1)
    began = 1_714_564_800_000  # 2024-05-01T12:00Z
    kafka.produce(topic, [Record(b"%d" % i, b"key %d" % (i % 2), timestamp_ms=began + 60_000 * i) for i in range(10)])
    return topic


@pytest.mark.parametrize(("options", "wanted"), [
    (EVERYTHING, "0123456789"),
    (("-e",), ""),
    (("-o", "end", "-e"), ""),
    (("-o", "start", "-e", "-n", "3"), "012"),
    (("-o", "beginning", "-n", "10"), "0123456789"),
    (("-o", "7", "-e"), "789"),
    (("-o", "-2", "-e"), "89"),
    (("-o", "-99", "-e"), "0123456789"),
    (("-o", "@2024-05-01T12:05", "-e"), "56789"),
    (("-o", "@2024-05-01T12:05:30", "-e"), "6789"),
    (("-o", "s@1714565220000", "-e"), "789"),
    (("-o", "beginning", "--to", "2024-05-01T12:03"), "012"),
    (("-o", "2", "--to", "@2024-05-01T12:03:30"), "23"),
    (("-o", "beginning", "--to", "-1d"), "0123456789"),
    (("-o", "beginning", "-e", "-p", "0", "--grep", "^[3-5]$"), "345"),
    (("-o", "beginning", "-e", "--grep", "key 1"), "13579"),
])
def test_where_it_begins_and_ends(tool, numbers, options, wanted):
    assert tool.ok("consume", numbers, *options) == b"".join(b"%c\n" % ord(c) for c in wanted)


def test_an_end_that_is_still_to_come(tool, kafka, numbers):
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 4 * patience()))
    process = tool.start("consume", numbers, "-o", "9", "--to", soon)
    kafka.produce(numbers, [b"now"])
    out, said = process.communicate(timeout=30 * patience())
    assert (process.returncode, out) == (0, b"9\nnow\n"), said


def test_several_topics(tool, kafka, numbers):
    other = kafka.create_topic()
    kafka.produce(other, [b"x"] * 5)
    out = tool.ok("consume", numbers, "-t", other, *EVERYTHING, "-f", r"%t\n").decode().split()
    assert (out.count(numbers), out.count(other)) == (10, 5)


def test_patterns(tool, kafka):
    names = [kafka.create_topic(f"{name}_{random.randrange(10**9)}") for name in ("pattern_a", "pattern_b", "other")]
    for name in names:
        kafka.produce(name, [name.encode()])
    out = tool.ok("consume", "^pattern_", names[0], *EVERYTHING).decode().split()
    assert sorted(out) == sorted(names[:2])
    assert "no topic matches" in tool.refused("consume", "^nothing_like_it$")
    assert b"__consumer_offsets" not in tool.ok("consume", "^", *EVERYTHING, "-f", r"%t\n")


def test_aborted_records_are_not_shown_and_open_ones_do_not_hold_it_up(tool, kafka, transactional_producer):
    topic = kafka.create_topic(partitions=1)
    producer = transactional_producer("consume")
    for value, end in (("stays", producer.commit), ("aborted", producer.abort), ("open", None)):
        producer.begin()
        producer.send(topic, 0, value)
        if end:
            end()
    assert tool.ok("consume", topic, *EVERYTHING) == b"stays\n"


def test_pretty(tool, kafka):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [b'{"a":[1,{}],"b":"{"}', b"no JSON", None])
    assert tool.ok("consume", topic, *EVERYTHING, "--pretty").decode() == """\
{
  "a": [
    1,
    {}
  ],
  "b": "{"
}
no JSON
null
"""
    assert json.loads(tool.ok("consume", topic, *EVERYTHING, "-n", "1", "-J", "--pretty"))["offset"] == 0


# ---- How they end ----

def waiting(pipe: int) -> int:
    """Bytes in it."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"1234"))[0]


def test_a_reader_that_has_gone_ends_it_quietly(tool, kafka, topic):
    kafka.produce(topic, [b"x" * 100] * 50_000)
    process = tool.start("consume", topic, *EVERYTHING)
    process.stdout.read(100)
    process.stdout.close()
    assert process.wait(10 * patience()) == 0
    assert process.stderr.read() == b""


def test_a_slow_reader_of_a_pipe_that_does_not_block(tool, kafka):
    """As behind programs that set O_NONBLOCK on what they share with weir: what does not fit yet is waited for, idly."""
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [b"%0*d" % (999, i) for i in range(500)])
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    process = tool.start("consume", topic, *EVERYTHING, stdout=write_end)

    def cpu_s() -> float:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    wait_until(lambda: waiting(read_end) > 60_000, what="a full pipe")
    before = cpu_s()
    time.sleep(1)
    assert cpu_s() - before < 0.5, "it asks again and again"
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        assert pipe.read() == b"".join(b"%0*d\n" % (999, i) for i in range(500))
    assert process.wait(10 * patience()) == 0


def test_a_signal_ends_it_though_nobody_reads(tool, topic, kafka):
    """A full pipe: what fits is whole, and one signal is enough."""
    kafka.produce(topic, [b"%099d" % i for i in range(5_000)])
    process = tool.start("consume", topic, "-o", "beginning")
    taken = process.stdout.read(100_000)
    pipe = process.stdout.fileno()
    wait_until(lambda: (filled := waiting(pipe)) > 30_000 and not time.sleep(0.3) and waiting(pipe) == filled,
               what="the pipe to be full again")
    process.send_signal(signal.SIGINT)
    assert process.wait(5 * patience()) == 0, process.stderr.read()
    taken += process.stdout.read()
    numbers = [int(line) for line in taken[:len(taken) - len(taken) % 100].split()]
    assert len(numbers) == len(set(numbers)) > 1_000 and len(taken) < 500_000
    # A reader that is only slow has all that was printed.
    process = tool.start("consume", topic, "-o", "beginning")
    process.stdout.read(100)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.stdout.read().endswith(b"\n") and process.wait(5 * patience()) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_under_a_second(tool, topic, number):
    consumer = tool.start("consume", topic)
    assert NOW_ON in consumer.stderr.readline().decode()
    producer = tool.start("produce", topic)
    producer.stdin.write(b"sent\nhalf a li")
    producer.stdin.flush()
    assert consumer.stdout.readline() == b"sent\n"
    for process in (producer, consumer):
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(10 * patience()) == 0
        assert time.monotonic() - began < 1 * patience()
    assert b"1 record to" in producer.stderr.read()
    assert consumer.stdout.read() == b""


def test_a_rate_is_kept(tool, topic):
    began = time.monotonic()
    tool.ok("produce", topic, "--rate", "10/s", stdin="x\n" * 21)
    assert 2 <= time.monotonic() - began < 2 + 5 * patience()


@pytest.mark.timeout(600)
def test_records_outlive_a_broker(tool, kafka, topic):
    """However long it takes a busy machine to bring the broker back: message.timeout.ms is what ends the wait."""
    producer = tool.start("produce", topic, "-X", "message.timeout.ms=240000")
    producer.stdin.write(b"before\n")
    producer.stdin.flush()
    wait_until(lambda: sum(kafka.ends(topic).values()) == 1, what="the first record to arrive")
    kafka.kill()
    producer.stdin.write(b"meanwhile\n")
    producer.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        producer.wait(1)
    kafka.start()
    out, said = producer.communicate(timeout=120 * patience())
    assert producer.returncode == 0, said
    assert sorted(tool.ok("consume", topic, *EVERYTHING).split()) == [b"before", b"meanwhile"]


# ---- Wrong input ----

CONSUME_WRONG = {
    "no topic": ([], "which topic?"),
    "unknown topic": (["TOPIC_"], r'there is no topic "\w+_" at .*; did you mean'),
    "a topic's name that cannot be": (["a/b"], '"a/b" cannot be a topic\'s name'),
    "unknown partition": (["TOPIC", "-p", "3"], "has no partition 3: its partitions are 0 to 2"),
    "a partition that is no number": (["TOPIC", "-p", "x"], '"x" is not a number'),
    "offset": (["TOPIC", "-o", "begining"], '"begining" is not an offset'),
    "offset outside": (["TOPIC", "-o", "5"], r"offset 5 is not in \w+ \[0\], which has 0 to 0"),
    "stored": (["TOPIC", "-o", "stored"], "stored offsets belong to a group"),
    "time": (["TOPIC", "--to", "noon"], '--to: "noon" is not a time'),
    "count": (["TOPIC", "-n", "0"], '"0" is not a number from 1'),
    "format": (["TOPIC", "-f", "%z"], '-f: "%z" at character 1 is not known'),
    "format and JSON": (["TOPIC", "-f", "%s", "-J"], "-f says all of the form"),
    "regular expression": (["TOPIC", "--grep", "("], "--grep: "),
    "option": (["TOPIC", "--formta", "x"], 'did you mean "?--format'),
    "a password": (["TOPIC", "-X", "sasl.password=x"], "others can read a password in an argument"),
    "a property": (["TOPIC", "-X", "fetch.wait.max=x"], 'has no property "fetch.wait.max"'),
}
PRODUCE_WRONG = {
    "no topic": ([], "which topic?"),
    "unknown topic": (["TOPIC_"], r'there is no topic "\w+_" at .*; did you mean'),
    "unknown partition": (["TOPIC", "-p", "3"], "has no partition 3"),
    "header": (["TOPIC", "-H", "a"], '-H: "a" is not NAME=VALUE'),
    "rate": (["TOPIC", "--rate", "10"], '--rate: "10" is not a rate'),
    "no rate": (["TOPIC", "--rate", "0/s"], "at no rate nothing is sent"),
    "empty delimiter": (["TOPIC", "-K", ""], "the delimiter is empty"),
    "partition kept from nowhere": (["TOPIC", "--keep-partition"], "--keep-partition goes with -J"),
    "two places for the key": (["TOPIC", "-J", "-K:"], "leave out -K"),
    "no such file": (["TOPIC", "missing.json"], "missing.json"),
    "a property": (["TOPIC", "-X", "linger=x"], 'has no property "linger"'),
}


@pytest.mark.parametrize(("arguments", "said"), CONSUME_WRONG.values(), ids=CONSUME_WRONG)
def test_wrong_usage_of_consume(tool, topic, arguments, said):
    line = tool.refused("consume", *(a.replace("TOPIC", topic) for a in arguments))
    assert re.search(said, line), line


@pytest.mark.parametrize(("arguments", "said"), PRODUCE_WRONG.values(), ids=PRODUCE_WRONG)
def test_wrong_usage_of_produce(tool, kafka, topic, arguments, said):
    line = tool.refused("produce", *(a.replace("TOPIC", topic) for a in arguments), stdin=b"a:b\n")
    assert re.search(said, line), line
    assert set(kafka.ends(topic).values()) == {0}


def test_no_broker_is_one_clear_line(tool):
    """Where nothing listens, and where someone does who says nothing."""
    began = time.monotonic()
    with Listener(silent) as mute:
        reasons = {"127.0.0.1:1": "answers: .*Connection refused", mute.address: "answered in 5000 ms"}
        verbs = ("consume t", "produce t", "generate -t t", "rate t", "rate t --live", "group seek g -o end")
        asked = [(address, tool.start(*verb.split(), "-b", address)) for address in reasons for verb in verbs]
        for address, process in asked:
            out, said = process.communicate(timeout=60 * patience())
            assert (process.returncode, out, said.count(b"\n")) == (1, b"", 1), said
            assert re.search(rf"no broker of {address} {reasons[address]} \(the brokers are from: -b\)\n", said.decode()), said
    assert time.monotonic() - began < 9 * patience()


def test_a_signal_ends_the_search_for_a_broker(tool):
    for process in [tool.start(verb, "-t", "t", "-b", "127.0.0.1:1", "-v") for verb in ("consume", "produce")]:
        while b"Connection refused" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(3 * patience()) == 1
        assert re.search(rb"stopped before a broker of 127.0.0.1:1 answered: .* \(the brokers are from: -b\)\n",
                         process.stderr.read())


@pytest.mark.parametrize(("options", "line", "said"), [
    (["-K:"], "no key", 'line 2: there is no ":" in it'),
    (["-J"], '{"value":1}', 'line 2: "value" is neither a string nor null'),
    (["-J"], '{"value":"v","timestamp":0}', "line 2: a timestamp of 0 (1970-01-01) cannot be sent"),
    (["-J"], "text", "line 2: a value that is not JSON"),
])
def test_a_bad_line_is_named_and_what_came_before_it_is_there(tool, kafka, topic, options, line, said):
    good = '{"value":"v"}' if "-J" in options else "k:v"
    error = tool.refused("produce", topic, *options, code=1, stdin=f"{good}\n{line}\n{good}\n".encode())
    assert f"1 records were sent before it: {said}" in error
    assert sum(kafka.ends(topic).values()) == 1


def test_a_record_that_is_too_large_is_named(tool, kafka):
    """The others of its batch are delivered."""
    topic = kafka.create_topic(partitions=1, max_message_bytes=2000)
    error = tool.refused("produce", topic, code=1, stdin=b"small\n" * 10 + b"x" * 2500 + b"\nsmall\n")
    assert "10 records were sent before it: line 11: the record is larger than topic" in error, error
    assert "raise its max.message.bytes" in error
    assert kafka.ends(topic) == {0: 10}


def test_a_record_may_be_as_large_as_the_topic_takes(tool, kafka):
    topic = kafka.create_topic(partitions=1, max_message_bytes=5_000_000)
    value = b"x" * 4_900_000
    tool.ok("produce", topic, stdin=value)
    assert tool.ok("consume", topic, *EVERYTHING) == value + b"\n"


def test_a_timeout_may_be_shorter_than_a_batch_waits(tool, kafka, tmp_path):
    topic = kafka.create_topic(partitions=1)
    file = tmp_path / "lines"
    file.write_text("one\ntwo\n")
    for name in ("message.timeout.ms", "topic.delivery.timeout.ms"):
        with file.open("rb") as lines:
            assert tool.start("produce", topic, "-X", f"{name}=5000", stdin=lines).wait(30 * patience()) == 0
    assert kafka.ends(topic) == {0: 4}


def test_without_a_group_none_is_asked_about(tool, kafka, topic):
    """Else a fresh cluster makes __consumer_offsets, and one with access lists may refuse."""
    kafka.produce(topic, [Record(b"one", partition=0)])
    done = tool("consume", topic, *EVERYTHING, "-v", "-X", "debug=protocol")
    assert done.stdout == b"one\n" and b"Sent FetchRequest" in done.stderr
    assert b"FindCoordinator" not in done.stderr


def test_no_topic_is_ever_made(tool, kafka):
    for verb in ("produce", "consume"):
        tool.refused(verb, "not_there_at_all", stdin=b"x\n")
    assert kafka.partitions("not_there_at_all") == []
