"""Waiting for something to become true, with a sentence when it does not."""
import time
from collections.abc import Callable
from typing import TypeVar

from .paths import patience, sanitized

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float = 30, what: str = "", every_s: float = 0.02) -> T:
    """Returns the first true answer of `condition`; fails the test when none came in time."""
    longest_s = 500 if sanitized() else 150  # less than a test has, so that it says what it has waited for
    timeout_s = max(timeout_s, min(timeout_s * patience(), longest_s))
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what or condition}; last answer {answer!r}")
        time.sleep(every_s)


def in_time(attempt: Callable[[], T], wanted: T, times: int = 5) -> None:
    """For a step that this machine, when it is busy, may come too late for: the attempt is made anew until it gives what it
    gives in time, which it must do once."""
    given: list[T] = []
    while wanted not in given and len(given) < times:
        given.append(attempt())
    assert given[-1] == wanted, given
