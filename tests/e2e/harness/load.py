"""Records that keep coming while a test breaks things."""
import threading
import time

from confluent_kafka import Producer

from .kafka import Kafka
from .records import Sent, chapter_records


class Load:
    """A producer in a thread: `per_s` records of the chapter a second into a topic, from entering the block until
    stop(). It rides out a Kafka that dies: a record that was not acknowledged is sent again, once."""

    def __init__(self, kafka: Kafka, topic: str, per_s: int = 4_000):
        self._topic = topic
        self._per_s = per_s
        self._producer = Producer({"bootstrap.servers": kafka.address, "enable.idempotence": True, "linger.ms": 2,
                                   "log_level": 0, "sticky.partitioning.linger.ms": 0,
                                   "message.timeout.ms": 120_000})
        self._failed: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent: list[Sent] = []

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, failed=None, *_) -> None:
        self._stopping.set()
        self._thread.join()
        if failed:
            print(f"the load: {len(self.sent)} acknowledged, {len(self._producer)} on their way, {len(self._failed)} failed"
                  f" {self._failed[:1]}")

    def stop(self) -> list[Sent]:
        """Sends no more; everything that was acknowledged, which must be everything."""
        self.__exit__()
        self._producer.flush(120)
        assert not self._failed, f"{len(self._failed)} records not acknowledged: {self._failed[0]}"
        return self.sent

    def _run(self) -> None:
        begun = time.monotonic()
        done = 0
        while not self._stopping.is_set():
            due = int((time.monotonic() - begun) * self._per_s)
            for record in chapter_records(min(due - done, self._per_s)):
                self._send(record)
            done = due
            self._producer.poll(0)
            time.sleep(0.005)

    def _send(self, record) -> None:
        def acknowledged(error, message):
            if error:
                self._failed.append(str(error))
            else:
                self.sent.append(Sent(self._topic, message.partition(), message.offset(), record.unique_id, record))

        while True:
            try:
                return self._producer.produce(self._topic, value=record.value, on_delivery=acknowledged)
            except BufferError:
                self._producer.poll(0.1)
