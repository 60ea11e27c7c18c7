"""What may answer in a broker's place."""
import socket
import struct
import threading
from collections.abc import Callable

from kafka.protocol.metadata import ApiVersionsResponse

UNSUPPORTED_VERSION = 35
API_VERSIONS = 18


class Listener:
    """A free port of a loopback address, where `serve` is called with each connection, which is closed behind it."""

    def __init__(self, serve: Callable[[socket.socket], None], host: str = "127.0.0.1"):
        self._serve = serve
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.served = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # a waiting accept() would take one more
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self.served += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._serve(connection)
            except OSError:
                pass


class Deaf:
    """A port whose queue of connections is full: the kernel answers no more of them."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._waiting = [socket.socket() for _ in range(3)]
        for connection in self._waiting:
            connection.setblocking(False)
            connection.connect_ex(self._listener.getsockname())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in (*self._waiting, self._listener):
            connection.close()


def silent(connection: socket.socket) -> None:
    """Never answers, until the other side goes."""
    while connection.recv(65536):
        pass


def closing(_connection: socket.socket) -> None:
    """Closes at once."""


def closing_after_reading(connection: socket.socket) -> None:
    connection.recv(65536)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    """Answers these bytes, then waits for the other side to go."""
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        silent(connection)
    return serve


def broker(versions: dict[int, tuple[int, int]], understands: int = 0,
           answers: dict[int, Callable[[bytes], bytes] | None] | None = None) -> Callable[[socket.socket], None]:
    """A broker that answers ApiVersions, up to a version of it; asked in a newer one it says so, as Kafka has done since
    2.4. `versions` is what it claims to have, API key -> first and last; `answers` gives the bodies of its other answers, by
    API key, or is None: never one. At any other question it closes."""
    def serve(connection: socket.socket) -> None:
        while header := connection.recv(4, socket.MSG_WAITALL):
            request = connection.recv(struct.unpack(">i", header)[0], socket.MSG_WAITALL)
            key, version, correlation_id = struct.unpack(">hhi", request[:8])
            if key != API_VERSIONS:
                if key not in (answers or {}):
                    return
                if body := answers[key]:
                    # librdkafka copies a string as if a byte stood behind it, which the address sanitizer minds at the end.
                    said = struct.pack(">i", correlation_id) + body(request) + b"\0"
                    connection.sendall(struct.pack(">i", len(said)) + said)
                continue
            refused = version > understands
            claims = [(API_VERSIONS, 0, understands)] if refused else [(api, *span) for api, span in versions.items()]
            answer = ApiVersionsResponse(version=0 if refused else version, error_code=UNSUPPORTED_VERSION * refused,
                                         api_keys=[ApiVersionsResponse.ApiVersion(
                                             version=0 if refused else version, api_key=api, min_version=first,
                                             max_version=last) for api, first, last in claims])
            answer.with_header(correlation_id=correlation_id)
            connection.sendall(answer.encode(header=True, framed=True))
    return serve


def text(value: str | None) -> bytes:
    """A string as Kafka's messages have it."""
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value)) + value.encode()


LOADING, REFUSED_LOGIN = 14, 58  # error codes
METADATA, OFFSET_FETCH, FIND_COORDINATOR, DESCRIBE_GROUPS, LIST_GROUPS = 3, 9, 10, 15, 16
SASL_HANDSHAKE, SASL_AUTHENTICATE = 17, 36
CLUSTER_VERSIONS = {METADATA: (4, 4), OFFSET_FETCH: (2, 2), FIND_COORDINATOR: (0, 0), DESCRIBE_GROUPS: (0, 0),
                    LIST_GROUPS: (0, 0), SASL_HANDSHAKE: (0, 1), SASL_AUTHENTICATE: (0, 0)}


def cluster(others: list[Listener], groups: list[str], loading: int = 0, mute: bool = False) -> Listener:
    """A broker, number 0, that lists others as well and is the coordinator of these groups, which have no offsets; `mute`:
    of those it never says a word. `loading`: so many times it answers that it reads its log still, and until then it lists
    no group, as Kafka does behind a start. Any login will do."""
    refusals = [LOADING] * loading

    def one(number: int, listener: Listener) -> bytes:
        return struct.pack(">i", number) + text("127.0.0.1") + struct.pack(">i", listener.port)

    def metadata(_request: bytes) -> bytes:
        all_of_them = [made, *others]
        return (struct.pack(">ii", 0, len(all_of_them)) + b"".join(one(i, o) + text(None) for i, o in enumerate(all_of_them))
                + text("a cluster") + struct.pack(">ii", 0, 0))

    def list_groups(_request: bytes) -> bytes:
        listed = [] if refusals else groups
        return struct.pack(">hi", 0, len(listed)) + b"".join(text(name) + text("consumer") for name in listed)

    def describe_groups(request: bytes) -> bytes:
        (client_id,) = struct.unpack_from(">h", request, 8)
        (asked,) = struct.unpack_from(">i", request, 10 + client_id)
        assert asked == 1, "librdkafka asks for one at a time"
        return (struct.pack(">ih", 1, refusals.pop() if refusals else 0) + request[14 + client_id:] + text("Empty")
                + text("consumer") + text("") + struct.pack(">i", 0))

    made = Listener(broker(CLUSTER_VERSIONS, answers={
        METADATA: metadata, LIST_GROUPS: list_groups, DESCRIBE_GROUPS: describe_groups,
        OFFSET_FETCH: None if mute else lambda _: struct.pack(">ih", 0, 0),
        FIND_COORDINATOR: lambda _: struct.pack(">h", 0) + one(0, made),
        SASL_HANDSHAKE: lambda _: struct.pack(">hi", 0, 1) + text("PLAIN"),
        SASL_AUTHENTICATE: lambda _: struct.pack(">h", 0) + text(None) + struct.pack(">i", 0)}))
    return made


def refusing_logins() -> Callable[[socket.socket], None]:
    """A broker that lets nobody in."""
    return broker(CLUSTER_VERSIONS, answers={
        SASL_HANDSHAKE: lambda _: struct.pack(">hi", 0, 1) + text("PLAIN"),
        SASL_AUTHENTICATE: lambda _: struct.pack(">h", REFUSED_LOGIN) + text("Invalid username or password")
        + struct.pack(">i", 0)})
