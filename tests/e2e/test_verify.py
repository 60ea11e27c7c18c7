"""weir verify: its yes and its no. Each break is made by hand and must be found and named exactly."""
import json
import signal
import subprocess
import uuid

import pytest

from harness.crash import backends, wait_rows
from harness.invariant import invariant
from harness.listener import Listener, silent
from harness.load import Load
from harness.paths import patience, weir_binary
from harness.records import Record, Sent, chapter_record, chapter_records
from harness.wait import wait_until
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


def test_a_pipeline_of_all_faults_is_true_in_every_way(weir, kafka, database, topic):
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

    # The letter that has an id becomes a row; then one with another id, as a mended record may have it.
    database.execute(f"ALTER TABLE {TABLE} ALTER person_name TYPE text")
    weir.call("dead", "replay", pipeline_name(topic), "--database", database.credentials(weir.folder), exit_code=1)
    long = next(s for s in sent if s.record.value and b"xxxxx" in s.record.value)
    report = verify(weir, topic, "--ledger", ledger)
    assert (report["ledger"]["rows"], report["ledger"]["letters"], report["ledger"]["replayed"]) == (304, 3, 1)
    database.execute(f"UPDATE {TABLE} SET unique_id = 'mended' WHERE unique_id = %s", [long.unique_id])
    report = verify(weir, topic, "--ledger", ledger, exit_code=1)
    assert report["verdict"] == "open" and "1 were dead letters and replayed, and no row has their id" in \
        said(report, "open")
    assert verify(weir, topic, "--ledger", ledger, "--allow", "mended")["ledger"]["explained"] == 1


@pytest.fixture
def arrived(weir, kafka, topic):
    """A pipeline with rows, dead letters and tombstones in each partition; what was sent, by place."""
    records = [Record(r.value, unique_id=r.unique_id, partition=i % 3) for i, r in enumerate(chapter_records(300))]
    records += [Record(value, partition=p) for p in range(3) for value in (b"garbage", b"", None)]
    sent = kafka.produce(topic, records)
    weir.run(topic)
    return sorted(sent, key=lambda s: (s.partition, s.offset))


def test_every_break_of_the_books_is_found_and_named(weir, database, kafka, topic, arrived):
    offsets = f"UPDATE weir.offsets SET %s WHERE topic = '{topic}' AND partition = 1"
    breaks = [
        # what is done, what undoes it, in which finding it is told, and in which words
        (offsets % "rows = rows + 1", offsets % "rows = rows - 1", "books", f"{topic}[1]: rows 101 + dead 2"),
        (offsets % "rows = rows + 1, dead = dead - 1", offsets % "rows = rows - 1, dead = dead + 1", "letters",
         f"{topic}[1]: 2 dead letters are kept and 1 are counted"),
        (offsets % "rows = rows - 1, absent = absent + 1", offsets % "rows = rows + 1, absent = absent - 1", "table",
         "holds 300 rows, 1 more than the counters say"),
        (offsets % "rows = rows + 1, tombstones = tombstones - 1",
         offsets % "rows = rows - 1, tombstones = tombstones + 1", "table",
         "holds 300 rows, and should hold 301: 1 were deleted"),
        (offsets % "next_offset = next_offset - 1", offsets % "next_offset = next_offset + 1", "books",
         f"{topic}[1]: rows 100 + dead 2 + filtered 0 + tombstones 1 + suppressed 0 + absent 0 = 103, but"),
        (offsets % "next_offset = next_offset + 7, absent = 7", offsets % "next_offset = next_offset - 7, absent = 0",
         "topic", f"{topic}[1]: it ends at offset 103 and 110 is stored"),
        (offsets % "last_crc = last_crc # 1", offsets % "last_crc = last_crc # 1", "topic",
         f"{topic}[1]: the last stored record (offset 102) is another there"),
        (offsets % "rows = rows - 1, suppressed = 1", offsets % "rows = rows + 1, suppressed = 0", "table",
         "1 more than the counters say"),
        (offsets % "rows = -1, absent = 101", offsets % "rows = 100, absent = 0", "books",
         f"{topic}[1]: one of its counters is negative"),
        ("UPDATE weir.pipelines SET table_oid = 1", f"UPDATE weir.pipelines SET table_oid = '{TABLE}'::regclass",
         "table", "is another table than the one that was filled (oid 1, now"),
        ("UPDATE weir.pipelines SET cluster_id = 'another'", "UPDATE weir.pipelines SET cluster_id = ''", "topic",
         f"reads from the cluster another, and {weir.kafka.address} is of"),
    ]
    for done, undone, about, words in breaks:
        database.execute(done)
        report = verify(weir, topic, exit_code=1)
        wrong = said(report, "no")
        assert f"{about}: " in wrong and words in wrong, (done, report["findings"])
        database.execute(undone)
    assert said(verify(weir, topic), "open") == ""

    database.execute(offsets % "tombstones = tombstones - 1, suppressed = 1")
    assert verify(weir, topic)["verdict"] == "yes", "only reading can tell"
    wrong = said(verify(weir, topic, "--read", exit_code=1), "no")
    assert f"{topic}[1]: the topic holds 1 null values, and 0 tombstones are counted" in wrong
    database.execute(offsets % "suppressed = 0, absent = 1")
    wrong = said(verify(weir, topic, "--read", exit_code=1), "no")
    assert f"{topic}[1]: the topic holds 103 records from offset 0 to 103, and 102 are counted as stored" in wrong
    database.execute(offsets % "tombstones = 1, absent = 0")

    database.execute("DELETE FROM weir.dead_letters WHERE partition = 2 AND record_offset = 100")
    report = verify(weir, topic, exit_code=1)
    assert f"{topic}[2]: 2 dead letters are counted and 1 are kept: 1 were pruned or deleted" in said(report, "no")
    assert "1 were pruned" in said(verify(weir, topic, "--allow", "pruned"), "note")
    database.execute(f"DELETE FROM weir.offsets WHERE partition = 0 AND topic = '{topic}'")
    report = verify(weir, topic, "--allow", "pruned", exit_code=1)
    assert "holds 300 rows, 100 more than" in said(report, "no")
    assert f"{topic}[0] was not begun yet; it holds 103 records" in said(report, "note")

    # What waits there can be stored still, unless the topic does not hold it.
    allowed = ["--allow", "pending,pruned,writers"]
    ledger = write_ledger(weir, arrived)
    assert "the ledger names" not in said(verify(weir, topic, "--ledger", ledger, *allowed, exit_code=1), "no")
    for partition, offset in ((0, 5000), (7, 3)):
        with ledger.open("a") as file:
            file.write(json.dumps({"topic": topic, "partition": partition, "offset": offset, "unique_id": "x"}) + "\n")
    wrong = said(verify(weir, topic, "--ledger", ledger, *allowed, exit_code=1), "no")
    assert f"{topic}[0]: the ledger names offsets up to 5000, and the topic ends at 103" in wrong
    assert f"{topic}[7]: the ledger names it, and the topic has no such partition" in wrong
    kafka.delete_records(topic, {0: 50})
    report = verify(weir, topic, "--ledger", ledger, *allowed, exit_code=1)
    assert f"{topic}[0]: the ledger names offset 0, of the partition nothing is stored" in said(report, "no")
    assert f"{topic}[0] was not begun yet, and its offsets up to 49 are deleted" in said(report, "open")


def place(sent) -> tuple:
    return sent.topic, sent.partition, sent.offset, sent.unique_id


def places(items) -> list[tuple]:
    return [(item["topic"], item["partition"], item["offset"], item["unique_id"]) for item in items]


def test_every_break_of_the_rows_is_found_with_place_and_id(weir, database, kafka, topic, arrived):
    rows = [s for s in arrived if s.unique_id]
    letters = [s for s in arrived if s.record.value in (b"garbage", b"")]
    ledger = write_ledger(weir, arrived)
    lost, twice, letter = rows[5], rows[250], letters[3]
    database.execute(f"DELETE FROM {TABLE} WHERE unique_id = %s", [lost.unique_id])
    database.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE unique_id = %s", [twice.unique_id])
    report = verify(weir, topic, "--offline")
    assert report["table_rows"] == 300 and report["verdict"] == "yes", "one less and one more: counting cannot see it"
    database.execute("DELETE FROM weir.dead_letters WHERE partition = %s AND record_offset = %s",
                     [letter.partition, letter.offset])

    report = verify(weir, topic, "--ledger", ledger, exit_code=1)
    assert places(report["missing"]) == [place(lost), place(letter)]
    assert [item["text"] for item in report["missing"]] == ["the topic holds it, the table does not",
                                                            "the topic holds it, the dead letters do not"]
    assert places(report["doubled"]) == [place(twice)]
    assert report["doubled"][0]["text"] == "is 2 times in the table, and was sent 1 time"
    assert "2 records are missing" in said(report, "no") and "1 row too many" in said(report, "no")

    # As people read it; the topic is not asked.
    process = weir.call(*verify_arguments(weir, pipeline_name(topic), "--ledger", ledger, "--offline"), exit_code=1)
    assert f'missing  {topic}/{lost.partition}@{lost.offset} "{lost.unique_id}": neither row nor dead letter; the topic' \
        " was not read again" in process.stdout
    assert process.stdout.splitlines()[-1].startswith("no: ")

    # The letter is explained by a prune; the topic deletes what is missing: told all the same, as gone.
    kafka.delete_records(topic, {lost.partition: lost.offset + 10})
    report = verify(weir, topic, "--ledger", ledger, "--allow", "pruned", exit_code=1)
    assert places(report["missing"]) == [place(lost)] and report["ledger"]["explained"] == 1
    assert report["missing"][0]["text"].startswith("neither row nor dead letter; the topic has deleted it since")

    # A row that is a dead letter too, a row of nobody, one without an id; the topic cut behind what is stored.
    database.execute(f"INSERT INTO {TABLE} SELECT (r).* FROM (SELECT jsonb_populate_record(t, %s) AS r FROM {TABLE} t"
                     " LIMIT 1) x", [json.dumps({"unique_id": lost.unique_id})])
    database.execute(f"DELETE FROM {TABLE} WHERE unique_id = %s", [twice.unique_id])
    for unique_id in (twice.unique_id, "nobody's", None):
        database.execute(f"INSERT INTO {TABLE} (unique_id) VALUES (%s)", [unique_id])
    database.execute("INSERT INTO weir.dead_letters (pipeline, topic, partition, record_offset, reason)"
                     " VALUES (%s, %s, %s, %s, 'by hand')",
                     [pipeline_name(topic), twice.topic, twice.partition, twice.offset])
    report = verify(weir, topic, "--ledger", ledger, "--allow", "pruned,writers", exit_code=1)
    assert places(report["doubled"]) == [place(twice)] and report["missing"] == []
    assert report["doubled"][0]["text"] == "is a dead letter, and 1 time in the table"
    assert [item["unique_id"] for item in report["unnamed"]] == ["nobody's"]
    assert "1 rows have ids that the ledger does not name" in said(report, "note")
    assert "1 rows have no unique_id (NULL)" in said(report, "note")
    assert "2 more than the counters say" in said(report, "note")


def test_a_ledger_that_is_ahead_behind_or_of_others(weir, database, kafka, topic, arrived):
    """Not yet stored is not missing; and what the topic says of a line that is wrong."""
    more = kafka.produce(topic, chapter_records(30, partition=0))
    ledger = write_ledger(weir, [*arrived, *more])
    report = verify(weir, topic, "--ledger", ledger, exit_code=1)
    assert report["verdict"] == "open" and report["missing"] == []
    assert "30 records are not yet stored" in said(report, "open")
    assert verify(weir, topic, "--ledger", ledger, "--allow", "pending")["ledger"]["pending"] == 30
    assert verify(weir, topic)["partitions"][0]["behind"] == 30, "without a ledger nothing was promised"

    # The offsets set back by hand: rows that would be stored once more.
    database.execute("UPDATE weir.offsets SET next_offset = next_offset - 5, rows = rows - 5 WHERE partition = 1")
    ahead = [s for s in arrived if s.partition == 1 and s.unique_id][-2:]
    report = verify(weir, topic, "--ledger", ledger, "--allow", "pending,pruned,writers", exit_code=1)
    assert report["ledger"]["ahead"] == 2 and places(report["ahead"]) == [place(s) for s in ahead]
    assert "was set back, and ingest would store them again" in said(report, "no")
    database.execute("UPDATE weir.offsets SET next_offset = next_offset + 5, rows = rows + 5 WHERE partition = 1")

    # Lines of another topic, of offsets that are no record's, of another id, of a place named twice, beyond the end.
    first, second = arrived[0], arrived[1]
    wrong = [
        {"topic": "another", "partition": 0, "offset": 1, "unique_id": "x"},
        {"topic": topic, "partition": 0, "offset": first.offset, "unique_id": "another id"},
        {"topic": topic, "partition": 0, "offset": second.offset, "unique_id": second.unique_id},
        {"topic": topic, "partition": 2, "offset": 9_000_000, "unique_id": "y"},
        {"topic": topic, "partition": 0, "offset": 100, "unique_id": "z", "fault": None, "more": [1, {"a": 2}]},
        {"topic": topic, "partition": 0, "offset": 102, "unique_id": "null's", "fault": "truncate"},
    ]
    with ledger.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in wrong)
    report = verify(weir, topic, "--ledger", ledger, "--allow", "pending", exit_code=1)
    assert [(i["offset"], i["text"]) for i in report["missing"]] == [
        (first.offset, f'the record there has the id "{first.unique_id}"'),
        (second.offset, "the ledger names this place twice"),
        (102, "the record there is a null value")]
    assert report["ledger"]["letters"] == 7, "a letter is one by its place, whatever id the ledger gives it"
    assert "1 of its lines are of topics that this pipeline does not read (another)" in said(report, "note")
    assert f"{topic}[2]: the ledger names offsets up to 9000000, and the topic ends at 103" in said(report, "no")

    nothing = weir.folder / "empty.ndjson"
    nothing.write_text("")
    assert "it proves nothing" in said(verify(weir, topic, "--ledger", nothing, exit_code=1), "open")

    # Begun anew at the end: letters and lines of before are none of this run.
    weir.run(topic, "--reset", "--accept-table", "--yes", "-o", "end")
    ledger = write_ledger(weir, arrived)
    report = verify(weir, topic, "--ledger", ledger, exit_code=1)
    assert report["ledger"]["before_start"] == len(arrived) and "it proves nothing" in said(report, "open")
    assert said(report, "no") == "" and [p["letters"] for p in report["partitions"]] == [0, 0, 0]


def test_a_wrong_ledger_is_told_by_line_and_column(weir, topic, arrived):
    good = line_of(arrived[0])
    cases = [
        (good[:40] + "\n" + good, ":1:41: the text ends in the middle of a value"),
        (good + good[:-20] + "\n", ":2:"),
        (good + "\n", ":2:1: "),
        (good + "[1]\n", ":2:1: an array, not an object"),
        (good.replace('"partition": 0', '"partition": -1'), ":1:", ),
        (good.replace('"partition": 0', '"partition": "0"'), "partition must be a whole number from 0"),
        (good.replace('"offset": 0', '"offset": 1.0'), "offset must be a whole number from 0"),
        (good.replace('"offset": 0', '"offset": 99999999999999999999'), "offset must be a whole number from 0"),
        (good.replace('"unique_id"', '"id"'), ':1:1: this line has no "unique_id"'),
        (good.replace('"topic"', '"t"'), ':1:1: this line has no "topic"'),
        (good.replace(json.dumps(arrived[0].unique_id), "true"), "unique_id must be a string, a number or null"),
        (good + '{"x": "' + "y" * 3_000_000 + '"}\n', ":2:1: the line is longer than 1 MiB"),
    ]
    ledger = weir.folder / "wrong.ndjson"
    for text, words in cases:
        ledger.write_text(text)
        process = weir.call(*verify_arguments(weir, pipeline_name(topic), "--ledger", ledger, "-J"), exit_code=1)
        assert process.stderr.startswith(f"weir verify: {ledger}:") and words in process.stderr, (text[:80], process)
        assert process.stderr.count("\n") == 1 and process.stdout == ""

    for options, words in [
        (["--ledger", weir.folder / "none"], "none: No such file or directory"),
        (["--ledger", weir.folder], "is no regular file, and a ledger is read twice"),
        (["--ledger", write_ledger(weir, arrived), "--id", "unique_ids"], 'did you mean "unique_id"? --id COLUMN'),
        (["--allow", "prunde"], 'did you mean "pruned"?'),
        (["--read", "--offline"], "--read asks brokers"),
        (["--id", "x"], "--id goes with --ledger"),
        (["-t", topic], "do not go with a pipeline's name"),
    ]:
        process = weir.call(*verify_arguments(weir, pipeline_name(topic), *options), exit_code=2)
        assert words in process.stderr and process.stderr.count("\n") == 1 and process.stdout == "", process


def test_a_topic_cut_or_made_again_is_found(weir, database, kafka, topic, arrived):
    ledger = write_ledger(weir, arrived)
    kafka.delete_records(topic, {1: 60})
    report = verify(weir, topic, "--ledger", ledger, "--read")
    assert f"{topic}[1]: of 103 stored records the topic still holds 43 (retention)" in said(report, "note")
    kafka.delete_records(topic, {1: 103})
    kafka.produce(topic, chapter_records(10, partition=1))
    kafka.delete_records(topic, {1: 108})
    wrong = said(verify(weir, topic, "--ledger", ledger, exit_code=1), "no")
    assert wrong == f"topic: {topic}[1]: retention has deleted the offsets 103 to 107 before they were stored"
    weir.run(topic, "--on-gap", "record")
    assert verify(weir, topic, "--ledger", ledger, "--read")["partitions"][1]["absent"] == 5

    kafka.delete_topic(topic)
    wrong = said(verify(weir, topic, exit_code=1), "no")
    assert f'there is no topic "{topic}"' in wrong
    kafka.create_topic(topic, partitions=2)
    kafka.produce(topic, chapter_records(400, partition=0))
    wrong = said(verify(weir, topic, "--ledger", ledger, exit_code=1), "no")
    assert f"{topic}[0]: " in wrong and "another topic under the same name" in wrong
    assert f"{topic}[1]: it ends at offset 0 and 113 is stored" in wrong
    assert f"{topic}[2]: the topic has no such partition" in wrong
    assert said(verify(weir, topic, "--ledger", ledger, "--offline"), "no") == ""


def create_role(database, name: str, grants: str = "") -> None:
    with database.server._maintenance() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    if grants:
        database.execute(grants.format(name=name))


def drop_role(database, name: str) -> None:
    database.execute(f"DROP OWNED BY {name}")
    with database.server._maintenance() as connection:
        connection.execute(f"DROP ROLE {name}")


def test_a_role_that_may_only_select_will_do(weir, database, topic, arrived):
    name = f"reader_{database.name}"
    ledger = write_ledger(weir, arrived)
    create_role(database, name)
    before = database.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    credentials = weir.folder / "reader.json"
    credentials.write_text(json.dumps(database.parameters(user=name, password="secret")))
    credentials.chmod(0o600)

    def call(exit_code, *options):
        return weir.call("verify", pipeline_name(topic), "-b", weir.kafka.address, "--database", credentials,
                         "--ledger", ledger, *options, exit_code=exit_code)

    try:
        denied = call(1).stderr
        assert denied == (f'weir verify: the role "{name}" may not read "weir".meta; cure: GRANT USAGE ON SCHEMA "weir" TO'
                          f' "{name}"; GRANT SELECT ON ALL TABLES IN SCHEMA "weir" TO "{name}";\n')
        database.execute(f"GRANT USAGE ON SCHEMA weir TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA weir TO {name}")
        assert f'may not read {TABLE}; cure: GRANT SELECT ON {TABLE} TO "{name}"' in call(1).stderr
        database.execute(f"GRANT USAGE ON SCHEMA streaming_layer TO {name}; GRANT SELECT (unique_id) ON {TABLE} TO {name}")
        assert call(0).stdout.endswith("arrived\n")
        database.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
        assert f'row security hides rows of {TABLE} from the role "{name}"' in call(1).stderr
    finally:
        drop_role(database, name)
    written = database.value("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
                             " WHERE schemaname IN ('weir', 'streaming_layer')")
    verify_all = weir.call(*verify_arguments(weir), exit_code=0)
    assert "yes: every record that was read is accounted for" in verify_all.stdout
    assert written == database.value("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
                                     " WHERE schemaname IN ('weir', 'streaming_layer')") and before


def test_pipelines_by_name_by_file_and_all_of_the_database(weir, kafka, database, topic):
    other = kafka.create_topic(partitions=1)
    kafka.produce(topic, chapter_records(20))
    kafka.produce(other, chapter_records(10))
    process = weir.call(*verify_arguments(weir), exit_code=1)
    assert f'the database "{database.name}" has no pipelines in a schema weir' in process.stderr
    weir.run(topic)
    weir.run(other)
    both = weir.call(*verify_arguments(weir, "-J")).summary()
    assert sorted(p["pipeline"] for p in both["pipelines"]) == sorted(map(pipeline_name, (topic, other)))
    assert both["verdict"] == "yes" and {p["table_rows"] for p in both["pipelines"]} == {30}
    process = weir.call(*verify_arguments(weir, pipeline_name(topic)[:-1]), exit_code=1)
    assert f'did you mean "{pipeline_name(topic)}"?' in process.stderr and process.stderr.count("\n") == 1

    # Two fill one table, and one begins anew: what is whose cannot be told, and that is said.
    weir.run(topic, "--reset", "--accept-table", "--yes")
    report = verify(weir, other, exit_code=1)
    assert "holds 50 rows, at least 50 of them by the counters" in said(report, "open")
    assert verify(weir, other, "--allow", "writers")["table_rows"] == 50
    database.execute(f"DELETE FROM {TABLE} WHERE ctid IN (SELECT ctid FROM {TABLE} LIMIT 3)")
    assert "holds 47 rows, and should hold at least 50: 3 were deleted" in said(verify(weir, other, exit_code=1), "no")
    database.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} LIMIT 3")

    (weir.folder / "weir.yaml").write_text(
        f"brokers: {kafka.address}\ndatabase: {database.credentials(weir.folder)}\npipelines:\n"
        f"  first: {{topic: {topic}, table: {TABLE}}}\n  {pipeline_name(other)}: {{topic: {other}, table: {TABLE}}}\n")
    process = weir.call("verify", "-J", "--allow", "writers", exit_code=1)
    found = process.summary()
    assert [p["verdict"] for p in found["pipelines"]] == ["open", "yes"]
    assert 'knows no pipeline "first": it never' in found["pipelines"][0]["error"] and '"first"' in process.stderr
    assert 'knows no pipeline "frist"; did you mean "first"?\n' in weir.call("verify", "frist", exit_code=1).stderr
    assert weir.call("verify", pipeline_name(other), "--allow", "writers").stderr == ""


@pytest.mark.slow
def test_what_cannot_be_asked_is_no_yes(weir, database, kafka, topic, arrived):
    credentials = database.credentials(weir.folder)
    arguments = ["verify", pipeline_name(topic), "--database", credentials]
    process = weir.call(*arguments, "-b", "127.0.0.1:1", "-J", exit_code=1)
    report = process.summary()["pipelines"][0]
    assert report["verdict"] == "open" and "no broker of 127.0.0.1:1 answer" in said(report, "open")
    assert "topic: could not be looked at" in said(report, "open") and process.stderr.count("\n") <= 1
    assert "yes: " in weir.call(*arguments, "-b", "127.0.0.1:1", "--offline").stdout

    bad = weir.folder / "bad.json"
    bad.write_text(json.dumps(database.parameters(password="wrong")))
    bad.chmod(0o600)
    process = weir.call("verify", "--database", bad, exit_code=1)
    assert "refuses the password" in process.stderr and process.stderr.count("\n") == 1
    process = weir.call(*verify_arguments(weir, "--state-schema", "elsewhere", pipeline_name(topic)), exit_code=1)
    assert "has no state of weir in a schema elsewhere" in process.stderr


def test_ids_of_other_types_and_rows_that_were_suppressed(weir, database, kafka, topic):
    """An id is compared in the form that its column shows, whatever record and ledger write."""
    ids = [str(uuid.uuid4()).upper() for _ in range(20)]
    database.execute("CREATE TABLE t (unique_id uuid UNIQUE, n bigint, code char(12), deep text)")
    (weir.folder / "weir.yaml").write_text(
        f"brokers: {kafka.address}\ndatabase: {database.credentials(weir.folder)}\npipelines:\n"
        f"  p: {{topic: {topic}, table: t, on_conflict: ignore, columns: {{deep: /a/b}}}}\n")

    def record(i):
        return Record(json.dumps({"unique_id": ids[i], "n": i, "code": f"c{i}", "a": {"b": f"d\u00e9{i}"}}).encode(),
                      unique_id=ids[i], partition=0)

    sent = kafka.produce(topic, [record(i) for i in [*range(20), 3]])
    weir.call("ingest", "-e")
    forms = {
        "unique_id": [s.unique_id.replace("-", "") if i % 2 else s.unique_id for i, s in enumerate(sent)],
        "n": [i if i % 2 else f"+0{i}" for i in [*range(20), 3]],
        "code": [f"c{i}  " for i in [*range(20), 3]],
        "deep": [f"d\u00e9{i}" for i in [*range(20), 3]],
    }
    for column, written in forms.items():
        ledger = write_ledger(weir, [Sent(topic, 0, s.offset, written[i], s.record) for i, s in enumerate(sent)])
        report = weir.call("verify", "--ledger", ledger, "--id", column, "-J").summary()["pipelines"][0]
        assert (report["ledger"]["rows"], report["ledger"]["explained"], report["missing"]) == (20, 1, []), column
        assert "1 are no rows, and so many were suppressed" in said(report, "note")

    database.execute("DELETE FROM t WHERE n IN (3, 5)")
    report = weir.call("verify", "--ledger", ledger, "--id", "deep", "-J", exit_code=1).summary()["pipelines"][0]
    texts = {item["unique_id"]: item["text"] for item in report["missing"]}
    assert report["ledger"]["missing"] == 2 and set(texts) == {"d\u00e95", "d\u00e93"}
    assert texts["d\u00e95"] == "the topic holds it, the table does not"


def test_what_a_transaction_took_back_is_absent(weir, kafka, database, topic, transactional_producer):
    producer = transactional_producer("t")
    good = chapter_record()
    producer.begin()
    producer.send(topic, 0, json.dumps(good))
    producer.commit()
    producer.begin()
    producer.send(topic, 0, json.dumps(chapter_record()))
    producer.abort()
    weir.run(topic)
    ledger = weir.folder / "l.ndjson"
    ledger.write_text("".join(json.dumps({"topic": topic, "partition": 0, "offset": o, "unique_id": u}) + "\n"
                              for o, u in ((0, good["unique_id"]), (2, "aborted"))))
    report = verify(weir, topic, "--ledger", ledger, "--read")
    assert report["partitions"][0]["absent"] == 3 and report["ledger"]["explained"] == 1
    assert "1 are not in the topic, and so many offsets are counted as absent" in said(report, "note")


@pytest.mark.crash
def test_it_is_true_beside_a_pipeline_at_work_and_after_it_was_killed(weir, kafka, database, topic):
    """One snapshot: whatever ingest does beside it, nothing seems missing or doubled; kill -9 changes nothing."""
    with Load(kafka, topic, 1_500) as load:
        for cycle in range(3):
            ingest = weir.ingest(topic)
            wait_rows(database, topic, cycle * 1_000, ingest, timeout_s=60)
            for _ in range(3):
                ledger = write_ledger(weir, list(load.sent))
                report = verify(weir, topic, "--ledger", ledger, "--allow", "pending")
                assert said(report, "no") == said(report, "open") == "" and report["ledger"]["unnamed"] >= 0
                assert report["table_rows"] == sum(p["rows"] for p in report["partitions"]) > 0
            ingest.kill9()
            wait_until(lambda: not backends(database), what="the dead process's transactions to end")
            verify(weir, topic, "--ledger", ledger, "--allow", "pending")
        sent = load.stop()
    weir.run(topic)
    report = verify(weir, topic, "--ledger", write_ledger(weir, sent), "--read")
    assert report["ledger"]["rows"] == invariant(database, topic, sent)["rows"] == len(sent)
    assert report["ledger"]["unnamed"] == 0

    # Both say the same of a break.
    database.execute(f"DELETE FROM {TABLE} WHERE unique_id = %s", [sent[17].unique_id])
    with pytest.raises(AssertionError, match="neither row nor dead letter"):
        invariant(database, topic, sent)
    report = verify(weir, topic, "--ledger", weir.folder / "sent.ndjson", exit_code=1)
    assert places(report["missing"]) == [place(sent[17])]


def test_signals_and_a_closed_pipe(weir, database, topic, arrived):
    """It waits behind a lock until Ctrl-C, which ends it in a moment."""
    with database.connect(autocommit=False) as other:
        other.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        waiting = weir.start(*verify_arguments(weir, pipeline_name(topic)))
        wait_until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") > 0,
                   what="verify to wait for the lock")
        waiting.signal(signal.SIGINT)
        assert waiting.wait(5) == 1 and waiting.stderr.endswith("cancelled\n") and waiting.stderr.count("\n") == 1
        other.rollback()
    with open("/dev/full", "w") as full:
        done = subprocess.run([weir_binary(), *map(str, verify_arguments(weir, pipeline_name(topic)))], stdout=full,
                              stderr=subprocess.PIPE, env=weir.env, text=True, timeout=60 * patience(), check=False)
    assert done.returncode == 1 and "No space left" in done.stderr

    # For a broker it waits as long as the other verbs do, and Ctrl-C ends that too.
    arguments = ["verify", pipeline_name(topic), "--database", weir.database.credentials(weir.folder), "-b"]
    with Listener(silent) as mute, Listener(silent) as other_mute:
        patient, waiting = weir.start(*arguments, mute.address), weir.start(*arguments, other_mute.address)
        wait_until(lambda: other_mute.served, what="a question to the broker")
        waiting.signal(signal.SIGINT)
        assert waiting.wait(2) == 1 and waiting.stderr.endswith("cancelled\n") and waiting.stderr.count("\n") == 1
        assert patient.wait(20) == 1 and f"no broker of {mute.address} answered in 5000 ms" in patient.stdout
