"""Lines of figures against their targets."""
import os
from dataclasses import dataclass, field


@dataclass
class Line:
    what: str
    figure: str
    target: str = ""
    passed: bool | None = None
    load: str = field(default_factory=lambda: f"{os.getloadavg()[0]:.0f}")  # a minute's, of all that runs here


class Table:
    """Printed as it grows; at the end as Markdown."""

    def __init__(self):
        self.lines: list[Line] = []
        self._before, self._busy = load(), os.getloadavg()[0] > os.cpu_count()

    def add(self, what: str, figure: str, target: str = "", passed: bool | None = None) -> None:
        line = Line(what, figure, target, passed)
        self.lines.append(line)
        print("  " + "  ".join(part for part in (self._verdict(line) or "    ", what + ":", figure,
                                                 f"(target {target})" if target else "") if part), flush=True)

    def at_least(self, what: str, value: float, target: float, form: str = "{:.2f}", note: str = "") -> None:
        self.add(what, form.format(value) + note, f"at least {form.format(target)}", value >= target)

    def at_most(self, what: str, value: float, target: float, form: str = "{:.2f}", note: str = "") -> None:
        self.add(what, form.format(value) + note, f"at most {form.format(target)}", value <= target)

    @staticmethod
    def _verdict(line: Line) -> str:
        return "" if line.passed is None else "pass" if line.passed else "FAIL"

    def markdown(self) -> str:
        rows = [(line.what, line.figure, line.target, self._verdict(line), line.load) for line in self.lines]
        head = ("measured", "figure", "target", "", "load")
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

        def text(row):
            return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
        return "\n".join([text(head), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *map(text, rows)])

    def failed(self) -> int:
        return sum(line.passed is False for line in self.lines)


    def conclude(self, facts: list[str]) -> int:
        """Prints all of it with what it was measured on; the exit code."""
        print("\n" + self.markdown())
        print("\n" + "\n".join(f"- {fact}" for fact in facts))
        print(f"- load average before {self._before}, after {load()}")
        print(f"\n{self.failed()} of {sum(line.passed is not None for line in self.lines)} targets missed")
        if self._busy:
            print("The machine was busy with other work before this began: the verdicts say little, and a rate beside another "
                  "says mostly who got how much of the processors.")
        return 1 if self.failed() else 0


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg()[:2])


def say(words: str) -> None:
    print(f"\n== {words}", flush=True)
