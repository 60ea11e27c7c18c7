"""A measured process: its time, its CPU seconds, and the most anonymous memory it held."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

LOOK_EACH_S = 0.02


@dataclass
class Usage:
    seconds: float
    cpu_s: float
    anonymous_mib: float
    stdout: str


def anonymous_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)


def measured(command: list, folder: Path, env: dict[str, str] | None = None, look: bool = True,
             stdin: Path = Path(os.devnull), stdout: Path | None = None) -> Usage:
    """Runs it to its end, which must be 0. What it writes is kept, unless `stdout` names a place for it."""
    out, log = stdout or folder / "out", folder / "err"
    peak = 0
    with stdin.open("rb") as source, out.open("wb") as target, log.open("wb") as stderr:
        began = time.monotonic()
        process = subprocess.Popen([str(c) for c in command], stdin=source, stdout=target, stderr=stderr, env=env, cwd=folder)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG if look else 0)
            if pid:
                break
            peak = max(peak, anonymous_kib(process.pid))
            time.sleep(LOOK_EACH_S)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, peak / 1024, "" if stdout else out.read_text())


def end(process: subprocess.Popen, number: int = signal.SIGTERM, timeout_s: float = 30) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: list[float]) -> float:
    return percentile(values, 0.5)
