"""What a process is at that should have ended long ago: a test that has waited in vain shows it."""
import shutil
import subprocess
from pathlib import Path

import psycopg

from .postgres import Database


def what_it_does(pid: int, database: Database | None = None) -> str:
    """Where its threads stand, and what the sessions of its database wait for."""
    try:
        threads = _threads(pid)
    except (OSError, subprocess.TimeoutExpired) as error:
        threads = f"{error}\n"
    return f"--- threads\n{threads}--- sessions\n{_sessions(database) if database else ''}"


def _threads(pid: int) -> str:
    if shutil.which("gdb"):
        command = ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 25"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return "".join(f"{line}\n" for line in done.stdout.splitlines() if line.startswith(("#", "Thread")))
    return "".join(f"{task.name} {(task / 'wchan').read_text()}\n" for task in sorted(Path(f"/proc/{pid}/task").iterdir()))


def _sessions(database: Database) -> str:
    try:
        rows = database.query(
            "SELECT pid, application_name, state, wait_event_type, wait_event, now() - state_change,"
            " pg_blocking_pids(pid), left(query, 200) FROM pg_stat_activity WHERE datname = current_database()")
    except psycopg.Error as error:
        return f"{error}\n"
    return "".join(" | ".join(map(str, row)) + "\n" for row in rows)
