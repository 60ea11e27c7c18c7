"""The other librdkafka that weir must work with."""
from pathlib import Path

import confluent_kafka


def newer_library(folder: Path) -> Path:
    """A new folder in `folder` for LD_LIBRARY_PATH: the librdkafka of PyPI's confluent-kafka, under weir's name for it."""
    (found,) = (Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs").glob("librdkafka*.so*")
    place = folder / "librdkafka"
    place.mkdir(exist_ok=True)
    (place / "librdkafka.so.1").symlink_to(found)
    return place
