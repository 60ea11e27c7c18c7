"""Fixtures. Servers live for the whole run and start when first asked for; each test has its own topic, database and
folder, so tests share nothing but the servers. Of times of day, which may change between two steps of a test, tell
harness/clock.py; of machines that are slow just now, patience() and harness/wait.py."""
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from harness.java import TransactionalProducer, compile_java
from harness.kafka import Kafka
from harness.paths import E2E, weir_binary
from harness.pgbouncer import PgBouncer
from harness.postgres import SETTINGS, Database, Postgres
from harness.proxy import Proxy
from harness.secure import SecureKafka
from harness.shim import build_shim
from harness.tool import Tool
from harness.weir import Weir


signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup all that is started would be deaf to it


def pytest_report_header():
    return f"weir: {weir_binary()}"


@pytest.fixture(scope="session")
def scratch():
    """A folder that a server of another user can reach, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="weir-e2e-"))
    folder.chmod(0o711)
    yield folder
    if not os.environ.get("WEIR_KEEP_SCRATCH"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka_server(scratch):
    server = Kafka(scratch / "kafka")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def kafka(kafka_server) -> Kafka:
    """Apache Kafka, running; a test may stop, kill and restart it."""
    if not kafka_server.running():
        kafka_server.start()
    return kafka_server


@pytest.fixture(scope="module")
def guarded_kafka(scratch):
    """Kafka that asks its access lists; what they do not name is open."""
    server = Kafka(Path(tempfile.mkdtemp(prefix="guarded-", dir=scratch)),
                   "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
                   " allow.everyone.if.no.acl.found=true")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def secure_kafka(scratch):
    """Apache Kafka with TLS and logins, a listener for each kind."""
    server = SecureKafka(scratch / "secure")
    yield server
    server.kafka.kill()


@pytest.fixture(scope="session")
def postgres_server(scratch):
    server = Postgres(scratch / "postgres")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def postgres(postgres_server) -> Postgres:
    """PostgreSQL, running; a test may stop, kill and restart it."""
    if not postgres_server.running():
        postgres_server.start()
    return postgres_server


@pytest.fixture
def database(postgres) -> Database:
    """An empty database, dropped after the test."""
    created = postgres.create_database()
    yield created
    if not postgres.running():
        postgres.start()
    postgres.drop_database(created.name)


@pytest.fixture
def topic(kafka) -> str:
    """A topic of three partitions."""
    return kafka.create_topic()


@pytest.fixture
def weir(kafka, database, tmp_path) -> Weir:
    """Runs weir against this test's Kafka and database, and ends what is left of it. What it said is shown when the test
    fails."""
    assert weir_binary().exists(), f"no {weir_binary()}: meson setup build && ninja -C build"
    runner = Weir(kafka, database, tmp_path)
    yield runner
    runner.end()
    runner.assert_no_sanitizer_spoke()


@pytest.fixture
def tool(kafka, tmp_path) -> Tool:
    """Runs verbs against this test's Kafka."""
    runner = Tool(tmp_path, kafka.address)
    yield runner
    runner.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    runner = getattr(item, "funcargs", {}).get("weir")
    if report.failed and runner:
        report.sections.append(("weir", runner.report()))


@pytest.fixture
def proxy(postgres):
    """A proxy in front of PostgreSQL that can cut connections around COMMIT."""
    server = Proxy("127.0.0.1", postgres.port)
    yield server
    server.close()


@pytest.fixture
def pgbouncer(postgres, scratch):
    """PgBouncer in transaction mode in front of PostgreSQL."""
    pooler = PgBouncer(Path(tempfile.mkdtemp(prefix="pgbouncer-", dir=scratch)), postgres)
    yield pooler
    pooler.kill()


@pytest.fixture(scope="session")
def java_classes(scratch) -> Path:
    """The compiled classes of tests/e2e/java."""
    return compile_java(E2E / "java", scratch / "classes")


@pytest.fixture
def transactional_producer(kafka, java_classes):
    """Call it for a Java producer with transactions: transactional_producer("some id")."""
    opened = []

    def start(transactional_id: str) -> TransactionalProducer:
        opened.append(TransactionalProducer(kafka, java_classes, transactional_id))
        return opened[-1]

    yield start
    for producer in opened:
        producer.kill()


class FullDisk:
    """A PostgreSQL of its own whose writes below a folder can be made to fail with ENOSPC."""

    def __init__(self, server: Postgres, flag: Path):
        self.server = server
        self._flag = flag

    def fill(self, *folders: str) -> None:
        """From now on writes below these folders of the data directory fail: fill("base"), fill("pg_wal")."""
        new = self._flag.with_suffix(".new")
        new.write_text("".join(f"{self.server.data / folder}/\n" for folder in folders))
        new.chmod(0o644)
        new.rename(self._flag)

    def free(self) -> None:
        self._flag.unlink(missing_ok=True)


@pytest.fixture
def full_disk(scratch, tmp_path_factory):
    """PostgreSQL with a disk that can be filled; .server is a Postgres."""
    shim = build_shim("enospc", scratch)
    folder = Path(tempfile.mkdtemp(prefix="full-disk-", dir=scratch))
    folder.chmod(0o711)
    flag = folder / "full"
    server = Postgres(folder / "postgres", settings=SETTINGS, preload=shim, env={"ENOSPC_FLAG": str(flag)})
    server.start()
    disk = FullDisk(server, flag)
    yield disk
    disk.free()
    server.kill()
