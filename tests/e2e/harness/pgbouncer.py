"""PgBouncer in transaction mode in front of a test's PostgreSQL."""
import os
import shutil
import socket
import subprocess
from pathlib import Path

from .ports import free_ports
from .postgres import PASSWORD, Postgres
from .wait import wait_until

SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server} user=postgres password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = any
default_pool_size = 8
logfile = {folder}/log
pidfile = {folder}/pid
"""


class PgBouncer:
    """`port` leads to every database of the server, as its superuser. PgBouncer refuses to run as root: then it runs
    as the system user postgres, or nobody."""

    def __init__(self, folder: Path, server: Postgres):
        self.port = free_ports()
        self.log = folder / "log"
        settings = folder / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(server=server.port, password=PASSWORD, port=self.port, folder=folder))
        user = _unprivileged()
        if user:
            shutil.chown(folder, user)
            shutil.chown(settings, user)
        settings.chmod(0o600)
        self._process = subprocess.Popen(["/usr/sbin/pgbouncer", "-q", settings], user=user, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        wait_until(self._listens, what=f"pgbouncer at port {self.port}: {self._said()}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def _listens(self) -> bool:
        assert self._process.poll() is None, f"pgbouncer has ended: {self._said()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _unprivileged() -> str | None:
    if os.getuid() != 0:
        return None
    known = subprocess.run(["id", "-u", "postgres"], capture_output=True).returncode == 0
    return "postgres" if known else "nobody"
