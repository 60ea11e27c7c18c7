"""Where things are."""
import os
import re
import subprocess
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent
ROOT = E2E.parent.parent
EXAMPLES = ROOT / "examples" / "driven_data"
TOOLS = ROOT / "tools"
KAFKA_JARS = ROOT / ".deps" / f"kafka-{os.environ.get('KAFKA_VERSION', '4.1.1')}"


def weir_binary() -> Path:
    """The program under test: $WEIR_BINARY, else the release build."""
    return Path(os.environ.get("WEIR_BINARY", ROOT / "build" / "weir")).resolve()


def verbs() -> list[str]:
    """The program's verbs, as its help lists them; tests of all of them cover new ones by themselves."""
    said = subprocess.run([weir_binary(), "help"], env=program_env(), capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) ", said, re.M)


def program_env() -> dict[str, str]:
    """The environment for weir, or a test program of its build: this one's without what would configure them."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "WEIR_", "KAFKA_"))}
    if "WEIR_PRELOAD" in os.environ:
        env["LD_PRELOAD"] = os.environ["WEIR_PRELOAD"]
    return env


def sanitized() -> bool:
    """Whether the program under test is a sanitizer's build (build-asan, build-tsan)."""
    return weir_binary().parent.name.endswith("san")


def busy() -> float:
    """How many times more this machine has to do just now than it can; 1 if all is done at once. Up to 5: a wait of 30 s
    must not outlive its test, which has three minutes, so that it can say what it was for."""
    return min(max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0))), 5.0)


def patience() -> float:
    """By how much every time limit is stretched: sanitizers make the program several times slower, and so does all else that
    runs."""
    return (4 if sanitized() else 1) * busy()
