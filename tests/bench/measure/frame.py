"""What the runs share: options, a folder for their servers, and an end with it."""
import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def options(prog: str, description: str, records: str, repeat: int, rounds: str) -> argparse.ArgumentParser:
    """`records` and `rounds` say what is counted."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--records", type=int, default=1_000_000, help=f"{records} (default 1,000,000)")
    parser.add_argument("--repeat", type=int, default=repeat, help=f"{rounds}, for medians (default {repeat})")
    parser.add_argument("--build", default="", metavar="DIR", help="build folder (default build)")
    return parser


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; who is asked to stop ends what it has started on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="weir-bench.", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another user when we are root
        yield folder
