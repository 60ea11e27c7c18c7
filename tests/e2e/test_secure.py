"""TLS and logins: every verb that connects, against a Kafka that wants them, with either librdkafka."""
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.library import newer_library
from harness.listener import Listener
from harness.paths import EXAMPLES, patience
from harness.secure import KEY_PASSWORD, PASSWORD, USER, SecureKafka
from harness.tool import Tool
from harness.weir import TABLE

DEBIAN, NEWER = "Debian's", "newer"
RECORD = b'{"person_name": "Ana", "session_duration": 7}\n'


@pytest.fixture(scope="session")
def libraries(scratch) -> dict[str, dict[str, str]]:
    """Library -> the environment that puts it in front."""
    folder = scratch / "newer"
    folder.mkdir()
    return {DEBIAN: {}, NEWER: {"LD_LIBRARY_PATH": str(newer_library(folder))}}


@pytest.fixture
def plain_tool(tmp_path):
    """Runs verbs that are told all by their arguments and files."""
    runner = Tool(tmp_path)
    yield runner
    runner.end()


@pytest.fixture(scope="session")
def old_library(libraries) -> bool:
    """Whether this machine's librdkafka is from before the one whose SCRAM Kafka 4 takes."""
    out = Tool(Path("/")).ok("--version", stdin="")
    version = next(word for line in out.splitlines() if "librdkafka" in line for word in line.split() if word[0].isdigit())
    return tuple(map(int, version.split(".")[:3])) < (2, 6, 1)


def by_file(tool: Tool, properties: dict[str, str], brokers: str) -> list[str]:
    """As kcat has it."""
    lines = {"bootstrap.servers": brokers, **properties}
    (tool.folder / "kcat.conf").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return ["-F", "kcat.conf"]


def by_config(tool: Tool, properties: dict[str, str], brokers: str) -> list[str]:
    (tool.folder / "weir.yaml").write_text(f"brokers: {brokers}\nkafka:\n" + "".join(
        f"  {name}: {value}\n" for name, value in properties.items()))
    return []


def by_options(tool: Tool, properties: dict[str, str], brokers: str) -> list[str]:
    """All but the passwords, which no option takes."""
    passwords = {name: value for name, value in properties.items() if name.endswith("password")}
    (tool.folder / "weir.yaml").write_text("kafka: {" + ", ".join(f"{n}: {v}" for n, v in passwords.items()) + "}\n")
    return ["-b", brokers, *[word for name, value in properties.items() if name not in passwords
                             for word in ("-X", f"{name}={value}")]]


# What is asked -> listener, properties.
WAYS = {"TLS": ("TLS", lambda k: k.tls()),
        "TLS with our certificate": ("MUTUAL", lambda k: k.mutual()),
        "PLAIN over TLS": ("SECURE", lambda k: k.sasl("PLAIN")),
        "SCRAM-SHA-512 over TLS": ("SECURE", lambda k: k.sasl("SCRAM-SHA-512")),
        "SCRAM-SHA-256": ("OPEN", lambda k: k.sasl("SCRAM-SHA-256", tls=False))}


@pytest.mark.parametrize("library, way, how", [
    (DEBIAN, "TLS", by_options), (DEBIAN, "TLS with our certificate", by_file), (DEBIAN, "PLAIN over TLS", by_config),
    (NEWER, "TLS with our certificate", by_options), (NEWER, "SCRAM-SHA-512 over TLS", by_config),
    (NEWER, "SCRAM-SHA-512 over TLS", by_options), (NEWER, "SCRAM-SHA-256", by_file), (NEWER, "TLS", by_file)])
def test_every_verb_passes(secure_kafka, libraries, plain_tool, database, library, way, how):
    """A topic is made, described, listed, filled, read and ingested."""
    listener, properties = WAYS[way]
    settings = how(plain_tool, properties(secure_kafka), secure_kafka.address(listener))
    topic = f"secure_{library[:3]}_{listener}_{how.__name__}".lower()

    def ok(*arguments, stdin=b"") -> bytes:
        return plain_tool.ok(*arguments, *settings, stdin=stdin, **libraries[library])

    ok("topic", "create", topic)
    assert topic.encode() in ok("topic", "list")
    assert b"0" in ok("topic", "describe", topic)
    ok("produce", topic, "-q", stdin=RECORD * 3)
    assert ok("consume", topic, "-o", "beginning", "-e", "-q") == RECORD * 3
    ok("ingest", "-e", "-q", "-t", topic, *table_of(database, plain_tool.folder))
    assert database.count() == 3


def table_of(database, folder: Path) -> list[str]:
    return ["--table", TABLE, "--database", str(database.credentials(folder)),
            "--setup", str(EXAMPLES / "create_schema.sql"), "--setup", str(EXAMPLES / "create_table.sql")]


def test_password_from_a_variable(secure_kafka, libraries, plain_tool):
    how = by_config(plain_tool, secure_kafka.sasl("PLAIN") | {"sasl.password": "${KAFKA_PASSWORD}"},
                    secure_kafka.address("SECURE"))
    plain_tool.ok("topic", "list", *how, KAFKA_PASSWORD=PASSWORD)


# ---- What does not fit ----

CHECK_LOGIN = "refuses the user or the password: check sasl.username and sasl.password"
TO_TLS = "closes the connection at once: a port with TLS, or no Kafka broker? Check the port and security.protocol"
NO_TLS = "ends the connection in the TLS handshake: a port without TLS? Check the port and security.protocol"
NO_LOGIN = "closes the connection at the first question: a port that wants a login?"

# What is wrong -> listener (or the plaintext one), properties, what is said behind the broker's address.
WRONG = {
    "password": ("SECURE", lambda k: k.sasl("PLAIN") | {"sasl.password": "guess"}, CHECK_LOGIN),
    "user": ("SECURE", lambda k: k.sasl("SCRAM-SHA-512") | {"sasl.username": "bob"}, CHECK_LOGIN),
    "login": ("OPEN", lambda k: k.sasl("SCRAM-SHA-512", tls=False),
              "has no such login; it has PLAIN,SCRAM-SHA-256: check sasl.mechanisms"),
    "authority": ("TLS", lambda k: k.tls() | {"ssl.ca.location": str(k.stranger.certificate)},
                  "is signed by an authority unknown here: set ssl.ca.location"),
    "host name": ("OTHER", lambda k: k.tls(), "is for another address: name the broker as its certificate does"),
    "date": ("EXPIRED", lambda k: k.tls(), "has expired, or that of its authority: the cluster needs a new one"),
    "no certificate of ours": ("MUTUAL", lambda k: k.tls(), "wants a certificate of ours"),
    "plaintext to TLS": ("TLS", lambda k: {}, TO_TLS),
    "SASL to TLS": ("SECURE", lambda k: k.sasl("PLAIN", tls=False), TO_TLS),
    "TLS to plaintext": ("", lambda k: k.tls(), NO_TLS),
    "plaintext to SASL": ("OPEN", lambda k: {}, NO_LOGIN),
    "TLS to SASL over TLS": ("SECURE", lambda k: k.tls(), NO_LOGIN),
    "SASL to plaintext": ("", lambda k: k.sasl("PLAIN", tls=False), "wants no login: security.protocol is PLAINTEXT or SSL"),
}
VERBS = {"topic list": (), "topic describe": ("t",), "topic create": ("t",), "produce": ("t",),
         "consume": ("t", "-o", "beginning", "-e"), "group list": (), "group describe": ("g",),
         "ingest": ("-e", "-t", "t")}


def address_of(secure_kafka: SecureKafka, listener: str) -> str:
    return secure_kafka.address(listener) if listener else secure_kafka.kafka.address


@pytest.mark.slow
def test_what_does_not_fit_is_one_line(secure_kafka, libraries, database, tmp_path):
    """Each thing that can be wrong, for each verb: one line with broker and cure, exit code 1, within seconds."""
    jobs = [(wrong, verb, library) for library, verbs in ((DEBIAN, VERBS), (NEWER, ("topic list", "ingest")))
            for wrong in WRONG for verb in verbs]
    folders = {}
    for wrong, (listener, properties, _) in WRONG.items():
        folders[wrong] = tmp_path / wrong.replace(" ", "_")
        folders[wrong].mkdir()
        by_file(Tool(folders[wrong]), properties(secure_kafka), address_of(secure_kafka, listener))
    ingest = [*table_of(database, tmp_path), "-q"]  # it tells its start, too

    def run(job) -> tuple[str, float]:
        wrong, verb, library = job
        began = time.monotonic()
        more = ingest if verb == "ingest" else []
        said = Tool(folders[wrong]).refused(*verb.split(), *VERBS[verb], *more, "-F", "kcat.conf", code=1,
                                            **libraries[library])
        return said, time.monotonic() - began

    with ThreadPoolExecutor(12) as pool:
        answers = dict(zip(jobs, pool.map(run, jobs)))
    for (wrong, verb, library), (said, took_s) in answers.items():
        listener, _, words = WRONG[wrong]
        where = f"{wrong}, {verb}, {library}: {said}"
        assert verb == "ingest" or said.startswith(f"weir {verb.split()[0]}: "), where
        assert f"{address_of(secure_kafka, listener)} {words}" in said, where
        assert took_s < 20 * patience(), where


def test_scram_that_kafka_4_refuses(secure_kafka, libraries, plain_tool, old_library):
    """Debian's library sends a nonce that Kafka 4 does not take: who knows his password is right is told so."""
    if not old_library:
        pytest.skip("this machine's librdkafka does SCRAM")
    how = by_file(plain_tool, secure_kafka.sasl("SCRAM-SHA-512"), secure_kafka.address("SECURE"))
    said = plain_tool.refused("topic", "list", *how, code=1)
    assert "librdkafka before 2.6.1 cannot do SCRAM with Kafka 4" in said
    how = by_file(plain_tool, secure_kafka.sasl("PLAIN") | {"sasl.password": "guess"}, secure_kafka.address("SECURE"))
    assert "SCRAM" not in plain_tool.refused("topic", "list", *how, code=1)


@pytest.mark.parametrize("properties, words", [
    ({"security.protocol": "SSL", "ssl.ca.location": "none.pem"},
     "kcat.conf:3: ssl.ca.location: none.pem: No such file or directory"),
    ({"security.protocol": "SASL_SSL"}, "security.protocol wants a login: set sasl.mechanisms too"),
    ({"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": USER},
     "sasl.username and sasl.password must be set"),
    ({"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}, "set that, and sasl.oauthbearer.token.endpoint.url"),
    ({"security.protocol": "TLS"}, 'kcat.conf:2: Invalid value "TLS" for configuration property "security.protocol"'),
])
def test_configuration_that_cannot_work(libraries, plain_tool, properties, words):
    how = by_file(plain_tool, properties, "127.0.0.1:1")
    for environment in libraries.values():
        assert words in plain_tool.refused("topic", "list", *how, **environment)


def test_password_of_a_key_is_wrong(secure_kafka, libraries, plain_tool):
    how = by_file(plain_tool, secure_kafka.mutual() | {"ssl.key.password": f"{KEY_PASSWORD}x"}, secure_kafka.address("MUTUAL"))
    for environment in libraries.values():
        assert "is ssl.key.password (ssl.keystore.password) the password" in plain_tool.refused("topic", "list", *how,
                                                                                                 **environment)


def test_what_is_refused_only_by_the_second_handle_is_no_crash(secure_kafka, plain_tool, database):
    """librdkafka 2.0.2 frees the interceptors of a refused consumer's configuration, and then frees them again. Here the
    file of authorities is another when the first handle, which looks for the topic, has connected. (A producer is made
    before that, beside it.)"""
    topic = secure_kafka.kafka.create_topic(partitions=1)
    authority = plain_tool.folder / "authority.pem"
    host, _, port = secure_kafka.address("TLS").partition(":")

    def forward(client: socket.socket) -> None:
        authority.write_text("no certificate\n")
        with socket.create_connection((host, int(port))) as broker:
            threading.Thread(target=CutShort._copy, args=(broker, client), daemon=True).start()
            CutShort._copy(client, broker)

    with Listener(forward) as listener:
        options = ["-b", listener.address, "-X", "security.protocol=ssl", "-X", f"ssl.ca.location={authority}"]
        for verb in (["consume", topic], ["consume", topic, "-g", "refused"],
                     ["ingest", "-t", topic, *table_of(database, plain_tool.folder)]):
            authority.write_bytes(secure_kafka.authority.certificate.read_bytes())
            done = plain_tool(*verb, *options, stdin="x\n")
            assert done.returncode == 2, done
            assert done.stderr.count("librdkafka refuses the configuration: ssl.ca.location failed") == 1, done


@pytest.mark.parametrize("name", [
    "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.token.endpoint.url=https://me:sesame@127.0.0.1/token"])
def test_passwords_are_no_options(plain_tool, name):
    name, _, value = name.partition("=")
    for verb, arguments in VERBS.items():
        said = plain_tool.refused(*verb.split(), *arguments, "-b", "127.0.0.1:1", "-X", f"{name}={value or 'sesame'}", code=2)
        assert "sesame" not in said
        assert f"-X {name}: others can read a password in an argument: write it under kafka:" in said
        assert "sesame" not in said


class CutShort(threading.Thread):
    """A port in front of a broker that ends the first connections after so many requests, as a broker that is stopped."""

    def __init__(self, target: str, requests: int, connections: int = 2):
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._host, _, port = target.partition(":")
        self._port, self._requests, self.left = int(port), requests, connections
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.left -= 1
            threading.Thread(target=self._serve, args=(client, self._requests if self.left >= 0 else 1 << 30), daemon=True).start()

    def _serve(self, client: socket.socket, requests: int) -> None:
        with client, socket.create_connection((self._host, self._port)) as broker:
            threading.Thread(target=self._copy, args=(broker, client), daemon=True).start()
            stream = client.makefile("rb")
            for _ in range(requests + 1):
                size = stream.read(4)
                if len(size) < 4:
                    return
                request = size + stream.read(struct.unpack(">i", size)[0])
                if requests:
                    broker.sendall(request)
                requests -= 1
            client.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
        except OSError:
            pass

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_broker_that_goes_in_the_middle_of_a_login(secure_kafka, libraries, plain_tool, requests):
    """It refused nobody: the next try may pass, and does."""
    for environment in libraries.values():
        port = CutShort(secure_kafka.address("OPEN"), requests)
        how = by_file(plain_tool, secure_kafka.sasl("PLAIN", tls=False), port.address)
        plain_tool.ok("topic", "list", *how, **environment)
        port.close()
        assert port.left < 0, "no connection was cut short"
