"""weir generate into a real Kafka: what was acknowledged, what the ledger says of it, and how it ends."""
import json
from collections import Counter

import pytest

from harness.invariant import dead_letters
from harness.paths import EXAMPLES
from harness.weir import TABLE, pipeline_name
from test_verify import said, verify

FAULTS = ("garbage", "truncate", "null", "too-long", "duplicate", "late")
UNREADABLE = ("garbage", "truncate", "null")
NEW_YEAR = "2026-01-01T00:00:00Z"
NEW_YEAR_MS = 1_767_225_600_000


def generate(tool, topic, *options) -> dict:
    """To its end; the summary."""
    return json.loads(tool.ok("generate", "-t", topic, "-J", "-q", *options))


def lines_of(ledger) -> list[dict]:
    text = ledger.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def places(kafka, topic) -> dict[tuple, bytes | None]:
    """(partition, offset) -> value, of all that is in the topic."""
    return {(partition, offset): record[1] for partition, records in kafka.records(topic).items()
            for offset, record in enumerate(records)}


def assert_true(kafka, topic, ledger, count) -> list[dict]:
    """The ledger names each record of the topic, with its id, once and nothing else; there are `count`. Its lines."""
    lines = lines_of(ledger)
    there = places(kafka, topic)
    named = {(line["partition"], line["offset"]): line["unique_id"] for line in lines}
    assert len(named) == len(lines) == len(there) == count
    unreadable = {(line["partition"], line["offset"]) for line in lines if line["fault"] in UNREADABLE}
    assert named == {place: None if place in unreadable else json.loads(value)["unique_id"]
                     for place, value in there.items()}
    assert {line["topic"] for line in lines} == {topic}
    return lines


# ---- What arrives ----

@pytest.mark.parametrize("unique", [False, True], ids=["as the chapter's table", "unique_id is unique"])
def test_all_faults_from_the_generator_to_verify(weir, kafka, tool, database, topic, tmp_path, unique):
    """A run for each fault, into one ledger; ingest makes of each what the documentation says, and verify agrees."""
    ledger = tmp_path / "sent.ndjson"
    how = ("--rate", "max", "--ledger", ledger, "--seed")
    runs = [generate(tool, topic, *how, 0, "-n", 400)]
    runs += [generate(tool, topic, *how, i, "-n", 200, "--faults", f"{fault}=10%") for i, fault in enumerate(FAULTS, 1)]
    assert [run["acknowledged"] for run in runs] == [run["made"] for run in runs] == [400, *[200] * 6]
    faults = Counter({fault: sum(run["faults"][fault] for run in runs) for fault in FAULTS})
    assert min(faults.values()) > 10, faults
    lines = assert_true(kafka, topic, ledger, 1600)
    by_fault = Counter(line["fault"] for line in lines)
    twice = Counter(line["unique_id"] for line in lines if line["fault"] == "duplicate")
    assert sum(twice.values()) - len(twice) in (faults["duplicate"], faults["duplicate"] - 1)  # -n may cut the last
    assert {fault: by_fault[fault] for fault in FAULTS} == faults | {"duplicate": sum(twice.values())}

    for name in ("create_schema", "create_table"):
        database.execute((EXAMPLES / f"{name}.sql").read_text())
    if unique:
        database.execute(f"CREATE UNIQUE INDEX ON {TABLE} (unique_id)")
    weir.run(topic)
    wanted = {(line["topic"], line["partition"], line["offset"]) for line in lines
              if line["fault"] in ("garbage", "truncate", "too-long")}
    letters = {(d["topic"], d["partition"], d["record_offset"]) for d in dead_letters(database, pipeline_name(topic))}
    doubles = len(letters - wanted)
    assert wanted <= letters and doubles == (sum(twice.values()) - len(twice) if unique else 0)
    report = verify(weir, topic, "--ledger", ledger, "--read")
    assert said(report, "no") == said(report, "open") == said(report, "note") == ""
    sums = report["ledger"]
    assert (sums["entries"], sums["letters"], sums["tombstones"]) == (1600, len(letters), faults["null"])
    assert sums["rows"] == report["table_rows"] == 1600 - len(letters) - faults["null"]
