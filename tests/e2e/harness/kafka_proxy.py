"""A proxy in front of a Kafka of one broker: clients stay with it, and it can lose answers, spoil them or fall silent."""
import socket
import struct
import threading
import time
from contextlib import suppress

PRODUCE, FETCH, LIST_OFFSETS = 0, 1, 2
DUPLICATE_SEQUENCE_NUMBER = 46


class KafkaProxy:
    """Listens on a free port of 127.0.0.1. Each connection has a thread for each direction, which pass whole frames on."""

    def __init__(self, address: str):
        host, port = address.split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        # The broker tells clients its own address; ours is as long, so frames keep their length.
        self._theirs, self._ours = (at[0].encode() + struct.pack(">i", at[1])
                                    for at in (self._target, self._listener.getsockname()))
        self._lock = threading.Condition()
        self._to_lose = 0
        self.lost = 0
        self._mute = False
        self._until_mute = 0
        self._fetch_pause_s = 0.0
        self._forgetful = False
        self._ignored = -1
        self.ignored = 0
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.mute(False)
        for end in self._ends:
            _hang_up(end)

    def lose_answers(self, count: int = 1) -> None:
        """Of the next so many answers to Produce none arrives: the connection ends when the broker has given it."""
        with self._lock:
            self._to_lose = count

    def forget_offsets(self) -> None:
        """From now on answers to Produce say that their first partition's batch was there already, and not where, as some
        brokers do."""
        self._forgetful = True

    def ignore(self, key: int) -> None:
        """From now on requests of that API do not reach the broker; the rest does."""
        self._ignored = key

    def mute(self, mute: bool = True) -> None:
        """Connections stay, new ones are taken, and nothing goes through until mute(False)."""
        with self._lock:
            self._mute = mute
            self._lock.notify_all()

    def mute_after(self, count: int) -> None:
        """The same as soon as so many more answers to Produce have gone through."""
        with self._lock:
            self._until_mute = count

    def slow_fetches(self, pause_s: float) -> None:
        """Each answer to Fetch comes so much later: who reads record by record is not done before he is looked at."""
        self._fetch_pause_s = pause_s

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            asked: dict[int, int] = {}  # correlation id -> API key
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._ends.append(end)
            for work in (self._forward, self._backward):
                threading.Thread(target=work, args=(client, server, asked), daemon=True).start()

    def _pass_on(self, to: socket.socket, frame: bytes) -> None:
        with self._lock:
            self._lock.wait_for(lambda: not self._mute)
        to.sendall(frame)

    def _forward(self, client: socket.socket, server: socket.socket, asked: dict[int, int]) -> None:
        with suppress(OSError):
            while frame := _frame(client):
                key, _, correlation_id = struct.unpack_from(">hhi", frame, 4)
                if key == self._ignored:
                    self.ignored += 1
                    continue
                asked[correlation_id] = key
                self._pass_on(server, frame)
        _hang_up(server)

    def _backward(self, client: socket.socket, server: socket.socket, asked: dict[int, int]) -> None:
        with suppress(OSError):
            while frame := _frame(server):
                (correlation_id,) = struct.unpack_from(">i", frame, 4)
                key = asked.pop(correlation_id, -1)
                of_produce = key == PRODUCE
                if key == FETCH:
                    time.sleep(self._fetch_pause_s)
                if of_produce and self._loses():
                    break
                if of_produce and self._forgetful:
                    frame = _without_offset(frame)
                self._pass_on(client, frame.replace(self._theirs, self._ours))
                if of_produce:
                    self._count_to_mute()
        _hang_up(client)
        _hang_up(server)

    def _count_to_mute(self) -> None:
        with self._lock:
            self._mute |= self._until_mute == 1
            self._until_mute = max(0, self._until_mute - 1)

    def _loses(self) -> bool:
        with self._lock:
            loses = self._to_lose > 0
            self._to_lose -= loses
            self.lost += loses
        return loses


def _frame(end: socket.socket) -> bytes:
    """A whole one with its length, or nothing at the end."""
    head = end.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return b""
    (length,) = struct.unpack(">i", head)
    body = end.recv(length, socket.MSG_WAITALL)
    return head + body if len(body) == length else b""


def _without_offset(answer: bytes) -> bytes:
    """An answer to Produce of a version before 9."""
    (name_bytes,) = struct.unpack_from(">h", answer, 12)  # behind length, correlation id and how many topics
    answer = bytearray(answer)
    struct.pack_into(">hq", answer, 14 + name_bytes + 8, DUPLICATE_SEQUENCE_NUMBER, -1)
    return bytes(answer)


def _hang_up(end: socket.socket) -> None:
    """Ends a connection under the feet of whoever reads from it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
