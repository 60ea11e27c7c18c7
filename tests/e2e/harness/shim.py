"""Libraries put in front of a server with LD_PRELOAD."""
import subprocess
from pathlib import Path

from .paths import E2E


def in_front(shim: Path, env: dict[str, str]) -> dict[str, str]:
    """What to add to this environment so that a program has the library in front of it, behind what is there already. A
    sanitizer wants to be the first, and is told that it need not."""
    return {"LD_PRELOAD": ":".join(filter(None, (env.get("LD_PRELOAD"), str(shim)))),
            "ASAN_OPTIONS": env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def build_shim(name: str, folder: Path) -> Path:
    """Compiles tests/e2e/shims/NAME.c; the library's path."""
    library = folder / f"{name}.so"
    if not library.exists():
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library,
                        E2E / "shims" / f"{name}.c", "-ldl"], check=True)
        library.chmod(0o755)
    return library
