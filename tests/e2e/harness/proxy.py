"""A proxy in front of PostgreSQL that understands enough of its protocol to cut a connection at COMMIT."""
import re
import socket
import struct
import threading
from enum import Enum

from .paths import patience

SSL_REQUEST, GSSENC_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
COMMIT = re.compile(rb"(?:^|;|\0)\s*(commit|end)\b", re.IGNORECASE)


class Cut(Enum):
    BEFORE = "the server never sees the COMMIT"
    HALF = "the server gets half the bytes of the COMMIT"
    IN = "the server gets the COMMIT, the client is cut off at the same moment"
    HELD = "the client is cut off, the server gets the COMMIT only later: the old transaction is still open meanwhile"
    AFTER = "the server has committed and answered, the answer never reaches the client"


class Proxy:
    """Listens on a free port of 127.0.0.1 (`port`); each connection has a thread for each direction."""

    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self.commits = 0
        self._lock = threading.Condition()
        self._plan: Cut | None = None
        self._countdown = 0
        self._after_copy = True
        self._hold_s = 0.0
        self._released = threading.Event()
        self._refusing = False
        self.refuse_after_cut = False  # nobody comes back until refuse(False)
        self._connections: set[_Connection] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, where: Cut, nth: int = 1, after_copy: bool = True, hold_s: float = 2.0) -> None:
        """Cuts the connection that sends the nth COMMIT from now on. With `after_copy` only those count whose
        transaction held a COPY, so claims and setup pass. `hold_s` is how long Cut.HELD keeps the COMMIT back, unless
        release() comes first."""
        with self._lock:
            self._plan, self._countdown, self._after_copy, self._hold_s = where, nth, after_copy, hold_s
            self._released.clear()

    def release(self) -> None:
        """The server gets the COMMIT that Cut.HELD keeps back."""
        self._released.set()

    def wait_cut(self, cuts: int = 1, timeout_s: float = 30) -> None:
        """Waits until so many connections have been cut in all."""
        with self._lock:
            assert self._lock.wait_for(lambda: self.cuts >= cuts, timeout_s * patience()), \
                f"{self.cuts} of {cuts} cuts within {timeout_s} s; COMMITs seen: {self.commits}"

    def cut_all(self) -> None:
        """Cuts every connection there is, whatever it does."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.close()

    def refuse(self, refusing: bool = True) -> None:
        """Whether new connections are closed at once."""
        self._refusing = refusing

    def close(self) -> None:
        self._listener.close()
        self.release()
        self.cut_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        connection = _Connection(self, client, server)
        with self._lock:
            self._connections.add(connection)
        connection.serve()
        with self._lock:
            self._connections.discard(connection)

    def _commit_seen(self, copied: bool) -> tuple[Cut | None, float]:
        """Called at each COMMIT: what is to happen to it."""
        with self._lock:
            self.commits += 1
            if self._plan is None or (self._after_copy and not copied):
                return None, 0
            self._countdown -= 1
            if self._countdown > 0:
                return None, 0
            plan, self._plan = self._plan, None
            return plan, self._hold_s

    def _cut_done(self) -> None:
        with self._lock:
            self.cuts += 1
            self._refusing |= self.refuse_after_cut
            self._lock.notify_all()


class _Connection:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket):
        self._proxy = proxy
        self._client = client
        self._server = server
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._copied = False
        self._commit_statements: set[bytes] = set()
        self._swallow = threading.Event()   # the answer to the COMMIT stays here
        self._answered = threading.Event()  # and has come

    def serve(self) -> None:
        try:
            if self._startup():
                threading.Thread(target=self._backward, daemon=True).start()
                self._forward()
        except (OSError, EOFError):
            pass
        self.close()

    def close(self) -> None:
        for end in (self._client, self._server):
            _hang_up(end)

    def _receive(self) -> None:
        chunk = self._client.recv(1 << 18)
        if not chunk:
            raise EOFError
        self._received += chunk

    def _take(self, length: int) -> bytes:
        while len(self._received) < length:
            self._receive()
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _startup(self) -> bool:
        """Declines encryption, passes the startup packet on. False after a cancel request."""
        while True:
            head = self._take(8)
            length, code = struct.unpack("!II", head)
            if code in (SSL_REQUEST, GSSENC_REQUEST):
                self._client.sendall(b"N")
                continue
            self._server.sendall(head + self._take(length - 8))
            return code != CANCEL_REQUEST

    def _forward(self) -> None:
        """Client to server: all whole messages that are there, up to a COMMIT, in one piece."""
        while True:
            whole = 0
            while message := self._message_at(whole):
                if self._is_commit(message):
                    self._server.sendall(self._take(whole))
                    whole = 0
                    if self._at_commit():
                        return
                    continue
                whole += len(message)
            if whole:
                self._server.sendall(self._take(whole))
            self._receive()

    def _message_at(self, position: int) -> bytes:
        """The message that begins there, or nothing while it is not whole. (Of CopyData only the fact is kept.)"""
        if len(self._received) < position + 5:
            return b""
        end = position + 1 + int.from_bytes(self._received[position + 1:position + 5], "big")
        return bytes(self._received[position:end]) if len(self._received) >= end else b""

    def _is_commit(self, message: bytes) -> bool:
        kind, body = message[:1], message[5:]
        if kind == b"d":
            self._copied = True
        elif kind == b"Q":
            return bool(COMMIT.search(body))
        elif kind == b"P":  # statement name, text
            name, text = body.split(b"\0")[:2]
            (self._commit_statements.add if COMMIT.search(text) else self._commit_statements.discard)(name)
        elif kind == b"B":  # portal name, statement name
            return body.split(b"\0")[1] in self._commit_statements
        return False

    def _take_commit(self) -> bytes:
        """A Query, or all from Bind to Sync."""
        taken = b""
        while True:
            head = self._take(5)
            taken += head + self._take(int.from_bytes(head[1:], "big") - 4)
            if head[:1] in b"QS":
                return taken

    def _at_commit(self) -> bool:
        """Passes the COMMIT that comes next on, or cuts the connection at it; whether it was cut."""
        plan, hold_s = self._proxy._commit_seen(self._copied)
        self._copied = False
        commit = self._take_commit()
        if plan is None:
            self._server.sendall(commit)
            return False
        if plan is Cut.HALF:
            self._server.sendall(commit[:len(commit) // 2])
        elif plan is Cut.IN:
            _hang_up(self._client)
            self._server.sendall(commit)
        elif plan is Cut.HELD:
            _hang_up(self._client)
            self._proxy._cut_done()
            self._proxy._released.wait(hold_s)
            self._server.sendall(commit)
            self._answered.wait(10)
            return True
        elif plan is Cut.AFTER:
            self._swallow.set()
            self._server.sendall(commit)
            self._answered.wait(30)
        self.close()
        self._proxy._cut_done()
        return True

    def _backward(self) -> None:
        """Server to client."""
        try:
            while answer := self._server.recv(1 << 16):
                if self._swallow.is_set() and b"COMMIT\0" in answer:
                    self._answered.set()
                    break
                try:
                    self._client.sendall(answer)
                except OSError:
                    if b"COMMIT\0" in answer:
                        self._answered.set()
        except OSError:
            pass
        self._answered.set()
        _hang_up(self._client)


def _hang_up(end: socket.socket) -> None:
    """Ends a connection under the feet of whoever reads from it."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
