"""Every cell of the table in docs/ingest.md ("Conversions"), in binary and in text COPY, against the server's word.

The oracle is PostgreSQL's own text input: a JSON string goes to it as the string, any other scalar as its JSON text.
What weir stores must be what the server makes of that, and where the server refuses, weir must have refused with the
same SQLSTATE. Where weir means to differ, the case says so and why."""
import json
import random
from dataclasses import dataclass, field

import pytest

from harness import row_tool

ZONE = "Europe/Bucharest"
FORMATS = ["binary", "text"]


@dataclass
class Type:
    """A column type, as SQL and as row_tool call it, and values to put into it.

    values    JSON texts that weir and the server must treat alike
    stored    JSON text: the stored value, where the server's text input is of no use or would say otherwise
    dead      JSON text: the SQLSTATE of the dead letter, likewise
    """
    sql: str
    tool: str
    values: list[str] = field(default_factory=list)
    stored: dict[str, str | None] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    policy: str = ""


@pytest.fixture(scope="module")
def server(postgres_server):
    """One database for all: each test has temporary tables of its own connection."""
    database = postgres_server.create_database()
    yield database
    postgres_server.drop_database(database.name)


def strings(*texts: str) -> list[str]:
    return [json.dumps(text, ensure_ascii=False) for text in texts]


NOT_SCALAR = {"true": "42804", "false": "42804", "{}": "42804", '{"a": 1}': "42804", "[]": "42804", "[1]": "42804"}
NULL = {"null": None}

INTEGER_STRINGS = strings("0", "12", " 12 ", "\t12\n", "+5", "-7", "-0", "007", "", " ", "12abc", "abc", "1.0", "1e3", "1 2",
                          "--1", "+-1", "+", "-", "NaN", "٣", "000000000000000000000000012",
                          "99999999999999999999999999")
INTEGER_FORMS = {"1.0": "1", "1e3": "1000", "1E+3": "1000", "1200e-2": "12", "-0": "0", "-0.0": "0", "0e99999999999": "0",
                 "0.000e-5": "0", "10.00": "10", "-3e0": "-3"}
INTEGER_REFUSED = {"1.5": "22P02", "1e-1": "22P02", "1e99": "22003", "1e99999999999999999999": "22003", "-1e30": "22003",
                   "1e-99999999999999999999": "22P02",
                   '"0x10"': "22P02", '"1_000"': "22P02"}  # which servers take from 16 on

DECIMALS = ["0", "-0", "1", "-1", "10", "100", "10000", "12345678", "0.1", "0.10", "0.100000", "1.5", "-1.5", "1e3", "1E+3",
            "1e-3", "123456.789e-3", "123456.789e3", "0.00012345", "9999.9999", "10000.0001", "1e4", "1e5", "1e-4", "1e-5",
            "0e5", "0e-5", "0.0e10", "99999999999999999999999999999999999999.99999999999999", "3.141592653589793238462643"]
DECIMAL_STRINGS = strings("1", " 1.5 ", "+1.5", "-1.5", ".5", "5.", "-.5", "1e3", "1.5E-3", "", " ", ".", "e5", "1e", "1e+", "1.2.3",
                          "1,5", "abc", "12abc", "--1", "1 2", "٣", "0x1p3x", "NaN", "nan", "Infinity", "-Infinity", "+infinity",
                          "inf", "-inf", "INF", "infinit", "-nanx")

TYPES = [
    Type("text", "text",
         values=strings("", "a", "NULL", "\\N", "\\.", "a\tb\nc\rd\\e", 'say "hi"', "ș", "😀 ț", "  blanks  ", "\x7f", "\b\f",
                        "x" * 10000, "ș" * 5000) +
                ["1", "-0", "1.50", "1e3", "1E+3", "123456789012345678901234567890.0", "true", "false"],
         stored={**NULL, "{}": "{}", '{"a": [1, "\\u0041"]}': '{"a": [1, "\\u0041"]}', "[1,\n2]": "[1,\n2]",
                 '"\\u0219 \\ud83d\\ude00 \\/ \\b"': "ș 😀 / \b", '"\\\\N"': "\\N"},
         dead={'"a\\u0000b"': "22021", '"\\u0000"': "22021"}),
    Type("text", "text", policy="on_nul=strip", stored={'"a\\u0000b\\u0000"': "ab", '"\\u0000"': "", '"\\\\u0000"': "\\u0000"}),
    Type("varchar(5)", "varchar max_chars=5",
         values=strings("", "abcde", "abcdef", "abcde     ", "abc       ", "     ", "      ", "șțăîâ", "șțăîâx", "😀😀😀😀😀", "😀😀😀😀😀😀",
                        "😀😀😀😀😀  ", "abcde\t", "abcdeșț", "a\tb\\c") + ["12345", "123456", "1.500", "true", "false"],
         stored={**NULL, '"abcde\\u0020\\u0020"': "abcde", '"\\u0219\\u021b\\u0103\\u00ee\\u00e2"': "șțăîâ"},
         dead={'"\\u0219\\u021b\\u0103\\u00ee\\u00e2x"': "22001", '"abcdef"': "22001", **{k: v for k, v in NOT_SCALAR.items() if k[0] in "[{"}}),
    Type("varchar(5)", "varchar max_chars=5", policy="on_too_long=truncate",
         stored={'"abcdefg"': "abcde", '"șțăîâșț"': "șțăîâ", '"\\ud83d\\ude00123456"': "😀1234", '"abc  fg"': "abc  ", "1234567": "12345"}),
    Type("varchar", "varchar", values=strings("", "x" * 1000, "ș" * 1000)),
    Type("char(5)", "bpchar max_chars=5",
         values=strings("", "a", "abcde", "abcdef", "abcde   ", "șțăîâ", "ș", "șțăîâ ") + ["12", "true", "false"],
         stored=NULL, dead={"[1]": "42804"}),
    Type("smallint", "int2",
         values=INTEGER_STRINGS + strings("32767", "-32768", "32768", "-32769") + ["0", "1", "-1", "32767", "-32768", "32768", "-32769"],
         stored={**NULL, **INTEGER_FORMS, "3.2767e4": "32767"}, dead={**NOT_SCALAR, **INTEGER_REFUSED, "3.2768e4": "22003"}),
    Type("integer", "int4",
         values=INTEGER_STRINGS + strings("2147483647", "-2147483648", "2147483648", "-2147483649") +
                ["2147483647", "-2147483648", "2147483648", "-2147483649", "99999999999", "123456789"],
         stored={**NULL, **INTEGER_FORMS, "2147483647.0": "2147483647"}, dead={**NOT_SCALAR, **INTEGER_REFUSED, "2147483647.5": "22P02"}),
    Type("bigint", "int8",
         values=INTEGER_STRINGS + strings("9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809") +
                ["9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "18446744073709551616",
                 "999999999999999999", "1000000000000000000", "-999999999999999999"],
         stored={**NULL, **INTEGER_FORMS, "9.223372036854775807e18": "9223372036854775807", "1e18": "1000000000000000000"},
         dead={**NOT_SCALAR, **INTEGER_REFUSED, "1e19": "22003"}),
    Type("numeric", "numeric",
         values=DECIMALS + DECIMAL_STRINGS + ["1e131071", "9.99e131071", "1e131072", "1e-16383", "1e-16384", "1.5e-16382", "1.5e-16383",
                                              "1e1000000", "1e-1000000", "0e1000000", "0e-1000000", "1e99999999999", "0e99999999999",
                                              "9" * 131072, "9" * 131073, "0." + "1" * 16383, "0." + "1" * 16384, "1" + "0" * 131071,
                                              "0." + "0" * 16383, "123" + "0" * 131060 + "." + "5" * 16383],
         stored=NULL, dead=NOT_SCALAR),
    Type("numeric(5,2)", "numeric precision=5 scale=2",
         values=DECIMALS + DECIMAL_STRINGS + ["999.99", "999.994", "999.995", "-999.994", "-999.995", "999.99499999999999999999", "1000", "-1000",
                                              "0.005", "0.0049", "-0.005", "0.995", "9.995", "99.995", "1e2", "1e3", "1e-1000000", "1e1000000",
                                              "0e-1000000", "1e-20000", "5e-3", "4e-3", "50e-4", "0.00500000001", "1.115", "1.125"],
         # COPY rounds before it looks at the scale, the oracle's INSERT after
         stored={**NULL, "1e-1000000": "0.00", "0e-1000000": "0.00", "1e-20000": "0.00"}, dead=NOT_SCALAR),
    Type("numeric(3,0)", "numeric precision=3 scale=0", values=DECIMALS + ["999", "999.4", "999.5", "0.5", "0.4", "-0.5", "1.5", "2.5"]),
    Type("numeric(38,10)", "numeric precision=38 scale=10",
         values=DECIMALS + ["9999999999999999999999999999.9999999999", "9999999999999999999999999999.99999999995", "0.00000000005", "1e27", "1e28"]),
    Type("numeric(3,-2)", "numeric precision=3 scale=-2",
         values=DECIMALS + ["99900", "99949", "99950", "50", "49", "-50", "149", "150", "1e4", "1e5", "0.5"]),
    Type("numeric(3,6)", "numeric precision=3 scale=6",
         values=DECIMALS + ["0.000999", "0.0009994", "0.0009995", "0.001", "0.0000005", "0.0000004", "1e-6", "1e-7", "5e-7"]),
    Type("double precision", "float8",
         values=DECIMALS + DECIMAL_STRINGS + ["1e308", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "-1e309", "4.9e-324", "5e-324",
                                              "2e-324", "1e-400", "0e-400", "2.2250738585072011e-308", "9007199254740993", "9007199254740992.5",
                                              "0.1e1", "123456789012345678", "1e23", "8.5e22", "1e22", "1e-22", "1e-23", "-0.0", "1e99999999999",
                                              "0." + "0" * 400 + "1", "1" + "0" * 400, "0." + "3" * 1000],
         stored=NULL, dead={**NOT_SCALAR, '"0x1p3"': "22P02", '"0x10"': "22P02", '"-nan"': "22P02"}),
    Type("real", "float4",
         values=DECIMALS + DECIMAL_STRINGS + ["3.4028235e38", "3.4028236e38", "1e39", "-1e39", "1e-45", "1e-46", "7e-46", "0e-50", "16777217", "16777216.5",
                                              "0.1", "1.17549435e-38", "1e10", "1e11", "33554435", "7.0385307e-26", "-0.0"],
         stored=NULL, dead=NOT_SCALAR),
    Type("boolean", "bool",
         values=strings("true", "false", "TRUE", "t", "f", "T", "yes", "no", "Yes", "y", "n", "on", "off", "ON", "1", "0", " true ", "2", "", "maybe",
                        "truefalse", "10", "of f") + ["true", "false"],
         stored={**NULL, "1": "true", "0": "false", "1.0": "true", "0e5": "false"},
         dead={"2": "22P02", "-1": "22P02", "0.5": "22P02", "1e400": "22P02", '"tru"': "22P02", '"o"': "22P02", '"of"': "22P02",
               **{k: v for k, v in NOT_SCALAR.items() if k[0] in "[{"}}),
    Type("date", "date",
         values=strings("2024-05-01", "2024-02-29", "2023-02-29", "2024-02-30", "2024-13-01", "2024-00-10", "2024-04-31", "2024-01-32", "2024-01-00",
                        "0001-01-01", "0000-01-01", "9999-12-31", "10000-01-01", "294277-01-01", "5874897-12-31", "5874898-01-01", "2024-5-1",
                        " 2024-05-01 ", "2024-05-01T10:00:00Z", "2024-05-01 23:59:59.999999-11", "2024-05-01T24:00:00", "infinity", "-infinity",
                        "INFINITY", "1900-02-29", "2000-02-29", "2024-05-01T25:00:00", "2024-05-01 10:61:00", "abc", "",
                        "2024/05", "2024-05", "-2024-05-01"),
         stored=NULL,
         dead={**NOT_SCALAR, "20240501": "42804", "1714557600": "42804", '"20240501"': "22007", '"May 1, 2024"': "22007", '"today"': "22007",
               '"01/05/2024"': "22007", '"-2024-05-01"': "22007", '"2024-05-01 BC"': "22007", '"24-05-01"': "22007",
               '"+infinity"': "22007"}),  # which newer servers take
    Type("time", "time",
         values=strings("10:00", "10:00:00", "00:00:00", "23:59:59.999999", "24:00:00", "24:00:00.1", "23:59:60", "12:30:60", "10:00:61", "10:60:00", "25:00:00",
                        "10:00:00.1234564", "10:00:00.1234565", "10:00:00.1234566", "10:00:00.9999999", "23:59:59.9999999", "10:00:00Z", "10:00:00+02",
                        "10:00:00-03:30", "10:00:00+0530", "1:02:03", "2024-05-01T10:00:00", "2024-05-01 10:00:00+02", "abc", "", "10:00:00.000000500"),
         stored={**NULL, '"2024-05-01T10:00:00"': "10:00:00"}, dead={**NOT_SCALAR, "10": "42804", '"10"': "22007", '"100000"': "22007", '"10:00 AM"': "22007", '"2024-05-01"': "22007"}),
    Type("timestamp", "timestamp",
         values=strings("2024-05-01T10:00:00", "2024-05-01 10:00:00", "2024-05-01 10:00", "2024-05-01", "2024-05-01t10:00:00z", "2024-05-01T10:00:00.1",
                        "2024-05-01T10:00:00.123456", "2024-05-01T10:00:00.123456789", "2024-05-01T10:00:00.9999995", "2024-12-31T23:59:59.9999999",
                        "2024-05-01T10:00:00Z", "2024-05-01T10:00:00+02", "2024-05-01T10:00:00+0230", "2024-05-01T10:00:00-11:30", "2024-05-01T10:00:00 +02:00",
                        "2024-05-01T10:00:00+15:59", "2024-05-01T10:00:00+16", "2024-05-01T10:00:00+02:60", "2024-05-01T24:00:00", "2024-12-31T23:59:60",
                        "2024-05-01T24:00:01", "2024-05-01T10:00:61", "2024-05-01T10:60:00", "2024-02-30T10:00:00", "0001-01-01T00:00:00",
                        "294276-12-31T23:59:59.999999", "294277-01-01T00:00:00", "294276-12-31T24:00:00", "infinity", "-infinity", "1970-01-01T00:00:00",
                        "1969-12-31T23:59:59.999999", "2000-01-01T00:00:00", "1999-12-31T23:59:59.5", "abc", "", "2024-05-01T", "2024-05-01T10:0:00",
                        " 2024-05-01T10:00:00 ", "2024-05-01 10:00:00.5.5", "2024-05-01T10:00:00+02:00:30", "5874897-01-01"),
         stored=NULL,
         dead={**NOT_SCALAR, "1714557600": "42804", '"1714557600"': "22007", '"10:00:00"': "22007", '"now"': "22007", '"epoch"': "22007",
               '"2024-05-01T10"': "22007", '"2024-05-01T10:00:00+020"': "22007", '"2024-05-01 10:00:00 Europe/Bucharest"': "22007",
               '"2024-05-01T10:00:00,5"': "22007", '"2024-05-01T10:00:00."': "22007", '"2024-05-01T10:00:00 PM"': "22007", '"2024-05-01T10:0:00"': "22007"}),
    Type("timestamptz", "timestamptz",
         values=strings("2024-05-01T10:00:00", "2024-01-01 10:00:00", "2024-05-01", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00+02", "2024-05-01T10:00:00-11:30",
                        "2024-05-01T10:00:00+0530", "2024-05-01T10:00:00+15:59", "2024-05-01T10:00:00+16", "2024-03-31T02:59:59", "2024-03-31T03:00:00",
                        "2024-03-31T03:30:00", "2024-03-31T03:59:59.999999", "2024-03-31T04:00:00", "2024-10-27T02:59:59", "2024-10-27T03:00:00",
                        "2024-10-27T03:30:00", "2024-10-27T04:00:00", "1900-01-01T00:00:00", "1916-06-15T12:00:00", "1945-05-01T00:00:00", "1800-01-01T00:00:00",
                        "2037-12-31T00:00:00", "2038-06-01T00:00:00", "2100-07-01T00:00:00", "2100-03-28T03:30:00", "2500-10-31T03:30:00", "9999-07-01T00:00:00",
                        "0001-01-01T00:00:00", "0001-01-01T00:00:00+15", "294276-12-31T23:59:59.999999Z", "294276-12-31T23:59:59.999999-01",
                        "294277-01-01T00:59:59+01", "294277-01-01T01:00:00+01", "infinity", "-infinity", "2024-12-31T23:59:60Z", "2024-05-01T24:00:00",
                        "2024-02-30", "abc", "", "5874897-01-01"),
         stored=NULL, dead={**NOT_SCALAR, "1714557600": "42804", '"1714557600"': "22007", '"now"': "22007", '"10:00"': "22007"}),
    Type("uuid", "uuid",
         values=strings("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
                        "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
                        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g", "",
                        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
                        " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-", "-a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0e-ebc999c0b4ef8bb6d6bb9bd380a11"),
         stored=NULL, dead={**NOT_SCALAR, "1": "42804"}),
    Type("inet", "inet",
         values=strings("10.0.0.1", "10.0.0.1/24", "10.0.0.1/0", "10.0.0.1/32", "10.0.0.1/33", "10.0.0.256", "10.0.0", "10.1/16", "10/8", "10.1/24", "10.1.2/20",
                        "010.0.0.001", "1.2.3.4.5", "1.2.3.4/", "1.2.3.4/8x", "1..3.4", "", "abc", " 10.0.0.1", "10.0.0.1 ", "::", "::1", "::1/64", "::/0",
                        "2001:db8::8a2e:370:7334", "2001:0db8:0000:0000:0000:8a2e:0370:7334", "2001:DB8::1/32", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9",
                        "1:2:3:4:5:6:7", "1::2::3", ":1", "1:", "::1:", ":::", "1::", "12345::", "::ffff:1.2.3.4", "::1.2.3.4/96", "::ffff:1.2.3.4.5", "::ffff:1.2.3.256",
                        "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1/128", "::1/129", "::1/", "::g", "fe80::1%eth0", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
                        "::/064", "::1/00", "10.0.0.1/024", "1:2:3:4::5:6:7:8", "::1 "),
         stored=NULL, dead={**NOT_SCALAR, "1": "42804"}),
    Type("cidr", "cidr",
         values=strings("10.0.0.0/8", "10.0.0.1/8", "10/8", "192.168/16", "192.168.1/24", "10.1/8", "10.0.0.1", "10.0.0.1/32", "0.0.0.0/0", "10.0.0.0/33", "::/0", "::1/128", "::1",
                        "2001:db8::/32", "2001:db8::1/32", "fe80::/10", "", "abc", "10.0.0.128/25", "10.0.0.129/25"),
         stored=NULL, dead={**NOT_SCALAR, '"192.168.1"': "22P02", '"10"': "22P02"}),
    Type("macaddr", "macaddr",
         values=strings("08:00:2b:01:02:03", "08-00-2b-01-02-03", "08002b:010203", "08002b-010203", "0800.2b01.0203", "0800-2b01-0203", "08002b010203", "08:00:2B:01:02:03",
                        "8:0:2b:1:2:3", "8-0-2b-1-2-3", " 08:00:2b:01:02:03 ", "08:00:2b:01:02", "08:00:2b:01:02:03:04", "08:00:2b:01:02:0g", "", "abc", "08:00-2b:01:02:03",
                        "08002b010203ff", "08002b:01020", "ff:ff:ff:ff:ff:ff"),
         stored=NULL, dead={**NOT_SCALAR, "1": "42804", '"08002b:01020"': "22P02"}),
    Type("bytea", "bytea",
         values=strings("", "abc", "ș😀", "\\x", "\\xdeadBEEF", "\\xde ad\nbe ef", "\\xd ead", "\\xd", "\\xdg", "a\\\\b", "a\\001b", "a\\377", "a\\400", "a\\", "a\\1", "\\X41"),
         stored=NULL, dead={**NOT_SCALAR, "1": "42804", '"a\\u0000b"': "22021"}),
    Type("mood", "enum labels=sad|ok|very\\shappy",
         values=strings("sad", "ok", "very happy", "Sad", "", "none", " ok"), stored=NULL, dead={**NOT_SCALAR, "1": "42804"}),
    Type("json", "json",
         stored={**NULL, "1": "1", "1.50": "1.50", "1e1000000": "1e1000000", "true": "true", '"a"': '"a"', '"a\\u0000b"': '"a\\u0000b"', '{"a": [1, 2, {"b": null}]}': '{"a": [1, 2, {"b": null}]}',
                 "[1,\n\t2]": "[1,\n\t2]", '"\\\\ \\n ș"': '"\\\\ \\n ș"', '{"a":1,"a":2}': '{"a":1,"a":2}', "[]": "[]"}),
    Type("jsonb", "jsonb",
         stored={**NULL, "1": "1", "1.50": "1.50", "1e5": "100000", "true": "true", '"a\\tb"': '"a\\tb"', '{"b": [1, 2, {"b": null}],\n"a":"\\u0219"}': '{"a": "ș", "b": [1, 2, {"b": null}]}',
                 '"\\\\u0000"': '"\\\\u0000"', '{"a":1,"a":2}': '{"a": 2}', "[]": "[]", '["1e1000000"]': '["1e1000000"]', "0e5": "0", '"\\\\\\\\u0000"': '"\\\\\\\\u0000"'},
         dead={'"a\\u0000b"': "22P05", '{"a":["\\u0000"]}': "22P05", '{"\\u0000":1}': "22P05", '"\\\\\\u0000"': "22P05", "1e1000000": "22003", "[1, 1e131072]": "22003", '{"a":{"b":-1e-16384}}': "22003"}),
    Type("jsonb", "jsonb", policy="on_nul=strip", stored={'"a\\u0000b\\\\\\u0000"': '"ab\\\\"', '{"a\\u0000":["\\u0000\\u0000"]}': '{"a": [""]}'}),
    Type("integer[]", "array element=int4",
         stored={**NULL, "[]": "{}", "[1,2,3]": "{1,2,3}", "[1.0,1e2,\" 7 \",null]": "{1,100,7,NULL}", "[[1,2],[3,4]]": "{{1,2},{3,4}}", "[[],[]]": "{}", '"{1,2}"': "{1,2}", "[[[[[[1]]]]]]": "{{{{{{1}}}}}}",
                 "[null]": "{NULL}"},
         dead={"1": "42804", "true": "42804", "{}": "42804", "[1.5]": "22P02", "[1,[2]]": "22P02", "[[1],2]": "22P02", "[[1],[2,3]]": "22P02", "[[1],[]]": "22P02", "[[],[1]]": "22P02", "[99999999999]": "22003",
               "[true]": "42804", "[[[[[[[1]]]]]]]": "54000", "[{}]": "42804", "[null,[1]]": "22P02", "[[1],null]": "22P02"}),
    Type("text[]", "array element=text",
         stored={'["a","b c","","NULL","null",null,"x\\"y","p\\\\q","{1,2}","a\\tb\\nc",1,1.50,true]': '{a,"b c","","NULL","null",NULL,"x\\"y","p\\\\q","{1,2}","a\tb\nc",1,1.50,true}',
                 '[["ș"],["😀"]]': "{{ș},{😀}}", '[{"a": "b"}]': '{"{\\"a\\": \\"b\\"}"}', "[]": "{}"},
         dead={'["a\\u0000"]': "22021", '["a",["b"]]': "22P02"}),
    Type("varchar(3)[]", "array element=varchar max_chars=3", stored={'["abc","ab  ","abc  "]': '{abc,"ab ",abc}'}, dead={'["abcd"]': "22001", "[{}]": "42804"}),
    Type("numeric(5,2)[]", "array element=numeric precision=5 scale=2", stored={"[1, 999.994, \"NaN\"]": "{1.00,999.99,NaN}"}, dead={"[999.995]": "22003"}),
    Type("jsonb[]", "array element=jsonb", stored={'[{"a":[1]},[1,2],null,"x\\"y",3]': '{"{\\"a\\": [1]}","[1, 2]",NULL,"\\"x\\\\\\"y\\"",3}'}, dead={'["\\u0000"]': "22P05"}),
    Type("timestamptz[]", "array element=timestamptz", stored={'["2024-05-01T10:00:00Z", "infinity"]': '{"2024-05-01 13:00:00+03",infinity}'}, dead={"[1]": "42804", '["x"]': "22007"}),
    Type("bytea[]", "array element=bytea", stored={'["a","\\\\x00ff"]': '{"\\\\x61","\\\\x00ff"}'}),
    Type("interval", "other", values=strings("1 day", "P1DT2H"), stored={**NULL}, dead={k: v for k, v in NOT_SCALAR.items() if k[0] in "[{"}),
    Type("int4range", "other", values=strings("[1,5)", "empty")),
]

SETUP = """
CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok', 'very happy');
CREATE TEMP TABLE cells (n int, v {type});
CREATE TEMP TABLE oracle (v {type});
CREATE FUNCTION pg_temp.ask(input text, OUT value text, OUT refused text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO oracle VALUES (%L) RETURNING v::text', input) INTO value;
EXCEPTION WHEN OTHERS THEN
    refused := SQLSTATE;
END $$;
"""


def description(column_type: Type, form: str) -> str:
    lines = ["column n int4", f"column v {column_type.tool}", f"policy timezone={ZONE}"]
    if column_type.policy:
        lines.append(f"policy {column_type.policy}")
    if form == "text":
        lines.append("policy force_text")
    return "\n".join(lines)


def oracle_text(value: str) -> str:
    """What the server's text input is asked: a string itself, anything else as its JSON text."""
    return json.loads(value) if value.startswith('"') else value


def is_binary(column_type: Type) -> bool:
    return column_type.tool.split()[0] not in ("array", "other")


def store(connection, column_type: Type, form: str, records: list[bytes], folder) -> tuple[dict, dict]:
    """Through row_tool and COPY; what is in the table then, and the dead letters, by record number."""
    encoded = row_tool.encode(description(column_type, form), records, folder)
    how = " (FORMAT binary)" if form == "binary" else ""
    with connection.cursor().copy(f"COPY cells (n, v) FROM STDIN{how}") as copy:
        copy.write(encoded.copy)
    stored = dict(connection.execute("SELECT n, v::text FROM cells").fetchall())
    return stored, encoded.dead


def record(n: int, value: str) -> bytes:
    return f'{{"n": {n}, "v": {value}}}'.encode()


def expectations(connection, column_type: Type) -> list[tuple[str, str | None, str | None]]:
    """(JSON text, stored value, SQLSTATE of the dead letter)"""
    values = [v for v in column_type.values if v not in column_type.stored and v not in column_type.dead]
    answers = connection.execute("SELECT a.* FROM unnest(%s::text[]) WITH ORDINALITY u(t, i), pg_temp.ask(t) a ORDER BY i",
                                 [[oracle_text(v) for v in values]]).fetchall()
    asked = [(value, text, refused) for value, (text, refused) in zip(values, answers)]
    return (asked + [(value, text, None) for value, text in column_type.stored.items()] +
            [(value, None, sqlstate) for value, sqlstate in column_type.dead.items()])


CASES = [(t, form) for t in TYPES for form in FORMATS if form == "text" or is_binary(t)]


@pytest.mark.parametrize("column_type, form", CASES, ids=[f"{t.sql}{'-' + t.policy if t.policy else ''}-{form}" for t, form in CASES])
def test_cells(server, tmp_path, column_type, form):
    with server.connect() as connection:
        connection.execute(f"SET TimeZone = '{ZONE}'")
        connection.execute(SETUP.format(type=column_type.sql))
        cases = expectations(connection, column_type)
        stored, dead = store(connection, column_type, form, [record(n, value) for n, (value, _, _) in enumerate(cases)], tmp_path)
    wrong = []
    for n, (value, text, sqlstate) in enumerate(cases):
        expected = f"dead {sqlstate}" if sqlstate else f"stored {text!r}"
        found = f"dead {dead[n][0]} ({dead[n][2]})" if n in dead else f"stored {stored.get(n, 'nothing')!r}"
        same = dead.get(n, [None])[0] == sqlstate and (sqlstate is not None or stored.get(n, "nothing") == text)
        if not same:
            wrong.append(f"{value[:80]}: expected {expected[:200]}, found {found[:200]}")
    assert not wrong, "\n".join(wrong)
    assert all(column == "v" for _, column, _ in dead.values())


def random_decimal(rng: random.Random) -> str:
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 40)))
    point = rng.randint(0, len(digits))
    whole, part = digits[:point].lstrip("0") or "0", digits[point:]
    text = rng.choice(["", "-"]) + whole + ("." + part if part else "")
    if rng.random() < 0.4:
        text += rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.choice([rng.randint(0, 12), rng.randint(0, 400)]))
    return text


def random_local_time(rng: random.Random) -> str:
    year = rng.choice([rng.randint(1, 9999), rng.randint(1890, 2040), rng.randint(1970, 2037)])
    fraction = "." + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 9))) if rng.random() < 0.3 else ""
    return (f'"{year:04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}{rng.choice("T ")}{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:'
            f'{rng.randint(0, 59):02}{fraction}"')


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("sql, tool, make", [
    ("numeric", "numeric", random_decimal), ("numeric(20,5)", "numeric precision=20 scale=5", random_decimal),
    ("double precision", "float8", random_decimal), ("real", "float4", random_decimal), ("timestamp", "timestamp", random_local_time),
], ids=["numeric", "numeric(20,5)", "float8", "float4", "timestamp"])
def test_random_values(server, tmp_path, sql, tool, make, form):
    rng = random.Random(7)
    test_cells(server, tmp_path, Type(sql, tool, values=list(dict.fromkeys(make(rng) for _ in range(2000)))), form)


# Changes at midnight, half an hour, a skipped day, two changes within hours, no change any more, south of the equator.
ZONES = ["Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "Europe/Dublin",
         "Europe/Moscow", "Asia/Kolkata", "America/St_Johns", "Antarctica/Troll", "UTC", "Asia/Tehran", "Africa/Monrovia"]


@pytest.mark.parametrize("zone", ZONES)
def test_local_times(server, tmp_path, zone):
    """Half-hours around every change of the clocks, and anywhere, without an offset: read in the zone as the server does."""
    rng = random.Random(11)
    with server.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        connection.execute("CREATE TEMP TABLE cells (n int, v timestamptz)")
        changes = connection.execute("""
            WITH hours AS (SELECT h, extract(timezone FROM h) AS o FROM generate_series('1890-01-01'::timestamptz, '2060-01-01', '12 hours') h)
            SELECT DISTINCT to_char(h AT TIME ZONE current_setting('TimeZone') + i * interval '30 minutes', 'YYYY-MM-DD"T"HH24:MI:SS')
            FROM (SELECT h, o, lag(o) OVER (ORDER BY h) AS before FROM hours) s, generate_series(-24, 24) i WHERE o <> before""").fetchall()
        texts = [text for (text,) in changes] + [random_local_time(rng).strip('"') for _ in range(2000)]
        expected = connection.execute("SELECT t::timestamptz::text FROM unnest(%s::text[]) WITH ORDINALITY u(t, i) ORDER BY i", [texts]).fetchall()
        encoded = row_tool.encode(f"column n int4\ncolumn v timestamptz\npolicy timezone={zone}",
                                  [record(n, json.dumps(text)) for n, text in enumerate(texts)], tmp_path)
        assert not encoded.dead
        with connection.cursor().copy("COPY cells FROM STDIN (FORMAT binary)") as copy:
            copy.write(encoded.copy)
        stored = connection.execute("SELECT v::text FROM cells ORDER BY n").fetchall()
    wrong = [(t, e[0], s[0]) for t, e, s in zip(texts, expected, stored) if e != s]
    assert not wrong, f"{len(wrong)} of {len(texts)}: {wrong[:5]}"


UNITS = [
    ("timestamptz", "s", "1714557600", "2024-05-01 10:00:00+00"), ("timestamptz", "s", "1714557600.123456", "2024-05-01 10:00:00.123456+00"),
    ("timestamptz", "s", "1714557600.1234565", "2024-05-01 10:00:00.123457+00"), ("timestamptz", "s", "-1.5", "1969-12-31 23:59:58.5+00"),
    ("timestamptz", "s", "1.7145576e9", "2024-05-01 10:00:00+00"), ("timestamptz", "ms", "1714557600123", "2024-05-01 10:00:00.123+00"),
    ("timestamptz", "ms", "0.5", "1970-01-01 00:00:00.0005+00"), ("timestamptz", "us", "1714557600123456", "2024-05-01 10:00:00.123456+00"),
    ("timestamptz", "us", "0.5", "1970-01-01 00:00:00.000001+00"), ("timestamptz", "us", "-0.5", "1969-12-31 23:59:59.999999+00"),
    ("timestamptz", "us", "0.4", "1970-01-01 00:00:00+00"), ("timestamptz", "s", "0e99", "1970-01-01 00:00:00+00"),
    ("timestamp", "ms", "1714557600123", "2024-05-01 10:00:00.123"), ("date", "s", "1714557600", "2024-05-01"), ("date", "s", "-1", "1969-12-31"),
    ("timestamptz", "us", "9223372036854775807", "294247-01-10 04:00:54.775807+00"), ("timestamptz", "us", "9223372036854775808", None),
    ("timestamptz", "s", "-210866803200", "4714-11-24 00:00:00+00 BC"),
    ("timestamptz", "s", "-210866803201", None), ("timestamptz", "us", "1e30", None), ("timestamptz", "us", "-9223372036854775808", None), ("date", "us", "9223372036854775807", "294247-01-10"),
    ("date", "s", "-210866803201", None), ("timestamp", "s", "99999999999999999999", None),
]


@pytest.mark.parametrize("form", FORMATS)
def test_numbers_with_a_unit(server, tmp_path, form):
    wrong = []
    for sql, unit, value, expected in UNITS:
        text = f"column v {sql}\nrule v pointer from=/v unit={unit}\npolicy timezone={ZONE}" + ("\npolicy force_text" if form == "text" else "")
        encoded = row_tool.encode(text, [f'{{"v": {value}}}'.encode()], tmp_path)
        with server.connect() as connection:
            connection.execute(f"SET TimeZone = 'UTC'; CREATE TEMP TABLE cells (v {sql})")
            with connection.cursor().copy(f"COPY cells FROM STDIN{' (FORMAT binary)' if form == 'binary' else ''}") as copy:
                copy.write(encoded.copy)
            found = connection.execute("SELECT v::text FROM cells").fetchall()
        if (found[0][0] if found else None) != expected or (expected is None and encoded.dead[0][0] != "22008"):
            wrong.append((sql, unit, value, expected, found, encoded.dead))
    assert not wrong
