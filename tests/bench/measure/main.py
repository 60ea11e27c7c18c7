"""The run: what is asked for, in order; a table at the end."""
import argparse
import subprocess
import sys

from harness.library import newer_library
from harness.paths import weir_binary

from . import bad, latency, peers, restart, throughput
from .frame import options, scratch
from .stage import Stage, facts
from .table import Table, say
from .weir import Weir

PARTS = ("copy", "curve", "bad", "restart", "latency", "row", "pathway", "debezium", "chapter")
ROW_GB_PER_S = 1.0


def arguments() -> argparse.Namespace:
    parser = options("tests/bench/ingest", "weir ingest against \\copy and its peers.", "chapter records in the topic", 3,
                     "rounds of \\copy and weir")
    parser.add_argument("--kills", type=int, default=5, help="kill -9 and restarts (default 5)")
    parser.add_argument("--latency-seconds", type=int, default=20, help="how long records trickle (default 20)")
    parser.add_argument("--chapter-records", type=int, default=20_000, help="for the chapter's consumer (default 20,000)")
    for name in ("skip", "only"):
        parser.add_argument(f"--{name}", default="", metavar="PART,...", help=f"{name} these: {', '.join(PARTS)}")
    chosen = parser.parse_args()
    named = set(filter(None, f"{chosen.skip},{chosen.only}".split(",")))
    if named - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(named - set(PARTS)))}; there are {', '.join(PARTS)}")
    chosen.skipped = set(chosen.skip.split(",")) | (set(PARTS) - set(chosen.only.split(",")) if chosen.only else set())
    return chosen


def row(stage: Stage, table: Table) -> None:
    """Decoder and encoder alone, on one core."""
    say("decoder and encoder alone")
    program = weir_binary().parent / "tests" / "bench" / "row"
    out = subprocess.run([program, stage.json_file()], capture_output=True, text=True, check=True).stdout
    rate = float(out.split("GB/s")[0].split()[-1])
    table.at_least("decoder and encoder alone, GB/s", rate, ROW_GB_PER_S, note=f" ({out.split('s, ', 1)[1].strip()})")


def run(stage: Stage, chosen: argparse.Namespace, table: Table) -> None:
    wanted = [part for part in PARTS if part not in chosen.skipped]
    say(f"Kafka, PostgreSQL and {stage.records:,} records")
    stage.start()
    topic = stage.fill("bench", stage.records, text_file=stage.text_file)
    weirs = {"newer": Weir(stage, newer_library(stage.folder)), "Debian's": Weir(stage, None)}
    print("\n".join(facts(stage)))
    print(", ".join(f"{name} librdkafka: {weir.version()}" for name, weir in weirs.items()))
    newer = weirs["newer"]
    if {"copy", "curve", "pathway", "debezium", "chapter"} & set(wanted):
        rates = throughput.against_copy(stage, table, topic, weirs, chosen.repeat)
    if "curve" in wanted:
        throughput.curve(stage, table, topic, newer, rates["copy"], chosen.repeat)
    if "row" in wanted:
        row(stage, table)
    if "restart" in wanted:
        restart.measure(stage, table, topic, newer, chosen.kills)
    if "latency" in wanted:
        latency.measure(stage, table, newer, chosen.latency_seconds, chosen.repeat)
    if "bad" in wanted:
        bad.measure(stage, table, newer, stage.records)
    if {"pathway", "debezium", "chapter"} & set(wanted):
        peers.measure(stage, table, topic, rates["weir"], chosen.skipped, chosen.chapter_records)


def main() -> int:
    chosen = arguments()
    table = Table()
    with scratch() as folder:
        stage = Stage(folder, chosen.records)
        try:
            run(stage, chosen, table)
            lines = facts(stage)
        finally:
            stage.end()
    return table.conclude(lines)


sys.exit(main())
