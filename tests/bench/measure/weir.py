"""weir under measurement, with either librdkafka."""
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.paths import weir_binary
from harness.postgres import Database

from .process import Usage, measured
from .stage import TABLE, Stage


@dataclass
class Drained:
    rows: int
    dead: int
    seconds: float  # weir's own: from the first claim to the last commit, joining the group included
    process: Usage

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.seconds

    @property
    def records_per_s(self) -> float:
        return (self.rows + self.dead) / self.seconds

    @property
    def cpu_s_per_million(self) -> float:
        return self.process.cpu_s / (self.rows + self.dead) * 1e6


class Weir:
    """`library` is a folder with another librdkafka.so.1, to be put in front of the system's."""

    def __init__(self, stage: Stage, library: Path | None):
        self.stage = stage
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "WEIR_"))}
        self.env["XDG_RUNTIME_DIR"] = str(stage.folder)
        if library:
            self.env["LD_LIBRARY_PATH"] = str(library)

    def version(self) -> str:
        """The librdkafka in use."""
        out = subprocess.run([weir_binary(), "--version"], env=self.env, capture_output=True, text=True, check=True)
        return next(word for line in out.stdout.splitlines() if "librdkafka" in line
                    for word in line.split() if word[0].isdigit())

    def command(self, topic: str, database: Database, *options: str) -> list[str]:
        return [str(weir_binary()), "ingest", "-b", self.stage.kafka.address, "-t", topic, "--table", TABLE,
                "--database", str(database.credentials(self.stage.folder)), "-q", *options]

    def drain(self, topic: str, *options: str, check: str = "") -> Drained:
        """The whole topic into a fresh table."""
        database = self.stage.database(check)
        try:
            usage = measured([*self.command(topic, database, *options), "-e", "-J"], self.stage.folder, self.env)
            summary = json.loads(usage.stdout)
            stored = database.count()
            assert stored == summary["rows"], f"{stored} rows in the table, {summary['rows']} by weir's count"
            return Drained(summary["rows"], summary["dead"], summary["seconds"], usage)
        finally:
            self.stage.drop(database)
