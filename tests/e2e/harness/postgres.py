"""A real PostgreSQL of the test run's own, and a fresh database for each test."""
import json
import os
import subprocess
import uuid
from pathlib import Path

import psycopg

from .paths import EXAMPLES, TOOLS
from .ports import free_ports

PASSWORD = "postgres"
# What the tests kill are processes, never the machine: syncs would only take time.
SETTINGS = "fsync=off max_connections=200 log_min_messages=warning"


class Postgres:
    """tools/postgres."""

    def __init__(self, folder: Path, settings: str = SETTINGS, preload: Path | None = None,
                 env: dict[str, str] | None = None):
        self.folder = folder
        self.port = 0
        self._env = {**os.environ, "POSTGRES_DIR": str(folder), "POSTGRES_PASSWORD": PASSWORD,
                     "POSTGRES_SET": settings, "POSTGRES_PRELOAD": str(preload or ""), "OWNER_PID": str(os.getpid()),
                     "POSTGRES_PORT": str(free_ports()), **(env or {})}

    def start(self) -> None:
        self._tool("start")
        self.port = int(self._tool("address").rpartition(":")[2])

    def stop(self) -> None:
        self._tool("stop")

    def kill(self) -> None:
        """kill -9 of the server and its backends; start() recovers from the write-ahead log."""
        self._tool("kill")

    def restart(self) -> None:
        self.stop()
        self.start()

    def running(self) -> bool:
        return self._run("status").returncode == 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([TOOLS / "postgres", *arguments], env=self._env, capture_output=True, text=True)

    def _tool(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, f"postgres {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def create_database(self, options: str = "") -> "Database":
        database = Database(self, f"test_{uuid.uuid4().hex[:12]}")
        with self._maintenance() as connection:
            # Since 15 the template is copied through the log, which costs four times as much as its files do.
            strategy = "STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
            connection.execute(f"CREATE DATABASE {database.name} {strategy} {options}")
        return database

    def drop_database(self, name: str) -> None:
        with self._maintenance() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @property
    def socket(self) -> Path:
        """The folder of its socket: a way in without a password, whose check is most of what a connection costs."""
        return self.folder / "run"

    def _maintenance(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.socket), port=self.port, user="postgres", dbname="postgres", autocommit=True)


class Database:
    """One database: how to reach it, and questions to it. Each question has a connection of its own, so that servers
    may die between them."""

    def __init__(self, server: Postgres, name: str):
        self.server = server
        self.name = name

    def parameters(self, port: int = 0, user: str = "postgres", password: str = PASSWORD) -> dict[str, str]:
        """The chapter's five; another port leads through a proxy or a pooler."""
        return {"dbname": self.name, "user": user, "password": password, "host": "127.0.0.1",
                "port": str(port or self.server.port)}

    def uri(self, port: int = 0) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.server.port}/{self.name}"

    def credentials(self, folder: Path, **how) -> Path:
        """Writes the chapter's credentials.json into `folder`; `how` goes to parameters()."""
        file = folder / "credentials.json"
        file.write_text(json.dumps(self.parameters(**how)))
        file.chmod(0o600)
        return file

    def connect(self, autocommit: bool = True) -> psycopg.Connection:
        return psycopg.connect(host=str(self.server.socket), port=self.server.port, user="postgres", dbname=self.name,
                               autocommit=autocommit, connect_timeout=10)

    def query(self, statement: str, parameters=()) -> list[tuple]:
        """The rows of one SELECT."""
        with self.connect() as connection:
            return connection.execute(statement, parameters or None).fetchall()

    def value(self, statement: str, parameters=()):
        """The one value of one SELECT."""
        return self.query(statement, parameters)[0][0]

    def execute(self, statement: str, parameters=()) -> None:
        with self.connect() as connection:
            connection.execute(statement, parameters or None)

    def tell_of_waits(self) -> None:
        """New sessions get a message while they wait for a lock, and with it whatever answers stand before it."""
        self.execute(f"ALTER DATABASE {self.name} SET client_min_messages = 'log';"
                     f"ALTER DATABASE {self.name} SET log_lock_waits = on")

    def create_chapter_table(self) -> None:
        for file in ("create_schema.sql", "create_table.sql"):
            self.execute((EXAMPLES / file).read_text())

    def count(self, table: str = "streaming_layer.streaming_data") -> int:
        """Rows of a table; 0 as long as it does not exist."""
        if self.value("SELECT to_regclass(%s)", [table]) is None:
            return 0
        return self.value(f"SELECT count(*) FROM {table}")
