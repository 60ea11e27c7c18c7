"""Bad records, table by table: what each must become. test_bad_input.py sends them and looks.

A Topic is sent once, with good records around each case, and read by several pipelines into tables of their own; a case
says what it becomes, and where a pipeline means to differ. A value of a row is given as the server's text of it.
"""
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """A row in which these columns have these texts; None is NULL, ANY is whatever but NULL."""
    columns: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Dead:
    """A dead letter. An ellipsis in the reason stands for whatever is there."""
    sqlstate: str
    reason: str
    column: str | None = None


TOMBSTONE, SUPPRESSED = "tombstone", "suppressed"
ANY = "any value"


def row(**columns: str | None) -> Row:
    return Row(columns)


@dataclass
class Case:
    name: str
    value: bytes | None
    becomes: Row | Dead | str
    elsewhere: dict[str, Row | Dead | str] = field(default_factory=dict)  # by pipeline
    partition: int | None = None  # cases that depend on each other share one

    def expected(self, pipeline: str) -> Row | Dead | str:
        return self.elsewhere.get(pipeline, self.becomes)


@dataclass
class Pipeline:
    name: str
    table: str
    settings: dict[str, str] = field(default_factory=dict)
    only: Callable[[Case], bool] = lambda case: True  # cases that say something of this pipeline
    more: str = ""  # SQL to run after CREATE TABLE; {name} is the table's


@dataclass
class Topic:
    name: str
    good: Callable[[int], bytes]
    cases: list[Case]
    pipelines: list[Pipeline]


def value(**columns) -> bytes:
    return json.dumps(columns, ensure_ascii=False).encode()


def raw(column: str, text: str | bytes) -> bytes:
    """A record with this JSON text, or what stands in its place."""
    return b'{"%s": %s}' % (column.encode(), text if isinstance(text, bytes) else text.encode())


# ---- What the decoder finds ----

PLACE = "kafka_partition int, kafka_offset bigint"
SQL_KEY = 'x"); DROP TABLE bad.decoded; --'

# The last two columns have names that would do harm if they ever got into SQL or a format string as they are.
DECODED = f"""
    {PLACE}, name varchar(50), code char(5), note text, amount int, big bigint, ratio double precision, born date,
    doc jsonb, "100%s" text, "x""); DROP TABLE bad.named; --" text"""

FIFTY = "ș" * 49 + "🙂"


def not_json(reason: str, at: int) -> Dead:
    return Dead("22P02", f"{reason} (at byte {at})")


def not_utf8(at: int) -> Dead:
    return Dead("22021", f"invalid UTF-8 in a string (at byte {at})")


def wrong_number(text: str, column: str) -> Dead:
    return Dead("22P02", f"{text} is not a whole number", column)


def mismatch(kind: str, type_name: str, column: str) -> Dead:
    return Dead("42804", f"{kind} cannot go into a column of type {type_name}", column)


def too_large(text: str, type_name: str, column: str) -> Dead:
    return Dead("22003", f"{text} is out of range for type {type_name}", column)


def unknown_key(key: str) -> dict[str, Dead]:
    return {"strict": Dead("42703", f'"{key}" is a key that no column takes')}


def no_date(text: str) -> Dead:
    return Dead("22008", f'"{text}" has a field that is out of range', "born")


def too_deep(at: int) -> Dead:
    return Dead("54001", f"nested deeper than 256 levels (at byte {at})")


def too_long(characters: int, type_name: str, column: str) -> Dead:
    return Dead("22001", f"{characters} characters are too long for {type_name}", column)


NUL = "the string holds \\u0000, which PostgreSQL cannot store in text"
DEEP = 10_000
PROTOBUF = b"\x08\x96\x01\x12\x04Ion\x01\x1d\x00\x00\x80\x3f"

DECODER_CASES = [
    Case("not JSON", b"Hellow", not_json("not JSON", 0)),
    Case("truncated", value(name="Ion", amount=1)[:-5], not_json("the text ends in the middle of a value", 23)),
    Case("truncated in a string", b'{"name": "Io', not_json("the text ends in the middle of a value", 12)),
    Case("truncated in a number", b'{"amount": 1', not_json("the text ends in the middle of a value", 12)),
    Case("array at the top", b"[" + value(name="Ion") + b"]", not_json("an array, not an object", 0)),
    Case("number at the top", b"42", not_json("a number, not an object", 0)),
    Case("string at the top", b'"Ion"', not_json("a string, not an object", 0)),
    Case("null at the top", b"null", not_json("null, not an object", 0)),
    Case("true at the top", b"true", not_json("true, not an object", 0)),
    Case("empty value", b"", not_json("an empty value", 0)),
    Case("blanks only", b" \n", not_json("an empty value", 0)),
    Case("null value", None, TOMBSTONE),
    Case("empty object", b"{}", row(name=None, amount=None, doc=None)),
    Case("blanks around the object", b"\r\n\t {} \n", row(name=None)),
    Case("two objects", value(name="Ion") * 2, not_json("trailing bytes after the JSON value", 15)),
    Case("trailing bytes", value(name="Ion") + b"x", not_json("trailing bytes after the JSON value", 15)),
    Case("trailing comma", b'{"name": "Ion",}', not_json("a comma before a closing bracket", 14)),
    Case("single quotes", b"{'name': 'Ion'}", not_json("a member name in double quotes was expected", 1)),
    Case("comment", b'{"name": "Ion" /* he */}', not_json("a comma or a closing bracket was expected", 15)),
    Case("byte order mark", b"\xef\xbb\xbf" + value(name="Ion"), not_json("a byte order mark before the JSON text", 0)),
    Case("UTF-16", value(name="Ion").decode().encode("utf-16-le"), not_json("a member name in double quotes was expected", 1)),

    Case("invalid UTF-8 in a string", raw("name", b'"a\xff\xfe"'), not_utf8(11)),
    Case("invalid UTF-8 in a key", b'{"na\xc3me": 1}', not_utf8(4)),
    Case("invalid UTF-8 outside of strings", b'{"name": "Ion" \x80}',
         Dead("22021", "a comma or a closing bracket was expected (at byte 15)")),
    Case("overlong UTF-8", raw("name", b'"\xc0\xaf"'), not_utf8(10)),
    Case("a surrogate in UTF-8", raw("name", b'"\xed\xa0\x80"'), not_utf8(10)),
    Case("Latin-1", raw("name", '"Ștefan cel Mare și Sfânt"'.encode("latin-1", "replace")), not_utf8(31)),
    Case("a zero byte in a string", raw("name", b'"a\0b"'), not_json("a control character in a string", 11)),
    Case("a line end in a string", raw("name", b'"a\nb"'), not_json("a control character in a string", 11)),
    Case("lone high surrogate", raw("name", r'"\ud83d"'), not_json("a lone surrogate in a string", 10)),
    Case("lone low surrogate", raw("name", r'"\ude00"'), not_json("a lone surrogate in a string", 10)),
    Case("lone surrogate in a key", rb'{"\ud83d": 1}', not_json("a lone surrogate in a string", 2)),
    Case("a pair of surrogates", raw("name", r'"\ud83d\ude00"'), row(name="😀")),
    Case(r"\u0000 in a varchar", raw("name", r'"a\u0000b"'), Dead("22021", NUL, "name"), {"lenient": row(name="ab")}),
    Case(r"\u0000 in a text", raw("note", r'"\u0000"'), Dead("22021", NUL, "note"), {"lenient": row(note="")}),
    Case(r"\u0000 in a jsonb", raw("doc", r'{"a": "\u0000"}'), Dead("22P05", "a string holds \\u0000, which jsonb cannot store", "doc"),
         {"lenient": row(doc='{"a": ""}')}),
    Case(r"\u0000 in a key", rb'{"na\u0000me": "Ion"}', row(name=None),
         {"strict": Dead("42703", r'"na\u0000me" is a key that no column takes')}),

    Case("50 characters into VARCHAR(50)", value(name=FIFTY), row(name=FIFTY)),
    Case("51 characters into VARCHAR(50)", value(name=FIFTY + "x"), too_long(51, "character varying(50)", "name"),
         {"lenient": row(name=FIFTY)}),
    Case("51 characters, escaped", json.dumps({"name": FIFTY + "ț"}).encode(),
         too_long(51, "character varying(50)", "name"), {"lenient": row(name=FIFTY)}),
    Case("blanks behind 50 characters", value(name=FIFTY + "   "), row(name=FIFTY)),
    Case("6 characters into CHAR(5)", value(code="ășțîâă"), too_long(6, "character(5)", "code"),
         {"lenient": row(code="ășțîâ")}),
    Case("1 MB into VARCHAR(50)", value(name="ș" * 500_000), too_long(500_000, "character varying(50)", "name"),
         {"lenient": row(name="ș" * 50)}),
    Case("1 MB into TEXT", value(note="ș" * 500_000), row(note="ș" * 500_000)),
    Case("1 MB that is not JSON", b"x" * 1_000_000, not_json("not JSON", 0)),

    Case("2^31 into INT", value(amount=2**31), too_large("2147483648", "integer", "amount")),
    Case("-2^31-1 into INT", value(amount=-(2**31) - 1), too_large("-2147483649", "integer", "amount")),
    Case("-2^31 into INT", value(amount=-(2**31)), row(amount="-2147483648")),
    Case("2^63 into BIGINT", value(big=2**63), too_large("9223372036854775808", "bigint", "big")),
    Case("-2^63 into BIGINT", value(big=-(2**63)), row(big="-9223372036854775808")),
    Case("2^63 in a string into BIGINT", value(big="9223372036854775808"),
         too_large('"9223372036854775808"', "bigint", "big")),
    Case("a number of 1,000 digits into BIGINT", raw("big", "9" * 1000),
         too_large("9" * 40 + "...", "bigint", "big")),
    Case('"12abc" into BIGINT', value(big="12abc"), wrong_number('"12abc"', "big")),
    Case('"" into BIGINT', value(big=""), wrong_number('""', "big")),
    Case('" 12 " into BIGINT', value(big=" 12 "), row(big="12")),
    Case('"+12" into BIGINT', value(big="+12"), row(big="12")),
    Case('"0x1F" into BIGINT', value(big="0x1F"), wrong_number('"0x1F"', "big")),
    Case("1.5 into INT", raw("amount", "1.5"), wrong_number("1.5", "amount")),
    Case("1.0 into INT", raw("amount", "1.0"), row(amount="1")),
    Case("1e3 into INT", raw("amount", "1e3"), row(amount="1000")),
    Case("1e-1 into INT", raw("amount", "1e-1"), wrong_number("1e-1", "amount")),
    Case("1e400 into INT", raw("amount", "1e400"), too_large("1e400", "integer", "amount")),
    Case("1e400 into DOUBLE", raw("ratio", "1e400"), too_large("1e400", "double precision", "ratio")),
    Case("NaN", raw("ratio", "NaN"), not_json("NaN is not JSON", 10)),
    Case("Infinity", raw("ratio", "Infinity"), not_json("Infinity is not JSON", 10)),
    Case("-Infinity", raw("ratio", "-Infinity"), not_json("Infinity is not JSON", 11)),
    Case('"NaN" into DOUBLE', value(ratio="NaN"), row(ratio="NaN")),
    Case("leading zero", raw("amount", "012"), not_json("a malformed number", 12)),
    Case("plus sign", raw("amount", "+12"), not_json("a malformed number", 11)),
    Case("no digit before the point", raw("ratio", ".5"), not_json("a malformed number", 10)),
    Case("hexadecimal", raw("amount", "0x1F"), not_json("a malformed number", 12)),
    Case("boolean into INT", value(amount=True), mismatch("true", "integer", "amount")),
    Case("boolean into VARCHAR", value(name=True), row(name="true")),
    Case("number into VARCHAR", raw("name", "1.50"), row(name="1.50")),
    Case("object into VARCHAR", value(name={"first": "Ion"}), mismatch("an object", "character varying(50)", "name")),
    Case("array into VARCHAR", value(name=["Ion"]), mismatch("an array", "character varying(50)", "name")),
    Case("object into INT", value(amount={}), mismatch("an object", "integer", "amount")),
    Case("object into TEXT", raw("note", '{"a":  1}'), row(note='{"a":  1}')),
    Case("30 February into DATE", value(born="2024-02-30"), no_date("2024-02-30")),
    Case("29 February of no leap year into DATE", value(born="2023-02-29"), no_date("2023-02-29")),
    Case("29 February into DATE", value(born="2024-02-29"), row(born="2024-02-29")),
    Case("a number into DATE", value(born=20240501), 
         Dead("42804", "a number goes into a column of type date only with unit: s, ms or us", "born")),
    Case("no date into DATE", value(born="tomorrow"), Dead("22007", '"tomorrow" is not an ISO 8601 date or time', "born")),

    Case("duplicate keys", b'{"amount": 1, "amount": 2}', row(amount="2")),
    Case("duplicate keys, the first one bad", b'{"amount": "x", "amount": 2}', row(amount="2")),
    Case("duplicate keys, the last one bad", b'{"amount": 2, "amount": "x"}', wrong_number('"x"', "amount")),
    Case("duplicate keys, the last one null", b'{"amount": 2, "amount": null}', row(amount=None)),
    Case("duplicate keys, one escaped", rb'{"amount": 1, "am\u006funt": 2}', row(amount="2")),
    Case("key in capitals", value(AMOUNT=3), row(amount="3")),
    Case("key in capitals beside the real one", value(AMOUNT=3, amount=4, Amount=5), row(amount="4")),
    Case("depth 256", raw("doc", "[" * 255 + "]" * 255), row(doc="[" * 255 + "]" * 255)),
    Case("depth 257", raw("doc", "[" * 256 + "]" * 256), too_deep(263)),
    Case("10,000 levels of arrays", raw("doc", "[" * DEEP + "]" * DEEP), too_deep(263)),
    Case("10,000 levels of objects", raw("shoe_size", '{"a":' * DEEP + "1" + "}" * DEEP), too_deep(1289)),
    Case("10,000 levels, never closed", raw("doc", "[" * DEEP), too_deep(263)),

    Case("unknown key", value(name="Ion", shoe_size=43), row(name="Ion"), unknown_key("shoe_size")),
    Case("unknown key again", value(shoe_size=44), row(name=None), unknown_key("shoe_size")),
    Case("empty key", b'{"": 1}', row(name=None), unknown_key("")),
    Case("% in an unknown key", value(**{"%n%s%d": 1}), row(name=None), unknown_key("%n%s%d")),
    Case("% in the key of a column", value(**{"100%s": "x"}), row(**{"100%s": "x"})),
    Case("an unknown key that is SQL", value(**{SQL_KEY: 1}), row(name=None),
         unknown_key(r"x\"); DROP TABLE bad.decoded; --")),
    Case("a column's name that is SQL", value(**{'x"); DROP TABLE bad.named; --': "x"}),
         row(**{'x"); DROP TABLE bad.named; --': "x"})),
    Case("a value that is SQL", value(name="'); DROP TABLE bad.decoded; --"),
         row(name="'); DROP TABLE bad.decoded; --")),
    Case("what COPY's text form reads as NULL", value(note="\\N"), row(note="\\N")),
    Case("what COPY's text form reads as the end", value(note="\\."), row(note="\\.")),
    Case("what COPY's text form escapes", value(note="a\tb\nc\rd\\e\\tf"), row(note="a\tb\nc\rd\\e\\tf")),

    Case("Confluent's wire format", b"\0" + struct.pack(">I", 17) + b"\x06Ion",
         Dead("0A000", "looks like Confluent's wire format (magic byte 0, schema id 17): Avro, Protobuf and JSON Schema "
              "framing are not supported")),
    Case("Avro container file", b"Obj\x01\x04\x16avro.schema\x02{",
         Dead("0A000", "looks like an Avro container file: Avro is not supported")),
    Case("Avro single object", b"\xc3\x01" + b"\x11" * 8 + b"\x06Ion",
         Dead("0A000", "looks like Avro's single-object encoding: Avro is not supported")),
    Case("Protobuf", PROTOBUF, Dead("0A000", "looks like a Protobuf message: Protobuf is not supported")),
    Case("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
         Dead("0A000", "looks like gzip data: compressed values are not supported")),
]

DECODER = Topic(
    "decoder", lambda i: value(name="good", amount=i), DECODER_CASES,
    [Pipeline("binary", DECODED),
     Pipeline("text", DECODED + ", span tsrange"),  # a type without an encoder: text COPY
     Pipeline("lenient", DECODED, {"on_nul": "strip", "on_too_long": "truncate"},
              only=lambda case: "lenient" in case.elsewhere),
     Pipeline("strict", DECODED, {"on_unknown_key": "dead"}, only=lambda case: "strict" in case.elsewhere)])

# ---- Absent keys ----

SETTLED = f"""
    {PLACE}, plain text, constant int DEFAULT 7, phrase varchar(20) DEFAULT 'it''s 100%', nothing int DEFAULT NULL,
    today date DEFAULT CURRENT_DATE, moment timestamptz DEFAULT now(), who text DEFAULT current_user,
    number bigint DEFAULT nextval('bad.numbers'), chance double precision DEFAULT random(),
    token text DEFAULT md5(random()::text), ident int GENERATED BY DEFAULT AS IDENTITY,
    always int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (constant * 2) STORED,
    needed int NOT NULL, filled int NOT NULL DEFAULT 3, counted int NOT NULL DEFAULT nextval('bad.numbers')"""

VOLATILE = {"number": ("-1", -1), "chance": ("2", 2), "token": ("mine", "mine"), "ident": ("-4", -4)}
ABSENT = {"plain": None, "constant": "7", "phrase": "it's 100%", "nothing": None, "today": ANY, "moment": ANY,
          "who": "postgres", "number": ANY, "chance": ANY, "token": ANY, "ident": ANY, "always": ANY, "twice": "14",
          "filled": "3", "counted": ANY}


def combination(bits: int) -> Case:
    """A record that has some of the columns with volatile defaults: 16 shapes, twice what gets a COPY of its own."""
    given = [name for i, name in enumerate(VOLATILE) if bits >> i & 1]
    expected = {**ABSENT, **{name: VOLATILE[name][0] for name in given}}
    return Case(f"volatile defaults absent but for {' '.join(given) or 'none'}",
                value(needed=bits, **{name: VOLATILE[name][1] for name in given}), Row({**expected, "needed": str(bits)}))


def missing(column: str, why: str = "the record has no value for it") -> Dead:
    return Dead("23502", f"{why}, and the column is NOT NULL", column)


DEFAULTS_CASES = [
    Case("all absent", value(needed=1), Row(ABSENT)),
    Case("null instead of a constant DEFAULT", value(needed=1, constant=None), row(constant=None, twice=None)),
    Case("null instead of a stable DEFAULT", value(needed=1, moment=None), row(moment=None)),
    Case("null instead of a volatile DEFAULT", value(needed=1, number=None), row(number=None)),
    Case("NOT NULL missing", b"{}", missing("needed")),
    Case("NOT NULL null", value(needed=None), missing("needed", "the value is null")),
    Case("NOT NULL null, with a constant DEFAULT", value(needed=1, filled=None), missing("filled", "the value is null")),
    Case("NOT NULL null, with a volatile DEFAULT", value(needed=1, counted=None),
         missing("counted", "the value is null")),
    Case("a key of generated columns", value(needed=1, always=-5, twice=99, constant=4), row(always=ANY, twice="8")),
    Case("a bad value beside absent ones", value(needed=1, number="x"), wrong_number('"x"', "number")),
    *(combination(bits) for bits in range(16)),
]

DEFAULTS = Topic(
    "defaults", lambda i: value(needed=i), DEFAULTS_CASES,
    [Pipeline("absent", SETTLED), Pipeline("absent_text", SETTLED + ", span tsrange")])

# ---- What only the server can tell ----

RULES = f"""
    {PLACE}, id int PRIMARY KEY, amount int CHECK (amount >= 0), code text UNIQUE, parent int REFERENCES bad.parents,
    email bad.email, pet text"""


def duplicate(column: str, text: str) -> Dead:
    return Dead("23505", f"duplicate key value violates unique constraint …: Key ({column})=({text}) already exists.")


def no_parent(text: str) -> Dead:
    return Dead("23503", "insert or update on table … violates foreign key constraint …: "
                f'Key (parent)=({text}) is not present in table "parents".')


NEGATIVE = Dead("23514", "new row for relation … violates check constraint …: Failing row contains (…).")
IGNORED = {"on_conflict_ignore": SUPPRESSED}

RULES_CASES = [
    Case("the first of its id", value(id=1, amount=0), row(id="1", amount="0"), partition=0),
    Case("unique violation of the primary key", value(id=1, amount=1), duplicate("id", "1"), IGNORED, 0),
    Case("the same once more", value(id=1, amount=2), duplicate("id", "1"), IGNORED, 0),
    Case("the first of its code", value(id=2, code="ș"), row(id="2"), partition=0),
    Case("unique violation of another column", value(id=3, code="ș"), duplicate("code", "ș"), IGNORED, 0),
    Case("the id of a dead letter is free", value(id=3), row(id="3"), {"on_conflict_ignore": row(id="3")}, 0),
    Case("check violation", value(id=4, amount=-1), NEGATIVE),
    Case("check violation right behind", value(id=5, amount=-1), NEGATIVE, partition=0),
    Case("a third one", value(id=6, amount=-1), NEGATIVE, partition=0),
    Case("foreign key violation", value(id=7, parent=99), no_parent("99")),
    Case("foreign key kept", value(id=8, parent=1), row(parent="1")),
    Case("domain violation", value(id=9, email="nobody"),
         Dead("23514", 'value for domain bad.email violates check constraint "email_check"', "email")),
    Case("primary key missing", value(amount=1), missing("id")),
    Case("wrong for the server and for the decoder", value(id="x", amount=-1), wrong_number('"x"', "id")),
    Case("tombstone between them", None, TOMBSTONE),
    Case("what looks like a COPY line", value(id=10, amount=-1, pet='\nCOPY rules, line 1, column pet: "x"'), NEGATIVE),
    Case("what no range takes", value(id=11, during="x"), row(during=ANY),
         {"rules_text": Dead("22P02", 'malformed range literal: "x": Missing left parenthesis or bracket.', "during")}),
    Case("the first of its range", value(id=12, during="[1,6)"), row(id="12"), partition=1),
    Case("exclusion violation", value(id=13, during="[5,10)"), row(id="13"),
         {"rules_text": Dead("23P01", "conflicting key value violates exclusion constraint …: Key (during)=([5,10)) "
                             "conflicts with existing key (during)=([1,6)).")}, 1),
]

RULES_TOPIC = Topic(
    "rules",
    lambda i: value(id=i, amount=1, code=f"good {i}", parent=1, email="ion@example.org"), RULES_CASES,
    [Pipeline("rules", RULES, only=lambda case: "rules_text" not in case.elsewhere),
     Pipeline("rules_text", RULES + ", during int4range, EXCLUDE USING gist (during WITH &&)"),
     Pipeline("on_conflict_ignore", RULES, {"on_conflict": "ignore"},
              only=lambda case: "rules_text" not in case.elsewhere)])

# ---- Constraints that speak up at COMMIT ----

DEFERRED = f"""
    {PLACE}, id int UNIQUE DEFERRABLE INITIALLY DEFERRED, amount int CHECK (amount >= 0),
    parent int REFERENCES bad.parents DEFERRABLE INITIALLY DEFERRED, code text UNIQUE"""

DEFERRED_CASES = [
    Case("the first of its id", value(id=1), row(id="1"), partition=0),
    Case("deferred unique violation", value(id=1), duplicate("id", "1"), partition=0),
    Case("deferred foreign key violation", value(id=2, parent=99), no_parent("99")),
    Case("deferred constraint trigger", value(id=3, amount=13), Dead("P0001", "13 brings bad luck")),
    Case("deferred foreign key kept", value(id=4, parent=1), row(parent="1")),
    # Whether somebody's code is taken depends on whether that somebody is dead.
    Case("deferred violation of the first of a code", value(id=6, parent=98, code="x"), no_parent("98"), partition=0),
    Case("the code of a dead letter is free", value(id=7, code="x"), row(id="7"), partition=0),
    Case("check violation beside deferred ones", value(id=5, amount=-1), NEGATIVE),
]

UNLUCKY = """
    CREATE FUNCTION bad.unlucky() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.amount = 13 THEN RAISE '13 brings bad luck'; END IF;
        RETURN NULL;
    END $$"""

DEFERRED_TOPIC = Topic(
    "deferred", lambda i: value(id=i, amount=1, parent=1), DEFERRED_CASES,
    [Pipeline("deferred", DEFERRED, more="""
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON bad.deferred DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION bad.unlucky()""")])

# A record may refer to a later one, since the constraint is asked at COMMIT: a bad record near it changes nothing.
FORWARD_TOPIC = Topic(
    "forward", lambda i: value(id=i, amount=1),
    [Case("refers to a later record", value(id=1, boss=2), row(boss="2"), partition=0),
     *(Case(f"check violation {i}", value(id=10 + i, amount=-1), NEGATIVE, partition=0) for i in range(3)),
     Case("the later record", value(id=2), row(id="2"), partition=0)],
    [Pipeline("forward", f"{PLACE}, id int PRIMARY KEY, amount int CHECK (amount >= 0), "
              "boss int REFERENCES bad.forward DEFERRABLE INITIALLY DEFERRED")])

# ---- Triggers ----

TRIGGERED = f"{PLACE}, id int PRIMARY KEY, amount int, needed text NOT NULL"

BEFORE_AND_AFTER = """
    CREATE FUNCTION bad.{name}_before() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        CASE NEW.amount
            WHEN 0 THEN RETURN NULL;
            WHEN 666 THEN RAISE EXCEPTION 'the amount of % is 666', NEW.id;
            WHEN 667 THEN RAISE SQLSTATE '22023' USING MESSAGE = 'not this one', DETAIL = 'because', COLUMN = 'amount';
            WHEN 668 THEN NEW.amount := 1 / (NEW.amount - 668);
            ELSE NEW.needed := coalesce(NEW.needed, 'filled in');
        END CASE;
        RETURN NEW;
    END $$;
    CREATE TRIGGER b BEFORE INSERT ON bad.{name} FOR EACH ROW EXECUTE FUNCTION bad.{name}_before();
    CREATE TRIGGER a AFTER INSERT ON bad.{name} FOR EACH ROW EXECUTE FUNCTION bad.unlucky()"""

TRIGGER_CASES = [
    Case("a trigger fills in NOT NULL", value(id=1, amount=1), row(needed="filled in")),
    Case("a trigger returns NULL", value(id=2, amount=0, needed="x"), SUPPRESSED),
    Case("and again", value(id=3, amount=0), SUPPRESSED),
    Case("a trigger raises", value(id=4, amount=666), Dead("P0001", "the amount of 4 is 666")),
    Case("a trigger raises with state, detail and column", value(id=5, amount=667),
         Dead("22023", "not this one: because", "amount")),
    Case("a trigger divides by zero", value(id=6, amount=668), Dead("22012", "division by zero")),
    Case("an AFTER trigger raises", value(id=7, amount=13), Dead("P0001", "13 brings bad luck")),
    Case("the first of its id", value(id=8, amount=1), row(id="8"), partition=0),
    Case("unique violation", value(id=8, amount=1), duplicate("id", "8"), {"trigger_ignore": SUPPRESSED}, 0),
    Case("tombstone", None, TOMBSTONE),
    Case("not JSON", b"x", not_json("not JSON", 0)),
]

TRIGGER_TOPIC = Topic(
    "trigger", lambda i: value(id=i, amount=1), TRIGGER_CASES,
    [Pipeline("trigger", TRIGGERED, more=BEFORE_AND_AFTER),
     Pipeline("trigger_ignore", TRIGGERED, {"on_conflict": "ignore"}, more=BEFORE_AND_AFTER)])

# ---- Every type at its limits ----

# Type, values that are stored (JSON text -> the server's text of it), values beyond.
LIMITS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("smallint", {"32767": "32767", "-32768": "-32768"}, {"32768": "22003", "-32769": "22003"}),
    ("integer", {"2147483647": "2147483647", "-2147483648": "-2147483648"}, {"2147483648": "22003"}),
    ("bigint", {"9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808"},
     {"9223372036854775808": "22003"}),
    ("real", {"3.4028235e38": "3.4028235e+38", "1e-45": "1e-45", '"-Infinity"': "-Infinity"},
     {"3.5e38": "22003", "1e-46": "22003"}),
    ("double precision", {"1.7976931348623157e308": "1.7976931348623157e+308", "5e-324": "5e-324", '"NaN"': "NaN"},
     {"1.8e308": "22003", "1e-325": "22003"}),
    ("numeric", {"1e131071": "1" + "0" * 131071, "1e-16383": "0." + "0" * 16382 + "1", '"NaN"': "NaN"},
     {"1e131072": "22003", "1e1000000": "22003"}),
    ("numeric(5,2)", {"999.994": "999.99", "-999.99": "-999.99"}, {"999.995": "22003"}),
    ("boolean", {"true": "true", '"off"': "false", "1": "true"}, {"2": "22P02"}),
    ("date", {'"5874897-12-31"': "5874897-12-31", '"0001-01-01"': "0001-01-01", '"-infinity"': "-infinity"},
     {'"5874898-01-01"': "22008"}),
    ("time", {'"24:00:00"': "24:00:00", '"23:59:59.999999"': "23:59:59.999999"}, {'"24:00:00.1"': "22008"}),
    ("timestamp", {'"294276-12-31T23:59:59.999999"': "294276-12-31 23:59:59.999999", '"infinity"': "infinity"},
     {'"294277-01-01T00:00:00"': "22008"}),
    ("timestamptz", {'"294276-12-31T23:59:59.999999Z"': "294276-12-31 23:59:59.999999+00",
                     '"2024-05-01T12:00:00+15:59"': "2024-04-30 20:01:00+00"}, {'"294277-01-01T00:00:00Z"': "22008"}),
    ("uuid", {'"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"': "ffffffff-ffff-ffff-ffff-ffffffffffff"},
     {'"ffffffff-ffff-ffff-ffff-fffffffffff"': "22P02"}),
    ("inet", {'"255.255.255.255"': "255.255.255.255/32",
              '"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0"': "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0"},
     {'"256.0.0.1"': "22P02", '"1.2.3.4/33"': "22P02"}),
    ("cidr", {'"0.0.0.0/0"': "0.0.0.0/0", '"255.255.255.254/31"': "255.255.255.254/31"}, {'"10.0.0.1/24"': "22P02"}),
    ("macaddr", {'"FF-FF-FF-FF-FF-FF"': "ff:ff:ff:ff:ff:ff"}, {'"ff:ff:ff:ff:ff:100"': "22P02"}),
    ("json", {'{"a":  1e400}': '{"a":  1e400}', "[" * 254 + "]" * 254: "[" * 254 + "]" * 254}, {}),
    ("jsonb", {"1e131071": "1" + "0" * 131071, '{"a":1,"a":2}': '{"a": 2}'}, {"1e131072": "22003"}),
    ("bytea", {r'"\\x00ff"': r"\x00ff", '""': r"\x"}, {r'"\\x0"': "22023"}),
    ("bad.mood", {'"sad"': "sad", '"very happy"': "very happy"}, {'"Sad"': "22P02"}),
    ("char(5)", {'"ș"': "ș", '"șțăîâ   "': "șțăîâ"}, {'"șțăîâx"': "22001"}),
    ("varchar(3)", {'"😀😀😀"': "😀😀😀"}, {'"😀😀😀😀"': "22001"}),
    ("text", {r'"\u0001\b\f\u007f\u2028\ufffe"': "\x01\b\f\x7f\u2028\ufffe"}, {}),
    ("bad.positive", {"2147483647": "2147483647"}, {"2147483648": "22003", "0": "23514"}),
]

ONLY_TEXT: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("integer[]", {"[2147483647, null, -2147483648]": "{2147483647,NULL,-2147483648}", "[[1,2],[3,4]]": "{{1,2},{3,4}}"},
     {"[2147483648]": "22003", "[[1],[2,3]]": "22P02"}),
    ("text[]", {r'["NULL", null, "a,b", "\"\\", "{}", ""]': r'{"NULL",NULL,"a,b","\"\\","{}",""}'}, {}),
    ("interval", {'"178000000 years"': "178000000 years"}, {'"179000000 years"': "22008"}),
    ("point", {'"(1,2)"': "(1,2)"}, {'"1"': "22P02"}),
    ("int4range", {'"[1,2147483647)"': "[1,2147483647)"}, {'"[2,1]"': "22000"}),
    ("money", {'"92233720368547758.07"': "$92,233,720,368,547,758.07"}, {'"92233720368547758.08"': "22003"}),
    ("varbit(3)", {'"101"': "101"}, {'"1011"': "22001"}),
]


def column_of(type_name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in type_name)


def limit_cases() -> list[Case]:
    cases = []
    for types, elsewhere in ((LIMITS, {}), (ONLY_TEXT, {"limits": row()})):
        for type_name, within, beyond in types:
            column = column_of(type_name)
            cases += [Case(f"{type_name} {text[:30]}", raw(column, text), Row({column: stored}), elsewhere)
                      for text, stored in within.items()]
            cases += [Case(f"{type_name} beyond {text[:30]}", raw(column, text), Dead(sqlstate, "…", column), elsewhere)
                      for text, sqlstate in beyond.items()]
    return cases


def columns_of(types) -> str:
    return ", ".join(f"{column_of(type_name)} {type_name}" for type_name, _, _ in types)


LIMITS_TOPIC = Topic(
    "limits", lambda i: value(integer=i), limit_cases(),
    [Pipeline("limits", f"{PLACE}, {columns_of(LIMITS)}", only=lambda case: "limits" not in case.elsewhere),
     Pipeline("limits_text", f"{PLACE}, {columns_of(LIMITS)}, {columns_of(ONLY_TEXT)}")])

SCHEMA = f"""
    CREATE SCHEMA bad;
    CREATE SEQUENCE bad.numbers;
    CREATE TABLE bad.parents (id int PRIMARY KEY);
    INSERT INTO bad.parents VALUES (1);
    CREATE DOMAIN bad.email AS text CONSTRAINT email_check CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN bad.positive AS int CHECK (VALUE > 0);
    CREATE TYPE bad.mood AS ENUM ('sad', 'ok', 'very happy');
    {UNLUCKY};"""

TOPICS = [DECODER, DEFAULTS, RULES_TOPIC, DEFERRED_TOPIC, FORWARD_TOPIC, TRIGGER_TOPIC, LIMITS_TOPIC]
