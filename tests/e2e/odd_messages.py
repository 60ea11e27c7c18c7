"""Messages that a topic may hold although its producer never meant them: what the chapter's consumer does with each,
and what weir makes of it. Each is the chapter's record but for the oddity; good records stand around it in the tests."""
import json
from dataclasses import dataclass, field

from harness.records import chapter_record

ROW, DEAD, TOMBSTONE = "row", "dead letter", "tombstone"


@dataclass
class Odd:
    name: str
    value: bytes | None
    kills_chapters_consumer: bool
    becomes: str
    stored: dict = field(default_factory=dict)  # columns of the row that are worth a look
    column: str | None = None                   # the column that the dead letter names


def _with(**changed) -> bytes:
    return json.dumps(chapter_record(**changed)).encode()


def _with_raw(column: str, text: str) -> bytes:
    """The record with JSON text that json.dumps would not write for this column."""
    return _with(**{column: "RAW"}).replace(b'"RAW"', text.encode())


def _without(column: str) -> bytes:
    record = chapter_record()
    del record[column]
    return json.dumps(record).encode()


def _shouted(column: str) -> bytes:
    record = chapter_record()
    record[column.upper()] = record.pop(column)
    return json.dumps(record).encode()


FIFTY = "ș" * 49 + "🙂"

ODD_MESSAGES = (
    # The chapter's own test message, typed into the console producer.
    Odd("not JSON", b"Hellow", True, DEAD),
    Odd("truncated", _with()[:-20], True, DEAD),
    Odd("array at the top", b"[" + _with() + b"]", True, DEAD),
    Odd("two objects", _with() + _with(), True, DEAD),
    Odd("empty value", b"", True, DEAD),
    Odd("null value", None, True, TOMBSTONE),
    Odd("invalid UTF-8", _with_raw("address", '"RAW-"').replace(b"RAW-", b"\xff\xfe"), True, DEAD),
    Odd("NUL in a string", _with(address="a\0b"), True, DEAD, column="address"),
    Odd("lone surrogate", _with(address="\ud800"), True, DEAD),
    Odd("byte order mark", b"\xef\xbb\xbf" + _with(), True, DEAD),
    Odd("51 characters into VARCHAR(50)", _with(person_name=FIFTY + "x"), True, DEAD, column="person_name"),
    Odd("2^31 into INT", _with(session_duration=2**31), True, DEAD, column="session_duration"),
    Odd('"12abc" into BIGINT', _with(personal_number="12abc"), True, DEAD, column="personal_number"),
    Odd("NaN", _with(download_speed=float("nan")), True, DEAD),
    Odd("boolean into INT", _with(upload_speed=True), True, DEAD, column="upload_speed"),
    Odd("object into VARCHAR", _with(address={"city": "Iași"}), True, DEAD, column="address"),
    Odd("unknown key", _with(shoe_size=43), True, ROW),
    Odd("% in a key", _with(**{"100%s": 1}), True, ROW),

    Odd("50 characters into VARCHAR(50)", _with(person_name=FIFTY), False, ROW, {"person_name": FIFTY}),
    Odd('" 12 " into BIGINT', _with(personal_number=" 12 "), False, ROW, {"personal_number": 12}),
    # The chapter's consumer stores 2: a value that nobody sent.
    Odd("1.5 into INT", _with_raw("upload_speed", "1.5"), False, DEAD, column="upload_speed"),
    Odd("1.0 into INT", _with_raw("upload_speed", "1.0"), False, ROW, {"upload_speed": 1}),
    Odd("1e3 into INT", _with_raw("upload_speed", "1e3"), False, ROW, {"upload_speed": 1000}),
    Odd("duplicate key", _with_raw("upload_speed", '1, "upload_speed": 2'), False, ROW, {"upload_speed": 2}),
    Odd("missing key", _without("iban"), False, ROW, {"iban": None}),
    Odd("key in capitals", _shouted("iban"), False, ROW),
    Odd("number into VARCHAR", _with(phone_number=40712345678), False, ROW, {"phone_number": "40712345678"}),
)
