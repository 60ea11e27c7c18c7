"""The chapter's producer, with what a rehearsal needs: one Faker for all records (a new one for each makes 157 records/s,
one for all 7,000), a count, a rate, a flush at the end, and a ledger of what Kafka acknowledged.

Without options it does what the chapter's does: a record each 1 to 15 seconds, until Ctrl-C.
"""
import argparse
import json
import random
import sys
import time
import uuid
from datetime import datetime

from faker import Faker
from kafka import KafkaProducer


def create_data(locale: str) -> Faker:
    return Faker(locale)


def generate_record(fake: Faker) -> dict:
    streaming_data = {}
    streaming_data["person_name"] = fake.name()
    streaming_data["user_name"] = streaming_data["person_name"].replace(" ", "").lower()
    streaming_data["email"] = f'{streaming_data["user_name"]}@{fake.free_email_domain()}'
    streaming_data["personal_number"] = fake.ssn()
    streaming_data["birth_date"] = str(fake.date_of_birth())
    streaming_data["address"] = fake.address().replace("\n", ", ")
    streaming_data["phone_number"] = fake.phone_number()
    streaming_data["mac_address"] = fake.mac_address()
    streaming_data["ip_address"] = fake.ipv4()
    streaming_data["iban"] = fake.iban()
    streaming_data["accessed_at"] = str(datetime.now())
    streaming_data["session_duration"] = random.randint(0, 36_000)
    streaming_data["download_speed"] = random.randint(0, 1_000)
    streaming_data["upload_speed"] = random.randint(0, 800)
    streaming_data["consumed_traffic"] = random.randint(0, 2_000_000)
    streaming_data["unique_id"] = str(uuid.uuid4())
    return streaming_data


def create_producer(brokers: str) -> KafkaProducer:
    producer = KafkaProducer(
        bootstrap_servers=brokers.split(','),
        value_serializer=lambda v: json.dumps(v).encode('utf-8'),
        acks='all',
        enable_idempotence=True,  # a send that is tried again must not double the record
        linger_ms=5
    )
    return producer


class Ledger:
    """One line of JSON for each record that Kafka acknowledged."""

    def __init__(self, path: str):
        self.file = open(path, 'w', encoding='utf-8') if path else None
        self.failed = 0

    def watch(self, future, unique_id: str) -> None:
        future.add_callback(self.acknowledged, unique_id)
        future.add_errback(self.refused)

    def acknowledged(self, unique_id: str, metadata) -> None:
        if self.file:
            line = {"topic": metadata.topic, "partition": metadata.partition, "offset": metadata.offset,
                    "unique_id": unique_id, "fault": None}
            self.file.write(json.dumps(line) + "\n")

    def refused(self, error: Exception) -> None:
        self.failed += 1
        print(f"streaming_producer: not acknowledged: {error}", file=sys.stderr)

    def close(self) -> None:
        if self.file:
            self.file.close()


def pauses(count: int, rate: float):
    """Yields before each record, after the pause that belongs there."""
    started = time.monotonic()
    sent = 0
    while not count or sent < count:
        if rate:
            time.sleep(max(0.0, started + sent / rate - time.monotonic()))
        yield
        sent += 1
        if not count and not rate:
            time.sleep(random.randint(1, 15))


def produce_data(producer: KafkaProducer, topic: str, ledger: Ledger, count: int, rate: float) -> None:
    synthetic_data = create_data("ro_RO")
    for _ in pauses(count, rate):
        streaming_data = generate_record(synthetic_data)
        ledger.watch(producer.send(topic, value=streaming_data), streaming_data["unique_id"])
    producer.flush()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sends synthetic records of DrivenData's users to a Kafka topic.")
    parser.add_argument("-b", "--brokers", default="localhost:9092")
    parser.add_argument("-t", "--topic", default="driven_data_stream")
    parser.add_argument("-n", "--count", type=int, default=0, help="records to send; without it, one each 1-15 s for ever")
    parser.add_argument("--rate", type=float, default=0, help="records per second; without it, a count goes at full speed")
    parser.add_argument("--ledger", default="", metavar="FILE", help="where to note each acknowledged record")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse_arguments()
    ledger = Ledger(arguments.ledger)
    producer = create_producer(arguments.brokers)
    try:
        produce_data(producer, arguments.topic, ledger, arguments.count, arguments.rate)
    except KeyboardInterrupt:
        producer.flush()
    producer.close()
    ledger.close()
    sys.exit(1 if ledger.failed else 0)
