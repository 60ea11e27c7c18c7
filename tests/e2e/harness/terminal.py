"""A program on a terminal of its own."""
import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from .paths import patience


class Terminal:
    """Runs a program with stdin, stdout and stderr on a pseudo terminal, and keeps what it prints."""

    def __init__(self, arguments: list[str], env: dict[str, str], cwd: Path, columns: int = 80, lines: int = 24):
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.output = b""
        self.process = subprocess.Popen(arguments, stdin=child, stdout=child, stderr=child, env=env, cwd=cwd,
                                        start_new_session=True)
        os.close(child)

    def read(self, timeout_s: float) -> bool:
        """True as long as more may come."""
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return True
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:  # how Linux tells that the other side is closed
            return False
        self.output += chunk
        return bool(chunk)

    @property
    def text(self) -> str:
        """All that has come whole: a character may lie in two pieces."""
        return codecs.utf_8_decode(self.output, "strict", False)[0].replace("\r\n", "\n")

    def shows(self, text: str, timeout_s: float = 20) -> None:
        """Waits until `text` was printed."""
        deadline = time.monotonic() + timeout_s * patience()
        while text not in self.text:
            assert time.monotonic() < deadline and self.read(0.1), f"{text!r} is not in {self.text!r}"

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait(self, timeout_s: float = 60) -> int:
        """Reads to the end; the exit code."""
        deadline = time.monotonic() + timeout_s * patience()
        while self.read(0.1):
            assert time.monotonic() < deadline, f"still running: {self.text!r}"
        return self.process.wait(10 * patience())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._fd)
