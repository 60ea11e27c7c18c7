"""weir verify: its yes and its no. Each break is made by hand and must be found and named exactly."""
import json

import pytest

from harness.records import Record, chapter_record, chapter_records
from harness.weir import TABLE, pipeline_name


def verify_arguments(weir, *arguments) -> list:
    return ["verify", *arguments, "-b", weir.kafka.address, "--database", weir.database.credentials(weir.folder)]


def verify(weir, topic, *options, exit_code=0, table=TABLE, **how) -> dict:
    """`weir verify -J` of the pipeline: its one object."""
    process = weir.call(*verify_arguments(weir, "-t", topic, "--table", table, "-J", *options), exit_code=exit_code,
                        **how)
    found = process.summary()
    assert len(found["pipelines"]) == 1
    report = found["pipelines"][0]
    assert report["verdict"] == found["verdict"]
    assert (report["verdict"] == "yes") == (exit_code == 0), report
    return report


def said(report, verdict) -> str:
    """All findings of one kind, a line each."""
    return "\n".join(f"{f['about']}: {f['text']}" for f in report["findings"] if f["verdict"] == verdict)


def line_of(sent, fault=None) -> str:
    return json.dumps({"topic": sent.topic, "partition": sent.partition, "offset": sent.offset,
                       "unique_id": sent.unique_id, "fault": fault}) + "\n"


def write_ledger(weir, sent, name="sent.ndjson"):
    file = weir.folder / name
    file.write_text("".join(map(line_of, sent)))
    return file


def with_faults() -> list[Record]:
    """As a generator makes them: some records are bad on purpose, one is sent twice."""
    good = list(chapter_records(300))
    twice = good[7]
    garbage = [Record(b"\xff\xfegarbage"), Record(b'{"person_name": "Ana", "unique'), Record(b"")]
    long = chapter_record(person_name="x" * 60)
    too_long = Record(json.dumps(long).encode(), unique_id=long["unique_id"])
    late = list(chapter_records(2, timestamp_ms=1_600_000_000_000))
    return [*good, twice, *garbage, too_long, *late, Record(None, key=b"k"), Record(None, key=b"k")]


def test_a_pipeline_of_all_faults_is_true_in_every_way(weir, kafka, topic):
    sent = kafka.produce(topic, with_faults())
    summary = weir.run(topic)
    ledger = write_ledger(weir, sent)
    report = verify(weir, topic, "--ledger", ledger, "--read")
    assert said(report, "no") == said(report, "open") == said(report, "note") == ""
    assert report["ledger"] == {"entries": len(sent), "rows": 303, "letters": 4, "replayed": 0, "tombstones": 2,
                                "pending": 0, "before_start": 0, "other_topics": 0, "explained": 0, "missing": 0,
                                "doubled": 0, "ahead": 0, "unnamed": 0}
    assert sum(p["rows"] for p in report["partitions"]) == report["table_rows"] == summary["rows"]
    assert sum(p["counted"] for p in report["partitions"]) == len(sent)
    assert [p["behind"] for p in report["partitions"]] == [0, 0, 0]

    text = weir.call(*verify_arguments(weir, pipeline_name(topic), "--ledger", ledger)).stdout
    assert text.endswith(f"yes: every record of {ledger} arrived\n"), text
    assert "no partition" not in text and f"{topic}[2]" in text
