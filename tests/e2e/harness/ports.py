"""Ports of 127.0.0.1 for servers that a test starts, and for what must find nobody."""
import os
import socket

# Below the range that the kernel gives to outgoing connections, so none of those can snatch one.
FIRST, LAST, BLOCK = 15_000, 32_000, 200


class _Block:
    """Neighbouring ports that are this process's as long as it lives: it holds the first, as all test runs do with theirs."""

    def __init__(self):
        blocks = (LAST - FIRST) // BLOCK
        for number in range(os.getpid(), os.getpid() + blocks):
            first = FIRST + number % blocks * BLOCK
            try:
                self._held = socket.create_server(("127.0.0.1", first), reuse_port=False)
            except OSError:
                continue
            self.next, self.end = first + 1, first + BLOCK
            return
        raise AssertionError(f"each block of ports from {FIRST} to {LAST} is taken")


_blocks: list[_Block] = []


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def free_ports(count: int = 1) -> int:
    """The first of so many neighbouring ports on which nobody listens. None is given twice: a server that is away may come
    back to its own."""
    while True:
        if not _blocks or _blocks[-1].next + count > _blocks[-1].end:
            _blocks.append(_Block())
        first = _blocks[-1].next
        _blocks[-1].next += count
        if all(_is_free(port) for port in range(first, first + count)):
            return first


def free_address() -> str:
    return f"127.0.0.1:{free_ports()}"
