"""weir draft table: the types it takes, and that its table takes the sample."""
import json
import uuid

import pytest

from harness.listener import Deaf
from harness.records import Record, chapter_records
from harness.weir import TABLE


def draft(tool, topic, *options) -> str:
    return tool.ok("draft", "table", topic, *options, stdin="")


def types(tool, topic, *options) -> dict[str, str]:
    """Column -> type, by -J."""
    return {c["name"]: c["type"] for c in json.loads(draft(tool, topic, "-J", *options))["columns"]}


def test_the_chapters_table_takes_every_record(kafka, topic, database, tool, weir):
    kafka.produce(topic, chapter_records(1500))

    sql = draft(tool, topic, "--table", TABLE)

    assert sql.startswith(f"CREATE SCHEMA IF NOT EXISTS streaming_layer;\nCREATE TABLE IF NOT EXISTS {TABLE} (\n    person_name ")
    assert sql.count("-- in all 1000 records") == 16 and "e.g." not in sql
    file = weir.folder / "draft.sql"
    file.write_text(sql)
    summary = weir.run(topic, "--setup", file, setup=False)
    assert (summary["rows"], summary["dead"]) == (1500, 0)
    assert weir.run(topic, "--setup", file, setup=False)["rows"] == 0, "the setup runs at each start"
    found = dict(database.query("SELECT column_name, data_type FROM information_schema.columns"
                                " WHERE table_schema = 'streaming_layer'"))
    assert found == dict.fromkeys(("person_name", "user_name", "email", "personal_number", "address", "phone_number",
                                   "iban"), "text") | dict.fromkeys(
        ("session_duration", "download_speed", "upload_speed", "consumed_traffic"), "bigint") | {
        "birth_date": "date", "mac_address": "macaddr", "ip_address": "inet", "unique_id": "uuid",
        "accessed_at": "timestamp without time zone"}


# A column's values, as JSON text, and the type they have together.
VALUES = {
    "small": (["1", "-7"], "bigint"),
    "big": (["1", "9223372036854775808"], "numeric"),
    "amount": (["12.50", "0.1", "7"], "numeric"),
    "measured": (["21.371999740600586", "1e300", "2"], "double precision"),
    "exact": (["3.14159265358979323846"], "numeric"),
    "vast": (["1.5e400"], "numeric"),
    "flag": (["true", "false"], "boolean"),
    "mixed": (["1", '"x"', "true"], "text"),
    "nothing": (["null"], "text"),
    "object": (['{"a": 1}', "null"], "jsonb"),
    "anything": (["[1, 2]", '"x"', "3"], "jsonb"),
    "id": (['"6f1c2c7e-2f43-4d4c-9a57-3d1a6a0f8a11"'], "uuid"),
    "hash": (['"0123456789abcdef0123456789abcdef"'], "text"),
    "day": (['"2024-05-01"'], "date"),
    "moment": (['"2024-05-01T10:00:00Z"', '"2024-05-01 10:00:00.123456789+02"'], "timestamptz"),
    "local": (['"2024-05-01 10:00:00"', '"2024-05-01T10:00"'], "timestamp"),
    "sometimes_day": (['"2024-05-01"', '"2024-05-01T10:00"'], "text"),
    "no_day": (['"2024-02-30"'], "text"),
    "host": (['"10.0.0.1"', '"::1"'], "inet"),
    "version": (['"1.2.3"'], "text"),
    "card": (['"08:00:2b:01:02:03"', '"08-00-2b-01-02-03"'], "macaddr"),
    "digits": (['"123456789012"', '"000123"'], "text"),
    "zero": ([r'"a\u0000b"', '"c"'], "json"),
    "zero_inside": ([r'{"a": "\u0000"}'], "json"),
    # Names that SQL would take for something else, or not at all.
    "Name": (["1"], "bigint"),
    "name": (['"x"'], "text"),
    "select": (["1"], "bigint"),
    "a b": (["1"], "bigint"),
    'q"uote': (["1"], "bigint"),
    "line\nend": (["1"], "bigint"),
    "ș": (["1"], "bigint"),
    "; DROP TABLE x --": (["1"], "bigint"),
    "x" * 63: (["1"], "bigint"),
}
LEFT_OUT = {"ctid": "for itself", "": "cannot be empty", "x" * 64: "63 bytes", "z\0": "\\u0000"}


def nasty_records() -> list[bytes]:
    """As many as the longest list of values; each key is in those for which it has one."""
    rows = []
    for i in range(max(len(values) for values, _ in VALUES.values())):
        members = [f"{json.dumps(name)}: {values[i]}" for name, (values, _) in VALUES.items() if i < len(values)]
        members += [f"{json.dumps(name)}: 1" for name in LEFT_OUT]
        rows.append(("{" + ", ".join(members) + "}").encode())
    return rows


def test_nasty_records_and_names(kafka, database, tool, weir):
    topic = kafka.create_topic(partitions=1)
    others = [b"Hellow", b"[1]", b"\xff", b"", None]
    kafka.produce(topic, [*nasty_records(), *others, b'{"twice": 1, "twice": "x", "mixed": 2}'])

    drafted = json.loads(draft(tool, topic, "-J", "--table", 'odd."Ta""ble"'))
    sql = draft(tool, topic, "--table", 'odd."Ta""ble"')

    assert {c["name"]: c["type"] for c in drafted["columns"]} == {n: t for n, (_, t) in VALUES.items()} | {"twice": "text"}
    assert (drafted["records"], drafted["not_objects"]) == (4, 4)
    assert [left["why"] for left in drafted["left_out"] if list(LEFT_OUT.values())[0] in left["why"]]
    assert len(drafted["left_out"]) == len(LEFT_OUT)
    assert "4 of the sample's records would be dead letters of any table" in sql
    database.execute(sql)
    summary = weir.run(topic, table='odd."Ta""ble"', setup=False)
    assert (summary["rows"], summary["dead"], summary["tombstones"]) == (4, 4, 1)
    assert database.value("""SELECT count(*) FROM odd."Ta""ble" WHERE "line\nend" = 1 AND "select" = 1 AND "Name" = 1""") == 1


def test_a_thousand_and_one_keys(kafka, tool, database):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, [json.dumps({f"k{i}": i for i in range(1001)}).encode()])
    drafted = json.loads(draft(tool, topic, "-J", "--table", "wide"))
    assert len(drafted["columns"]) == 1000 and drafted["left_out"][0]["key"] == "k1000"
    database.execute(drafted["sql"])


def test_what_is_looked_at_and_shown(kafka, topic, tool):
    kafka.produce(topic, [Record(b'{"old": 1}', partition=0) for _ in range(10)] +
                         [Record(b'{"new": "%s"}' % (b"x" * 60), partition=p) for p in range(3)])
    assert types(tool, topic) == {"old": "bigint", "new": "text"}
    assert types(tool, topic, "-n", "3") == {"new": "text"}
    text = draft(tool, topic, "-n", "3")
    assert text == f"CREATE TABLE IF NOT EXISTS {topic} (\n    new text  -- in all 3 records\n);\n"
    assert f'e.g. "{"x" * 39}...' in draft(tool, topic, "--examples")
    assert "example" not in draft(tool, topic, "-J")
    assert json.loads(draft(tool, topic, "-J", "--examples"))["columns"][0]["example"]


def test_a_key_does_not_command_the_terminal(kafka, topic, tool):
    kafka.produce(topic, [b'{"\\u001b[31mred": 1}'])
    terminal = tool.terminal("draft", "table", topic)
    assert terminal.wait() == 0
    assert "\x1b" not in terminal.text and r'"\x1B[31mred"' in terminal.text
    assert '"\x1b[31mred"' in draft(tool, topic)


@pytest.mark.parametrize("records, said", [
    ([], "has no records now, so there is nothing to draft from"),
    ([b"Hellow", b"1"], "none of the newest 2 records of \"{topic}\" is a JSON object (not JSON)"),
    ([Record(None, key=b"k")], "are all tombstones"),
    ([b"{}"], "have no key that could be a column"),
])
def test_nothing_to_draft_from(kafka, tool, records, said):
    topic = kafka.create_topic(partitions=1)
    kafka.produce(topic, records)
    assert said.format(topic=topic) in tool.refused("draft", "table", topic, code=1)


@pytest.mark.parametrize("arguments, said", [
    (["tabel", "x"], 'did you mean "table"?'),
    (["orders"], '"orders" is unknown; did you mean: weir draft table orders?'),
    ([], "say what: table"),
    (["table"], "table of which topic?"),
    (["table", "a", "b"], '"b" is one word too many'),
    (["table", "a", "-n", "0"], "is not a number from 1"),
    (["table", "a", "--table", "a.b.c"], "is not a table's name"),
])
def test_wrong_usage(tool, arguments, said):
    assert said in tool.refused("draft", *arguments)


def test_an_unknown_topic_and_a_broker_that_is_silent(kafka, tool):
    topic = kafka.create_topic(f"orders_{uuid.uuid4().hex[:8]}")
    assert f'did you mean "{topic}"?' in tool.refused("draft", "table", topic[:-1], code=2)
    with Deaf() as deaf:
        assert "(the brokers are from: -b)" in tool.refused("draft", "table", topic, "-b", deaf.address, code=1)
