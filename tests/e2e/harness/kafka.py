"""A real Apache Kafka of the test run's own, and what tests do to topics."""
import os
import subprocess
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient,
                                   AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec,
                                   ResourcePatternType, ResourceType)

from .paths import TOOLS, patience
from .ports import free_ports
from .records import Record, Sent
from .wait import wait_until


class Kafka:
    """tools/kafka, and clients of it."""

    def __init__(self, folder: Path, settings: str = "", **knobs: str):
        """`knobs` are those of tools/kafka: KAFKA_LISTENERS="SSL:SSL"."""
        self.folder = folder
        self.address = ""
        ports = 2 + len(knobs.get("KAFKA_LISTENERS", "").split())
        self._env = {**os.environ, "KAFKA_DIR": str(folder), "KAFKA_SET": settings, "OWNER_PID": str(os.getpid()),
                     **({"KAFKA_PORT": str(free_ports(ports))} | knobs)}
        self._admin: AdminClient | None = None

    # The server

    def start(self) -> None:
        self._tool("start")
        self.address = self._tool("address").strip()

    def listener(self, name: str) -> str:
        """The address of one of KAFKA_LISTENERS."""
        return self._tool("address", name).strip()

    def stop(self) -> None:
        self._tool("stop")

    def kill(self) -> None:
        """kill -9; start() brings it back at the same address with what it had stored."""
        self._tool("kill")

    def restart(self) -> None:
        self.stop()
        self.start()

    def running(self) -> bool:
        return self._run("status").returncode == 0

    def _run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([TOOLS / "kafka", *arguments], env=self._env, capture_output=True, text=True)

    def _tool(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, f"kafka {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    # Topics

    @property
    def admin(self) -> AdminClient:
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
        return self._admin

    def create_topic(self, name: str = "", partitions: int = 3, **config) -> str:
        """Creates a topic and returns its name; `config` takes cleanup_policy="compact" for cleanup.policy."""
        name = name or f"topic_{uuid.uuid4().hex[:12]}"
        config = {key.replace("_", "."): str(value) for key, value in config.items()}
        new = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        self.admin.create_topics([new])[name].result(30)
        wait_until(lambda: len(self.partitions(name)) == partitions, what=f"topic {name} with {partitions} partitions")
        return name

    def delete_topic(self, name: str) -> None:
        self.admin.delete_topics([name])[name].result(30)
        wait_until(lambda: not self.partitions(name), what=f"topic {name} gone")

    def partitions(self, topic: str) -> list[int]:
        """Numbers of the partitions that have a leader; none when there is no such topic."""
        found = self.admin.list_topics(topic, timeout=30).topics.get(topic)
        return sorted(p.id for p in found.partitions.values() if p.leader >= 0) if found and not found.error else []

    def add_partitions(self, topic: str, total: int) -> None:
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(30)
        wait_until(lambda: len(self.partitions(topic)) == total, what=f"{total} partitions of {topic}")

    def delete_records(self, topic: str, before: dict[int, int]) -> None:
        """What retention does: removes all records of each partition before the offset given."""
        wanted = [TopicPartition(topic, partition, offset) for partition, offset in before.items()]
        for future in self.admin.delete_records(wanted).values():
            future.result(30)

    def alter_topic(self, topic: str, **config) -> None:
        """alter_topic("t", retention_ms=1000)"""
        entries = [ConfigEntry(key.replace("_", "."), str(value), incremental_operation=AlterConfigOpType.SET)
                   for key, value in config.items()]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        self.admin.incremental_alter_configs([resource])[resource].result(30)

    def ends(self, topic: str) -> dict[int, int]:
        """Partition -> the offset after its last record."""
        return self._offsets(topic, OffsetSpec.latest())

    def starts(self, topic: str) -> dict[int, int]:
        """Partition -> the first offset still there."""
        return self._offsets(topic, OffsetSpec.earliest())

    def _offsets(self, topic: str, spec: OffsetSpec) -> dict[int, int]:
        wanted = {TopicPartition(topic, partition): spec for partition in self.partitions(topic)}

        def ask() -> dict[int, int] | None:
            try:
                answers = self.admin.list_offsets(wanted).items()
                return {asked.partition: future.result(30).offset for asked, future in answers}
            except KafkaException:  # a broker that has just come back does not know its leaders' epochs at once
                return None

        return wait_until(ask, what=f"offsets of {topic}", every_s=0.2) if wanted else {}

    def add_acl(self, binding: AclBinding) -> None:
        """What the controller has taken, the broker heeds a moment later. That is waited for; not for long, as the broker may
        be forbidden by now to tell."""
        self.admin.create_acls([binding])[binding].result(30)
        its_own = AclBindingFilter(binding.restype, binding.name, binding.resource_pattern_type, binding.principal,
                                   binding.host, binding.operation, binding.permission_type)
        deadline = time.monotonic() + 0.5 * patience()
        while time.monotonic() < deadline:
            with suppress(KafkaException):
                if self.admin.describe_acls(its_own).result(30):
                    return
            time.sleep(0.02)

    def deny(self, name: str, *operations: AclOperation, kind: ResourceType = ResourceType.TOPIC) -> None:
        """For a Kafka with access lists: everyone may do everything else with it."""
        # The permission first: with the first entry the cluster is closed to all that are not named, us too.
        for operation, permission in [(AclOperation.ALL, AclPermissionType.ALLOW),
                                      *((each, AclPermissionType.DENY) for each in operations)]:
            binding = AclBinding(kind, name, ResourcePatternType.LITERAL, "User:*", "*", operation, permission)
            self.add_acl(binding)

    # Records

    def produce(self, topic: str, records: Iterable[Record | bytes | None], **config) -> list[Sent]:
        """Sends and waits for every acknowledgement. `config` takes librdkafka's properties, `_` for `.`."""
        properties = {"bootstrap.servers": self.address, "enable.idempotence": True, "linger.ms": 5, "log_level": 2,
                      "queue.buffering.max.messages": 1_000_000, "sticky.partitioning.linger.ms": 0}
        producer = Producer({**properties, **{key.replace("_", "."): value for key, value in config.items()}})
        sent: list[Sent] = []
        failed: list[str] = []
        for item in records:
            record = item if isinstance(item, Record) else Record(item)

            def acknowledged(error, message, record=record):
                if error:
                    failed.append(str(error))
                else:
                    sent.append(Sent(topic, message.partition(), message.offset(), record.unique_id, record))

            options = {} if record.partition < 0 else {"partition": record.partition}
            while True:
                try:
                    producer.produce(topic, value=record.value, key=record.key, headers=record.headers or None,
                                     timestamp=record.timestamp_ms, on_delivery=acknowledged, **options)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        producer.flush(60)
        assert not failed, f"{len(failed)} records not acknowledged: {failed[0]}"
        return sent

    def records(self, topic: str) -> dict[int, list[tuple]]:
        """Partition -> key, value, headers and time of each record there is."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "looks", "enable.partition.eof": False,
                             "isolation.level": "read_uncommitted", "log_level": 2})
        ends = self.ends(topic)
        found: dict[int, list[tuple]] = {partition: [] for partition in ends}
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        left = sum(ends.values())
        while left:
            message = consumer.poll(30)
            assert message is not None, f"{left} records never came"
            if message.error():  # a topic that has just been made
                code = message.error().code()
                assert message.error().retriable() or code == KafkaError.UNKNOWN_TOPIC_OR_PART, message.error()
                continue
            found[message.partition()].append((message.key(), message.value(), message.headers() or [],
                                               message.timestamp()[1]))
            left -= 1
        consumer.close()
        return found

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's offsets in Kafka, as other tools see them."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group, "log_level": 2})
        try:
            wanted = [TopicPartition(topic, partition) for partition in self.partitions(topic)]

            def ask() -> list[TopicPartition] | None:
                try:
                    return consumer.committed(wanted, timeout=30)
                except KafkaException:  # a group's coordinator is just being found, or moves
                    return None

            found = wait_until(ask, what=f"committed offsets of {group}", every_s=0.2) if wanted else []
            return {p.partition: p.offset for p in found if p.offset >= 0}
        finally:
            consumer.close()
