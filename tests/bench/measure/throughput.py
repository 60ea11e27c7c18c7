r"""Rows a second against psql's \copy, CPU, memory, and the curve over the size of a batch."""
from .process import measured, median
from .stage import TABLE, Stage
from .table import Table, say
from .weir import Drained, Weir

MEMORY_MIB = {"newer": 96, "Debian's": 320}
SHARE = {("newer", 1): 0.95, ("newer", 2): 1.0, ("Debian's", 1): 0.85, ("Debian's", 2): 0.85}
CPU_S_PER_MILLION = 1.6


def copy_rate(stage: Stage) -> float:
    """One session, from a text file that is ready and cached."""
    database = stage.database()
    try:
        command = stage.psql(database, "-c", rf"\copy {TABLE} from '{stage.text_file}'")
        usage = measured(command, stage.folder, stage.psql_env(), look=False)
        stage.table_bytes = database.value(f"SELECT pg_relation_size('{TABLE}')")
        assert database.count() == stage.records
        return stage.records / usage.seconds
    finally:
        stage.drop(database)


def against_copy(stage: Stage, table: Table, topic: str, weirs: dict[str, Weir], repeat: int) -> dict[str, float]:
    r"""Rounds of \copy and each kind of weir, so that all of them see the same machine. The topic is read once before, for
    a JVM that knows how; who comes first after \copy changes from round to round. Returns the medians."""
    kinds = [(library, lanes) for library in weirs for lanes in (1, 2)]
    copies: list[float] = []
    runs: dict[tuple[str, int], list[Drained]] = {kind: [] for kind in kinds}
    say(rf"\copy and weir, {repeat} rounds")
    weirs["newer"].drain(topic)
    for i in range(repeat):
        copies.append(copy_rate(stage))
        first = i % len(kinds)
        for library, lanes in kinds[first:] + kinds[:first]:
            runs[library, lanes].append(weirs[library].drain(topic, "--lanes", str(lanes)))
    copy = median(copies)
    table.add(r"psql `\copy`, one session", f"{copy:,.0f} rows/s")
    for library, lanes in kinds:
        report(table, f"{library} librdkafka, {lanes} lane{'s' * (lanes > 1)}", library, lanes, runs[library, lanes],
               [drained.rows_per_s / beside for drained, beside in zip(runs[library, lanes], copies)])
    return {"copy": copy, "weir": median([d.rows_per_s for d in runs["newer", 2]])}


def report(table: Table, name: str, library: str, lanes: int, runs: list[Drained], ratios: list[float]) -> None:
    rate = median([d.rows_per_s for d in runs])
    whole = median([d.rows / d.process.seconds for d in runs])
    table.at_least(rf"{name}: of `\copy`", median(ratios), SHARE[library, lanes],
                   note=f" ({rate:,.0f} rows/s; {whole:,.0f} from the process's start to its end)")
    table.at_most(f"{name}: CPU s per million rows", median([d.cpu_s_per_million for d in runs]), CPU_S_PER_MILLION)
    table.at_most(f"{name}: anonymous memory, MiB", max(d.process.anonymous_mib for d in runs), MEMORY_MIB[library],
                  "{:.0f}")


def curve(stage: Stage, table: Table, topic: str, weir: Weir, copy: float, repeat: int) -> None:
    say("the size of a batch")
    for lanes in (1, 2):
        for size in ("1MiB", "2MiB", "4MiB", "8MiB", "16MiB", "24MiB"):
            runs = [weir.drain(topic, "--lanes", str(lanes), "--max-batch-bytes", size) for _ in range(repeat)]
            rate = median([d.rows_per_s for d in runs])
            table.add(f"{lanes} lane{'s' * (lanes > 1)}, batches of {size}",
                      f"{rate:,.0f} rows/s ({rate / copy:.2f}), {median([d.cpu_s_per_million for d in runs]):.2f} CPU s, "
                      f"{max(d.process.anonymous_mib for d in runs):.0f} MiB")
