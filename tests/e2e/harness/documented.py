"""Files that docs/generate.md shows, as a reader would copy them out of it."""
from pathlib import Path

from .paths import ROOT

DOCUMENT = (ROOT / "docs" / "generate.md").read_text()


def write_documented(folder: Path, *names: str) -> None:
    """Each stands in a block of its own, behind `# NAME`; what follows the name there is said about it."""
    for name in names:
        block = DOCUMENT[DOCUMENT.index(f"    # {name}"):].split("\n\n", 1)[0]
        (folder / name).write_text("".join(line[4:] + "\n" for line in block.splitlines()[1:]))
