"""weir consume -g: a member of a consumer group beside other members, with what it commits seen by another client."""
import json
import re
import signal
import subprocess
import time
import uuid

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from harness.library import newer_library
from harness.mock_cluster import MockCluster
from harness.paths import KAFKA_JARS, patience, sanitized
from harness.records import Record
from harness.tool import Tool
from harness.wait import wait_until

# The library uses C11 threads, which the thread sanitizer knows of the built one only.
LIBRARIES = ["debian"] if sanitized() else ["debian", "wheel"]
QUICK = ("-X", "heartbeat.interval.ms=300")  # to hear soon of other members
SHORT_SESSION = ("-X", "session.timeout.ms=6000", *QUICK)
WHERE = "no committed offset in"


@pytest.fixture
def group() -> str:
    return f"group_{uuid.uuid4().hex[:8]}"


@pytest.fixture(params=LIBRARIES)
def both(tool, request, tmp_path) -> Tool:
    """The tool with each of the libraries."""
    if request.param == "wheel":
        tool.env["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    return tool


class Reader:
    """A weir consume -g whose output goes to a file."""

    def __init__(self, tool: Tool, *arguments):
        self.file = tool.folder / f"{uuid.uuid4().hex}.out"
        self.said = self.file.with_suffix(".err")
        with self.file.open("wb") as out, self.said.open("wb") as err:
            self.process = tool.start("consume", *arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    @property
    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def has(self, n: int) -> None:
        wait_until(lambda: len(self.lines) >= n, what=f"{n} lines of {self.said.read_text()}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(15 * patience()) == 0, self.said.read_text()


def send(kafka, topic: str, numbers: range, partitions: int = 3) -> list[str]:
    """Records that say which they are, in turn over the partitions."""
    kafka.produce(topic, [Record(b"%d" % i, partition=i % partitions) for i in numbers])
    return [str(i) for i in numbers]


def committed(kafka, group: str, topic: str) -> int:
    return sum(kafka.committed(group, topic).values())


# ---- It goes on where the group was ----

def test_the_next_run_goes_on_after_the_last(both, kafka, topic, group):
    sent = send(kafka, topic, range(90))
    first = both.ok("consume", topic, "-g", group, "-n", "7", "-o", "beginning").decode().split()
    assert len(first) == 7 and committed(kafka, group, topic) == 7
    rest = both.ok("consume", topic, "--group", group, "-e", "-o", "stored").decode().split()
    assert sorted(first + rest, key=int) == sent
    assert kafka.committed(group, topic) == kafka.ends(topic)
    assert both.ok("consume", topic, "-g", group, "-e", "-o", "beginning") == b"", "-o is for what has no offset"


def test_a_place_that_is_not_there_makes_no_group(tool, kafka, topic, group):
    send(kafka, topic, range(9))
    assert f"offset 55 is not in {topic} [0]" in tool.refused("consume", topic, "-g", group, "-o", "55", "-e")
    listed = kafka.admin.list_consumer_groups().result(30)
    assert group not in [one.group_id for one in listed.valid]
    tool.ok("consume", topic, "-g", group, "-o", "1", "-e")
    assert tool.ok("consume", topic, "-g", group, "-o", "55", "-e") == b"", "-o is for what has no offset"


def test_from_now_on_is_from_the_first_run_on(tool, kafka, topic, group):
    send(kafka, topic, range(9))
    first = tool("consume", topic, "-g", group, "-e")
    assert first.stdout == b"" and first.stderr.count(WHERE.encode()) == 1
    sent = send(kafka, topic, range(9, 15))
    assert sorted(tool.ok("consume", topic, "-g", group, "-e").decode().split(), key=int) == sent


def test_a_signal_commits_what_was_printed(both, kafka, topic, group):
    sent = send(kafka, topic, range(30))
    reader = Reader(both, topic, "-g", group, "-o", "beginning")
    reader.has(30)
    wait_until(lambda: committed(kafka, group, topic) == 30, 5, "a commit while it runs", every_s=0.2)
    sent += send(kafka, topic, range(30, 60))
    reader.has(60)
    reader.stop()
    assert committed(kafka, group, topic) == 60
    sent += send(kafka, topic, range(60, 70))
    rest = both.ok("consume", topic, "-g", group, "-e").decode().split()
    assert sorted(reader.lines + rest, key=int) == sent


@pytest.mark.slow
def test_kill_9_loses_nothing(tool, kafka, topic, group):
    sent = send(kafka, topic, range(30))
    reader = Reader(tool, topic, "-g", group, "-o", "beginning", *SHORT_SESSION)
    reader.has(30)
    wait_until(lambda: committed(kafka, group, topic) == 30, 5, "a commit while it runs", every_s=0.2)
    sent += send(kafka, topic, range(30, 60))
    reader.has(31)
    reader.process.kill()
    reader.process.wait()
    sent += send(kafka, topic, range(60, 70))
    next_run = tool("consume", topic, "-g", group, "-e", *SHORT_SESSION)
    rest = next_run.stdout.decode().split()
    assert set(reader.lines) | set(rest) == set(sent)
    assert not set(sent[:30]) & set(rest), "what was committed is not printed again"
    assert b"waiting for the group" in next_run.stderr


def test_topics_patterns_and_filters(tool, kafka, group):
    names = [kafka.create_topic(f"in_group_{group}_{i}", 2) for i in range(2)]
    for name in names:
        kafka.produce(name, [Record(b"%d" % i, partition=i % 2) for i in range(10)])
    out = tool.ok("consume", names[0], f"^in_group_{group}", "-g", group, "-e", "-o", "beginning", "--grep", "[37]",
                  "-f", r"%t %s\n").decode().split("\n")
    assert sorted(out) == sorted(["", *(f"{name} {i}" for name in names for i in (3, 7))])
    for name in names:  # what --grep leaves out is done with too
        assert kafka.committed(group, name) == kafka.ends(name) == {0: 5, 1: 5}


def test_an_end_by_time(tool, kafka, group):
    topic = kafka.create_topic(partitions=1)
    began = 1_714_564_800_000  # 2024-05-01T12:00Z
    kafka.produce(topic, [Record(b"%d" % i, timestamp_ms=began + 60_000 * i) for i in range(10)])
    assert tool.ok("consume", topic, "-g", group, "-o", "@2024-05-01T12:02", "--to", "2024-05-01T12:05") == b"2\n3\n4\n"
    assert kafka.committed(group, topic) == {0: 5}
    assert tool.ok("consume", topic, "-g", group, "-e") == b"5\n6\n7\n8\n9\n"


def test_aborted_records_are_passed_over(tool, kafka, group, transactional_producer):
    topic = kafka.create_topic(partitions=1)
    producer = transactional_producer(group)
    for value, end in (("stays", producer.commit), ("aborted", producer.abort)):
        producer.begin()
        producer.send(topic, 0, value)
        end()
    assert tool.ok("consume", topic, "-g", group, "-e", "-o", "beginning") == b"stays\n"
    assert kafka.committed(group, topic) == kafka.ends(topic) == {0: 4}


# ---- A pipe that closes ----

def test_a_closed_pipe_commits_what_was_written_and_no_more(tool, kafka, group):
    topic = kafka.create_topic(partitions=1)
    size = 100
    kafka.produce(topic, [b"%0*d" % (size - 1, i) for i in range(20_000)])
    process = tool.start("consume", topic, "-g", group, "-o", "beginning")
    taken = process.stdout.read(900_000)
    process.stdout.close()
    assert process.wait(30 * patience()) == 0
    assert process.stderr.read() == b""
    offset = kafka.committed(group, topic)[0]
    pipe = 65_536
    assert len(taken) - 3 * pipe < offset * size <= len(taken) + pipe
    rest = tool.ok("consume", topic, "-g", group, "-e").split()
    assert int(rest[0]) == offset and len(rest) == 20_000 - offset


def test_a_full_disk_commits_what_was_written_and_no_more(tool, kafka, topic, group):
    send(kafka, topic, range(30))
    with open("/dev/full", "wb") as full:
        process = tool.start("consume", topic, "-g", group, "-o", "beginning", "-e", stdout=full)
        assert process.wait(30 * patience()) == 1
    assert b"stdout: No space left on device" in process.stderr.read()
    assert committed(kafka, group, topic) == 0


def test_a_reader_that_waits_longer_than_the_group_does(tool, kafka, group):
    """The library leaves a group whose member asks for nothing for max.poll.interval.ms."""
    topic = kafka.create_topic(partitions=1)
    size = 100
    kafka.produce(topic, [b"%0*d" % (size - 1, i) for i in range(5_000)])
    process = tool.start("consume", topic, "-g", group, "-o", "beginning", "-X", "session.timeout.ms=6000",
                         "-X", "max.poll.interval.ms=6000", "-X", "heartbeat.interval.ms=300")
    taken = process.stdout.read(100_000)
    wait_until(lambda: kafka.committed(group, topic).get(0, 0) > 0, 15, "a commit before the wait", every_s=0.2)
    time.sleep(8)
    taken += process.stdout.read(200_000)
    wait_until(lambda: kafka.committed(group, topic).get(0, 0) * size >= 200_000, 15, "a commit after the wait",
               every_s=0.2)
    time.sleep(0.5)  # the pipe is full again
    process.send_signal(signal.SIGINT)
    assert process.wait(3 * patience()) == 0, process.stderr.read()
    taken += process.stdout.read()
    assert process.stderr.read() == b""
    lines = taken[:len(taken) - len(taken) % size].split()
    assert [int(line) for line in lines] == list(range(len(lines))), "nothing twice, nothing left out"
    offset = kafka.committed(group, topic)[0]
    assert len(lines) - 3 * 65_536 // size < offset <= len(lines)
    assert int(tool.ok("consume", topic, "-g", group, "-n", "1").split()[0]) == offset


# ---- With other members ----

def assigned(kafka, group: str) -> list[int]:
    """How many partitions each member has."""
    described = kafka.admin.describe_consumer_groups([group])[group].result(30)
    return sorted(len(member.assignment.topic_partitions) for member in described.members)


def test_two_share_and_nothing_is_lost_or_doubled(both, kafka, group):
    topic = kafka.create_topic(partitions=4)
    first = Reader(both, topic, "-g", group, "-o", "beginning", *QUICK)
    sent = send(kafka, topic, range(1000), 4)
    first.has(1)
    second = Reader(both, topic, "-g", group, "-o", "beginning", *QUICK)
    for i in range(10):  # while the group is just being shared out anew
        sent += send(kafka, topic, range(1000 + 50 * i, 1050 + 50 * i), 4)
        time.sleep(0.1)
    wait_until(lambda: assigned(kafka, group) == [2, 2], what="two members with two partitions each", every_s=0.2)
    sent += send(kafka, topic, range(1500, 2000), 4)
    wait_until(lambda: len(first.lines) + len(second.lines) >= 2000, what="2000 lines")
    assert second.lines and sorted(first.lines + second.lines, key=int) == sent
    first.stop()
    wait_until(lambda: assigned(kafka, group) == [4], what="the other has all", every_s=0.2)
    sent += send(kafka, topic, range(2000, 2100), 4)
    wait_until(lambda: len(first.lines) + len(second.lines) >= 2100, what="2100 lines")
    second.stop()
    assert sorted(first.lines + second.lines, key=int) == sent
    assert kafka.committed(group, topic) == kafka.ends(topic)


@pytest.mark.slow
def test_beside_kafkas_console_consumer(tool, kafka, topic, group):
    sent = send(kafka, topic, range(30))
    ours = Reader(tool, topic, "-g", group, "-o", "beginning", *QUICK)
    ours.has(30)
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{KAFKA_JARS}/*",
               "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "org.apache.kafka.tools.consumer.ConsoleConsumer",
               "--bootstrap-server", kafka.address, "--topic", topic, "--group", group]
    theirs_file = tool.folder / "theirs"
    with theirs_file.open("wb") as out, subprocess.Popen(command, stdout=out) as theirs:
        wait_until(lambda: assigned(kafka, group) == [1, 2], what="both have partitions", every_s=0.2)
        sent += send(kafka, topic, range(30, 90))
        wait_until(lambda: len(ours.lines) + len(theirs_file.read_text().split()) >= 90, what="90 lines")
        theirs.terminate()
        theirs.wait(30)
    assert len(ours.lines) > 30 and theirs_file.read_text().split()
    sent += send(kafka, topic, range(90, 120))
    wait_until(lambda: len(ours.lines) + len(theirs_file.read_text().split()) >= 120, what="120 lines")
    ours.stop()
    assert sorted(ours.lines + theirs_file.read_text().split(), key=int) == sent
    assert kafka.committed(group, topic) == kafka.ends(topic)


def test_the_end_is_that_of_our_own_partitions(tool, kafka, group):
    topic = kafka.create_topic(partitions=2)
    send(kafka, topic, range(20), 2)
    other = Consumer({"bootstrap.servers": kafka.address, "group.id": group, "log_level": 2,
                      "partition.assignment.strategy": "range", "heartbeat.interval.ms": 300})
    other.subscribe([topic])
    wait_until(lambda: other.poll(0.1) or other.assignment(), what="the other's partitions")
    reader = Reader(tool, topic, "-g", group, "-e", "-o", "beginning")
    wait_until(lambda: other.poll(0.1) or reader.process.poll() is not None, what="its end")
    assert reader.process.returncode == 0 and len(reader.lines) == 10
    # Of two members and one partition, one member has none, be it ours: nothing to wait for.
    one = kafka.create_topic(partitions=1)
    other.unsubscribe()
    other.subscribe([one])
    wait_until(lambda: other.poll(0.1) or len(other.assignment()) == 1, what="the other's partition")
    reader = Reader(tool, one, "-g", group, "-e", *QUICK)
    wait_until(lambda: other.poll(0.1) or reader.process.poll() is not None, what="its end")
    assert reader.process.returncode == 0
    assert "have all partitions" in reader.said.read_text() or WHERE in reader.said.read_text()
    other.close()


def test_a_partition_made_meanwhile_is_read_from_its_beginning(tool, kafka, group):
    topic = kafka.create_topic(partitions=1)
    reader = Reader(tool, topic, "-g", group, "-X", "topic.metadata.refresh.interval.ms=1000")
    wait_until(lambda: committed(kafka, group, topic) == 0 and kafka.committed(group, topic) == {0: 0},
               what="its place", every_s=0.2)
    reader.process.send_signal(signal.SIGSTOP)  # so that the record is there before it hears of the partition
    kafka.add_partitions(topic, 2)
    kafka.produce(topic, [Record(b"new", partition=1)])
    reader.process.send_signal(signal.SIGCONT)
    reader.has(1)
    reader.stop()
    assert kafka.committed(group, topic) == {0: 0, 1: 1}


@pytest.mark.slow
def test_it_outlives_the_broker(tool, kafka, topic, group):
    sent = send(kafka, topic, range(30))
    reader = Reader(tool, topic, "-g", group, "-o", "beginning", *SHORT_SESSION)
    reader.has(30)
    wait_until(lambda: committed(kafka, group, topic) == 30, 5, "a commit while it runs", every_s=0.2)
    kafka.kill()
    time.sleep(1)
    kafka.start()
    # The broker has not read its groups yet, and lists none of them without a word.
    described = json.loads(tool.ok("group", "describe", group, "-J", "-q"))
    assert [p["committed"] for p in described["partitions"]] == [10, 10, 10]
    sent += send(kafka, topic, range(30, 60))
    reader.has(60)
    wait_until(lambda: committed(kafka, group, topic) == 60, 60, "a commit after the outage", every_s=0.5)
    reader.stop()
    assert set(reader.lines) == set(sent)


@pytest.mark.slow
def test_a_partition_without_a_leader_waits_alone(tool, group):
    cluster = MockCluster()
    try:
        cluster.create_topic("t", 3)
        producer = Producer({"bootstrap.servers": cluster.address})
        for i in range(30):
            producer.produce("t", b"%d" % i, partition=i % 3)
        assert producer.flush(20) == 0
        for partition in (0, 2):
            cluster.set_leader("t", partition, -1)
        reader = Reader(tool, "t", "-g", group, "-o", "beginning", "-b", cluster.address)
        reader.has(10)
        assert {int(line) % 3 for line in reader.lines} == {1}
        for i in (31, 34):
            producer.produce("t", b"%d" % i, partition=1)
        assert producer.flush(20) == 0
        reader.has(12)
        for partition in (2, 0):
            cluster.set_leader("t", partition, 1)
            reader.has(len(reader.lines) + 10)
        reader.stop()
        assert sorted(map(int, reader.lines)) == [*range(30), 31, 34], "each once"
        assert "a partition is not read until it is known where to begin in it" in reader.said.read_text()
        asking = Consumer({"bootstrap.servers": cluster.address, "group.id": group})
        places = asking.committed([TopicPartition("t", partition) for partition in range(3)], timeout=20)
        assert [place.offset for place in places] == [10, 12, 10]
        asking.close()
    finally:
        cluster.close()


# ---- Wrong input ----

def test_a_committed_offset_that_is_not_in_the_log(tool, kafka, topic, group):
    send(kafka, topic, range(30))
    tool.ok("consume", topic, "-g", group, "-n", "3", "-o", "beginning")
    kafka.delete_records(topic, {0: 8, 1: 8, 2: 8})
    line = tool.refused("consume", topic, "-g", group, "-e", code=1)
    assert re.search(rf'offset \d is not in the log .* weir group seek {group} -t {topic}:\d -o beginning', line)
    assert committed(kafka, group, topic) == 3


WRONG = {
    "a partition": (["TOPIC", "-g", "GROUP", "-p", "1"], "-p: the group GROUP says who reads which partition"),
    "no name": (["TOPIC", "-g", ""], "-g: a group's name is empty"),
    "a pipeline's group": (["TOPIC", "-g", "weir.a-to-b.c.0123456789ab"], "is the weir pipeline a-to-b.c, and who"),
    "one of weir.yaml": (["TOPIC", "-g", "named"], "is the weir pipeline orders, and who reads in its name"),
    "unknown topic": (["TOPIC_", "-g", "GROUP"], 'there is no topic "TOPIC_" at .*; did you mean "TOPIC"'),
    "an offset outside": (["TOPIC", "-g", "GROUP", "-o", "5"], r"offset 5 is not in TOPIC \[\d\], which has 0 to 0"),
    "the group as a property": (["TOPIC", "-X", "group.id=x"], "group.id is set by weir: use group"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_wrong_usage(tool, topic, group, arguments, said):
    (tool.folder / "weir.yaml").write_text("pipelines:\n  orders: {topic: t, table: a.b, group: named}\n")
    line = tool.refused("consume", *(a.replace("TOPIC", topic).replace("GROUP", group) for a in arguments))
    assert re.search(said.replace("TOPIC", topic).replace("GROUP", group), line), line
