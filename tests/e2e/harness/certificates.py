"""Certificates made for one test run, by openssl: an authority, and what it vouches for."""
import subprocess
from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
KEY_PASSWORD = "key-sesame"


def openssl(*arguments) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {' '.join(map(str, arguments))}: {done.stderr}"


class Authority:
    """A certificate authority in a folder of its own; `certificate` is what those who trust it are given."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        openssl("req", "-x509", *NEW_KEY, "-noenc", "-keyout", self._key, "-out", self.certificate, "-days", 2,
                "-subj", "/CN=authority of weir's tests")

    def issue(self, name: str, subject: str, names: str, days: int = 2) -> Path:
        """NAME.pem: key and certificate, for `names` as in "DNS:localhost,IP:127.0.0.1"; days=-1: expired yesterday."""
        key, request, signed = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("req", "-new", *NEW_KEY, "-noenc", "-keyout", key, "-out", request, "-subj", f"/CN={subject}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days",
                days, "-extfile", extensions, "-out", signed)
        both = self.folder / f"{name}.pem"
        both.write_text(key.read_text() + signed.read_text())
        return both

    def lock(self, pem: Path) -> Path:
        """The key of an issued PEM file under KEY_PASSWORD, in a file of its own."""
        locked = pem.with_suffix(".locked")
        openssl("pkcs8", "-topk8", "-in", pem, "-passout", f"pass:{KEY_PASSWORD}", "-out", locked)
        return locked
