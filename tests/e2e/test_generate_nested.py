"""weir generate with objects and arrays in its records, with lists of one's own, and an entry of weir.yaml that says it all."""
import hashlib
import json
import re
from collections import Counter

import pytest

from harness.documented import write_documented
from test_generate import NEW_YEAR, generate, lines_of
from test_verify import said, verify


def records_of(kafka, topic) -> dict[tuple, tuple]:
    """(partition, offset) -> key and value, of all that is in the topic."""
    return {(partition, offset): record[:2] for partition, records in kafka.records(topic).items()
            for offset, record in enumerate(records)}


def test_the_documented_shop(tool):
    write_documented(tool.folder, "shop.yaml", "tags.txt")
    text = tool.ok("generate", "--spec", "shop.yaml", "-n", 500, "--seed", 4)
    records = [json.loads(line) for line in text.splitlines()]
    assert text == "".join(json.dumps(record) + "\n" for record in records).encode(), "not as json.dumps has it"
    for number, record in enumerate(records, 1):
        assert list(record) == ["order_id", "customer", "ship_to", "lines", "tags"]
        customer, lines = record["customer"], record["lines"]
        assert customer["id"] == number and customer["mail"].startswith(customer["name"].replace(" ", "").lower())
        assert record["ship_to"] == (customer["address"] and f"{customer['name']}, {customer['address']['city']}")
        assert [line["line"] for line in lines] == list(range(1, len(lines) + 1))
        assert all(list(line) == ["line", "sku", "quantity", "price"] and re.fullmatch("(BK|CD)-[1-9][0-9]{3}", line["sku"])
                   for line in lines)
    assert {len(record["lines"]) for record in records} == {1, 2, 3, 4}
    assert {len(record["tags"]) for record in records} == {0, 1, 2, 3}
    tags = Counter(tag for record in records for tag in record["tags"])
    assert set(tags) == {"new", "gift", "livrare rapidă"} and 2 < tags["gift"] / tags["new"] < 4.5
    assert 5 < sum(record["customer"]["address"] is None for record in records) < 60


@pytest.mark.parametrize(("options", "digest"), {  # as BYTES of test_generate.py
    (): "301cf407ee9585bb", ("--users", 20, "--utf8"): "773b1b890269c77f", ("--fields", "independent"): "98dd90784f992f17",
    ("--faults", "truncate=10%,too-long=30%,duplicate=10%,late=10%"): "caf5a3b03449ee22"}.items(), ids=str)
def test_a_seed_gives_the_same_bytes_in_every_build(tool, options, digest):
    write_documented(tool.folder, "shop.yaml", "tags.txt")
    out = tool.ok("generate", "--spec", "shop.yaml", "--seed", 7, "--as-of", NEW_YEAR, "-n", 500, *options)
    assert hashlib.sha256(out).hexdigest()[:16] == digest


def test_nested_records_to_the_table_and_the_ledger(tool, weir, kafka, topic, database):
    """All from an entry: where, how many, which key and id, and the ledger beside the configuration. What arrives in jsonb and
    text is what was sent; a draft and the doctor know the table."""
    (tool.folder / "conf").mkdir()
    write_documented(tool.folder / "conf", "shop.yaml", "tags.txt")
    (tool.folder / "conf" / "weir.yaml").write_text(
        f"generate:\n  shop: {{topic: {topic}, spec: shop.yaml, rate: max, count: 400, users: 30, ledger: sent.ndjson,\n"
        "    faults: \"truncate=2%,null=2%,duplicate=2%\"}\n")
    summary = json.loads(tool.ok("generate", "shop", "-c", "conf/weir.yaml", "-J", "-q"))
    assert summary["made"] == summary["acknowledged"] == 400
    ledger = tool.folder / "conf" / "sent.ndjson"
    there, lines = records_of(kafka, topic), lines_of(ledger)
    assert len(lines) == len(there) == 400
    whole = {}
    for line in lines:
        key, value = there[line["partition"], line["offset"]]
        if line["fault"] in ("truncate", "null"):
            assert line["unique_id"] is None
            continue
        record = json.loads(value)
        assert line["unique_id"] == record["order_id"] and key == b"%d" % record["customer"]["id"]
        whole[line["partition"], line["offset"]] = record
    assert len({record["customer"]["id"] for record in whole.values()}) > 10
    of_customer = {}
    for record in whole.values():  # one mail each, whatever address is null
        assert of_customer.setdefault(record["customer"]["id"], record["customer"]["mail"]) == record["customer"]["mail"]

    drafted = tool.ok("draft", "table", topic, "--table", "public.shop").decode()
    assert len(re.findall(r"(?m)^\s*(?:customer|lines|tags) +jsonb\b", drafted)) == 3, drafted
    database.execute("CREATE TABLE shop (order_id uuid, customer jsonb, ship_to text, lines text, tags jsonb)")
    weir.run(topic, table="public.shop", setup=False)
    rows = database.query("SELECT order_id::text, customer, ship_to, lines, tags FROM shop")
    assert Counter(json.dumps([i, c, s, json.loads(n), t], sort_keys=True) for i, c, s, n, t in rows) == \
        Counter(json.dumps(list(record.values()), sort_keys=True) for record in whole.values())
    report = verify(weir, topic, "--ledger", ledger, "--id", "order_id", "--read", table="public.shop")
    assert said(report, "no") == said(report, "open") == "" and report["ledger"]["entries"] == 400
    assert report["ledger"]["rows"] == len(whole) == len(rows)
    doctor = weir.call("doctor", "-t", topic, "--table", "public.shop", "-b", kafka.address, "--database",
                       database.credentials(weir.folder))
    assert re.search(r"(?m)^0 fail, ", doctor.stdout), doctor


def test_options_win_over_the_entry(tool, kafka, topic):
    """Its count and its ledger; onto stdout there is no ledger; the records alone have neither."""
    (tool.folder / "weir.yaml").write_text(
        f"generate: {{a: {{topic: {topic}, rate: max, count: 20, ledger: a.ndjson, id: o.i, fields: {{o: {{fields: {{i: uuid, "
        "n: {values_from: lists/names.txt}}}}}}\n")
    (tool.folder / "lists").mkdir()
    (tool.folder / "lists" / "names.txt").write_bytes("\ufeffZoë\r\nJürgen\r\n".encode())
    tool.ok("generate", "a", "-n", 7, "--ledger", "b.ndjson", "-q")
    ids = [line["unique_id"] for line in lines_of(tool.folder / "b.ndjson")]
    records = [json.loads(value) for _, value in records_of(kafka, topic).values()]
    assert not (tool.folder / "a.ndjson").exists() and Counter(ids) == Counter(r["o"]["i"] for r in records) and len(ids) == 7
    assert {r["o"]["n"] for r in records} <= {"Zoë", "Jürgen"}
    assert tool.ok("generate", "a", "-t", "-").count(b"\n") == 20
    assert tool.ok("generate", "--spec", "a", "-n", 3).count(b"\n") == 3
    generate(tool, topic, "--spec", "a", "-n", 2, "--key", "o.n", "--rate", "max")
    assert not (tool.folder / "a.ndjson").exists()
    assert {key.decode() for key, _ in records_of(kafka, topic).values() if key} <= {"Zoë", "Jürgen"}
    tool.ok("generate", "a", "-q", "--id", "o.n")
    assert {line["unique_id"] for line in lines_of(tool.folder / "a.ndjson")} == {"Zoë", "Jürgen"}


WRONG = {
    "count: 0": 'weir.yaml:2:14: count: "0" is not a whole number from 1 to 9223372036854775807',
    "count: all": 'weir.yaml:2:14: count: "all" is not a whole number',
    "counts: 5": 'weir.yaml:2:7: unknown key "counts"; did you mean "count"?',
    "ledger: [x]": "weir.yaml:2:15: ledger: a text is expected",
    "ledger: x": "weir.yaml:2:15: ledger: it goes with a topic: write topic: TOPIC beside it, or give -t TOPIC",
    "count: 3, fields: {n: {provider: sequence, start: 9223372036854775806}}":
        "weir.yaml:2:29: n: the sequence comes to the end of 64 bits with record 2, and count asks for 3",
    "fields: {o: {fields: {n: nam}}}": 'weir.yaml:2:32: unknown provider "nam"; did you mean "name"?',
    "fields: {n: {values_from: none.txt}}": "weir.yaml:2:33: values_from: cannot open none.txt: No such file or directory",
    "fields: {n: {values_from: empty.txt}}": "weir.yaml:2:33: values_from: empty.txt has no value in it: write one a line",
    "fields: {n: {values_from: latin.txt}}": "values_from: latin.txt:2: not UTF-8 at byte 3 of the line: make it UTF-8",
    "fields: {n: {values_from: huge.txt}}": "values_from: huge.txt has more than 16 MiB: take some of its lines, such as by shuf -n 100000",
    "fields: {n: {values_from: .}}": "values_from: cannot read .: Is a directory",
    "spec: conf/s.yaml": "conf/s.yaml:1:27: values_from: conf/l.txt:1: behind the tab stands \"x\", and not a weight",
}


@pytest.mark.parametrize(("entry", "said"), WRONG.items(), ids=WRONG)
def test_mistakes_are_told_with_their_place(tool, entry, said):
    (tool.folder / "weir.yaml").write_text(f"generate:\n  a: {{{entry}}}\n")
    (tool.folder / "conf").mkdir()
    (tool.folder / "conf" / "s.yaml").write_text("fields: {n: {values_from: l.txt}}\n")
    (tool.folder / "conf" / "l.txt").write_text("a\tx\n")
    (tool.folder / "empty.txt").write_text("\n")
    (tool.folder / "latin.txt").write_bytes(b"ok\nZo\xeb\n")
    with (tool.folder / "huge.txt").open("wb") as huge:
        huge.truncate((16 << 20) + 1)
    line = tool.refused("generate", "a")
    assert said in line, line


@pytest.mark.parametrize(("arguments", "said"), {
    "--key o": 'the records of "n.yaml": o is an object: name a field that is in it, OBJECT.FIELD',
    "--key a": "a is an array, and has no one value",
    "--id o.m --ledger x": 'have no field "o.m"; did you mean "o.n"',
    "--faults too-long=1%": r"have no field that is a text \(what is in an array is left alone\)",
}.items(), ids=str)
def test_what_has_no_one_value_is_no_key(tool, kafka, topic, arguments, said):
    (tool.folder / "n.yaml").write_text("fields: {o: {fields: {n: int}}, a: {items: name}}\n")
    assert re.search(said, tool.refused("generate", "-t", topic, "--spec", "n.yaml", "-n", 1, *arguments.split()))
    assert not (tool.folder / "x").exists() and sum(kafka.ends(topic).values()) == 0
