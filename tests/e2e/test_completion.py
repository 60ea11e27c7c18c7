"""weir completion: in a bash without the package of completions, as who presses Tab meets it."""
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.paths import patience, program_env, sanitized, verbs, weir_binary
from harness.terminal import Terminal

PIPELINES = "pipelines:\n  visits: {topic: v, table: v}\n  'orders': {topic: o, table: o}\n"
ASK = r"""
eval "$(weir completion bash)" || exit
compopt() { echo "compopt $*"; }
while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    COMP_WORDBREAKS=$' \t\n"\'@><;|&=(:'
    _weir "${COMP_LINE%% *}"
    echo "${COMPREPLY[*]}"
done
"""


class Bash:
    """Presses Tab at the end of lines, in one shell that has read the script."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.env = program_env() | {"PATH": f"{weir_binary().parent}:/usr/bin:/bin"}

    def completes(self, *lines: str, **env: str) -> list[str]:
        done = subprocess.run(["bash", "--norc", "-c", ASK], input="".join(f"{line}\n" for line in lines), text=True,
                              capture_output=True, cwd=self.folder, env=self.env | env, timeout=60 * patience(), check=False)
        assert (done.returncode, done.stderr) == (0, ""), done
        answers = done.stdout.splitlines()
        assert len(answers) == len(lines), answers
        return answers


@pytest.fixture
def bash(tmp_path):
    return Bash(tmp_path)


def test_every_verb_and_its_options(bash):
    """What Tab offers is what the help lists, for all verbs there are."""
    names = verbs()
    asked = [name for name in names if name != "help"]
    overview, of_help, *options = bash.completes("weir ", "weir help ", *(f"weir {name} -" for name in asked))
    assert overview.split() == names and of_help.split() == asked
    for name, offered in zip(asked, options):
        text = subprocess.run([weir_binary(), "help", name], env=bash.env, capture_output=True, text=True).stdout
        helped = [long or short for short, long in re.findall(r"^ {2,6}(-\w)?(?:, )?(--[a-z0-9-]+)?(?: |$)", text, re.M)]
        assert offered.split() == [option for option in helped if option], name


def test_tasks_and_values(bash):
    (bash.folder / "weir.yaml").write_text(PIPELINES)
    cases = {
        "weir topic ": "list create describe alter delete",
        "weir topic d": "describe delete",
        "weir topic list --i": "--internal",
        "weir topic list --p": "",
        "weir topic create x --p": "--partitions",
        "weir ingest --on-gap ": "stop record",
        "weir ingest --on-gap=r": "record",
        "weir ingest --log-format lo": "logfmt",
        "weir dead list --by r": "reason",
        "weir config ": "visits orders",
        "weir ingest v": "visits",
        "weir ingest visits 'o": "orders",
        "weir dead show t/0@1 ": "visits orders",
        "weir dead list -c none.yaml ": "",
        "weir config --nonsense x ": "",
        "weir nonsense ": "",
    }
    assert dict(zip(cases, bash.completes(*cases))) == cases


def test_files(tmp_path):
    """Options that take files leave them to bash; all else does not offer them."""
    bash = Bash(tmp_path)
    lines = ["weir ingest -c ", "weir ingest --setup ", "weir query --database x", "weir produce -F ", "weir produce t ",
             "weir consume t > ", "weir produce < "]
    asked = subprocess.run(["bash", "--norc", "-c", ASK], input="".join(f"{line}\n" for line in lines), text=True,
                           capture_output=True, cwd=tmp_path, env=bash.env, timeout=60 * patience(), check=True).stdout
    assert asked == "compopt -o default\n\n" * len(lines)
    assert bash.completes("weir topic list ") == [""]


def test_topics(bash, kafka):
    """Asked from the brokers that the line, the variable or the file names; Kafka's own only when their name begins."""
    name = kafka.create_topic()
    (bash.folder / "weir.yaml").write_text(f"brokers: {kafka.address}\n")
    begun = name[:-3]
    assert bash.completes(f"weir consume {begun}", f"weir consume -t {begun}", f"weir topic delete x --topic={begun}",
                          f"weir consume a -e -b {kafka.address} '{begun}", "weir consume __consumer_off",
                          f"weir topic create {name}", f"weir topic describe {name} ",
                          f"weir ingest --table x -t{begun}") == \
        [name, name, name, name, "__consumer_offsets" if "__consumer_offsets" in kafka.admin.list_topics().topics else "",
         name, "", f"-t{name}"]
    assert bash.completes(f"weir consume {begun}", WEIR_BROKERS="127.0.0.1:1") == [""]


@pytest.mark.skipif(sanitized(), reason="measures time")
def test_a_broker_that_does_not_answer_costs_a_second(bash):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        assert bash.completes("weir consume ", WEIR_BROKERS=f"127.0.0.1:{silent.getsockname()[1]}") == [""]
        assert time.monotonic() - start < 2.5 * patience()


def test_tab_on_a_terminal(bash):
    """A true bash, interactive, without any completion of its own; weir by its path, and a name that needs quotes."""
    (bash.folder / "weir.yaml").write_text(PIPELINES)
    (bash.folder / "a file.yaml").write_text(PIPELINES)
    (bash.folder / "inputrc").write_text("set bell-style none\n")
    env = bash.env | {"TERM": "dumb", "PS1": "ready$ ", "HISTFILE": "/dev/null", "INPUTRC": "inputrc"}
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], env, bash.folder, columns=200)
    try:
        terminal.shows("ready$ ")
        terminal.type(f'eval "$({weir_binary()} completion bash)"; PS1="now$ "\n')
        terminal.shows("\nnow$ ")
        terminal.type(f"{weir_binary()} con\t")
        terminal.shows("con")
        terminal.type("f\t")
        terminal.shows("config ")
        terminal.type("-c a\t")
        terminal.shows("a\\ file.yaml ")
        terminal.type("vi\t--log-format=j\t")
        terminal.shows("visits --log-format=json ")
        terminal.type("\n")
        terminal.shows("log_format: json")
        terminal.type("exit\n")
        assert terminal.wait() == 0
    finally:
        terminal.close()


@pytest.mark.skipif(sanitized(), reason="the same in each build")
def test_it_is_installed_with_weir(tmp_path):
    subprocess.run(["meson", "install", "-C", weir_binary().parent, "--no-rebuild", "--quiet", "--destdir", tmp_path],
                   check=True, capture_output=True, timeout=60)
    weir, = tmp_path.glob("**/bin/weir")
    script = weir.parent.parent / "share/bash-completion/completions/weir"
    assert script.read_bytes() == subprocess.run([weir, "completion", "bash"], capture_output=True, check=True).stdout != b""


def test_usage(tmp_path):
    def run(*arguments: str, **how) -> subprocess.CompletedProcess:
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
        return subprocess.run([weir_binary(), "completion", *arguments], cwd=tmp_path, env=program_env(), text=True,
                              timeout=30 * patience(), check=False, **how)

    for arguments, message in [([], "say what: bash or reply"), (["fish"], '"fish" is none of bash and reply'),
                               (["bash", "x"], '"x" is one word too many'),
                               (["reply"], "reply to what? Write the line, and what parts its words")]:
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"weir completion: {message}\n")
    assert run("reply", "--", "weir to").stdout == "words\ntopic\n"
    with open("/dev/full", "w") as full:
        done = run("bash", stdout=full)
    assert done.returncode == 1 and "No space left" in done.stderr
