"""`weir generate` against Faker and Kafka's own ProducerPerformance: the run of tests/bench/generate.

To /dev/null on one core, in turns with Faker's records of the same 16 fields by a Faker that is used again, and by a new one
each time as the chapter has it. Into a topic of three partitions with acks=all, in turns with ProducerPerformance, which
sends lines of ours: the rate that it prints leaves its JVM's start out, weir's is of the whole process."""
import argparse
import os
import re
import sys
from pathlib import Path

from harness.kafka import Kafka
from harness.paths import EXAMPLES, KAFKA_JARS, program_env, weir_binary

from .frame import options, scratch
from .process import Usage, measured, median
from .stage import machine
from .table import Table, say

RECORDS_PER_S = 3_000_000
TIMES_FAKER = 400
TIMES_KAFKAS = 1.2
GROWTH_MIB = {"to /dev/null": 4, "into a topic": 72}  # librdkafka's queue may hold 64 MiB
FAKER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from faker import Faker
from streaming_producer import generate_record
n, again = int(sys.argv[2]), sys.argv[3] == "again"
fake = Faker("ro_RO")
began = time.monotonic()
for _ in range(n):
    generate_record(fake if again else Faker("ro_RO"))
print(n / (time.monotonic() - began))
"""
# linger.ms and batch.size of both: the Java client's own defaults, and what suits bulk.
SETTINGS = {"default linger and batch": ("5", "16384"), "tuned": ("50", "1000000")}


class MadeUp:
    def __init__(self, folder: Path, records: int, repeat: int, table: Table):
        self.folder, self.records, self.repeat, self.table = folder, records, repeat, table
        self.env = program_env()

    # ---- To /dev/null ----

    def to_null(self, records: int) -> Usage:
        return measured(["taskset", "-c", "0", weir_binary(), "generate", "-n", records], self.folder, self.env,
                        stdout=Path(os.devnull))

    def faker(self, records: int, how: str) -> float:
        command = ["taskset", "-c", "0", sys.executable, "-W", "ignore", "-c", FAKER, EXAMPLES, records, how]
        return float(measured(command, self.folder, self.env, look=False).stdout)

    def making(self) -> None:
        ours, again, new = [], [], []
        for _ in range(self.repeat):
            ours.append(10 * self.records / self.to_null(10 * self.records).seconds)
            again.append(self.faker(20_000, "again"))
            new.append(self.faker(300, "new"))
        self.table.at_least("records/s to /dev/null, one core", median(ours), RECORDS_PER_S, "{:,.0f}")
        for theirs, what, target in (again, "a Faker used again", TIMES_FAKER), (new, "a new Faker each time", None):
            ratio = median([a / b for a, b in zip(ours, theirs)])
            figure = f"{ratio:,.0f} times ({median(theirs):,.0f} records/s)"
            self.table.add(f"beside {what}", figure, f"at least {target:,} times" if target else "",
                           ratio >= target if target else None)
        self.flat("to /dev/null", self.to_null(self.records), self.to_null(10 * self.records))

    def flat(self, what: str, few: Usage, many: Usage) -> None:
        self.table.at_most(f"{what}: MiB more for ten times the records", many.anonymous_mib - few.anonymous_mib,
                           GROWTH_MIB[what], "{:.0f}", note=f" ({few.anonymous_mib:.0f} and {many.anonymous_mib:.0f})")

    # ---- Into a topic ----

    def payload(self) -> Path:
        file = self.folder / "payload.ndjson"
        measured([weir_binary(), "generate", "-n", 10_000], self.folder, self.env, stdout=file)
        return file

    def into(self, kafka: Kafka, send) -> float:
        """Records a second into a fresh topic, which must hold all of them."""
        topic = kafka.create_topic(partitions=3)
        try:
            rate = send(topic)
            there = sum(kafka.ends(topic).values())
            assert there == self.records, f"{there:,} of {self.records:,} records are in the topic"
            return rate
        finally:
            kafka.delete_topic(topic)

    def weir_sends(self, kafka: Kafka, topic: str, *options: str) -> Usage:
        return measured([weir_binary(), "generate", "-b", kafka.address, "-t", topic, "--rate", "max", "-n", self.records, "-q",
                         *options], self.folder, self.env)

    def kafkas_sends(self, kafka: Kafka, topic: str, payload: Path, *options: str) -> float:
        said = measured(["java", "-Xms512m", "-Xmx512m", "-cp", f"{KAFKA_JARS}/*", "org.apache.kafka.tools.ProducerPerformance",
                         "--topic", topic, "--num-records", self.records, "--throughput", "-1", "--payload-file", payload,
                         "--producer-props", f"bootstrap.servers={kafka.address}", "acks=all", *options],
                        self.folder, self.env, look=False).stdout
        return float(re.findall(r"records sent, ([\d.]+) records/sec", said)[-1])

    def sending(self, kafka: Kafka) -> None:
        payload = self.payload()
        for name, (linger, batch) in SETTINGS.items():
            props = (f"linger.ms={linger}", f"batch.size={batch}")
            options = [word for prop in props for word in ("-X", prop)]
            ours, theirs = [], []
            for _ in range(self.repeat):
                ours.append(self.into(kafka, lambda topic: self.records / self.weir_sends(kafka, topic, *options).seconds))
                theirs.append(self.into(kafka, lambda topic: self.kafkas_sends(kafka, topic, payload, *props)))
            ratio = median([a / b for a, b in zip(ours, theirs)])
            self.table.at_least(f"into Kafka, {name}: of ProducerPerformance's rate", ratio, TIMES_KAFKAS,
                                note=f" ({median(ours):,.0f} and {median(theirs):,.0f} records/s)")
        usage: list[Usage] = []
        own = self.into(kafka, lambda topic: (usage.append(self.weir_sends(kafka, topic)), self.records / usage[-1].seconds)[1])
        self.table.add("into Kafka as it comes", f"{own:,.0f} records/s, {usage[0].cpu_s / self.records * 1e6:.2f} CPU s per million")
        self.records, many = self.records // 10, usage[0]
        self.into(kafka, lambda topic: (usage.append(self.weir_sends(kafka, topic)), 0)[1])
        self.flat("into a topic", usage[1], many)


def arguments() -> argparse.Namespace:
    parser = options("tests/bench/generate", "weir generate against Faker and Kafka's ProducerPerformance.",
                     "into a topic, ten times as many to /dev/null", 3, "pairs")
    parser.add_argument("--only", choices=("making", "sending"), help="this part alone")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    table = Table()
    with scratch() as folder:
        made_up = MadeUp(folder, chosen.records, chosen.repeat, table)
        if chosen.only in (None, "making"):
            say("to /dev/null")
            made_up.making()
        if chosen.only in (None, "sending"):
            kafka = Kafka(folder / "kafka")
            try:
                say("into Kafka")
                kafka.start()
                made_up.sending(kafka)
            finally:
                kafka.kill()
    return table.conclude(machine())


sys.exit(main())
