"""weir topic: what it tells of topics and does to them, beside Kafka's own tools and another client library; with
Debian's librdkafka and with the one of the confluent-kafka wheel."""
import json
import os
import pty
import re
import socket
import subprocess
import time
import uuid
from datetime import datetime, timezone

import pytest
from confluent_kafka.admin import AclOperation, ConfigResource, ConfigSource, ResourceType
from kafka import KafkaAdminClient

from harness.library import newer_library
from harness.paths import patience, program_env, sanitized, weir_binary
from harness.records import Record
from harness.wait import wait_until
from harness.weir import Process, Weir

# The library uses C11 threads, which the thread sanitizer knows of the built one only.
LIBRARIES = ["debian"] if sanitized() else ["debian", "wheel"]
SOURCES = {ConfigSource.DYNAMIC_TOPIC_CONFIG: "topic", ConfigSource.DYNAMIC_BROKER_CONFIG: "broker",
           ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG: "cluster", ConfigSource.STATIC_BROKER_CONFIG: "static"}
WHOLE = "cannot change one config alone"


class Tool:
    """Runs `weir topic` against this test's Kafka. Without -q its stderr must be empty unless a test wants words there:
    so no line of the library's log gets by."""

    def __init__(self, weir: Weir, library: str):
        self.weir = weir
        self.library = library

    def call(self, *arguments: str, exit_code: int = 0, notes: int = 0, **how) -> Process:
        """To its end, with so many lines on stderr."""
        process = self.weir.call("topic", *arguments, "-b", self.weir.kafka.address, exit_code=exit_code, **how)
        assert process.stderr.count("\n") == notes, process
        return process

    def text(self, *arguments: str, **how) -> str:
        return self.call(*arguments, **how).stdout

    def json(self, *arguments: str, **how) -> dict:
        return self.call(*arguments, "-J", **how).summary()

    def refused(self, *arguments: str, exit_code: int = 2) -> str:
        """Nothing on stdout, one line on stderr: that line without its beginning."""
        process = self.call(*arguments, exit_code=exit_code, notes=1)
        assert process.stdout == "" and process.stderr.startswith("weir topic: "), process
        return process.stderr.rstrip("\n").removeprefix("weir topic: ")


@pytest.fixture
def runner(kafka, tmp_path):
    """Weir without a database, which this verb never asks for."""
    weir = Weir(kafka, None, tmp_path)
    yield weir
    weir.end()
    weir.assert_no_sanitizer_spoke()


@pytest.fixture(params=LIBRARIES)
def tool(runner, request, tmp_path) -> Tool:
    if request.param == "wheel":
        runner.env["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    return Tool(runner, request.param)


@pytest.fixture
def name() -> str:
    """Of a topic that is not there yet."""
    return f"verb_{uuid.uuid4().hex[:12]}"


def configs(kafka, topic: str) -> dict[str, tuple[str, ConfigSource]]:
    """All configs of the topic and where they are from, by another client."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = kafka.admin.describe_configs([resource])[resource].result(30)
    return {key: (entry.value, ConfigSource(entry.source)) for key, entry in entries.items()}


def set_configs(kafka, topic: str) -> dict[str, str]:
    """What is set for the topic itself."""
    return {key: value for key, (value, source) in configs(kafka, topic).items()
            if source == ConfigSource.DYNAMIC_TOPIC_CONFIG}


def kafkas_tool(kafka, name: str, *arguments: str) -> str:
    return kafka._tool("tool", name, "--bootstrap-server", kafka.address, *arguments)


def disk_bytes(kafka, topic: str) -> int:
    """What kafka-log-dirs tells of a topic: on one broker each partition has one replica, its leader's."""
    told = kafkas_tool(kafka, "org.apache.kafka.tools.LogDirsCommand", "--describe", "--topic-list", topic)
    found = json.loads(next(line for line in told.splitlines() if line.startswith("{")))
    return sum(partition["size"] for broker in found["brokers"] for directory in broker["logDirs"]
               for partition in directory["partitions"])


# ---- list ----

def test_list_counts_what_is_there(tool, kafka):
    first = kafka.create_topic(f"list_a_{uuid.uuid4().hex[:8]}", 3, retention_ms=5_400_000)
    second = kafka.create_topic(f"list_b_{uuid.uuid4().hex[:8]}", 1, cleanup_policy="compact")
    kafka.produce(first, [Record(b"x", partition=i % 3) for i in range(10)])
    kafka.delete_records(first, {0: 3})
    listed = {topic["topic"]: topic for topic in tool.json("list")["topics"]}
    assert listed[first] == {"topic": first, "internal": False, "partitions": 3, "replication_factor": 1, "records": 7,
                             "bytes": disk_bytes(kafka, first), "cleanup_policy": "delete", "retention_ms": 5_400_000,
                             "retention_bytes": -1}
    assert listed[second]["records"] == 0 and listed[second]["cleanup_policy"] == "compact"
    assert list(listed) == sorted(listed)

    lines = tool.text("list").splitlines()
    assert re.fullmatch(r"TOPIC +PARTITIONS +RECORDS +BYTES  RETENTION", lines[0])
    (line,) = [line for line in lines if line.startswith(first)]
    assert line.split() == [first, "3", "7", f"{disk_bytes(kafka, first)}B", "1h30m"]
    assert line.index("3", len(first)) == lines[0].index("PARTITIONS") + len("PARTITIONS") - 1
    (line,) = [line for line in lines if line.startswith(second)]
    assert line.endswith("  compacted")


def test_list_is_what_another_client_lists(tool, kafka, topic):
    kafka.committed("some-group", topic)  # makes __consumer_offsets
    other = KafkaAdminClient(bootstrap_servers=kafka.address)
    try:
        expected = set(other.list_topics())
    finally:
        other.close()
    assert "__consumer_offsets" in expected
    assert {t["topic"] for t in tool.json("list", "--internal")["topics"]} == expected
    assert {t["topic"] for t in tool.json("list")["topics"]} == {t for t in expected if not t.startswith("__")}
    assert "__consumer" not in tool.text("list") and "__consumer_offsets" in tool.text("list", "--internal")


# ---- create ----

def test_create_with_the_brokers_defaults(tool, kafka, name):
    assert tool.text("create", name) == f"{name}: created, 1 partition, replication factor 1\n"
    assert kafka.partitions(name) == [0] and set_configs(kafka, name) == {}


def test_create_with_everything(tool, kafka, name):
    made = tool.json("create", "-t", name, f"{name}.b", "--partitions", "4", "--replication-factor=1", "--config",
                     "retention.ms=1000", "--config", "cleanup.policy=compact,delete")
    assert made == {"topics": [{"topic": each, "created": True, "partitions": 4, "replication_factor": 1}
                               for each in (f"{name}.b", name)]}
    for each in (name, f"{name}.b"):
        assert kafka.partitions(each) == [0, 1, 2, 3]
        assert set_configs(kafka, each) == {"retention.ms": "1000", "cleanup.policy": "compact,delete"}


def test_create_what_exists(tool, kafka, topic, name):
    assert tool.refused("create", topic, exit_code=1) == \
        f'topic "{topic}" exists already; --if-not-exists leaves it as it is'
    assert tool.json("create", topic, name, "--if-not-exists")["topics"] == [
        {"topic": topic, "created": False, "partitions": 3, "replication_factor": 1},
        {"topic": name, "created": True, "partitions": 1, "replication_factor": 1}]
    different = tool.call("create", topic, "--if-not-exists", "--partitions", "5", "--config", "retention.ms=1",
                          notes=2)
    assert different.stdout == f"{topic}: exists already, 3 partitions, replication factor 1\n"
    assert "has 3 partitions and not 5" in different.stderr and "configs of topic" in different.stderr
    assert set_configs(kafka, topic) == {}
    tool.call("create", topic, "--if-not-exists", "--partitions", "5", "-q")


def test_one_of_several_cannot_be_made(tool, kafka, topic, name):
    process = tool.call("create", name, topic, "a b", exit_code=1, notes=3)
    assert process.stdout == "" and "no topic was created" in process.stderr
    assert "exists already" in process.stderr and "'a b'" in process.stderr
    assert kafka.partitions(name) == []


@pytest.mark.parametrize("arguments, words", [
    (["a b"], "'a b'"),
    ([".."], "'..'"),
    (["x" * 250], "is longer than"),
    (["NAME", "--config", "retention.msec=1"], "retention.msec"),
    (["NAME", "--config", "retention.ms=soon"], "soon"),
    (["NAME", "--config", "cleanup.policy=shred"], "shred"),
    (["NAME", "--replication-factor", "3"], "3"),
])
def test_create_refused_by_the_broker(tool, kafka, name, arguments, words):
    arguments = [name if word == "NAME" else word for word in arguments]
    line = tool.refused("create", *arguments)
    assert words in line and not line.endswith("."), line
    assert kafka.partitions(name) == []


# ---- describe ----

def test_describe_beside_kafkas_own_tool(tool, kafka):
    name = kafka.create_topic(f"described_{uuid.uuid4().hex[:8]}", 3, max_message_bytes=5000)
    kafka.produce(name, [Record(b"x", partition=i % 2) for i in range(9)])
    kafka.delete_records(name, {0: 2})
    told = tool.json("describe", name)
    theirs = kafkas_tool(kafka, "org.apache.kafka.tools.TopicCommand", "--describe", "--topic", name)
    topic_id, partitions, factor = re.search(
        r"TopicId: (\S+)\s+PartitionCount: (\d+)\s+ReplicationFactor: (\d+)", theirs).groups()
    assert told["topic_id"] == (topic_id if tool.library == "wheel" else None)
    assert (told["partitions"], told["replication_factor"]) == (int(partitions), int(factor))
    assert re.search(r"Configs: .*max\.message\.bytes=5000", theirs)
    assert {"name": "max.message.bytes", "value": "5000", "source": "topic"} in told["configs"]
    assert {(config["name"], config["value"], config["source"]) for config in told["configs"]} == \
        {(key, value, SOURCES[source]) for key, (value, source) in configs(kafka, name).items() if source in SOURCES}
    for line in re.findall(r"Partition: .*", theirs):
        number, leader, replicas, in_sync = re.search(
            r"Partition: (\d+)\s+Leader: (\d+)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]+)", line).groups()
        mine = told["by_partition"][int(number)]
        assert (mine["partition"], mine["leader"]) == (int(number), int(leader))
        assert mine["replicas"] == [int(r) for r in replicas.split(",")]
        assert mine["in_sync_replicas"] == [int(r) for r in in_sync.split(",")]
    assert [(p["low"], p["high"]) for p in told["by_partition"]] == [(2, 5), (0, 4), (0, 0)]
    assert told["records"] == 7 and "at" not in told["by_partition"][0]
    assert told["bytes"] == sum(p["bytes"] for p in told["by_partition"]) and told["by_partition"][2]["bytes"] == 0


def test_describe_for_people(tool, kafka):
    name = kafka.create_topic(f"described_{uuid.uuid4().hex[:8]}", 2, cleanup_policy="compact", max_message_bytes=5000)
    kafka.produce(name, [Record(b"x", key=b"k", partition=1) for _ in range(12)])
    facts, partitions, configs = tool.text("describe", name).split("\n\n")
    facts = dict(re.split(r"  +", line) for line in facts.splitlines())
    size = facts.pop("bytes")
    assert re.fullmatch(r"[1-9]\d*B", size)
    assert facts.pop("id") == "-" or tool.library == "wheel"
    assert facts == {"topic": name, "partitions": "2", "replication factor": "1", "records": "12",
                     "retention": "compacted"}
    width = max(len("BYTES"), len(size))
    assert partitions.splitlines() == [f"PARTITION  LEADER  REPLICAS  IN SYNC  LOW  HIGH  {'BYTES':>{width}}",
                                       f"        0       1  1         1          0     0  {'0B':>{width}}",
                                       f"        1       1  1         1          0    12  {size:>{width}}"]
    assert re.split(r"  +", configs.splitlines()[0]) == ["CONFIG", "VALUE", "SET FOR"]
    assert re.search(r"^max\.message\.bytes +5000 +topic$", configs, re.M)


def test_offsets_at_a_time(tool, kafka, topic):
    begin = 1_700_000_000_000
    kafka.produce(topic, [Record(b"x", partition=0, timestamp_ms=begin + 1000 * i) for i in range(5)])
    kafka.produce(topic, [Record(b"x", partition=1, timestamp_ms=begin + 2000)])

    def at(when: str) -> list[int]:
        return [p["at"] for p in tool.json("describe", topic, "--at", when)["by_partition"]]

    iso = datetime.fromtimestamp(begin / 1000 + 3, timezone.utc).strftime("@%Y-%m-%dT%H:%M:%S")
    assert at(f"s@{begin + 1500}") == [2, 0, 0]
    assert at(iso) == [3, 1, 0]
    assert at("@-10m") == [5, 1, 0]
    # A time of -1 would be the end, -2 the beginning, to Kafka.
    assert at("@1969-12-31T23:59:59.999") == at("@1969-12-31") == [0, 0, 0]
    header, first, *_ = tool.text("describe", topic, "--at", iso).split("\n\n")[1].splitlines()
    assert header.split()[-3:] == ["HIGH", "BYTES", "AT"] and first.split()[-3::2] == ["5", "3"]


# ---- alter ----

def test_alter_changes_what_is_named_and_keeps_the_rest(tool, kafka):
    name = kafka.create_topic("", 2, retention_ms=1000, max_message_bytes=5000, segment_ms=60_000)
    changed = tool.call("alter", name, "--config", "retention.ms=2000", "--config", "cleanup.policy=compact",
                        "--delete-config", "segment.ms", "-J", notes=int(tool.library == "debian"))
    assert (WHOLE in changed.stderr) == (tool.library == "debian")
    assert changed.summary() == {
        "topic": name, "partitions_before": 2, "partitions": 2,
        "configs": [{"name": "retention.ms", "before": "1000", "after": "2000"},
                    {"name": "cleanup.policy", "before": "delete", "after": "compact"},
                    {"name": "segment.ms", "before": "60000", "after": None}]}
    assert set_configs(kafka, name) == {"retention.ms": "2000", "max.message.bytes": "5000",
                                        "cleanup.policy": "compact"}
    if tool.library == "debian":
        theirs = kafkas_tool(kafka, "kafka.admin.ConfigCommand", "--describe", "--entity-type", "topics",
                             "--entity-name", name)
        found = dict(re.findall(r"^  (\S+?)=(\S+) sensitive=false", theirs, re.M))
        assert found == {"retention.ms": "2000", "max.message.bytes": "5000", "cleanup.policy": "compact"}


def test_the_last_config_can_be_deleted(tool, kafka):
    name = kafka.create_topic("", 1, retention_ms=1000)
    process = tool.call("alter", name, "--delete-config", "retention.ms", notes=int(tool.library == "debian"))
    assert [re.split(r"  +", line) for line in process.stdout.splitlines()] == [
        ["WHAT", "BEFORE", "AFTER"], ["retention.ms", "1000", "(the broker's)"]]
    assert set_configs(kafka, name) == {}


def test_partitions_grow_and_never_shrink(tool, kafka, topic):
    process = tool.call("alter", topic, "--partitions", "5", "-J", notes=1)
    assert process.summary() == {"topic": topic, "partitions_before": 3, "partitions": 5, "configs": []}
    assert "another partition" in process.stderr
    assert kafka.partitions(topic) == [0, 1, 2, 3, 4]
    line = tool.refused("alter", topic, "--partitions", "4", "--config", "retention.ms=1")
    assert "has 5 partitions and Kafka cannot take any away" in line
    assert set_configs(kafka, topic) == {}, "nothing was changed"
    assert "has 5 partitions already" in tool.call("alter", topic, "--partitions", "5", notes=1).stderr
    assert tool.call("alter", topic, "--partitions", "5", "-q").stdout == ""


def test_partitions_and_configs_together(tool, kafka, topic):
    tool.call("alter", topic, "--partitions", "4", "--config", "retention.ms=7", "-q")
    assert kafka.partitions(topic) == [0, 1, 2, 3] and set_configs(kafka, topic) == {"retention.ms": "7"}
    # What the broker would refuse afterwards (over 10,000 at once) it refuses before anything was changed.
    tool.refused("alter", topic, "--partitions", "10020", "--config", "retention.ms=9", exit_code=1)
    assert kafka.partitions(topic) == [0, 1, 2, 3] and set_configs(kafka, topic) == {"retention.ms": "7"}


@pytest.mark.parametrize("arguments, words", [
    (["--config", "retention.msec=1"], 'retention.msec; did you mean "retention.ms"?'),
    (["--config", "retention.ms=soon"], "soon"),
    (["--delete-config", "max.message.byte"], 'sets no config "max.message.byte"; did you mean "max.message.bytes"?'),
    (["--delete-config", "retention.ms"], 'sets no config "retention.ms"'),
])
def test_alter_refused(tool, kafka, arguments, words):
    name = kafka.create_topic("", 1, max_message_bytes=5000)
    assert words in tool.refused("alter", name, *arguments)
    assert set_configs(kafka, name) == {"max.message.bytes": "5000"}


# ---- delete ----

def test_delete_wants_a_yes(tool, kafka, name):
    names = [kafka.create_topic(f"{name}_{i}") for i in range(2)]
    assert tool.refused("delete", *names) == "nothing was deleted; --yes deletes without asking"
    assert all(kafka.partitions(each) for each in names)
    assert tool.json("delete", *names, "--yes") == {"deleted": names}
    assert not any(kafka.partitions(each) for each in names)


def test_nothing_is_deleted_when_one_is_not_there(tool, kafka, topic):
    assert f'did you mean "{topic}"?' in tool.refused("delete", topic, topic + "x", "--yes")
    assert kafka.partitions(topic)


@pytest.mark.parametrize("answer, exit_code", [("y\n", 0), ("n\n", 2), ("\n", 2)])
def test_delete_asks_on_a_terminal(tool, kafka, topic, answer, exit_code):
    kafka.produce(topic, [b"x"] * 3)
    ours, theirs = pty.openpty()
    with subprocess.Popen([weir_binary(), "topic", "delete", topic, "-b", kafka.address], env=tool.weir.env,
                          stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, cwd=tool.weir.folder) as process:
        os.close(theirs)
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(ours, 1000)
        os.write(ours, answer.encode())
        printed = process.stdout.read().decode()
    os.close(ours)
    assert f'Delete topic "{topic}" with 3 records for good?' in asked.decode()
    assert process.returncode == exit_code
    assert printed == (f"{topic}: deleted\n" if exit_code == 0 else "")
    assert bool(kafka.partitions(topic)) == (exit_code != 0)


# ---- what is not permitted ----

@pytest.mark.slow
def test_without_permission(guarded_kafka, tmp_path):
    weir = Weir(guarded_kafka, None, tmp_path)
    address = ["-b", guarded_kafka.address]
    topic, other = guarded_kafka.create_topic("", 2, retention_ms=1000), guarded_kafka.create_topic("", 1)
    guarded_kafka.produce(topic, [b"x"] * 5)
    guarded_kafka.deny(topic, AclOperation.ALTER, AclOperation.DELETE, AclOperation.ALTER_CONFIGS)
    # Who may delete anything in the cluster may delete the topic.
    guarded_kafka.deny("kafka-cluster", AclOperation.DELETE, kind=ResourceType.BROKER)
    for arguments in (["delete", topic, "--yes"], ["alter", topic, "--partitions", "3"],
                      ["alter", topic, "--config", "retention.ms=2000", "--partitions", "4"],
                      ["alter", topic, "--config", "retention.ms=2000"]):
        refused = weir.call("topic", *arguments, *address, exit_code=1)
        assert refused.stdout == "" and refused.stderr.count("\n") == 1, refused
        assert "kafka-acls" in refused.stderr and topic in refused.stderr
    assert guarded_kafka.partitions(topic) == [0, 1] and set_configs(guarded_kafka, topic) == {"retention.ms": "1000"}

    # What can be read is shown.
    guarded_kafka.deny(topic, AclOperation.DESCRIBE_CONFIGS)
    wait_until(lambda: weir.start("topic", "describe", topic, *address).wait() == 1, what="the access list to hold")
    described = weir.call("topic", "describe", topic, "-J", *address, exit_code=1)
    assert described.summary()["records"] == 5 and described.summary()["configs"] == []
    assert described.stderr.count("\n") == 1 and "kafka-acls" in described.stderr
    listed = {t["topic"]: t for t in weir.call("topic", "list", "-J", *address).summary()["topics"]}
    assert (listed[topic]["records"], listed[topic]["retention_ms"]) == (5, None)
    assert (listed[other]["retention_ms"], listed[other]["bytes"]) == (-1, 0)

    # Sizes are the cluster's to tell. That they are not known is no fault.
    guarded_kafka.deny("kafka-cluster", AclOperation.DESCRIBE, kind=ResourceType.BROKER)
    ask = ["topic", "describe", other, "-J", *address]
    described = wait_until(lambda: (done := weir.call(*ask)).summary()["bytes"] is None and done,
                           what="the access list to hold")
    assert (described.summary()["records"], described.stderr) == (0, "")
    assert "no right to ask this of the cluster" in weir.call("topic", "list", "-v", *address).stderr


# ---- what every command has ----

@pytest.mark.parametrize("arguments", [["describe"], ["alter", "--config", "retention.ms=1"], ["delete", "--yes"]])
def test_unknown_topic(tool, topic, name, arguments):
    wrong = topic[:-1] + "_"
    line = tool.refused(*arguments, wrong)
    assert line == f'there is no topic "{wrong}" at {tool.weir.kafka.address}; did you mean "{topic}"?'
    assert "weir topic create" in tool.refused(*arguments, "q" * 60)
    assert tool.refused(*arguments, "a b") == '"a b" cannot be a topic\'s name'


def test_no_broker(tool):
    """All tasks at once: each waits for its broker."""
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        begun = time.monotonic()
        processes = [tool.weir.start("topic", *arguments, "-b", address)
                     for arguments in (["list"], ["create", "t"], ["describe", "t"], ["delete", "t"])]
        for process in processes:
            assert process.wait(12) == 1, process
        assert time.monotonic() - begun < 9 * patience()
    for process in processes:
        assert process.stdout == "" and process.stderr.count("\n") == 1, process
        assert process.stderr.startswith(f"weir topic: no broker of {address} answers: ") and "from: -b" in process.stderr


WRONG = [
    ([], "say what: list, create, describe, alter or delete"),
    (["lits"], '"lits" is unknown; did you mean "list"?'),
    (["shuffle"], '"shuffle" is none of list, create, describe, alter and delete'),
    (["list", "t"], "list shows all topics; one alone: weir topic describe t"),
    (["list", "--partitions", "3"], "--partitions is not for list"),
    (["list", "-t", "x"], "-t is not for list"),
    (["create"], "create which topic?"),
    (["create", "t", "-t", "t"], 'topic "t" is named twice'),
    (["create", ""], "a topic's name is empty"),
    (["create", "t", "--partitions", "0"], '--partitions: "0" is not a number from 1 to 100000'),
    (["create", "t", "--partitions=-1"], '--partitions: "-1" is not a number from 1 to 100000'),
    (["create", "t", "--partitions", "many"], '--partitions: "many" is not a number'),
    (["create", "t", "--replication-factor", "99999"], '--replication-factor: "99999" is not a number from 1 to 32767'),
    (["create", "t", "--config", "weir.yaml"], '--config: "weir.yaml" is not NAME=VALUE (the configuration file is -c'),
    (["create", "t", "--config", "=1"], '--config: "=1" is not NAME=VALUE'),
    (["create", "t", "--config", "a=1", "--config", "a=2"], "--config: a is named twice"),
    (["create", "t", "--delete-config", "a"], "--delete-config is not for create"),
    (["create", "t", "--yes"], "--yes is not for create"),
    (["create", "t", "--partition", "3"], "unknown option --partition; did you mean --partitions?"),
    (["describe"], "describe which topic?"),
    (["describe", "a", "b"], '"b" is one name too many: describe takes one topic'),
    (["describe", "t", "--at", "yesterday"], '--at: "yesterday" is not a time: write @2024'),
    (["describe", "t", "--at", "end"], '--at: "end" is not a time: write @2024'),
    (["describe", "t", "--at", "5"], '--at: "5" is not a time: write @2024'),
    (["describe", "t", "--at", "@2024-02-30"], '--at: "2024-02-30" is not a time: write 2024'),
    (["describe", "t", "--at", "@-10"], '--at: "10" is not a duration'),
    (["alter", "t"], "alter what? Write --config NAME=VALUE, --delete-config NAME or --partitions N"),
    (["alter", "t", "--delete-config", "a=1"], "--delete-config: \"a=1\" is not a config's name"),
    (["alter", "t", "--config", "a=1", "--delete-config", "a"], "--delete-config: a is named twice"),
    (["alter", "t", "--replication-factor", "2"], "--replication-factor is not for alter"),
    (["delete"], "delete which topic?"),
    (["delete", "t", "--if-not-exists"], "--if-not-exists is not for delete"),
    (["list", "-b", "host:99999"], '-b: "host:99999" is not a broker\'s address'),
    (["list", "-X", "sasl.password=sesame"], "-X sasl.password: others can read a password in an argument"),
    (["list", "-X", "nonsense=1"], '-X: librdkafka'),
    (["list", "-c", "none.yaml"], "-c none.yaml: there is no such file"),
]


@pytest.mark.parametrize("arguments, message", WRONG, ids=[" ".join(words) or "(nothing)" for words, _ in WRONG])
def test_wrong_usage_needs_no_broker(tmp_path, arguments, message):
    env = {**program_env(), "WEIR_BROKERS": "localhost:1"}
    begun = time.monotonic()
    result = subprocess.run([weir_binary(), "topic", *arguments], cwd=tmp_path, env=env, text=True,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=30 * patience(), check=False)
    assert result.returncode == 2 and result.stdout == "", result
    assert result.stderr.count("\n") == 1 and result.stderr.startswith(f"weir topic: {message}"), result
    assert time.monotonic() - begun < 4 * patience(), "it asked the broker first"


def test_where_the_brokers_come_from(runner, kafka, topic):
    """-b, then WEIR_BROKERS, then weir.yaml; a file of properties has them too."""
    (runner.folder / "weir.yaml").write_text(f"brokers: {kafka.address}\nkafka:\n  client.id: me\n")
    (runner.folder / "kcat.conf").write_text(f"bootstrap.servers={kafka.address}\n")

    def describes(*arguments: str, **env: str) -> bool:
        process = runner.call("topic", "describe", topic, "-J", *arguments, env=env)
        return process.summary()["topic"] == topic and process.stderr == ""

    assert describes()
    assert describes("-F", "kcat.conf", WEIR_BROKERS="localhost:1")
    assert describes("-b", kafka.address, "-X", "client.id=other", WEIR_BROKERS="localhost:1")
    (runner.folder / "weir.yaml").write_text("brokers: localhost:1\n")
    assert describes(WEIR_BROKERS=kafka.address)
    assert describes("-c", "other.json") if (runner.folder / "other.json").write_text(
        json.dumps({"brokers": kafka.address})) else False
    failed = runner.call("topic", "list", exit_code=1)
    assert "from: weir.yaml:1:10" in failed.stderr


def test_verbose_is_on_stderr_alone(runner, kafka, topic):
    quiet = runner.call("topic", "describe", topic, "-b", kafka.address)
    verbose = runner.call("topic", "describe", topic, "-b", kafka.address, "-v")
    assert verbose.stdout == quiet.stdout and quiet.stderr == ""


def test_help_has_every_command_and_examples(runner):
    text = runner.call("topic", "--help").stdout
    for command in ("list", "create", "describe", "alter", "delete"):
        assert re.search(rf"^(Usage:|      ) weir topic {command} ", text, re.M)
        assert re.search(rf"^  weir topic {command} ", text, re.M), "an example"
    assert re.search(r"^      --config NAME=VALUE", text, re.M) and re.search(r"^  -c FILE", text, re.M)
