"""The program under test."""
import json
import signal
import subprocess
from pathlib import Path

from .kafka import Kafka
from .paths import EXAMPLES, patience, program_env, weir_binary
from .postgres import Database
from .stuck import what_it_does
from .wait import wait_until

SANITIZER_SAYS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:")
TABLE = "streaming_layer.streaming_data"


def pipeline_name(topic: str, table: str = TABLE) -> str:
    """The name a pipeline has when nobody names it."""
    return f"{topic}-to-{table}"


class Process:
    """A started weir. Its stdout and stderr go to files, so nothing blocks and all of it can be shown later."""

    def __init__(self, arguments: list[str], folder: Path, number: int, env: dict[str, str], cwd: Path,
                 database: Database | None = None):
        self.arguments = arguments
        self._database = database
        self.stdout_file = folder / f"weir-{number}.out"
        self.stderr_file = folder / f"weir-{number}.err"
        with self.stdout_file.open("wb") as out, self.stderr_file.open("wb") as err:
            self._process = subprocess.Popen([weir_binary(), *arguments], stdin=subprocess.DEVNULL, stdout=out,
                                             stderr=err, env=env, cwd=cwd)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return self.stdout_file.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_file.read_text(errors="replace")

    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout_s: float = 60) -> int:
        """Waits for its end; the exit code, negative for a signal."""
        timeout_s *= patience()
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            doing = what_it_does(self.pid, self._database)
            raise AssertionError(f"still running after {timeout_s} s: {self}{doing}") from None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill9(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM: drains and leaves; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def end(self) -> None:
        """For clearing away: whatever state it is in."""
        if self.running():
            self.thaw()
            self.kill9()

    def summary(self) -> dict:
        """The one object that -J prints."""
        lines = self.stdout.splitlines()
        assert len(lines) == 1, f"-J prints exactly one line, got {len(lines)}: {self}"
        return json.loads(lines[0])

    def says(self, text: str, timeout_s: float = 30) -> None:
        """Waits until stderr holds `text`."""
        wait_until(lambda: text in self.stderr or not self.running(), timeout_s, f"{text!r} on stderr of {self}")
        assert text in self.stderr, f"ended without {text!r}: {self}"

    def __str__(self) -> str:
        state = "running" if self.running() else f"exit code {self._process.returncode}"
        return f"weir {' '.join(self.arguments)}\n[{state}]\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


class Weir:
    """Starts weir for one test, with the test's Kafka, database and folder."""

    def __init__(self, kafka: Kafka, database: Database, folder: Path):
        self.kafka = kafka
        self.database = database
        self.folder = folder
        self.processes: list[Process] = []
        self.env = program_env()
        self.env["XDG_RUNTIME_DIR"] = str(folder)

    def start(self, *arguments: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Process:
        """Any verb, as given: start("config"), start("dead", "list", ...)."""
        process = Process([str(a) for a in arguments], self.folder, len(self.processes) + 1,
                          {**self.env, **(env or {})}, cwd or self.folder, self.database)
        self.processes.append(process)
        return process

    def call(self, *arguments: str | Path, exit_code: int = 0, timeout_s: float = 60, **how) -> Process:
        """Any verb, to its end, which must have the exit code given."""
        process = self.start(*arguments, **how)
        assert process.wait(timeout_s) == exit_code, f"expected exit code {exit_code}: {process}"
        return process

    def ingest(self, topic: str, *options: str | Path, table: str = TABLE, database: str | Path | None = None,
               setup: bool = True, **how) -> Process:
        """Starts `weir ingest` into the chapter's table; `database` is what --database gets (default: the test's)."""
        return self.start(*self._ingest_arguments(topic, options, table, database, setup), **how)

    def run(self, topic: str, *options: str | Path, table: str = TABLE, database: str | Path | None = None,
            setup: bool = True, exit_code: int = 0, timeout_s: float = 60, **how) -> dict:
        """`weir ingest -e -J` to its end; the summary it prints (an empty one when it ended in error without)."""
        arguments = self._ingest_arguments(topic, ["-e", "-J", *options], table, database, setup)
        process = self.call(*arguments, exit_code=exit_code, timeout_s=timeout_s, **how)
        return process.summary() if exit_code == 0 or process.stdout else {}

    def refused(self, topic: str, *options: str | Path, exit_code: int = 1, **how) -> str:
        """`weir ingest -e` that must end with this exit code; what it says on stderr."""
        arguments = self._ingest_arguments(topic, ["-e", *options], how.pop("table", TABLE),
                                           how.pop("database", None), how.pop("setup", True))
        return self.call(*arguments, exit_code=exit_code, **how).stderr

    def _ingest_arguments(self, topic, options, table, database, setup) -> list:
        database = database or self.database.credentials(self.folder)
        arguments = ["ingest", "-b", self.kafka.address, "-t", topic, "--table", table, "--database", database]
        if setup:
            arguments += ["--setup", EXAMPLES / "create_schema.sql", "--setup", EXAMPLES / "create_table.sql"]
        return [*arguments, *options]

    def end(self) -> None:
        for process in self.processes:
            process.end()

    def assert_no_sanitizer_spoke(self) -> None:
        """A killed process has no exit code that would tell."""
        for process in self.processes:
            spoken = [words for words in SANITIZER_SAYS if words in process.stderr]
            assert not spoken, f"{spoken[0]} in {process}"

    def report(self) -> str:
        return "\n".join(str(process) for process in self.processes)
