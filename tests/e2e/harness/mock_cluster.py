"""A cluster of librdkafka's own mock brokers, for what a single real one cannot have: partitions without a leader."""
import ctypes


class MockCluster:
    """Two brokers, in this process. They keep records and groups, and know none of the newer requests."""

    def __init__(self):
        self._library = ctypes.CDLL("librdkafka.so.1")
        for name in ("rd_kafka_new", "rd_kafka_mock_cluster_new"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        self._owner = ctypes.c_void_p(self._library.rd_kafka_new(0, None, ctypes.create_string_buffer(512), 512))
        self._cluster = ctypes.c_void_p(self._library.rd_kafka_mock_cluster_new(self._owner, 2))
        self.address = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def create_topic(self, name: str, partitions: int) -> None:
        assert self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1) == 0

    def set_leader(self, topic: str, partition: int, broker: int) -> None:
        """-1: none."""
        set_leader = self._library.rd_kafka_mock_partition_set_leader
        assert set_leader(self._cluster, topic.encode(), partition, broker) == 0

    def close(self) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._owner)
