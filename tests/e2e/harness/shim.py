"""Libraries put in front of a server with LD_PRELOAD."""
import subprocess
from pathlib import Path

from .paths import E2E


def build_shim(name: str, folder: Path) -> Path:
    """Compiles tests/e2e/shims/NAME.c; the library's path."""
    library = folder / f"{name}.so"
    if not library.exists():
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library,
                        E2E / "shims" / f"{name}.c", "-ldl"], check=True)
        library.chmod(0o755)
    return library
