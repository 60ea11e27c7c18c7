"""weir dead: reading dead letters back, counting them by reason, deleting them."""
import base64
import json

import pytest

from harness.records import Record
from harness.weir import pipeline_name

TIME_MS = 1_700_000_000_123
GOOD = [b'{"u": 1}', b'{"u": 2}']
BAD = [b'{"n": "12a"}', b'{"n": "seven"}', b'{"u": 1}', b'{"u": 2, "n": 5}', b"\xff\x00"]


@pytest.fixture
def letters(weir, kafka, database, topic) -> str:
    """A pipeline that met BAD behind GOOD, in partition 0; its topic."""
    weir.env["WEIR_LOG_FORMAT"] = "text"
    database.execute("CREATE TABLE t (n int, u int UNIQUE)")
    kafka.produce(topic, [Record(value, key=b"k\x00", headers=[("h", b"\xfe")], partition=0, timestamp_ms=TIME_MS)
                          for value in GOOD + BAD])
    summary = weir.run(topic, setup=False, table="t")
    assert (summary["rows"], summary["dead"]) == (len(GOOD), len(BAD))
    return topic


def dead(weir, *arguments, exit_code: int = 0) -> str:
    return weir.call("dead", *arguments, "--database", weir.database.credentials(weir.folder),
                     exit_code=exit_code).stdout


def dead_json(weir, *arguments) -> list[dict]:
    return [json.loads(line) for line in dead(weir, *arguments, "-J").splitlines()]


def test_list_gives_all_of_a_letter_newest_first(weir, letters):
    listed = dead_json(weir, "list")
    assert [letter["record_offset"] for letter in listed] == [6, 5, 4, 3, 2]
    last, first = listed[0], listed[-1]
    assert base64.b64decode(last["value_base64"]) == BAD[-1], "byte for byte"
    assert first["value"] == BAD[0].decode() and first["key"] == "k\x00"
    assert first["column_name"] == "n" and '"12a"' in first["reason"] and first["sqlstate"] == "22P02"
    assert (first["pipeline"], first["topic"], first["partition"]) == (pipeline_name(letters, "t"), letters, 0)
    assert first["record_time"] == "2023-11-14T22:13:20.123Z" and first["seen_at"] and first["replayed_at"] is None
    assert listed[2]["sqlstate"] == "23505" and "duplicate key" in listed[2]["reason"]


def test_a_terminal_is_shown_the_reason_and_not_commanded(weir, kafka, database, topic, tool):
    """Through reasons, which quote records, bytes of anyone get there."""
    database.execute("CREATE TABLE t (n int)")
    kafka.produce(topic, [Record('{"n": "\u009b31mred\u202e"}'.encode(), partition=0), Record(b"\x1b[31m", partition=0)])
    assert weir.run(topic, setup=False, table="t")["dead"] == 2
    where = ["--database", str(database.credentials(weir.folder))]
    for task, times in ((["list"], 1), (["list", "--by", "reason"], 0), (["show", f"{topic}/0@0"], 2),
                        (["replay", pipeline_name(topic, "t")], 1)):
        terminal = tool.terminal("dead", *task, *where)
        assert terminal.wait() == (task[0] == "replay"), terminal.text
        assert "n: " in terminal.text or "column     n" in terminal.text, terminal.text
        assert "is not a whole number" in terminal.text, terminal.text
        assert terminal.text.count("\\u009B31mred\\u202E") == times, terminal.text
        assert not any(bad in terminal.text for bad in ("\x1b[31m", "\u009b", "\u202e")), terminal.text
    assert "\u009b31mred\u202e" in dead(weir, "list"), "a pipe gets it as it is"


def test_a_time_that_postgresql_does_not_know_does_not_halt_a_pipeline(weir, kafka, database):
    last_ms = 9224318015999999
    topic = kafka.create_topic(partitions=1, message_timestamp_after_max_ms=2**63 - 1)
    kafka.produce(topic, [Record(b"no JSON", timestamp_ms=time_ms) for time_ms in (last_ms, last_ms + 1, 2**63 - 1)])
    database.execute("CREATE TABLE t (n int)")
    assert weir.run(topic, setup=False, table="t")["dead"] == 3
    kept = [json.loads(line)["timestamp"] for line in dead(weir, "export").splitlines()]
    assert abs(kept[0] - last_ms) <= 1 and kept[1:] == [None, None]


def test_list_can_be_narrowed(weir, letters):
    def offsets(*arguments):
        return [letter["record_offset"] for letter in dead_json(weir, "list", *arguments)]

    assert offsets("-n", "2") == [6, 5]
    assert offsets("-t", letters, "-p", "0") == [6, 5, 4, 3, 2]
    assert offsets("-t", letters, "-p", "1") == offsets("-t", "another") == []
    assert offsets(pipeline_name(letters, "t")) == [6, 5, 4, 3, 2]


def test_show_gives_the_records_bytes(weir, letters):
    text = dead(weir, "show", f"{letters}/0@2")
    assert BAD[0].decode() in text and "22P02" in text
    dead(weir, "show", f"{letters}/0@6", "--value")
    assert weir.processes[-1].stdout_file.read_bytes() == BAD[-1]
    dead(weir, "show", f"{letters}/0@0", exit_code=1)
    assert "there is no dead letter" in weir.processes[-1].stderr


def test_reasons_are_grouped_without_the_values(weir, letters):
    groups = dead_json(weir, "list", "--by", "reason")
    assert {(group["letters"], group["column_name"], group["sqlstate"]) for group in groups} == \
        {(1, None, "22021"), (2, "n", "22P02"), (2, None, "23505")}
    numbers = next(group for group in groups if group["sqlstate"] == "22P02")
    assert numbers["letters"] == 2 and "12a" not in numbers["reason"] and "seven" not in numbers["reason"]
    assert numbers["reason"].startswith("\u2026 is not") and numbers["example_offset"] == 3
    keys = next(group for group in groups if group["sqlstate"] == "23505")
    assert keys["letters"] == 2 and "(u)=(\u2026)" in keys["reason"]
    assert "byte" not in next(group for group in groups if group["sqlstate"] == "22021")["reason"]


def test_prune_deletes_what_is_named_and_frees_its_space(weir, letters, database):
    database.execute("UPDATE weir.dead_letters SET seen_at = now() - interval '2 days' WHERE record_offset < 4")
    assert dead_json(weir, "prune", "--older-than", "3d", "--yes") == [{"deleted": 0}]
    assert dead_json(weir, "prune", "--older-than", "1d", "--yes") == [{"deleted": 2}]
    assert database.query("SELECT record_offset FROM weir.dead_letters ORDER BY 1") == [(4,), (5,), (6,)]

    database.execute("INSERT INTO weir.dead_letters (pipeline, topic, partition, record_offset, reason, value)"
                     " SELECT 'big', 't', 0, i, 'r', decode(md5(random()::text) || repeat(md5(random()::text), 20),"
                     " 'hex') FROM generate_series(1, 5000) i")
    before = database.value("SELECT pg_total_relation_size('weir.dead_letters')")
    assert dead_json(weir, "prune", "big", "--all", "--yes") == [{"deleted": 5000}]
    assert database.value("SELECT pg_total_relation_size('weir.dead_letters')") < before / 10
    assert database.value("SELECT count(*) FROM weir.dead_letters") == 3


def test_prune_wants_a_yes(weir, letters, database):
    dead(weir, "prune", "--all", exit_code=2)
    assert database.value("SELECT count(*) FROM weir.dead_letters") == len(BAD)


def test_a_database_without_dead_letters_says_so(weir):
    dead(weir, "list", exit_code=1)
    stderr = weir.processes[-1].stderr
    assert "no dead letters" in stderr and "--state-schema" in stderr


def test_without_the_right_to_read(weir, letters, database, postgres):
    with postgres._maintenance() as connection:
        connection.execute(f"CREATE ROLE reader_{database.name} LOGIN PASSWORD 'secret'")
    credentials = weir.folder / "reader.json"
    credentials.write_text(json.dumps(database.parameters(user=f"reader_{database.name}", password="secret")))
    credentials.chmod(0o600)
    stderr = weir.call("dead", "list", "--database", credentials, exit_code=1).stderr
    assert "permission denied for schema weir" in stderr
    with postgres._maintenance() as connection:
        connection.execute(f"DROP ROLE reader_{database.name}")
