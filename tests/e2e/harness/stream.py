"""Small records of a test's own making that keep coming."""
import json
import threading
import time
from collections.abc import Callable

from confluent_kafka import Producer

from .kafka import Kafka


class Stream:
    """make(0), make(1), ... into a topic, `per_s` a second, until stop() tells how many they were."""

    def __init__(self, kafka: Kafka, topic: str, make: Callable[[int], dict], per_s: int = 1_000):
        self._topic, self._make, self._per_s = topic, make, per_s
        self._producer = Producer({"bootstrap.servers": kafka.address, "enable.idempotence": True, "linger.ms": 2,
                                   "log_level": 2, "sticky.partitioning.linger.ms": 0})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._thread.join()

    def stop(self) -> int:
        self.__exit__()
        assert self._producer.flush(60) == 0
        return self.count

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._stopping.is_set():
            while self.count < (time.monotonic() - begun) * self._per_s:
                self._producer.produce(self._topic, json.dumps(self._make(self.count)).encode())
                self.count += 1
            self._producer.poll(0)
            time.sleep(0.005)
