"""Java programs that run against Apache Kafka's own client library."""
import select
import subprocess
from pathlib import Path

from .kafka import Kafka
from .paths import KAFKA_JARS


def compile_java(sources: Path, classes: Path) -> Path:
    """Compiles every .java file of a folder against Kafka's archives; the folder of the classes."""
    subprocess.run(["javac", "-nowarn", "-cp", f"{KAFKA_JARS}/*", "-d", classes, *sorted(sources.glob("*.java"))],
                   check=True)
    return classes


def start_java(classes: Path, main: str, *arguments: str) -> subprocess.Popen:
    """Starts a class with pipes for stdin and stdout."""
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
               "-cp", f"{classes}:{KAFKA_JARS}/*", main, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


class TransactionalProducer:
    """Kafka's Java producer with a transactional id, led step by step."""

    def __init__(self, kafka: Kafka, classes: Path, transactional_id: str, timeout_ms: int = 60_000):
        self._process = start_java(classes, "TransactionalProducer", kafka.address, transactional_id, str(timeout_ms))
        self._answer()

    def begin(self) -> None:
        self._ask("begin")

    def send(self, topic: str, partition: int, value: str, key: str = "") -> int:
        """Sends one record inside the transaction; its offset. Neither key nor value may hold a tab or line end."""
        return int(self._ask("send", topic, str(partition), key, value))

    def commit(self) -> None:
        self._ask("commit")

    def abort(self) -> None:
        self._ask("abort")

    def kill(self) -> None:
        """Goes away at once; an open transaction stays open until Kafka times it out."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def _ask(self, *words: str) -> str:
        self._process.stdin.write("\t".join(words) + "\n")
        return self._answer()

    def _answer(self) -> str:
        ready, _, _ = select.select([self._process.stdout], [], [], 60)
        assert ready, "the Java producer did not answer within 60 s"
        word, _, rest = self._process.stdout.readline().rstrip("\n").partition(" ")
        assert word == "ok", f"the Java producer answered {word} {rest}"
        return rest
