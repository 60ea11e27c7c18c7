"""Verbs that run once, and those that run in a terminal."""
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

from .paths import patience, program_env, weir_binary
from .weir import SANITIZER_SAYS


class Terminal:
    """weir in a terminal of its own: what it shows, and what is typed."""

    def __init__(self, arguments: list[str], cwd: Path, env: dict[str, str]):
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(cwd)
            os.execve(weir_binary(), [str(weir_binary()), *arguments], env)
        self.shown = ""
        self.code: int | None = None

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait_for(self, text: str, timeout_s: float = 20) -> str:
        """Until it has shown this; all it has shown."""
        deadline = time.monotonic() + timeout_s * patience()
        while text not in self.shown:
            assert time.monotonic() < deadline, f"never shown: {text!r}, but {self.shown!r}"
            self._read(0.2)
        return self.shown

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return True
        try:
            self.shown += os.read(self._fd, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # the other end is closed
            return False
        return True

    def end(self, timeout_s: float = 20) -> int:
        """Waits for its end; the exit code."""
        deadline = time.monotonic() + timeout_s * patience()
        while self._read(0.2):
            assert time.monotonic() < deadline, f"still running: {self.shown!r}"
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self.code

    def clear_away(self) -> None:
        if self.code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._fd)


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

    def terminal(self, *arguments) -> Terminal:
        self._terminals.append(Terminal([*map(str, arguments)], self.folder, self.env))
        return self._terminals[-1]

    def end(self) -> None:
        for terminal in self._terminals:
            terminal.clear_away()
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
