"""The command line and the configuration: no server is needed for any of this."""
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from harness.paths import ROOT, patience, verbs, weir_binary

VERBS = [verb for verb in verbs() if verb != "help"]
PIPELINE = """\
pipelines:
  driven_data:
    topic: driven_data_stream
    table: streaming_layer.streaming_data
"""

RUN_ONLY = ["exit", "count", "dry-run", "print-setup", "reset", "accept-table", "allow-second-copy", "yes"]
SETTINGS = ["brokers", "topic", "table", "database", "setup", "kafka", "name", "offset", "group", "lanes",
            "max-batch-rows", "max-batch-bytes", "max-delay", "on-unknown-key", "on-nul", "on-too-long", "on-conflict",
            "on-gap", "max-dead-share", "dead-cap", "timezone", "state-schema", "http", "log-format"]
COMMON = ["json", "config", "quiet", "verbose", "help", "version"]


@pytest.fixture
def cli(tmp_path):
    """Runs weir in an empty folder, without variables of ours or libpq's."""
    def run(*arguments: str, cwd: Path = tmp_path, **env: str) -> subprocess.CompletedProcess:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WEIR_", "PG"))}
        return subprocess.run([weir_binary(), *arguments], cwd=cwd, env={**clean, **env}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30 * patience(), check=False)
    return run


def refused(result: subprocess.CompletedProcess) -> str:
    """Wrong usage: exit code 2, one line on stderr, nothing on stdout. That line."""
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.rstrip("\n")


def sources(result: subprocess.CompletedProcess) -> dict[str, tuple[str, str]]:
    """What `weir config -v` says: key -> (value, where it came from)."""
    assert result.returncode == 0, result.stderr
    found = re.findall(r"^ *([\w.]+): (.*?) +# (\S+)$", result.stdout, re.M)
    return {key: (value, where) for key, value, where in found}


# ---- help and versions ----

@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_overview(cli, arguments):
    result = cli(*arguments)
    assert result.returncode == 0 and result.stderr == ""
    assert {"ingest", "topic", "produce", "consume", "query", "dead", "config", "completion"} <= set(VERBS)
    for verb in [*VERBS, "help"]:
        assert re.search(rf"^  {verb} +\S.*[^.]$", result.stdout, re.M), "a summary is half a sentence"
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_no_verb(cli):
    result = cli()
    assert result.returncode == 2 and result.stdout == "" and "Usage: weir VERB" in result.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["-V"], ["ingest", "-V"], ["config", "--version"]])
def test_version_names_the_libraries(cli, arguments):
    result = cli(*arguments)
    assert result.returncode == 0
    assert re.match(r"weir \d+\.\d+\.\d+\n", result.stdout)
    for library in ("librdkafka", "libpq", "libfyaml", "libmicrohttpd"):
        assert re.search(rf"^{library} \d+\.\d+", result.stdout, re.M), result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_is_the_same_both_ways(cli, verb):
    assert cli("help", verb).stdout == cli(verb, "-h").stdout == cli(verb, "--help").stdout
    assert cli("help", verb).stdout.startswith(f"weir {verb}: ")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_says_all_there_is(cli, verb):
    """Usage with all tasks, a help for each option, an example; within a terminal's width."""
    text = cli("help", verb).stdout
    _, usage, *rest = text.split("\n\n")
    usages = re.findall(rf"^(?:Usage:|      ) weir {verb} (.+)$", usage, re.M)
    assert len(usages) == usage.count("\n") + 1
    # Alone `weir generate` writes records without end.
    tasks = verb != "generate" and re.search(r"say what: ((?:\w+, )*\w+ or \w+)$", cli(verb).stderr)
    if tasks:
        assert {line.split()[0] for line in usages} == set(re.split(r", | or ", tasks[1]))

    # An option is a line with its names and argument, and its help from column 30 on, wrapped.
    body = "\n".join(rest)
    options = re.findall(r"^(?=.{2,6}-)  (?:-\w|  )(?:, )?.*\n(?: {30}.*\n)*", body, re.M)
    for option in options:
        assert re.match(r"(?s).{30}\S|.+\n {30}\S", option) and re.search(r"[^.\s]\n$", option), option
    assert len(options) > 5
    assert re.search(rf"^  (.*\| )?(eval \"\$\()?weir {verb}\b", body, re.M), "no example among the notes"
    assert [line for line in text.splitlines() if len(line) > (120 if line[7:].startswith(f"weir {verb} ") else 100)] == []


def test_help_names_every_option(cli):
    named = set(re.findall(r"^  (?:-\w, |    )--([a-z-]+)", cli("help", "ingest").stdout, re.M))
    assert named == {*SETTINGS, *RUN_ONLY, *COMMON}


@pytest.mark.parametrize("typed, nearest", [("ingst", "ingest"), ("Config", "config"), ("deat", "dead"), ("querry", "query"),
                                            ("hlep", "help")])
def test_mistyped_verb(cli, typed, nearest):
    assert refused(cli(typed)) == f'weir: unknown verb "{typed}"; did you mean "{nearest}"? (see: weir help)'
    assert refused(cli("help", typed)).endswith(f'did you mean "{nearest}"? (see: weir help)')


def test_unknown_verb(cli):
    assert refused(cli("zzzzzzzz")) == 'weir: unknown verb "zzzzzzzz" (see: weir help)'
    assert refused(cli("--lanes", "3")) == "weir: unknown option --lanes: a verb comes first (see: weir help)"


@pytest.mark.parametrize("arguments, message", [
    (["--lane", "3"], "unknown option --lane; did you mean --lanes?"),
    (["--max_batch_rows=3"], "unknown option --max_batch_rows; did you mean --max-batch-rows?"),
    (["--zzzzzzzzzzzz"], "unknown option --zzzzzzzzzzzz"),
    (["-Z"], "unknown option -Z"),
    (["-t"], "-t: the value is missing (TOPIC)"),
    (["--table", "--exit"], "--table: the value is missing ([SCHEMA.]TABLE)"),
    (["--exit=yes"], "--exit takes no value"),
])
def test_mistyped_option(cli, arguments, message):
    assert refused(cli("ingest", *arguments)) == f"weir ingest: {message} (see: weir help ingest)"


@pytest.mark.parametrize("arguments, message", [
    (["generate", "--rate", "5/s", "--rate=6/s"], "--rate 5/s and --rate 6/s are one option given twice: leave one out"),
    (["generate", "-n", "3", "--count", "3"], "-n 3 and --count 3 are one option given twice: leave one out"),
    (["ingest", "-t", "t", "--lanes", "1", "--lanes", "2"], "--lanes 1 and --lanes 2 are one option given twice: leave one out"),
    (["produce", "-t", "a", "-t", "b"], "-t a and -t b are one option given twice: leave one out"),
    (["dead", "list", "-t", "a", "-t", "b"], "-t a and -t b are one option given twice: leave one out"),
    (["query", "--database", "password=hush", "--database", "", "SELECT 1"], "--database is given twice: leave one out"),
])
def test_what_is_given_twice(cli, arguments, message):
    line = refused(cli(*arguments))
    assert line.removesuffix(f" (see: weir help {arguments[0]})") == f"weir {arguments[0]}: {message}"


@pytest.mark.parametrize("arguments", [
    ["consume", "-t", "a", "--topic", "b"], ["produce", "t", "-H", "a=1", "-H", "a=2"],
    ["topic", "create", "t", "--config", "a=1", "--config", "b=2"], ["topic", "alter", "t", "--delete-config", "a",
                                                                    "--delete-config", "b"],
    ["group", "seek", "g", "-o", "end", "-t", "a", "-t", "b"],
    ["verify", "--offline", "-t", "t", "--table", "x", "--allow", "pending", "--allow", "pruned"],
    ["dead", "list", "--at", "t/0@1", "--at", "t/0@2"], ["dead", "replay", "--table", "x", "-t", "a", "-t", "b"],
])
def test_what_may_be_given_again(cli, arguments):
    """There is no broker and no database, and that is all that is wrong. A variable is no second time."""
    done = cli(*arguments, *([] if arguments[0] in ("verify", "dead") else ["-b", "localhost:1"]),
               PGHOST="localhost", PGPORT="1", WEIR_BROKERS="localhost:2", WEIR_STATE_SCHEMA="s")
    assert done.returncode == 1 and "twice" not in done.stderr and "refused" in done.stderr, done.stderr


# ---- values of options ----

@pytest.mark.parametrize("arguments, message", [
    (["--lanes", "99"], "--lanes: 99 is not between 1 and 64"),
    (["--lanes=two"], '--lanes: "two" is not a whole number'),
    (["-n", "0"], "-n: 0 is less than 1"),
    (["--max-delay", "5"], '--max-delay: "5" is not a duration: '),
    (["--max-batch-bytes", "1KB"], '--max-batch-bytes: "1KB" is not a size: '),
    (["--max-dead-share", "2"], '--max-dead-share: "2" is not a share: '),
    (["--on-nul", "keep"], '--on-nul: "keep" is not one of its values: write dead or strip'),
    (["--on-conflict", "update"], '--on-conflict: "update" is not supported by this version yet'),
    (["-o", "yesterday"], '-o: "yesterday" is not an offset: '),
    (["-o", "@2024-02-30"], '-o: "2024-02-30" is not a time: '),
    (["-b", "host:99999"], '-b: "host:99999" is not a broker\'s address'),
    (["-b", "http://h:1"], '-b: "http://h:1" is not a broker\'s address: write HOST:PORT without http://'),
    (["-b", "SSL://h:1,kafka://h"], '-b: "kafka://h" is not a broker\'s address: write HOST:PORT without kafka://'),
    (["--http", "nowhere"], '--http: "nowhere" is not an address to listen at'),
    (["--database", "sqlite:x.db"], "--database: SQLite databases come in a later version"),
    (["-t", "^driven.*"], '-t: "^driven.*" is a pattern: topics by pattern are not supported'),
    (["-t", "t", "-t", "t"], '-t: "t" is named twice'),
    (["-X", "debug"], '-X: "debug" is not a property: write NAME=VALUE'),
    (["-X", "group.id=x"], "-X: group.id is set by weir: use group (option --group)"),
    (["-X", "enable.auto.commit=true"], "-X: enable.auto.commit is set by weir: offsets are kept in the database"),
    (["--reset"], "--reset forgets the offsets of pipeline t-to-x: add --yes"),
])
def test_wrong_value(cli, arguments, message):
    line = refused(cli("ingest", "-t", "t", "--table", "x", *arguments))
    assert line.startswith(f"weir ingest: {message}"), line


@pytest.mark.parametrize("arguments, message", [
    ([], "nothing to run: give -t TOPIC and --table TABLE, or write pipelines: into a weir.yaml"),
    (["-t", "t"], "-t goes with --table: which table is to be filled?"),
    (["--table", "t"], "--table goes with -t: which topic is to be read?"),
    (["name"], 'pipeline "name": there is no weir.yaml here or above'),
    (["-c", "none.yaml"], "-c none.yaml: there is no such file; -c names the configuration file"),
    (["-c", "10"], "-c 10: there is no such file; -c names the configuration file, the number of records is -n 10"),
    (["-F", "none"], "-F none: "),
])
def test_nothing_to_run(cli, arguments, message):
    line = refused(cli("ingest", *arguments))
    assert line.startswith(f"weir ingest: {message}"), line


# ---- passwords ----

@pytest.mark.parametrize("name", ["sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
                                  "sasl.oauthbearer.client.secret"])
@pytest.mark.parametrize("verb", ["ingest", "config"])
def test_password_in_an_argument_is_refused(cli, verb, name):
    line = refused(cli(verb, "-X", f"{name}=sesame"))
    assert line.startswith(f"weir {verb}: -X {name}: others can read a password in an argument: write it under kafka:")
    assert "sesame" not in line


def test_password_in_a_properties_file(cli, tmp_path):
    (tmp_path / "kcat.conf").write_text("# a comment\n\nbootstrap.servers = b:9092\nsasl.password=sesame\n"
                                        "sasl.username=ali\n")
    found = sources(cli("config", "-v", "-F", "kcat.conf"))
    assert found["brokers"] == ("b:9092", "kcat.conf:3")
    assert found["sasl.password"] == ('"********"', "kcat.conf:4")
    assert found["sasl.username"] == ("ali", "kcat.conf:5")
    assert sources(cli("config", "-v", "-F", "kcat.conf", "-b", "c:1"))["brokers"] == ("c:1", "-b")


@pytest.mark.parametrize("content, message", [
    ("a.b=c\ngroup.id=x\n", "p.conf:2: group.id is set by weir: use group (option --group)"),
    ("# a\nnonsense\n", "p.conf:2: expected NAME=VALUE"),
])
def test_properties_file_errors(cli, tmp_path, content, message):
    (tmp_path / "p.conf").write_text(content)
    assert refused(cli("config", "-F", "p.conf")) == f"weir config: {message}"


@pytest.mark.parametrize("database", ["postgresql://ali:sesame@localhost/d", "host=localhost password=sesame user=ali"])
def test_password_of_a_database_is_wiped_and_masked(cli, tmp_path, database):
    result = cli("config", "--database", database)
    assert result.returncode == 0
    assert "sesame" not in result.stdout and "********" in result.stdout and "ali" in result.stdout
    assert "the password in --database could be read by others" in result.stderr

    # The process waits in opening the pipe: then look at it as `ps` would.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([weir_binary(), "config", "--database", database, "-F", str(pipe)], cwd=tmp_path,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        command_line = Path(f"/proc/{process.pid}/cmdline")
        deadline = time.monotonic() + 10 * patience()
        while b"******" not in command_line.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert b"******" in command_line.read_bytes() and b"sesame" not in command_line.read_bytes()
        with pipe.open("w") as writer:
            writer.write("a=b\n")
        assert process.wait(10 * patience()) == 0
    finally:
        process.kill()
        process.wait()


# ---- the file ----

@pytest.mark.parametrize("content, message", [
    (PIPELINE + "    tabel: x\n",
     'weir.yaml:5:5: unknown key "tabel" in a pipeline; did you mean "table"?'),
    ("databse: x\n", 'weir.yaml:1:1: unknown key "databse"; did you mean "database"?'),
    (PIPELINE + "    lanes: 65\n", "weir.yaml:5:12: lanes: 65 is not between 1 and 64"),
    (PIPELINE + "    where: a > 1\n", 'weir.yaml:5:5: "where" is not supported by this version yet'),
    (PIPELINE + "    on_conflict: update\n", 'weir.yaml:5:18: on_conflict: "update" is not supported by this version'),
    (PIPELINE + "    table: x\n", 'weir.yaml:5:5: the key "table" is here twice (first in line 4)'),
    ("brokers: ${NOT_SET_ANYWHERE}\n", "weir.yaml:1:10: the variable NOT_SET_ANYWHERE is not set"),
    ("kafka:\n  group.id: x\n", "weir.yaml:2:3: group.id is set by weir: use group (option --group)"),
    ("brokers: [a\n", "weir.yaml:2:1: "),
    ("brokers: [a, 'https://b:1']\n", 'weir.yaml:1:14: brokers: "https://b:1" is not a broker\'s address: write HOST:PORT'),
    (PIPELINE + "generate: [a]\n", "weir.yaml:5:11: generate: NAME: {...} is expected"),
    (PIPELINE + "generate: {a: x}\n", "weir.yaml:5:15: a: a mapping is expected"),
    (PIPELINE + "generate: {a: {}, month: {topic: history, evry: 10m}}\n",
     'weir.yaml:5:43: unknown key "evry"; did you mean "every"?'),
    (PIPELINE + "generate: {a: {rate: often}}\n", 'weir.yaml:5:22: rate: "often"'),
    ("\tbrokers: a\n", "weir.yaml:1:1: "),
])
@pytest.mark.parametrize("verb", ["config", "ingest"])
def test_errors_have_line_and_column(cli, tmp_path, verb, content, message):
    (tmp_path / "weir.yaml").write_text(content)
    line = refused(cli(verb))
    assert line.startswith(f"weir {verb}: {message}"), line


def test_what_an_entry_names_is_looked_at_by_config_alone(cli, tmp_path):
    """Whoever has no use for its records need not have the files."""
    for content, message in [
        ("spec: s.yaml", 'weir.yaml:5:22: spec: no file is called "s.yaml"'),
        ("fields: {n: nam}", 'weir.yaml:5:28: unknown provider "nam"; did you mean "name"?'),
        ("fields: {n: name}, key: m", 'weir.yaml:5:40: unknown field "m"'),
    ]:
        (tmp_path / "weir.yaml").write_text(PIPELINE + f"generate: {{a: {{{content}}}}}\n")
        assert refused(cli("config")).startswith(f"weir config: {message}")
        assert cli("generate", "-n", "1").returncode == 0
    (tmp_path / "weir.yaml").write_text(PIPELINE + "generate:\n")
    assert cli("config").returncode == 0


def test_the_one_form_of_the_file(cli, tmp_path):
    """The parts of later verbs are accepted as they stand, and shown."""
    (tmp_path / "weir.yaml").write_text(PIPELINE + """\
broker: {data: .weir/broker}
topics:
  driven_data_stream: {partitions: 3}
notify:
  - {name: ops, webhook: {url: "${OPS_URL_NOT_SET}"}}
mask: [iban]
""")
    result = cli("config")
    assert result.returncode == 0, result.stderr
    assert "broker: {data: .weir/broker}\n" in result.stdout
    assert '  - {name: ops, webhook: {url: "${OPS_URL_NOT_SET}"}}\n' in result.stdout or \
        'notify: [{name: ops, webhook: {url: "${OPS_URL_NOT_SET}"}}]\n' in result.stdout


def test_printed_again_it_is_the_same(cli, tmp_path):
    (tmp_path / "weir.yaml").write_text(PIPELINE + "    columns: {a: /b~1c, o: $offset, t: {from: /t, unit: s}}\n"
                                                   "    setup: [a.sql, b.sql]\n    lanes: 4\n")
    first = cli("config")
    (tmp_path / "again.yaml").write_text(first.stdout)
    assert cli("config", "-c", "again.yaml").stdout == first.stdout != ""


def test_json_is_a_configuration_too(cli, tmp_path):
    (tmp_path / "c.json").write_text('{"pipelines": {"p": {"topic": "t", "table": "x", "lanes": 7}}}')
    assert sources(cli("config", "-v", "-c", "c.json"))["lanes"] == ("7", "c.json:1:59")


def test_precedence(cli, tmp_path):
    """option, variable, nearest file upward, default."""
    (tmp_path / "weir.yaml").write_text(PIPELINE + "    lanes: 3\n    max_delay: 5ms\n    database: c.json\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = sources(cli("config", "-v", "--lanes", "5", cwd=below, WEIR_LANES="4", WEIR_MAX_DELAY="7ms"))
    assert found["lanes"] == ("5", "--lanes")
    assert found["max_delay"] == ("7ms", "WEIR_MAX_DELAY")
    assert found["topic"] == ("driven_data_stream", "../../weir.yaml:3:12")
    assert found["on_gap"] == ("stop", "default")
    assert sources(cli("config", "-v", cwd=below, WEIR_LANES="4"))["lanes"] == ("4", "WEIR_LANES")
    assert sources(cli("config", "-v", cwd=below))["lanes"] == ("3", "../../weir.yaml:5:12")

    (below / "weir.yaml").write_text("")  # nearer, though it says nothing
    assert "lanes" not in sources(cli("config", "-v", cwd=below))
    found = sources(cli("config", "-v", cwd=below, WEIR_CONFIG=str(tmp_path / "weir.yaml")))
    assert found["lanes"] == ("3", f"{tmp_path}/weir.yaml:5:12")
    # Paths of the file are meant from the file's folder.
    assert f"    database: {tmp_path}/c.json" in cli("config", "-c", str(tmp_path / "weir.yaml"), cwd=below).stdout


@pytest.mark.parametrize("option", [o for o in SETTINGS if o not in ("topic", "table", "name", "kafka")])
def test_every_setting_is_option_variable_and_key(cli, tmp_path, option):
    value = {"brokers": "h:1", "database": "d.json", "setup": "s.sql", "offset": "end", "group": "g", "lanes": "3",
             "max-batch-rows": "5", "max-batch-bytes": "128KiB", "max-delay": "9ms", "on-unknown-key": "dead",
             "on-nul": "strip", "on-too-long": "truncate", "on-conflict": "ignore", "on-gap": "record",
             "max-dead-share": "7%", "dead-cap": "1MiB", "timezone": "Europe/Bucharest", "state-schema": "w",
             "http": "127.0.0.1:9464", "log-format": "json"}[option]
    key, variable = option.replace("-", "_"), "WEIR_" + option.replace("-", "_").upper()
    (tmp_path / "weir.yaml").write_text(PIPELINE)
    assert sources(cli("config", "-v", f"--{option}", value))[key] == (value, f"--{option}")
    assert sources(cli("config", "-v", **{variable: value}))[key] == (value, variable)
    (tmp_path / "weir.yaml").write_text(PIPELINE + f"    {key}: {value}\n")
    assert sources(cli("config", "-v"))[key] == (value, f"weir.yaml:5:{7 + len(key)}")


@pytest.mark.parametrize("option", RUN_ONLY)
def test_options_of_a_run_are_no_keys(cli, tmp_path, option):
    key = option.replace("-", "_")
    (tmp_path / "weir.yaml").write_text(PIPELINE + f"    {key}: 1\n")
    assert f'weir.yaml:5:5: "{key}" is an option of a run (--{option})' in refused(cli("config"))


def test_topic_and_table_on_the_command_line(cli, tmp_path):
    (tmp_path / "weir.yaml").write_text(PIPELINE + "    lanes: 9\n")

    def pipeline(*arguments: str) -> tuple[str, str]:
        result = cli("config", *arguments)
        assert result.returncode == 0, result.stderr
        name, lanes = re.search(r"^pipelines:\n  (\S+):\n.*^    lanes: (\d+)", result.stdout, re.M | re.S).groups()
        return name, lanes

    same = ["-t", "driven_data_stream", "--table", "streaming_layer.streaming_data"]
    assert pipeline(*same) == ("driven_data", "9")
    assert pipeline(*same, "--name", "mine") == ("mine", "9")
    assert pipeline("-t", "driven_data_stream", "--table", "other") == ("driven_data_stream-to-other", "2")
    assert pipeline("-tb", "-ta", "--table=s.t") == ("a+b-to-s.t", "2")
    assert "runs by its name: weir ingest driven_data" in refused(cli("ingest", "-t", "driven_data_stream"))
    assert "do not go together" in refused(cli("ingest", "driven_data", *same))


def test_pipelines_by_name(cli, tmp_path):
    (tmp_path / "weir.yaml").write_text("pipelines:\n  first: {topic: a, table: a}\n  second: {topic: b, table: b}\n")
    assert re.findall(r"^  (\w+):$", cli("config", "second").stdout, re.M) == ["second"]
    assert re.findall(r"^  (\w+):$", cli("config").stdout, re.M) == ["first", "second"]
    assert refused(cli("config", "frist")) == 'weir config: weir.yaml has no pipeline "frist"; did you mean "first"?'
    assert "--name names one pipeline, and 2 are to run" in refused(cli("config", "--name", "x"))


def test_mistyped_variable(cli):
    result = cli("config", WEIR_BROKER="h:1", WEIR_SERVICE_HOST="x")
    assert result.returncode == 0 and result.stderr.count("\n") == 1
    assert "the variable WEIR_BROKER means nothing to weir; did you mean WEIR_BROKERS?" in result.stderr
    assert cli("config", "-q", WEIR_BROKER="h:1").stderr == ""


def test_a_pipelines_topic_is_nothing_to_verbs_that_run_none(cli, tmp_path):
    """They get as far as the server, which is not there."""
    (tmp_path / "weir.yaml").write_text(PIPELINE + "    http: 127.0.0.1:1\n  other: {topic: a, table: b, http: 127.0.0.1:2}\n")
    database = "host=127.0.0.1 port=1"
    for verb in (["query", "SELECT 1"], ["dead", "list"], ["dead", "list", "driven_data"]):
        result = cli(*verb, "--database", database, WEIR_TOPIC="t", WEIR_NAME="n")
        assert result.returncode == 1 and "cannot reach" in result.stderr, result


# ---- weir dead ----

@pytest.mark.parametrize("arguments, message", [
    ([], "say what: list, show, replay, export or prune"),
    (["lst"], '"lst" is unknown; did you mean "list"?'),
    (["show"], "show which? Write TOPIC/PARTITION@OFFSET"),
    (["show", "t/0"], '"t/0" is not a place: write TOPIC/PARTITION@OFFSET'),
    (["show", "t/x@1"], 'partition: "x" is not a number from 0'),
    (["list", "--by", "topic"], '--by: "topic" is not supported: write --by reason'),
    (["list", "-n", "-1"], '-n: "-1" is not a number from 0'),
    (["prune"], "prune deletes for good: say which with --older-than DURATION, --replayed or --all"),
    (["prune", "--older-than", "x", "--yes"], '--older-than: "x" is not a duration'),
    (["prune", "--all"], "nothing was deleted; --yes deletes without asking"),
    (["list", "p", "q"], '"q" is one word too many'),
])
def test_dead_usage(cli, arguments, message):
    line = refused(cli("dead", *arguments))
    assert line.startswith(f"weir dead: {message}"), line


def test_output_that_does_not_arrive_is_a_failure(tmp_path):
    with open("/dev/full", "w") as full:
        result = subprocess.run([weir_binary(), "config"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
                                timeout=30 * patience(), check=False)
    assert result.returncode == 1 and "No space left" in result.stderr


@pytest.mark.parametrize("arguments", ["help", "help ingest", "topic --help", "-V", "config", "config -v", "completion bash",
                                       "generate --list-providers", "generate --list-providers -J", "generate --print-spec"])
def test_a_reader_that_has_gone_is_no_failure(tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([weir_binary(), *arguments.split()], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE,
                            text=True, timeout=30 * patience(), check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, "")


# ---- the documentation ----

def test_the_documentation_has_every_key_and_default(cli):
    """docs/configuration.md and the program's own help say the same."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.M))
    assert set(rows) == {*(o.replace("-", "_") for o in SETTINGS), "columns"}
    for option in RUN_ONLY:
        assert f"`--{option}`" in text
    help_text = re.sub(r"\s+", " ", cli("help", "ingest").stdout)
    for option in SETTINGS:
        default = re.search(rf"--{option} [^ ]+ (?:(?! -).)*?\(default ([^)]+)\)", help_text)
        if default and not default[1].startswith(("TOPIC", "weir.")):
            assert rows[option.replace("-", "_")] == f"`{default[1]}`"
