"""The chapter's consumer with the bench's Kafka and database: chapters_consumer.py BROKERS TOPIC CREDENTIALS."""
import importlib.util
import sys
from pathlib import Path

from kafka import KafkaConsumer

SCRIPT = Path(__file__).resolve().parents[3] / "examples" / "driven_data" / "streaming_consumer.py"


def main() -> None:
    brokers, topic, credentials = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("streaming_consumer", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.KafkaConsumer = lambda *topics, **how: KafkaConsumer(*topics, **{**how, "bootstrap_servers": [brokers]})
    connection = script.connect_db(script.read_credentials(credentials))
    script.consume_data(connection, script.create_consumer(topic), "streaming_layer.streaming_data")


main()
