"""What must hold after every crash: nothing acknowledged is missing, nothing is there twice, and the books balance."""
from collections import Counter
from collections.abc import Iterable

from .postgres import Database
from .records import Sent
from .weir import TABLE, pipeline_name

COUNTERS = ("rows", "dead", "filtered", "tombstones", "suppressed", "absent")


def offsets(database: Database, pipeline: str, topic: str) -> dict[int, dict]:
    """Partition -> the row of weir.offsets as a dict."""
    columns = ("partition", "start_offset", "next_offset", "owner_epoch", *COUNTERS)
    rows = database.query(f"SELECT {', '.join(columns)} FROM weir.offsets WHERE pipeline = %s AND topic = %s",
                          [pipeline, topic])
    return {row[0]: dict(zip(columns, row)) for row in rows}


def dead_letters(database: Database, pipeline: str) -> list[dict]:
    """Those that are dead still: a replayed one is a row."""
    columns = ("topic", "partition", "record_offset", "item", "key", "value", "headers", "column_name", "reason",
               "sqlstate")
    rows = database.query(f"SELECT {', '.join(columns)} FROM weir.dead_letters WHERE pipeline = %s"
                          " AND replayed_at IS NULL ORDER BY topic, partition, record_offset, item", [pipeline])
    return [dict(zip(columns, row)) for row in rows]


def balanced(database: Database, pipeline: str, topic: str) -> dict[str, int]:
    """rows + dead + filtered + tombstones + suppressed + absent = next_offset - start_offset, in each partition.
    Returns the counters summed."""
    total = Counter()
    for partition, row in offsets(database, pipeline, topic).items():
        counted = sum(row[name] for name in COUNTERS)
        assert counted == row["next_offset"] - row["start_offset"], f"{topic}[{partition}] does not balance: {row}"
        total.update({name: row[name] for name in COUNTERS})
    return {name: total[name] for name in COUNTERS}


def invariant(database: Database, topic: str, sent: Iterable[Sent], table: str = TABLE,
              pipeline: str = "") -> dict[str, int]:
    """The books balance, and each record of `sent` is exactly once a row (found by unique_id), or a dead letter, or a
    tombstone; and the table holds no row that was not sent. Returns the counters summed."""
    pipeline = pipeline or pipeline_name(topic, table)
    counters = balanced(database, pipeline, topic)
    dead = [(d["topic"], d["partition"], d["record_offset"]) for d in dead_letters(database, pipeline)]
    stored = Counter(row[0] for row in database.query(f"SELECT unique_id FROM {table}"))
    places = {(s.topic, s.partition, s.offset): s for s in sent}
    expected = {s.unique_id for place, s in places.items() if s.unique_id and place not in set(dead)}

    doubled = [unique_id for unique_id, times in stored.items() if times > 1]
    assert not doubled, f"{len(doubled)} unique_ids are stored more than once: {doubled[:3]}"
    missing = [place for place, s in places.items() if s.unique_id in expected and s.unique_id not in stored]
    assert not missing, f"{len(missing)} of {len(places)} records are neither row nor dead letter: {sorted(missing)[:3]}"
    strange = set(stored) - expected
    assert not strange, f"{len(strange)} rows were never sent, or are dead letters too: {sorted(map(str, strange))[:3]}"
    assert counters["rows"] == sum(stored.values()), f"counted {counters}, stored {sum(stored.values())}"
    assert counters["dead"] == len(dead), f"counted {counters}, dead letters {len(dead)}"
    return counters
