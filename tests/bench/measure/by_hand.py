"""`weir consume` and `weir produce` against kcat: the run of tests/bench/consume.

Each is a process from its start to its end, weir and kcat in turns with the same librdkafka, so that both see the same
machine; ratios are of such pairs. Reading: a topic of three partitions to /dev/null. Writing: a file of as many lines,
acks=all for both; idempotence is weir's default and not kcat's, so it is measured with, without, and each by its own."""
import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.kafka import Kafka
from harness.library import newer_library
from harness.paths import weir_binary

from .frame import options, scratch
from .process import Usage, measured, median
from .stage import Stage, machine
from .table import Table, say

TARGET = 1.0
# What ten times the records may take more. Of what is written as much waits as fits into the library's queue
# (queue.buffering.max.kbytes, 64 MiB), and a tenth of a million records does not fill it.
GROWTH_MIB = {"consume": 16, "produce": 72}


@dataclass
class Tool:
    """A program with a librdkafka in front."""

    kafka: Kafka
    folder: Path
    library: Path | None

    def run(self, *command, stdin: Path = Path(os.devnull)) -> Usage:
        env = {key: value for key, value in os.environ.items() if not key.startswith("WEIR_")}
        if self.library:
            env["LD_LIBRARY_PATH"] = str(self.library)
        return measured(command, self.folder, env, stdin=stdin, stdout=Path(os.devnull))

    def weir_reads(self, topic: str) -> Usage:
        return self.run(weir_binary(), "consume", topic, "-b", self.kafka.address, "-o", "beginning", "-e", "-q")

    def kcat_reads(self, topic: str) -> Usage:
        return self.run("kcat", "-b", self.kafka.address, "-C", "-t", topic, "-o", "beginning", "-e", "-q")

    def weir_writes(self, topic: str, file: Path, *options: str) -> Usage:
        return self.run(weir_binary(), "produce", topic, "-b", self.kafka.address, "-q", *options, stdin=file)

    def kcat_writes(self, topic: str, file: Path, *options: str) -> Usage:
        """As one command reads it from a file it is told."""
        return self.run("kcat", "-b", self.kafka.address, "-P", "-t", topic, *options, "-l", file)

    def kcat_writes_stdin(self, topic: str, file: Path, *options: str) -> Usage:
        return self.run("kcat", "-b", self.kafka.address, "-P", "-t", topic, *options, stdin=file)


def against(table: Table, name: str, records: int, repeat: int, ours: Callable[[], Usage], theirs: Callable[[], Usage]) -> None:
    """Pairs, who comes first changes."""
    mine, other = [], []
    for i in range(repeat):
        for run, runs in ((ours, mine), (theirs, other))[::1 if i % 2 else -1]:
            runs.append(run())
    ratio = median([b.seconds / a.seconds for a, b in zip(mine, other)])
    rates = [records / median([u.seconds for u in runs]) for runs in (mine, other)]
    cpu = [median([u.cpu_s for u in runs]) / records * 1e6 for runs in (mine, other)]
    memory = [max(u.anonymous_mib for u in runs) for runs in (mine, other)]
    table.at_least(f"{name}: of kcat's rate", ratio, TARGET,
                   note=f" ({rates[0]:,.0f} and {rates[1]:,.0f} records/s; {cpu[0]:.2f} and {cpu[1]:.2f} CPU s per million; "
                        f"{memory[0]:.0f} and {memory[1]:.0f} MiB)")


def flat(table: Table, verb: str, library: str, few: Usage, many: Usage, kcats_few: Usage, kcats_many: Usage) -> None:
    table.at_most(f"{verb}, {library} librdkafka: MiB more for ten times the records",
                  many.anonymous_mib - few.anonymous_mib, GROWTH_MIB[verb], "{:.0f}",
                  note=f" ({few.anonymous_mib:.0f} and {many.anonymous_mib:.0f}; kcat {kcats_few.anonymous_mib:.0f} and "
                       f"{kcats_many.anonymous_mib:.0f})")


class ByHand:
    def __init__(self, stage: Stage, repeat: int, table: Table):
        self.stage, self.repeat, self.table = stage, repeat, table
        self.records = stage.records
        self.many = stage.fill("bench", self.records)
        self.few = stage.fill("bench_few", self.records // 10)
        self.lines = self._file("lines", self.records)
        self.fewer_lines = self._file("fewer_lines", self.records // 10)

    def _file(self, name: str, records: int) -> Path:
        """Lines like the topic's values."""
        file = self.stage.folder / name
        heads = [head for head, _ in self.stage.templates()]
        with file.open("wb") as target:
            for i in range(records):
                target.write(heads[i % len(heads)] + b'%036d"}\n' % i)
        return file

    def reading(self, name: str, tool: Tool) -> None:
        tool.weir_reads(self.many)  # for a JVM that knows how
        against(self.table, f"consume, {name} librdkafka", self.records, self.repeat,
                lambda: tool.weir_reads(self.many), lambda: tool.kcat_reads(self.many))
        flat(self.table, "consume", name, tool.weir_reads(self.few), tool.weir_reads(self.many),
             tool.kcat_reads(self.few), tool.kcat_reads(self.many))

    def _into_fresh(self, write: Callable[..., Usage], file: Path, *options: str) -> Usage:
        records = self.records if file == self.lines else self.records // 10
        topic = self.stage.kafka.create_topic(partitions=3)
        try:
            usage = write(topic, file, *options)
            there = sum(self.stage.kafka.ends(topic).values())
            assert there == records, f"{there:,} of {records:,} lines are in the topic"
            return usage
        finally:
            self.stage.kafka.delete_topic(topic)

    def writing(self, name: str, tool: Tool) -> None:
        idempotent, plain = ("-X", "enable.idempotence=true"), ("-X", "enable.idempotence=false")
        kinds = (("each by its defaults", (), (), tool.kcat_writes), ("each by its defaults, kcat from stdin", (), (),
                                                                        tool.kcat_writes_stdin),
                 ("both idempotent", (), idempotent, tool.kcat_writes), ("neither idempotent", plain, (), tool.kcat_writes))
        self._into_fresh(tool.weir_writes, self.lines)
        for kind, ours, theirs, kcat in kinds:
            against(self.table, f"produce, {name} librdkafka, {kind}", self.records, self.repeat,
                    lambda: self._into_fresh(tool.weir_writes, self.lines, *ours),
                    lambda: self._into_fresh(kcat, self.lines, *theirs))
        flat(self.table, "produce", name, self._into_fresh(tool.weir_writes, self.fewer_lines),
             self._into_fresh(tool.weir_writes, self.lines), self._into_fresh(tool.kcat_writes, self.fewer_lines),
             self._into_fresh(tool.kcat_writes, self.lines))


def arguments() -> argparse.Namespace:
    parser = options("tests/bench/consume", "weir consume and weir produce against kcat.", "chapter records", 5, "pairs")
    parser.add_argument("--only", choices=("consume", "produce"), help="this part alone")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    table = Table()
    with scratch() as folder:
        stage = Stage(folder, chosen.records)
        try:
            say(f"Kafka and {chosen.records:,} records")
            stage.kafka.start()
            by_hand = ByHand(stage, chosen.repeat, table)
            libraries = {"newer": newer_library(stage.folder), "Debian's": None}
            for part, measure in (("consume", by_hand.reading), ("produce", by_hand.writing)):
                if chosen.only not in (None, part):
                    continue
                say(part)
                for library, folder in libraries.items():
                    measure(library, Tool(stage.kafka, stage.folder, folder))
        finally:
            stage.kafka.kill()
    return table.conclude(machine())


sys.exit(main())
