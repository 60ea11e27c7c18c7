"""Where things are."""
import os
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent
ROOT = E2E.parent.parent
EXAMPLES = ROOT / "examples" / "driven_data"
TOOLS = ROOT / "tools"
KAFKA_JARS = ROOT / ".deps" / f"kafka-{os.environ.get('KAFKA_VERSION', '4.1.1')}"


def weir_binary() -> Path:
    """The program under test: $WEIR_BINARY, else the release build."""
    return Path(os.environ.get("WEIR_BINARY", ROOT / "build" / "weir")).resolve()


def sanitized() -> bool:
    """Whether a sanitizer slows the program under test, so that times mean less."""
    return "san" in weir_binary().parent.name
