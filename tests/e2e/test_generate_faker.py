"""The records of `weir generate --fields independent` beside Faker's of the chapter: the same forms, the same values, as often."""
import json
import random
import re
from collections import Counter
from datetime import date, datetime

import pytest
from faker import Faker

from harness.clock import clear_of
from harness.records import load_example
from harness.tool import Tool

pytestmark = pytest.mark.slow
RECORDS = 100_000
# A test of so many distributions must not fail by chance: one in a million for each. The seeds are fixed besides.
Z_LIMIT = 4.75


@pytest.fixture(scope="module")
def theirs() -> list[dict]:
    fake = Faker("ro_RO")
    Faker.seed(1)
    random.seed(1)
    generate_record = load_example("streaming_producer").generate_record
    return [generate_record(fake) for _ in range(RECORDS)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[datetime, bytes]:
    """When, and what."""
    tool = Tool(tmp_path_factory.mktemp("generate"))
    clear_of("day", 20)
    return datetime.now(), tool.ok("generate", "--fields", "independent", "--seed", "1", "-n", RECORDS)


@pytest.fixture(scope="module")
def lines(made) -> list[str]:
    return made[1].decode("ascii").splitlines()


@pytest.fixture(scope="module")
def ours(lines) -> list[dict]:
    return [json.loads(line) for line in lines]


def z_of_chi_square(a: Counter, b: Counter) -> float:
    """How unlikely it is that both were drawn alike: the two-sample chi-square as a normal deviate (Wilson and Hilferty)."""
    total_a, total_b = a.total(), b.total()
    chi_square, categories = 0.0, 0
    rare_a = rare_b = 0
    for value in a.keys() | b.keys():
        if a[value] + b[value] < 10:
            rare_a, rare_b = rare_a + a[value], rare_b + b[value]
            continue
        chi_square += part(a[value], b[value], total_a, total_b)
        categories += 1
    if rare_a + rare_b >= 10:
        chi_square += part(rare_a, rare_b, total_a, total_b)
        categories += 1
    free = categories - 1
    if free < 1:
        return 0.0
    return ((chi_square / free) ** (1 / 3) - (1 - 2 / (9 * free))) / (2 / (9 * free)) ** 0.5


def part(a: int, b: int, total_a: int, total_b: int) -> float:
    return (a * (total_b / total_a) ** 0.5 - b * (total_a / total_b) ** 0.5) ** 2 / (a + b)


def pattern(text: str) -> str:
    """Letters as a or A, digits as 9, runs as one."""
    text = re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", text)
    return re.sub(r"a+", "a", re.sub(r"[0-9]", "9", text))


# What is looked at of each record: its name, and how it is got. Values and how often they come must be alike.
def street(record):
    return record["address"].rsplit(", ", 2)[0]


LOOKS = {
    "first name": lambda r: r["person_name"].split(" ")[0],
    "last name": lambda r: r["person_name"].split(" ")[-1],
    "words of a name": lambda r: len(r["person_name"].split(" ")),
    "mail domain": lambda r: r["email"].split("@")[1],
    "cnp: sex and century": lambda r: r["personal_number"][0],
    "cnp: year": lambda r: r["personal_number"][1:3],
    "cnp: month": lambda r: r["personal_number"][3:5],
    "cnp: day": lambda r: r["personal_number"][5:7],
    "cnp: county": lambda r: r["personal_number"][7:9],
    "cnp: serial": lambda r: int(r["personal_number"][9:12]) // 10,
    "birth: month": lambda r: r["birth_date"][5:7],
    "birth: day": lambda r: r["birth_date"][8:],
    "birth: five years": lambda r: int(r["birth_date"][:4]) // 5,
    "street: before the name": lambda r: r["address"].split(" ")[0],
    "street: with a first name": lambda r: len(re.split(r" Nr\.", street(r))[0].split(" ")),
    "street: form": lambda r: re.sub(r"^.*?( Nr|$)", r"\1", pattern(street(r)).replace("Ar", "Nr")),
    "house": lambda r: re.search(r"Nr\. (\d+)|$", r["address"])[1],
    "flat": lambda r: re.search(r"Bl\. (\d)|$", r["address"])[1],
    "city": lambda r: r["address"].rsplit(", ", 2)[1],
    "postcode": lambda r: r["address"].rsplit(", ", 1)[1][:2],
    "telephone area": lambda r: r["phone_number"].split(" ")[0],
    "telephone number": lambda r: r["phone_number"].split(" ")[1],
    "mac: first byte": lambda r: r["mac_address"][:2],
    "mac: last byte": lambda r: r["mac_address"][-2:],
    "ip: first byte": lambda r: r["ip_address"].split(".")[0],
    "ip: last byte": lambda r: r["ip_address"].split(".")[3],
    "iban: first letter": lambda r: r["iban"][4],
    "iban: last letter": lambda r: r["iban"][7],
    "iban: digits": lambda r: r["iban"][8:10] + r["iban"][-1],
    "session": lambda r: r["session_duration"] // 360,
    "download": lambda r: r["download_speed"],
    "upload": lambda r: r["upload_speed"],
    "traffic": lambda r: r["consumed_traffic"] // 20_000,
    "uuid: first byte": lambda r: r["unique_id"][:2],
    "uuid: version and variant": lambda r: r["unique_id"][14] + r["unique_id"][19],
}


@pytest.mark.parametrize("look", LOOKS)
def test_values_come_as_often(ours, theirs, look):
    a, b = Counter(map(LOOKS[look], ours)), Counter(map(LOOKS[look], theirs))
    assert a.total() == b.total() == RECORDS
    frequent = {value for value in a.keys() | b.keys() if a[value] + b[value] >= 60}
    assert frequent <= a.keys() and frequent <= b.keys(), frequent - (a.keys() & b.keys())
    assert z_of_chi_square(a, b) < Z_LIMIT


@pytest.mark.parametrize("field", ["person_name", "user_name", "email", "personal_number", "birth_date", "address", "phone_number",
                                   "mac_address", "iban", "accessed_at", "unique_id"])
def test_forms_are_the_same(ours, theirs, field):
    hexadecimal = field in ("mac_address", "unique_id")

    def forms(records):
        return Counter(re.sub("[0-9a-f]", "9", record[field]) if hexadecimal else pattern(record[field]) for record in records)

    a, b = forms(ours), forms(theirs)
    # A form that comes 40 times here is missing there by a chance of 10^-17.
    assert {form for form, n in a.items() if n >= 40} <= b.keys() and {form for form, n in b.items() if n >= 40} <= a.keys()


def test_fields_types_and_escapes_are_pythons(lines, ours, theirs):
    for line, record in zip(lines, ours):
        assert line == json.dumps(record)
    assert [(key, type(value)) for key, value in ours[0].items()] == [(key, type(value)) for key, value in theirs[0].items()]


def test_numbers_fill_their_ranges(ours):
    for field, top in ("session_duration", 36_000), ("download_speed", 1_000), ("upload_speed", 800), ("consumed_traffic", 2_000_000):
        values = [record[field] for record in ours]
        assert 0 <= min(values) <= top * 0.001 and top * 0.999 <= max(values) <= top


def test_what_is_derived_agrees(ours):
    for record in ours:
        assert record["user_name"] == record["person_name"].replace(" ", "").lower()
        assert record["email"].startswith(record["user_name"] + "@")


def test_dates_are_dates_of_the_living(ours, made):
    when, _ = made
    for record in ours:
        born = date.fromisoformat(record["birth_date"])
        assert born <= when.date() and when.year - born.year <= 116
        assert abs((datetime.fromisoformat(record["accessed_at"]) - when).total_seconds()) < 4000


def test_the_comparison_can_tell():
    """A list that misses one of 50 values, or has one half as often, does not pass."""
    rng = random.Random(1)
    even = Counter(rng.choices(range(50), k=RECORDS))
    again = Counter(rng.choices(range(50), k=RECORDS))
    uneven = Counter(rng.choices(range(50), weights=[1] * 49 + [0.8], k=RECORDS))
    assert z_of_chi_square(even, again) < Z_LIMIT < z_of_chi_square(even, uneven)
