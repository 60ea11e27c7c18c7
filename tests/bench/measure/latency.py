"""Record time to row visible, at a steady trickle, against a plain consumer and the time of a commit.

The record time is the producer's clock just before it hands a record over; a row is visible when a SELECT of another
session returns it (personal_number counts the records, each partition in a range of its own, and has an index for this,
so that a SELECT returns only what is new). The pause between two SELECTs counts against weir.
"""
import json
import multiprocessing
import re
import time
import uuid
from array import array

from confluent_kafka import Consumer, Producer

from .process import end, median, percentile
from .restart import start
from .stage import TABLE, Stage
from .table import Table, say
from .weir import Weir

RATE = 1000
LOOK_EACH_S = 0.001
NUMBER = re.compile(rb'("personal_number": )"?\d+"?')
COMMITS = 2000
WARM_UP = 1000  # records that are sent and not judged
SLACK_MS = 2.0
PARTITIONS = 3
RANGE = 100_000_000  # of numbers, for one partition
NEW = " UNION ALL ".join([f"SELECT personal_number FROM {TABLE} WHERE personal_number BETWEEN %s AND %s"] * PARTITIONS)


def send(address: str, topic: str, values: list[bytes], times) -> None:
    """A process of its own: the i-th record a millisecond after the one before."""
    producer = Producer({"bootstrap.servers": address, "linger.ms": 0, "acks": "all", "log_level": 2})
    began = time.time()
    for i, value in enumerate(values):
        while (pause := began + i / RATE - time.time()) > 0:
            time.sleep(pause)
        times[i] = time.time()
        producer.produce(topic, value=value, partition=i % PARTITIONS)
        producer.poll(0)
    producer.flush(30)


def number_of(i: int) -> int:
    return i % PARTITIONS * RANGE + i


class Trickle:
    """The records on their way, and when each was sent."""

    def __init__(self, stage: Stage, topic: str, count: int):
        templates = stage.templates()
        heads = [templates[i % len(templates)][0] for i in range(count)]
        values = [NUMBER.sub(rb"\g<1>%d" % number_of(i), head) + str(uuid.uuid4()).encode() + b'"}' for i, head in enumerate(heads)]
        self.count = count
        self.times = multiprocessing.Array("d", count, lock=False)
        self.process = multiprocessing.get_context("fork").Process(
            target=send, args=(stage.kafka.address, topic, values, self.times))

    def latencies_ms(self, seen: array) -> list[float]:
        return [(seen[i] - self.times[i]) * 1000 for i in range(min(WARM_UP, self.count // 2), self.count)]


def plain_consumer(stage: Stage, topic: str, trickle: Trickle) -> array:
    consumer = Consumer({"bootstrap.servers": stage.kafka.address, "group.id": topic, "log_level": 2,
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    while not consumer.assignment():
        consumer.poll(0.1)
    seen = array("d", bytes(8 * trickle.count))
    left = trickle.count
    trickle.process.start()
    while left:
        message = consumer.poll(30)
        now = time.time()
        assert message and not message.error(), "the plain consumer has no records"
        seen[json.loads(message.value())["personal_number"] % RANGE] = now
        left -= 1
    trickle.process.join()
    consumer.close()
    return seen


def watch_table(connection, trickle: Trickle) -> array:
    """A partition's rows become visible in order: each SELECT asks for what follows the last one seen."""
    seen = array("d", bytes(8 * trickle.count))
    bounds = [bound for p in range(PARTITIONS) for bound in (p * RANGE, (p + 1) * RANGE - 1)]
    left = trickle.count
    deadline = time.time() + trickle.count / RATE + 60
    while left:
        rows = connection.execute(NEW, bounds).fetchall()
        now = time.time()
        assert now < deadline, f"{left} rows never came"
        for (number,) in rows:
            seen[number % RANGE] = now
            low = number // RANGE * 2
            bounds[low] = max(bounds[low], number + 1)
        left -= len(rows)
        time.sleep(LOOK_EACH_S)
    return seen


def through_weir(stage: Stage, topic: str, weir: Weir, count: int) -> list[float]:
    database = stage.database()
    database.execute(f"CREATE INDEX ON {TABLE} (personal_number)")
    process = start(weir, topic, database)
    try:
        with database.connect() as connection:
            connection.execute("SET enable_seqscan = off")
            while not connection.execute("SELECT to_regclass('weir.offsets')").fetchone()[0] or connection.execute(
                    "SELECT count(*) FROM weir.offsets WHERE owner_epoch > 0").fetchone()[0] < 3:
                assert process.poll() is None, "weir ended"
                time.sleep(0.05)
            time.sleep(1)
            trickle = Trickle(stage, topic, count)
            trickle.process.start()
            seen = watch_table(connection, trickle)
            trickle.process.join()
            return trickle.latencies_ms(seen)
    finally:
        end(process)
        stage.drop(database)


def commits_ms(stage: Stage) -> list[float]:
    """One row of the chapter's table a transaction, as fast as one session goes."""
    database = stage.database()
    row = [None if c == r"\N" else c for c in stage.templates()[0][1].decode().rstrip("\t").split("\t")] + ["x"]
    insert = f"INSERT INTO {TABLE} VALUES ({', '.join(['%s'] * len(row))})"
    took = []
    with database.connect(autocommit=False) as connection:
        for _ in range(COMMITS):
            connection.execute(insert, row)
            began = time.perf_counter()
            connection.commit()
            took.append((time.perf_counter() - began) * 1000)
    stage.drop(database)
    return took


def measure(stage: Stage, table: Table, weir: Weir, seconds: int, repeat: int) -> None:
    """Rounds of both, in turns: a stall of the machine falls on one of them. The medians are of the rounds' figures."""
    say(f"latency at {RATE:,} records/s")
    count = seconds * RATE
    commit = commits_ms(stage)
    plain, ours = [], []
    for i in range(repeat):
        topics = f"bench_plain_{i}", f"bench_trickle_{i}"
        for topic in topics:
            stage.kafka.create_topic(topic, PARTITIONS)
        trickle = Trickle(stage, topics[0], count)
        plain.append(trickle.latencies_ms(plain_consumer(stage, topics[0], trickle)))
        ours.append(through_weir(stage, topics[1], weir, count))
    plain_50, plain_99 = (median([percentile(values, share) for values in plain]) for share in (.5, .99))
    ours_50, ours_99 = (median([percentile(values, share) for values in ours]) for share in (.5, .99))
    commit_50, commit_99 = (percentile(commit, share) for share in (.5, .99))
    table.add("a plain librdkafka consumer, record time to record, ms", f"p50 {plain_50:.2f}, p99 {plain_99:.2f}")
    table.add("a commit of one row, ms", f"p50 {commit_50:.2f}, p99 {commit_99:.2f}")
    each = ", ".join(f"{percentile(values, .99):.0f}" for values in ours)
    table.at_most("weir, record time to row visible, p99, ms", ours_99, plain_99 + 3 * commit_99 + SLACK_MS,
                  note=f" (p50 {ours_50:.2f}; rounds {each})")
