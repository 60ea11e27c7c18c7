"""The examples that people read: every command line that begins with weir in README.md, docs/*.md and in the --help of
every verb, and how each is tried.

A new example is tried like this: find the line of EXAMPLES that its command fits, or add one: what there must be before
it (a name or more of Stage.PREPARATIONS in test_examples.py), and what shows that it did what the text around it says.
TOPIC and PIPELINE stand for the chapter's; other placeholders get a value in Stage.filled_in()."""
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.paths import ROOT, program_env, weir_binary

COMMAND = re.compile(r"(?:\$ )?((?:build/)?weir(?: |$).*)")
MESSAGE = re.compile(r"weir(?: [a-z]+)+: ")  # what weir says, not what it is told
# Steps on a terminal: ("shows", text), ("types", text), ("record", text) into the chapter's topic, ("interrupt",).
STREAMS = ("interrupt",)


@dataclass(frozen=True)
class Example:
    """`command`: a pattern for all of it. Without `steps` it runs to its end, with exit code `code`, and `shows` (a
    pattern) is in what it prints on stdout, or on stderr; with `steps` it runs on a terminal of its own."""

    command: str
    needs: tuple[str, ...] = ()
    shows: str = r"\S"
    steps: tuple[tuple[str, ...], ...] = ()
    code: int = 0
    leaves: tuple[str, str] = ("", "")  # a file, and a pattern for what is in it


DATABASE = "( --database credentials.json)?"
QUERY = f"weir query{DATABASE}"
COUNT = r'["\']SELECT (?i:COUNT)\(\*\)( AS no_records)? FROM streaming_layer.streaming_data["\']'
RUNS = (("shows", "rows/s"), STREAMS)
CURE = r"^ALTER TABLE streaming_layer\.streaming_data ALTER COLUMN personal_number TYPE bigint;\n$"

EXAMPLES = (
    Example(r"(build/)?weir help( [a-z]+)?", shows="Usage: weir"),
    Example(r"weir config( driven_data)?( -v)?", shows="driven_data"),
    # ingest
    Example(r"weir ingest( driven_data)?( -b \S+ -t .*)?", ("records",), steps=RUNS),
    Example(r"weir ingest driven_data --dry-run -n \d+", ("hundreds", "table")),
    Example(rf"weir ingest -t driven_data_stream --table streaming_layer.streaming_data{DATABASE} -e", ("unnamed letters",)),
    Example(r"weir ingest --dry-run", ("records",), steps=RUNS),
    Example(r"weir ingest -e", ("records",)),
    Example(rf"weir dead list{DATABASE}( --by reason)?", ("letters",), shows="(?i)no JSON|not JSON"),
    Example(rf"weir dead show \S+{DATABASE}", ("letters",), shows="Hellow"),
    Example(r"weir dead export --database credentials.json > letters.ndjson", ("letters",), shows="^$",
            leaves=("letters.ndjson", '"value":"Hellow"')),
    Example(r"weir dead replay -t .* --through 'jq -Rc .*", ("unnamed letters",), shows=r"(?m)^ +2  replayed into"),
    Example(r"weir dead prune --older-than \S+", ("letters",), steps=(("shows", "[y/N]"), ("types", "y\n"))),
    Example(r"weir dead prune --replayed", ("replayed",), steps=(("shows", "[y/N]"), ("types", "y\n"))),
    Example(r"weir dead replay driven_data --dry-run", ("salaries",), code=1),
    Example(r"weir dead replay driven_data --column salary --through .*", ("salaries",)),
    Example(r"weir dead replay driven_data", ("salaries", "mended")),
    Example(r"weir dead export driven_data \| weir produce driven_data_stream -J", ("letters",),
            shows="records to driven_data_stream"),
    Example(rf'{QUERY} --write "ALTER TABLE .* ALTER COLUMN personal_number TYPE bigint"', ("wrong column",),
            shows="ALTER TABLE"),
    Example(r'weir query --write "ALTER TABLE .* ALTER salary TYPE text"', ("salaries",), shows="ALTER TABLE"),
    Example(r"weir verify( driven_data( --read)?)?", ("rows",)),
    Example(r"weir verify driven_data --ledger sent.ndjson", ("ledger",)),
    Example(r"weir verify orders --ledger sent.ndjson --id order_id", ("order ledger",)),
    Example(rf"weir verify -t driven_data_stream --table streaming_layer.streaming_data{DATABASE} --read", ("rows",)),
    Example(r"weir verify --offline", ("rows",)),
    Example(rf"weir verify -t driven_data_stream --table streaming_layer.streaming_data{DATABASE} --ledger sent.ndjson", ("generated",),
            shows="yes: every record of sent.ndjson arrived"),
    # generate
    Example(r"weir generate (-t driven_data_stream|driven_data)", ("records", "entries"),
            steps=(("shows", "into driven_data_stream, 10,800 records a day"), ("shows", "acknowledged"), STREAMS)),
    Example(r"weir generate -t driven_data_stream --rate 5000/s -n 100000 --ledger sent.ndjson", ("records",),
            steps=(("shows", " records/s"), STREAMS)),
    Example(r"weir generate -t driven_data_stream --rate 5000/s -n 100000 --ledger sent.ndjson --faults .*", ("records",),
            steps=(("shows", "on their way"), STREAMS, ("shows", "with a fault: "))),
    Example(r"weir generate --seed 7 --as-of 2026-01-01T00:00:00Z -n 1000", shows='"accessed_at": "2026-01-01 00:00:00"'),
    Example(r"weir generate -t driven_data_stream --as-of -7d --until now --no-sleep", ("records",),
            shows=r"7[4-7]\d{3} records acknowledged by driven_data_stream"),
    Example(r"weir generate -n 100000 \| weir produce driven_data_stream", ("records",), shows="100000 records to"),
    Example(r"weir generate -t driven_data_stream --rate 100/s -n 200 --users 50 --ledger sent.ndjson", ("records",),
            shows="200 records acknowledged by driven_data_stream"),
    Example(r"weir generate --list-providers", shows="PROVIDER +IS +WRITTEN +EXAMPLE"),
    Example(r"weir generate -n 1", shows='^{"person_name": ".*"unique_id": "'),
    Example(r"weir generate --spec shop.yaml -n 1", ("shop spec",), shows=r'^{"order_id": .*"lines": \[{"line": 1, '),
    # doctor, draft
    Example(r"weir doctor( driven_data| -t driven_data_stream .*)?", ("hundreds", "table"), shows=r"(?m)^0 fail, "),
    Example(r"weir doctor -t orders --table shop.orders .*", ("shop",), shows=r"(?m)^0 fail, "),
    Example(r"weir doctor -J \| jq [^>]*", ("wrong column",), code=1, shows=CURE),
    Example(r"weir doctor -J \| jq .* > cure.sql", ("wrong column",), code=1, shows="^$", leaves=("cure.sql", CURE)),
    Example(r"weir draft table driven_data_stream --table streaming_layer.streaming_data", ("hundreds",),
            shows=r"CREATE TABLE IF NOT EXISTS streaming_layer\.streaming_data"),
    Example(r"weir draft table driven_data_stream .* > create_table.sql", ("hundreds",), shows="^$",
            leaves=("create_table.sql", r"CREATE TABLE IF NOT EXISTS streaming_layer\.streaming_data")),
    Example(r"weir draft table orders --table shop.orders \| tee orders.sql", ("shop",),
            leaves=("orders.sql", r"CREATE TABLE IF NOT EXISTS shop\.orders")),
    Example(r"weir draft table orders", ("shop",), shows=r"CREATE TABLE IF NOT EXISTS orders \("),
    Example(r"weir draft table orders --examples -n \d+", ("shop",), shows=r'e\.g\. "A-\d"'),
    Example(r"weir draft table orders -J \| jq .*", ("shop",), shows=r"(?m)^order_id\ttext$"),
    # groups
    Example(r"weir group list", ("billing",), shows="(?m)^billing "),
    Example(r"weir group list -J \| jq .*", ("billing",), shows="(?m)^billing$"),
    Example(r"weir group describe readers", ("readers",), shows="driven_data_stream"),
    Example(r"weir group describe billing", ("billing",), shows="orders"),
    Example(r"weir group describe billing -J \| jq .*", ("billing",), shows=r"(?m)^\d+$"),
    Example(r"weir group seek billing .* --dry-run", ("billing",), shows="orders"),
    Example(r"weir group seek billing .*", ("billing",), steps=(("shows", "[y/N]"), ("types", "y\n"), ("shows", "orders"))),
    Example(r"weir group delete billing --yes", ("billing",), shows="billing"),
    Example(r"weir group delete billing", ("billing",), steps=(("shows", "[y/N]"), ("types", "y\n"), ("shows", "billing"))),
    # topics
    Example(r"weir topic list( -b \S+)?", ("records",), shows="driven_data_stream +3 "),
    Example(r"weir topic list -J \| jq .*\.records == 0.*", ("orders",), shows="(?m)^orders$"),
    Example(r"weir topic list -J \| jq .*", ("records",), shows="(?m)^driven_data_stream$"),
    Example(r"weir topic create orders .*", ("no orders",), shows="orders"),
    Example(r"weir topic create driven_data_stream .*", ("no records",), shows="driven_data_stream"),
    Example(r"weir topic describe driven_data_stream", ("records",), shows="(?s)driven_data_stream.*LEADER"),
    Example(r"weir topic describe orders --at @-10m", ("orders",), shows="(?s)orders.*LEADER.* AT\n"),
    Example(r"weir topic describe orders --at @-1h -J \| jq .*", ("orders",), shows=r"^\d+$"),
    Example(r"weir topic alter orders .*", ("no orders", "orders"), shows="orders"),
    Example(r"weir topic delete orders --yes", ("orders",), shows="orders"),
    Example(r"weir topic delete orders", ("orders",), steps=(("shows", "[y/N]"), ("types", "y\n"), ("shows", "orders"))),
    # rate
    Example(r"weir rate driven_data_stream( --per \w+)?( --last 24h)?( --expect 10000/d)?", ("records",), shows="/day at this rate"),
    Example(r"weir rate driven_data_stream --per day --timezone Europe/Bucharest --csv", ("records",), shows="(?m)^from,to,.*\n20"),
    Example(r"weir rate driven_data_stream --per hour --last 3h --expect 10000/d", ("records",), shows="10,000 expected: "),
    Example(r"weir rate driven_data_stream --live", ("records",), steps=(("shows", " so far"), STREAMS)),
    Example(r"weir rate driven_data_stream --live -J --per second", ("records",), steps=(("shows", '"counted_at":'), STREAMS)),
    Example(rf"weir rate --table streaming_layer.streaming_data --column accessed_at{DATABASE}( --per \w+)?( --expect 10000/d)?",
            ("rows",), shows="(?m)^rows +20"),
    Example(r"weir rate driven_data_stream --exact -J \| jq .*", ("records",), shows=r"^\d+$"),
    # records
    Example(r"weir produce driven_data_stream", ("records",),
            steps=(("shows", "> "), ("types", "Hellow\n\x04"), ("shows", "1 record to driven_data_stream"))),
    Example(r"weir produce driven_data_stream -K: < pairs.txt", ("records", "pairs"), shows="2 records to driven_data_stream"),
    Example(r"weir consume driven_data_stream", ("records",),
            steps=(("shows", "from now on"), ("record", "Hellow"), ("shows", "Hellow"), STREAMS)),
    Example(r"weir consume driven_data_stream -o beginning -e", ("records",), shows="(?m)^Hellow$"),
    Example(r"weir consume driven_data_stream -o -5 -e --pretty", ("records",), shows='  "unique_id": "'),
    Example(r"weir consume driven_data_stream -f .*", ("records",),
            steps=(("shows", "from now on"), ("record", "Hellow"), ("shows", "Hellow"), STREAMS)),
    Example(r"weir consume driven_data_stream -g readers -o beginning -e", ("records",), shows="(?m)^Hellow$"),
    Example(r"weir consume driven_data_stream -g checks -o beginning -n 100", ("hundreds",), shows="person_name"),
    Example(r"weir consume driven_data_stream -g checks -n 100", ("checks",), shows="person_name"),
    Example(r"weir consume a -o beginning -e -J \| weir produce b -J( --keep-partition)?", ("a and b",),
            shows="2 records to b"),
    # rates
    Example(r"weir rate driven_data_stream( --per (hour|minute))?( --last 24h)?", ("records",),
            shows=r"(?s)records +\d+\n.*partitions +3"),
    Example(r"weir rate driven_data_stream .*--expect 10000/d", ("records",), shows="a day .*, 10,000 expected"),
    Example(r"weir rate driven_data_stream --per day --timezone Europe/Bucharest --csv", ("records",),
            shows="^from,to,whole,records\n"),
    Example(r"weir rate driven_data_stream --exact -J \| jq .distinct_keys", ("records",), shows=r"^\d+\n"),
    Example(r"weir rate driven_data_stream --live", ("records",), steps=(("shows", "/minute"), STREAMS)),
    Example(r"weir rate --table streaming_layer.streaming_data --column accessed_at( --database credentials.json)?"
            " --per hour", ("rows",), shows=r"\nrows +20\n"),
    # the database
    Example(rf"{QUERY} {COUNT}", ("rows",), shows=r"\n20\n"),
    Example(rf"{QUERY} ({COUNT} --watch 2s|--watch 2s {COUNT})", ("rows",), steps=(("shows", " 20"), STREAMS)),
    Example(rf'{QUERY} "SELECT \* FROM streaming_layer.streaming_data"', ("rows",), shows="person_name\tuser_name"),
    Example(r"weir query - --csv < report.sql > report.csv", ("rows", "report"), shows="^$", leaves=("report.csv", "total\n20")),
    Example(r"weir query .* --csv > all.csv", ("rows",), shows="^$", leaves=("all.csv", "^person_name,")),
    Example(r"weir query - -J < report.sql \| jq \.total", ("rows", "report"), shows="^20$"),
    Example(r"weir query '\\dt streaming\*'", ("rows",), shows="streaming_layer"),
    Example(r"weir query '\\d streaming_layer.streaming_data'", ("rows",), shows="consumed_traffic"),
    Example(r"weir query '\\d streaming_layer.streaming_dat'", ("rows",), code=1, shows="did you mean"),
    Example(r'weir query "SELECT \* FROM streaming_data"', ("rows",), code=1, shows="did you mean"),
)


def joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, those that end in a backslash together with the next."""
    start, begun = 0, ""
    for number, line in enumerate(lines, 1):
        start = start or number
        if line.endswith("\\"):
            begun += line.removesuffix("\\").rstrip() + " "
            continue
        yield start, begun + (line.strip() if begun else line)
        start, begun = 0, ""


def command_in(line: str) -> str:
    """The command of an indented line, without what is said behind it; "" if it has none."""
    found = COMMAND.fullmatch(line.strip())
    if not found or MESSAGE.match(found[1]):
        return ""
    return re.split(r"\s{2,}|\s# ", found[1])[0].strip()


def in_document(text: str) -> Iterator[tuple[int, str]]:
    """The commands of the code blocks: indented by four, or between fences."""
    fenced = False
    for number, line in joined(text.splitlines()):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield number, command_in(line)


def in_help(text: str) -> Iterator[tuple[int, str]]:
    """The commands behind "Examples:"."""
    for number, line in joined(text.partition("Examples:\n")[2].splitlines()):
        if line.startswith("  "):
            yield number, command_in(line)


def help_of(*verb: str) -> str:
    return subprocess.run([weir_binary(), "help", *verb], env=program_env(), capture_output=True, text=True, check=True).stdout


def verbs() -> list[str]:
    return re.findall(r"^  ([a-z]+) ", help_of(), re.M)


def collect() -> dict[str, str]:
    """Command -> where it stands first."""
    found: dict[str, str] = {}
    documents: list[Path] = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = [(str(path.relative_to(ROOT)), in_document(path.read_text())) for path in documents]
    texts += [(f"weir help {verb}", in_help(help_of(verb))) for verb in verbs()]
    for where, commands in texts:
        for number, command in commands:
            if command:
                found.setdefault(command, f"{where}:{number}")
    return found
