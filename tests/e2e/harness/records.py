"""What is sent: records, and the chapter's in quantity."""
import functools
import importlib.util
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from faker import Faker

from .paths import EXAMPLES


@dataclass
class Record:
    """A record to send. `partition` -1 lets the key or chance decide; `timestamp_ms` 0 means now."""

    value: bytes | None
    key: bytes | None = None
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    partition: int = -1
    timestamp_ms: int = 0
    unique_id: str | None = None


@dataclass(frozen=True)
class Sent:
    """A record that Kafka acknowledged: a line of the ledger."""

    topic: str
    partition: int
    offset: int
    unique_id: str | None
    record: Record


def load_example(name: str):
    """A script of examples/driven_data as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def _templates(count: int = 2_000) -> list[dict]:
    """Distinct records of the chapter's generator, the same in each run."""
    Faker.seed(7)
    random.seed(7)
    generate_record = load_example("streaming_producer").generate_record
    fake = Faker("ro_RO")
    return [generate_record(fake) for _ in range(count)]


@functools.cache
def _template_bytes() -> list[bytes]:
    """The same as JSON, cut off where the unique_id's text begins (it is the last key)."""
    return [json.dumps(r).encode().rsplit(b'"', 2)[0] + b'"' for r in _templates()]


def chapter_record(**changed) -> dict:
    """One record of the chapter with a fresh unique_id; `changed` replaces or adds keys."""
    return {**random.choice(_templates()), "unique_id": str(uuid.uuid4()), **changed}


def chapter_records(count: int, **fields) -> Iterator[Record]:
    """`count` records of the chapter, each with a fresh unique_id. `fields` go to Record."""
    templates = _template_bytes()
    for i in range(count):
        unique_id = str(uuid.uuid4())
        value = templates[i % len(templates)] + unique_id.encode() + b'"}'
        yield Record(value, unique_id=unique_id, **fields)
