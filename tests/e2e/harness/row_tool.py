"""build/tests/unit/row_tool: records to COPY bytes without the rest of the program."""
import os
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .paths import weir_binary


@dataclass
class Encoded:
    copy: bytes
    dead: dict[int, tuple[str, str, str]] = field(default_factory=dict)  # record number: SQLSTATE, column, reason


def binary() -> Path:
    beside_weir = weir_binary().parent / "tests" / "unit" / "row_tool"
    return Path(os.environ.get("WEIR_ROW_TOOL", beside_weir))


def encode(description: str, records: list[bytes], folder: Path) -> Encoded:
    file = folder / "description"
    file.write_text(description + "\nframed\n")
    framed = b"".join(struct.pack(">I", len(record)) + record for record in records)
    done = subprocess.run([binary(), file], input=framed, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    encoded = Encoded(done.stdout)
    for line in done.stderr.decode().splitlines():
        number, sqlstate, column, reason = line.split("\t", 3)
        encoded.dead[int(number)] = (sqlstate, column, reason)
    return encoded
