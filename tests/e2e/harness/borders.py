"""A plugin of pytest, for tests/chaos/borders: each test begins BORDER_BEFORE seconds before the next BORDER (minute, hour,
day) of UTC, by the clock of shims/clock.c, which all that runs has in front of it."""
import mmap
import os
import struct
import time

import pytest

LENGTH_S = {"minute": 60, "hour": 3600, "day": 86_400}
MADE_S = 30  # what a test stands on is made so long before, so that it is of the same day as the test

_page = mmap.mmap(os.open(os.environ["CLOCK_FILE"], os.O_RDWR), 8)
_length_s = LENGTH_S[os.environ["BORDER"]]
_before_s = float(os.environ["BORDER_BEFORE"])
_border = 0.0


def _go_to(moment: float) -> None:
    """Forward only: servers that have seen a time do not like to see it again."""
    (ahead_ns,) = struct.unpack("q", _page[:])
    if (left := moment - time.time()) > 0:
        _page[:] = struct.pack("q", ahead_ns + int(left * 1e9))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    global _border
    _border = (time.time() + _before_s + MADE_S) // _length_s * _length_s + _length_s
    _go_to(_border - _before_s - MADE_S)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    _go_to(_border - _before_s)
    return (yield)
