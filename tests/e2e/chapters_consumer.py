"""The chapter's consumer in this process: its own functions, led to the test's Kafka and database."""
import itertools

from kafka import KafkaConsumer, TopicPartition

from harness.kafka import Kafka
from harness.postgres import Database
from harness.records import load_example
from harness.weir import TABLE


def consume(kafka: Kafka, database: Database, topic: str, records: int, partition: int | None = None) -> None:
    """Starts it, lets it store so many records, and stops it. With `partition` it is given only that one."""
    script = load_example("streaming_consumer")

    def led_here(*topics, **settings):
        settings["bootstrap_servers"] = [kafka.address]
        if partition is None:
            return KafkaConsumer(*topics, **settings)
        consumer = KafkaConsumer(**settings)
        consumer.assign([TopicPartition(topics[0], partition)])
        return consumer

    script.KafkaConsumer = led_here
    connection = script.connect_db(database.parameters())
    consumer = script.create_consumer(topic)
    try:
        script.consume_data(connection, itertools.islice(consumer, records), TABLE)
    finally:
        connection.close()
        consumer.close()


def survives(kafka: Kafka, database: Database, topic: str, partition: int) -> bool:
    """Whether it lives on after the one record of this partition."""
    try:
        consume(kafka, database, topic, 1, partition)
    except Exception:  # whatever it dies of
        return False
    return True
