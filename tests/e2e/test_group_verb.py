"""weir group: what it tells of consumer groups and does to them, beside Kafka's own tool and another client library; with
Debian's librdkafka and with the one of the confluent-kafka wheel."""
import json
import re
import socket
import struct
import time
import uuid

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AclOperation, ResourceType

from harness.library import newer_library
from harness.listener import Listener, cluster, silent, text
from harness.paths import patience, sanitized
from harness.records import Record
from harness.tool import Tool
from harness.wait import wait_until

# The library uses C11 threads, which the thread sanitizer knows of the built one only.
LIBRARIES = ["debian"] if sanitized() else ["debian", "wheel"]
BEGAN = 1_714_564_800_000  # 2024-05-01T12:00Z


class GroupTool(Tool):
    """`weir group`. Its stderr must be empty unless a test wants words there: so no line of the library's log gets by."""

    library = ""

    def text(self, *arguments, notes: int = 0, code: int = 0) -> str:
        done = self("group", *arguments, stdin="")
        assert (done.returncode, done.stderr.count("\n")) == (code, notes), done
        self.said = done.stderr
        return done.stdout

    def json(self, *arguments, **how) -> dict:
        return json.loads(self.text(*arguments, "-J", **how))

    def no(self, *arguments, code: int = 2) -> str:
        return self.refused("group", *arguments, code=code).removeprefix("weir group: ")


@pytest.fixture
def plain(kafka, tmp_path) -> GroupTool:
    """With the library that weir was built with: for what no library changes."""
    runner = GroupTool(tmp_path, kafka.address)
    yield runner
    runner.end()


@pytest.fixture(params=LIBRARIES)
def tool(plain, request, tmp_path) -> GroupTool:
    """With each of them."""
    plain.library = request.param
    if request.param == "wheel":
        plain.env["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    return plain


@pytest.fixture
def group() -> str:
    return f"group_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def ten(kafka) -> str:
    """Three partitions of ten records each, a minute apart, the first at 2024-05-01T12:00."""
    topic = kafka.create_topic()
    kafka.produce(topic, [Record(b"%d" % i, partition=i % 3, timestamp_ms=BEGAN + 60_000 * (i // 3)) for i in range(30)])
    return topic


def set_offsets(kafka, group: str, topic: str, offsets: dict[int, int]) -> None:
    def ask() -> bool:
        wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, p, offset) for p, offset in offsets.items()])
        done = kafka.admin.alter_consumer_group_offsets([wanted])[group].result(30)
        return not any(p.error for p in done.topic_partitions)  # a coordinator that is just being made

    wait_until(ask, what=f"offsets of {group}", every_s=0.2)


class Member:
    """Another client's consumer, which has its partitions when it is made."""

    def __init__(self, kafka, group: str, topic: str, expected: int = 1, **config):
        self.consumer = Consumer({"bootstrap.servers": kafka.address, "group.id": group, "log_level": 2,
                                  "auto.offset.reset": "earliest", "enable.auto.commit": False,
                                  **{key.replace("_", "."): value for key, value in config.items()}})
        self.consumer.subscribe([topic])
        wait_until(lambda: self.poll() or len(self.consumer.assignment()) >= expected, what=f"partitions of {group}")

    def poll(self) -> None:
        self.consumer.poll(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()


def join_as(kafka, group: str, protocol_type: str) -> socket.socket:
    """Joins a group that is none of consumers, as workers of Kafka Connect do; its member as long as the socket is open."""
    host, port = kafka.address.split(":")
    request = (struct.pack(">hhi", 11, 2, 1) + text("test") + text(group) + struct.pack(">ii", 30_000, 30_000) + text("")
               + text(protocol_type) + struct.pack(">i", 1) + text("default") + struct.pack(">i", 0))
    connection = socket.create_connection((host, int(port)), 30)
    connection.sendall(struct.pack(">i", len(request)) + request)
    answer = connection.recv(1000)
    assert struct.unpack(">h", answer[12:14]) == (0,), answer
    return connection


def groups_tool(kafka, *arguments: str) -> str:
    return kafka._tool("tool", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                       kafka.address, *arguments)


def their_rows(kafka, group: str) -> dict[tuple[str, int], list[str]]:
    """(topic, partition) -> committed, end, lag, member, host and client by Kafka's own tool."""
    rows = [line.split() for line in groups_tool(kafka, "--describe", "--group", group).splitlines()]
    return {(row[1], int(row[2])): row[3:] for row in rows if row and row[0] == group}


# ---- Kafka's own tool says the same ----

def test_kafkas_own_tool_agrees(tool, kafka, ten, group):
    client = "the client\x1b[31m"
    with Member(kafka, group, ten, 3, client_id=client, group_instance_id=f"{group}-one") as member:
        member.consumer.commit(offsets=[TopicPartition(ten, 0, 4), TopicPartition(ten, 2, 10)], asynchronous=False)
        mine = tool.json("describe", group, notes=1)
        theirs = their_rows(kafka, group)
        assert (mine["state"], mine["type"], mine["assignor"], mine["lag"]) == ("Stable", "classic", "range", 6)
        (one,) = mine["members"]
        assert one["partitions"] == [{"topic": ten, "partition": i} for i in range(3)]
        assert (one["client_id"], one["instance_id"]) == (client, f"{group}-one")
        for p in mine["partitions"]:
            row = theirs[p["topic"], p["partition"]]
            assert [str(p[key]) if p[key] is not None else "-" for key in ("committed", "high", "lag")] == row[:3]
            assert (one["member_id"], one["host"]) == (row[3], row[4].removeprefix("/"))
        assert "\x1b" not in tool.text("describe", group, notes=1)
        listed = {g["group"]: g for g in tool.json("list")["groups"]}
        assert listed[group] == {"group": group, "state": "Stable", "type": "classic", "lag": 6, "members": 1}
        # Members would not heed it: neither is done, and the next step is named.
        for arguments in (["seek", group, "-o", "end", "--yes"], ["delete", group, "--yes"]):
            assert tool.no(*arguments, code=1) == \
                f'group "{group}" has members (the client\\x1B[31m@{one["host"]} (3 partitions of {ten})): stop them first' \
                ' (one that has just ended counts for up to 10 s)'
        tool.text("seek", group, "-o", "end", "--dry-run", notes=1)
        assert "while it has members it cannot be" in tool.said


def test_seek_and_delete_are_what_kafkas_own_tool_sees(tool, kafka, ten, group):
    set_offsets(kafka, group, ten, {0: 4})
    assert tool.json("seek", group, "-o", "-3", "-t", f"{ten}:0,2", "--yes") == {
        "group": group, "dry_run": False, "partitions": [
            {"topic": ten, "partition": 0, "before": 4, "after": 7},
            {"topic": ten, "partition": 2, "before": None, "after": 7}]}
    assert {place: row[:3] for place, row in their_rows(kafka, group).items()} == {
        (ten, 0): ["7", "10", "3"], (ten, 2): ["7", "10", "3"]}
    assert tool.text("delete", group, "--yes") == f"{group}: deleted\n"
    assert group not in groups_tool(kafka, "--list").split()


# ---- seek ----

@pytest.mark.parametrize(("options", "after"), [
    (["-o", "beginning"], {0: 2, 1: 0, 2: 0}),
    (["-o", "end"], {0: 10, 1: 10, 2: 10}),
    (["-o", "7"], {0: 7, 1: 7, 2: 7}),
    (["-o", "-3"], {0: 7, 1: 7, 2: 7}),
    (["-o", "-99", "-p", "0"], {0: 2, 1: 5}),
    (["-o", "@2024-05-01T12:04:30"], {0: 5, 1: 5, 2: 5}),
    (["-o", "@-10m", "-t", "TOPIC"], {0: 10, 1: 10, 2: 10}),
    (["-o", "s@1714564920000", "-t", "TOPIC:1"], {0: 4, 1: 2}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_where_it_seeks_to(plain, kafka, ten, group, options, after):
    kafka.delete_records(ten, {0: 2})
    set_offsets(kafka, group, ten, {0: 4, 1: 5})
    options = [word.replace("TOPIC", ten) for word in options]
    planned = plain.text("seek", group, *options, "--dry-run", notes=1)
    assert plain.said == "weir group: nothing was changed (--dry-run)\n"
    assert kafka.committed(group, ten) == {0: 4, 1: 5}
    assert plain.text("seek", group, *options, "--yes") == planned
    assert kafka.committed(group, ten) == after
    assert planned.splitlines()[0].split() == ["TOPIC", "PARTITION", "BEFORE", "AFTER"]


def test_seek_into_a_topic_that_is_new_to_the_group(plain, kafka, ten, topic, group):
    set_offsets(kafka, group, ten, {0: 4})
    plain.text("seek", group, "-t", topic, "-o", "end", "--yes")
    assert kafka.committed(group, topic) == {0: 0, 1: 0, 2: 0} and kafka.committed(group, ten) == {0: 4}
    plain.text("seek", group, "-o", "beginning", "--yes")
    assert kafka.committed(group, ten) == {0: 0, 1: 0, 2: 0}


def test_a_weir_consume_goes_on_where_it_was_moved(plain, kafka, ten, group):
    plain.ok("consume", ten, "-g", group, "-o", "beginning", "-e")
    plain.text("seek", group, "-o", "9", "--yes")
    assert plain.ok("consume", ten, "-g", group, "-e").split() and kafka.committed(group, ten) == {0: 10, 1: 10, 2: 10}


@pytest.mark.parametrize("task", ["seek", "delete"])
def test_it_asks_on_a_terminal(plain, kafka, ten, group, task):
    arguments = ["group", task, group, *(["-o", "end"] if task == "seek" else [])]
    set_offsets(kafka, group, ten, {0: 4})
    assert re.search(r"nothing was (changed|deleted); --yes", plain.no(*arguments[1:]))
    for answer, code in (("n\n", 2), ("y\n", 0)):
        assert kafka.committed(group, ten) == {0: 4}
        terminal = plain.terminal(*arguments)
        terminal.shows("[y/N]")
        if task == "seek":
            assert re.search(rf"{ten} +0 +4 +10\n", terminal.text) and f'Move group "{group}" in 3 partitions?' in terminal.text
        else:
            assert f'Delete group "{group}" with its offsets in 1 partition for good?' in terminal.text
        terminal.type(answer)
        assert terminal.wait() == code
    assert kafka.committed(group, ten) == ({0: 10, 1: 10, 2: 10} if task == "seek" else {})


SEEK_WRONG = {
    "offset outside": (["-o", "11"], r"offset 11 is not in TEN \[0\], which has 0 to 10"),
    "unknown topic": (["-o", "end", "-t", "TENx"], 'there is no topic "TENx" at .*; did you mean "TEN"'),
    "unknown partition": (["-o", "end", "-t", "TEN:0,3"], "TEN has no partition 3: its partitions are 0 to 2"),
    "the same by -p": (["-o", "end", "-p", "3"], "TEN has no partition 3"),
    "a topic twice": (["-o", "end", "-t", "TEN:0", "-t", "TEN:1"], 'topic "TEN" is named twice'),
    "no number": (["-o", "end", "-t", "TEN:0,x"], '-t: "x" is not a partition\'s number'),
    "two ways": (["-o", "end", "-t", "TEN:0", "-p", "1"], "-p goes with one topic"),
}


@pytest.mark.parametrize(("options", "said"), SEEK_WRONG.values(), ids=SEEK_WRONG)
def test_wrong_places(plain, kafka, ten, group, options, said):
    set_offsets(kafka, group, ten, {0: 4})
    line = plain.no("seek", group, "--yes", *(word.replace("TEN", ten) for word in options))
    assert re.search(said.replace("TEN", ten), line), line
    assert kafka.committed(group, ten) == {0: 4}


# ---- What one should not overlook ----

def test_what_is_told_of_a_group(tool, kafka, ten, group):
    set_offsets(kafka, group, ten, {0: 1, 1: 99})
    kafka.delete_records(ten, {0: 3})
    shown = tool.text("describe", group, notes=3)
    facts, partitions = shown.split("\n\n")
    assert dict(re.split(r"  +", line) for line in facts.splitlines()) == {
        "group": group, "state": "Empty", "type": "simple", "assignor": "-", "members": "0", "lag": "9"}
    assert [line.split()[-5:] for line in partitions.splitlines()] == [
        ["PARTITION", "COMMITTED", "LOW", "HIGH", "LAG"],
        ["0", "1", "3", "10", "9"], ["1", "99", "0", "10", "-"], ["2", "-", "0", "10", "-"]]
    assert f"offset 1 of {ten} [0] is below the first that is still there, 3" in tool.said
    assert f"offset 99 of {ten} [1] is above its end, 10" in tool.said
    assert "1 of 3 partitions have no committed offset (-)" in tool.said
    assert [p["lag"] for p in tool.json("describe", group, "-q")["partitions"]] == [9, None, None]
    # The groups of a topic that is gone are shown all the same.
    other = kafka.create_topic()
    set_offsets(kafka, group, other, {0: 0})
    kafka.delete_topic(other)
    assert tool.json("describe", group, "-q")["lag"] == 9


def test_describe_without_a_name_is_all_that_have_something(tool, kafka, ten, group):
    set_offsets(kafka, group, ten, {0: 1})
    set_offsets(kafka, f"{group}.b", ten, {0: 10, 1: 10, 2: 10})
    described = {g["group"]: g for g in tool.json("describe", "-q")["groups"]}
    assert described[group]["lag"] == 9 and described[f"{group}.b"]["lag"] == 0
    assert described[group] == tool.json("describe", group, "-q")
    assert tool.text("describe", f"{group}.b") in tool.text("describe", "-q")
    assert re.search(rf"^{group} +Empty +simple +0 +9$", tool.text("list"), re.M)


def test_a_group_of_the_new_protocol(tool, kafka, ten, group):
    with Member(kafka, group, ten, 3, group_protocol="consumer", client_id="new one") as member:
        member.consumer.commit(offsets=[TopicPartition(ten, 0, 4)], asynchronous=False)
        mine = tool.json("describe", group, notes=1 if tool.library == "wheel" else 2)
        assert (mine["state"], mine["type"], mine["lag"]) == ("Stable", "consumer", 6)
        if tool.library == "wheel":
            assert [m["client_id"] for m in mine["members"]] == ["new one"]
        else:  # never "none"
            assert mine["members"] is None and "2.10 or newer can" in tool.said
            assert re.search(rf"^{group} +Stable +consumer +- +6$", tool.text("list"), re.M)
        assert "has members" in tool.no("seek", group, "-o", "end", "--yes", code=1)
        assert "has members" in tool.no("delete", group, "--yes", code=1)
    wait_until(lambda: tool("group", "seek", group, "-o", "end", "--yes").returncode == 0, what="it has left")
    assert kafka.committed(group, ten) == {0: 10, 1: 10, 2: 10}
    assert tool.json("describe", group)["members"] == []
    assert tool.json("delete", group, "--yes") == {"deleted": [group]}


def test_groups_that_are_not_there_or_of_another_kind(tool, kafka, ten, group):
    set_offsets(kafka, group, ten, {0: 1})
    tasks = (["describe"], ["seek", "-o", "end", "--yes"], ["delete", "--yes"])
    for arguments in tasks:
        assert tool.no(*arguments, group[:-1]) == \
            f'there is no group "{group[:-1]}" at {kafka.address}; did you mean "{group}"?'
        assert "weir group list shows all" in tool.no(*arguments, "q" * 60)
    connect = f"connect-{group}"
    with join_as(kafka, connect, "connect"):
        assert connect not in tool.text("list")
        for arguments in tasks:
            assert "a group of another kind than consumers" in tool.no(*arguments, connect)
    # Each must be there before the first is deleted.
    assert "did you mean" in tool.no("delete", group, group + "x", "--yes")
    assert kafka.committed(group, ten) == {0: 1}


# ---- A pipeline's groups ----

def test_a_pipelines_group_is_not_moved_here(plain, kafka, ten):
    (plain.folder / "weir.yaml").write_text("pipelines:\n  orders: {topic: t, table: a.b, group: my group}\n")
    for name, pipeline in (("weir.t-to-s.t.0123456789ab", "t-to-s.t"), ("my group", "orders")):
        set_offsets(kafka, name, ten, {0: 4})
        for more in (["--yes"], ["--dry-run"]):
            assert plain.no("seek", name, "-o", "end", *more) == \
                (f'group "{name}" is the weir pipeline {pipeline}, whose place is in its database and not here: '
                 "weir ingest --reset -o OFFSET moves it")
        assert kafka.committed(name, ten) == {0: 4}
        assert plain.text("delete", name, "--yes", notes=1) == f"{name}: deleted\n"
        assert "its place is in its database" in plain.said


def test_the_group_of_a_pipeline_at_work(weir, kafka, topic):
    process = weir.ingest(topic)
    process.says("reading 3 partitions")
    (name,) = [g.group_id for g in kafka.admin.list_consumer_groups().result(30).valid if topic in g.group_id]
    refused = weir.call("group", "seek", name, "-o", "end", "--yes", "-b", kafka.address, exit_code=2)
    assert "weir ingest --reset" in refused.stderr
    assert "has members (weir@" in weir.call("group", "delete", name, "--yes", "-b", kafka.address, exit_code=1).stderr
    described = weir.call("group", "describe", name, "-J", "-q", "-b", kafka.address).summary()
    assert len(described["members"]) == 1 and described["members"][0]["instance_id"]
    process.stop()


# ---- Brokers that are away, or do not let us ----

def test_a_cluster_without_any_group(guarded_kafka, tmp_path):
    tool = GroupTool(tmp_path, guarded_kafka.address)
    assert tool.text("list").split() == ["GROUP", "STATE", "TYPE", "MEMBERS", "LAG"]
    assert tool.json("list") == tool.json("describe") == {"groups": []}
    assert tool.text("describe") == ""


def test_without_permission(guarded_kafka, tmp_path, group):
    tool = GroupTool(tmp_path, guarded_kafka.address)
    topic = guarded_kafka.create_topic()
    guarded_kafka.produce(topic, [b"x"])
    for name in (group, f"{group}.b"):
        set_offsets(guarded_kafka, name, topic, {0: 0})
    guarded_kafka.deny(group, AclOperation.READ, AclOperation.DELETE, kind=ResourceType.GROUP)
    for arguments in (["seek", group, "-o", "end", "--yes"], ["delete", group, "--yes"]):
        line = tool.no(*arguments, code=1)
        assert group in line and "kafka-acls grants it" in line, line
    line = tool.refused("consume", topic, "-g", group, "-e", code=1)
    assert "kafka-acls" in line, line
    assert guarded_kafka.committed(f"{group}.b", topic) == {0: 0}


def test_a_topic_that_one_may_not_see_is_said(guarded_kafka, tmp_path, group):
    """Brokers leave out what was committed of it, without a word: it is not known, and not none."""
    tool = GroupTool(tmp_path, guarded_kafka.address)
    seen, hidden, gone = (guarded_kafka.create_topic(f"{group}_{name}", 1) for name in ("seen", "hidden", "gone"))
    for topic in (seen, hidden, gone):
        guarded_kafka.produce(topic, [b"x"] * 3)
    with Member(guarded_kafka, group, f"^{group}_.*", 3) as member:
        member.consumer.commit(offsets=[TopicPartition(t, 0, 1) for t in (seen, hidden)], asynchronous=False)
        assert tool.json("describe", group, notes=1)["lag"] == 4
        guarded_kafka.deny(hidden, AclOperation.DESCRIBE)
        guarded_kafka.delete_topic(gone)
        described = tool.json("describe", group, notes=2)
        assert f"it reads {hidden}, which may not be seen from here: its offsets are not known" in tool.said
        assert f"{group}: 1 of 3 partitions have no committed offset" in tool.said, "of the one that is gone"
        rows = {p["topic"]: (p["committed"], p["high"], p["lag"]) for p in described["partitions"]}
        assert rows == {seen: (1, 3, 2), hidden: (None, None, None), gone: (None, None, None)}
        assert described["lag"] is None, "2 and what is not known"


def test_a_coordinator_that_has_just_started_is_waited_for(tmp_path):
    """It lists no group, and says that it reads its log only when asked for one."""
    with cluster([], ["orders"], loading=2) as loading:
        assert GroupTool(tmp_path, loading.address).json("describe", "orders")["state"] == "Empty"


@pytest.mark.slow
def test_a_mute_broker_beside_another_is_waited_for_once(tmp_path):
    """Not for each question anew: a name that is not listed is asked for three times more."""
    with Listener(silent) as mute, cluster([mute], ["orders"]) as half:
        tool, begun = Tool(tmp_path, half.address), time.monotonic()
        beside = tool.start("group", "list")
        done = tool("group", "describe", "bills", stdin="")
        assert done.returncode == 1 and "weir group: groups are missing: a broker gives no list of its groups" in done.stderr
        out, said = beside.communicate(timeout=30 * patience())
        assert beside.returncode == 1 and b"orders  Empty" in out and b"weir group: groups are missing: a broker" in said
        assert time.monotonic() - begun < 18 * patience()
        tool.end()


WRONG = [
    ([], "say what: list, describe, seek or delete"),
    (["lits"], '"lits" is unknown; did you mean "list"?'),
    (["list", "g"], "list shows all groups; one alone: weir group describe g"),
    (["list", "--yes"], "--yes is not for list"),
    (["describe", "a", "b"], '"b" is one name too many: describe takes one group'),
    (["describe", "a", "-o", "end"], "-o is not for describe"),
    (["describe", ""], "a group's name is empty"),
    (["seek", "-o", "end"], "seek which group?"),
    (["seek", "a", "b", "-o", "end"], '"b" is one name too many: seek takes one group'),
    (["seek", "g"], "seek where to? Write -o beginning, end, N, -N, @TIME or @-10m"),
    (["seek", "g", "-o", "xx"],
     '-o: "xx" is not an offset: write beginning, end, N, -N (the last N), @TIME, @-10m or s@MILLISECONDS'),
    (["seek", "g", "-o", "stored"], "-o: the stored offsets are where the group is already"),
    (["seek", "g", "-o", "begining"], '-o: "begining" is not an offset'),
    (["seek", "g", "-o", "@noon"], '-o: "noon" is not a time'),
    (["seek", "g", "-o", "end", "-p", "x"], '-p: "x" is not a number from 0'),
    (["delete"], "delete which group?"),
    (["delete", "g", "g"], 'group "g" is named twice'),
    (["delete", "g", "--dry-run"], "--dry-run is not for delete"),
    (["list", "-X", "sasl.password=sesame"], "-X sasl.password: others can read a password in an argument"),
]


@pytest.mark.parametrize("arguments, message", WRONG, ids=[" ".join(words) or "(nothing)" for words, _ in WRONG])
def test_wrong_usage_needs_no_broker(tmp_path, arguments, message):
    begun = time.monotonic()
    assert GroupTool(tmp_path, "localhost:1").no(*arguments).startswith(message)
    assert time.monotonic() - begun < 4 * patience(), "it asked the broker first"


def test_help_has_every_command_and_examples(tmp_path):
    text = GroupTool(tmp_path).ok("group", "--help").decode()
    for command in ("list", "describe", "seek", "delete"):
        assert re.search(rf"^(Usage:|      ) weir group {command}", text, re.M)
        assert re.search(rf"^  weir group {command}", text, re.M), "an example"
