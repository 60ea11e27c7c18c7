"""What the program serves with --http."""
import re
import urllib.error
import urllib.request

from .paths import patience

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.e+]+|\+Inf|NaN)$')


def read_metrics(text: str) -> dict[tuple[str, str], float]:
    """Prometheus's text format: (name, labels) -> value. Each sample follows the HELP and TYPE of its family."""
    samples, family, kind = {}, "", ""
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family, kind = line.split(" ")[2], ""
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == family
            kind = line.split(" ")[3]
        else:
            name, labels, number = SAMPLE.fullmatch(line).groups()
            assert name == family or (kind == "histogram" and name.rpartition("_")[0] == family)
            assert (kind == "counter") == name.endswith("_total")
            assert (name, labels) not in samples
            samples[name, labels or ""] = float(number)
    return samples


def get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5 * patience()) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
