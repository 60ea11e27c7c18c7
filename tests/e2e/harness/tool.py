"""Verbs that run once, and those that run on a terminal."""
import subprocess
from pathlib import Path

from .paths import patience, program_env, weir_binary
from .terminal import Terminal
from .weir import SANITIZER_SAYS


class Tool:
    """Runs weir in an empty folder against a Kafka, if one is given."""

    def __init__(self, folder: Path, brokers: str = ""):
        self.folder = folder
        self.env = program_env() | ({"WEIR_BROKERS": brokers} if brokers else {})
        self._terminals: list[Terminal] = []
        self._started: list[subprocess.Popen] = []

    def __call__(self, *arguments, stdin: bytes | str = b"", **env: str) -> subprocess.CompletedProcess:
        """Runs it to its end. What it says is text if stdin is, else bytes."""
        done = subprocess.run([weir_binary(), *map(str, arguments)], input=stdin, text=isinstance(stdin, str),
                              capture_output=True, cwd=self.folder, env=self.env | env, timeout=60 * patience(),
                              check=False)
        said = done.stderr if isinstance(stdin, str) else done.stderr.decode(errors="replace")
        assert not any(words in said for words in SANITIZER_SAYS), said
        return done

    def ok(self, *arguments, stdin: bytes | str = b"", **env: str) -> bytes | str:
        """The same for what must succeed: what it wrote to stdout."""
        done = self(*arguments, stdin=stdin, **env)
        assert done.returncode == 0, done
        return done.stdout

    def refused(self, *arguments, code: int = 2, stdin: bytes = b"", **env: str) -> str:
        """The same for what must fail: one line on stderr, nothing on stdout. That line."""
        done = self(*arguments, stdin=stdin, **env)
        said = done.stderr.decode()
        assert (done.returncode, done.stdout) == (code, b""), done
        assert said.count("\n") == 1 and said.endswith("\n"), said
        return said.rstrip("\n")

    def start(self, *arguments, **streams) -> subprocess.Popen:
        """Starts it with pipes."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        process = subprocess.Popen([weir_binary(), *map(str, arguments)], cwd=self.folder, env=self.env, **pipes)
        self._started.append(process)
        return process

    def terminal(self, *arguments, columns: int = 80, lines: int = 24, **env: str) -> Terminal:
        self._terminals.append(Terminal([str(weir_binary()), *map(str, arguments)], self.env | env, self.folder, columns,
                                        lines))
        return self._terminals[-1]

    def end(self) -> None:
        for terminal in self._terminals:
            terminal.close()
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
