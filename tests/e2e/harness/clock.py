"""The time of day, where a test would see it change.

Tests run at any second, and a border (of a second, minute, hour or day, of UTC or of the machine's zone) may lie between
two steps of one. What is true on both sides of it needs nothing. Else say so by clear_of(), when borders are rare; of those
that are not (a second's, a minute's) the test takes either outcome, and asks the clock once and not twice.
tests/chaos/borders lets each test begin just before one."""
import time

from .paths import patience

LENGTH_S = {"hour": 3600, "day": 86_400}
LONGEST_S = 90  # a test has three minutes


def clear_of(unit: str, for_s: float) -> None:
    """No hour or day ends within so many seconds from now: one that would is let pass."""
    length = LENGTH_S[unit]
    left_s = min(length - (time.time() + ahead) % length for ahead in (0, time.localtime().tm_gmtoff))
    if left_s < min(for_s * patience(), LONGEST_S):
        time.sleep(left_s + 0.1)
